"""Translate a lab's files: a participants table to BIDS, a paper's method text to metadata."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from commissure.errors import Conflict, MissingExtra, NotFound, Unreadable
from commissure.translate.columns import Column, data_dictionary, harmonize_rows
from commissure.translate.lines import read_lines, read_text
from commissure.translate.methods.emit import all_fields
from commissure.translate.methods.read import Methods
from commissure.translate.methods.sections import Paper, from_jats, from_text

__all__ = ["in_words", "read_bytes", "read_papers", "told_of", "write_harmonized"]

PDF_SECONDS = 60


def write_harmonized(
    rows: Sequence[Mapping[str, str]], columns: Sequence[Column], *, into: Path
) -> list[Path]:
    """Write ``participants.tsv`` and ``participants.json`` into a folder; neither may be there yet.

    Parameters
    ----------
    rows : sequence of mapping
        The lab's table.
    columns : sequence of Column
        What its columns are, as :func:`commissure.translate.columns.find_columns` says and a person confirmed.
    into : Path
        The folder.

    Raises
    ------
    Conflict
        If one of the files exists.
    """
    table, sidecar = into / "participants.tsv", into / "participants.json"
    if table.exists() or sidecar.exists():
        raise Conflict("There is a participants table in that folder already; choose another folder.")
    into.mkdir(parents=True, exist_ok=True)
    names = [column.name for column in columns]
    lines = ["\t".join(names)]
    lines += ["\t".join(row[name] for name in names) for row in harmonize_rows(rows, columns)]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sidecar.write_text(
        json.dumps(data_dictionary(columns), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return [table, sidecar]


def read_bytes(file: Path) -> bytes:
    """The bytes of a file that a person names; :class:`NotFound` if there is none."""
    if not file.is_file():
        raise NotFound("There is no file at the path that was given.")
    return file.read_bytes()


def read_papers(file: Path) -> Iterator[tuple[str, Paper]]:
    """The papers of a file with their names: one, or one a line for JSON lines with a ``text``.

    Raises
    ------
    NotFound, Unreadable
        If there is no such file, or it is not what its ending says.
    """
    data = read_bytes(file)
    ending = file.suffix.lower()
    if ending == ".pdf":
        yield file.name, from_text(_pdf_text(file))
    elif ending in (".xml", ".nxml"):
        yield file.name, from_jats(data)
    elif ending == ".jsonl":
        for index, line in enumerate(read_lines(data), start=1):
            if line.strip():
                yield _from_json(line, index)
    else:
        yield file.name, from_text(read_text(data))


def _from_json(line: str, index: int) -> tuple[str, Paper]:
    try:
        row = json.loads(line)
        text = row["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"Line {index} must be a JSON object with a 'text'; got {line[:40]!r}.") from error
    name = row.get("id") or (row.get("metadata") or {}).get("pmcid") or index
    return str(name), from_text(str(text))


def _pdf_text(file: Path) -> str:
    tool = shutil.which("pdftotext")
    if tool is None:
        raise MissingExtra("Reading PDF needs the program 'pdftotext' (Debian: poppler-utils).")
    command = [tool, "-enc", "UTF-8", "-nopgbrk", str(file), "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PDF_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"This PDF took longer than {PDF_SECONDS} s to read.") from error
    if done.returncode != 0 or not done.stdout.strip():
        raise Unreadable("No text can be read from this PDF; it may be scanned or damaged.")
    return done.stdout.decode("utf-8", errors="replace")


def told_of(name: str, found: Methods, *, paper: Paper) -> dict[str, Any]:
    """What was found in one paper, with the fields of other standards, for JSON."""
    return {"paper": name, **found.to_dict(paper.text), **all_fields(found)}


def in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """The findings for a person: one paper after the other, one field a line."""
    lines = []
    for row in rows:
        sure = "not sure enough" if row["n_abstains"] else f"confidence {row['n_confidence']:.2f}"
        lines.append(f"{row['paper']}: N = {row['n']} ({sure})")
        for group in row["groups"]:
            known = {
                k: v
                for k, v in group.items()
                if v is not None and k not in ("start", "end", "group", "further")
            }
            lines.append(
                f"  {'also ' if group['further'] else ''}{group['group']}: "
                + ", ".join(f"{k} {v}" for k, v in known.items())
            )
        seen: dict[tuple[str, str], int] = {}
        for tag in row["tags"]:
            key = (str(tag["field"]), str(tag["value"]))
            seen[key] = seen.get(key, 0) + 1
        lines += [f"  {field}: {value} (×{count})" for (field, value), count in sorted(seen.items())]
    return "\n".join(lines)

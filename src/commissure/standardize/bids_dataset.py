"""The files that speak for a whole BIDS dataset: description, participants, scans, README, CHANGES."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from commissure.errors import BadInput
from commissure.model import About, Software, Subject
from commissure.standardize.bids_names import bids_folder
from commissure.standardize.port import Written

__all__ = ["BIDS_VERSION", "Card", "write_dataset"]

#: the version of the standard that is written
BIDS_VERSION = "1.11.1"
_OLDEST_YEARS = 89.0
_COLUMNS = ("participant_id", "species", "age", "sex", "handedness", "strain", "genotype", "group")
_DESCRIPTIONS: Mapping[str, Mapping[str, object]] = {
    "participant_id": {"Description": "The subject's label"},
    "species": {"Description": "Latin binomial of the species"},
    "age": {"Description": "Age at the recording; ages of 89 and over are given as 89", "Units": "year"},
    "sex": {"Description": "Sex of the subject", "Levels": {"F": "female", "M": "male", "O": "other"}},
    "handedness": {"Description": "Dominant hand", "Levels": {"R": "right", "L": "left", "A": "ambidextrous"}},
    "strain": {"Description": "Strain of the animal"},
    "genotype": {"Description": "Genotype of the animal"},
    "group": {"Description": "The experimental group"},
}  # fmt: skip
_SCANS_DESCRIPTION: Mapping[str, Mapping[str, object]] = {
    "filename": {"Description": "The recording, relative to this file"},
    "acq_time": {"Description": "When it began, shifted by one secret number of days a subject"},
}
#: extensions of side files: they stand for no recording of their own
_SIDE = (".json", ".tsv", ".tsv.gz", ".bval", ".bvec", ".vmrk", ".vhdr.bak", ".txt", ".elc", ".hsp", ".pos")
_SECOND_HALVES = {".eeg": ".vhdr", ".fdt": ".set", ".vmrk": ".vhdr"}


@dataclass(frozen=True, slots=True)
class Card:
    """What a person says of a dataset.

    Parameters
    ----------
    title : str
        Its name.
    description : str
        One paragraph or more, for the README.
    authors : tuple of str
        ``"Given Family"``, in order.
    licence : str
        An SPDX id (``"CC-BY-4.0"``, ``"CC0-1.0"``); empty if not decided.
    changes : tuple of (str, tuple of str)
        Versions, the newest first, each with its lines.
    fields : mapping
        Further fields of ``dataset_description.json`` by their BIDS names (``Funding``, ``EthicsApprovals`` …).
    """

    title: str
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str = ""
    changes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


def write_dataset(root: Path, *, card: Card, written: Iterable[tuple[About, Written]]) -> Written:
    """Write the dataset's own files into the BIDS tree at ``root``, or complete those that are there.

    Parameters
    ----------
    root : Path
        The top of the tree; the recordings' files are in it already.
    card : Card
        What a person says of it.
    written : iterable of (About, Written)
        Each de-identified recording with the files that its writer wrote; what it asks to be ignored goes into
        ``.bidsignore``.

    Returns
    -------
    Written
        The paths of what was written or completed; what stood there already keeps its values.

    Raises
    ------
    BadInput
        If a dataset file that is there already cannot be understood.
    """
    pairs = list(written)
    files = [
        _write_description(root, card, pairs),
        *_write_participants(root, _subjects(pairs)),
        *_write_scans(root, pairs),
        *_prune_scans(root, pairs),
        *_write_texts(root, card),
    ]
    lines = sorted({line for _, one in pairs for line in one.ignore})
    if lines or (root / ".bidsignore").exists():
        _keep_lines(root / ".bidsignore", lines)
        files.append(".bidsignore")
    return Written(tuple(sorted(files)), software=(Software("commissure", version("commissure")),))


def _write_description(root: Path, card: Card, pairs: Sequence[tuple[About, Written]]) -> str:
    path = root / "dataset_description.json"
    theirs = _read_json(path)
    software = {(s.name, s.version) for _, written in pairs for s in written.software}
    ours: dict[str, Any] = {"Name": card.title, "BIDSVersion": BIDS_VERSION, "DatasetType": "raw"}
    ours |= {"License": card.licence} if card.licence else {}
    ours |= {"Authors": list(card.authors)} if card.authors else {}
    ours |= {key: card.fields[key] for key in sorted(card.fields) if card.fields[key] not in ("", [], None)}
    made_by = [{"Name": "commissure", "Version": version("commissure")}]
    made_by += [
        {"Name": name, "Version": release} for name, release in sorted(software) if name != "commissure"
    ]
    known = theirs.get("GeneratedBy") or []
    ours["GeneratedBy"] = [*known, *(one for one in made_by if one not in known)]
    merged = ours | {
        key: value for key, value in theirs.items() if key != "GeneratedBy" and value not in ("", [])
    }
    _write_json(path, merged)
    return path.name


def _subjects(pairs: Sequence[tuple[About, Written]]) -> list[Subject]:
    """Each subject that has files once, with the most that any of its recordings tells."""
    found: dict[str, Subject] = {}
    for about, written in pairs:
        tops = {path.split("/")[0] for path in written.files if path.startswith("sub-") and "/" in path}
        for label in sorted(top.removeprefix("sub-") for top in tops):
            one = about.subject if about.subject.label == label else Subject(label)
            found[label] = _merged(found[label], one) if label in found else one
    return [found[label] for label in sorted(found)]


def _merged(first: Subject, second: Subject) -> Subject:
    ages = [age for age in (first.age_years, second.age_years) if age is not None]
    return Subject(
        first.label,
        species=first.species or second.species,
        sex=first.sex if first.sex != "U" else second.sex,
        age_years=min(ages) if ages else None,
        age_iso=first.age_iso or second.age_iso,
        handedness=first.handedness or second.handedness,
        strain=first.strain or second.strain,
        genotype=first.genotype or second.genotype,
        group=first.group or second.group,
    )


def _row(subject: Subject) -> dict[str, str]:
    age = "" if subject.age_years is None else f"{min(subject.age_years, _OLDEST_YEARS):g}"
    row = {
        "participant_id": f"sub-{subject.label}",
        "species": subject.species.lower() if subject.species.lower() == "homo sapiens" else subject.species,
        "age": age,
        "sex": "" if subject.sex == "U" else subject.sex,
        "handedness": subject.handedness[:1].upper(),
        "strain": subject.strain,
        "genotype": subject.genotype,
        "group": subject.group,
    }
    return {key: value for key, value in row.items() if value}


def _write_participants(root: Path, subjects: Sequence[Subject]) -> list[str]:
    path = root / "participants.tsv"
    rows = _read_tsv(path)
    known = {row.get("participant_id", ""): row for row in rows}
    for subject in subjects:
        ours = _row(subject)
        theirs = known.get(ours["participant_id"])
        if theirs is None:
            rows.append(ours)
        else:
            theirs |= {key: value for key, value in ours.items() if theirs.get(key, "n/a") in ("", "n/a")}
    if not rows:
        return []
    columns = list(dict.fromkeys([*(c for c in _COLUMNS if any(c in row for row in rows)), *rows[0]]))
    _write_tsv(path, columns, rows)
    described = {column: dict(_DESCRIPTIONS[column]) for column in columns if column in _DESCRIPTIONS}
    _write_json(root / "participants.json", described | _read_json(root / "participants.json"))
    return ["participants.json", "participants.tsv"]


def _write_scans(root: Path, pairs: Sequence[tuple[About, Written]]) -> list[str]:
    """``scans.tsv`` of what was written here; a tree that was taken over has its own, or wants none."""
    tables: dict[str, list[dict[str, str]]] = {}
    for about, written in pairs:
        folder = f"sub-{about.subject.label}"
        stem = folder
        if about.session.label:
            folder, stem = f"{folder}/ses-{about.session.label}", f"{stem}_ses-{about.session.label}"
        own = f"{bids_folder(about)}/" if about.subject.label.isalnum() else "-"
        if any(not path.startswith(own) for path in written.files):
            continue
        start = "n/a" if about.start is None else about.start.replace(tzinfo=None).isoformat()
        for path in _recordings(written.files, folder):
            rows = tables.setdefault(f"{folder}/{stem}_scans.tsv", [])
            rows.append({"filename": path.removeprefix(f"{folder}/"), "acq_time": start})
    files = []
    for name, rows in sorted(tables.items()):
        known = {row.get("filename", ""): row for row in _read_tsv(root / name)}
        known = {row["filename"]: row for row in rows} | known
        ordered = [known[key] for key in sorted(known)]
        _write_tsv(root / name, list(dict.fromkeys(["filename", "acq_time", *ordered[0]])), ordered)
        files.append(name)
    if files:
        described = {key: dict(value) for key, value in _SCANS_DESCRIPTION.items()}
        _write_json(root / "scans.json", described | _read_json(root / "scans.json"))
        files.append("scans.json")
    return files


def _prune_scans(root: Path, pairs: Sequence[tuple[About, Written]]) -> list[str]:
    """Rows of a taken-over ``scans.tsv`` whose recordings were left behind go."""
    pruned = []
    for name in sorted(
        {path for _, written in pairs for path in written.files if path.endswith("_scans.tsv")}
    ):
        rows = _read_tsv(root / name)
        kept = [row for row in rows if (root / name).parent.joinpath(row.get("filename", "")).exists()]
        if len(kept) < len(rows):
            _write_tsv(root / name, list(rows[0]), kept)
            pruned.append(name)
    return pruned


def _recordings(files: Iterable[str], folder: str) -> list[str]:
    """The paths that stand for recordings: no side files, a folder format once, of a pair of files the header."""
    found: set[str] = set()
    paths = set(files)
    for path in paths:
        if not path.startswith(f"{folder}/"):
            continue
        parts = PurePosixPath(path.removeprefix(f"{folder}/")).parts
        if len(parts) < 2:
            continue
        name = parts[1]
        second = PurePosixPath(name).suffix
        first = name.removesuffix(second) + _SECOND_HALVES.get(second, second)
        is_half = second in _SECOND_HALVES and f"{folder}/{parts[0]}/{first}" in paths
        if not is_half and not name.endswith(_SIDE):
            found.add(f"{folder}/{parts[0]}/{name}")
    return sorted(found)


def _write_texts(root: Path, card: Card) -> list[str]:
    files = []
    if not any((root / name).exists() for name in ("README", "README.md", "README.rst", "README.txt")):
        _write_text(root / "README.md", _readme(card))
        files.append("README.md")
    if card.changes and not (root / "CHANGES").exists():
        blocks = ["\n".join([release, *(f"  - {line}" for line in lines)]) for release, lines in card.changes]
        _write_text(root / "CHANGES", "\n\n".join(blocks) + "\n")
        files.append("CHANGES")
    return files


def _readme(card: Card) -> str:
    description = card.description.strip() or "No description was given by the authors."
    parts = [f"# {card.title}", description]
    if card.authors:
        parts.append("## Authors\n\n" + "\n".join(f"- {author}" for author in card.authors))
    parts.append("## Licence\n\n" + (card.licence or "None was given: ask the owner before any use."))
    parts.append(
        "## How it was made\n\nThe raw files were read, de-identified and written as a Brain Imaging Data Structure "
        f"(BIDS {BIDS_VERSION}) by commissure {version('commissure')}. Names, birth dates, identifiers, operators, "
        "places, serial numbers and free-text comments were taken out of headers, side files and file names; dates "
        "were shifted by one secret number of days a subject, so that intervals hold; ages of 89 and over are given "
        "as 89."
    )
    return "\n\n".join(parts) + "\n"


def _keep_lines(path: Path, lines: Iterable[str]) -> None:
    theirs = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    _write_text(path, "\n".join([*theirs, *(line for line in lines if line not in theirs)]) + "\n")


def _read_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise BadInput(f"{path.name} is not valid JSON; correct it and share again.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path.name} must hold a JSON object; got a {type(value).__name__}.")
    return value


def _read_tsv(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8-sig")
    return [
        {key: value or "n/a" for key, value in row.items() if key}
        for row in csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    ]


def _write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(column, "") or "n/a" for column in columns) for row in rows]
    _write_text(path, "\n".join(lines) + "\n")


def _write_json(path: Path, value: Mapping[str, object]) -> None:
    _write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be a hard link to what must not change
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)

"""What a synthesis gives, and the tables it reads and writes as text."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commissure.errors import BadInput
from commissure.model import Activity, Finding
from commissure.protect.synth_columns import Table

__all__ = ["Synthesis", "read_table", "write_table"]

_MISSING = {"", "n/a", "na", "nan", "?"}


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        The synthetic file and its side file.
    figures : mapping
        What was measured: utility and attacks.
    findings : tuple of Finding
        Errors where the rows leak.
    activity : Activity
        The provenance.
    """

    files: tuple[Path, ...]
    figures: Mapping[str, float]
    findings: tuple[Finding, ...]
    activity: Activity


def read_table(text: str, *, delimiter: str) -> Table:
    """A table from its text; identifiers are left out, and more rows than subjects are refused."""
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    if len(rows) < 2 or any(len(row) != len(rows[0]) for row in rows):
        raise BadInput("The table must have a header and rows of the same length.")
    names, levels, columns = [], [], []
    for name, *cells in zip(*rows, strict=True):
        if name in {"participant_id", "sub_id", "subject"}:
            if len(set(cells)) < len(cells):
                raise BadInput(
                    f"{len(cells)} rows are of {len(set(cells))} subjects; give one row a subject."
                )
            continue
        known = [None if cell.strip().lower() in _MISSING else cell.strip() for cell in cells]
        words, numbers = _column(known)
        if words and len(words) > len(cells) // 5:
            raise BadInput(
                f"Column {name!r} has {len(words)} different words, like names or notes; leave it out."
            )
        names.append(name)
        levels.append(words)
        columns.append(numbers)
    return Table(tuple(names), np.array(columns, dtype=float).T, tuple(levels))


def _column(cells: list[str | None]) -> tuple[tuple[str, ...], list[float]]:
    try:
        return (), [np.nan if cell is None else float(cell) for cell in cells]
    except ValueError:
        words = tuple(sorted({cell for cell in cells if cell is not None}))
        return words, [np.nan if cell is None else float(words.index(cell)) for cell in cells]


def write_table(table: Table, *, delimiter: str, digits: int = 5) -> str:
    """The text of a synthetic table, its subjects named ``sub-synthetic…``."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["participant_id", *table.names])
    for number, row in enumerate(table.values):
        cells = [_cell(value, words) for value, words in zip(row, table.levels, strict=True)]
        writer.writerow([f"sub-synthetic{number + 1:0{digits}d}", *cells])
    return out.getvalue()


def _cell(value: float, words: tuple[str, ...]) -> str:
    if np.isnan(value):
        return "n/a"
    return words[round(value)] if words else f"{value:.10g}"

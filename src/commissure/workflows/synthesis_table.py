"""Tables that people send in, as numbers and coded words: identifiers left out, what cannot be read refused with numbers."""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection

import numpy as np

from commissure.errors import BadInput
from commissure.model import Finding, Severity
from commissure.protect.files.tables import identifying_column
from commissure.protect.synthetic.columns import FEWEST_ROWS, SHARED, Table
from commissure.protect.text.dates import find_dates
from commissure.protect.text.lone_names import NOTES_LIMIT, find_lone_names
from commissure.protect.text.names import Span, non_overlapping, recognize

__all__ = ["read_table", "write_table"]

_MISSING = {"", "n/a", "na", "nan", "?"}
_SUBJECTS = {"participant_id", "sub_id", "subject", "subject_id", "participant", "sub", "id", "record_id"}
_CODE = re.compile(r"(?:.*[_ -])?(?:id|uid|guid|code|key|no|nr|number)", re.I)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.I)
_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_UNIT = re.compile(r"[+-]?\d+(?:[.,]\d+)?\s*[^\W\d_%]*[a-z%°µ/²³]+", re.I)
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.I)
_FEW_WORDS = 12
#: words; what is longer is a sentence
_LONGEST_CATEGORY = 3


def read_table(text: str, *, delimiter: str, only: Collection[str] = ()) -> tuple[Table, tuple[Finding, ...]]:
    """A table from its text, and a Finding for each column or value that was left out.

    Parameters
    ----------
    text : str
        A header, and one row a subject.
    delimiter : str
        What stands between cells.
    only : collection of str
        Read these columns alone, however few the rows are; all if empty.

    Raises
    ------
    BadInput
        If the rows are torn or too few, a subject has several, or a column holds what cannot be synthesized: dates,
        notes, numbers with units, running numbers.
    """
    names, rows = _rows(text, delimiter)
    if not only and len(rows) < FEWEST_ROWS:
        raise BadInput(f"Synthesizing takes {FEWEST_ROWS} subjects at least; the table has {len(rows)}.")
    kept, levels, columns, findings = [], [], [], []
    for name, cells in zip(names, zip(*rows, strict=True), strict=True):
        known = [None if cell.strip().lower() in _MISSING else cell.strip() for cell in cells]
        if name.casefold() in _SUBJECTS:
            _check_once(known)
            continue
        if only and name not in only:
            continue
        if what := _identifies(name, known):
            findings.append(_left_out(name, f"Column {name!r} was left out: {what}"))
            continue
        known, named = _without_names(known)
        if named:
            findings.append(_left_out(name, f"{named} {'category' if named == 1 else 'categories'} of column {name!r} told of somebody; what did was left out"))  # fmt: skip
        words, numbers, rare = _column(name, known)
        if rare:
            findings.append(_left_out(name, f"{rare} {'value' if rare == 1 else 'values'} of column {name!r} that under {SHARED} people share: left out as missing"))  # fmt: skip
        kept.append(name)
        levels.append(words)
        columns.append(numbers)
    if not kept and not only:
        raise BadInput(f"No column is left to synthesize: all {len(names)} hold identifiers.")
    values = np.array(columns, dtype=float).reshape(len(kept), len(rows)).T
    return Table(tuple(kept), values, tuple(levels)), tuple(findings)


def _rows(text: str, delimiter: str) -> tuple[list[str], list[list[str]]]:
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(map(str.strip, row))]
    if not rows:
        raise BadInput("The table is empty; its first row must name the columns.")
    names = [name.strip() for name in rows[0]]
    torn = [number for number, row in enumerate(rows[1:], 2) if len(row) != len(names)]
    if torn:
        raise BadInput(
            f"The header has {len(names)} columns, and {len(torn)} rows have another number of cells, the first in line {torn[0]}."
        )
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice or not all(names):
        raise BadInput(
            f"Every column needs a name of its own; {len(twice)} names are there twice ({', '.join(twice)}), "
            f"{names.count('')} columns have none."
        )
    return names, rows[1:]


def _check_once(cells: list[str | None]) -> None:
    who = {cell for cell in cells if cell is not None}
    if len(who) < len(cells):
        raise BadInput(f"{len(cells)} rows are of {len(who)} subjects; give one row a subject.")


def _identifies(name: str, cells: list[str | None]) -> str:
    """Why a column may say who somebody is; empty if it does not."""
    if category := identifying_column(name):
        return f"by its name it holds what identifies people ({category.replace('_', ' ')})."
    known = [cell for cell in cells if cell is not None]
    if _CODE.fullmatch(name) and len(known) > _FEW_WORDS and len(set(known)) == len(known):
        return "by its name it holds codes, and everybody has one of their own."
    return ""


def _without_names(cells: list[str | None]) -> tuple[list[str | None], int]:
    """Cells that several people share without whom they name, and how many different ones named somebody.

    A short category may be a place, so lone names are looked for in sentences alone.
    """
    clean: dict[str, str] = {}
    for cell, count in Counter(cell for cell in cells if cell is not None).items():
        if count < SHARED or _NUMBER.fullmatch(cell):
            continue
        spans = [*recognize(cell)]
        if len(cell.split()) > _LONGEST_CATEGORY:
            spans += [Span(w.start, w.end, "name") for w in find_lone_names(cell, limit=NOTES_LIMIT)]
        told = [span for span in non_overlapping(spans) if span.category not in {"age", "date"}]
        for span in reversed(told):
            clean[cell] = clean.get(cell, cell)[: span.start] + f"[{span.category}]" + clean.get(cell, cell)[span.end :]  # fmt: skip
    return [cell if cell is None else clean.get(cell, cell) for cell in cells], len(clean)


def _left_out(where: str, message: str) -> Finding:
    return Finding("privacy.synthetic_left_out", Severity.INFO, message.rstrip(".") + ".", where=where)


def _column(name: str, cells: list[str | None]) -> tuple[tuple[str, ...], list[float], int]:
    """The words of a column (none if of numbers), its numbers, and how many values were too rare to be kept."""
    known = [cell for cell in cells if cell is not None]
    _check_dates(name, known)
    infinite = sum(1 for cell in known if _INFINITE.fullmatch(cell))
    if infinite:
        raise BadInput(f"{infinite} values of column {name!r} are infinite; write n/a for them, or correct them.")  # fmt: skip
    plain = sum(1 for cell in known if _NUMBER.fullmatch(cell))
    commas = [cell for cell in known if _COMMA.fullmatch(cell)]
    if known and plain + len(commas) == len(known):
        if commas and (any("." in c for c in known) or all(_THOUSANDS.fullmatch(c) for c in commas)):
            raise BadInput(
                f"{len(commas)} values of column {name!r} have a comma that may part decimals or thousands; write 1234.5."
            )
        numbers = [np.nan if cell is None else float(cell.replace(",", ".")) for cell in cells]
        _check_running(name, np.array(numbers))
        return (), numbers, 0
    return _words(name, cells, plain)


def _check_dates(name: str, known: list[str]) -> None:
    dated = sum(1 for cell in known if find_dates(cell))
    if known and dated > len(known) / 2:
        raise BadInput(
            f"Column {name!r} holds dates ({dated} of {len(known)} values), which identify people; give ages, or days since "
            "a first visit."
        )


def _check_running(name: str, values: np.ndarray) -> None:
    """Refuse numbers that only say who is who."""
    steps = np.unique(np.diff(np.sort(values)))
    if len(values) >= FEWEST_ROWS and len(steps) == 1 and steps[0] > 0:
        raise BadInput(f"Column {name!r} numbers the {len(values)} rows in equal steps, like an identifier; leave it out.")  # fmt: skip


def _words(name: str, cells: list[str | None], plain: int) -> tuple[tuple[str, ...], list[float], int]:
    known = [cell for cell in cells if cell is not None]
    counts = Counter(known)
    if len(counts) > _FEW_WORDS:
        units = sum(1 for cell in known if _UNIT.fullmatch(cell))
        if units > len(known) / 2:
            raise BadInput(
                f"{units} of {len(known)} values of column {name!r} have a unit behind the number; write the number alone and the "
                "unit into the column's name."
            )
        if plain > len(known) / 2:
            raise BadInput(
                f"{len(known) - plain} of {len(known)} values of column {name!r} are no numbers, as others are; correct them, or "
                "write n/a."
            )
    if len(counts) > max(len(cells) // 5, 1):
        raise BadInput(
            f"Column {name!r} has {len(counts)} different words, like names or notes; leave it out."
        )
    words = tuple(sorted(word for word, count in counts.items() if count >= SHARED))
    codes = {word: float(code) for code, word in enumerate(words)}
    rare = sum(count for count in counts.values() if count < SHARED)
    return words, [codes.get(cell or "", np.nan) for cell in cells], rare


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

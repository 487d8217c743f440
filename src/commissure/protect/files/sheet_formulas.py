"""Formulas of a workbook: which cells they reach, what they say in words, and how they read where sheets are called otherwise.

Tables are not written anew, so that ``Scores[iq]`` becomes the cells that it stands for.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commissure.extras import need

__all__ = ["Book", "Read", "reached"]

#: a sheet, a row and a column
Key = tuple[str, int, int]
_CELL = r"\$?([A-Za-z]{1,3})\$?(\d+)"
_CELLS = re.compile(rf"{_CELL}(?::{_CELL})?|\$?([A-Za-z]{{1,3}}):\$?([A-Za-z]{{1,3}})|\$?(\d+):\$?(\d+)")
_COLUMN = re.compile(r"([^\[\]]+)|\[#This Row\],\[([^\[\]#]+)\]|@([^\[\]]+)|@\[([^\[\]]+)\]", re.I)
_PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LAST_ROW, _LAST_COLUMN = 1 << 20, 1 << 14


@dataclass(frozen=True, slots=True)
class Span:
    """Cells of one sheet, from the first row and column to the last."""

    sheet: str
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(slots=True)
class Read:
    """A formula as it will be, empty if it cannot be kept; what it reaches; its words; whether all it reaches is known."""

    text: str = ""
    reaches: list[Span] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    is_known: bool = True


@dataclass(slots=True)
class _Table:
    sheet: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    names: list[str]


class Book:
    """What formulas of a workbook may speak of.

    Parameters
    ----------
    workbook : openpyxl.Workbook
        As it was.
    titles : mapping
        From what a sheet was called to what it will be.
    """

    def __init__(self, workbook: Any, titles: Mapping[str, str]) -> None:
        self._titles = {old.casefold(): (old, new) for old, new in titles.items()}
        cells = need("openpyxl.utils.cell", purpose="Cleaning workbooks")
        self._tables: dict[str, _Table] = {}
        self._open: set[str] = set()
        self._column, self._letter = cells.column_index_from_string, cells.get_column_letter
        for sheet in workbook.worksheets:
            for table in sheet.tables.values():
                left, top, right, bottom = cells.range_boundaries(table.ref)
                rows = (top + (table.headerRowCount != 0), bottom - (table.totalsRowCount or 0))
                names = [str(one.name) for one in table.tableColumns]
                self._tables[table.displayName.casefold()] = _Table(sheet.title, rows, (left, right), names)
        self.names: dict[str, str] = {
            name.casefold(): str(one.attr_text) for name, one in workbook.defined_names.items()
        }

    def read(
        self, formula: str, *, sheet: str, row: int = 1, kept_names: frozenset[str] = frozenset()
    ) -> Read:
        """Take a formula apart.

        Parameters
        ----------
        formula : str
            With its ``=``.
        sheet : str
            The old title of the sheet it stands in.
        row : int
            And its row.
        kept_names : frozenset of str
            Defined names that will be there, in small letters.
        """
        reading = need("openpyxl.formula.tokenizer", purpose="Reading formulas")
        told = Read()
        try:
            tokenizer = reading.Tokenizer(formula)
        except reading.TokenizerError:
            return Read(is_known=False)
        parts: list[str | None] = []
        for token in tokenizer.items:
            # a bar asks another program (DDE)
            text = None if "|" in token.value and token.subtype != "TEXT" else token.value
            if token.type == "OPERAND" and token.subtype == "TEXT":
                told.words.append(token.value[1:-1].replace('""', '"'))
            elif token.type == "OPERAND" and token.subtype == "RANGE":
                text = self._range(token.value, sheet, row, told, kept_names)
            parts.append(text)
        known = [part for part in parts if part is not None]
        told.text = "=" + "".join(known) if len(known) == len(parts) else ""
        return told

    def _range(self, text: str, sheet: str, row: int, told: Read, kept: frozenset[str]) -> str | None:
        """How cells will be called, which are noted; None if they cannot be."""
        owner, mark, cells = text.rpartition("!")
        if "[" in owner or (not mark and re.match(r"\[\d+\]", text)):
            return None  # in another file, which nobody has here
        title = owner[1:-1].replace("''", "'") if owner.startswith("'") else owner
        old, new = self._titles.get(title.casefold(), ("", "")) if mark else (sheet, "")
        found = _CELLS.fullmatch(cells)
        if found and old:
            told.reaches.append(self._span(old, found))
            return f"{_quoted(new)}!{cells}" if mark else cells
        if text.casefold().startswith("_xlpm."):
            return text  # what the formula itself calls so
        name = text.casefold()
        if name in self.names and name not in self._open:
            self._open.add(name)  # a name may stand for itself
            within = self.read("=" + self.names[name], sheet=sheet, row=row)
            self._open.discard(name)
            told.reaches += within.reaches
            told.words += within.words
            told.is_known = told.is_known and within.is_known
            return text if name in kept else within.text[1:] or None
        return self._of_table(text, row, sheet, told)

    def _span(self, sheet: str, found: re.Match[str]) -> Span:
        left, top, right, bottom, first, last, upper, lower = found.groups()
        if left:
            rows = (int(top), int(bottom or top))
            columns = (self._column(left.upper()), self._column((right or left).upper()))
        elif first:
            rows, columns = (1, _LAST_ROW), (self._column(first.upper()), self._column(last.upper()))
        else:
            rows, columns = (int(upper), int(lower)), (1, _LAST_COLUMN)
        return Span(sheet, (min(rows), max(rows)), (min(columns), max(columns)))

    def _of_table(self, text: str, row: int, sheet: str, told: Read) -> str | None:
        name, _, inside = text.partition("[")
        table = self._tables.get(name.casefold())
        found = _COLUMN.fullmatch(inside[:-1]) if inside.endswith("]") else None
        if table is None or (inside and found is None):
            told.is_known = False
            return None
        rows, columns = table.rows, table.columns
        if found:
            whole, *of_row = found.groups()
            column = whole or next(filter(None, of_row))
            if column not in table.names:
                told.is_known = False
                return None
            columns = (columns[0] + table.names.index(column),) * 2
            rows = rows if whole else (row, row)
        told.reaches.append(Span(table.sheet, rows, columns))
        first, last = (f"${self._letter(columns[end])}${rows[end]}" for end in (0, 1))
        cells = first if first == last else f"{first}:{last}"
        return (
            cells if table.sheet == sheet else f"{_quoted(self._titles[table.sheet.casefold()][1])}!{cells}"
        )


def _quoted(title: str) -> str:
    return title if _PLAIN_TITLE.fullmatch(title) else "'" + title.replace("'", "''") + "'"


def reached(seeds: Iterable[Key], formulas: Mapping[Key, Read]) -> set[Key]:
    """The formulas that reach one of ``seeds``, by way of other formulas too.

    >>> chain = {("S", 2, 2): Read(reaches=[Span("S", (2, 2), (1, 1))]), ("S", 2, 3): Read(reaches=[Span("S", (1, 9), (2, 2))])}
    >>> sorted(reached([("S", 2, 1)], chain))
    [('S', 2, 2), ('S', 2, 3)]
    """
    held: dict[str, dict[int, list[int]]] = {}
    for sheet, row, column in sorted(seeds):
        held.setdefault(sheet, {}).setdefault(column, []).append(row)
    found: set[Key] = set()
    grows = True
    while grows:
        grows = False
        for key, read in formulas.items():
            if key not in found and any(_holds(held, span) for span in read.reaches):
                found.add(key)
                insort(held.setdefault(key[0], {}).setdefault(key[2], []), key[1])
                grows = True
    return found


def _holds(held: Mapping[str, Mapping[int, list[int]]], span: Span) -> bool:
    return any(_between(rows, span.rows) for rows in _columns(held.get(span.sheet, {}), span.columns))


def _columns(held: Mapping[int, list[int]], columns: tuple[int, int]) -> Iterator[list[int]]:
    if columns[0] == columns[1]:
        yield held.get(columns[0], [])
        return
    yield from (rows for column, rows in held.items() if columns[0] <= column <= columns[1])


def _between(rows: list[int], bounds: tuple[int, int]) -> bool:
    place = bisect_left(rows, bounds[0])
    return place < len(rows) and rows[place] <= bounds[1]

"""Which heading each cell of a sheet stands under, and which cells a heading or a label calls somebody's.

A sheet is taken apart into blocks of rows with empty rows between them. A block is a table, whose heading may stand below rows of
titles; a form, whose labels stand left of what they call; or goes on with the table above it.

>>> cells = {(1, 1): "Study of sleep", (3, 1): "name", (3, 2): "score", (4, 1): "Okonkwo", (4, 2): 12, (6, 1): "Quirin", (6, 2): 9}
>>> found = layout(cells)
>>> found[4, 1].category, found[6, 1].category, found[4, 2].heading
('name', 'name', 'score')
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from commissure.protect.files.tables import AGE, THINGS, column_of_names, identifying_column

__all__ = ["Place", "category_of_heading", "layout", "plain_heading"]

_FIRST_ROWS, _LONGEST_HEADING, _SHARE_OF_WIDEST, _MOSTLY = 25, 80, 0.6, 2 / 3
_DECORATION = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*|[\s:*#?.]+$")
_LIKE_CODE = re.compile(r"[a-z][a-z0-9_ ()/%.-]*")

Cells = Mapping[tuple[int, int], object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell stands: the heading over it or the label before it, the category that calls somebody's, whether it is a heading itself."""

    heading: str = ""
    category: str | None = None
    is_heading: bool = False


def plain_heading(text: str) -> str:
    """A heading without remarks in brackets, colons and asterisks.

    >>> plain_heading("DOB (dd.mm.yyyy): *")
    'DOB'
    """
    return _DECORATION.sub(" ", _DECORATION.sub(" ", " ".join(text.split()))).strip()


@lru_cache(maxsize=4096)
def category_of_heading(text: str) -> str | None:
    """The category of what stands under a heading; None if it may stay."""
    if not text or len(text) > _LONGEST_HEADING:
        return None
    plain = plain_heading(text)
    # "Geb.-Datum", "E-Mail" and "Patient / Name" are spelled without marks elsewhere
    joined = re.sub(r"[^\w]+", "_", plain).strip("_")
    return identifying_column(plain) or identifying_column(joined)


def layout(cells: Cells) -> dict[tuple[int, int], Place]:
    """A Place for every cell.

    Parameters
    ----------
    cells : mapping
        From row and column (counted from 1) to the value of every cell that is not empty; of a formula, what it came to.
    """
    by_row: dict[int, list[int]] = {}
    for row, column in sorted(cells):
        by_row.setdefault(row, []).append(column)
    found: dict[tuple[int, int], Place] = {}
    table = _Table(cells, by_row)
    block: list[int] = []
    for row in sorted(by_row):
        if block and row > block[-1] + 1:
            found.update(table.block(block))
            block = []
        block.append(row)
    return {**found, **table.block(block)} if block else found


class _Table:
    """Goes through a sheet from above; a table's headings hold for the blocks below that have none of their own."""

    def __init__(self, cells: Cells, by_row: Mapping[int, list[int]]) -> None:
        self._cells, self._by_row = cells, by_row
        self._columns: dict[int, Place] = {}
        #: where headings stand of columns that begin below the others
        self._beside: dict[int, int] = {}

    def block(self, rows: Sequence[int]) -> dict[tuple[int, int], Place]:
        """The Places of the cells of rows that follow each other."""
        head = self._head(rows)
        if head and self._is_pair(head[-1], rows):
            # or a heading with nothing below yet
            found = self._form(rows)
            self._columns = self._headed(head, [])
            return found
        if self._is_form(rows):
            return self._form(rows)
        if not head or not self._replaces(rows, head):
            return self._both(rows)
        above = [row for row in rows if row < head[0]]
        below = [row for row in rows if row > head[-1]]
        # a table may stand right below another
        again = next((row for row in below if self._is_heading_again(row)), below[-1] + 1 if below else 0)
        rest, below = [row for row in below if row >= again], [row for row in below if row < again]
        self._columns = self._headed(head, below)
        found = self._form(above)
        for row in head:
            found.update({(row, column): Place(is_heading=True) for column in self._by_row[row]})
        found.update(self._under(below))
        return {**found, **self.block(rest)} if rest else found

    def _text(self, row: int, column: int) -> str:
        value = self._cells.get((row, column))
        return value.strip() if isinstance(value, str) else ""

    def _categories(self, row: int) -> dict[int, str]:
        told = {column: category_of_heading(self._text(row, column)) for column in self._by_row[row]}
        return {column: category for column, category in told.items() if category}

    def _head(self, rows: Sequence[int]) -> tuple[int, ...]:
        """The row of headings, with further ones below it that call columns somebody's; empty if there is none."""
        widest = max(len(self._by_row[row]) for row in rows)
        for place, row in enumerate(rows[:_FIRST_ROWS]):
            columns = self._by_row[row]
            if len(columns) < max(_SHARE_OF_WIDEST * widest, 1) or not self._is_of_words(row):
                continue
            if widest == 1 and not self._categories(row):
                return ()
            more = [one for one in rows[place + 1 : place + 3] if self._is_heading_again(one)]
            return tuple(rows[place : rows.index(more[-1]) + 1]) if more else (row,)
        return ()

    def _is_heading_again(self, row: int) -> bool:
        told = self._categories(row)
        return bool(told) and 2 * len(told) >= len(self._by_row[row]) > 1 and self._is_of_words(row)

    def _is_of_words(self, row: int) -> bool:
        texts = [self._text(row, column) for column in self._by_row[row]]
        dated = any(isinstance(self._cells[row, column], date) for column in self._by_row[row])
        words = sum(bool(text) and len(text) <= _LONGEST_HEADING for text in texts)
        return not dated and words >= _MOSTLY * len(texts)

    def _is_form(self, rows: Sequence[int]) -> bool:
        """Whether labels stand below each other."""
        # the heading of a further table below is the same word again
        told = {(column, self._text(row, column).casefold()) for row in rows for column in self._categories(row)}  # fmt: skip
        down = max(Counter(column for column, _ in told).values(), default=0)
        return down > 1 and down > max(len(self._categories(row)) for row in rows)

    def _is_pair(self, row: int, rows: Sequence[int]) -> bool:
        """Whether a last row may be labels beside what they call."""
        labels = len(self._categories(row))
        return row == rows[-1] and labels < len(self._by_row[row]) <= 2 * labels

    def _both(self, rows: Sequence[int]) -> dict[tuple[int, int], Place]:
        """Rows without headings: of the table above, of which any may be labels beside what they call."""
        under, beside = self._under(rows), self._form(rows)
        return {
            key: place
            if place.category
            else beside[key]
            if beside[key].category or not self._columns
            else place
            for key, place in under.items()
        }

    def _form(self, rows: Sequence[int]) -> dict[tuple[int, int], Place]:
        found: dict[tuple[int, int], Place] = {}
        for row in rows:
            label, category = "", None
            for column in self._by_row[row]:
                text = self._text(row, column)
                called = category_of_heading(text) if text else None
                if called or text.endswith(":") or AGE.fullmatch(plain_heading(text).replace(" ", "_")):
                    label, category = plain_heading(text), called
                    found[row, column] = Place(is_heading=True)
                else:
                    found[row, column] = Place(label, category)
                    label = label if category or not text else text
        return found

    def _replaces(self, rows: Sequence[int], head: tuple[int, ...]) -> bool:
        """Whether words on top of a block are headings, rather than a further row of the table above."""
        emptied = {column for column, place in self._columns.items() if place.category}
        used = emptied & {column for row in rows for column in self._by_row[row]}
        named = any(self._categories(row) for row in head)
        coded = all(_LIKE_CODE.fullmatch(self._text(row, column)) for row in head for column in used if self._text(row, column))  # fmt: skip
        numbers = any(not self._is_of_words(row) for row in rows if row > head[-1])
        return named or not used or (coded and numbers)

    def _headed(self, head: tuple[int, ...], below: Sequence[int]) -> dict[int, Place]:
        columns = sorted({column for row in (*head, *below) for column in self._by_row[row]})
        headings = {
            column: next(filter(None, (self._text(row, column) for row in reversed(head))), "")
            for column in columns
        }
        self._beside = {}
        for column in (column for column in columns if not headings[column]):
            first = next((row for row in below if self._text(row, column)), 0)
            if first and category_of_heading(self._text(first, column)):
                headings[column], self._beside[column] = self._text(first, column), first
        plain = {plain_heading(one) for one in headings.values()}
        made: dict[int, Place] = {}
        for column in columns:
            name = plain_heading(headings[column])
            category = category_of_heading(headings[column])
            category = category or next((self._categories(row)[column] for row in head if column in self._categories(row)), None)  # fmt: skip
            values = [self._text(row, column) for row in below]
            category = category or column_of_names(name, values)
            if name == "name" and THINGS & plain:
                category = None
            made[column] = Place(name, category)
        return made

    def _under(self, rows: Sequence[int]) -> dict[tuple[int, int], Place]:
        found = {
            (row, column): self._columns.get(column, Place()) for row in rows for column in self._by_row[row]
        }
        for row in rows:
            texts = {column: self._text(row, column) for column in self._by_row[row]}
            if any(text.endswith(":") and category_of_heading(text) for text in texts.values()):
                found.update({key: place for key, place in self._form([row]).items() if place.category})
            for column in texts:
                # of a table beside, which begins further down
                if column in self._beside and self._beside[column] == row:
                    found[row, column] = Place(is_heading=True)
        return found

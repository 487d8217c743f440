"""Workbooks (``.xlsx``): a fresh one with every sheet, without what tells who somebody is.

Nothing of the old file is copied but values, formulas, how cells look, and what was looked into. Columns that are called somebody's are
emptied where they stand, so that formulas still point where they did.
"""

import io
import re
from collections.abc import Callable
from copy import copy
from datetime import date
from pathlib import Path
from typing import Any

from commissure.extras import need
from commissure.formats.quiet import quietly
from commissure.model import Finding, Severity
from commissure.protect.files.sheet_beside import copy_names, copy_note, copy_rules, copy_shape
from commissure.protect.files.sheet_formulas import Book, Key, Read, reached
from commissure.protect.files.sheet_layout import Place, layout
from commissure.protect.files.sheet_parts import closed_parts, packed_anew
from commissure.protect.files.sheet_reading import open_workbook, values_of
from commissure.protect.files.tables import AGE, clean_cell
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates, top_age
from commissure.protect.text.file_names import LABEL
from commissure.protect.text.lone_names import NOTES_LIMIT

__all__ = ["rewrite_sheets"]

_REMEDY = "Take them out, or save the sheets as .csv or .tsv, which are cleaned."
_CALLED_DAY = re.compile(r"(?<![A-Za-z])(?:date|datum|fecha)|Date\b|_date\b", re.I)
#: days since 1900 that are taken for a date under a heading that says so
_FIRST_DAY, _LAST_DAY = 10_000, 80_000
_FEWEST_DIGITS = 100_000
_LONGEST_TITLE = 31
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_EMPTY = re.compile(rb'<c r="([A-Z]+\d+)"([^>]*)>(<f[^>]*>[^<]*</f>)?(?:<v\s*/>|<v>[^<]*</v>)</c>')
_SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")


def rewrite_sheets(
    source: Path, target: Path, *, cleaner: Cleaner, where: str, relabel: Callable[[str], str] = str
) -> tuple[Finding, ...]:
    """Write a clean copy of a workbook; an ERROR says that none was written, as it holds what nobody can look into.

    Every sheet is cleaned as a table, hidden ones too: columns and cells that a heading or a label calls somebody's are emptied, dates
    move with their format, texts are cleaned, ages topped. Numbers stay bit by bit. A formula stays where its words are nobody's; one
    that reached into what was emptied goes with it, but for ages, of which the value stays. The same workbook gives the same bytes.

    Parameters
    ----------
    source, target : Path
        The workbook and its copy.
    cleaner : Cleaner
        The subject's, or the folder's.
    where : str
        How to speak of the file.
    relabel : callable
        From a text with old ``sub-`` and ``ses-`` labels to one with the new.

    Raises
    ------
    Unreadable
        If it is damaged or locked by a password.
    """
    closed = closed_parts(source)
    if closed:
        cleaner.count("comment")
        message = f"A workbook holds {', '.join(closed)}, which nobody looks into here; it was kept back."
        return (Finding("protect.closed_parts", Severity.ERROR, message, where, _REMEDY),)
    made = _Copy(source, cleaner, relabel)
    target.write_bytes(made.packed(with_macros=source.suffix.lower() == ".xlsm"))
    return ()


class _Copy:
    """A workbook on its way: the old one with formulas, the old one with values, and the new."""

    def __init__(self, source: Path, cleaner: Cleaner, relabel: Callable[[str], str]) -> None:
        self._old = open_workbook(source, values=False)
        formulas = any(getattr(cell, "data_type", "") == "f" for sheet in self._old.worksheets for cell in sheet._cells.values())  # fmt: skip
        told = open_workbook(source, values=True) if formulas else self._old
        self._cleaner = cleaner
        self._label = relabel
        self._texts: dict[tuple[str, str, bool], str] = {}
        self._exact: dict[str, dict[str, tuple[str, str]]] = {}
        titles = self._titles()
        self._book = Book(self._old, titles)
        with quietly():
            self._new = need("openpyxl", purpose="Cleaning workbooks").Workbook()
        self._new.remove(self._new.active)
        self._new.epoch = self._old.epoch
        self._kept = copy_names(self._old, self._new, book=self._book, cleaner=cleaner)
        self._was: dict[Key, Any] = {}
        self._is: dict[Key, Any] = {}
        self._places: dict[Key, Place] = {}
        self._formulas: dict[Key, Read] = {}
        for sheet in self._old.worksheets:
            self._read(sheet, told[sheet.title])
        self._settle()
        for sheet in self._old.worksheets:
            self._write(sheet, self._new.create_sheet(titles[sheet.title]))

    def _relabel(self, text: str) -> str:
        """``text`` with new ``sub-`` and ``ses-`` labels."""
        return LABEL.sub(lambda match: self._label(match.group()), text)

    def _titles(self) -> dict[str, str]:
        """What each sheet will be called: clean, as short as Excel wants it, none twice."""
        made: dict[str, str] = {}
        taken: set[str] = set()
        for sheet in self._old.worksheets:
            clean = self._cleaner.tag(self._cleaner.note(self._relabel(sheet.title)))
            clean = re.sub(r"[\[\]:*?/\\]", "", clean).strip("'")[:_LONGEST_TITLE] or "sheet"
            title, number = clean, 2
            while title.casefold() in taken:
                title, number = f"{clean[: _LONGEST_TITLE - 4]} {number}", number + 1
            taken.add(title.casefold())
            made[sheet.title] = title
        return made

    def _read(self, sheet: Any, told: Any) -> None:
        """Clean what stands in a sheet, without writing it yet."""
        formulas, values = values_of(sheet), values_of(told)
        for (row, column), value in formulas.items():
            if sheet.cell(row, column).data_type == "f":
                text = value if isinstance(value, str) else getattr(value, "text", None)
                read = self._book.read(text, sheet=sheet.title, row=row, kept_names=self._kept) if text else Read(is_known=False)  # fmt: skip
                if not isinstance(value, str):
                    read.text = ""  # of arrays and tables of data the value stays
                self._formulas[sheet.title, row, column] = read
                values.setdefault((row, column), 0)
        places = layout(values)
        known = values_of(told)
        for (row, column), place in places.items():
            key = (sheet.title, row, column)
            self._places[key], self._was[key] = place, known.get((row, column))
            self._is[key] = None if self._was[key] is None else self._clean(self._was[key], place)

    def _clean(self, value: Any, place: Place) -> Any:
        """What becomes of a value at a place; None if it goes."""
        if place.category:
            self._cleaner.count(place.category)
            return None
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, place)
        if isinstance(value, date):
            moved = self._cleaner.day(value)
            # Excel counts from 1900
            return moved if moved is not None and moved.year > 1900 else None
        return self._text(value, place) if isinstance(value, str) else value

    def _text(self, value: str, place: Place) -> str:
        key = (place.heading, value, place.is_heading)
        if key not in self._texts:
            if place.is_heading:
                noted = self._cleaner.note(self._relabel(value))
                plain = noted.islower() and " " not in noted
                self._texts[key] = noted if plain or noted != value else self._cleaner.tag(noted)
            else:
                name = place.heading.replace(" ", "_")
                self._texts[key] = clean_cell(
                    name, value, cleaner=self._cleaner, relabel=self._relabel, notes={}
                )
        return self._texts[key]

    def _number(self, value: float, place: Place) -> Any:
        """A number as it is, but for ages over the policy's, days, and what a header named."""
        name, policy = place.heading.replace(" ", "_"), self._cleaner.policy
        if AGE.fullmatch(name) and self._cleaner.is_person and value >= policy.top_age_years:
            self._cleaner.count("age")
            return int(top_age(float(value), top=policy.top_age_years))
        offset = self._cleaner.offset_days
        if _CALLED_DAY.search(place.heading) and _FIRST_DAY <= value < _LAST_DAY:
            self._cleaner.count("date")
            return None if offset is None else value - offset
        if isinstance(value, int) and abs(value) >= _FEWEST_DIGITS:
            if _CALLED_DAY.search(place.heading) and find_dates(str(value)):
                moved = self._cleaner.text(str(value))
                return int(moved) if moved.isdigit() else None
            named = self._cleaner.named(str(value))
            if named:
                self._cleaner.count(named[0].category)
                return None
        return value

    def _settle(self) -> None:
        """Decide of every formula whether it stays, becomes what it came to, or goes."""
        emptied = {key for key, place in self._places.items() if self._is[key] is None and (place.category or self._was[key] is not None)}  # fmt: skip
        moved = {key for key in self._places if key not in emptied and self._is[key] != self._was[key] and key not in self._formulas}  # fmt: skip
        gone, shifted = reached(emptied, self._formulas), reached(moved, self._formulas)
        for key, read in self._formulas.items():
            place, was, value = self._places[key], self._was[key], self._is[key]
            is_age = AGE.fullmatch(place.heading.replace(" ", "_")) is not None and isinstance(
                was, int | float
            )
            if key in emptied:
                continue
            if (key in gone and not is_age) or (not read.is_known and (emptied or moved)):
                self._is[key] = None
                self._cleaner.count("comment")
            elif key not in gone and self._stays(read) and (key in shifted or was == value):
                self._is[key] = read
                self._was[key] = None if key in shifted else was
            elif key in shifted:  # what it came to, of what has moved since
                self._is[key] = value if isinstance(was, date) or is_age else None

    def _stays(self, read: Read) -> bool:
        words = all(self._cleaner.note(word) == word for word in read.words)
        dated = find_dates(read.text) or re.search(r"\bDATE(?:VALUE)?\(\s*[\"\d]", read.text, re.I)
        return bool(read.text) and words and not dated and not self._cleaner.named(read.text)

    def _write(self, old: Any, new: Any) -> None:
        copy_shape(old, new, cleaner=self._cleaner)
        copy_rules(old, new, book=self._book, cleaner=self._cleaner, kept_names=self._kept)
        exact = self._exact.setdefault(new.title, {})
        looks: dict[int, Any] = {}
        for (row, column), cell in sorted(old._cells.items()):
            if not hasattr(cell, "number_format") or (old.title, row, column) not in self._places and not cell.has_style:  # fmt: skip
                continue
            made = new.cell(row, column)
            key = (old.title, row, column)
            self._dress(cell, made, looks)
            self._fill(made, self._is.get(key), self._was.get(key), exact)
            if not (key in self._places and self._places[key].category):
                copy_note(cell, made, cleaner=self._cleaner)

    def _dress(self, cell: Any, made: Any, looks: dict[int, Any]) -> None:
        if not cell.has_style:
            return
        if cell.style_id not in looks:
            for part in ("font", "fill", "border", "alignment"):
                setattr(made, part, copy(getattr(cell, part)))
            spoken = re.findall(r'"([^"]*)"', cell.number_format)
            clean = all(self._cleaner.text(one, limit=NOTES_LIMIT) == one for one in spoken)
            made.number_format = cell.number_format if clean else "General"
            looks[cell.style_id] = made._style
        made._style = copy(looks[cell.style_id])

    def _fill(self, made: Any, value: Any, was: Any, exact: dict[str, tuple[str, str]]) -> None:
        """Set a cell; what openpyxl would round, or leave out, is noted to be written as it was."""
        if value is None:
            return
        if isinstance(value, Read):
            made.value = value.text
            value = was
            if isinstance(was, str):
                exact[made.coordinate] = ("e" if was in _ERRORS else "str", was)
            if not isinstance(was, int | float):
                return
        else:
            look = made.number_format
            made.value = value
            if isinstance(value, str) and value not in _ERRORS:
                made.data_type = "s"  # not a formula, whatever it begins with
            made.number_format = look
        if isinstance(value, bool):
            exact[made.coordinate] = ("b", str(int(value)))
        elif isinstance(value, int | float):
            exact[made.coordinate] = ("n", repr(value))

    def packed(self, *, with_macros: bool) -> bytes:
        """The new workbook's bytes."""
        stream = io.BytesIO()
        with quietly():
            self._new.save(stream)
        return packed_anew(stream.getvalue(), edit=self._numbers, with_macros=with_macros)

    def _numbers(self, name: str, data: bytes) -> bytes:
        """A sheet with all digits of its numbers, and what its formulas came to."""
        found = _SHEET.fullmatch(name)
        if not found:
            return data
        exact = self._exact[self._new.worksheets[int(found.group(1)) - 1].title]

        def _fill(match: re.Match[bytes]) -> bytes:
            kind, text = exact.get(match[1].decode(), ("", ""))
            if not kind:
                return match[0]
            attributes = re.sub(rb' t="\w+"', b"", match[2]) + f' t="{kind}"'.encode()
            escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
            return (
                b'<c r="'
                + match[1]
                + b'"'
                + attributes
                + b">"
                + (match[3] or b"")
                + b"<v>"
                + escaped
                + b"</v></c>"
            )

        return _EMPTY.sub(_fill, data)

"""Workbooks as they are: values under their headings, notes, names, and what they say of their makers.

Both :mod:`~commissure.protect.files.sheets`, which cleans a copy, and the scan look at a workbook through this.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.quiet import quietly
from commissure.protect.files.sheet_layout import layout

__all__ = ["open_workbook", "sheet_fields", "values_of"]

_MAKERS = {"creator": "operator", "lastModifiedBy": "operator", "title": "title", "subject": "topic", "description": "description",
           "keywords": "keywords", "category": "category"}  # fmt: skip
#: what stands beside names of persons alone
_ONLY_OF_PERSONS = frozenset({"birth_date", "id", "contact", "address"})


def open_workbook(path: Path, *, values: bool) -> Any:
    """A workbook with its formulas, or with what they came to when it was last saved.

    Raises
    ------
    Unreadable
        If it is damaged, or of the kind *Strict Open XML*.
    """
    openpyxl = need("openpyxl", purpose="Cleaning workbooks (.xlsx)")
    try:
        with quietly(), path.open("rb") as stream:
            book = openpyxl.load_workbook(stream, data_only=values, keep_links=False)
    except Exception as error:
        raise Unreadable("A workbook is damaged; save it again in a spreadsheet program.") from error
    if not book.worksheets:
        raise Unreadable("A workbook has no sheets that can be read; save it as an Excel workbook (.xlsx), not as Strict Open XML.")  # fmt: skip
    return book


def values_of(sheet: Any) -> dict[tuple[int, int], Any]:
    """The values of all cells of a sheet that are not empty, by row and column."""
    # the cells that are there, not the rectangle around them, which may be a million rows
    return {
        place: cell.value
        for place, cell in sorted(sheet._cells.items())
        if getattr(cell, "value", None) not in (None, "")
    }


def sheet_fields(path: Path) -> Iterator[tuple[str, str]]:
    """``(heading, text)`` of every text and date of a workbook; its makers as ``operator``, notes as ``note``."""
    book = open_workbook(path, values=True)
    for name, field in _MAKERS.items():
        told = getattr(book.properties, name, None)
        if told and told != "openpyxl":
            yield field, str(told)
    yield from ((str(one.name), str(one.value)) for one in book.custom_doc_props.props)
    yield from (("", f"{name} {one.attr_text}") for name, one in book.defined_names.items())
    for sheet in book.worksheets:
        yield "", sheet.title
        values = values_of(sheet)
        places = layout(values)
        of_persons = any(one.category in _ONLY_OF_PERSONS for one in places.values())
        for place, value in values.items():
            heading = "" if places[place].is_heading else places[place].heading.replace(" ", "_")
            if of_persons and heading.casefold() == "name":
                heading = "patient_name"  # elsewhere a channel's or a region's
            if isinstance(value, str):
                yield heading, value
            elif isinstance(value, date):
                yield heading, value.isoformat()
            elif places[place].category:
                yield heading, str(value)
        yield from _beside(sheet)


def _beside(sheet: Any) -> Iterator[tuple[str, str]]:
    """What a sheet says outside its cells."""
    for cell in sheet._cells.values():
        if getattr(cell, "comment", None) is not None:
            yield "operator", str(cell.comment.author or "")
            yield "note", str(cell.comment.text)
        if getattr(cell, "hyperlink", None) is not None:
            yield "", str(cell.hyperlink.target or "")
    for rule in sheet.data_validations.dataValidation:
        yield "", " ".join(str(one) for one in (rule.formula1, rule.formula2, rule.prompt, rule.error) if one)
    for band in (sheet.oddHeader, sheet.oddFooter, sheet.evenHeader, sheet.evenFooter, sheet.firstHeader, sheet.firstFooter):  # fmt: skip
        yield from (("", str(part.text)) for part in (band.left, band.center, band.right) if part.text)

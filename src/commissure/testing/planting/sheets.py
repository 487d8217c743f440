"""A lab's workbook: a table below its title, a hidden form, and somebody in every place that can hold a text."""

from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.testing.planting.notes import SCIENCE_TEXTS, note_of
from commissure.testing.planting.people import Person

__all__ = ["compare_workbook", "write_workbook"]

_CELLS = ("other name", "lone surname", "phone", "e-mail", "national id", "user path", "uid", "address")
_KINDS = (*_CELLS, "patient name", "birth date", "record number", "operator", "institution", "physician", "department", "comment", "study date")  # fmt: skip
#: as many digits as openpyxl writes
_SCORES = np.sin(np.arange(1.0, 1 + len(_CELLS))).round(12)


def write_workbook(path: Path, person: Person, *, rng: np.random.Generator) -> tuple[str, ...]:
    """Write the workbook; the kinds of what was planted."""
    openpyxl = need("openpyxl", purpose="Making workbooks")
    said = person.values
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "scores"
    sheet["A1"] = note_of(person, "physician", rng=rng)
    sheet.append([])
    sheet.append(["Full name", "Date of birth", "visit_date", "iq", "score", "twice", "trial text", "MRN"])
    for row, kind in enumerate(_CELLS, start=4):
        sheet.append([said["patient name"], person.born, person.studied, 90 + row, float(_SCORES[row - 4]), f"=D{row}*2", note_of(person, kind, rng=rng),
                      int(said["record number"][4:])])  # fmt: skip
        sheet.cell(row, 3).number_format = "dd.mm.yyyy"
    sheet["D4"].comment = openpyxl.comments.Comment(said["comment"], said["operator"])
    sheet["D5"].hyperlink = f"mailto:{said['e-mail']}"
    sheet.oddFooter.center.text = said["institution"]
    rule = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1=f'"none,{said["physician"]}"')  # fmt: skip
    rule.add("G4:G20")
    sheet.add_data_validation(rule)
    _form(book, person)
    words = book.create_sheet("words")
    for text in SCIENCE_TEXTS[:6]:
        words.append([text])
    book.properties.creator = book.properties.lastModifiedBy = said["operator"]
    book.properties.title = said["department"]
    book.custom_doc_props.append(
        openpyxl.packaging.custom.StringProperty(name="Site", value=said["institution"])
    )
    book.save(path)
    return _KINDS


def _form(book: Any, person: Person) -> None:
    """A hidden sheet called after the person, with labels left of what they call."""
    form = book.create_sheet(f"{person.given} {person.family}"[:31])
    form.sheet_state = "hidden"
    told = person.values
    rows = (("Name:", told["patient name"]), ("Date of birth:", told["birth date"]), ("MRN:", told["record number"]), ("Phone:", told["phone"]),
            ("Address:", told["address"]), ("MoCA:", 27))  # fmt: skip
    for row in rows:
        form.append(row)


def compare_workbook(path: Path, tally: Any) -> None:
    """Count the science of a clean copy: numbers bit by bit, formulas, dates' formats, texts."""
    book = need("openpyxl", purpose="Comparing workbooks").load_workbook(path)
    sheet, last = book["scores"], 3 + len(_CELLS)
    tally.compare("workbook scores", _SCORES.tolist(), [sheet.cell(row, 5).value for row in range(4, last + 1)])  # fmt: skip
    tally.compare("workbook iq", list(range(94, 91 + last)), [sheet.cell(row, 4).value for row in range(4, last + 1)])  # fmt: skip
    tally.compare("workbook formula", f"=D{last}*2", sheet.cell(last, 6).value)
    days = {sheet.cell(row, 3).value for row in range(4, last + 1)}
    tally.compare("workbook visits on one day", 1, len(days))
    tally.compare("workbook format of dates", "dd.mm.yyyy", sheet["C4"].number_format)
    tally.compare("workbook form", 27, book.worksheets[1]["B6"].value)
    for row, text in enumerate(SCIENCE_TEXTS[:6], start=1):
        tally.compare("workbook text", text, book["words"].cell(row, 1).value)

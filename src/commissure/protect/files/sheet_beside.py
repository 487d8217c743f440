"""What a workbook says beside its cells: notes, links, lists to choose from, names of ranges, headers and footers, widths."""

import re
from typing import Any

from commissure.extras import need
from commissure.protect.files.sheet_formulas import Book
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.lone_names import NOTES_LIMIT

__all__ = ["copy_names", "copy_note", "copy_rules", "copy_shape"]

_BANDS = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
_LIST = re.compile(r'"(.*)"', re.S)


def copy_names(old: Any, new: Any, *, book: Book, cleaner: Cleaner) -> frozenset[str]:
    """Define the names of ranges again that are nobody's; which, in small letters."""
    defined = need("openpyxl.workbook.defined_name", purpose="Cleaning workbooks").DefinedName
    kept = set()
    for name, one in old.defined_names.items():
        read = book.read("=" + str(one.attr_text), sheet="")
        clean = cleaner.tag(name) == name and cleaner.note(name) == name
        if clean and read.text and read.reaches and not read.words:
            new.defined_names[name] = defined(name, attr_text=read.text[1:])
            kept.add(name.casefold())
        elif not clean:
            cleaner.count("name")
    return frozenset(kept)


def copy_shape(old: Any, new: Any, *, cleaner: Cleaner) -> None:
    """Widths, heights, what is hidden, frozen or merged, and clean headers and footers."""
    new.sheet_state = old.sheet_state
    new.freeze_panes = old.freeze_panes
    for name, column in old.column_dimensions.items():
        made = new.column_dimensions[name]
        made.min, made.max, made.hidden = column.min, column.max, column.hidden
        if column.customWidth:
            made.width = column.width
    for number, row in old.row_dimensions.items():
        if row.hidden or row.height:
            new.row_dimensions[number].hidden, new.row_dimensions[number].height = row.hidden, row.height
    for merged in sorted(str(one) for one in old.merged_cells.ranges):
        new.merge_cells(merged)
    for band in _BANDS:
        for side in ("left", "center", "right"):
            text = getattr(getattr(old, band), side).text
            if text:
                getattr(getattr(new, band), side).text = cleaner.text(text, limit=NOTES_LIMIT)


def copy_note(cell: Any, made: Any, *, cleaner: Cleaner) -> None:
    """A cell's note without its author, and its link where it leads to nobody."""
    if cell.comment is not None:
        text = cleaner.free(cell.comment.text)
        cleaner.count("operator")
        if text:
            note = need("openpyxl.comments", purpose="Cleaning workbooks").Comment
            made.comment = note(text, "", height=cell.comment.height, width=cell.comment.width)
    link = cell.hyperlink
    if link is not None and link.target:
        if link.target.startswith(("http://", "https://")) and not _tells(link.target, cleaner):
            look = made._style
            made.hyperlink = link.target
            made._style = look
        else:
            cleaner.count("path")


def _tells(target: str, cleaner: Cleaner) -> bool:
    spans = [span for span in cleaner.spans(target) if span.category != "host"]
    return bool(spans) or bool(cleaner.named(target))


def copy_rules(old: Any, new: Any, *, book: Book, cleaner: Cleaner, kept_names: frozenset[str]) -> None:
    """What may be entered where, of rules whose words are nobody's."""
    validation = need("openpyxl.worksheet.datavalidation", purpose="Cleaning workbooks").DataValidation
    for rule in old.data_validations.dataValidation:
        formulas = [
            _rule(one, book=book, sheet=old.title, cleaner=cleaner, kept_names=kept_names)
            for one in (rule.formula1, rule.formula2)
        ]
        if "" in formulas:
            cleaner.count("comment")
            continue
        said = {name: cleaner.free(text) for name in ("prompt", "promptTitle", "error", "errorTitle") if (text := getattr(rule, name))}  # fmt: skip
        new.add_data_validation(
            validation(
                type=rule.type,
                operator=rule.operator,
                formula1=formulas[0],
                formula2=formulas[1],
                allow_blank=rule.allow_blank,
                showDropDown=rule.showDropDown,
                showErrorMessage=rule.showErrorMessage,
                showInputMessage=rule.showInputMessage,
                sqref=str(rule.sqref),
                **said,
            )
        )


def _rule(
    formula: str | None, *, book: Book, sheet: str, cleaner: Cleaner, kept_names: frozenset[str]
) -> str | None:
    """A rule's formula as it will be; empty if it cannot stay."""
    if not formula:
        return None
    listed = _LIST.fullmatch(formula)
    if listed:
        return (
            formula if all(cleaner.note(one.strip()) == one.strip() for one in listed[1].split(",")) else ""
        )
    read = book.read("=" + formula, sheet=sheet, kept_names=kept_names)
    words = all(cleaner.note(word) == word for word in read.words)
    return read.text[1:] if words and not cleaner.spans(read.text) else ""

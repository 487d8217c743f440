"""Headers that are texts of keys and values, as devices write them: NIRx' (``.hdr``, ``.inf``), Hitachi's and Artemis 123's.

Fields that hold a person are emptied, dates shifted, remarks cleaned; what tells of the device, and the samples below, stays byte by
byte.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates, shift, shift_text, top_age

__all__ = ["clean_lab_header", "is_lab_header", "lab_header_fields"]

_HEADS = re.compile(
    r"\A(?:\ufeff|ï»¿|ÿþ)?\s*(?:\[GeneralInfo\]|\[Subject Demographics\]|<start main header>|Header[,\r\n].{0,400}?File Version,)", re.S
)  # fmt: skip
_LINE = re.compile(r"^([^\n=\t,<\[]+?)([ \t]*[=\t,][ \t]*)([^\r\n]*)$")
#: what a field of this name holds
_CATEGORIES = {
    "name": "name", "experiment_subject": "name", "id": "id", "subject id": "id", "subject": "id", "contact information": "contact",
    "experiment_subject_contact_info": "contact", "device id": "serial",
}  # fmt: skip
_REMARKS = frozenset({"additional notes", "experiment history", "study type", "notes", "experiment_remarks", "experiment_name", "comment",
                      "purpose", "project name"})  # fmt: skip
_DATES = frozenset({"date"})
_AGES = frozenset({"age", "experiment_subject_age"})
_FIELDS = {"name": "patient_name", "id": "patient_id", "contact": "contact", "serial": "serial_number"}
#: days as Hitachi writes them, which no other header does
_AMERICAN = ("%m/%d/%y %H:%M", "%m/%d/%Y %H:%M")
_ENDS = re.compile(r"^Data(?:,|\r|\n|$)")
_SPOKEN = re.compile(r"[^\W\d_]{2,}")


def is_lab_header(text: str) -> bool:
    """Whether a text begins as one of these headers.

    >>> is_lab_header('[GeneralInfo]\\nNIRStar="15.3"'), is_lab_header("Header of a letter")
    (True, False)
    """
    return _HEADS.match(text) is not None


def clean_lab_header(text: str, *, cleaner: Cleaner) -> str:
    """The text without what identifies; a table of samples below a line ``Data`` is not touched."""
    clean: list[str] = []
    lines = text.splitlines(keepends=True)
    comment = False
    for number, line in enumerate(lines):
        if _ENDS.match(line):
            return "".join([*clean, *lines[number:]])
        comment = line.startswith("<start comments>") if line.startswith("<") else comment
        clean.append(_free(line, cleaner) if comment and not line.startswith("<") else _line(line, cleaner))
    return "".join(clean)


def lab_header_fields(text: str) -> Iterator[tuple[str, str]]:
    """``(name, text)`` of the fields that tell of persons, places and days."""
    for line in text.splitlines():
        match = _LINE.match(line)
        if _ENDS.match(line):
            return
        if match is None:
            continue
        key, value = match[1].strip().lower(), match[3].strip(' ",')
        if key in _CATEGORIES:
            if not (key == "subject" and value.isdigit()):
                yield _FIELDS[_CATEGORIES[key]], value
        elif key in _REMARKS:
            yield "comment", value
        elif key in _DATES:
            yield "date", value


def _line(line: str, cleaner: Cleaner) -> str:
    match = _LINE.match(line.rstrip("\r\n"))
    if match is None:
        return cleaner.note(line) if _SPOKEN.search(line) and line[0] not in "[<" else line
    key, mark, value = match.groups()
    new = _value(key.strip().lower(), value, cleaner)
    ending = line[len(line.rstrip("\r\n")) :]
    return f"{key}{mark}{new}{ending}"


def _free(line: str, cleaner: Cleaner) -> str:
    text = line.strip()
    return line.replace(text, cleaner.free(text)) if text else line


def _value(key: str, value: str, cleaner: Cleaner) -> str:
    inner = value.rstrip(", ").strip('"')
    if not inner:
        return value
    if key in _CATEGORIES:
        new = "" if key != "subject" or not inner.isdigit() else inner
        if not new:
            cleaner.count(_CATEGORIES[key])
    elif key in _DATES:
        new = _day(inner, cleaner)
    elif key in _AGES:
        new = _age(inner)
    elif key in _REMARKS:
        new = cleaner.free(inner)
    else:
        new = cleaner.text(inner) if _SPOKEN.search(inner) else inner
    return value.replace(inner, new)


def _day(text: str, cleaner: Cleaner) -> str:
    cleaner.count("date")
    offset = cleaner.offset_days
    if offset is None:
        return ""
    for form in _AMERICAN:
        with suppress(ValueError):
            return shift(datetime.strptime(text, form), offset_days=offset).strftime(form)  # noqa: DTZ007 - no zone is told
    return shift_text(text, offset_days=offset) if find_dates(text) else ""


def _age(text: str) -> str:
    match = re.match(r"\s*(\d+)", text)
    return text if match is None else text.replace(match[1], f"{top_age(float(match[1])):g}")

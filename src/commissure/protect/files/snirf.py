"""SNIRF files written anew: the tags that name somebody go, the date is shifted, light and geometry stay."""

import re
from pathlib import Path
from typing import Any

from commissure.protect.files.hdf5 import DROP, rewrite_hdf5
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates

__all__ = ["rewrite_snirf"]

_TAG = re.compile(r"/nirs\d*/metaDataTags/(.+)")
_REQUIRED = {"LengthUnit", "TimeUnit", "FrequencyUnit", "MeasurementTime", "ManufacturerName", "Model",
             "AppName", "sex", "handedness", "subjectSex"}  # fmt: skip
_CATEGORY = (
    (re.compile(r"birth|dob", re.I), "birth_date"),
    (re.compile(r"serial|deviceid", re.I), "serial"),
    (re.compile(r"operator|experimenter|technician|owner|investigator|username", re.I), "operator"),
    (re.compile(r"instit|site|hospital|lab", re.I), "institution"),
    (re.compile(r"comment|note|remark|history|diagnos", re.I), "comment"),
    (re.compile(r"path|file|folder|directory", re.I), "path"),
    (re.compile(r"host|computer|machine", re.I), "host"),
    (re.compile(r"mail|phone|contact", re.I), "contact"),
    (re.compile(r"address|city|zip", re.I), "address"),
    (re.compile(r"uuid|uid|guid", re.I), "uid"),
    (re.compile(r"(first|last|middle|subject|patient|given|family|sur)_?name", re.I), "name"),
    (re.compile(r"(subject|patient|study|participant|case|mrn).*(id|number)?$", re.I), "id"),
)
_NO_DATE = "1900-01-01"


def rewrite_snirf(source: Path, target: Path, *, cleaner: Cleaner, label: str) -> None:
    """Write a clean copy of a SNIRF file; ``label`` becomes its ``SubjectID``.

    Raises
    ------
    Unreadable
        If the file is damaged.
    """

    def edit(path: str, text: str) -> Any:
        match = _TAG.fullmatch(path)
        return _tag(match.group(1), text, cleaner, label) if match else cleaner.text(text)

    rewrite_hdf5(source, target, edit=edit)


def _tag(name: str, text: str, cleaner: Cleaner, label: str) -> Any:
    if name == "SubjectID":
        cleaner.count("id")
        return label
    if name == "MeasurementDate":
        if cleaner.offset_days is None or not find_dates(text):
            cleaner.count("date")
            return _NO_DATE
        return cleaner.text(text)
    if name in _REQUIRED:
        return cleaner.known_only(text)
    for pattern, category in _CATEGORY:
        if pattern.search(name):
            cleaner.count(category)
            return DROP
    return cleaner.free(text)

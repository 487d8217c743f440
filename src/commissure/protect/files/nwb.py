"""NWB files that exist already, written anew without who, where and by whom; every number stays."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from commissure.extras import need
from commissure.model import Identifier
from commissure.protect.files.hdf5 import DROP, Edits, rewrite_hdf5, texts_of
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates
from commissure.protect.text.file_names import clean_part
from commissure.protect.text.known import is_generic

__all__ = ["is_named_after_itself", "nwb_identifiers", "rewrite_nwb"]

_DATED = {"/session_start_time", "/timestamps_reference_time", "/file_create_date"}
_NO_DATE = "1900-01-01T00:00:00+00:00"
_STAFF = {
    "/general/experimenter": "operator",
    "/general/institution": "institution",
    "/general/lab": "institution",
}
_DROPPED = {
    "/general/notes": "comment", "/general/data_collection": "comment", "/general/source_script": "path",
    "/general/source_script@file_name": "path", "/general/subject/date_of_birth": "birth_date",
}  # fmt: skip
_IDS = {"/identifier", "/general/session_id"}
_NAMING = ("/identifier", "/general/session_id", "/general/subject/subject_id")
#: shorter ones may as well be a run or a session
_SHORTEST_MARK = 4
#: more digits than a session has are a patient's or a visit's record
_RECORD = re.compile(r"\d{7,}")
_NOTES = {"/general/subject/description"}
_STRUCTURE = {"neurodata_type", "namespace", "object_id", "nwb_version", ".specloc", "colnames", "unit", "target",
              "hdmf_schema_version", "location"}  # fmt: skip
_OWN = {
    "/general/experimenter": "operator", "/general/institution": "institution", "/general/lab": "institution",
    "/general/subject/subject_id": "id", "/general/subject/date_of_birth": "birth_date", "/identifier": "id",
}  # fmt: skip


def nwb_identifiers(path: Path) -> tuple[Identifier, ...]:
    """What an NWB file says itself of persons and places, for the cleaning and for the scan."""
    own = [(_OWN[where], text) for where, text in texts_of(path) if where in _OWN and text.strip()]
    return tuple(Identifier(category, text) for category, text in dict.fromkeys(own))


def is_named_after_itself(path: Path, stem: str) -> bool:
    """Whether ``stem``, the name that the copy of an NWB file is to have, holds the identifier or an id that it tells.

    Labs name a file by its ``identifier``: an animal and a day, or a patient.
    """
    h5py = need("h5py", purpose="Cleaning NWB files")
    try:
        with h5py.File(path, "r") as file:
            told = [file[where].asstr()[()] for where in _NAMING if where in file]
    except (OSError, RuntimeError, KeyError, TypeError, ValueError):
        return False
    marks = [
        mark.strip() for text in told if isinstance(text, str) for mark in (text, PureWindowsPath(text).name)
    ]
    return any(
        re.search(rf"(?<![A-Za-z0-9]){re.escape(mark)}(?![A-Za-z0-9])", stem, re.I)
        for mark in marks
        if len(mark) >= _SHORTEST_MARK and not is_generic(mark)
    )


def rewrite_nwb(source: Path, target: Path, *, cleaner: Cleaner, label: str) -> None:
    """Write a clean copy of an NWB file; ``label`` becomes its ``subject_id``.

    Experimenter, institution, laboratory, notes, scripts and the date of birth are left out (an age stands in for
    the latter), dates are shifted, ids become tokens, other texts are cleaned. The same file gives the same bytes.

    Raises
    ------
    Unreadable
        If the file is damaged.
    """
    texts = texts_of(source)
    own = [
        Identifier(_OWN[where], text)
        for where, text in texts
        if where in _OWN and _OWN[where] != "birth_date"
    ]
    cleaner = replace(cleaner, known=cleaner.known.extended(own))
    age = _age(dict(texts))

    def edit(path: str, text: str) -> Any:
        if path == "/general/subject/age" and text.strip() in {"", "NA", "unknown"} and age:
            return age
        return _edit(path, text, cleaner, label)

    rewrite_hdf5(source, target, edit=Edits(edit, cleaner.tag, lambda path: _leaf(path, cleaner)))


def _edit(path: str, text: str, cleaner: Cleaner, label: str) -> Any:
    field = path.rpartition("@")[2].rpartition("/")[2]
    if path.startswith("/specifications"):
        return _schema(text, cleaner)
    if field in _STRUCTURE and "@" in path:
        return text
    if path in _STAFF and not cleaner.keeps_staff:
        return _drop(cleaner, _STAFF[path], text)
    if path in _DROPPED:
        return _drop(cleaner, _DROPPED[path], text)
    if path in _DATED:
        return cleaner.text(text) if cleaner.offset_days is not None and find_dates(text) else _NO_DATE
    if path == "/general/subject/subject_id":
        cleaner.count("id")
        return label
    if path in _IDS:
        return _token(path, text, cleaner, label)
    if field == "serial_number":
        return _drop(cleaner, "serial", text)
    if path == "/general/subject/age":
        return _topped(text, cleaner)
    if path.startswith("/general/subject/") and field in {"species", "strain", "genotype", "sex", "weight"}:
        return cleaner.known_only(text)
    if field == "external_file":
        return _leaf(text, cleaner)
    # what is said of the subject and of one recording is a note; other descriptions are science
    return cleaner.note(text) if path in _NOTES or field == "comments" else cleaner.text(text)


def _schema(text: str, cleaner: Cleaner) -> str:
    """A cached schema as it is, but for its own authors who bear a name that the folder tells of somebody: a search for
    that name would find them, and the whole file would stay back."""
    credits = re.compile(r'"(?:author|contact)"\s*:\s*(?:\[[^\]]*\]|"[^"]*")')
    return credits.sub(lambda credit: _without_known(credit.group(), cleaner), text)


def _without_known(credit: str, cleaner: Cleaner) -> str:
    key, mark, told = credit.partition(":")
    return key + mark + re.sub(r'"[^"]*"', lambda one: f'"{cleaner.known_only(one.group()[1:-1])}"', told)


def _drop(cleaner: Cleaner, category: str, text: str) -> object:
    if text.strip():
        cleaner.count(category)
    return DROP


def _token(path: str, text: str, cleaner: Cleaner, label: str) -> str:
    if (
        path == "/general/session_id"
        and cleaner.policy.keep_labels
        and not (cleaner.spans(text) or _RECORD.search(text))
    ):
        return text
    if not text.strip():
        return text if path != "/identifier" else cleaner.pseudonyms.token("nwb", label, length=26)
    cleaner.count("id")
    length = 26 if path == "/identifier" else 8
    return cleaner.pseudonyms.token(path, text, length=length)


def _topped(text: str, cleaner: Cleaner) -> str:
    years = text.strip().removeprefix("P").removesuffix("Y")
    if not cleaner.is_person or not years.replace(".", "", 1).isdigit() or not text.strip().endswith("Y"):
        return text
    if float(years) < cleaner.policy.top_age_years:
        return text
    cleaner.count("age")
    return f"P{cleaner.policy.top_age_years + 1}Y"


def _leaf(text: str, cleaner: Cleaner) -> str:
    """A path to another file, without the folders of somebody's machine."""
    absolute = PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
    if not absolute:
        return "/".join(clean_part(cleaner.known_only(part), cleaner) for part in text.split("/"))
    cleaner.count("path")
    return cleaner.text(PureWindowsPath(text).name)


def _age(texts: dict[str, str]) -> str:
    """ISO 8601 age in days from birth to the session; empty if either is not told."""
    born, began = (
        _day(texts.get(key, "")) for key in ("/general/subject/date_of_birth", "/session_start_time")
    )
    if born is None or began is None or began < born:
        return ""
    days = (began - born).days
    return f"P{days}D" if days < 3 * 365 else f"P{int(days / 365.25)}Y"


def _day(text: str) -> datetime | None:
    found = find_dates(text)
    return datetime.combine(found[0].day, datetime.min.time()) if found else None

"""Persyst: a layout in INI style (``.lay``) and interleaved samples (``.dat``)."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Identifier, Source

__all__ = ["find", "open_persyst", "reader"]

_MAGIC = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\[FileInfo(?:rmation)?\]", re.IGNORECASE)
_CATEGORIES = {
    "fullname": "name", "first": "name", "last": "name", "middlei": "name", "birthdate": "birth_date", "id": "id",
    "medicalrecordn": "id", "testdate": "date", "physician": "operator", "technician": "operator",
    "medications": "comment", "history": "comment", "comments1": "comment", "comments2": "comment",
    "comments3": "comment", "comments4": "comment",
}  # fmt: skip
_HANDS = {"r": "right", "l": "left", "right": "right", "left": "left"}


def find(listing: Listing) -> Iterator[Source]:
    """Layouts by their first section, with the samples they name."""
    for entry in listing.files:
        head = listing.head(entry.path)
        if not _MAGIC.match(head):
            continue
        match = re.search(rb"^File=(.*?)\s*$", head, re.MULTILINE)
        named = PurePosixPath(match[1].decode("latin-1").replace("\\", "/")).name if match else ""
        samples = (named and listing.beside(entry.path, named)) or listing.beside(
            entry.path, PurePosixPath(entry.path).stem + ".dat"
        )
        if samples:
            yield Source("persyst", (entry.path, samples), "bids")
        else:
            note = "the layout (.lay) is there, its samples (.dat) are not"
            yield Source("persyst", (entry.path,), "bids", complete=False, note=note)


def open_persyst(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of a pair, through a copy of its layout in ``scratch`` that names the samples and no birth date."""
    mne_io = need("mne.io", purpose="Reading Persyst")
    path, samples = (listing.absolute(name) for name in source.files)
    text = path.read_text(encoding="latin-1")
    if samples.stat().st_size == 0:
        raise Unreadable("The samples file of the Persyst recording is empty (0 bytes).")
    link_as(samples, scratch=scratch, name="recording.dat")
    layout = re.sub(r"^File=.*$", "File=recording.dat", text, flags=re.MULTILINE)
    # MNE fails where there is no birth date, and takes none from a lone slash
    layout = re.sub(r"^BirthDate=.*\n", "", layout, flags=re.MULTILINE | re.IGNORECASE)
    layout = re.sub(r"^(\[Patient\].*)$", r"\1\nBirthDate=/", layout, flags=re.MULTILINE)
    path = scratch / "recording.lay"
    path.write_text(layout, encoding="latin-1")
    raw = mne_io.read_raw_persyst(path)
    patient = _section(text, "Patient")
    found = [
        Identifier(_CATEGORIES[key], value) for key, value in patient.items() if value and key in _CATEGORIES
    ]
    header = Header(
        tuple(found),
        subject_id=patient.get("id", ""),
        sex={"m": "M", "male": "M", "f": "F", "female": "F"}.get(patient.get("sex", "").lower(), ""),
        handedness=_HANDS.get(patient.get("hand", "").lower(), ""),
        birth=_day(patient.get("birthdate", "")),
    )
    yield Opened(raw, header)


def _section(text: str, name: str) -> dict[str, str]:
    match = re.search(rf"^\[{name}\]\s*$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = match[1].splitlines() if match else []
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _day(text: str) -> datetime.date | None:
    for form in ("%m/%d/%Y", "%d-%b-%Y", "%Y.%m.%d", "%Y-%m-%d", "%m/%d/%y"):
        try:
            return datetime.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


#: the plugin
reader = MneReader("persyst", find, open_persyst)

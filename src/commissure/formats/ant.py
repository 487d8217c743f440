"""ANT Neuro eego: ``.cnt`` files in RIFF, with events in a ``.evt`` beside them.

Neuroscan's files bear the same extension; the first bytes tell the two apart.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_ant", "reader"]

_CONTAINERS = (b"RIFF", b"RF64")


def find(listing: Listing) -> Iterator[Source]:
    """RIFF files that say they are ``CNT``."""
    for entry in listing.files:
        head = listing.head(entry.path, 16)
        if head[:4] in _CONTAINERS and head[8:11].upper() == b"CNT":
            events = listing.beside(entry.path, PurePosixPath(entry.path).stem + ".evt")
            yield Source("ant", (entry.path, events) if events else (entry.path,), "bids")


def open_ant(source: Source, listing: Listing, scratch: Path) -> Iterator[Opened]:
    """The Raw; who and with what come from the file's own header."""
    mne_io = need("mne.io", purpose="Reading ANT")
    antio = need("antio", purpose="Reading ANT")
    path = listing.absolute(source.primary)
    if path.suffix.lower() != ".cnt":
        for name in source.files:
            link_as(
                listing.absolute(name),
                scratch=scratch,
                name="recording" + (".cnt" if name == source.primary else ".evt"),
            )
        path = scratch / "recording.cnt"
    raw = mne_io.read_raw_ant(path)
    file = antio.read_cnt(str(path))
    make, model, serial = (str(one or "").strip() for one in file.get_machine_info(encoding="latin-1"))
    site = str(file.get_hospital(encoding="latin-1") or "").strip()
    name, code, sex, birth = file.get_patient_info(encoding="latin-1")
    found = [Identifier(category, str(value)) for category, value in (
        ("name", name), ("id", code), ("serial", serial), ("institution", site), ("birth_date", birth or ""),
    ) if str(value or "").strip()]  # fmt: skip
    yield Opened(
        raw,
        Header(
            tuple(found),
            Device(make or "ANT Neuro", model),
            subject_id=str(code or ""),
            sex=_sex(sex),
            birth=birth,
        ),
    )


def _sex(value: Any) -> str:
    return str(value).upper() if str(value).upper() in {"M", "F"} else ""


#: the plugin
reader = MneReader("ant", find, open_ant)

"""EGI: a folder ``.mff`` of XML and binary files."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_egi", "reader"]

_FIELD = re.compile(r"<name>(.*?)</name>\s*<data[^>]*>(.*?)</data>", re.DOTALL)
_TAG = re.compile(
    r"<(\w*(?:serial|Serial)\w*|experimenter|patient\w*|subject\w*|name|comments?|history)>([^<]{3,})</"
)
_NAMESPACE = b"egi.com/"


def find(listing: Listing) -> Iterator[Source]:
    """Folders with an ``info.xml`` of EGI and a ``signal1.bin``."""
    for entry in listing.files:
        if entry.name != "info.xml" or _NAMESPACE not in listing.head(entry.path):
            continue
        inside = listing.below(entry.folder) if entry.folder else listing.files
        files = (entry.path, *(one.path for one in inside if one.path != entry.path))
        if any(PurePosixPath(path).name == "signal1.bin" for path in files):
            yield Source("egi", files, "bids")
        else:
            note = "the folder has no signal1.bin: its samples are missing"
            yield Source("egi", files, "bids", complete=False, note=note)


def open_egi(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of an ``.mff`` folder, through links where it was renamed."""
    mne_io = need("mne.io", purpose="Reading EGI")
    folder = listing.absolute(source.primary).parent
    texts = {
        PurePosixPath(path).name: _xml(listing.absolute(path))
        for path in source.files
        if path.lower().endswith(".xml")
    }
    if folder.suffix != ".mff":
        top = str(PurePosixPath(source.primary).parent)
        for path in source.files:
            below = PurePosixPath(path).relative_to(top) if top != "." else PurePosixPath(path)
            link_as(listing.absolute(path), scratch=scratch, name=f"recording.mff/{below}")
        folder = scratch / "recording.mff"
    raw = mne_io.read_raw_egi(folder, events_as_annotations=True)
    subject = texts.get("subject.xml", "")
    fields = {name.strip().lower(): value.strip() for name, value in _FIELD.findall(subject)}
    found = [Identifier(_category(name), value) for name, value in fields.items() if value]
    for name in ("info.xml", "history.xml"):
        found += [
            Identifier("serial" if "erial" in tag else "comment", value.strip())
            for tag, value in _TAG.findall(texts.get(name, ""))
        ]
    header = Header(
        tuple(found),
        Device(manufacturer="Electrical Geodesics"),
        subject_id=fields.get("localidentifier", ""),
        sex={"male": "M", "female": "F", "m": "M", "f": "F"}.get(
            fields.get("gender", fields.get("sex", "")).lower(), ""
        ),
        start=_start(texts.get("info.xml", "")),
    )
    yield Opened(raw, header, codes=len(raw.annotations) == 0)


def _xml(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[:1_000_000]


def _category(name: str) -> str:
    if "birth" in name or name == "dob":
        return "birth_date"
    if "identifier" in name or name.endswith("id"):
        return "id"
    return "name" if "name" in name else "comment"


def _start(text: str) -> datetime.datetime | None:
    """The record time as the clock on the wall showed it."""
    match = re.search(r"<recordTime>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", text)
    return datetime.datetime.fromisoformat(match[1]) if match else None


#: the plugin
reader = MneReader("egi", find, open_egi)

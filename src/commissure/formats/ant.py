"""ANT Neuro eego: ``.cnt`` files in RIFF, with events in a ``.evt`` beside them.

Neuroscan's files bear the same extension; the first bytes tell the two apart. The format's library trusts its file,
and ends the whole process where it should not; so the file's chunks are walked before it is handed over.
"""

import datetime
import re
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_ant", "reader"]

_SMALL, _LARGE = struct.Struct("<4sI"), struct.Struct("<4sQ")
_FIELD = re.compile(r"^\[(\w+)\]\s*\n(?!\[)(.*)$", re.MULTILINE)
_CATEGORIES = {
    "Hospital": "institution", "Physician": "operator", "Technician": "operator", "MachineSN": "serial",
    "SubjectName": "name", "SubjectAddress": "address", "SubjectPhone": "contact", "SubjectID": "id",
    "SubjectDateOfBirth": "birth_date", "Comment": "comment", "TestSerial": "id",
}  # fmt: skip
#: what the library needs to find, or it crashes
_EMPTY = b"[StartDate]\n0\n[StartFraction]\n0\n[SubjectName]\n\n"


def find(listing: Listing) -> Iterator[Source]:
    """RIFF files that say they are ``CNT``."""
    for entry in listing.files:
        head = listing.head(entry.path, 24)
        kind = head[8:11] if head[:4] == b"RIFF" else head[12:15] if head[:4] == b"RF64" else b""
        if kind.upper() == b"CNT":
            events = listing.beside(entry.path, PurePosixPath(entry.path).stem + ".evt")
            yield Source("ant", (entry.path, events) if events else (entry.path,), "bids")


def open_ant(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw; who, where and with what come from the file's information chunk."""
    mne_io = need("mne.io", purpose="Reading ANT")
    path = listing.absolute(source.primary)
    chunks = _chunks(path)
    fields = dict(_FIELD.findall(chunks.get(b"info", b"").replace(b"\0", b"").decode("latin-1")))
    if b"info" not in chunks:
        path = _completed(path, scratch)
    elif path.suffix.lower() != ".cnt":
        path = link_as(path, scratch=scratch, name="recording.cnt")
    if path.parent == scratch and len(source.files) > 1:
        link_as(listing.absolute(source.files[1]), scratch=scratch, name="recording.evt")
    raw = mne_io.read_raw_ant(path)
    if fields.get("StartDate", "0").strip("0. \r") == "":
        raw.set_meas_date(None)
    found = tuple(
        Identifier(_CATEGORIES[key], value.strip())
        for key, value in fields.items()
        if key in _CATEGORIES and value.strip()
    )
    header = Header(
        found,
        Device(fields.get("MachineMake", "").strip() or "ANT Neuro", fields.get("MachineModel", "").strip()),
        subject_id=fields.get("SubjectID", "").strip(),
        sex=fields.get("SubjectSex", "").strip().upper()
        if fields.get("SubjectSex", "").strip() in set("MFmf")
        else "",
        birth=_birth(fields.get("SubjectDateOfBirth", "")),
    )
    yield Opened(raw, header)


def _chunks(path: Path) -> dict[bytes, bytes]:
    """The chunks of the file by name, the content of the small ones; :class:`Unreadable` if one runs past its end."""
    size = path.stat().st_size
    found: dict[bytes, bytes] = {}
    with path.open("rb") as stream:
        header = _LARGE if stream.read(4) == b"RF64" else _SMALL
        position = header.size + 4
        while position + header.size <= size:
            stream.seek(position)
            name, length = header.unpack(stream.read(header.size))
            if position + header.size + length > size:
                raise Unreadable(
                    f"The ANT file is truncated: a part of it ends at byte {position + header.size + length} of {size}."
                )
            found[name] = stream.read(length) if length < 2**20 else b""
            position += header.size + length + length % 2
    if not {b"LIST", b"eeph"} <= found.keys():
        raise Unreadable(f"The ANT file lacks its header or its samples; it has {len(found)} parts.")
    return found


def _completed(path: Path, scratch: Path) -> Path:
    """A copy with an empty information chunk."""
    target = scratch / "recording.cnt"
    with path.open("rb") as stream:
        if stream.read(4) != b"RIFF":
            raise Unreadable(
                "The ANT file has no information chunk, without which its library cannot read it."
            )
    shutil.copyfile(path, target)
    with target.open("r+b") as stream:
        stream.seek(0, 2)
        stream.write(_SMALL.pack(b"info", len(_EMPTY)) + _EMPTY)
        size = stream.tell() - 8
        stream.seek(4)
        stream.write(struct.pack("<I", size))
    return target


def _birth(text: str) -> datetime.date | None:
    """A day written as C's ``tm``: ``day month-1 year-1900`` amid other numbers, or an ISO day."""
    numbers = [int(one) for one in re.findall(r"-?\d+", text)]
    try:
        if len(numbers) >= 6:
            return datetime.date(numbers[5] + 1900, numbers[4] + 1, numbers[3])
        return datetime.date(*numbers[:3]) if len(numbers) == 3 else None
    except ValueError:
        return None


#: the plugin
reader = MneReader("ant", find, open_ant)

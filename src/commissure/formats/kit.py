"""KIT/Yokogawa/Ricoh: ``.con`` and ``.sqd`` files, with marker (``.mrk``), probe (``.elp``) and head shape (``.hsp``)."""

import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.extras import need
from commissure.formats.listing import Entry, Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_kit", "reader"]

_SIDE = (".mrk", ".elp", ".hsp")
_ENTRY = struct.Struct("<Iiii")
_MOST_ENTRIES = 64
_SYSTEM = 1


def find(listing: Listing) -> Iterator[Source]:
    """``.con`` and ``.sqd`` files that begin with KIT's table of contents."""
    for entry in listing.with_suffix(".con", ".sqd"):
        if not _has_table(listing.head(entry.path), entry):
            continue
        stem = PurePosixPath(entry.path).stem
        beside = [found for suffix in _SIDE if (found := listing.beside(entry.path, stem + suffix))]
        yield Source("kit", (entry.path, *beside), "bids")


def open_kit(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw, with marker and head shape where all three side files are there."""
    mne_io = need("mne.io", purpose="Reading KIT")
    path = listing.absolute(source.primary)
    if path.suffix not in {".con", ".sqd"}:
        path = link_as(path, scratch=scratch, name="recording" + path.suffix.lower())
    side = {PurePosixPath(name).suffix.lower()[1:]: listing.absolute(name) for name in source.files[1:]}
    side = side if len(side) == len(_SIDE) else {}
    kinds = {"stim": None} if _channels(path) < 1 else {}
    raw = mne_io.read_raw_kit(path, **side, **kinds, allow_unknown_format=True)
    comment = _comment(path)
    found = (Identifier("comment", comment),) if comment else ()
    yield Opened(raw, Header(found, Device(manufacturer="KIT/Yokogawa")), local_clock=False)


def _has_table(head: bytes, entry: Entry) -> bool:
    """A table of contents: its first entry counts the entries, and all of them lie inside the file."""
    if len(head) < 2 * _ENTRY.size:
        return False
    count = _ENTRY.unpack_from(head, 0)[3]
    if not 8 <= count <= _MOST_ENTRIES or len(head) < count * _ENTRY.size:
        return False
    entries = [_ENTRY.unpack_from(head, index * _ENTRY.size) for index in range(count)]
    return all(offset <= entry.bytes and size >= 0 and used <= most for offset, size, most, used in entries)


def _system(path: Path) -> bytes:
    with path.open("rb") as stream:
        head = stream.read(2 * _ENTRY.size)
        stream.seek(_ENTRY.unpack_from(head, _SYSTEM * _ENTRY.size)[0])
        return stream.read(1024)


def _channels(path: Path) -> int:
    block = _system(path)
    return int.from_bytes(block[268:272], "little") if len(block) >= 272 else 0


def _comment(path: Path) -> str:
    return _system(path)[272:528].split(b"\0")[0].decode("utf-8", "replace").strip()


#: the plugin
reader = MneReader("kit", find, open_kit)

"""BTi / 4D Neuroimaging (Magnes): samples (``c,rfDC`` and kin) with ``config`` and ``hs_file`` in one folder, none with an extension."""

import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Entry, Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_bti", "reader", "texts_of_config"]

_CONFIG, _HEAD_SHAPE = "config", "hs_file"
_FIXED, _SENSOR, _BLOCK = 112, 128, 100
_MOST = 4096
#: user blocks that hold a path or a name of a configuration: kind, where its text stands, how long it may be
_PATHS = {b"B_Calibration": (8, 256), b"B_SysConfigTime": (0, 256)}


def find(listing: Listing) -> Iterator[Source]:
    """Folders with a ``config`` of BTi; each file of samples in it is a recording."""
    for entry in listing.files:
        if entry.name != _CONFIG or not _is_config(listing.head(entry.path)):
            continue
        shape = listing.beside(entry.path, _HEAD_SHAPE)
        beside = [entry.path, *([shape] if shape else [])]
        samples = [one.path for one in listing.in_folder(entry.folder) if one.path not in beside and _is_samples(listing, one)]  # fmt: skip
        # the config belongs to the first, which is what others of the folder were made of
        for number, path in enumerate(samples):
            yield Source("bti", (path, *(beside if number == 0 else ())), "bids")
        if not samples:
            note = "config is there, the samples (c,rf…) are not, or they are cut short"
            yield Source("bti", tuple(beside), "bids", complete=False, note=note)


def open_bti(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:  # noqa: ARG001
    """The Raw, channels under the names that the lab knows (``A1`` …)."""
    mne_io = need("mne.io", purpose="Reading BTi")
    folder = listing.absolute(source.primary).parent
    shape = folder / _HEAD_SHAPE
    raw = mne_io.read_raw_bti(
        listing.absolute(source.primary),
        folder / _CONFIG,
        shape if shape.is_file() else None,
        rename_channels=False,
    )
    extra = raw._raw_extras[0]
    texts = list(texts_of_config((folder / _CONFIG).read_bytes()))
    for process in extra["processes"]:
        texts += [("operator", str(process["user"])), ("path", str(process["filename"]))]
    found = tuple(dict.fromkeys(Identifier(category, text) for category, text in texts if text.strip()))
    entities = {"proc": "".join(char for char in PurePosixPath(source.primary).name if char.isalnum())} if len(source.files) == 1 else {}  # fmt: skip
    yield Opened(
        raw, Header(found, Device("4D Neuroimaging", "Magnes"), entities=entities), local_clock=False
    )


def texts_of_config(content: bytes) -> Iterator[tuple[str, str]]:
    """``(category, text)`` of the site, the host, the users and the paths that a ``config`` holds.

    Raises
    ------
    Unreadable
        If it is cut short.
    """
    try:
        yield "institution", _text(content[2:34])
        yield "host", _text(content[34:50])
        sensors, blocks = struct.unpack_from(">hh", content, 68)
        at = _FIXED + _SENSOR * sensors
        for _ in range(blocks):
            kind = content[at + 4 : at + 24].split(b"\0")[0]
            (size,) = struct.unpack_from(">I", content, at + 64)
            yield "operator", _text(content[at + 28 : at + 60])
            data = at + -(-_BLOCK // 8) * 8
            if kind in _PATHS:
                start, length = _PATHS[kind]
                yield "path", _text(content[data + start : data + min(start + length, size)])
            at = data + -(-size // 8) * 8
    except struct.error as error:
        raise Unreadable("The config of the BTi recording is cut short.") from error


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("latin-1").strip()


def _is_config(head: bytes) -> bool:
    """Counts that are plausible, and a first user block whose kind has BTi's letters."""
    if len(head) < _FIXED:
        return False
    channels = struct.unpack_from(">h", head, 58)[0]
    sensors, blocks = struct.unpack_from(">hh", head, 68)
    if not (0 < channels < _MOST and 0 < sensors < 16 and 0 < blocks < 256):
        return False
    kind = head[_FIXED + _SENSOR * sensors + 4 : _FIXED + _SENSOR * sensors + 24].split(b"\0")[0]
    return kind[:2].upper() in {b"B_", b"BW"}


def _is_samples(listing: Listing, entry: Entry) -> bool:
    """A file whose last eight bytes say where its header stands."""
    if entry.bytes < 128 or "." in entry.name.replace(".0Hz", ""):
        return False
    try:
        with listing.absolute(entry.path).open("rb") as stream:
            stream.seek(-8, 2)
            place = int.from_bytes(stream.read(8), "big") & 0x7FFFFFFF
            place += -place % 8
            stream.seek(min(place, entry.bytes))
            head = stream.read(40)
    except OSError:
        return False
    return len(head) == 40 and 0 < place < entry.bytes - 96 and struct.unpack_from(">h", head, 8)[0] in {1, 2, 3, 4}  # fmt: skip


#: the plugin
reader = MneReader("bti", find, open_bti)

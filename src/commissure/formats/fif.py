"""FIF: Elekta/MEGIN and MNE recordings, in one file or split in parts."""

import gzip
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_fif", "reader"]

#: the first tag of any FIF file: kind 100 (file id), type 31, 20 bytes
_MAGIC = b"\x00\x00\x00\x64\x00\x00\x00\x1f\x00\x00\x00\x14"
_GZIP = b"\x1f\x8b"
_NO_RECORDING = (
    "The FIF file holds no recording, but what was made from one or for one (a transformation, landmarks, a surface, "
    "a source space, averages ...). Share it beside its recording in a BIDS derivative, or leave it out."
)
_PART = re.compile(
    r"^(?P<stem>.*?)(?:-(?P<number>\d+)|_split-(?P<split>\d+)(?P<rest>_meg|_raw|_eeg)?)(?P<end>\.fif)$"
)
_NOT_RAW = re.compile(
    r"[-_](?:ave|cov|trans|fwd|inv|src|ica|epo|evo|proj|bem|sol|dense|surf|events?|eve)\.fif(?:\.gz)?$", re.I
)
_MAKERS = {"306m": "Elekta/MEGIN", "122m": "Neuromag"}


def find(listing: Listing) -> Iterator[Source]:
    """FIF files by their first tag, the parts of a split recording together."""
    heads = [entry for entry in listing.files if _is_fif(listing.head(entry.path))]
    paths = {entry.path for entry in heads}
    parts: dict[str, list[str]] = {}
    for entry in heads:
        parts.setdefault(_whole(entry.path, paths), []).append(entry.path)
    for first, files in sorted(parts.items()):
        ordered = (first, *sorted((path for path in files if path != first), key=_number))
        derived = bool(_NOT_RAW.search(first))
        note = "the name says that it is derived, not a recording" if derived else ""
        yield Source("fif", ordered, "bids", confidence=0.9 if derived else 1.0, note=note)


def open_fif(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw, all parts joined; MaxShield data too, for they are raw data."""
    mne_io = need("mne.io", purpose="Reading FIF")
    path = listing.absolute(source.primary)
    if listing.head(source.primary, 2) == _GZIP:
        path = _unpacked(path, scratch)
    elif path.suffix.lower() != ".fif":
        path = link_as(path, scratch=scratch, name="recording_raw.fif")
    try:
        raw = mne_io.read_raw_fif(path, allow_maxshield="yes", on_split_missing="raise")
    except ValueError as error:
        if not any(said in str(error) for said in ("No raw data", "Could not find measurement")):
            raise
        raise Unreadable(_NO_RECORDING) from error
    info = raw.info
    kinds = set(raw.get_channel_types())
    entities = (
        {"proc": "sss"}
        if any((one.get("max_info") or {}).get("sss_info") for one in info["proc_history"])
        else {}
    )
    maker = ""
    if kinds & {"mag", "grad"}:
        maker = next(
            (
                label
                for word, label in _MAKERS.items()
                if f"{sum(k in {'mag', 'grad'} for k in raw.get_channel_types())}m" == word
            ),
            "",
        )
    yield Opened(
        raw, Header(_identifiers(info), Device(manufacturer=maker), entities=entities), local_clock=False
    )


def _is_fif(head: bytes) -> bool:
    if head[:2] == _GZIP:
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, len(_MAGIC))
        except zlib.error:
            return False
    return head[: len(_MAGIC)] == _MAGIC


def _unpacked(path: Path, scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / "recording_raw.fif"
    with gzip.open(path) as packed, target.open("wb") as sink:
        shutil.copyfileobj(packed, sink, 1 << 20)
    return target


def _whole(path: str, paths: set[str]) -> str:
    """The first part of the recording that ``path`` is a part of."""
    pure = PurePosixPath(path)
    match = _PART.match(pure.name)
    if not match:
        return path
    if match["number"]:
        first = str(pure.with_name(match["stem"] + ".fif"))
        return first if first in paths else path
    name = re.sub(r"_split-\d+", lambda part: "_split-" + "1".zfill(len(part[0]) - 7), pure.name)
    first = str(pure.with_name(name))
    return first if first in paths else path


def _number(path: str) -> int:
    match = _PART.match(PurePosixPath(path).name)
    return int(match["number"] or match["split"] or 0) if match else 0


def _identifiers(info: Any) -> tuple[Identifier, ...]:
    found = []
    for one in info["proc_history"]:
        found += [Identifier("operator", str(one.get("experimenter") or ""))]
    return tuple(one for one in found if one.value)


#: the plugin
reader = MneReader("fif", find, open_fif)

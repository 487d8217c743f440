"""Video files: their time base read from the container (MP4/MOV boxes, AVI headers), the film left as it is."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.model import Device, Source, Video

__all__ = ["Film", "VideoFile", "probe", "reader"]

_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi")
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_NESTED = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"}
_LARGEST_BOX = 1 << 26
_EVEN = 1e-3


@dataclass(slots=True)
class Film:
    """What a container tells: frames, rate, size, sound, frame times where they are uneven, and its own remarks."""

    frames: int = 0
    rate_hz: float = 0.0
    size_px: tuple[int, int] = (0, 0)
    has_audio: bool = False
    times_s: NDArray[np.float64] | None = None
    created: datetime | None = None
    remarks: list[str] = field(default_factory=list)


class VideoFile:
    """Reads the time base of MP4, MOV and AVI files."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a film, by its container's mark."""
        for entry in listing.with_suffix(*_SUFFIXES):
            head = listing.head(entry.path, 16)
            if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip") or (
                head[:4] == b"RIFF" and head[8:12] == b"AVI "
            ):
                yield Source("video", (entry.path,), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Video]:  # noqa: ARG002
        """One Video."""
        path = listing.absolute(source.primary)
        film = probe(path)
        clues = Clues(source)
        clues.hide("comment", *film.remarks)
        if film.created is not None:
            clues.hide_date(film.created)
        clues.fact("rate_hz", film.rate_hz)
        clues.fact("frames", film.frames)
        clues.fact("size_px", f"{film.size_px[0]}x{film.size_px[1]}")
        about = clues.about("behavior", start=film.created, device=Device(), entities={"desc": "video"})
        return [Video(path, film.rate_hz, film.frames, film.size_px, about, film.has_audio, film.times_s)]


def probe(path: Path) -> Film:
    """What the container of ``path`` tells.

    Raises
    ------
    Unreadable
        If it is truncated or holds no picture track.
    """
    film = Film()
    try:
        with path.open("rb") as stream:
            if stream.read(4) == b"RIFF":
                _avi(stream, film)
            else:
                _mp4(stream, film, path.stat().st_size)
    except (struct.error, IndexError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise Unreadable(
            f"The film's container is truncated or damaged ({type(error).__name__}); copy it again from its source."
        ) from error
    if film.frames < 1 or film.rate_hz <= 0:
        raise Unreadable("The film holds no picture track with frames; it is truncated or holds sound only.")
    return film


def _mp4(stream: BinaryIO, film: Film, size: int) -> None:
    position = 0
    while position + 8 <= size:
        stream.seek(position)
        length, kind = struct.unpack(">I4s", stream.read(8))
        if length == 1:
            length = struct.unpack(">Q", stream.read(8))[0]
        length = length or size - position
        if length < 8 or position + length > size:
            break
        if kind == b"moov":
            if length > _LARGEST_BOX:
                raise ValueError("moov")
            stream.seek(position + 8)
            _moov(stream.read(length - 8), film)
        position += length


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        head = 8
        if length == 1:
            length, head = struct.unpack_from(">Q", data, position + 8)[0], 16
        if length < head or position + length > len(data):
            return
        yield kind, data[position + head : position + length]
        position += length


def _moov(data: bytes, film: Film) -> None:
    for kind, body in _boxes(data):
        if kind == b"mvhd":
            seconds = struct.unpack_from(">Q" if body[0] else ">I", body, 4)[0]
            film.created = _EPOCH + timedelta(seconds=seconds) if seconds > 2_082_844_800 else None
        elif kind == b"trak":
            _trak(_flat(body), film)
        elif kind in (b"udta", b"meta"):
            film.remarks += _texts(body)


def _flat(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for kind, body in _boxes(data):
        found.setdefault(kind, body)
        if kind in _NESTED:
            for inner, content in _flat(body).items():
                found.setdefault(inner, content)
    return found


def _trak(boxes: dict[bytes, bytes], film: Film) -> None:
    handler = boxes.get(b"hdlr", b"")[8:12]
    if handler == b"soun":
        film.has_audio = True
    if handler != b"vide" or film.frames:
        return
    media = boxes[b"mdhd"]
    scale = struct.unpack_from(">I", media, 20 if media[0] else 12)[0]
    table = boxes[b"stts"]
    entries = struct.unpack_from(">I", table, 4)[0]
    if 8 + 8 * entries > len(table):
        raise ValueError("stts")
    pairs = np.frombuffer(table, dtype=">u4", count=2 * entries, offset=8).reshape(-1, 2).astype(np.int64)
    film.frames = int(pairs[:, 0].sum())
    ticks = int((pairs[:, 0] * pairs[:, 1]).sum())
    film.rate_hz = film.frames * scale / ticks if ticks else 0.0
    header = boxes[b"tkhd"]
    width, height = struct.unpack_from(">II", header, len(header) - 8)
    film.size_px = (width >> 16, height >> 16)
    steps = pairs[:-1, 1] if len(pairs) > 1 and pairs[-1, 0] == 1 else pairs[:, 1]
    if len(steps) and np.ptp(steps) > _EVEN * steps.max() and film.frames < _LARGEST_BOX:
        lengths = np.repeat(pairs[:, 1], pairs[:, 0])
        film.times_s = np.concatenate([[0], np.cumsum(lengths)[:-1]]) / scale


def _texts(data: bytes) -> list[str]:
    found = []
    for kind, body in _boxes(data if data[:4] != b"\x00\x00\x00\x00" else data[4:]):
        if kind in (b"meta", b"ilst") or kind[:1] == b"\xa9":
            found += _texts(body)
        if kind == b"data" or kind[:1] == b"\xa9":
            text = (
                body[8:].decode("utf-8", "replace").strip("\x00 ")
                if kind == b"data"
                else body[4:].decode("utf-8", "replace")
            )
            if text.isprintable() and len(text) >= 4:
                found.append(text)
    return found


def _avi(stream: BinaryIO, film: Film) -> None:
    stream.seek(0)
    head = stream.read(1 << 16)
    at = head.index(b"avih") + 8
    microseconds, _, _, _, frames, _, _, _, width, height = struct.unpack_from("<10I", head, at)
    film.frames, film.size_px = frames, (width, height)
    film.rate_hz = 1e6 / microseconds if microseconds else 0.0
    position = head.find(b"strh")
    while position >= 0:
        kind = head[position + 8 : position + 12]
        scale, rate, _, length = struct.unpack_from("<4I", head, position + 28)
        if kind == b"vids" and scale and rate:
            film.rate_hz = rate / scale
            film.frames = length or frames
        film.has_audio |= kind == b"auds"
        position = head.find(b"strh", position + 4)
    for mark in (b"ICRD", b"IART", b"ICMT", b"INAM", b"ISFT"):
        place = head.find(mark)
        if place >= 0:
            size = struct.unpack_from("<I", head, place + 4)[0]
            film.remarks.append(
                head[place + 8 : place + 8 + min(size, 256)].decode("utf-8", "replace").strip("\x00 ")
            )


reader = VideoFile()

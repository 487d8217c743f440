"""The boxes of MP4 and MOV (ISO/IEC 14496-12): where tracks keep their samples, and when frames are shown.

>>> import struct
>>> [(kind, body, end) for kind, body, end in boxes(struct.pack(">I4s", 12, b"free") + b"abcd", (0, 12))]
[(b'free', 8, 12)]
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable

__all__ = ["Bytes", "boxes", "find_box", "sample_places", "set_times", "times_of", "tracks", "video_times"]

#: bytes, or a map of a file
Bytes = Any
_PATH = (b"mdia", b"minf", b"stbl")


def boxes(data: Bytes, place: tuple[int, int]) -> Iterator[tuple[bytes, int, int]]:
    """Kind, beginning of the content, and end of each box between the two ends of ``place``."""
    at, stop = place
    while at + 8 <= stop:
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", data[at + 8 : at + 16])[0], 16
        size = size or stop - at
        if size < head or at + size > stop:
            return
        yield kind, at + head, at + size
        at += size


def find_box(data: Bytes, place: tuple[int, int], *path: bytes) -> tuple[int, int] | None:
    """Where the content of a box lies, by its path below ``place``; None if there is none."""
    for wanted in path:
        inner = next(((body, end) for kind, body, end in boxes(data, place) if kind == wanted), None)
        if inner is None:
            return None
        place = inner
    return place


def tracks(data: Bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The handler (``vide``, ``soun``, ``gpmd`` …) and the place of each track's content."""
    movie = find_box(data, (0, len(data)), b"moov")
    for kind, body, end in boxes(data, movie) if movie else ():
        if kind == b"trak":
            handler = find_box(data, (body, end), b"mdia", b"hdlr")
            yield (bytes(data[handler[0] + 8 : handler[0] + 12]) if handler else b""), (body, end)


def _table(data: Bytes, track: tuple[int, int], name: bytes, kind: str) -> NDArray[Any] | None:
    place = find_box(data, track, *_PATH, name)
    if place is None:
        return None
    count = struct.unpack(">I", data[place[0] + 4 : place[0] + 8])[0]
    width = np.dtype(kind).itemsize
    count = min(count, (place[1] - place[0] - 8) // width)
    return np.frombuffer(bytes(data[place[0] + 8 : place[0] + 8 + count * width]), dtype=kind)


def sample_places(data: Bytes, track: tuple[int, int]) -> list[tuple[int, int]]:
    """Offset and length of each chunk of a track's samples in the file."""
    offsets = _table(data, track, b"stco", ">u4")
    if offsets is None:
        offsets = _table(data, track, b"co64", ">u8")
    runs = _table(data, track, b"stsc", ">u4,>u4,>u4")
    sizes_at = find_box(data, track, *_PATH, b"stsz")
    if offsets is None or runs is None or sizes_at is None or not len(runs):
        return []
    same, count = struct.unpack(">II", data[sizes_at[0] + 4 : sizes_at[0] + 12])
    if same:
        sizes = np.full(count, same, dtype=np.int64)
    else:
        sizes = np.frombuffer(bytes(data[sizes_at[0] + 12 : sizes_at[0] + 12 + 4 * count]), ">u4").astype(
            np.int64
        )
    firsts = np.append(runs["f0"].astype(np.int64), len(offsets) + 1)
    many = np.repeat(runs["f1"].astype(np.int64), np.diff(firsts))[: len(offsets)]
    ends = np.minimum(np.cumsum(many), len(sizes))
    total = np.concatenate([[0], np.cumsum(sizes)])
    lengths = total[ends] - total[np.concatenate([[0], ends[:-1]])]
    return [(int(offset), int(length)) for offset, length in zip(offsets, lengths, strict=True)]


def video_times(data: Bytes) -> tuple[int, NDArray[np.int64]]:
    """Ticks a second, and the tick at which each frame is shown, of the first picture track; plus the end of the last.

    Raises
    ------
    Unreadable
        If there is no picture track.
    """
    track = next((place for handler, place in tracks(data) if handler == b"vide"), None)
    header = find_box(data, track, b"mdia", b"mdhd") if track else None
    steps = _table(data, track, b"stts", ">u4,>u4") if track else None
    if track is None or header is None or steps is None:
        raise Unreadable("The film holds no picture track.")
    at = header[0] + (20 if data[header[0]] == 1 else 12)
    scale = int(struct.unpack(">I", data[at : at + 4])[0])
    decoded = np.concatenate(
        [[0], np.cumsum(np.repeat(steps["f1"].astype(np.int64), steps["f0"].astype(np.int64)))]
    )
    shifts = _table(data, track, b"ctts", ">u4,>i4")
    if shifts is None:
        return scale, decoded
    late = np.repeat(shifts["f1"].astype(np.int64), shifts["f0"].astype(np.int64))
    shown = np.sort(decoded[:-1] + late[: len(decoded) - 1])
    shown -= shown[0]
    return scale, np.append(shown, max(shown[-1] + 1, decoded[-1]))


def times_of(path: Path) -> tuple[int, NDArray[np.int64]]:
    """:func:`video_times` of a file, of which only the tables are read."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return video_times(view)


def set_times(path: Path, ticks: NDArray[np.int64]) -> None:
    """Give the frames of an MP4 that was just written (one track, its ``moov`` last) these times, in its own ticks.

    Raises
    ------
    Unreadable
        If the number of frames is another.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        movie = find_box(view, (0, len(view)), b"moov")
        if movie is None or movie[1] != len(view) or len(video_times(view)[1]) != len(ticks):
            raise Unreadable("The film that was written has another number of frames than its source.")
        data = bytes(view[movie[0] :])
    steps = np.diff(ticks)
    edges = np.flatnonzero(np.diff(steps)) + 1
    starts = np.concatenate([[0], edges])
    lengths = np.diff(np.concatenate([starts, [len(steps)]]))
    table = (
        struct.pack(">II", 0, len(starts))
        + np.stack([lengths, steps[starts]], axis=1).astype(">u4").tobytes()
    )
    content = _rebuilt(data, (0, len(data)), {b"stts": table}, int(ticks[-1]))
    with path.open("r+b") as film:
        film.seek(movie[0] - 8)
        film.write(struct.pack(">I4s", len(content) + 8, b"moov") + content)
        film.truncate()


def _rebuilt(data: bytes, place: tuple[int, int], new: dict[bytes, bytes], ticks: int) -> bytes:
    """The content of a box with some inner boxes replaced, its lengths in time set, its edit list left out."""
    out = []
    for kind, body, end in boxes(data, place):
        content = data[body:end]
        if kind in new:
            content = new[kind]
        elif kind in {b"trak", *_PATH}:
            content = _rebuilt(data, (body, end), new, ticks)
        elif kind in {b"edts", b"ctts"}:
            continue
        elif kind == b"mdhd" and content[0] == 0:
            content = content[:16] + struct.pack(">I", ticks) + content[20:]
        out.append(struct.pack(">I4s", len(content) + 8, kind) + content)
    return b"".join(out)

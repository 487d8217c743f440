"""Films: when, where and with which machine they were taken is cut out of the container; pictures stay.

MP4 and MOV keep the time in ``mvhd``, ``tkhd`` and ``mdhd``, and place, device and comments in ``udta``, ``meta``
and ``uuid`` (ISO/IEC 14496-12); AVI keeps them in ``LIST INFO``, ``IDIT`` and ``strn``. The marks are blanked where
they stand, so that no offset inside the film moves.
"""

import mmap
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

from commissure.errors import BadInput
from commissure.protect.cleaner import Cleaner

__all__ = ["find_film_marks", "rewrite_film"]

_TIMED = {b"mvhd", b"tkhd", b"mdhd"}
_INSIDE = {b"moov", b"trak", b"mdia"}
_BLANKED = {b"udta", b"meta", b"uuid"}
_ISO_SUFFIXES = {".mp4", ".mov", ".m4v", ".3gp"}
#: offset, new bytes, category
Mark = tuple[int, bytes, str]


def rewrite_film(path: Path, *, cleaner: Cleaner, scratch: Path | None) -> Path:
    """The path of a film without marks: a copy in ``scratch``, or ``path`` itself if it bears none.

    Raises
    ------
    BadInput
        If the film bears marks and ``scratch`` is None.
    """
    if not path.is_file():
        return path
    marks = find_film_marks(path)
    for _, _, category in marks:
        cleaner.count(category)
    if not marks:
        return path
    if scratch is None:
        raise BadInput("A film holds dates or places that must be cut out of a copy; give a scratch folder.")
    name = cleaner.pseudonyms.token("film", f"{cleaner.subject}\x1f{path.name}", length=16)
    target = scratch / f"{name}{path.suffix.lower()}"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    with target.open("r+b") as stream:
        for offset, blank, _ in marks:
            stream.seek(offset)
            stream.write(blank)
    return target


def find_film_marks(path: Path) -> tuple[Mark, ...]:
    """Where a film holds dates, places and comments: offset, the bytes that blank it, category."""
    if path.stat().st_size < 16:
        return ()
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        if path.suffix.lower() in _ISO_SUFFIXES:
            return tuple(_iso(view, 0, len(view)))
        if view[:4] == b"RIFF":
            return tuple(_riff(view, 12, len(view)))
    return ()


def _iso(view: mmap.mmap, start: int, stop: int) -> Iterator[Mark]:
    at = start
    while at + 8 <= stop:
        size, kind = struct.unpack(">I4s", view[at : at + 8])
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", view[at + 8 : at + 16])[0], 16
        size = size or stop - at
        if size < head or at + size > stop:
            return
        if kind in _INSIDE:
            yield from _iso(view, at + head, at + size)
        elif kind in _TIMED:
            width = 16 if view[at + head] == 1 else 8
            if any(view[at + head + 4 : at + head + 4 + width]):
                yield at + head + 4, bytes(width), "date"
        elif kind in _BLANKED:
            yield at + 4, b"free", "comment"
            yield at + head, bytes(size - head), "comment"
        at += size


def _riff(view: mmap.mmap, start: int, stop: int) -> Iterator[Mark]:
    at = start
    while at + 8 <= stop:
        kind, size = struct.unpack("<4sI", view[at : at + 8])
        body = at + 8
        if kind == b"LIST" and view[body : body + 4] == b"INFO":
            yield at, b"JUNK", "comment"
            yield body, bytes(min(size, stop - body)), "comment"
        elif kind == b"LIST" and view[body : body + 4] in {b"hdrl", b"strl"}:
            yield from _riff(view, body + 4, min(body + size, stop))
        elif kind in {b"IDIT", b"strn"}:
            yield at, b"JUNK", "date" if kind == b"IDIT" else "comment"
            yield body, bytes(min(size, stop - body)), "date" if kind == b"IDIT" else "comment"
        at = body + size + size % 2

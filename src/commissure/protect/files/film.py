"""Films: when, where and with which machine they were taken is cut out of the container, and the sound; pictures stay.

MP4 and MOV keep the time in ``mvhd``, ``tkhd`` and ``mdhd``, and place, device and comments in ``udta``, ``meta``
and ``uuid`` (ISO/IEC 14496-12), voices in a track of their own, and some cameras the way they took in another; AVI keeps
them in ``LIST INFO``, ``IDIT`` and ``strn``. All are blanked where they stand, so that no offset inside the film moves
and no frame and no time changes.
"""

import mmap
import re
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

from commissure.errors import BadInput
from commissure.protect.files.film_boxes import boxes, sample_places, tracks
from commissure.protect.text.cleaner import Cleaner

__all__ = ["ISO_SUFFIXES", "copy_without_marks", "film_texts", "find_film_marks", "rewrite_film"]

_TIMED = {b"mvhd", b"tkhd", b"mdhd"}
_INSIDE = {b"moov", b"trak", b"mdia"}
_BLANKED = {b"udta", b"meta", b"uuid"}
#: bytes; a longer comment is no title
_LONGEST_COMMENT = 1 << 16
_WORDS = re.compile(rb"(?:[\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]+){3,}")
_BOX = re.compile(rb"ilst$|INFO[A-Z]{4}$|^(?:LIST|udta|meta|data|!hdlr)$")
ISO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".3gp"})
#: offset, new bytes, category; an empty category is not counted
Mark = tuple[int, bytes, str]


def rewrite_film(path: Path, *, cleaner: Cleaner, scratch: Path | None) -> Path:
    """The path of a film without marks and sound: a copy in ``scratch``, or ``path`` itself if it bears none.

    Raises
    ------
    BadInput
        If the film bears marks and ``scratch`` is None.
    """
    if not path.is_file() or not find_film_marks(path):
        return path
    if scratch is None:
        raise BadInput(
            "A film holds dates, places or voices that must be cut out of a copy; give a scratch folder."
        )
    name = cleaner.pseudonyms.token("film", f"{cleaner.subject}\x1f{path.name}", length=16)
    target = scratch / f"{name}{path.suffix.lower()}"
    copy_without_marks(path, target, cleaner=cleaner)
    return target


def copy_without_marks(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Copy a film; what it tells in its container, and its sound, is blanked in the copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    marks = find_film_marks(source)
    for category in {category for _, _, category in marks if category}:
        times = sum(mark[2] == category for mark in marks)
        cleaner.removed[category] += 1 if category == "voice" else times
    with target.open("r+b") as stream:
        for offset, blank, _ in marks:
            stream.seek(offset)
            stream.write(blank)


def find_film_marks(path: Path) -> tuple[Mark, ...]:
    """Where a film holds dates, places, comments and sound: offset, the bytes that blank it, category."""
    if path.stat().st_size < 16:
        return ()
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        if path.suffix.lower() in ISO_SUFFIXES:
            return (*_iso(view, 0, len(view)), *_other_tracks(view))
        if view[:4] == b"RIFF":
            return tuple(_avi(view))
    return ()


def film_texts(path: Path) -> Iterator[str]:
    """What a film's container says in words: titles, artists, comments."""
    with path.open("rb") as stream:
        for offset, blank, category in find_film_marks(path):
            if category == "comment" and len(blank) <= _LONGEST_COMMENT:
                stream.seek(offset)
                found = _WORDS.findall(stream.read(len(blank)))
                yield from (
                    words.decode("utf-8", "replace").strip() for words in found if not _BOX.search(words)
                )


def _iso(view: mmap.mmap, start: int, stop: int) -> Iterator[Mark]:
    for kind, body, end in boxes(view, (start, stop)):
        if kind in _INSIDE:
            yield from _iso(view, body, end)
        elif kind in _TIMED:
            width = 16 if view[body] == 1 else 8
            if any(view[body + 4 : body + 4 + width]):
                yield body + 4, bytes(width), "date"
        elif kind in _BLANKED:
            yield body - 4, b"free", "comment"
            yield body, bytes(end - body), "comment"


def _other_tracks(view: mmap.mmap) -> Iterator[Mark]:
    """Tracks that hold no pictures: voices, places, times of day. Their samples go, and then the tracks."""
    found = list(tracks(view))
    if not any(handler == b"vide" for handler, _ in found):
        return
    for handler, (body, end) in found:
        if handler == b"vide":
            continue
        category = "voice" if handler == b"soun" else "comment"
        for offset, length in sample_places(view, (body, end)):
            if offset + length <= len(view):
                yield offset, bytes(length), category
        yield body - 4, b"free", category
        yield body, bytes(end - body), ""


def _avi(view: mmap.mmap) -> Iterator[Mark]:
    kinds = _avi_streams(view)
    silent = {f"{number:02d}wb".encode() for number, kind in enumerate(kinds) if kind == b"auds"}
    last_picture = max((number for number, kind in enumerate(kinds) if kind == b"vids"), default=-1)
    #: a stream may be taken out only if no other is numbered after it
    dropped = [number for number, kind in enumerate(kinds) if kind == b"auds" and number > last_picture]
    at = 0
    while at + 12 <= len(view) and view[at : at + 4] == b"RIFF":
        size = struct.unpack("<I", view[at + 4 : at + 8])[0]
        yield from _riff(view, (at + 12, min(at + 8 + size, len(view))), silent, bool(dropped))
        at += 8 + size + size % 2
    head = view.find(b"avih", 0, 1 << 16)
    if dropped and head > 0:
        yield head + 8 + 24, struct.pack("<I", len(kinds) - len(dropped)), ""


def _avi_streams(view: mmap.mmap) -> list[bytes]:
    kinds = []
    at = view.find(b"strh", 0, 1 << 16)
    while at >= 0:
        kinds.append(bytes(view[at + 8 : at + 12]))
        at = view.find(b"strh", at + 4, 1 << 16)
    return kinds


def _riff(view: mmap.mmap, place: tuple[int, int], silent: set[bytes], drop: bool) -> Iterator[Mark]:
    at, stop = place
    while at + 8 <= stop:
        kind, size = struct.unpack("<4sI", view[at : at + 8])
        body, end = at + 8, min(at + 8 + size, stop)
        name = view[body : body + 4] if kind == b"LIST" else b""
        if name == b"INFO":
            yield at, b"JUNK", "comment"
            yield body, bytes(end - body), "comment"
        elif name == b"strl" and drop and b"auds" in view[body : min(body + 64, end)]:
            yield at, b"JUNK", "voice"
            yield body, bytes(end - body), ""
        elif name in {b"hdrl", b"strl", b"movi", b"rec "}:
            yield from _riff(view, (body + 4, end), silent, drop)
        elif kind in {b"IDIT", b"strn"}:
            yield at, b"JUNK", "date" if kind == b"IDIT" else "comment"
            yield body, bytes(end - body), ""
        elif kind in silent or (kind[:2] == b"ix" and kind[2:] + b"wb" in silent):
            yield at, b"JUNK", "voice"
            yield body, bytes(end - body), "voice"
        elif kind == b"idx1":
            yield from (
                (body + row, b"JUNK", "")
                for row in range(0, end - body, 16)
                if view[body + row : body + row + 4] in silent
            )
        at = body + size + size % 2

"""FIF files cleaned on a copy: the tags that name persons, places, machines and moments are blanked where they stand.

A FIF file is a chain of tags: kind, type, size, next, data, all big-endian; kinds are those of the FIFF standard
(https://github.com/mne-tools/fiff-constants). Overwriting data at its length moves nothing.
"""

import gzip
import io
import json
import re
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from commissure.errors import Unreadable
from commissure.protect.heads.deface_points import face_among
from commissure.protect.text.cleaner import Cleaner

__all__ = ["FifTag", "fif_tags", "open_fif", "rewrite_fif", "rewrite_packed_fif"]

_SECONDS_A_DAY = 86400
_IDS = {100, 103, 109, 110, 115, 116, 117, 118, 119, 120, 206 << 16}
_TEXTS = {212: "operator", 401: "name", 402: "name", 403: "name", 409: "comment", 410: "id", 501: "comment",
          502: "comment", 503: "operator", 504: "comment", 3554: "path", 3555: "path",
          154: "serial", 155: "institution", 158: "uid"}  # fmt: skip
_CLEANED = {206: "comment", 113: "comment"}
_BLOCK_START, _BLOCK_END, _ANNOTATIONS = 104, 105, 3810
_COLON = "{COLON}"
_NUMBERS = {400: "id", 404: "birth_date", 500: "id"}
_MEAS_DATE = 204
_STRING = 10
_REFERENCE = re.compile(r"&#(\d{2,6});")
_DIG_POINT, _DIG_BYTES = 213, 20
_LARGEST_TEXT = 1 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FifTag:
    """One tag: its kind, its type, where its data begins and how long it is."""

    kind: int
    type: int
    start: int
    size: int


def open_fif(path: Path) -> BinaryIO:
    """The bytes of a FIF file; those of a packed one (``.fif.gz``) are unpacked into memory."""
    with path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return path.open("rb")
    with gzip.open(path) as packed:
        return io.BytesIO(packed.read())


def fif_tags(path: Path) -> Iterator[FifTag]:
    """The tags of a FIF file in the order of the chain.

    Raises
    ------
    Unreadable
        If the chain is broken.
    """
    with open_fif(path) as stream:
        end = stream.seek(0, io.SEEK_END)
        at = 0
        while 0 <= at <= end - 16:
            stream.seek(at)
            kind, kind_of_data, size, following = struct.unpack(">iIii", stream.read(16))
            if size < 0 or at + 16 + size > end or 0 < following <= at:
                raise Unreadable("A FIF file's chain of tags is broken; get an intact copy of the file.")
            yield FifTag(kind, kind_of_data, at + 16, size)
            if following < 0:
                return
            at = following or at + 16 + size


def rewrite_fif(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Write a clean copy of a FIF file; samples, channels and geometry stay, but for points on the face.

    Raises
    ------
    Unreadable
        If the file is no FIF or is cut short.
    """
    cleaner = replace(cleaner, fixed=True)
    tags = [tag for tag in fif_tags(source) if _of_interest(tag)]
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    blocks: list[int] = []
    with target.open("r+b") as stream:
        for tag in tags:
            stream.seek(tag.start)
            data = stream.read(tag.size)
            _enter(blocks, tag, data)
            clean = _clean(tag, data, cleaner, block=blocks[-1] if blocks else 0)
            if clean != data:
                stream.seek(tag.start)
                stream.write(clean)
        _without_face(
            stream,
            [tag for tag in fif_tags(source) if tag.kind == _DIG_POINT and tag.size == _DIG_BYTES],
            cleaner,
        )


def rewrite_packed_fif(source: Path, target: Path, *, rewrite: Callable[[Path, Path], None]) -> None:
    """Clean a ``.fif.gz``: unpacked beside ``target``, cleaned by ``rewrite``, packed again without name and time."""
    old, new = target.with_name("unpacked.fif"), target.with_name("cleaned.fif")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with gzip.open(source) as packed, old.open("wb") as sink:
            shutil.copyfileobj(packed, sink, _BLOCK)
        rewrite(old, new)
        if new.exists():
            with (
                new.open("rb") as plain,
                target.open("wb") as raw,
                gzip.GzipFile("", "wb", 6, raw, 0) as sink,
            ):
                shutil.copyfileobj(plain, sink, _BLOCK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Unreadable("A packed FIF file cannot be read to its end; get an intact copy of it.") from error
    finally:
        old.unlink(missing_ok=True)
        new.unlink(missing_ok=True)


def _without_face(stream: BinaryIO, tags: list[FifTag], cleaner: Cleaner) -> None:
    """Move the head-shape points on the face onto the nasion, where they tell nothing; a tag cannot be cut out."""
    points = []
    for tag in tags:
        stream.seek(tag.start)
        points.append(struct.unpack(">ii3f", stream.read(_DIG_BYTES)))
    places_mm = [[1000.0 * value for value in point[2:]] for point in points]
    face = face_among(places_mm, kinds=[point[0] for point in points], idents=[point[1] for point in points])
    onto = next((place[2:] for place in points if place[:2] == (1, 2)), (0.0, 0.0, 0.0))
    for index in face:
        cleaner.count("face")
        stream.seek(tags[index].start + 8)
        stream.write(struct.pack(">3f", *onto))


def _of_interest(tag: FifTag) -> bool:
    text = tag.type == _STRING and tag.size < _LARGEST_TEXT
    return (
        text or tag.kind in _IDS or tag.kind in _NUMBERS or tag.kind in {_MEAS_DATE, _BLOCK_START, _BLOCK_END}
    )


def _enter(blocks: list[int], tag: FifTag, data: bytes) -> None:
    if tag.kind == _BLOCK_START and tag.size >= 4:
        blocks.append(struct.unpack(">i", data[:4])[0])
    elif tag.kind == _BLOCK_END and blocks:
        blocks.pop()


def _clean(tag: FifTag, data: bytes, cleaner: Cleaner, *, block: int) -> bytes:
    if tag.kind == _MEAS_DATE and tag.size == 8:
        cleaner.count("date")
        return _moved(data[:4], cleaner) + data[4:]
    if tag.kind in _IDS and tag.size == 20:
        return data[:4] + bytes(8) + _moved(data[12:16], cleaner) + bytes(4)
    if tag.kind in _NUMBERS:
        if any(data):
            cleaner.count(_NUMBERS[tag.kind])
        return bytes(len(data))
    if tag.type != _STRING:
        return data
    # MNE writes what Latin-1 cannot as references (&#1491;)
    text = _REFERENCE.sub(lambda match: chr(int(match.group(1))), data.decode("latin-1"))
    if tag.kind in _TEXTS and not (tag.kind == 212 and cleaner.keeps_staff):
        if text.strip("\x00 "):
            cleaner.count(_TEXTS[tag.kind])
        return b" " * len(data)
    clean = _spoken(text, cleaner, block=block) if tag.kind in _CLEANED else cleaner.known_only(text)
    return (
        data if clean == text else clean.encode("latin-1", "xmlcharrefreplace")[: len(data)].ljust(len(data))
    )


def _spoken(text: str, cleaner: Cleaner, *, block: int) -> str:
    """A description: a list of marks or a table (MNE writes it as JSON) is cleaned piece by piece, other texts as a whole."""
    if block == _ANNOTATIONS:
        written = text.split(":")
        clean = cleaner.descriptions([mark.replace(_COLON, ":") for mark in written])
        # a mark may neither grow nor shrink, since the tag cannot and its neighbours are science
        return ":".join(
            new.replace(":", _COLON)[: max(len(old), 1)].ljust(len(old))
            for old, new in zip(written, clean, strict=True)
        )
    try:
        table = json.loads(text)
    except ValueError:
        table = None
    if not isinstance(table, list | dict):
        return cleaner.free(text)
    clean_table = json.dumps(cleaner.value(table), ensure_ascii=False, separators=(",", ":"))
    return clean_table if len(clean_table) <= len(text) else ""


def _moved(seconds: bytes, cleaner: Cleaner) -> bytes:
    value = struct.unpack(">i", seconds)[0]
    if value <= 0 or cleaner.offset_days is None:
        return bytes(4)
    return struct.pack(">i", max(value - cleaner.offset_days * _SECONDS_A_DAY, 0))

"""Micromed ``.trc`` files cleaned on a copy: the fixed places of patient, laboratory and dates, notes, and texts of every other part."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

from commissure.errors import Unreadable
from commissure.formats.micromed import zones_of
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import shift

__all__ = ["micromed_fields", "rewrite_micromed"]

_HEAD, _RESERVED = 640, 416
_PEOPLE = (("institution", 32, 32), ("name", 64, 22), ("name", 86, 20))
_NAMES = {"institution": "institution", "name": "patient_name"}
_BIRTH, _STUDY = slice(106, 128), slice(128, 131)
_NOTE_BYTES, _NOTE_TEXT = 44, 40
_MONTAGE_ZONES = ("LABCOD", "MONTAGE", "HISTORY", "DVIDEO", "EVENT A", "EVENT B", "FLAGS")
_SPOKEN = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")
#: a year as the header counts them, where dates go
_NO_DAY = bytes((1, 1, 70))


def rewrite_micromed(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Write a clean copy of a ``.trc`` file; where the patient's name stood are blanks.

    Raises
    ------
    Unreadable
        If the header is cut short, or of another version.
    """
    with source.open("rb") as stream:
        head = stream.read(_HEAD)
    zones = zones_of(head)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("r+b") as stream:
        clean = bytearray(head)
        for category, start, size in _PEOPLE:
            if head[start : start + size].strip(b"\0 "):
                cleaner.count(category)
            clean[start : start + size] = b" " * size
        if any(head[_BIRTH]):
            cleaner.count("birth_date")
        clean[_BIRTH] = bytes(22)
        clean[_STUDY] = _moved(head[_STUDY], cleaner)
        stream.write(clean)
        if "NOTE" in zones:
            _notes(stream, zones["NOTE"].start, zones["NOTE"].size, cleaner)
        _texts(stream, _RESERVED, _HEAD - _RESERVED, cleaner)
        for name in _MONTAGE_ZONES:
            if name in zones:
                _texts(stream, zones[name].start, zones[name].size, cleaner)


def micromed_fields(path: Path) -> Iterator[tuple[str, str]]:
    """``(name, text)`` of every named text in the header and of every note.

    Raises
    ------
    Unreadable
        If the header is damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        zones = zones_of(head)
        for category, start, size in _PEOPLE:
            yield _NAMES[category], _plain(head[start : start + size])
        for name, day in (("birthdate", _day(head[106:109], american=True)), ("startdate", _day(head[_STUDY]))):  # fmt: skip
            yield name, day.isoformat() if day else ""
        if "NOTE" in zones:
            stream.seek(zones["NOTE"].start)
            for text in _written(stream.read(zones["NOTE"].size)):
                yield "event", _plain(text)


def _plain(field: bytes) -> str:
    return field.split(b"\0")[0].decode("latin-1").strip()


def _day(field: bytes, *, american: bool = False) -> date | None:
    day, month, year = (field[1], field[0], field[2]) if american else field
    with contextlib.suppress(ValueError):
        return date(1900 + year, month, day)
    return None


def _moved(field: bytes, cleaner: Cleaner) -> bytes:
    cleaner.count("date")
    day = _day(field)
    if day is None or cleaner.offset_days is None:
        return _NO_DAY
    moved = shift(day, offset_days=cleaner.offset_days)
    return bytes((moved.day, moved.month, min(max(moved.year - 1900, 0), 255)))


def _written(zone: bytes) -> list[bytes]:
    """The texts of notes; those that come after the first empty one are leftovers, and are told as well."""
    return [zone[at + 4 : at + _NOTE_BYTES] for at in range(0, len(zone) - _NOTE_BYTES + 1, _NOTE_BYTES)]


def _notes(stream: BinaryIO, start: int, size: int, cleaner: Cleaner) -> None:
    stream.seek(start)
    zone = stream.read(size)
    if len(zone) < size:
        raise Unreadable("The notes of a Micromed file are cut short; get an intact copy of it.")
    raw = _written(zone)
    texts = [_plain(one) for one in raw]
    said = [text for text in texts if text]
    if cleaner.policy.keep_annotations:
        clean = iter(cleaner.descriptions(said))
    else:
        clean = iter(["comment"] * len(said))
        cleaner.removed["comment"] += len(said)
    for index, (old, text) in enumerate(zip(raw, texts, strict=True)):
        new = next(clean) if text else ""
        # what stands behind the end of a text is of an earlier one
        content = new.encode("latin-1", "replace")[:_NOTE_TEXT].ljust(_NOTE_TEXT, b"\0")
        if content != old:
            stream.seek(start + index * _NOTE_BYTES + 4)
            stream.write(content)


def _texts(stream: BinaryIO, start: int, size: int, cleaner: Cleaner) -> None:
    """Blank what identifies somebody among the texts of a part whose layout is nobody's business here."""
    stream.seek(start)
    zone = stream.read(size)
    for match in _SPOKEN.finditer(zone):
        text = match.group().decode("latin-1")
        clean = cleaner.code(text)
        if clean != text:
            stream.seek(start + match.start())
            stream.write(b" " * len(match.group()))

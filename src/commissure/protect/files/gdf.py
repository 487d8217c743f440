"""GDF files cleaned on a copy: patient, staff, place, dates and machine go, by fixed places; no sample moves.

The third part of the header and the table of events (a time of day on every event, since version 1.94) are cleaned too.
"""

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from commissure.errors import Unreadable
from commissure.formats.gdf import Layout, day_of, layout_of
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import shift_text

__all__ = ["gdf_fields", "rewrite_gdf"]

_EVENT_NAMES, _MACHINE = 1, 3
_CATEGORIES = {2: "comment", 4: "comment", 5: "host", 6: "operator", 7: "institution"}
_SENSOR_PLACES = 4
_TIMED = 4
_WITH_LENGTHS = 2


def rewrite_gdf(source: Path, target: Path, *, cleaner: Cleaner, label: str) -> None:
    """Write a clean copy of a GDF file; ``label`` becomes the patient's code.

    Sex, handedness, height and weight stay, as they do in other headers.

    Raises
    ------
    Unreadable
        If the header is cut short or no header.
    """
    layout = layout_of(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("r+b") as stream:
        head = stream.read(256)
        old = layout.version < 1.9
        _put(stream, 8, label.encode()[:64].ljust(80 if old else 66, b" " if old else b"\0"))
        cleaner.count("id")
        for start, size in ((88, 80) if old else (88, 64),):
            text = head[start : start + size].split(b"\0")[0].decode("latin-1").strip()
            _put(stream, start, cleaner.free(text).encode("latin-1", "replace")[:size].ljust(size, b" " if old else b"\0"))  # fmt: skip
        if old:
            _put(stream, 168, _day_text(head[168:184], cleaner))
            _put(stream, 192, bytes(24))  # machine, hospital and technician
        else:
            _modern(stream, head, cleaner)
        _channel_texts(stream, layout, cleaner)
        _third_part(stream, layout, cleaner)
        _event_times(stream, layout, cleaner)


def gdf_fields(path: Path) -> Iterator[tuple[str, str]]:
    """``(name, text)`` of every named text in a GDF file's header.

    Raises
    ------
    Unreadable
        If the header is damaged.
    """
    layout = layout_of(path)
    with path.open("rb") as stream:
        head = stream.read(256)
        old = layout.version < 1.9
        code, _, name = _text(head[8 : 88 if old else 74]).partition(" ")
        yield "patient", code
        yield "patient_name", name
        yield "comment", _text(head[88 : 168 if old else 152])
        if not old:
            for name, at in (("startdate", 168), ("birthdate", 176)):
                moment = day_of(struct.unpack_from("<Q", head, at)[0])
                yield name, moment.date().isoformat() if moment else ""
        else:
            yield "startdate", _text(head[168:176])
        for tag, start, size in layout.tags:
            stream.seek(start)
            texts = stream.read(size).split(b"\0")
            name = {_EVENT_NAMES: "event", 6: "operator", 7: "institution", _MACHINE: "machine"}.get(
                tag, "comment"
            )
            for number, text in enumerate(texts):
                serial = tag == _MACHINE and number == 3
                yield "serial_number" if serial else name, text.decode("utf-8", "replace")


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("latin-1").strip()


def _put(stream: BinaryIO, at: int, content: bytes) -> None:
    stream.seek(at)
    stream.write(content)


def _day_text(field: bytes, cleaner: Cleaner) -> bytes:
    cleaner.count("date")
    offset = cleaner.offset_days
    if offset is None or not field[:8].isdigit():
        return b" " * 16
    return shift_text(field[:8].decode(), offset_days=offset).encode()[:8] + field[8:]


def _modern(stream: BinaryIO, head: bytes, cleaner: Cleaner) -> None:
    for start, size, category in ((152, 16, "address"), (176, 8, "birth_date"), (186, 6, "comment"), (192, 8, "serial"), (200, 6, "host")):  # fmt: skip
        if any(head[start : start + size]):
            cleaner.count(category)
        _put(stream, start, bytes(size))
    _put(stream, 74, bytes(10))
    cleaner.count("date")
    _put(stream, 168, struct.pack("<Q", _moved(struct.unpack_from("<Q", head, 168)[0], cleaner)))


def _moved(stamp: int, cleaner: Cleaner) -> int:
    """Days stand above the 32 bits of the time of day."""
    offset = cleaner.offset_days
    return 0 if offset is None or not stamp else max(stamp - (offset << 32), 0)


def _channel_texts(stream: BinaryIO, layout: Layout, cleaner: Cleaner) -> None:
    count = len(layout.labels)
    for index in range(count):
        for start, width, free in ((256 + 16 * index, 16, False), (256 + 16 * count + 80 * index, 80, True)):
            stream.seek(start)
            field = stream.read(width)
            text = _text(field)
            clean = cleaner.code(text) if free else cleaner.known_only(text)
            if clean != text:
                _put(stream, start, (b"" if free else f"ch{index + 1:03d}".encode()).ljust(width, b"\0"))


def _third_part(stream: BinaryIO, layout: Layout, cleaner: Cleaner) -> None:
    for tag, start, size in layout.tags:
        stream.seek(start)
        content = stream.read(size)
        if tag == _EVENT_NAMES:
            _put(stream, start, _names(content, cleaner))
        elif tag == _MACHINE:
            parts = content.split(b"\0")
            if len(parts) > 3 and parts[3]:
                cleaner.count("serial")
            kept = b"\0".join(_kept(part, cleaner) for part in parts[:3])
            _put(stream, start, kept[:size].ljust(size, b"\0"))
        elif tag != _SENSOR_PLACES:
            cleaner.count(_CATEGORIES.get(tag, "comment"))
            _put(stream, start, bytes(size))


def _kept(part: bytes, cleaner: Cleaner) -> bytes:
    return cleaner.code(part.decode("utf-8", "replace")).encode("utf-8")[: len(part)]


def _names(content: bytes, cleaner: Cleaner) -> bytes:
    """Texts of the file's own event codes, each as long as before: places in the list are the codes."""
    parts = content.split(b"\0")
    texts = [part.decode("utf-8", "replace") for part in parts]
    clean = cleaner.descriptions(texts) if cleaner.policy.keep_annotations else ["comment" if text else "" for text in texts]  # fmt: skip
    made = (
        part if new == old else new.encode("utf-8")[: len(part)].ljust(len(part))
        for part, old, new in zip(parts, texts, clean, strict=True)
    )
    return b"\0".join(made)


def _event_times(stream: BinaryIO, layout: Layout, cleaner: Cleaner) -> None:
    stream.seek(layout.events_at)
    head = stream.read(8)
    if layout.version < 1.94 or len(head) < 8 or not head[0] & _TIMED:
        return
    count = int.from_bytes(head[1:4], "little")
    at = layout.events_at + 8 + count * (6 + (6 if head[0] & _WITH_LENGTHS else 0))
    stream.seek(at)
    stamps = stream.read(8 * count)
    if len(stamps) < 8 * count:
        raise Unreadable("The table of events of a GDF file is cut short; get an intact copy of it.")
    moved = (_moved(one, cleaner) for one in struct.unpack(f"<{count}Q", stamps))
    _put(stream, at, struct.pack(f"<{count}Q", *moved))
    cleaner.removed["date"] += count

"""EDF, EDF+ and BDF files cleaned on a copy: patient, recording and date fields, and the notes of the annotations.

Every field has a fixed place and width (https://www.edfplus.info/specs/edf.html), so a clean text is written over
the old one and no sample moves.
"""

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from commissure.errors import Unreadable
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates, shift

__all__ = ["rewrite_edf"]

_HEAD = 256
_NOTE = re.compile(rb"(?<=\x14)[^\x14\x00]+(?=\x14)")
_EARLIEST = date(1985, 1, 1)
_FIELDS = ((16, "label"), (80, "transducer"), (8, "unit"), (8, "physical_min"), (8, "physical_max"),
           (8, "digital_min"), (8, "digital_max"), (80, "prefilter"), (8, "samples"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Layout:
    head_bytes: int
    records: int
    samples: tuple[int, ...]
    notes: tuple[int, ...]
    sample_bytes: int

    @property
    def record_bytes(self) -> int:
        return sum(self.samples) * self.sample_bytes


def rewrite_edf(source: Path, target: Path, *, cleaner: Cleaner, label: str) -> None:
    """Write a clean copy of an EDF, EDF+ or BDF file; ``label`` becomes the patient's code.

    Raises
    ------
    Unreadable
        If the header is cut short or no header.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    try:
        with target.open("r+b") as stream:
            head = stream.read(_HEAD)
            plus = head[192:197] in (b"EDF+C", b"EDF+D", b"BDF+C", b"BDF+D")
            layout = _layout(stream, head)
            stream.seek(8)
            stream.write(_patient(head[8:88], plus, label, cleaner))
            # many programs write the fields of EDF+ into a file that does not call itself so
            stream.write(_recording(head[88:168], plus or head[88:98] == b"Startdate ", cleaner))
            stream.write(_start(head[168:176], cleaner))
            _signal_texts(stream, len(layout.samples), cleaner)
            _notes(stream, layout, cleaner)
    except (ValueError, IndexError) as error:
        target.unlink(missing_ok=True)
        raise Unreadable(
            "An EDF or BDF header is damaged or cut short; get an intact copy of the file."
        ) from error


def _layout(stream: BinaryIO, head: bytes) -> _Layout:
    count = int(head[252:256])
    stream.seek(_HEAD)
    labels = stream.read(16 * count)
    stream.seek(_HEAD + count * (sum(width for width, _ in _FIELDS) - 8))
    samples = tuple(int(stream.read(8)) for _ in range(count))
    notes = tuple(i for i in range(count) if labels[16 * i : 16 * i + 16].strip().endswith(b"DF Annotations"))
    width = 3 if head[0] == 0xFF else 2
    return _Layout(int(head[184:192]), int(head[236:244]), samples, notes, width)


def _padded(text: str, width: int) -> bytes:
    return text.encode("latin-1", "replace")[:width].ljust(width)


def _patient(field: bytes, plus: bool, label: str, cleaner: Cleaner) -> bytes:
    text = field.decode("latin-1").strip()
    parts = text.split()
    if not plus:
        if text and text != label:
            cleaner.count("id")
        return _padded(label, 80)
    parts += ["X"] * (4 - len(parts))
    for part, category in zip(parts[:1] + parts[2:4], ("id", "birth_date", "name"), strict=True):
        if part != "X":
            cleaner.count(category)
    for _ in parts[4:]:
        cleaner.count("comment")
    sex = parts[1] if parts[1] in {"M", "F"} else "X"
    return _padded(f"{label} {sex} X X", 80)


def _recording(field: bytes, plus: bool, cleaner: Cleaner) -> bytes:
    text = field.decode("latin-1").strip()
    if not plus:
        return _padded(cleaner.text(text), 80)
    parts = text.split()
    parts += ["X"] * (5 - len(parts))
    begun = find_dates(parts[1])
    day = "X"
    if begun:
        moved = cleaner.day(begun[0].day)
        day = "X" if moved is None else moved.strftime("%d-%b-%Y").upper()
    for part, category in zip(parts[2:4], ("id", "operator"), strict=True):
        if part != "X":
            cleaner.count(category)
    for _ in parts[5:]:
        cleaner.count("comment")
    return _padded(f"Startdate {day} X X {cleaner.text(parts[4])}", 80)


def _start(field: bytes, cleaner: Cleaner) -> bytes:
    match = re.fullmatch(r"(\d\d)[.:/-](\d\d)[.:/-](\d\d)", field.decode("latin-1").strip())
    cleaner.count("date")
    if match is None or cleaner.offset_days is None:
        return b"01.01.85"
    day, month, year = (int(part) for part in match.groups())
    begun = date(1900 + year if year >= 85 else 2000 + year, month, day)
    # two digits of a year cannot say what lies before 1985; the + header and the sidecar can
    return max(shift(begun, offset_days=cleaner.offset_days), _EARLIEST).strftime("%d.%m.%y").encode()


def _signal_texts(stream: BinaryIO, count: int, cleaner: Cleaner) -> None:
    start = _HEAD
    for width, name in _FIELDS:
        if name in {"label", "transducer", "prefilter"}:
            for index in range(count):
                stream.seek(start + index * width)
                text = stream.read(width).decode("latin-1")
                clean = cleaner.known_only(text) if name == "label" else cleaner.code(text)
                if clean != text:
                    stream.seek(start + index * width)
                    stream.write(_padded(f"ch{index + 1:03d}" if name == "label" else "", width))
        start += width * count


def _notes(stream: BinaryIO, layout: _Layout, cleaner: Cleaner) -> None:
    """Clean the texts of EDF+ annotations where they stand; onsets and lengths in bytes stay."""
    places: list[tuple[int, bytes]] = []
    for record in range(max(layout.records, 0) if layout.notes else 0):
        for index in layout.notes:
            at = (
                layout.head_bytes
                + record * layout.record_bytes
                + sum(layout.samples[:index]) * layout.sample_bytes
            )
            stream.seek(at)
            block = stream.read(layout.samples[index] * layout.sample_bytes)
            places += [(at + match.start(), match.group()) for match in _NOTE.finditer(block)]
    texts = [raw.decode("utf-8", "replace") for _, raw in places]
    if not cleaner.policy.keep_annotations:
        cleaner.removed.update(Counter({"comment": len(texts)}))
    clean = cleaner.descriptions(texts) if cleaner.policy.keep_annotations else ["comment"] * len(texts)
    for (at, raw), old, new in zip(places, texts, clean, strict=True):
        if new != old:
            stream.seek(at)
            stream.write(new.encode()[: len(raw)].ljust(len(raw)))

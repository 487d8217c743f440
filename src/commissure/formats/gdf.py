"""GDF 1 and 2: the general data format for biosignals, as BioSig, OpenViBE, g.tec and the BCI competitions write it.

References
----------
Schlögl 2006, arXiv:cs/0608052.
"""

import datetime
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Fact, Identifier, Origin, Source

__all__ = ["Layout", "day_of", "find", "layout_of", "open_gdf", "reader"]

_MAGIC = re.compile(rb"\AGDF [ 0-9]\.[0-9]{2}")
#: bytes a sample by GDF's numbers for types
_WIDTHS = {0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 8, 8: 8, 16: 4, 17: 8, 279: 3, 535: 3}
#: 24 bits become 32 on their way to MNE
_INT24 = 279
_WIDENED = {_INT24: 5, 535: 6}
#: of each channel: width of the columns before the samples a record, in version 1 and 2
_BEFORE_SAMPLES = {1: 16 + 80 + 8 + 4 * 8 + 80, 2: 16 + 80 + 6 + 2 + 4 * 8 + 68 + 3 * 4}
#: width of every column of the channels' part of the header
_COLUMNS = {
    1: (16, 80, 8, 8, 8, 8, 8, 80, 4, 4, 32),
    2: (16, 80, 6, 2, 8, 8, 8, 8, 68, 4, 4, 4, 4, 4, 12, 20),
}
_MICROVOLTS = 4275
#: units that MNE takes for none, in microvolts: texts of version 1, codes of version 2 (nano; tera and the like are nobody's)
_OLD_UNITS, _UNIT_CODES = {"mv": 1e3, "nv": 1e-3}, {4276: 1e-3}
_SEXES, _HANDS = ("", "M", "F", ""), ("", "right", "left", "ambidextrous")
_EVENT_NAMES, _MACHINE, _TECHNICIAN, _INSTITUTION = 1, 3, 6, 7
_COPIED = 1 << 22


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in a GDF file.

    Parameters
    ----------
    version : float
        1.25, 2.1 …
    head_bytes : int
        Where samples begin.
    records : int
        How many.
    record_s : Fraction
        Seconds a record.
    labels : tuple of str
        The channels.
    samples, kinds : tuple of int
        A record's samples of each channel, and GDF's numbers for their types.
    tags : tuple of (int, int, int)
        Of the third part of the header: number, first byte, length.
    """

    version: float
    head_bytes: int
    records: int
    record_s: Fraction
    labels: tuple[str, ...]
    samples: tuple[int, ...]
    kinds: tuple[int, ...]
    tags: tuple[tuple[int, int, int], ...]

    @property
    def record_bytes(self) -> int:
        """Of all channels."""
        return sum(count * _WIDTHS[kind] for count, kind in zip(self.samples, self.kinds, strict=True))

    @property
    def events_at(self) -> int:
        """Where the table of events begins, if there is one."""
        return self.head_bytes + self.records * self.record_bytes

    @property
    def channels_end(self) -> int:
        """Where the channels' part of the header ends."""
        return 256 * (1 + len(self.labels))


def find(listing: Listing) -> Iterator[Source]:
    """GDF files by their first eight bytes, whatever their name."""
    for entry in listing.files:
        if _MAGIC.match(listing.head(entry.path, 8)):
            yield Source("gdf", (entry.path,), "bids")


def layout_of(path: Path) -> Layout:
    """The header of a GDF file; :class:`Unreadable` if it is cut short or holds no plausible numbers."""
    with path.open("rb") as stream:
        fixed = stream.read(256)
        if not _MAGIC.match(fixed) or len(fixed) < 256:
            raise Unreadable(f"The GDF header ends after {len(fixed)} bytes; it has at least 256.")
        version = float(fixed[4:8])
        old = version < 1.9
        count, head_bytes = struct.unpack_from("<I" if old else "<H", fixed, 252)[0], 0
        head_bytes = (
            struct.unpack_from("<q", fixed, 184)[0] if old else 256 * struct.unpack_from("<H", fixed, 184)[0]
        )
        if not 0 < count < 65536 or not 256 * (1 + count) <= head_bytes <= path.stat().st_size:
            raise Unreadable(
                f"The GDF header announces {count} channels and {head_bytes} bytes; the file has {path.stat().st_size}."
            )
        rest = stream.read(head_bytes - 256)
    at = count * _BEFORE_SAMPLES[1 if old else 2]
    samples = struct.unpack_from(f"<{count}I", rest, at)
    kinds = struct.unpack_from(f"<{count}I", rest, at + 4 * count)
    if any(kind not in _WIDTHS for kind in kinds) or not any(samples):
        raise Unreadable(
            "The GDF header names a type of samples that the format does not have, or no samples."
        )
    labels = tuple(_text(rest[16 * i : 16 * i + 16]) for i in range(count))
    tags = () if old else tuple(_tags(rest[256 * count :], 256 * (1 + count)))
    records = struct.unpack_from("<q", fixed, 236)[0]
    made = Layout(version, head_bytes, records, _duration(fixed), labels, samples, kinds, tags)
    held = (path.stat().st_size - head_bytes) // made.record_bytes
    if records > held:
        raise Unreadable(f"The GDF file is truncated: it holds {held} records and announces {records}.")
    return made if records >= 0 else Layout(version, head_bytes, held, made.record_s, labels, samples, kinds, tags)  # fmt: skip


def open_gdf(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """One Raw for each sampling rate in the file, so that nothing is resampled."""
    mne_io = need("mne.io", purpose="Reading GDF")
    path = listing.absolute(source.primary)
    layout = layout_of(path)
    if not layout.records:
        raise Unreadable("The GDF file holds a header and no samples.")
    header = _header(path, layout)
    names = _event_names(path, layout)
    event_rate_hz = _event_rate_hz(path, layout)
    groups = _groups(layout)
    for samples, channels in groups:
        raw = mne_io.read_raw_gdf(_plain(path, layout, channels, scratch))
        _set_marks(raw, names, event_rate_hz or float(raw.info["sfreq"]))
        entities = {"acq": f"{float(samples / layout.record_s):g}Hz".replace(".", "p")} if len(groups) > 1 else {}  # fmt: skip
        yield Opened(raw, Header(**{**header, "entities": entities}), codes=not len(raw.annotations))  # type: ignore[arg-type]


def day_of(stamp: int) -> datetime.datetime | None:
    """A moment out of GDF 2's count of 2**-32 days since the year 0; None if it is none.

    >>> day_of((738219 << 32) + (1 << 31)).isoformat()
    '2021-03-04T12:00:00'
    """
    days = stamp / 2**32 - 366
    if not 1 < days < 1_000_000:
        return None
    moment = datetime.datetime(1, 1, 1) + datetime.timedelta(days - 1)  # noqa: DTZ001 - GDF tells no zone
    return (moment + datetime.timedelta(microseconds=5e5)).replace(microsecond=0)


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("latin-1").strip()


def _duration(fixed: bytes) -> Fraction:
    """A ratio of whole numbers; BioSig writes a real number in its place since GDF 2.2, and as a ratio that would be none."""
    (real,) = struct.unpack_from("<d", fixed, 244)
    if 1e-7 < real < 1e6:
        return Fraction(real).limit_denominator(10**7)
    above, below = struct.unpack_from("<II", fixed, 244)
    return Fraction(above or 1, below or 1)


def _tags(part: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    at = 0
    while at + 4 <= len(part) and part[at]:
        size = int.from_bytes(part[at + 1 : at + 4], "little")
        if at + 4 + size > len(part):
            return
        yield part[at], start + at + 4, size
        at += 4 + size


def _tagged(path: Path, layout: Layout, number: int) -> bytes:
    with path.open("rb") as stream:
        for tag, start, size in layout.tags:
            if tag == number:
                stream.seek(start)
                return stream.read(size)
    return b""


def _event_names(path: Path, layout: Layout) -> dict[str, str]:
    """What the file calls its own event codes: texts in the order of their codes, from 0 on."""
    texts = _tagged(path, layout, _EVENT_NAMES).split(b"\0")
    return {str(code): text.decode("utf-8", "replace") for code, text in enumerate(texts) if text.strip()}


def _groups(layout: Layout) -> list[tuple[int, tuple[int, ...]]]:
    """Each number of samples a record with its channels; most channels first."""
    rates = sorted(set(layout.samples) - {0}, key=lambda one: (-layout.samples.count(one), -one))
    return [(rate, tuple(i for i, samples in enumerate(layout.samples) if samples == rate)) for rate in rates]


def _set_marks(raw: Any, names: dict[str, str], rate_hz: float) -> None:
    """Events at their seconds and under their names: MNE takes positions for those at the signal's rate, and drops what is late then."""
    table = raw._raw_extras[0].get("events")
    if table is None:
        return
    _, places, codes, _, lasts = table
    durations = np.asarray(lasts, dtype=float)
    durations[durations <= 1] = 0.0  # MNE's shortest, where the file has none
    labels = [names.get(str(code), str(code)) for code in codes]
    mne = need("mne", purpose="Reading GDF")
    raw.set_annotations(mne.Annotations(np.asarray(places) / rate_hz, durations / rate_hz, labels))


def _event_rate_hz(path: Path, layout: Layout) -> float:
    """Of the positions in the table of events; 0 where the file has none, or does not tell."""
    with path.open("rb") as stream:
        stream.seek(layout.events_at)
        head = stream.read(8)
    if len(head) < 8:
        return 0.0
    rate = (
        float(int.from_bytes(head[1:4], "little"))
        if layout.version < 1.94
        else struct.unpack_from("<f", head, 4)[0]
    )
    return float(rate) if 0 < rate < 1e7 else 0.0


def _plain(path: Path, layout: Layout, keep: tuple[int, ...], scratch: Path) -> Path:
    """The file as MNE reads it: of one rate, no third part of the header, a ratio for the duration, a patient field in ASCII."""
    with path.open("rb") as stream:
        head = bytearray(stream.read(layout.channels_end))
        told = Fraction(*(one or 1 for one in struct.unpack_from("<II", head, 244)))
        counted = struct.unpack_from("<q", head, 236)[0] == layout.records and told == layout.record_s
        whole = len(keep) == len(layout.labels) and layout.head_bytes == layout.channels_end
        wide = _WIDENED.keys() & set(layout.kinds) or _to_microvolts(head, layout)
        if counted and whole and head[8:168].isascii() and not wide:
            return path if path.suffix.lower() == ".gdf" else link_as(path, scratch=scratch, name="recording.gdf")  # fmt: skip
        target = scratch / f"recording{keep[0]}.gdf"
        stream.seek(layout.head_bytes)
        with target.open("wb") as copy:
            copy.write(_plain_head(head, layout, keep))
            _copy_records(stream, copy, layout, keep)
            copy.write(stream.read())  # the events
    return target


def _plain_head(head: bytearray, layout: Layout, keep: tuple[int, ...]) -> bytes:
    count, old = len(layout.labels), layout.version < 1.9
    head[8:74] = bytes(66)
    struct.pack_into("<qII", head, 236, layout.records, *layout.record_s.as_integer_ratio())
    struct.pack_into("<I" if old else "<H", head, 252, len(keep))
    struct.pack_into("<q" if old else "<H", head, 184, 256 * (1 + len(keep)) if old else 1 + len(keep))
    for index, factor in _to_microvolts(head, layout).items():
        start, width = _unit_place(layout)
        unit = b"uV".ljust(8, b"\0") if old else struct.pack("<H", _MICROVOLTS)
        head[start + width * index : start + width * (index + 1)] = unit
        for extent in (0, 1):
            place = start + width * count + 8 * (extent * count + index)
            struct.pack_into("<d", head, place, struct.unpack_from("<d", head, place)[0] * factor)
    kinds_at = 256 + count * (_BEFORE_SAMPLES[1 if old else 2] + 4)
    struct.pack_into(f"<{count}I", head, kinds_at, *(_WIDENED.get(kind, kind) for kind in layout.kinds))
    columns, at = [bytes(head[:256])], 256
    for width in _COLUMNS[1 if old else 2]:
        columns += [bytes(head[at + width * index : at + width * (index + 1)]) for index in keep]
        at += width * count
    return b"".join(columns)


def _unit_place(layout: Layout) -> tuple[int, int]:
    """Where the channels' units begin, and how wide each is."""
    before, width = (16 + 80, 8) if layout.version < 1.9 else (16 + 80 + 6, 2)
    return 256 + before * len(layout.labels), width


def _to_microvolts(head: bytes | bytearray, layout: Layout) -> dict[int, float]:
    """By what to multiply channels in a unit of voltage that MNE takes for none."""
    start, width = _unit_place(layout)
    fields = [bytes(head[start + width * i : start + width * (i + 1)]) for i in range(len(layout.labels))]
    if layout.version < 1.9:
        found = [_OLD_UNITS.get(_text(field).replace("\xb5", "u").lower()) for field in fields]
    else:
        found = [_UNIT_CODES.get(int.from_bytes(field, "little")) for field in fields]
    return {index: factor for index, factor in enumerate(found) if factor is not None}


def _copy_records(source: BinaryIO, copy: BinaryIO, layout: Layout, keep: tuple[int, ...]) -> None:
    widths = [samples * _WIDTHS[kind] for samples, kind in zip(layout.samples, layout.kinds, strict=True)]
    bounds = [0, *accumulate(widths)]
    many = max(1, _COPIED // layout.record_bytes)
    for start in range(0, layout.records, many):
        block = source.read(min(many, layout.records - start) * layout.record_bytes)
        records = np.frombuffer(block, dtype=np.uint8).reshape(-1, layout.record_bytes)
        parts = [_widened(records[:, bounds[i] : bounds[i + 1]], layout.kinds[i]) for i in keep]
        copy.write(np.concatenate(parts, axis=1).tobytes())


def _widened(samples: NDArray[np.uint8], kind: int) -> NDArray[np.uint8]:
    """Bytes of 24-bit samples as those of 32 bits, which MNE reads; others as they are."""
    if kind not in _WIDENED:
        return samples
    three = samples.reshape(len(samples), -1, 3)
    top = np.where((three[:, :, 2:] >= 128) & (kind == _INT24), np.uint8(255), np.uint8(0))
    return np.asarray(np.concatenate([three, top], axis=2).reshape(len(samples), -1), dtype=np.uint8)


def _header(path: Path, layout: Layout) -> dict[str, object]:
    with path.open("rb") as stream:
        fixed = stream.read(256)
    old = layout.version < 1.9
    patient, recording = (
        _text(fixed[8 : 88 if old else 74]),
        _text(fixed[88:168] if old else fixed[88:152]),
    )
    code, _, name = patient.partition(" ")
    found = [("id", patient), ("id", code), ("name", name), *(("name", one) for one in re.split(r"[ _,;]+", name))]  # fmt: skip
    found += [("comment", recording), *(("comment", one) for one in recording.split() if len(one) > 3)]
    machine = [part.decode("utf-8", "replace") for part in _tagged(path, layout, _MACHINE).split(b"\0")]
    maker, model, _, serial = (*machine, "", "", "", "")[:4]
    for number, category in ((_TECHNICIAN, "operator"), (_INSTITUTION, "institution")):
        text = _text(_tagged(path, layout, number))
        found += [(category, text), *((category, part) for part in text.split("_") if len(part) > 3)]
    facts = (Fact("format", f"GDF {layout.version:g}", Origin.HEADER),)
    useful = tuple(Identifier(*one) for one in found if one[1].strip(" X"))
    told: dict[str, object] = {"identifiers": useful, "device": Device(maker, model, serial=serial), "facts": facts,
                               "subject_id": "" if code == "X" else code}  # fmt: skip
    if old:
        return {**told, "start": _start(_text(fixed[168:184]))}
    born = day_of(struct.unpack_from("<Q", fixed, 176)[0])
    return {**told, "sex": _SEXES[fixed[87] & 3], "handedness": _HANDS[fixed[87] >> 2 & 3], "birth": born and born.date(),
            "start": day_of(struct.unpack_from("<Q", fixed, 168)[0])}  # fmt: skip


def _start(text: str) -> datetime.datetime | None:
    """``20210304101112`` and hundredths of a second."""
    try:
        return datetime.datetime(*(int(text[a:b]) for a, b in pairwise((0, 4, 6, 8, 10, 12, 14))))  # type: ignore[arg-type]  # noqa: DTZ001 - GDF tells no zone
    except ValueError:
        return None


#: the plugin
reader = MneReader("gdf", find, open_gdf)

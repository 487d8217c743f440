"""Micromed ``.trc`` (System 98, header 4): clinical EEG and stereo-EEG, with its notes, triggers and events."""

import contextlib
import datetime
import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from commissure.errors import Unreadable
from commissure.formats.listing import Listing
from commissure.formats.mne_channels import type_by_name
from commissure.formats.mne_header import Header, about_of
from commissure.formats.names import facts_of
from commissure.formats.neo_recording import NeoStream, neo_annotations, neo_open, neo_streams
from commissure.kernels.line import line_frequency_hz
from commissure.model import Annotation, Channel, Device, Fact, Identifier, Origin, Recording, Source

__all__ = ["Zone", "reader", "zones_of"]

_MAGIC = b"* MICROMED"
_HEADER, _VERSION_AT, _VERSION = 640, 175, 4
_ZONES_AT, _ZONES = 176, 15
#: where the header keeps who: first byte, length, category
_PEOPLE = ((32, 32, "institution"), (64, 22, "name"), (86, 20, "name"))
_BIRTH_AT, _COMPRESSION_AT = 106, 150
_NOTHING = ("subject_info", "meas_date", "experimenter", "description", "proj_name", "device_info", "helium_info")  # fmt: skip
_CONTACT = re.compile(r"([A-Za-z]{1,4}'?)(\d{1,3})")
_MIDLINE = re.compile(r"(?:AF|F|FC|C|CP|P|PO|O)z|Fp[12z]", re.I)
_CODE = re.compile(r"[\w .,:;/#+()=-]{0,40}")
_ONE_WORD = re.compile(r"\S{0,16}")


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the file: its name, first byte and length."""

    name: str
    start: int
    size: int


def zones_of(head: bytes) -> dict[str, Zone]:
    """The parts of a ``.trc`` file, by name; :class:`Unreadable` if the header is cut short or of another version."""
    if len(head) < _ZONES_AT + 16 * _ZONES or not head.startswith(_MAGIC):
        raise Unreadable(f"The Micromed header ends after {len(head)} bytes; it has {_HEADER}.")
    if head[_VERSION_AT] != _VERSION:
        raise Unreadable(f"The Micromed file has the header {head[_VERSION_AT]}; only header 4 is read.")
    found = (struct.unpack_from("<8sII", head, _ZONES_AT + 16 * index) for index in range(_ZONES))
    zones = (Zone(name.decode("latin-1").strip(" \0"), start, size) for name, start, size in found)
    return {zone.name: zone for zone in zones}


class Micromed:
    """Reads Micromed's ``.trc`` files."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """Files that begin with Micromed's mark, whatever their name."""
        for entry in listing.files:
            if listing.head(entry.path, len(_MAGIC)) == _MAGIC:
                yield Source("micromed", (entry.path,), "bids")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording for each stretch without a pause."""
        path = listing.absolute(source.primary)
        head = listing.head(source.primary, _HEADER)
        zones_of(head)
        if struct.unpack_from("<H", head, _COMPRESSION_AT)[0]:
            raise Unreadable(
                "The Micromed file is compressed; export it from Micromed's software without compression."
            )
        raw = neo_open("MicromedRawIO", path)
        streams = list(neo_streams(raw, kind=lambda _, __: "EEG"))
        if not streams:
            raise Unreadable("The Micromed file holds a header and no samples; it is truncated.")
        return [
            _recording(
                source, stream, head,
                tuple(_marks(neo_annotations(raw, segment=stream.segment, start_s=stream.start_s), stream)),
                run=number if len(streams) > 1 else 0,
            )
            for number, stream in enumerate(streams, start=1)
        ]  # fmt: skip


def _recording(
    source: Source, stream: NeoStream, head: bytes, marks: tuple[Annotation, ...], *, run: int
) -> Recording:
    datatype = _datatype(source, stream)
    channels = tuple(_channel(channel, datatype) for channel in stream.channels)
    texts = (mark.label for mark in marks if not _ONE_WORD.fullmatch(mark.label))
    found = [Identifier(category, text) for start, size, category in _PEOPLE if (text := _text(head, start, size))]  # fmt: skip
    found += [Identifier("comment", text) for text in dict.fromkeys(texts) if not _CODE.fullmatch(text)]
    header = Header(
        tuple(found),
        Device("Micromed", "System 98"),
        birth=_birth(head),
        start=_start(head, stream.start_s),
        entities={"run": f"{run:02d}"} if run else {},
        facts=(Fact("datatype", datatype, Origin.CONTENT, "names of the electrodes"),),
        sidecar={"PowerLineFrequency": _line(stream, channels)},
    )
    about = about_of(dict.fromkeys(_NOTHING), header=header, path=source.primary, datatype=datatype)
    return Recording(stream.signal, stream.rate_hz, channels, about, marks)


def _datatype(source: Source, stream: NeoStream) -> str:
    """Intracranial where the path says so, or where electrodes are named by shaft and contact (``B'3``, ``TP11``).

    ``A1`` and ``O2`` are names of the scalp and of shafts alike: what tells are primes, numbers above ten, and contacts in a row
    where hardly any electrode lies on the midline.
    """
    named = facts_of(source.primary).datatype
    if named in {"eeg", "ieeg"}:
        return named
    names = [one.name.strip() for one in stream.channels if not type_by_name(one.name.strip())]
    contacts = [match for name in names if (match := _CONTACT.fullmatch(name))]
    rows = Counter(match[1] for match in contacts)
    midline = sum(1 for name in names if _MIDLINE.fullmatch(name))
    far = any("'" in match[1] or int(match[2]) > 10 for match in contacts)
    return "ieeg" if far or (midline < 2 and max(rows.values(), default=0) > 2) else "eeg"


def _channel(channel: Channel, datatype: str) -> Channel:
    name = channel.name.strip()
    by_name = type_by_name(name)
    deep = not by_name and datatype == "ieeg" and not _MIDLINE.fullmatch(name)
    group = name.rstrip("0123456789") if deep else ""
    details = {"stored_step": abs(channel.gain)}
    return replace(channel, name=name, type=by_name or ("SEEG" if deep else "EEG"), group=group, details=details)  # fmt: skip


def _marks(marks: Sequence[Annotation], stream: NeoStream) -> Iterator[Annotation]:
    length_s = stream.signal.shape[0] / stream.rate_hz
    for mark in marks:
        label = re.sub(r"^(?:Trigger|Note): ", "", mark.label).strip("\0 ")
        if label and 0 <= (mark.onset_s or 0.0) <= length_s:
            yield replace(mark, label=label)


def _line(stream: NeoStream, channels: Sequence[Channel]) -> object:
    probe = stream.signal[: int(60 * stream.rate_hz)][:, :8] * np.array([one.gain for one in channels[:8]])
    return line_frequency_hz(probe, rate_hz=stream.rate_hz) or "n/a"


def _text(head: bytes, start: int, size: int) -> str:
    return head[start : start + size].split(b"\0")[0].decode("latin-1").strip()


def _birth(head: bytes) -> datetime.date | None:
    month, day, year = head[_BIRTH_AT : _BIRTH_AT + 3]
    with contextlib.suppress(ValueError):
        return datetime.date(1900 + year, month, day)
    return None


def _start(head: bytes, later_s: float) -> datetime.datetime | None:
    day, month, year, hour, minute, second = head[128:134]
    with contextlib.suppress(ValueError):
        begun = datetime.datetime(1900 + year, month, day, hour, minute, second)  # noqa: DTZ001 - it tells no zone
        return begun + datetime.timedelta(seconds=round(later_s))
    return None


#: the plugin
reader = Micromed()

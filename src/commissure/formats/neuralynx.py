"""Neuralynx: one file a channel (``.ncs``) and one of events (``.nev``), records of 512 samples with a clock each.

Channels that share rate and clock make one Recording; others in the same folder (micro-wires at 32 kHz, files with
dropped samples) make their own. A folder whose channels are named by side and region (``LAHC1``) and sampled at
8 kHz or less holds human iEEG and becomes BIDS; all else is extracellular and becomes NWB.
"""

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.formats.listing import Listing
from commissure.formats.mne_channels import type_by_name
from commissure.formats.names import facts_of
from commissure.kernels.line import line_frequency_hz
from commissure.model import (
    About,
    Annotation,
    Channel,
    Device,
    Fact,
    Identifier,
    Origin,
    Recording,
    Session,
    Source,
    Subject,
)  # fmt: skip

__all__ = ["NcsSignal", "NeuralynxReader", "reader"]

_MAGIC = b"######## Neuralynx Data File Header"
_HEADER = 16384
_RECORD = np.dtype(
    [("time", "<u8"), ("channel", "<u4"), ("rate", "<u4"), ("valid", "<u4"), ("samples", "<i2", 512)]
)
_EVENT = np.dtype(
    [("stx", "<i2"), ("id", "<i2"), ("size", "<i2"), ("time", "<u8"), ("event", "<i2"), ("ttl", "<u2"),
     ("crc", "<i2"), ("d1", "<i2"), ("d2", "<i2"), ("extra", "<i4", 8), ("text", "S128")]
)  # fmt: skip
_FASTEST_IEEG_HZ = 8000.0
_HUMAN = re.compile(r"^[LR][A-Z]{1,5}\d{1,2}$")
_FIELD = re.compile(r"^-(\w+)[ \t]+(.*?)\s*$", re.MULTILINE)
_CATEGORIES = {"FileUUID": "uid", "SessionUUID": "uid", "OriginalFileName": "path"}


@dataclass(frozen=True, slots=True)
class _File:
    """One channel: its path, header fields and records."""

    path: str
    fields: dict[str, str]
    records: Any

    @property
    def name(self) -> str:
        return self.fields.get("AcqEntName") or Path(self.path).stem

    @property
    def rate_hz(self) -> float:
        return float(self.fields.get("SamplingFrequency") or self.records["rate"][0])

    @property
    def gain(self) -> float:
        sign = -1.0 if self.fields.get("InputInverted", "").lower() == "true" else 1.0
        return sign * float(self.fields.get("ADBitVolts", "1").split()[0])


@dataclass(frozen=True, slots=True)
class NcsSignal:
    """The valid samples of several channels that share their clock, as stored, left on disk.

    Parameters
    ----------
    records : tuple of array
        One memory map a channel.
    ends : array, shape (record,)
        How many valid samples there are up to the end of each record.
    """

    records: tuple[Any, ...]
    ends: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """(time, channel)."""
        return (int(self.ends[-1]) if len(self.ends) else 0, len(self.records))

    @property
    def dtype(self) -> np.dtype[Any]:
        """16-bit integers."""
        return np.dtype(np.int16)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.int16]:
        """Samples of a slice of time, and optionally of some channels."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if isinstance(rows, slice):
            start, stop, step = rows.indices(self.shape[0])
            low, high = (start, max(start, stop)) if step > 0 else (max(0, stop + 1), start + 1)
            block = self._read(low, high)
            return np.asarray(block[::step][:, columns])
        index = np.asarray(rows)
        low, high = int(index.min()), int(index.max()) + 1
        if low < 0 or high > self.shape[0]:
            raise IndexError(f"Samples {low} to {high - 1} are out of range for {self.shape[0]} samples.")
        return np.asarray(self._read(low, high)[index - low][..., columns])

    def _read(self, start: int, stop: int) -> NDArray[np.int16]:
        if stop <= start:
            return np.empty((0, len(self.records)), np.int16)
        first, last = np.searchsorted(self.ends, [start, stop - 1], side="right")
        begin = int(self.ends[first - 1]) if first else 0
        valid = np.diff(self.ends[first : last + 1], prepend=begin)
        mask = np.arange(512)[None, :] < valid[:, None]
        columns = [records["samples"][first : last + 1][mask] for records in self.records]
        return np.stack(columns, axis=1)[start - begin : stop - begin]


@dataclass(frozen=True)
class NeuralynxReader:
    """Reads folders of ``.ncs`` and ``.nev`` files."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a folder and standard."""
        folders: dict[str, list[str]] = {}
        for entry in listing.with_suffix(".ncs", ".nev"):
            if listing.head(entry.path, len(_MAGIC)) == _MAGIC:
                folders.setdefault(entry.folder, []).append(entry.path)
        for paths in folders.values():
            channels = [path for path in paths if path.lower().endswith(".ncs")]
            events = [path for path in paths if path not in channels]
            heads = {path: _fields(listing.head(path)) for path in channels}
            human = _is_human(_name(fields, path) for path, fields in heads.items())
            slow = [path for path in channels if human and _rate(heads[path]) <= _FASTEST_IEEG_HZ]
            fast = [path for path in channels if path not in slow]
            for group, standard in ((slow, "bids"), (fast, "nwb")):
                if group:
                    yield Source(
                        "neuralynx", (*group, *(events if group is (slow or fast) else [])), standard
                    )
            if not channels:
                note = "events (.nev) without any channel (.ncs)"
                yield Source("neuralynx", tuple(events), "nwb", complete=False, note=note)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording for each set of channels that share rate and clock."""
        paths = [path for path in source.files if path.lower().endswith(".ncs")]
        if not paths:
            raise Unreadable("The Neuralynx folder holds events and no channels (.ncs).")
        files = [_open(path, listing) for path in paths]
        folder = listing.by_path[paths[0]].folder
        beside = [one.path for one in listing.in_folder(folder) if one.suffix == ".nev"]
        groups = _groups(files)
        labels = _labels(groups)
        datatype = "ieeg" if source.standard == "bids" else "ecephys"
        events = [one for path in beside for one in _events(listing.absolute(path))]
        return [
            _recording(group, label, datatype, events) for group, label in zip(groups, labels, strict=True)
        ]


def _fields(head: bytes) -> dict[str, str]:
    text = head[:_HEADER].split(b"\0")[0].decode("latin-1")
    return {key: value.strip('"') for key, value in _FIELD.findall(text)}


def _name(fields: dict[str, str], path: str) -> str:
    return fields.get("AcqEntName") or Path(path).stem


def _rate(fields: dict[str, str]) -> float:
    try:
        return float(fields.get("SamplingFrequency", "nan"))
    except ValueError:
        return float("nan")


def _is_human(names: Iterable[str]) -> bool:
    every = list(names)
    return sum(bool(_HUMAN.match(name)) for name in every) * 3 >= len(every) > 0


def _open(path: str, listing: Listing) -> _File:
    absolute = listing.absolute(path)
    size = absolute.stat().st_size
    if size < _HEADER + _RECORD.itemsize:
        raise Unreadable(
            f"A Neuralynx channel holds no record ({size} bytes; a header and one record need {_HEADER + _RECORD.itemsize})."
        )
    with absolute.open("rb") as stream:
        fields = _fields(stream.read(_HEADER))
    count = (size - _HEADER) // _RECORD.itemsize
    records = np.memmap(absolute, dtype=_RECORD, mode="r", offset=_HEADER, shape=(count,))
    valid = np.asarray(records["valid"])
    if valid.max(initial=0) > 512:
        raise Unreadable(
            f"A Neuralynx record announces {int(valid.max())} valid samples; there can be 512 at most."
        )
    return _File(path, fields, records)


def _groups(files: Sequence[_File]) -> list[list[_File]]:
    """Channels by rate and clock, the largest group first."""
    found: dict[tuple[float, bytes, bytes], list[_File]] = {}
    for file in files:
        key = (
            file.rate_hz,
            np.asarray(file.records["time"]).tobytes(),
            np.asarray(file.records["valid"]).tobytes(),
        )
        found.setdefault(key, []).append(file)
    return sorted(found.values(), key=lambda group: (-len(group), group[0].rate_hz, group[0].path))


def _labels(groups: Sequence[Sequence[_File]]) -> list[str]:
    labels, seen = [], Counter[str]()
    for group in groups:
        rate = f"{group[0].rate_hz:g}Hz".replace(".", "p")
        seen[rate] += 1
        labels.append(f"{rate}{seen[rate]}" if seen[rate] > 1 else rate)
    return labels if len(labels) > 1 else [""]


def _recording(
    group: Sequence[_File], label: str, datatype: str, events: Sequence[tuple[int, str]]
) -> Recording:
    first = group[0]
    times = np.asarray(first.records["time"], dtype=np.int64)
    valid = np.asarray(first.records["valid"], dtype=np.int64)
    ends = np.cumsum(valid)
    signal = NcsSignal(tuple(file.records for file in group), ends)
    if signal.shape[0] < 1:
        raise Unreadable("The Neuralynx channels hold no valid sample.")
    rate_hz = first.rate_hz
    channels = tuple(_channel(file, datatype) for file in group)
    facts = [Fact("datatype", datatype, Origin.CONTENT, "channel names and rate")]
    sidecar: dict[str, object] = {}
    if datatype == "ieeg":
        probe = signal[: int(60 * rate_hz)][:, :8] * np.array([one.gain for one in channels[:8]])
        sidecar["PowerLineFrequency"] = line_frequency_hz(probe, rate_hz=rate_hz) or "n/a"
    return Recording(
        signal=signal,
        rate_hz=rate_hz,
        channels=channels,
        about=_about(group, label, datatype, (facts, sidecar)),
        annotations=tuple(_annotations(events, times, ends, rate_hz)),
        gaps=_gaps(times, valid, rate_hz),
    )


def _channel(file: _File, datatype: str) -> Channel:
    name, fields = file.name, file.fields
    details: dict[str, object] = {"stored_step": abs(file.gain)}
    for key, enabled, column in (
        ("DspLowCutFrequency", "DSPLowCutFilterEnabled", "low_cutoff"), ("DspHighCutFrequency", "DSPHighCutFilterEnabled", "high_cutoff"),
    ):  # fmt: skip
        if fields.get(enabled, "").lower() == "true" and re.fullmatch(r"[\d.]+", fields.get(key, "")):
            details[column] = float(fields[key])
    if fields.get("ReferenceChannel"):
        details["reference"] = fields["ReferenceChannel"]
    type_, group = "MISC", ""
    if datatype == "ecephys":
        type_ = "ECEPHYS"
    elif _HUMAN.match(name):
        type_, group = "SEEG", name.rstrip("0123456789")
    else:
        type_ = type_by_name(name) or "MISC"
    return Channel(name, type_, unit="V", gain=file.gain, group=group, details=details)


def _about(
    group: Sequence[_File], label: str, datatype: str, known: tuple[list[Fact], dict[str, object]]
) -> About:
    facts, sidecar = known
    first = group[0]
    named = facts_of(first.path.rsplit("/", 1)[0] + "/" if "/" in first.path else "")
    start = _start(first.fields)
    found = [
        Identifier(category, file.fields[key])
        for file in group
        for key, category in _CATEGORIES.items()
        if file.fields.get(key)
    ]
    if start is not None:
        found += [Identifier("date", start.strftime(form)) for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")]
    entities = {key: value for key, value in named.entities.items() if key in {"task", "acq", "run"}}
    entities.setdefault("task", "unnamed")
    entities |= {"acq": label} if label else {}
    human = datatype == "ieeg" or _is_human(file.name.replace("u", "") for file in group)
    species = "Homo sapiens" if human else ""
    facts += [
        *named.facts,
        Fact(
            "species", species, Origin.DEFAULT, "channels named by side and region" if human else "not known"
        ),
    ]
    facts.append(
        Fact("subject", named.subject or "unknown", Origin.NAME if named.subject else Origin.DEFAULT)
    )
    software = first.fields.get("ApplicationName", "").replace('"', "").strip()
    device = Device(
        "Neuralynx",
        first.fields.get("AcquisitionSystem", "").replace("AcqSystem1 ", ""),
        " ".join(software.split()),
    )
    return About(
        datatype, Subject(named.subject or "unknown", species=species), Session(named.session), entities,
        start=start, device=device, sidecar=sidecar, facts=tuple(facts), identifiers=(*named.identifiers, *dict.fromkeys(found)),
    )  # fmt: skip


def _start(fields: dict[str, str]) -> datetime.datetime | None:
    numbers = [int(text) for text in re.findall(r"\d+", fields.get("TimeCreated", ""))[:6]]
    try:
        return datetime.datetime(*numbers) if len(numbers) == 6 else None  # type: ignore[arg-type]
    except ValueError:
        return None


def _gaps(
    times: NDArray[np.int64], valid: NDArray[np.int64], rate_hz: float
) -> tuple[tuple[int, float], ...]:
    """Where the next record begins more than one and a half samples later than the last one ends."""
    ends = np.cumsum(valid)
    late_s = (np.diff(times) / 1e6) - valid[:-1] / rate_hz
    where = np.flatnonzero(late_s > 1.5 / rate_hz)
    return tuple((int(ends[index]), float(late_s[index])) for index in where)


def _events(path: Path) -> list[tuple[int, str]]:
    count = max(0, (path.stat().st_size - _HEADER) // _EVENT.itemsize)
    if not count:
        return []
    table = np.fromfile(path, dtype=_EVENT, count=count, offset=_HEADER)
    return [(int(row["time"]), row["text"].split(b"\0")[0].decode("latin-1").strip()) for row in table]


def _annotations(
    events: Sequence[tuple[int, str]], times: NDArray[np.int64], ends: NDArray[np.int64], rate_hz: float
) -> Iterator[Annotation]:
    starts = np.concatenate([[0], ends[:-1]])
    for time, label in sorted(events):
        record = int(np.searchsorted(times, time, side="right")) - 1
        if record < 0:
            continue
        sample = starts[record] + min((time - times[record]) / 1e6 * rate_hz, ends[record] - starts[record])
        if sample <= ends[-1]:
            yield Annotation(label or "event", float(sample / rate_hz), 0.0, by="event file")


#: the plugin
reader = NeuralynxReader()

"""XDF: the streams of a LabStreamingLayer recording on one clock.

Each sampled stream becomes a Recording; streams without a rate (markers, key presses) become its Annotations. Clock
offsets and jitter are taken out by ``pyxdf``.

References
----------
Kothe et al. 2025, doi:10.1162/IMAG.a.136.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_channels import type_by_name
from commissure.formats.names import facts_of, label_of
from commissure.formats.quiet import quietly
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

__all__ = ["XdfReader", "reader"]

_BRAIN = {"eeg", "exg", "ecog", "seeg", "ieeg"}
_MOTION = {"mocap", "motion", "accelerometer", "acc", "gyroscope", "gyro", "imu", "orientation", "position"}
_BODY = {"ecg": "ECG", "ekg": "ECG", "emg": "EMG", "eog": "EOG", "resp": "RESP", "respiration": "RESP", "gsr": "GSR",
         "eda": "GSR", "ppg": "PPG", "gaze": "EYEGAZE", "pupil": "PUPIL", "audio": "AUDIO"}  # fmt: skip
_MOTION_TYPES = (
    ("acc", "ACCEL"),
    ("gyr", "GYRO"),
    ("mag", "MAGN"),
    ("ori", "ORNT"),
    ("quat", "ORNT"),
    ("pos", "POS"),
)
_SCALES = {"microvolts": 1e-6, "microvolt": 1e-6, "uv": 1e-6, "µv": 1e-6, "μv": 1e-6, "mv": 1e-3, "millivolts": 1e-3,
           "v": 1.0, "volts": 1.0}  # fmt: skip
_FIELDS = (
    ("hostname", "host"),
    ("v4address", "host"),
    ("v6address", "host"),
    ("uid", "uid"),
    ("source_id", "serial"),
)
_HEADERS_ONLY_BYTES = 2**20


@dataclass(frozen=True)
class XdfReader:
    """Reads XDF files."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """Files that begin with ``XDF:``."""
        for entry in listing.files:
            if listing.head(entry.path, 4) == b"XDF:":
                yield Source("xdf", (entry.path,), "bids")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording for each sampled stream, with the events of all marker streams."""
        pyxdf = need("pyxdf", purpose="Reading XDF")
        path = listing.absolute(source.primary)
        with quietly():
            try:
                streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=True, verbose=False)
            except Exception as error:
                message = f"The XDF file cannot be read ({type(error).__name__}; {path.stat().st_size} bytes): it is truncated or damaged."
                raise Unreadable(message) from error
        sampled = [one for one in streams if _rate(one) > 0 and len(one["time_stamps"]) > 1]
        if not sampled:
            raise Unreadable(
                f"The XDF file holds {len(streams)} streams and none with samples at a fixed rate."
            )
        markers = [one for one in streams if _rate(one) == 0]
        sampled.sort(key=lambda one: (_kind(one) not in _BRAIN, -np.shape(one["time_series"])[1], _name(one)))
        labels = _labels(sampled)
        found = tuple(dict.fromkeys(one for stream in streams for one in _identifiers(stream)))
        return [
            _recording(stream, markers, label, (source.primary, found))
            for stream, label in zip(sampled, labels, strict=True)
        ]


def _info(stream: Mapping[str, Any], key: str) -> str:
    value = stream["info"].get(key) or [""]
    return str(value[0] or "") if isinstance(value, list) else str(value)


def _rate(stream: Mapping[str, Any]) -> float:
    return float(_info(stream, "nominal_srate") or 0) if _info(stream, "channel_format") != "string" else 0.0


def _kind(stream: Mapping[str, Any]) -> str:
    return _info(stream, "type").lower()


def _name(stream: Mapping[str, Any]) -> str:
    return _info(stream, "name")


def _labels(streams: Sequence[Mapping[str, Any]]) -> list[str]:
    """An ``acq`` label for each stream where a datatype has several, so that none bear one name."""
    datatypes = [_datatype(stream) for stream in streams]
    labels = []
    for index, (stream, datatype) in enumerate(zip(streams, datatypes, strict=True)):
        number = datatypes[: index + 1].count(datatype)
        alone = datatypes.count(datatype) == 1
        labels.append("" if alone else f"{label_of(_info(stream, 'type')) or 'stream'}{number}")
    return labels


def _datatype(stream: Mapping[str, Any]) -> str:
    kind = _kind(stream)
    if kind in _MOTION:
        return "motion"
    return "ieeg" if kind in {"ecog", "seeg", "ieeg"} else "eeg"


def _recording(
    stream: Mapping[str, Any],
    markers: Iterable[Mapping[str, Any]],
    label: str,
    origin: tuple[str, tuple[Identifier, ...]],
) -> Recording:
    path, found = origin
    samples = np.asarray(stream["time_series"])
    stamps = np.asarray(stream["time_stamps"], dtype=np.float64)
    rate_hz, effective = _rate(stream), float(stream["info"].get("effective_srate") or 0)
    channels = _channels(stream, samples.shape[1])
    named = facts_of(path)
    datatype = _datatype(stream)
    entities = {key: value for key, value in named.entities.items() if key in {"task", "acq", "run"}}
    entities.setdefault("task", "unnamed")
    entities |= {"acq": label} if label else {}
    entities |= {"tracksys": label_of(_name(stream)) or "unnamed"} if datatype == "motion" else {}
    facts = [
        *named.facts,
        Fact("rate_hz", rate_hz, Origin.HEADER),
        Fact("species", "Homo sapiens", Origin.DEFAULT),
    ]
    facts += (
        [Fact("effective_rate_hz", round(effective, 6), Origin.CONTENT, "from the clock")]
        if effective
        else []
    )
    facts.append(
        Fact("subject", named.subject or "unknown", Origin.NAME if named.subject else Origin.DEFAULT)
    )
    line = None
    if datatype in {"eeg", "ieeg"}:
        line = line_frequency_hz(samples[: int(60 * rate_hz), :8].astype(np.float64), rate_hz=rate_hz)
    sidecar: dict[str, object] = {"PowerLineFrequency": line or "n/a"} if datatype != "motion" else {}
    desc = _description(stream)
    device = Device(manufacturer=_first(desc, "manufacturer"), model=_first(desc, "model"))
    return Recording(
        signal=samples,
        rate_hz=rate_hz,
        channels=channels,
        about=About(
            datatype, Subject(named.subject or "unknown", species="Homo sapiens"), Session(named.session), entities,
            device=device, sidecar=sidecar, facts=tuple(facts), identifiers=(*named.identifiers, *found),
        ),
        annotations=tuple(_events(markers, stamps, rate_hz)),
        gaps=_gaps(stream, stamps, rate_hz),
    )  # fmt: skip


def _channels(stream: Mapping[str, Any], count: int) -> tuple[Channel, ...]:
    described = _described(stream)
    kind = _kind(stream)
    channels = []
    for index in range(count):
        one = described[index] if index < len(described) else {}
        name = _first(one, "label") or f"{label_of(_name(stream)) or 'channel'}{index + 1}"
        unit = _first(one, "unit").strip().lower()
        type_ = _channel_type(kind, name, _first(one, "type"))
        volts = type_ in {"EEG", "EOG", "VEOG", "HEOG", "ECG", "EMG", "ECOG", "SEEG"}
        gain = _SCALES.get(unit, 1e-6 if volts else 1.0)
        details: dict[str, object] = {}
        if kind in _MOTION:
            axis = re.search(r"[._ -]?([xyz])$", name.lower())
            details = {"component": axis[1] if axis else "n/a", "tracked_point": _name(stream) or "n/a"}
        elif volts and unit not in _SCALES:
            details = {"description": "unit not given; taken as microvolts"}
        unit_si = "V" if volts or unit in _SCALES else (_first(one, "unit") or "1")
        channels.append(Channel(name, type_, unit=unit_si, gain=gain, details=details))
    return tuple(channels)


def _channel_type(kind: str, name: str, said: str) -> str:
    if kind in _MOTION:
        text = f"{said} {name} {kind}".lower()
        return next((type_ for word, type_ in _MOTION_TYPES if word in text), "MISC")
    by_name = type_by_name(name)
    if said.upper() in {"EEG", "EOG", "ECG", "EMG", "MISC", "TRIG", "REF"}:
        return by_name or said.upper()
    if kind in _BRAIN:
        return by_name or {"ecog": "ECOG", "seeg": "SEEG", "ieeg": "SEEG"}.get(kind, "EEG")
    return by_name or _BODY.get(kind, "MISC")


def _description(stream: Mapping[str, Any]) -> Mapping[str, Any]:
    desc = (stream["info"].get("desc") or [None])[0]
    if not isinstance(desc, Mapping):
        return {}
    acquisition = (desc.get("acquisition") or [None])[0]
    return {**desc, **(acquisition if isinstance(acquisition, Mapping) else {})}


def _described(stream: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    channels = (_description(stream).get("channels") or [None])[0]
    found = channels.get("channel") if isinstance(channels, Mapping) else None
    return [one for one in found or [] if isinstance(one, Mapping)]


def _first(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key) or [""]
    value = value[0] if isinstance(value, list) else value
    return value if isinstance(value, str) else ""


def _events(
    markers: Iterable[Mapping[str, Any]], stamps: NDArray[np.float64], rate_hz: float
) -> Iterator[Annotation]:
    """Markers at the sample that the clock shows for them: exact though the device's rate is not the nominal one."""
    found = []
    for stream in markers:
        for time, values in zip(stream["time_stamps"], stream["time_series"], strict=True):
            label = " ".join(str(value) for value in np.atleast_1d(np.asarray(values, dtype=object)))
            position = np.interp(time, stamps, np.arange(len(stamps)), left=np.nan, right=np.nan)
            if np.isfinite(position):
                found.append(Annotation(label, float(position / rate_hz), 0.0, by=_name(stream)))
    return iter(sorted(found, key=lambda one: (one.onset_s or 0.0, one.label)))


def _gaps(
    stream: Mapping[str, Any], stamps: NDArray[np.float64], rate_hz: float
) -> tuple[tuple[int, float], ...]:
    segments = stream["info"].get("segments") or []
    starts = [int(start) for start, _ in segments[1:]]
    return tuple((start, float(stamps[start] - stamps[start - 1] - 1 / rate_hz)) for start in starts)


def _identifiers(stream: Mapping[str, Any]) -> list[Identifier]:
    found = [Identifier(category, _info(stream, key)) for key, category in _FIELDS]
    desc = _description(stream)
    for key in ("serial_number", "serial", "subject", "participant", "name", "experimenter"):
        found.append(Identifier("serial" if key.startswith("serial") else "name", _first(desc, key)))
    return [one for one in found if one.value.strip()]


#: the plugin
reader = XdfReader()

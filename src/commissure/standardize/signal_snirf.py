"""The SNIRF file of a NIRS recording, written anew from the noun with the required metadata only.

References
----------
Tucker et al. 2022, doi:10.1117/1.NPh.10.1.013507.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.model import Channel, Recording
from commissure.standardize.bids_names import bids_path

__all__ = ["write_snirf"]

_BLOCK = 65536
_CONTINUOUS_AMPLITUDE, _PROCESSED = 1, 99999
_LABELS = {"NIRSCWHBO": "HbO", "NIRSCWHBR": "HbR", "NIRSCWMUA": "mua", "NIRSCWOPTICALDENSITY": "dOD"}


def write_snirf(recording: Recording, root: Path) -> tuple[str, ...]:
    """Write ``…_nirs.snirf``; return its path below ``root``.

    Optical channels go to ``data1``, all others (accelerometer, gyroscope …) to ``aux``; annotations to ``stim``.
    Date and time are those of ``about.start``, or ``unknown``.
    """
    h5py = need("h5py", purpose="Writing SNIRF")
    path = bids_path(recording.about, extension=".snirf")
    with h5py.File(root / path, "w") as file:
        file["formatVersion"] = _text("1.1")
        nirs = file.create_group("nirs")
        _write_tags(nirs.create_group("metaDataTags"), recording)
        optical = [i for i, one in enumerate(recording.channels) if one.type.startswith("NIRS")]
        _write_data(nirs.create_group("data1"), recording, optical)
        _write_probe(nirs.create_group("probe"), [recording.channels[i] for i in optical])
        _write_stimuli(nirs, recording)
        _write_samples(nirs, recording, optical)
    return (path,)


def _text(value: str) -> NDArray[Any]:
    return np.array(value.encode("utf-8"), dtype=f"S{max(1, len(value.encode('utf-8')))}")


def _times(recording: Recording) -> NDArray[np.float64]:
    return np.arange(recording.signal.shape[0]) / recording.rate_hz


def _write_tags(tags: Any, recording: Recording) -> None:
    start = recording.about.start
    values = {
        "SubjectID": recording.about.subject.label,
        "MeasurementDate": "unknown" if start is None else start.strftime("%Y-%m-%d"),
        "MeasurementTime": "unknown" if start is None else start.strftime("%H:%M:%S"),
        "LengthUnit": "mm",
        "TimeUnit": "s",
        "FrequencyUnit": "Hz",
    }
    for key, value in values.items():
        tags[key] = _text(value)


def _write_data(group: Any, recording: Recording, optical: list[int]) -> None:
    group["time"] = _times(recording)
    wavelengths = _wavelengths([recording.channels[i] for i in optical])
    for number, index in enumerate(optical, start=1):
        channel = recording.channels[index]
        one = group.create_group(f"measurementList{number}")
        one["sourceIndex"] = np.int32(_number(channel, "source"))
        one["detectorIndex"] = np.int32(_number(channel, "detector"))
        one["dataTypeIndex"] = np.int32(1)
        label = _LABELS.get(channel.type)
        one["dataType"] = np.int32(_CONTINUOUS_AMPLITUDE if label is None else _PROCESSED)
        wavelength = _wavelength(channel)
        one["wavelengthIndex"] = np.int32(
            1 + wavelengths.index(wavelength) if wavelength in wavelengths else 1
        )
        if label is not None:
            one["dataTypeLabel"] = _text(label)
        if channel.unit not in {"", "1"}:
            one["dataUnit"] = _text("M" if channel.unit == "mol/l" else channel.unit)


def _write_samples(nirs: Any, recording: Recording, optical: list[int]) -> None:
    """Optical channels and auxiliary ones in one pass over the signal."""
    length = recording.signal.shape[0]
    series = nirs["data1"].create_dataset("dataTimeSeries", shape=(length, len(optical)), dtype="f8")
    others = [index for index in range(len(recording.channels)) if index not in set(optical)]
    auxiliary = []
    for number, index in enumerate(others, start=1):
        channel, group = recording.channels[index], nirs.create_group(f"aux{number}")
        group["name"], group["time"] = _text(channel.name), _times(recording)
        if channel.unit not in {"", "1"}:
            group["dataUnit"] = _text(channel.unit)
        auxiliary.append(group.create_dataset("dataTimeSeries", shape=(length,), dtype="f8"))
    for start in range(0, length, _BLOCK):
        stop = min(start + _BLOCK, length)
        block = recording.si(start, stop)
        series[start:stop] = block[:, optical]
        for column, index in zip(auxiliary, others, strict=True):
            column[start:stop] = block[:, index]


def _write_probe(group: Any, channels: list[Channel]) -> None:
    group["wavelengths"] = np.array(_wavelengths(channels) or [0.0])
    for kind in ("source", "detector"):
        numbers = [_number(channel, kind) for channel in channels]
        places = np.zeros((max(numbers, default=0), 3))
        for number, channel in zip(numbers, channels, strict=True):
            place = channel.details.get(f"{kind}_mm")
            if isinstance(place, tuple) and number > 0:
                places[number - 1] = np.nan_to_num(np.array(place, dtype=float))
        group[f"{kind}Pos3D"] = places
        group[f"{kind}Pos2D"] = places[:, :2]
        for_text = [f"{kind[0].upper()}{number + 1}" for number in range(len(places))]
        group[f"{kind}Labels"] = np.array([label.encode() for label in for_text], dtype="S8")


def _write_stimuli(nirs: Any, recording: Recording) -> None:
    marks: dict[str, list[tuple[float, float, float]]] = {}
    for mark in recording.annotations:
        if mark.onset_s is not None:
            marks.setdefault(mark.label, []).append((mark.onset_s, mark.duration_s or 0.0, 1.0))
    for number, (label, rows) in enumerate(sorted(marks.items()), start=1):
        group = nirs.create_group(f"stim{number}")
        group["name"] = _text(label)
        group["data"] = np.array(rows, dtype=float)


def _number(channel: Channel, kind: str) -> int:
    digits = "".join(char for char in str(channel.details.get(kind, "")) if char.isdigit())
    return int(digits or 1)


def _wavelength(channel: Channel) -> float:
    value = channel.details.get("wavelength_nominal")
    return float(value) if isinstance(value, int | float) else 0.0


def _wavelengths(channels: list[Channel]) -> list[float]:
    return sorted({value for channel in channels if (value := _wavelength(channel)) > 0})

"""The recording's JSON sidecar: task, device, rate, filters, counts."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from commissure.model import Recording
from commissure.standardize.bids_names import bids_path
from commissure.standardize.bids_text import write_json

__all__ = ["write_sidecar"]

#: fields of other files that travel in ``about.sidecar``
_ELSEWHERE = {"AnatomicalLandmarkCoordinates", "DeviceSerialNumber", "InstitutionName", "InstitutionAddress",
              "InstitutionalDepartmentName"}  # fmt: skip
_NO_LINE = {"motion"}
_COUNTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "eeg": {
        "EEGChannelCount": ("EEG",), "EOGChannelCount": ("EOG",), "ECGChannelCount": ("ECG",),
        "EMGChannelCount": ("EMG",), "MISCChannelCount": ("MISC",), "TriggerChannelCount": ("TRIG",),
    },
    "ieeg": {
        "ECOGChannelCount": ("ECOG",), "SEEGChannelCount": ("SEEG",), "EEGChannelCount": ("EEG",),
        "EOGChannelCount": ("EOG",), "ECGChannelCount": ("ECG",), "EMGChannelCount": ("EMG",),
        "MiscChannelCount": ("MISC",), "TriggerChannelCount": ("TRIG",),
    },
    "meg": {
        "MEGChannelCount": ("MEGMAG", "MEGGRADPLANAR", "MEGGRADAXIAL"), "EEGChannelCount": ("EEG",),
        "MEGREFChannelCount": ("MEGREFMAG", "MEGREFGRADAXIAL", "MEGREFGRADPLANAR"),
        "EOGChannelCount": ("EOG",), "ECGChannelCount": ("ECG",), "EMGChannelCount": ("EMG",),
        "MiscChannelCount": ("MISC",), "TriggerChannelCount": ("TRIG",),
    },
    "nirs": {
        "NIRSChannelCount": (
            "NIRSCWAMPLITUDE", "NIRSCWOPTICALDENSITY", "NIRSCWHBO", "NIRSCWHBR", "NIRSCWMUA",
        ),
        "ACCELChannelCount": ("ACCEL",), "GYROChannelCount": ("GYRO",), "MAGNChannelCount": ("MAGN",),
    },
    "motion": {
        f"{kind}ChannelCount": (kind,)
        for kind in ("ACCEL", "ANGACCEL", "GYRO", "JNTANG", "LATENCY", "MAGN", "MISC", "ORNT", "POS", "VEL")
    },
}  # fmt: skip
_REQUIRED: Mapping[str, Mapping[str, object]] = {
    "eeg": {"EEGReference": "n/a", "SoftwareFilters": "n/a"},
    "ieeg": {"iEEGReference": "n/a", "SoftwareFilters": "n/a"},
    "meg": {"DewarPosition": "n/a", "SoftwareFilters": "n/a"},
    "nirs": {},
    "motion": {},
}


def write_sidecar(recording: Recording, root: Path) -> str:
    """Write the JSON beside the samples and return its path below ``root``."""
    about, datatype = recording.about, recording.about.datatype
    said = {key: value for key, value in about.sidecar.items() if key not in _ELSEWHERE}
    fields: dict[str, object] = {"TaskName": said.pop("TaskName", None) or about.entities["task"]}
    device = {
        "Manufacturer": about.device.manufacturer,
        "ManufacturersModelName": about.device.model,
        "SoftwareVersions": about.device.software,
    }
    fields |= {key: value for key, value in device.items() if value}
    fields |= _REQUIRED[datatype]
    if datatype in {"eeg", "ieeg", "meg"}:
        fields["PowerLineFrequency"] = "n/a"
        fields["RecordingType"] = "discontinuous" if recording.gaps else "continuous"
    fields["SamplingFrequency"] = float(recording.rate_hz)
    if datatype != "motion":
        fields["RecordingDuration"] = recording.duration_s
    fields |= _hardware_filters(recording) | _counts(recording)
    if datatype == "meg":
        fields |= _digitized(recording)
    line = said.pop("PowerLineFrequency", "n/a")
    if datatype in {"eeg", "ieeg", "meg"}:
        fields["PowerLineFrequency"] = line or "n/a"
    fields |= said
    path = bids_path(about, extension=".json")
    write_json(root / path, fields)
    return path


def _counts(recording: Recording) -> dict[str, object]:
    datatype = recording.about.datatype
    types = Counter(channel.type for channel in recording.channels)
    counts = {key: sum(types[kind] for kind in kinds) for key, kinds in _COUNTS[datatype].items()}
    if datatype == "nirs":
        sources = {channel.details.get("source") for channel in recording.channels} - {None}
        detectors = {channel.details.get("detector") for channel in recording.channels} - {None}
        optional = {key: value for key, value in counts.items() if value or key == "NIRSChannelCount"}
        return {**optional, "NIRSSourceOptodeCount": len(sources), "NIRSDetectorOptodeCount": len(detectors)}
    if datatype == "motion":
        points = {channel.details.get("tracked_point") for channel in recording.channels} - {None, "n/a"}
        whole = {"MotionChannelCount": len(recording.channels), "TrackedPointsCount": len(points)}
        return {**{key: value for key, value in counts.items() if value}, **whole}
    return dict(counts)


def _hardware_filters(recording: Recording) -> dict[str, object]:
    """Cut-offs where all channels that have one share it."""
    if recording.about.datatype == "motion":
        return {}
    found: dict[str, object] = {}
    for key, label in (("low_cutoff", "Highpass"), ("high_cutoff", "Lowpass")):
        values = {channel.details[key] for channel in recording.channels if channel.details.get(key)}
        if len(values) == 1:
            found[f"{label} filter"] = {"Half amplitude cutoff (Hz)": values.pop()}
    return {"HardwareFilters": found} if found else {}


def _digitized(recording: Recording) -> dict[str, object]:
    points = recording.native.info["dig"] if recording.native is not None else None
    kinds = {int(point["kind"]) for point in points or []}
    landmarks = bool(recording.about.sidecar.get("AnatomicalLandmarkCoordinates")) or 1 in kinds
    return {"DigitizedLandmarks": landmarks, "DigitizedHeadPoints": 4 in kinds}

"""Makers of recordings with planted truth, as real files in the formats that can be written by a library.

Each ``write_…`` puts :class:`Planted` into a folder and returns the file that is opened first. Formats without a
library that writes them are in :mod:`commissure.testing.signal_bytes`.
"""

import datetime
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = [
    "Planted", "planted", "write_bdf", "write_brainvision", "write_edf", "write_eeglab", "write_fif", "write_mff",
    "write_snirf",
]  # fmt: skip

START = datetime.datetime(2021, 3, 4, 10, 11, 12)


@dataclass(frozen=True, slots=True)
class Planted:
    """What was put into a file.

    Parameters
    ----------
    volts : array, shape (time, channel)
        The samples.
    rate_hz : float
        Samples a second.
    names : tuple of str
        The channels.
    events : tuple of (float, str)
        Onset in seconds, and label.
    identifiers : mapping of str to str
        What a header is to hold of a person, by role: ``name``, ``id``, ``operator``, ``birth_date``.
    """

    volts: NDArray[np.float64]
    rate_hz: float
    names: tuple[str, ...]
    events: tuple[tuple[float, str], ...] = ()
    identifiers: dict[str, str] = field(default_factory=dict)

    @property
    def resolution_v(self) -> float:
        """A step that 16 bits hold: the largest value over 30,000."""
        return float(np.abs(self.volts).max() / 30000)


def planted(
    *, rate_hz: float = 256.0, seconds: float = 4.0, line_hz: float = 50.0, rng: np.random.Generator
) -> Planted:
    """Five channels: rhythms of 6 to 24 Hz with the grid's hum, an EOG, two events, and a person in the header."""
    names = ("Fz", "Cz", "Pz", "Oz", "HEOG")
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    waves = [40e-6 * np.sin(2 * np.pi * frequency * time) for frequency in (6, 10, 12, 20, 24)]
    hum = 20e-6 * np.sin(2 * np.pi * line_hz * time)
    volts = np.stack(waves, axis=1) + hum[:, None] + rng.normal(0, 2e-6, (len(time), len(names)))
    person = {
        "name": "Ottilie Quastenflosser",
        "id": "MRN77042",
        "operator": "Wendelin Tasterich",
        "birth_date": "1951-02-27",
    }
    return Planted(volts, rate_hz, names, ((0.5, "go"), (1.25, "stop")), person)


def write_edf(folder: Path, truth: Planted, *, name: str = "recording.edf") -> Path:
    """EDF+ with annotations and a full patient field."""
    edfio = need("edfio", purpose="Making EDF files")
    signals = [
        edfio.EdfSignal(volts * 1e6, truth.rate_hz, label=label, physical_dimension="uV")
        for volts, label in zip(truth.volts.T, truth.names, strict=True)
    ]
    return _write_european(folder / name, edfio.Edf(signals, **_european(truth)))


def write_bdf(folder: Path, truth: Planted, *, name: str = "recording.bdf") -> Path:
    """BDF+, 24 bits."""
    edfio = need("edfio", purpose="Making BDF files")
    signals = [
        edfio.BdfSignal(volts * 1e6, truth.rate_hz, label=label, physical_dimension="uV")
        for volts, label in zip(truth.volts.T, truth.names, strict=True)
    ]
    return _write_european(folder / name, edfio.Bdf(signals, **_european(truth)))


def _european(truth: Planted) -> dict[str, object]:
    person = truth.identifiers
    module = need("edfio", purpose="Making EDF files")
    birth = datetime.date.fromisoformat(person["birth_date"]) if person.get("birth_date") else None
    patient = module.Patient(
        code=person.get("id", "X"), sex="F", birthdate=birth, name=person.get("name", "X").replace(" ", "_")
    )
    visit = module.Recording(
        startdate=START.date(), investigator_technician_code=person.get("operator", "X").replace(" ", "_")
    )
    notes = [module.EdfAnnotation(onset, None, label) for onset, label in truth.events]
    return {"patient": patient, "recording": visit, "starttime": START.time(), "annotations": notes}


def _write_european(path: Path, file: object) -> Path:
    file.write(path)  # type: ignore[attr-defined]
    return path


def write_brainvision(folder: Path, truth: Planted, *, name: str = "recording") -> Path:
    """A triplet of header, markers and 16-bit samples."""
    pybv = need("pybv", purpose="Making BrainVision files")
    events = [
        {"onset": round(onset * truth.rate_hz), "duration": 1, "description": label, "type": "Comment"}
        for onset, label in truth.events
    ]
    pybv.write_brainvision(
        data=truth.volts.T, sfreq=truth.rate_hz, ch_names=list(truth.names), fname_base=name, folder_out=str(folder),
        events=events, resolution=truth.resolution_v * 1e6, fmt="binary_int16", meas_date=START.replace(tzinfo=datetime.UTC),
    )  # fmt: skip
    return folder / f"{name}.vhdr"


def _raw(truth: Planted) -> object:
    mne = need("mne", purpose="Making recordings")
    kinds = ["eog" if "EOG" in name else "eeg" for name in truth.names]
    info = mne.create_info(list(truth.names), truth.rate_hz, kinds)
    raw = mne.io.RawArray(truth.volts.T, info, verbose="ERROR")
    raw.set_meas_date(START.replace(tzinfo=datetime.UTC))
    raw.set_annotations(
        mne.Annotations(
            [onset for onset, _ in truth.events],
            [0.0] * len(truth.events),
            [label for _, label in truth.events],
        )
    )
    if truth.identifiers:
        first, last = truth.identifiers["name"].split()
        birth = datetime.date.fromisoformat(truth.identifiers["birth_date"])
        raw.info["subject_info"] = {
            "his_id": truth.identifiers["id"], "first_name": first, "last_name": last, "birthday": birth, "sex": 2,
        }  # fmt: skip
        raw.info["experimenter"] = truth.identifiers["operator"]
    return raw


def write_fif(folder: Path, truth: Planted, *, name: str = "recording_raw.fif") -> Path:
    """FIF in single precision."""
    raw = _raw(truth)
    raw.save(folder / name, overwrite=True, verbose="ERROR")  # type: ignore[attr-defined]
    return folder / name


def write_eeglab(folder: Path, truth: Planted, *, name: str = "recording.set") -> Path:
    """EEGLAB ``.set`` with the samples inside."""
    export = need("mne.export", purpose="Making EEGLAB files")
    export.export_raw(folder / name, _raw(truth), fmt="eeglab", overwrite=True, verbose="ERROR")
    return folder / name


def write_snirf(folder: Path, truth: Planted, *, name: str = "recording.snirf") -> Path:
    """SNIRF 1.1: each pair of channels is one source and detector at 760 and 850 nm; amplitudes are positive."""
    h5py = need("h5py", purpose="Making SNIRF files")
    count = len(truth.names) // 2 * 2
    with h5py.File(folder / name, "w") as file:
        file["formatVersion"] = "1.1"
        nirs = file.create_group("nirs")
        person = truth.identifiers
        tags = {"SubjectID": person.get("id", "x"), "MeasurementDate": "2021-03-04", "MeasurementTime": "10:11:12",
                "LengthUnit": "mm", "TimeUnit": "s", "FrequencyUnit": "Hz", "SubjectName": person.get("name", "")}  # fmt: skip
        for key, value in tags.items():
            nirs[f"metaDataTags/{key}"] = value
        nirs["data1/dataTimeSeries"] = 1.0 + truth.volts[:, :count] * 1e3
        nirs["data1/time"] = np.arange(len(truth.volts)) / truth.rate_hz
        for index in range(count):
            one = nirs.create_group(f"data1/measurementList{index + 1}")
            values = {"sourceIndex": index // 2 + 1, "detectorIndex": index // 2 + 1, "wavelengthIndex": index % 2 + 1,
                      "dataType": 1, "dataTypeIndex": 1}  # fmt: skip
            for key, number in values.items():
                one[key] = np.int32(number)
        nirs["probe/wavelengths"] = np.array([760.0, 850.0])
        places = np.arange(count // 2 * 3, dtype=float).reshape(-1, 3) * 10 + 20
        nirs["probe/sourcePos3D"], nirs["probe/detectorPos3D"] = places, places + [[0.0, 30.0, 0.0]]
        for number, (onset, label) in enumerate(truth.events, start=1):
            nirs[f"stim{number}/name"] = label
            nirs[f"stim{number}/data"] = np.array([[onset, 0.0, 1.0]])
    return folder / name


def write_mff(folder: Path, truth: Planted, *, name: str = "recording.mff") -> Path:
    """EGI ``.mff`` of 32 channels (a net of that size): the planted ones, and zeros."""
    mffpy = need("mffpy.writer", purpose="Making EGI files")
    samples = np.zeros((33, len(truth.volts)), dtype=np.float32)
    samples[: len(truth.names)] = truth.volts.T * 1e6
    binary = mffpy.BinWriter(sampling_rate=round(truth.rate_hz), data_type="EEG")
    binary.add_block(samples)
    writer = mffpy.Writer(str(folder / name))
    writer.addbin(binary)
    writer.addxml("fileInfo", recordTime=START.replace(tzinfo=datetime.UTC), mffVersion="3")
    writer.add_coordinates_and_sensor_layout("HydroCel GSN 32 1.0")
    writer.addxml(
        "eventTrack", filename="Events_Planted.xml", name="Planted", trackType="EVNT",
        events=[{"beginTime": START.replace(tzinfo=datetime.UTC) + datetime.timedelta(seconds=onset), "duration": 1000,
                 "code": label[:4], "label": label} for onset, label in truth.events],
    )  # fmt: skip
    writer.write()
    return folder / name / "info.xml"

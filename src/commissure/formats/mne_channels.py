"""Channels of an ``mne.io.Raw`` as Channel nouns: BIDS types, SI units, positions, filters."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from commissure.model import Channel

__all__ = ["channels_of", "datatype_of", "is_scalp_name", "landmarks_of", "type_by_name"]

_TYPES = {
    "eeg": "EEG", "eog": "EOG", "ecg": "ECG", "emg": "EMG", "stim": "TRIG", "misc": "MISC", "mag": "MEGMAG",
    "grad": "MEGGRADPLANAR", "ref_meg": "MEGREFMAG", "seeg": "SEEG", "ecog": "ECOG", "dbs": "DBS", "bio": "MISC",
    "resp": "RESP", "gsr": "GSR", "temperature": "TEMP", "eyegaze": "EYEGAZE", "pupil": "PUPIL", "chpi": "HLU",
    "gof": "FITERR", "syst": "SYSCLOCK", "ias": "MISC", "exci": "MISC", "hbo": "NIRSCWHBO", "hbr": "NIRSCWHBR",
    "fnirs_cw_amplitude": "NIRSCWAMPLITUDE", "fnirs_od": "NIRSCWOPTICALDENSITY", "dipole": "MISC",
}  # fmt: skip
#: FIFF units; MNE keeps haemoglobin as mol, and means mol/l
_UNITS = {
    107: "V",
    112: "T",
    201: "T/m",
    6: "mol/l",
    110: "S",
    101: "Hz",
    114: "oC",
    4: "A",
    108: "F",
    109: "Ohm",
}
_NAMES = (
    (re.compile(r"^(?:EEG[ _-]*)?VEOG", re.I), "VEOG"),
    (re.compile(r"^(?:EEG[ _-]*)?HEOG", re.I), "HEOG"),
    (re.compile(r"^(?:EEG[ _-]*)?[LR]?(?:EOG|LOC\b|ROC\b)|\bEOG", re.I), "EOG"),
    (re.compile(r"^x?(?:EEG[ _-]*|POL[ _-]*)?(?:ECG|EKG)", re.I), "ECG"),
    (re.compile(r"^x?(?:EEG[ _-]*|POL[ _-]*)?EMG", re.I), "EMG"),
    (re.compile(r"^(?:status|trig(?:ger)?s?|sti\s?\d+|stim|event)(?:[ _-]?\w{0,3})$", re.I), "TRIG"),
    (re.compile(r"^x?(?:resp|air|airflow|thor|abdo|flow)[ _-]?\w*$", re.I), "RESP"),
    (re.compile(r"^(?:gsr|eda)\d*$", re.I), "GSR"),
)
_SCALP = re.compile(
    r"^(?:Fp|AFp|AF|FT|FC|TP|CP|PO|F|T|C|P|O|I|A|M|N)(?:\d{1,2}|z)(?:-?(?:Ref|LE|A[12]|M[12]))?$", re.I
)
#: no sensor sits farther from the head's centre: such places are directions on a unit sphere
_FARTHEST_M = 0.3
_PREFIX = re.compile(r"^(?:EEG|POL)[ _-]+", re.I)
#: FIFF coil types: gradiometers along the sensor's axis, and those among the references
_AXIAL_COILS = {2001, 4002, 5001, 6001, 7001, 7501, 9001, 9101, 9102}
_REFERENCE_GRADIOMETERS = {4004, 4005, 5003, 5004, 7503}


def channels_of(
    raw: Any, *, details: Mapping[str, Mapping[str, object]], datatype: str = ""
) -> tuple[Channel, ...]:
    """One Channel a column of ``raw``, in SI units.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Only its ``info`` is looked at.
    details : mapping of str to mapping
        What the reader knows beyond MNE (filters, reference, impedance), by channel name and BIDS column.
    datatype : str
        ``"ieeg"`` turns channels that MNE calls EEG into ECoG, but for those named as on the scalp.
    """
    info = raw.info
    low = info["highpass"] if info["highpass"] and info["highpass"] > 0 else None
    high = info["lowpass"] if info["lowpass"] and info["lowpass"] < info["sfreq"] / 2 - 1e-3 else None
    filters = {key: float(value) for key, value in (("low_cutoff", low), ("high_cutoff", high)) if value}
    bads = set(info["bads"])
    whole = getattr(raw, "orig_format", "") in {"short", "int"}
    found = []
    for name, kind, record in zip(raw.ch_names, raw.get_channel_types(), info["chs"], strict=True):
        type_ = _type(name, kind, record, datatype)
        step = {"stored_step": float(record["cal"] * record["range"])} if whole else {}
        known = {
            **({} if type_ in {"TRIG", "SYSCLOCK"} else filters),
            **_optodes(type_, record),
            **step,
            **details.get(name, {}),
        }
        found.append(
            Channel(
                name=name,
                type=type_,
                unit=_UNITS.get(int(record["unit"]), "1") if type_ != "TRIG" else "1",
                position_mm=_position(record, kind),
                group=_group(name) if type_ in {"SEEG", "ECOG", "DBS"} else "",
                bad=name in bads,
                details=known,
            )
        )  # fmt: skip
    return tuple(found)


def datatype_of(raw: Any) -> str:
    """The BIDS datatype that the channel types of ``raw`` demand."""
    kinds = set(raw.get_channel_types())
    if kinds & {"mag", "grad", "ref_meg"}:
        return "meg"
    if any(kind.startswith("fnirs") for kind in kinds) or kinds & {"hbo", "hbr"}:
        return "nirs"
    return "ieeg" if kinds & {"seeg", "ecog", "dbs"} else "eeg"


def type_by_name(name: str) -> str:
    """The BIDS type that a channel's name tells (``"HEOG"``, ``"ECG"``, ``"TRIG"`` …); empty if none.

    >>> type_by_name("EKG1"), type_by_name("xAIR1"), type_by_name("Cz")
    ('ECG', 'RESP', '')
    """
    return next((type_ for pattern, type_ in _NAMES if pattern.search(name)), "")


def is_scalp_name(name: str) -> bool:
    """Whether ``name`` is one of the 10-20 system and its finer kin.

    >>> is_scalp_name("EEG Fp1-Ref"), is_scalp_name("LAHC1")
    (True, False)
    """
    return bool(_SCALP.match(_PREFIX.sub("", name)))


def landmarks_of(raw: Any) -> dict[str, list[float]]:
    """Nasion and the points before the ears, in millimetres of the head frame, by their BIDS keys.

    Three points at one and the same distance are MNE's stand-ins for points that nobody measured; they are left out.
    """
    names = {1: "LPA", 2: "NAS", 3: "RPA"}
    found = {}
    for point in raw.info["dig"] or []:
        if int(point["kind"]) == 1 and int(point["coord_frame"]) == 4 and int(point["ident"]) in names:
            found[names[int(point["ident"])]] = [round(float(value) * 1e3, 4) for value in point["r"]]
    far = {max(map(abs, place)) for place in found.values()}
    if len(found) == 3 and (len(far) == 1 or max(far) > _FARTHEST_M * 1e3):
        return {}
    return dict(sorted(found.items()))


def _type(name: str, kind: str, record: Mapping[str, Any], datatype: str) -> str:
    coil = int(record["coil_type"]) & 0xFFFF
    if kind == "mag" and coil in _AXIAL_COILS:
        return "MEGGRADAXIAL"
    if kind == "grad" and coil in _AXIAL_COILS:
        return "MEGGRADAXIAL"
    if kind == "ref_meg" and coil in _REFERENCE_GRADIOMETERS:
        return "MEGREFGRADAXIAL"
    if kind in {"eeg", "seeg", "ecog", "misc"} and (by_name := type_by_name(name)):
        return by_name if kind != "misc" or by_name == "TRIG" else "MISC"
    if kind == "eeg" and datatype == "ieeg" and not is_scalp_name(name):
        return "ECOG"
    return _TYPES.get(kind, "MISC")


def _position(record: Mapping[str, Any], kind: str) -> tuple[float, float, float] | None:
    place = np.asarray(record["loc"][:3], dtype=float)
    located = kind in {"eeg", "seeg", "ecog", "dbs", "hbo", "hbr"} or kind.startswith("fnirs")
    if not located or not np.isfinite(place).all() or not 0 < np.linalg.norm(place) < _FARTHEST_M:
        return None
    x, y, z = (round(float(value) * 1e3, 4) for value in place)
    return (x, y, z)


def _optodes(type_: str, record: Mapping[str, Any]) -> dict[str, object]:
    if not type_.startswith("NIRS"):
        return {}
    loc = np.asarray(record["loc"], dtype=float)
    match = re.match(r"S(\d+)_D(\d+)", record["ch_name"])
    known: dict[str, object] = {"source": f"S{match[1]}", "detector": f"D{match[2]}"} if match else {}
    known["source_mm"] = tuple(round(float(value) * 1e3, 4) for value in loc[3:6])
    known["detector_mm"] = tuple(round(float(value) * 1e3, 4) for value in loc[6:9])
    known["wavelength_nominal"] = float(loc[9]) if np.isfinite(loc[9]) else 0.0
    return known


def _group(name: str) -> str:
    bare = _PREFIX.sub("", name).split("-")[0]
    return bare.rstrip("0123456789") if bare[-1:].isdigit() else ""

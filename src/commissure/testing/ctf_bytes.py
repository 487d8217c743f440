"""Maker of CTF recordings (``.ds`` folders): a resource file, samples, marks, head coils and the patient's side file."""

import struct
from pathlib import Path

import numpy as np

from commissure.testing.signals import Planted

__all__ = ["write_ctf"]

_GAIN, _BITS = 1e9, 2.0**20
#: 40 µV of the truth become 4 pT
_TESLA_A_VOLT = 1e-7
_REFERENCE = "BP1-2622"
_FIRST_ORDER = 0x47314252  # "G1BR"
_COILS = 8
_STRING = 10


def write_ctf(folder: Path, truth: Planted, *, name: str = "recording.ds") -> Path:
    """A ``.ds`` folder of five gradiometers and a reference magnetometer at rest; 32-bit samples, one trial.

    The layout is that of CTF's *MEG File Formats* (resource file MEG42RS), as MNE and FieldTrip read it. ``identifiers`` of the
    truth go where CTF's software puts them: ``name`` and ``operator`` into the resource file and the patient's side file, ``id``,
    ``birth_date``, ``institution`` and ``comment`` into the latter.
    """
    made = folder / name
    made.mkdir(parents=True)
    stem = made.stem
    (made / f"{stem}.res4").write_bytes(_resource(truth, stem))
    tesla = np.column_stack([truth.volts * _TESLA_A_VOLT, np.zeros(len(truth.volts))])
    scaled = np.rint(tesla.T * _GAIN * _BITS).astype(">i4")
    (made / f"{stem}.meg4").write_bytes(b"MEG41CP\x00" + scaled.tobytes())
    (made / f"{stem}.hc").write_text(_coils())
    (made / "MarkerFile.mrk").write_text(_marks(truth, stem), encoding="utf-8")
    (made / f"{stem}.infods").write_bytes(_patient(truth))
    said = truth.identifiers
    hist = (
        f"{stem}.ds\nCreated on 04-Mar-2021 by {said.get('operator', '')}\nSubject {said.get('name', '')}\n"
    )
    (made / f"{stem}.hist").write_text(hist, encoding="utf-8")
    return made


def _text(value: str, size: int) -> bytes:
    return value.encode("latin-1", "replace")[: size - 1].ljust(size, b"\x00")


def _resource(truth: Planted, stem: str) -> bytes:
    said = truth.identifiers
    samples, channels = truth.volts.shape
    names = [f"MLC1{number + 1}-2622" for number in range(channels)]
    head = (
        _text("MEG42RS", 8)
        + _text("Acq", 256)
        + _text(said.get("institution", ""), 256)
        + _text(said.get("comment", ""), 256)
    )
    head += struct.pack(">h", 0) + _text("10:11:12", 255) + _text("04-Mar-2021", 255)
    head += struct.pack(">ih", samples, channels + 1)
    head = (
        head.ljust(1296, b"\x00")
        + struct.pack(">dd", truth.rate_hz, samples / truth.rate_hz)
        + struct.pack(">h", 1)
    )
    head = head.ljust(1360, b"\x00")
    texts = (stem, "rest", "", "", said.get("name", ""), said.get("operator", ""))
    for text, size in zip(texts, (32, 256, 32, 32, 32, 32), strict=True):
        head += _text(text, size)
    said_of_run = f"{said.get('comment', '')}\x00".encode("latin-1", "replace")
    head = head.ljust(1836, b"\x00") + struct.pack(">i", len(said_of_run))
    head = head.ljust(1844, b"\x00") + said_of_run
    head += struct.pack(">h", 1) + struct.pack(">diih", 100.0, 1, 1, 0)
    head += b"".join(_text(one, 32) for one in (*names, _REFERENCE))
    head += b"".join(_sensor(number, kind=5) for number in range(channels)) + _sensor(channels, kind=0)
    return head + struct.pack(">h", channels) + b"".join(_balance(one) for one in names)


def _balance(name: str) -> bytes:
    """Compensation of one gradiometer by the reference, which is at rest: a coefficient of nought."""
    sensors = _text(_REFERENCE, 31) + bytes(31 * 49)
    return _text(name, 32) + struct.pack(">iih", _FIRST_ORDER, 0, 1) + sensors + bytes(8 * 50)


def _sensor(number: int, *, kind: int) -> bytes:
    """A gradiometer above the left side: two coils, in cm, first of the dewar and then of the head."""
    place = np.array([3.0 - number, 6.0, 12.0])
    inner = struct.pack(">3dd3ddhihd", *place, 0.0, *(place / np.linalg.norm(place)), 0.0, 1, 0, 0, 2.5)
    outer = struct.pack(
        ">3dd3ddhihd", *(place * 1.3), 0.0, *(-place / np.linalg.norm(place)), 0.0, 1, 0, 0, 2.5
    )
    none = bytes(len(inner))
    coils = (inner + outer + none * (_COILS - 2)) * 2
    return struct.pack(">hhiddddhhi", kind, 0, 0, _GAIN, _BITS, 1.0, 0.0, 2, 0, 0) + coils


def _coils() -> str:
    places = {"nasion": (9.0, 0.0, 0.0), "left ear": (0.0, 7.0, 0.0), "right ear": (0.0, -7.0, 0.0)}
    lines = []
    for frame, up in (("dewar", -20.0), ("head", 0.0)):
        for coil, (x, y, z) in places.items():
            lines += [
                f"measured {coil} coil position relative to {frame} (cm):",
                f"\tx = {x}",
                f"\ty = {y}",
                f"\tz = {z + up}",
            ]
    return "\n".join(lines) + "\n"


def _marks(truth: Planted, stem: str) -> str:
    labels: dict[str, list[float]] = {}
    for onset, label in truth.events:
        labels.setdefault(label, []).append(onset)
    lines = ["PATH OF DATASET:", f"/data/{stem}.ds", "", "", "NUMBER OF MARKERS:", str(len(labels)), "", ""]
    for number, (label, onsets) in enumerate(labels.items(), start=1):
        lines += ["CLASSGROUPID:", "3", "NAME:", label, "COMMENT:", "", "COLOR:", "blue", "EDITABLE:", "Yes", "CLASSID:", f"+{number}",
                  "NUMBER OF SAMPLES:", str(len(onsets)), "LIST OF SAMPLES:", "TRIAL NUMBER\t\tTIME FROM SYNC POINT (in seconds)"]  # fmt: skip
        lines += [f"                  +0\t\t\t\t     +{onset:.6f}" for onset in onsets] + ["", ""]
    return "\n".join(lines)


def _patient(truth: Planted) -> bytes:
    """The patient's side file, in CTF's persistent format: names, types and values, all with their lengths."""
    said = truth.identifiers
    first, _, last = said.get("name", "").partition(" ")
    fields = {
        "_PATIENT_NAME_FIRST": first, "_PATIENT_NAME_MIDDLE": "", "_PATIENT_NAME_LAST": last, "_PATIENT_ID": said.get("id", ""),
        "_PATIENT_BIRTHDATE": said.get("birth_date", "").replace("-", "") + "000000", "_PATIENT_INSTITUTE": said.get("institution", ""),
        "_PROCEDURE_ACCESSIONNUMBER": said.get("accession", ""), "_PROCEDURE_COMMENTS": said.get("comment", ""),
        "_DATASET_OPERATORNAME": said.get("operator", ""), "_DATASET_COLLECTIONDATETIME": "20210304101112",
    }  # fmt: skip
    parts = [b"WS1_"]
    for key, value in fields.items():
        name, text = key.encode(), value.encode("latin-1", "replace")
        parts.append(struct.pack(">i", len(name)) + name + struct.pack(">ii", _STRING, len(text)) + text)
    end = b"EndOfParameters"
    return b"".join(parts) + struct.pack(">i", len(end)) + end

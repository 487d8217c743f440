"""Makers of MEG recordings with planted truth: BTi / 4D Neuroimaging, and Artemis 123.

Bytes by the layouts that MNE and FieldTrip read, the latter's header after a public one of the scanner (mne-testing-data).
"""

import struct
from pathlib import Path

import numpy as np

from commissure.testing.signals import START, Planted

__all__ = ["write_artemis123", "write_bti"]

#: 40 µV of the truth become 4 pT
_TESLA_A_VOLT = 1e-7
_FEMTO = 1e-15
_MEG, _TRIGGER = 1, 5
_INT16 = 1


def _codes(truth: Planted) -> dict[int, int]:
    """The number of each event's label, in the order of first use, by sample."""
    labels = list(dict.fromkeys(label for _, label in truth.events))
    return {round(onset * truth.rate_hz): labels.index(label) + 1 for onset, label in truth.events}


def _lined(truth: Planted) -> np.ndarray:
    """Codes that last for 4 samples each."""
    line = np.zeros(len(truth.volts))
    for at, code in _codes(truth).items():
        line[at : at + 4] = code
    return line


def write_artemis123(
    folder: Path, truth: Planted, *, name: str = "Artemis_Data_2021-03-04-10h-11m-12s_rest.bin"
) -> Path:
    """Five gradiometers and a trigger line; 32-bit samples in the scanner's units, the header beside it."""
    said, count = truth.identifiers, len(truth.names)
    scale, gain = 525000.0, _TESLA_A_VOLT / _FEMTO
    samples = np.column_stack([truth.volts * gain / scale, _lined(truth)]).astype(">f4")
    path = folder / name
    path.write_bytes(samples.tobytes())
    channels = [f"MEG_{number:03d}\t{scale:f}\t3\t1\t1\tTRUE\tFALSE\t" for number in range(1, count + 1)]
    lines = [
        "<start main header>", f"Project Name\t{said.get('project', 'Infant_Social')}", f"Purpose\t{said.get('comment', '')}",
        f"Notes\tseen by {said.get('operator', '')}", f"Subject ID\t{said.get('id', '0')}", f"DAQ Sample Rate\t{truth.rate_hz:f}",
        "Decimation Active?\tFALSE", f"Rate In\t{truth.rate_hz:f}", "Decimation Factor\t1", f"Rate Out\t{truth.rate_hz:f}",
        "Spatial Filter Active?\tFALSE", "Temporal Filter Active?\tFALSE", "Temporal Filter Type\tBandstop",
        *(f"Head Tracking Channel {number}\tOFF" for number in range(1, 5)), "Data Source\tDAQ", "<end main header>", "",
        "<start per channel header>", "DAQ Map\tScaling\tFLL Gain\tFLL Mode\tFLL High Pass\tFLL Auto Reset?\tFLL Reset Lock\t",
        *channels, "TRG_001\t1.000000\t1\tN/A\tN/A\tN/A\tN/A\t", "<end per channel header>", "", "<start comments>",
        f"test_{said.get('name', '')}", "<end comments>", "", "<start length>", str(len(truth.volts)), "<end length>", "",
        "<start filtering history>", "", "<end filtering history>",
    ]  # fmt: skip
    path.with_suffix(".txt").write_text("\n".join(lines), encoding="latin-1")
    return path


def write_bti(folder: Path, truth: Planted, *, name: str = "recording") -> Path:
    """A folder with 16-bit samples of five magnetometers and a trigger line, their config, and a head shape of five and three points."""
    said = truth.identifiers
    made = folder / name
    made.mkdir(parents=True)
    labels = [*(f"A{number}" for number in range(1, len(truth.names) + 1)), "TRIGGER"]
    (made / "config").write_bytes(_config(truth, labels))
    samples = np.column_stack([np.rint(truth.volts / truth.resolution_v), _lined(truth)]).astype(">i2")
    header = _samples_header(truth, labels)
    path = made / "c,rfDC"
    path.write_bytes(
        samples.tobytes()
        + bytes(-samples.nbytes % 8)
        + header
        + struct.pack(">q", samples.nbytes + -samples.nbytes % 8)
    )
    index = np.array(
        [(0.0, 0.07, 0.0), (0.0, -0.07, 0.0), (0.1, 0.0, 0.0), (0.06, 0.02, 0.08), (0.02, 0.05, 0.1)]
    )
    dense = np.array([(0.11, 0.0, -0.02), (0.108, 0.01, -0.04), (0.0, 0.0, 0.13)])
    shape = (
        struct.pack(">iiii", 1, 0, 0, len(dense))
        + index.astype(">f8").tobytes()
        + dense.astype(">f8").tobytes()
    )
    (made / "hs_file").write_bytes(shape)
    (made / "notes.log").write_text(said.get("note", "impedances fine\n"), encoding="utf-8")
    return path


def _field(text: str, size: int) -> bytes:
    return text.encode("latin-1", "replace")[: size - 1].ljust(size, b"\0")


def _aligned(part: bytes) -> bytes:
    return part.ljust(-(-len(part) // 8) * 8, b"\0")


def _placed(x: float, y: float, z: float) -> bytes:
    place = np.eye(4)
    place[:3, 3] = x, y, z
    place[3, :3] = 1.0  # scale
    return place.astype(">f8").tobytes()


def _config(truth: Planted, labels: list[str]) -> bytes:
    said = truth.identifiers
    head = (
        struct.pack(">h", 2) + _field(said.get("institution", ""), 32) + _field(said.get("host", "dap1"), 16)
    )
    head += struct.pack(">hihhffhhh", 9, 0, 50, len(labels), 1.0, 1.0, 1, 3, 1) + bytes(2)
    head += struct.pack(">I", 0) + bytes(32) + _placed(0.0, 0.0, 0.0)
    weights = (
        struct.pack(">iII", 2, 0, 0)
        + _field("none", 32)
        + _field("", 80)
        + struct.pack(">II", 0, 0)
        + bytes(72)
    )
    table = struct.pack(">iii", 2, 0, 0) + _field("", 16) + struct.pack(">i", 0) + bytes(28)
    calibration = struct.pack(">h", 1) + bytes(2) + struct.pack(">i", 1) + _field(said.get("path", ""), 256)
    for kind, data in (
        ("B_weights_used", weights),
        ("B_E_table_used", table),
        ("B_Calibration", calibration),
    ):
        block = (
            struct.pack(">I", len(data)) + _field(kind, 20) + bytes(4) + _field(said.get("operator", ""), 32)
        )
        head += _aligned(block + struct.pack(">II", 1614852672, len(data)) + bytes(32)) + _aligned(data)
    return head + b"".join(
        _channel(number, label, truth.resolution_v * _TESLA_A_VOLT)
        for number, label in enumerate(labels, start=1)
    )


def _channel(number: int, label: str, step_t: float) -> bytes:
    meg = label.startswith("A")
    one = _field(label, 16) + struct.pack(">hHh", number, _MEG if meg else _TRIGGER, 0) + bytes(2)
    one += (
        struct.pack(">ff", 1.0, step_t if meg else 1.0)
        + _field("", 16)
        + struct.pack(">di", 0.0, 0)
        + bytes(32)
    )
    device = struct.pack(">ii", 0, 0) + bytes(32)
    if not meg:
        return _aligned(one) + _aligned(device + struct.pack(">i", 0) + bytes(2) + bytes(32))
    device += struct.pack(">f", 0.0) + bytes(4) + _placed(0.03 * number - 0.09, 0.04, 0.12)
    device += struct.pack(">hh", 0, 1) + bytes(4) + bytes(32)
    loop = np.array([0.03 * number - 0.09, 0.04, 0.12, 0.0, 0.0, 1.0]).astype(">f8").tobytes()
    return _aligned(one) + _aligned(
        device + loop + struct.pack(">ddh", 0.01, 0.0, 1) + bytes(2) + bytes(4) + bytes(32)
    )


def _samples_header(truth: Planted, labels: list[str]) -> bytes:
    said = truth.identifiers
    begun = int(START.timestamp()) if START.tzinfo else 1614852672  # 2021-03-04 10:11:12
    head = struct.pack(">h", 1) + _field("PDF", 5) + bytes(1)
    head += struct.pack(">hhiiiif", _INT16, 1, 1, 1, 0, 0, 1 / truth.rate_hz) + _field("", 16)
    head += (
        struct.pack(">ih", 1, len(labels)) + bytes(2) + struct.pack(">iihhi", 0, 0, 0, 0, begun) + bytes(20)
    )
    head = _aligned(head)
    head += struct.pack(
        ">ifffiii", len(truth.volts), len(truth.volts) / truth.rate_hz, 0.0, 0.0, 0, 0, begun
    ) + bytes(28)
    for number, label in enumerate(labels, start=1):
        head += (
            _field(label, 16)
            + struct.pack(">hhf", number, 0, 1.0)
            + _field("", 16)
            + struct.pack(">h", 0)
            + bytes(6)
        )
        head += struct.pack(">ddii", 0.0, 0.0, number - 1, 0) + bytes(4) + struct.pack(">f", 0.0) + bytes(24)
    process = (
        struct.pack(">i", 0) + _field("acquisition", 20) + bytes(4) + _field(said.get("operator", ""), 32)
    )
    process += struct.pack(">i", begun) + _field(said.get("path", ""), 256) + struct.pack(">i", 0) + bytes(32)
    return head + _aligned(process)

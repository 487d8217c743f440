"""Makers of recordings of clinics and of brain-computer interfaces with planted truth: GDF 1 and 2, and Micromed.

Bytes by the published layouts (Schlögl's *GDF*, arXiv:cs/0608052; Micromed's header 4 as neo and FieldTrip read it); each keeps to
what the formats' readers ask for.
"""

import datetime
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.testing.signals import START, Planted

__all__ = ["write_gdf", "write_micromed"]

_MICROVOLTS = 4275
_INT16 = 3
_WHOLE = 32000
_ZONES = ("ORDER", "LABCOD", "NOTE", "FLAGS", "TRONCA", "IMPED_B", "IMPED_E", "MONTAGE", "COMPRESS", "AVERAGE", "HISTORY", "DVIDEO",
          "EVENT A", "EVENT B", "TRIGGER")  # fmt: skip
_MIDDLE = 32768


def _whole(truth: Planted) -> NDArray[np.int16]:
    return np.rint(truth.volts / truth.resolution_v).astype("<i2")


def write_gdf(folder: Path, truth: Planted, *, name: str = "recording.gdf", version: float = 2.51) -> Path:
    """16-bit samples in records of one second's 256th, and a table of events.

    Version 2.51 is as BioSig writes it: with the duration of a record as a real number, with names of events, machine, technician
    and institution in the header's third part, and with a time on every event; 1.25 as OpenViBE does, with texts for dates.
    """
    said, count = truth.identifiers, len(truth.names)
    patient = f"{said.get('id', '')} {said.get('name', '').replace(' ', '_')}"
    microvolts = truth.resolution_v * 1e6 * _WHOLE
    columns = b"".join(label.encode().ljust(16, b"\0") for label in truth.names) + bytes(80 * count)
    extents = struct.pack(f"<{2 * count}d", *[-microvolts] * count, *[microvolts] * count)
    kinds = struct.pack(f"<{2 * count}I", *[1] * count, *[_INT16] * count)
    labels = tuple(dict.fromkeys(label for _, label in truth.events))
    if version < 1.9:
        head = _fixed_1(truth, patient)
        columns += b"uV".ljust(8, b"\0") * count + extents
        columns += struct.pack(f"<{2 * count}q", *[-_WHOLE] * count, *[_WHOLE] * count) + bytes(80 * count)
        columns += kinds + bytes(32 * count)
        third = b""
    else:
        columns += bytes(6 * count) + struct.pack(f"<{count}H", *[_MICROVOLTS] * count) + extents
        columns += struct.pack(f"<{2 * count}d", *[-_WHOLE] * count, *[_WHOLE] * count)
        columns += bytes(80 * count) + kinds + bytes(32 * count)
        third = _third(truth, labels)
        head = _fixed_2(truth, patient, blocks=1 + count + len(third) // 256, version=version)
    path = folder / name
    path.write_bytes(head + columns + third + _whole(truth).tobytes() + _events(truth, labels, version))
    return path


def _fixed_1(truth: Planted, patient: str) -> bytes:
    said, count = truth.identifiers, len(truth.names)
    head = b"GDF 1.25" + patient.encode("latin-1", "replace")[:80].ljust(80)
    head += said.get("operator", "").encode("latin-1", "replace")[:80].ljust(80)
    head += START.strftime("%Y%m%d%H%M%S00").encode() + struct.pack("<q", 256 * (1 + count))
    head = head.ljust(236, b"\0")
    return head + struct.pack("<qIII", len(truth.volts), 1, round(truth.rate_hz), count)


def _fixed_2(truth: Planted, patient: str, *, blocks: int, version: float) -> bytes:
    said, count = truth.identifiers, len(truth.names)
    head = f"GDF {version:.2f}".encode() + patient.encode("utf-8")[:65].ljust(76, b"\0")
    head += bytes((0, 70, 170, 2 | 1 << 2))  # weight, height, a woman who is right-handed
    head += said.get("operator", "").encode("utf-8")[:63].ljust(64, b"\0")
    head += bytes((0x29, 0x29, 0x29, 0)) + struct.pack("<IIi", 173_000_000, 59_000_000, 35_000)
    born = datetime.date.fromisoformat(said.get("birth_date", "1951-02-27"))
    head += struct.pack("<QQH", _stamp(START), _stamp(datetime.datetime.combine(born, datetime.time())), blocks)  # fmt: skip
    head = head.ljust(192, b"\0") + b"b4c_3.0 " + bytes((10, 1, 2, 3, 0, 0))
    duration = struct.pack("<d", 1 / truth.rate_hz) if version > 2.205 else struct.pack("<II", 1, round(truth.rate_hz))  # fmt: skip
    return (
        head.ljust(236, b"\0") + struct.pack("<q", len(truth.volts)) + duration + struct.pack("<HH", count, 0)
    )


def _stamp(moment: datetime.datetime) -> int:
    """2**-32 days since the year 0."""
    return int((moment.toordinal() + 366 + (moment - datetime.datetime.combine(moment, datetime.time())).total_seconds() / 86400) * 2**32)  # fmt: skip


def _third(truth: Planted, labels: tuple[str, ...]) -> bytes:
    said = truth.identifiers
    texts = {
        1: b"\0" + b"".join(label.encode("utf-8") + b"\0" for label in labels) + b"\0",
        3: f"g.tec\0g.USBamp\x003.0\0{said.get('serial', 'UB-2009.01.27')}\0".encode(),
        6: said.get("operator", "").encode("utf-8") + b"\0",
        7: said.get("institution", "").encode("utf-8") + b"\0",
    }
    parts = b"".join(bytes((tag,)) + len(text).to_bytes(3, "little") + text for tag, text in texts.items())
    return parts.ljust(-(-(len(parts) + 1) // 256) * 256, b"\0")


def _events(truth: Planted, labels: tuple[str, ...], version: float) -> bytes:
    places = [round(onset * truth.rate_hz) + 1 for onset, _ in truth.events]
    codes = [labels.index(label) + 1 for _, label in truth.events]
    count = len(places)
    table = struct.pack(f"<{count}I{count}H", *places, *codes)
    if version < 1.94:
        return bytes((1,)) + round(truth.rate_hz).to_bytes(3, "little") + struct.pack("<I", count) + table
    stamps = [_stamp(START + datetime.timedelta(seconds=onset)) for onset, _ in truth.events]
    return (
        bytes((5,))
        + count.to_bytes(3, "little")
        + struct.pack("<f", truth.rate_hz)
        + table
        + struct.pack(f"<{count}Q", *stamps)
    )


def write_micromed(folder: Path, truth: Planted, *, name: str = "recording.trc") -> Path:
    """A ``.trc`` of header 4 with 16-bit samples; events are notes of at most 40 characters, and triggers of their number."""
    said, count = truth.identifiers, len(truth.names)
    extent = round(truth.resolution_v * 1e9 * _MIDDLE)
    labels = b"".join(_electrode(label, extent) for label in truth.names)
    notes = b"".join(
        struct.pack("<I40s", round(onset * truth.rate_hz), label.encode("latin-1", "replace")[:40])
        for onset, label in truth.events
    )
    triggers = b"".join(
        struct.pack("<IH", round(onset * truth.rate_hz), number)
        for number, (onset, _) in enumerate(truth.events, start=1)
    )
    montage = said.get("montage", "bipolar").encode("latin-1", "replace")[:64].ljust(4096, b"\0")
    parts = {"ORDER": struct.pack(f"<{count}H", *range(count)), "LABCOD": labels, "NOTE": notes.ljust(44 * 200, b"\0"),
             "TRONCA": bytes(800), "MONTAGE": montage, "TRIGGER": triggers.ljust(6 * 100, b"\xff")}  # fmt: skip
    position, table, body = 640, b"", b""
    for zone in _ZONES:
        content = parts.get(zone, bytes(1200))
        table += struct.pack("<8sII", zone.encode().ljust(8), position, len(content))
        body, position = body + content, position + len(content)
    head = b"* MICROMED  Brain-Quick file *".ljust(32)
    head += said.get("institution", "").encode("latin-1", "replace")[:31].ljust(32)
    first, _, family = said.get("name", "").partition(" ")
    head += family.encode("latin-1", "replace")[:22].ljust(22) + first.encode("latin-1", "replace")[
        :20
    ].ljust(20)
    born = datetime.date.fromisoformat(said.get("birth_date", "1951-02-27"))
    head += bytes((born.month, born.day, born.year - 1900)) + bytes(19)
    head += bytes((START.day, START.month, START.year - 1900, START.hour, START.minute, START.second))
    head += struct.pack("<HHIHHHHH", 0, 0, position, count, count, round(truth.rate_hz), 2, 0)
    head = head.ljust(175, b"\0") + bytes((4,)) + table
    stored = (_exact(truth, extent) + _MIDDLE).astype("<u2")
    path = folder / name
    path.write_bytes(head.ljust(640, b"\0") + body + stored.tobytes())
    return path


def _electrode(label: str, extent_nv: int) -> bytes:
    """An entry of LABCOD: names, extents in nanovolts, the rate as a multiple of the lowest one."""
    one = bytes((1, 0)) + label.encode()[:6].ljust(6, b"\0") + b"G2".ljust(6, b"\0")
    one += struct.pack("<iiiiih", 0, 2 * _MIDDLE - 1, _MIDDLE, -extent_nv, extent_nv, -1)
    return (one + bytes(8) + struct.pack("<H", 1)).ljust(128, b"\0")


def _exact(truth: Planted, extent_nv: int) -> NDArray[np.float64]:
    """Whole steps of the extent that the header can say."""
    return np.rint(truth.volts * 1e9 * _MIDDLE / extent_nv)

"""Makers of recordings of a physiologist's rig with planted truth and identifiers: Intan, Axon (ABF 1) and SpikeGLX.

Bytes by the published layouts (Intan's *RHD2000* and *RHS2000 Data File Formats*, Axon's *ABF 1.x header*, SpikeGLX' *Metadata
guide*); each keeps to what the formats' readers ask for.
"""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.testing.neurophysiology import planted

__all__ = ["write_abf1", "write_intan", "write_spikeglx"]

_RATE_HZ = 20_000.0
_BLOCK = 128
_ABF_HEAD, _ABF_BLOCK = 12, 512


def write_intan(path: Path, *, said: Mapping[str, str], blocks: int = 40) -> NDArray[np.int16]:
    """An ``.rhd`` or ``.rhs`` file (by the name of ``path``) of four amplifier channels at 20 kHz; gives the samples.

    Parameters
    ----------
    path : Path
        Where to.
    said : mapping of str to str
        ``note1`` to ``note3`` as the experimenter types them, and ``channel``, a name of the first channel.
    blocks : int
        Of 128 samples each.
    """
    stimulates = path.suffix == ".rhs"
    data = planted(blocks * _BLOCK, 4, every=500)
    notes = b"".join(_wide(said.get(f"note{number}", "")) for number in (1, 2, 3))
    if stimulates:
        settled = (1.0, 0.1, 1000.0, 7500.0)
        head = struct.pack(
            "<Ihhfh8fhffhhfff",
            0xD69127AC,
            3,
            0,
            _RATE_HZ,
            1,
            *settled,
            *settled,
            0,
            1000.0,
            1000.0,
            0,
            0,
            1e-5,
            1e-9,
            0.0,
        )
    else:
        band = (1.0, 0.1, 7500.0)
        head = struct.pack("<Ihhfh6fhff", 0xC6912702, 2, 0, _RATE_HZ, 1, *band, *band, 0, 1000.0, 1000.0)
    head += notes + struct.pack("<hh", 0, 0) + _wide("hardware") + struct.pack("<h", 1)
    head += _wide("Port A") + _wide("A") + struct.pack("<hhh", 1, 4, 4)
    for number in range(4):
        custom = said.get("channel", "") if number == 0 else ""
        head += _wide(f"A-{number:03d}") + _wide(custom or f"A-{number:03d}")
        kinds = (number, number, 0, 1, number, *((0, 0) if stimulates else (0,)), 0, 0, 0, 0)
        head += struct.pack(f"<{len(kinds)}hff", *kinds, 50e3, -40.0)
    body = []
    for number in range(blocks):
        rows = data[number * _BLOCK : (number + 1) * _BLOCK]
        body.append(np.arange(number * _BLOCK, (number + 1) * _BLOCK, dtype="<i4").tobytes())
        body.append((rows.T.astype(np.int32) + 32768).astype("<u2").tobytes())
        body.append(bytes(2 * 4 * _BLOCK) if stimulates else b"")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + b"".join(body))
    return data


def _wide(text: str) -> bytes:
    """A text as Qt writes it: its length in bytes, and two bytes a character; no text has the length 0xFFFFFFFF."""
    raw = text.encode("utf-16-le")
    return struct.pack("<I", len(raw) if raw else 0xFFFFFFFF) + raw


def write_abf1(
    path: Path, *, said: Mapping[str, str], sweeps: int = 3, points: int = 2000
) -> NDArray[np.int16]:
    """An ABF 1.8 file of one channel in pA, episodic, at 20 kHz, with a tag; gives the samples (sweep, point) in 0.01 pA.

    Parameters
    ----------
    path : Path
        Where to.
    said : mapping of str to str
        ``comment`` (128 characters), ``tag`` (56), ``protocol`` (a path), ``stimulus`` (another) and ``channel`` (10), as pClamp
        keeps them; the file is of 4 March 2021.
    """
    data = planted(sweeps * points, 1, every=700)[:, 0]
    blocks = -(-data.nbytes // _ABF_BLOCK)
    head = bytearray(_ABF_HEAD * _ABF_BLOCK)
    for at, form, value in (
        (4, "f", 1.8), (8, "h", 5), (10, "i", data.size), (16, "i", sweeps), (20, "i", 20210304), (24, "i", 36672), (32, "f", 1.8),
        (36, "h", 1), (40, "i", _ABF_HEAD), (44, "i", _ABF_HEAD + blocks), (48, "i", 1), (100, "h", 0), (120, "h", 1),
        (122, "f", 1e6 / _RATE_HZ), (138, "i", points), (244, "f", 10.0), (248, "f", 10.0), (252, "i", 32768), (256, "i", 32768),
    ):  # fmt: skip
        struct.pack_into(f"<{form}", head, at, value)
    head[0:4] = b"ABF "
    for at, size, text in (
        (294, 16, "Clampex"), (310, 56, said.get("comment", "")), (442, 10, said.get("channel", "Im")), (602, 8, "pA"), (1306, 10, "Cmd 0"),
        (1346, 8, "mV"), (2736, 256, said.get("stimulus", "")), (4898, 256, said.get("protocol", "")), (5154, 128, said.get("comment", "")),
    ):  # fmt: skip
        head[at : at + size] = text.encode("latin-1", "replace")[:size].ljust(size)
    struct.pack_into("<16h", head, 410, 0, *[-1] * 15)
    for at, value in ((730, 1.0), (1050, 1.0)):
        struct.pack_into("<16f", head, at, *[value] * 16)
    # a step is fADCRange / lADCResolution / fInstrumentScaleFactor = 0.01 pA
    struct.pack_into("<16f", head, 922, *[10.0 / 32768 / 0.01] * 16)
    tag = struct.pack(
        "<i56shh", points // 2, said.get("tag", "").encode("latin-1", "replace")[:56].ljust(56), 1, 0
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        bytes(head)
        + data.astype("<i2").tobytes().ljust(blocks * _ABF_BLOCK, b"\x00")
        + tag.ljust(_ABF_BLOCK, b"\x00")
    )
    return data.reshape(sweeps, points)


def write_spikeglx(
    folder: Path, *, said: Mapping[str, str], name: str = "run", seconds: float = 0.2
) -> NDArray[np.int16]:
    """``.nidq.meta`` and ``.nidq.bin`` of four analog channels at 25 kHz; gives the samples.

    Parameters
    ----------
    folder : Path
        Where to.
    said : mapping of str to str
        ``notes`` that the experimenter types, ``file`` (the path at the rig), ``serial`` and ``host``.
    """
    data = planted(round(25_000 * seconds), 4)
    fields = {
        "acqMnMaXaDw": "0,0,4,0", "appVersion": "20230905", "fileCreateTime": "2021-03-04T10:11:12", "fileName": said.get("file", ""),
        "fileSHA1": "0" * 40, "fileSizeBytes": data.nbytes, "fileTimeSecs": seconds, "firstSample": 0, "gateMode": "Immediate",
        "nSavedChans": 4, "niAiRangeMax": 5, "niAiRangeMin": -5, "niDev1": "Dev1", "niDev1ProductName": "PXI-6133", "niMAGain": 1,
        "niMNGain": 200, "niSampRate": 25000, "niXAChans1": "0:3", "niSerial": said.get("serial", ""), "rmtServer": said.get("host", ""),
        "snsMnMaXaDw": "0,0,4,0", "snsSaveChanSubset": "all", "typeImEnabled": 0, "typeNiEnabled": 1, "typeThis": "nidq",
        "userNotes": said.get("notes", ""), "~snsChanMap": "(0,0,1,4,0)" + "".join(f"(XA{n};{n}:{n})" for n in range(4)),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{key}={value}\n" for key, value in fields.items())
    (folder / f"{name}_g0_t0.nidq.meta").write_text(text, encoding="utf-8")
    data.tofile(folder / f"{name}_g0_t0.nidq.bin")
    return data

"""The BrainVision files of an EEG or iEEG recording: header, markers, samples.

16-bit integers where every channel's stored resolution is known and each sample is a multiple of it; 32-bit
floats otherwise, whose 24 bits hold every sample of a 24-bit device to half a step.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.model import Channel, Recording
from commissure.standardize.bids_channels import unique_names, written_unit
from commissure.standardize.bids_names import bids_path

__all__ = ["write_brainvision"]

_BLOCK_BYTES = 16 * 2**20
_LARGEST_INT16 = 32767
#: of a channel's largest sample: what is left by the product of gain and count, and no more
_TOLERANCE = 1e-9


def write_brainvision(recording: Recording, root: Path) -> tuple[str, ...]:
    """Write ``.vhdr``, ``.vmrk`` and ``.eeg``; return their paths below ``root``.

    Samples are streamed in blocks of 16 MiB. Voltages are written in microvolts, other units as they are.
    """
    paths = {kind: bids_path(recording.about, extension=f".{kind}") for kind in ("vhdr", "vmrk", "eeg")}
    steps = _steps(recording)
    whole = steps is not None and _write_integers(recording, root / paths["eeg"], steps)
    if not whole:
        steps = None
        _write_floats(recording, root / paths["eeg"])
    _write_header(recording, root, paths, steps)
    _write_markers(recording, root, paths)
    return tuple(sorted(paths.values()))


def _scale(channel: Channel, datatype: str) -> float:
    return 1e6 if written_unit(channel, datatype) == "µV" else 1.0


def _steps(recording: Recording) -> NDArray[np.float64] | None:
    """The stored resolution of every channel in SI units; None where one is not known."""
    found = [channel.details.get("stored_step") for channel in recording.channels]
    if not found or not all(isinstance(step, float) and step > 0 for step in found):
        return None
    return np.array(found, dtype=np.float64)


def _blocks(recording: Recording) -> Iterator[NDArray[np.float64]]:
    length, count = recording.signal.shape
    rows = max(1, _BLOCK_BYTES // (8 * max(1, count)))
    for start in range(0, length, rows):
        yield recording.si(start, min(start + rows, length))


def _write_integers(recording: Recording, path: Path, steps: NDArray[np.float64]) -> bool:
    """Write 16-bit samples; False, with nothing of worth written, as soon as a sample is no multiple of its step."""
    with path.open("wb") as stream:
        for block in _blocks(recording):
            scaled = block / steps
            stored = np.rint(scaled)
            largest = np.abs(scaled).max(axis=0, initial=0.0)
            off = np.abs(scaled - stored).max(axis=0, initial=0.0)
            if not (largest <= _LARGEST_INT16).all() or not (off <= largest * _TOLERANCE).all():
                return False
            stream.write(stored.astype("<i2").tobytes())
    return True


def _write_floats(recording: Recording, path: Path) -> None:
    scales = np.array([_scale(channel, recording.about.datatype) for channel in recording.channels])
    with path.open("wb") as stream:
        for block in _blocks(recording):
            stream.write((block * scales).astype("<f4").tobytes())


def _write_header(
    recording: Recording, root: Path, paths: dict[str, str], steps: NDArray[np.float64] | None
) -> None:
    name = {kind: Path(path).name for kind, path in paths.items()}
    lines = [
        "Brain Vision Data Exchange Header File Version 1.0",
        "; Written by commissure",
        "",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={name['eeg']}",
        f"MarkerFile={name['vmrk']}",
        "DataFormat=BINARY",
        "; Data orientation: MULTIPLEXED=ch1,pt1, ch2,pt1 ...",
        "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(recording.channels)}",
        "; Sampling interval in microseconds",
        f"SamplingInterval={1e6 / recording.rate_hz!r}",
        "",
        "[Binary Infos]",
        f"BinaryFormat={'IEEE_FLOAT_32' if steps is None else 'INT_16'}",
        "",
        "[Channel Infos]",
        "; Each entry: Ch<Channel number>=<Name>,<Reference channel name>,",
        "; <Resolution in unit>,<Unit>",
    ]
    datatype = recording.about.datatype
    for index, (channel, label) in enumerate(zip(recording.channels, unique_names(recording), strict=True)):
        step = 1.0 if steps is None else float(steps[index]) * _scale(channel, datatype)
        unit = written_unit(channel, datatype)
        lines.append(f"Ch{index + 1}={_escaped(label)},,{step!r},{unit}")
    (root / paths["vhdr"]).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_markers(recording: Recording, root: Path, paths: dict[str, str]) -> None:
    start = recording.about.start
    stamp = f",{start.strftime('%Y%m%d%H%M%S')}{start.microsecond:06d}" if start is not None else ""
    lines = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        "; Written by commissure",
        "",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={Path(paths['eeg']).name}",
        "",
        "[Marker Infos]",
        "; Each entry: Mk<Marker number>=<Type>,<Description>,<Position in data points>,",
        "; <Size in data points>, <Channel number (0 = marker is related to all channels)>",
        f"Mk1=New Segment,,1,1,0{stamp}",
    ]
    marks = [one for one in recording.annotations if one.onset_s is not None]
    for index, mark in enumerate(sorted(marks, key=lambda one: (one.onset_s or 0.0, one.label))):
        position = round((mark.onset_s or 0.0) * recording.rate_hz) + 1
        size = max(1, round((mark.duration_s or 0.0) * recording.rate_hz))
        lines.append(f"Mk{index + 2}=Comment,{_escaped(mark.label)},{position},{size},0")
    (root / paths["vmrk"]).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace(",", "\\1")

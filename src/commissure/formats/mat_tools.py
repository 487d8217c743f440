"""A recording as the structures of EEGLAB, FieldTrip and Brainstorm, to be written with :func:`write_mat`.

Samples are in the unit of the program: EEGLAB takes microvolts for what is in volts, FieldTrip and Brainstorm take SI.
All three want channels before time. Nothing that tells who was measured goes along.

References
----------
Delorme & Makeig 2004 (EEGLAB), doi:10.1016/j.jneumeth.2003.10.009. Oostenveld et al. 2011 (FieldTrip),
doi:10.1155/2011/156869. Tadel et al. 2011 (Brainstorm), doi:10.1155/2011/879716.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from commissure.errors import BadInput
from commissure.formats.mat import write_mat
from commissure.model import Channel, Recording

__all__ = ["TOOLS", "brainstorm", "eeglab", "fieldtrip", "write_for"]

_MICRO = 1e6
_METRE = 1e-3


def eeglab(recording: Recording, *, start: int = 0, stop: int | None = None) -> dict[str, Any]:
    """The variable ``EEG`` of a ``.set`` file: continuous, in microvolts, with ``chanlocs`` and ``event``.

    Parameters
    ----------
    recording : Recording
        What is written.
    start, stop : int
        The first sample, and the one after the last.
    """
    samples, last = _samples(recording, start, stop)
    scale = np.array([_MICRO if channel.unit == "V" else 1.0 for channel in recording.channels])
    rate = float(recording.rate_hz)
    events = [
        {"type": mark.label, "latency": (mark.onset_s or 0.0) * rate - start + 1.0,
         "duration": (mark.duration_s or 0.0) * rate, "urevent": float(number)}
        for number, mark in enumerate(_timed(recording, start, last), 1)
    ]  # fmt: skip
    eeg = {
        "setname": "commissure", "filename": "", "filepath": "", "subject": "", "group": "", "condition": "",
        "session": None, "comments": "", "nbchan": float(len(recording.channels)), "trials": 1.0,
        "pnts": float(samples.shape[0]), "srate": rate, "xmin": 0.0, "xmax": (samples.shape[0] - 1) / rate,
        "times": np.arange(samples.shape[0])[None, :] * 1000.0 / rate,
        "data": np.ascontiguousarray((samples * scale).T.astype(np.float32)),
        "icaact": None, "icawinv": None, "icasphere": None, "icaweights": None, "icachansind": None,
        "chanlocs": [_chanloc(channel) for channel in recording.channels], "urchanlocs": None,
        "chaninfo": {"nosedir": "+X"}, "ref": "common", "event": events, "urevent": None, "eventdescription": [],
        "epoch": None, "epochdescription": [], "reject": {}, "stats": {}, "specdata": None, "specicaact": None,
        "splinefile": "", "icasplinefile": "", "dipfit": None, "history": "", "saved": "yes", "etc": {}, "datfile": "",
    }  # fmt: skip
    return {"EEG": eeg}


def _chanloc(channel: Channel) -> dict[str, Any]:
    # EEGLAB's X points to the nose and its Y to the left ear; ours (RAS) has the right ear first
    x, y, z = channel.position_mm or (np.nan,) * 3
    known = channel.position_mm is not None
    return {
        "labels": channel.name, "type": channel.type,
        "X": float(y) if known else None, "Y": float(-x) if known else None, "Z": float(z) if known else None,
    }  # fmt: skip


def fieldtrip(recording: Recording, *, start: int = 0, stop: int | None = None) -> dict[str, Any]:
    """The variable ``data`` of FieldTrip's raw data: one trial, with ``hdr``, ``elec`` and ``cfg.event``."""
    samples, last = _samples(recording, start, stop)
    rate, labels = float(recording.rate_hz), _column([channel.name for channel in recording.channels])
    count = samples.shape[0]
    placed = [channel for channel in recording.channels if channel.position_mm is not None]
    data: dict[str, Any] = {
        "label": labels,
        "fsample": rate,
        "trial": [np.ascontiguousarray(samples.T)],
        "time": [np.arange(count)[None, :] / rate],
        "sampleinfo": np.array([[1.0 + start, count + start]]),
        "hdr": {
            "Fs": rate, "nChans": float(len(recording.channels)), "nSamples": float(count), "nSamplesPre": 0.0,
            "nTrials": 1.0, "label": labels, "chantype": _column([c.type.lower() for c in recording.channels]),
            "chanunit": _column([channel.unit for channel in recording.channels]),
        },
        "cfg": {"event": [
            {"type": mark.label, "value": mark.label, "sample": round((mark.onset_s or 0.0) * rate) + 1.0 - start,
             "offset": 0.0, "duration": (mark.duration_s or 0.0) * rate}
            for mark in _timed(recording, start, last)
        ]},
    }  # fmt: skip
    if placed:
        places = np.array([channel.position_mm for channel in placed])
        names = _column([channel.name for channel in placed])
        data["elec"] = {"label": names, "elecpos": places, "chanpos": places, "unit": "mm", "coordsys": "ras"}
    return {"data": data}


def brainstorm(recording: Recording, *, start: int = 0, stop: int | None = None) -> dict[str, Any]:
    """The variables of a Brainstorm ``data_*.mat`` and, in ``Channel``, of its channel file."""
    samples, last = _samples(recording, start, stop)
    rate = float(recording.rate_hz)
    marks = _timed(recording, start, last)
    labels = list(dict.fromkeys(mark.label for mark in marks))
    events = []
    for label in labels:
        here = [mark for mark in marks if mark.label == label]
        onsets = np.array([[(mark.onset_s or 0.0) - start / rate for mark in here]])
        lengths = np.array([[mark.duration_s or 0.0 for mark in here]])
        times = np.vstack([onsets, onsets + lengths]) if lengths.any() else onsets
        events.append({"label": label, "color": np.array([[0.0, 0.5, 0.0]]), "epochs": np.ones((1, len(here))),
                       "times": times, "reactTimes": None, "select": 1.0, "channels": [], "notes": []})  # fmt: skip
    return {
        "F": np.ascontiguousarray(samples.T),
        "Time": np.arange(samples.shape[0])[None, :] / rate,
        "ChannelFlag": np.array([[-1.0 if channel.bad else 1.0] for channel in recording.channels]),
        "Comment": "commissure", "DataType": "recordings", "Device": "", "nAvg": 1.0, "Leff": 1.0, "Events": events,
        "Channel": [_brainstorm_channel(channel) for channel in recording.channels], "History": [],
    }  # fmt: skip


def _brainstorm_channel(channel: Channel) -> dict[str, Any]:
    # Brainstorm's SCS has X to the nose and Y to the left ear, in metres
    place = channel.position_mm
    loc = np.array([[place[1]], [-place[0]], [place[2]]]) * _METRE if place is not None else None
    return {"Name": channel.name, "Type": channel.type, "Loc": loc, "Orient": None, "Weight": 1.0, "Comment": "",
            "Group": channel.group}  # fmt: skip


def _samples(recording: Recording, start: int, stop: int | None) -> tuple[np.ndarray[Any, Any], int]:
    count = recording.signal.shape[0]
    last = count if stop is None else min(stop, count)
    if not 0 <= start < last:
        raise BadInput(
            f"An excerpt needs a start before its stop, within {count} samples; got {start} to {stop}."
        )
    return recording.si(start, last), last


def _timed(recording: Recording, start: int, last: int) -> list[Any]:
    first_s, last_s = start / recording.rate_hz, last / recording.rate_hz
    marks = [m for m in recording.annotations if m.onset_s is not None and first_s <= m.onset_s < last_s]
    return sorted(marks, key=lambda mark: mark.onset_s or 0.0)


def _column(texts: list[str]) -> np.ndarray[Any, Any]:
    """A cell of N×1, as FieldTrip wants its labels."""
    cells = np.empty((len(texts), 1), dtype=object)
    cells[:, 0] = texts
    return cells


#: the program's name, and who makes its structure
TOOLS: Mapping[str, Any] = {"eeglab": eeglab, "fieldtrip": fieldtrip, "brainstorm": brainstorm}


def write_for(
    tool: str, recording: Recording, *, to: Path | BinaryIO, start: int = 0, stop: int | None = None
) -> None:
    """Write a recording, or samples ``start`` to ``stop`` of it, as ``tool`` reads it.

    Parameters
    ----------
    tool : str
        ``"eeglab"`` (name the file ``.set``), ``"fieldtrip"`` or ``"brainstorm"``.
    recording : Recording
        What is written.
    to : Path or binary file
        Where to.
    start, stop : int
        The first sample, and the one after the last.

    Raises
    ------
    BadInput
        If the program is not known, or the excerpt is empty.
    """
    if tool not in TOOLS:
        raise BadInput(f"No structure is known for {tool!r}; there are: {', '.join(TOOLS)}.")
    write_mat(to, TOOLS[tool](recording, start=start, stop=stop), types=False)

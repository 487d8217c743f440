"""Synthesize signals: an ``.npz`` archive of scans, EEG epochs or spike trains becomes a synthetic one of the same form."""

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.synthetic.eeg import EpochedEEG
from commissure.protect.synthetic.fmri import RegionalSeries
from commissure.protect.synthetic.spikes import SpikeTrains, Trials

__all__ = ["synthesize_archive"]

_EEG = {"volts", "rate_hz"}
_SPIKES = {"times_s", "trial", "unit", "stimulus", "duration_s"}
Arrays = dict[str, NDArray[Any]]


def synthesize_archive(data: bytes, *, subjects: int, rng: np.random.Generator) -> tuple[Arrays, str, int]:
    """Synthetic arrays, the generator's name, and how many subjects (of spike trains: trials) were made.

    Parameters
    ----------
    data : bytes
        An ``.npz`` archive: ``volts`` of shape (subject, epoch, time, channel) and ``rate_hz``; or spikes as ``times_s``,
        ``trial`` and ``unit`` (one value a spike), ``stimulus`` (one a trial) and ``duration_s``; or else regional time
        series, an array a subject, of shape (time, region) or (session, time, region).
    subjects : int
        How many; 0 for as many as there are.
    rng : numpy.random.Generator
        Draws them.

    Raises
    ------
    BadInput
        If the arrays are none of these, or cannot be learned from.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {key: np.asarray(archive[key]) for key in sorted(archive.files)}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise BadInput("The file is no .npz archive of plain arrays, or is cut short.") from error
    if set(arrays) == _EEG:
        return _eeg(arrays, subjects, rng)
    if set(arrays) == _SPIKES:
        return _spikes(arrays, subjects, rng)
    return _series(arrays, subjects, rng)


def _series(arrays: Arrays, subjects: int, rng: np.random.Generator) -> tuple[Arrays, str, int]:
    if any(each.ndim not in {2, 3} for each in arrays.values()):
        raise BadInput("Each array must have shape (time, region) or (session, time, region).")
    cohort = [
        list(each.astype(float)) if each.ndim == 3 else [each.astype(float)] for each in arrays.values()
    ]
    count = subjects or len(cohort)
    made = RegionalSeries().fit(cohort).sample(count, rng)
    return {f"sub-synthetic{i + 1:03d}": np.array(each) for i, each in enumerate(made)}, "fmri", count


def _eeg(arrays: Arrays, subjects: int, rng: np.random.Generator) -> tuple[Arrays, str, int]:
    rate = float(arrays["rate_hz"])
    count = subjects or len(arrays["volts"])
    made = EpochedEEG(rate_hz=rate).fit(arrays["volts"].astype(float)).sample(count, rng)
    return {"volts": made, "rate_hz": np.array(rate)}, "eeg", count


def _spikes(arrays: Arrays, subjects: int, rng: np.random.Generator) -> tuple[Arrays, str, int]:
    times, trial, unit = arrays["times_s"].astype(float), arrays["trial"], arrays["unit"]
    stimulus = arrays["stimulus"]
    trials, units = len(stimulus), int(unit.max(initial=-1)) + 1
    if (
        not (times.shape == trial.shape == unit.shape)
        or (trial >= trials).any()
        or min(trial.min(initial=0), unit.min(initial=0)) < 0
    ):
        raise BadInput(f"times_s, trial and unit must have one value a spike, and trials be below {trials}; got shapes {times.shape}, {trial.shape}, {unit.shape}.")  # fmt: skip
    place = np.lexsort((times, unit, trial))
    parts = np.split(
        times[place], np.cumsum(np.bincount(trial * units + unit, minlength=trials * units))[:-1]
    )
    listed = tuple(tuple(parts[t * units + u] for u in range(units)) for t in range(trials))
    made = (
        SpikeTrains()
        .fit(Trials(listed, stimulus, float(arrays["duration_s"])))
        .sample(subjects or trials, rng)
    )
    flat = [(s, t, u) for t, each in enumerate(made.times_s) for u, train in enumerate(each) for s in train]
    rows = np.array(flat, dtype=float).reshape(-1, 3)
    return {"times_s": rows[:, 0], "trial": rows[:, 1].astype(int), "unit": rows[:, 2].astype(int),
            "stimulus": np.asarray(made.stimulus), "duration_s": np.array(made.duration_s)}, "spikes", len(made.times_s)  # fmt: skip

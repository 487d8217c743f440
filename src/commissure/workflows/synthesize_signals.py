"""Signals that people send in, an ``.npz`` archive of scans, EEG epochs or spike trains, and what is made of them in the same form."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.synthetic.eeg import EpochedEEG, log_power
from commissure.protect.synthetic.fmri import RegionalSeries
from commissure.protect.synthetic.spikes import SpikeTrains, Trials, count_spikes

__all__ = ["Signals", "read_signals"]

_EEG = {"volts", "rate_hz"}
_SPIKES = {"times_s", "trial", "unit", "stimulus", "duration_s"}
_COUNTED_S = 0.1
Array = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]


class Signals(Protocol):
    """A cohort of signals: how it is learned, what an attacker measures of it, and how it is written."""

    #: the generator's name, what one of the cohort is called, and how many a half must have
    kind: ClassVar[str]
    unit: ClassVar[str]
    fewest: ClassVar[int]

    @property
    def size(self) -> int:
        """How many people (of spike trains: trials) there are."""
        ...

    def drawn(self, who: NDArray[np.int64], count: int, rng: np.random.Generator) -> Any:
        """``count`` synthetic ones, learned from those at ``who`` alone."""
        ...

    def measured(self, made: Any = None) -> Array:
        """What an attacker measures of each that was made (or, without it, of the cohort), shape (one, feature)."""
        ...

    def packed(self, made: Any) -> Arrays:
        """What was made, as arrays in the form that was read."""
        ...


@dataclass(frozen=True, slots=True)
class _Scans:
    cohort: Sequence[Sequence[Array]]
    kind: ClassVar[str] = "fmri"
    unit: ClassVar[str] = "people"
    fewest: ClassVar[int] = 6

    @property
    def size(self) -> int:
        return len(self.cohort)

    def drawn(self, who: NDArray[np.int64], count: int, rng: np.random.Generator) -> list[list[Array]]:
        return RegionalSeries().fit([self.cohort[i] for i in who]).sample(count, rng)

    def measured(self, made: Any = None) -> Array:
        cohort = self.cohort if made is None else made
        upper = np.triu_indices(cohort[0][0].shape[1], 1)
        return np.array([np.mean([np.corrcoef(s.T)[upper] for s in each], axis=0) for each in cohort])

    def packed(self, made: Any) -> Arrays:
        return {f"sub-synthetic{i + 1:03d}": np.array(each) for i, each in enumerate(made)}


@dataclass(frozen=True, slots=True)
class _Epochs:
    volts: Array
    rate_hz: float
    kind: ClassVar[str] = "eeg"
    unit: ClassVar[str] = "people"
    fewest: ClassVar[int] = 6

    @property
    def size(self) -> int:
        return len(self.volts)

    def drawn(self, who: NDArray[np.int64], count: int, rng: np.random.Generator) -> Array:
        return EpochedEEG(rate_hz=self.rate_hz).fit(self.volts[who]).sample(count, rng)

    def measured(self, made: Any = None) -> Array:
        return log_power(self.volts if made is None else made, rate_hz=self.rate_hz)

    def packed(self, made: Any) -> Arrays:
        return {"volts": made, "rate_hz": np.array(self.rate_hz)}


@dataclass(frozen=True, slots=True)
class _Spikes:
    trials: Trials
    kind: ClassVar[str] = "spikes"
    unit: ClassVar[str] = "trials"
    fewest: ClassVar[int] = 20

    @property
    def size(self) -> int:
        return len(self.trials.times_s)

    def drawn(self, who: NDArray[np.int64], count: int, rng: np.random.Generator) -> Trials:
        some = tuple(self.trials.times_s[i] for i in who)
        return SpikeTrains().fit(Trials(some, self.trials.stimulus[who], self.trials.duration_s)).sample(count, rng)  # fmt: skip

    def measured(self, made: Any = None) -> Array:
        cohort = self.trials if made is None else made
        return count_spikes(cohort, window_s=_COUNTED_S).reshape(len(cohort.times_s), -1)

    def packed(self, made: Any) -> Arrays:
        flat = [(s, t, u) for t, each in enumerate(made.times_s) for u, train in enumerate(each) for s in train]  # fmt: skip
        rows = np.array(flat, dtype=float).reshape(-1, 3)
        return {"times_s": rows[:, 0], "trial": rows[:, 1].astype(int), "unit": rows[:, 2].astype(int),
                "stimulus": np.asarray(made.stimulus), "duration_s": np.array(made.duration_s)}  # fmt: skip


def read_signals(data: bytes) -> Signals:
    """The cohort of an archive.

    Parameters
    ----------
    data : bytes
        An ``.npz`` archive: ``volts`` of shape (subject, epoch, time, channel) and ``rate_hz``; or spikes as ``times_s``,
        ``trial`` and ``unit`` (one value a spike), ``stimulus`` (one a trial) and ``duration_s``; or else regional time
        series, an array a subject, of shape (time, region) or (session, time, region).

    Raises
    ------
    BadInput
        If the arrays are none of these.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {key: np.asarray(archive[key]) for key in sorted(archive.files)}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise BadInput("The file is no .npz archive of plain arrays, or is cut short.") from error
    if set(arrays) == _EEG:
        if arrays["volts"].ndim != 4 or arrays["rate_hz"].size != 1:
            raise BadInput(f"volts must have shape (subject, epoch, time, channel), and rate_hz be one number; got {arrays['volts'].shape} and {arrays['rate_hz'].shape}.")  # fmt: skip
        return _Epochs(arrays["volts"].astype(float), float(arrays["rate_hz"].item()))
    if set(arrays) == _SPIKES:
        return _Spikes(_trials(arrays))
    if any(each.ndim not in {2, 3} for each in arrays.values()):
        raise BadInput("Each array must have shape (time, region) or (session, time, region).")
    return _Scans([list(each.astype(float)) if each.ndim == 3 else [each.astype(float)] for each in arrays.values()])  # fmt: skip


def _trials(arrays: Arrays) -> Trials:
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
    return Trials(listed, stimulus, float(arrays["duration_s"]))

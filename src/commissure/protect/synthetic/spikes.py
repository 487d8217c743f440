"""Synthetic spike trains: rates, tuning, correlations, refractoriness and drift of a recorded population.

Every small bin fires or not (a dichotomized Gaussian): a latent Gaussian, correlated over units, crosses a threshold
that follows each unit's rate over the trial for the stimulus shown, a slow gain of the trial (correlated over units, with
drift), and the hazard since the unit's own last spike. Rates are calibrated on the generator's own output.

References
----------
Macke et al. 2009, doi:10.1162/neco.2008.02-08-713; Goris, Movshon & Simoncelli 2014 (gain), doi:10.1038/nn.3711.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["SpikeTrains", "Trials", "count_spikes"]

Array = NDArray[np.float64]
_BIN_S = 0.002
_HAZARD = 40
_SMOOTH_S = 0.05
_LONGEST_REFRACTORY_S = 0.005


@dataclass(frozen=True, slots=True)
class Trials:
    """Spikes of a population over trials.

    Parameters
    ----------
    times_s : tuple of tuple of array
        For each trial, for each unit, ascending times from the trial's start.
    stimulus : array, shape (trial,)
        Which stimulus was shown.
    duration_s : float
        How long a trial is.
    """

    times_s: tuple[tuple[Array, ...], ...]
    stimulus: NDArray[Any]
    duration_s: float


class SpikeTrains:
    """A generator of spike trains over trials; ``n`` is the number of trials.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> times = tuple((np.sort(rng.uniform(0, 1, 20)), np.sort(rng.uniform(0, 1, 9))) for _ in range(30))
    >>> made = SpikeTrains().fit(Trials(times, np.arange(30) % 2, 1.0)).sample(4, rng)
    >>> len(made.times_s), len(made.times_s[0])
    (4, 2)
    """

    def fit(self, cohort: Trials) -> Self:
        """Learn from trials.

        Raises
        ------
        BadInput
            If there are under 20 trials, a unit never fires, or times are not ascending within the trial.
        """
        _check(cohort)
        self.duration_s_ = cohort.duration_s
        spikes = _binned(cohort)
        self.stimuli_, shown = np.unique(cohort.stimulus, return_inverse=True)
        self.share_ = np.bincount(shown) / len(shown)
        rate = np.array([_smooth(spikes[shown == s].mean(axis=0)) for s in range(len(self.stimuli_))])
        self.rate_ = _shrunk(rate, np.bincount(shown))
        self.refractory_s_ = _refractory(cohort)
        self.hazard_ = _hazard(spikes, self.rate_[shown])
        self._fit_gain(spikes.sum(axis=1), shown)
        self._fit_latent(spikes, shown)
        self.scale_ = np.ones(self.rate_.shape[::2])
        rng = np.random.default_rng(0)
        want = self.rate_.mean(axis=1)
        for _ in range(3):
            shown_again = np.repeat(np.arange(len(self.stimuli_)), max(20, 120 // len(self.stimuli_)))
            made = self._draw(
                shown_again, np.linspace(0, 1, len(shown_again))[rng.permutation(len(shown_again))], rng
            )
            got = np.array([made[shown_again == s].mean(axis=(0, 1)) for s in range(len(self.stimuli_))])
            self.scale_ *= np.clip(want / np.maximum(got, 1e-9), 0.3, 3.0)
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Trials:
        """``n`` synthetic trials in an order like the recording's: stimuli at random, drift from first to last."""
        shown = rng.choice(len(self.stimuli_), size=n, p=self.share_)
        spikes = self._draw(shown, np.arange(n) / max(n - 1, 1), rng)
        units = spikes.shape[2]
        times = tuple(
            tuple(self._place(np.flatnonzero(spikes[trial, :, unit]), unit, rng) for unit in range(units))
            for trial in range(n)
        )
        return Trials(times, self.stimuli_[shown], self.duration_s_)

    def _fit_gain(self, counts: Array, shown: NDArray[np.int64]) -> None:
        """Log gain of each trial: a drift over the recording, and what units share from trial to trial."""
        mean = np.maximum(self.rate_.sum(axis=1)[shown], 0.05)
        ratio = counts / mean
        place = np.linspace(0, 1, len(counts))
        self.drift_ = np.polynomial.polynomial.polyfit(place, ratio, 2)
        drift = np.maximum(np.polynomial.polynomial.polyval(place, self.drift_).T, 0.05)
        inner = counts / (mean * drift) - 1
        covariance = np.atleast_2d(np.cov(inner.T))
        own = np.array([_renewal_fano(self.hazard_[:, u]) for u in range(counts.shape[1])])
        covariance[np.diag_indices_from(covariance)] -= own * (1 / (mean * drift)).mean(axis=0)
        values, vectors = np.linalg.eigh(np.log1p(np.clip(covariance, -0.5, None)))
        self.gain_root_ = vectors * np.sqrt(np.maximum(values, 0.0))

    def _fit_latent(self, spikes: Array, shown: NDArray[np.int64]) -> None:
        """Latent correlation within a bin, from coincidences beyond those of rate and trial gain."""
        units = spikes.shape[2]
        expected = self.rate_[shown]
        flat, mean = spikes.reshape(-1, units), expected.reshape(-1, units)
        together, chance = flat.T @ flat / len(flat), mean.T @ mean / len(mean)
        gain = self.gain_root_ @ self.gain_root_.T
        chance = chance * np.exp(gain)
        rate = flat.mean(axis=0)
        latent = np.eye(units)
        for a in range(units):
            for b in range(a):
                excess = together[a, b] - chance[a, b]
                latent[a, b] = latent[b, a] = _latent(rate[a], rate[b], excess)
        values, vectors = np.linalg.eigh(latent)
        lifted = (vectors * np.maximum(values, 1e-4)) @ vectors.T
        scale = np.sqrt(np.diag(lifted))
        self.latent_root_ = np.linalg.cholesky(lifted / np.outer(scale, scale))

    def _draw(self, shown: NDArray[np.int64], place: Array, rng: np.random.Generator) -> Array:
        special: Any = need("scipy.special", purpose="Making spike trains")
        units = self.rate_.shape[2]
        drift = np.maximum(np.polynomial.polynomial.polyval(place, self.drift_).T, 0.05)
        shared = self.gain_root_ @ self.gain_root_.T
        gain = np.exp(rng.normal(size=(len(shown), units)) @ self.gain_root_.T - np.diag(shared) / 2) * drift
        age = np.full((len(shown), units), _HAZARD - 1)
        bins = self.rate_.shape[1]
        made = np.zeros((len(shown), bins, units))
        column = np.arange(units)
        base = gain * self.scale_[shown]
        for step in range(bins):
            chance = np.clip(self.rate_[shown, step] * base * self.hazard_[age, column], 0.0, 0.95)
            latent = rng.normal(size=chance.shape) @ self.latent_root_.T
            fired = special.ndtr(latent) > 1 - chance
            made[:, step] = fired
            age = np.where(fired, 0, np.minimum(age + 1, _HAZARD - 1))
        return made

    def _place(self, bins: NDArray[np.int64], unit: int, rng: np.random.Generator) -> Array:
        """Spike times within their bins, none within the refractory time of the one before."""
        times: list[float] = []
        for index in bins:
            low, high = index * _BIN_S, (index + 1) * _BIN_S
            if times:
                low = max(low, times[-1] + self.refractory_s_[unit])
            if low < high:
                times.append(float(rng.uniform(low, high)))
        return np.array(times)


def count_spikes(trials: Trials, *, window_s: float | None = None) -> Array:
    """Spike counts, shape (trial, unit); or (trial, window, unit) in windows of ``window_s``."""
    if window_s is None:
        return np.array([[float(len(unit)) for unit in trial] for trial in trials.times_s])
    edges = np.arange(0, trials.duration_s + window_s / 2, window_s)
    counts = [[np.histogram(unit, edges)[0] for unit in trial] for trial in trials.times_s]
    return np.swapaxes(np.array(counts, dtype=float), 1, 2)


def _check(cohort: Trials) -> None:
    if len(cohort.times_s) < 20 or len(cohort.stimulus) != len(cohort.times_s):
        raise BadInput(f"Spike trains take 20 trials at least, a stimulus each; got {len(cohort.times_s)} and {len(cohort.stimulus)}.")  # fmt: skip
    silent = int((count_spikes(cohort).sum(axis=0) < 10).sum())
    late = sum(
        bool(len(u) and (u[0] < 0 or u[-1] > cohort.duration_s or (np.diff(u) < 0).any()))
        for t in cohort.times_s
        for u in t
    )
    if silent or late:
        raise BadInput(f"{silent} units have under 10 spikes and {late} trains leave the trial or do not ascend; take them out.")  # fmt: skip


def _binned(cohort: Trials) -> Array:
    bins = round(cohort.duration_s / _BIN_S)
    made = np.zeros((len(cohort.times_s), bins, len(cohort.times_s[0])))
    for trial, units in enumerate(cohort.times_s):
        for unit, times in enumerate(units):
            made[trial, np.minimum((times / _BIN_S).astype(int), bins - 1), unit] = 1.0
    return made


def _shrunk(rate: Array, trials: NDArray[np.int64]) -> Array:
    """Courses over the trial, pulled to what is common to all stimuli, and that to a flat one, as far as few spikes explain them."""
    level = rate.mean(axis=1, keepdims=True)
    weight = trials[:, None, None] * level
    noise = (_kernel() ** 2).sum() / weight
    course = rate / level
    common = (weight * course).sum(axis=0) / weight.sum(axis=0)
    left, own = common - 1, course - common
    share = np.clip(
        1 - (_kernel() ** 2).sum() / weight.sum(axis=0) / np.maximum((left**2).mean(axis=0), 1e-300), 0, 1
    )
    rest = np.clip(
        1 - noise.mean(axis=0) * (1 - 1 / len(rate)) / np.maximum((own**2).mean(axis=(0, 1)), 1e-300), 0, 1
    )
    return np.asarray(np.maximum(level * (1 + share * left + rest * own), 1e-6))


def _kernel() -> Array:
    width = max(1, round(_SMOOTH_S / _BIN_S))
    window = np.hanning(width + 2)[1:-1]
    return np.asarray(window / window.sum())


def _smooth(rate: Array) -> Array:
    kernel = _kernel()
    width = len(kernel)
    padded = np.pad(rate, ((width, width), (0, 0)), mode="reflect")
    smooth = np.array([np.convolve(column, kernel, mode="same") for column in padded.T]).T[width:-width]
    return np.asarray(np.maximum(smooth, 1e-6))


def _refractory(cohort: Trials) -> Array:
    units = range(len(cohort.times_s[0]))
    gaps = [np.concatenate([np.diff(trial[unit]) for trial in cohort.times_s]) for unit in units]
    return np.array(
        [float(np.clip(gap.min(), 0.0, _LONGEST_REFRACTORY_S)) if len(gap) else 0.0 for gap in gaps]
    )


def _hazard(spikes: Array, expected: Array) -> Array:
    """How likely a spike is at each age since the last, relative to the rate; shape (age, unit)."""
    age = np.full(spikes.shape[::2], _HAZARD - 1)
    fired, due = np.full((_HAZARD, spikes.shape[2]), 2.0), np.full((_HAZARD, spikes.shape[2]), 2.0)
    column = np.broadcast_to(np.arange(spikes.shape[2]), age.shape)
    for step in range(spikes.shape[1]):
        now = spikes[:, step] > 0
        np.add.at(fired, (age, column), now)
        np.add.at(due, (age, column), expected[:, step])
        age = np.where(now, 0, np.minimum(age + 1, _HAZARD - 1))
    # the prior of two spikes gives way where there are data; an age at which nothing was seen is nearly silent
    return np.asarray(
        np.maximum((fired - 2.0) / np.maximum(due - 2.0, 1e-9) * (due > 2.5) + (due <= 2.5), 0.0)
    )


def _renewal_fano(hazard: Array) -> float:
    """The share of Poisson variance that a unit's own refractoriness leaves, roughly."""
    dead = float(np.maximum(1 - hazard[: _HAZARD // 2], 0).sum()) * _BIN_S
    return float(1 / (1 + 10 * dead) ** 2)


def _latent(first: float, second: float, excess: float) -> float:
    """The latent correlation at which two thresholded Gaussians fire together as often as seen."""
    special: Any = need("scipy.special", purpose="Fitting spike trains")
    a, b = float(special.ndtri(first)), float(special.ndtri(second))
    # density of the bivariate normal, integrated over the correlation by the midpoint rule
    grid = np.linspace(-0.98, 0.98, 197)
    density = np.exp(-(a * a - 2 * grid * a * b + b * b) / (2 * (1 - grid**2))) / (
        2 * np.pi * np.sqrt(1 - grid**2)
    )
    area = np.cumsum(density) * (grid[1] - grid[0])
    area -= np.interp(0.0, grid, area)
    return float(np.interp(excess, area, grid))

"""Synthetic fMRI: regional time series with a group's connectivity, spectra, test-retest structure and states.

Each person's connectivity is a point in log-Euclidean coordinates: a trait that stays, a session that changes, and the
noise of a finite scan, which is measured from the two halves of each scan and not drawn twice. Within a scan brain states
follow each other as a Markov chain; each shifts the connectivity. Regions are filtered to their own spectra. What the
whole chain distorts is measured on its own output and taken out (three rounds of calibration).

People and sessions differ along pairs of the modes (eigenvectors) of the group's own connectivity, each pair as much as its
two modes take part. The principal components of the people would lie in the space that their own differences span, and
tell who was in.

References
----------
Arsigny et al. 2006, doi:10.1002/mrm.20965; Allen et al. 2014 (states), doi:10.1093/cercor/bhs352; Laumann et al. 2017,
doi:10.1093/cercor/bhw265.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["RegionalSeries", "connectivity_of"]

Array = NDArray[np.float64]
_RIDGE = 0.05
_BANDS = 64
_CALIBRATION = 32
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _States:
    offsets: Array
    transition: Array
    start: Array


class RegionalSeries:
    """A generator of resting scans as regional time series.

    Parameters
    ----------
    states : int
        How many brain states; 1 for none.
    window : int
        Volumes a window in which a state is told, about 30 s.
    volumes : int or None
        The length of what is made; None for that of the first scan.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cohort = [[rng.normal(size=(120, 4))] for _ in range(8)]
    >>> RegionalSeries(states=1).fit(cohort).sample(2, rng)[0][0].shape
    (120, 4)
    """

    def __init__(self, *, states: int = 3, window: int = 20, volumes: int | None = None) -> None:
        self.states, self.window, self.volumes = states, window, volumes

    def fit(self, cohort: Sequence[Sequence[Array]]) -> Self:
        """Learn from scans.

        Parameters
        ----------
        cohort : sequence of subjects, each a sequence of sessions, each an array of shape (time, region)
            Any unit; each region is standardized.

        Raises
        ------
        BadInput
            If there are under 5 subjects, regions differ, a series is constant, or values are missing.
        """
        scans = _checked(cohort)
        self.volumes_ = self.volumes or len(scans[0][0])
        self.sessions_ = int(np.median([len(each) for each in scans]))
        self.spectrum_ = np.mean([_spectrum(scan) for each in scans for scan in each], axis=0)
        points = [np.array([_coordinates(_correlation(scan)) for scan in each]) for each in scans]
        self.base_: Array = np.mean([each.mean(axis=0) for each in points], axis=0)
        self.within_: Array = np.zeros(0)
        self.between_: Array = np.zeros(0)
        self.mean_ = connectivity_of(scans)
        self._fit_variances(scans, points)
        self.shift_ = np.zeros_like(self.base_)
        self.states_ = _no_states(len(self.base_))
        rng = np.random.default_rng(0)
        if self.states > 1:
            self._fit_states([scan for each in scans for scan in each], rng)
        for _ in range(_ROUNDS):
            self._calibrate(points, rng)
        return self

    def sample(self, n: int, rng: np.random.Generator) -> list[list[Array]]:
        """``n`` synthetic subjects, each with the cohort's usual number of sessions, standardized series."""
        made = []
        for _ in range(n):
            trait = self.base_ + self.shift_ + _offset(self.between_, self.axes_, rng)
            made.append([
                self._scan(trait + _offset(self.within_, self.axes_, rng), rng) for _ in range(self.sessions_)
            ])  # fmt: skip
        return made

    def _calibrate(self, points: list[Array], rng: np.random.Generator) -> None:
        """Take out what states, filters and finite scans add to the mean and the variances."""
        drawn = self.sample(_CALIBRATION, rng)
        self.shift_ = self.shift_ + _coordinates(self.mean_) - _coordinates(connectivity_of(drawn))
        made = [np.array([_coordinates(_correlation(s)) for s in each]) for each in drawn]
        (want, want_session), (got, got_session) = (
            _variances(points, self.axes_),
            _variances(made, self.axes_),
        )
        if want_session is not None and got_session is not None:
            self.within_ = np.maximum(self.within_ + want_session - got_session, 0.0)
        self.between_ = np.maximum(self.between_ + want - got, 0.02 * want)

    def _fit_variances(self, scans: list[list[Array]], points: list[Array]) -> None:
        """Split what differs into trait, session and the noise of a finite scan, along pairs of the group's own modes."""
        self.axes_ = np.linalg.eigh(_symmetric(self.base_))[1]
        total, several = _variances(points, self.axes_)
        noise = np.mean([_half_difference(scan, self.axes_) for each in scans for scan in each], axis=0) / 4
        session = noise if several is None else several
        self.within_ = np.maximum(session - noise, 0.0)
        self.between_ = np.maximum(total - session / self.sessions_, 0.02 * total)

    def _fit_states(self, scans: list[Array], rng: np.random.Generator) -> None:
        real = _cluster(scans, self.states, self.window)
        chance = _cluster(
            [scan for each in self.sample(max(4, len(scans) // 4), rng) for scan in each],
            self.states,
            self.window,
        )
        size = np.linalg.norm(real.offsets)
        ratio = float(np.linalg.norm(chance.offsets)) / max(float(size), 1e-12)
        share = float(np.sqrt(max(0.0, 1 - ratio**2)))
        self.states_ = _States(real.offsets * share, real.transition, real.start)

    def _scan(self, point: Array, rng: np.random.Generator) -> Array:
        size = self.spectrum_.shape[1]
        grain = _filtered(rng.normal(size=(self.volumes_, size)), self.spectrum_.mean(axis=1, keepdims=True))
        roots = np.array([np.linalg.cholesky(_matrix(point + offset)) for offset in self.states_.offsets])
        path = _walk(self.states_, -(-self.volumes_ // self.window), rng)
        now = np.repeat(path, self.window)[: self.volumes_]
        mixed = np.einsum("tij,tj->ti", roots[now], grain)
        own = _filtered(mixed, self.spectrum_ / self.spectrum_.mean(axis=1, keepdims=True))
        return np.asarray((own - own.mean(axis=0)) / own.std(axis=0))


def connectivity_of(cohort: Sequence[Sequence[Array]]) -> Array:
    """The mean correlation matrix over all scans of a cohort, shape (region, region)."""
    return np.asarray(np.mean([_correlation(scan) for each in cohort for scan in each], axis=0))


def _variances(points: list[Array], axes: Array) -> tuple[Array, Array | None]:
    """Variance of people's means, and of sessions within people (None where each has one), along pairs of modes."""
    means = np.array([each.mean(axis=0) for each in points])
    several = [
        np.asarray(_squares(each - each.mean(axis=0), axes) / (len(each) - 1))
        for each in points
        if len(each) > 1
    ]
    total = _squares(means - means.mean(axis=0), axes) / (len(means) - 1)
    return total, np.mean(several, axis=0) if several else None


def _squares(rows: Array, axes: Array) -> Array:
    """Sums of squares along pairs of modes, smoothed to how much each mode takes part: of no single person's shape."""
    sums, twice = np.zeros_like(axes), 2 - np.eye(len(axes))
    for row in rows:
        sums += twice * (axes.T @ _symmetric(row) @ axes) ** 2
    part = sums.mean(axis=0)
    return np.asarray(np.outer(part, part) / max(float(part.mean()), 1e-300))


def _offset(variance: Array, axes: Array, rng: np.random.Generator) -> Array:
    """A Gaussian offset with these variances along pairs of modes, in coordinates."""
    drawn = np.triu(rng.normal(size=variance.shape))
    drawn = (drawn + np.triu(drawn, 1).T) * (variance / (2 - np.eye(len(axes)))) ** 0.5
    return _flattened(axes @ drawn @ axes.T)


def _flattened(matrix: Array) -> Array:
    i, j = np.triu_indices(len(matrix))
    return np.asarray(matrix[i, j] * np.where(i == j, 1.0, 2**0.5))


def _symmetric(point: Array) -> Array:
    size = int((2 * len(point)) ** 0.5)
    i, j = np.triu_indices(size)
    matrix = np.zeros((size, size))
    matrix[i, j] = matrix[j, i] = point / np.where(i == j, 1.0, 2**0.5)
    return matrix


def _checked(cohort: Sequence[Sequence[Array]]) -> list[list[Array]]:
    scans = [[np.asarray(scan, dtype=float) for scan in each] for each in cohort]
    if len(scans) < 5 or any(not each for each in scans):
        raise BadInput(f"A generator of scans takes 5 subjects with a scan each at least; got {len(scans)}.")
    regions = {scan.shape[1:] for each in scans for scan in each}
    if len(regions) != 1 or any(scan.ndim != 2 or len(scan) < 40 for each in scans for scan in each):
        raise BadInput(
            f"Scans must have shape (time, region), 40 volumes at least, regions alike; got regions {regions}."
        )
    missing = sum(not np.isfinite(scan).all() for each in scans for scan in each)
    flat = sum(bool((scan.std(axis=0) == 0).any()) for each in scans for scan in each)
    if missing or flat:
        raise BadInput(
            f"{missing} scans hold missing values and {flat} a constant region; take them out first."
        )
    return [[(scan - scan.mean(axis=0)) / scan.std(axis=0) for scan in each] for each in scans]


def _correlation(scan: Array) -> Array:
    return np.asarray(np.corrcoef(scan.T))


def _coordinates(matrix: Array) -> Array:
    size = len(matrix)
    values, vectors = np.linalg.eigh((1 - _RIDGE) * matrix + _RIDGE * np.eye(size))
    return _flattened((vectors * np.log(np.maximum(values, _RIDGE / 2))) @ vectors.T)


def _matrix(point: Array) -> Array:
    values, vectors = np.linalg.eigh(_symmetric(point))
    lifted = (vectors * np.maximum((np.exp(values) - _RIDGE) / (1 - _RIDGE), 1e-3)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    return np.asarray(lifted / np.outer(scale, scale))


def _half_difference(scan: Array, axes: Array) -> Array:
    """Squared difference of a scan's two halves: four times the noise variance of the whole."""
    half = len(scan) // 2
    gap = _coordinates(_correlation(scan[:half])) - _coordinates(_correlation(scan[half:]))
    return _squares(gap[None], axes)


def _spectrum(scan: Array) -> Array:
    """Relative power in even bands, shape (band, region)."""
    power = np.abs(np.fft.rfft(scan, axis=0)) ** 2
    place = np.linspace(0, len(power) - 1e-9, _BANDS + 1).astype(int)
    bands = np.array([power[a : max(b, a + 1)].mean(axis=0) for a, b in zip(place, place[1:], strict=False)])
    return np.asarray(bands / bands.mean(axis=0))


def _filtered(series: Array, bands: Array) -> Array:
    transform = np.fft.rfft(series, axis=0)
    place = (np.arange(len(transform)) / max(len(transform) - 1, 1)) * (_BANDS - 1)
    gain = np.array([np.interp(place, np.arange(_BANDS), column) for column in bands.T]).T
    made = np.fft.irfft(transform * np.sqrt(np.maximum(gain, 0.0)), n=len(series), axis=0)
    return np.asarray(made / np.maximum(made.std(axis=0), 1e-12))


def _no_states(coordinates: int) -> _States:
    return _States(np.zeros((1, coordinates)), np.ones((1, 1)), np.ones(1))


def _cluster(scans: list[Array], count: int, window: int) -> _States:
    """k-means of windows' connectivity, each scan's own mean taken off; offsets, transitions and shares."""
    windows = []
    for scan in scans:
        parts = [scan[a : a + window] for a in range(0, len(scan) - window + 1, window)]
        points = np.array(
            [_coordinates(0.5 * np.nan_to_num(_correlation(p)) + 0.5 * np.eye(scan.shape[1])) for p in parts]
        )
        windows.append(points - points.mean(axis=0))
    whole = np.concatenate(windows)
    centre = whole[np.linspace(0, len(whole) - 1, count).astype(int)]
    for _ in range(30):
        label = np.argmin(((whole[:, None, :] - centre[None]) ** 2).sum(axis=2), axis=1)
        centre = np.array(
            [whole[label == k].mean(axis=0) if (label == k).any() else centre[k] for k in range(count)]
        )
    steps = np.ones((count, count))
    at = 0
    for points in windows:
        own = label[at : at + len(points)]
        np.add.at(steps, (own[:-1], own[1:]), 1)
        at += len(points)
    share = np.bincount(label, minlength=count) / len(label)
    return _States(centre - share @ centre, steps / steps.sum(axis=1, keepdims=True), share)


def _walk(states: _States, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    path = [int(rng.choice(len(states.start), p=states.start))]
    while len(path) < length:
        path.append(int(rng.choice(len(states.start), p=states.transition[path[-1]])))
    return np.array(path)

"""Synthetic EEG: epochs with a group's spectra, spatial covariance, event-related potential and the way people differ.

Each person's ongoing activity is Gaussian with a cross-spectrum: the group's, its power bent by a person's own log
power in bands. Each person's event-related potential is the group's, changed in height and latency. What people differ by
is drawn from what goes together over bands (or courses of the potential) and over channels, the noise of few epochs taken
out; principal components of the people would lie in the space that their own differences span, and tell who was in.
Artifacts come by wish, with labels.

References
----------
Pascual-Marqui et al. 1988 (cross-spectra of EEG); Luck 2014; Bridwell et al. 2018, doi:10.3389/fnhum.2018.00106.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["EpochedEEG", "add_artifacts", "log_power"]

Array = NDArray[np.float64]
_COURSES = 3
_EDGES_HZ = (1.0, 4.0, 8.0, 10.0, 13.0, 20.0, 30.0, 45.0, 80.0)


@dataclass(frozen=True, slots=True)
class _Spread:
    """How people differ: a mean, and what goes together along rows and along columns; not the directions of single people."""

    mean: Array
    rows: Array
    columns: Array

    @classmethod
    def of(cls, people: Array, *, noise: Array | None = None) -> "_Spread":
        """From an array a person, and draws of the noise in it, which is of no person."""
        mean = people.mean(axis=0)
        rows, columns = _sides((people - mean) * (len(people) / (len(people) - 1)) ** 0.5)
        if noise is not None:
            chance = _sides(noise)
            rows, columns = _positive(rows - chance[0]), _positive(columns - chance[1])
        level = max(float(np.trace(rows) * np.trace(columns) / mean.size) ** 0.5, 1e-300)
        return cls(mean, _root(rows / level), _root(columns))

    def draw(self, rng: np.random.Generator) -> Array:
        return np.asarray(self.mean + self.rows @ rng.normal(size=self.mean.shape) @ self.columns.T)


class EpochedEEG:
    """A generator of epoched EEG.

    Parameters
    ----------
    rate_hz : float
        Samples a second.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cohort = rng.normal(size=(6, 20, 64, 3)) * 1e-5
    >>> EpochedEEG(rate_hz=128.0).fit(cohort).sample(2, rng).shape
    (2, 20, 64, 3)
    """

    def __init__(self, *, rate_hz: float) -> None:
        self.rate_hz = rate_hz

    def fit(self, cohort: Array) -> Self:
        """Learn from epochs.

        Parameters
        ----------
        cohort : array, shape (subject, epoch, time, channel)
            Volts, time-locked to the event.

        Raises
        ------
        BadInput
            If there are under 5 subjects or 4 epochs, a channel is constant, or values are missing.
        """
        whole = _checked(cohort)
        self.epochs_, self.samples_ = whole.shape[1:3]
        evoked = whole.mean(axis=1)
        ongoing = whole - evoked[:, None]
        self.level_ = ongoing.mean(axis=(0, 1))
        transform = np.fft.rfft(ongoing, axis=2) * (self.epochs_ / (self.epochs_ - 1)) ** 0.5
        cross = np.einsum("sefi,sefj->sfij", transform, transform.conj()) / self.epochs_
        power = np.maximum(np.einsum("sfii->sfi", cross).real, 1e-300)
        typical = np.exp(np.log(power).mean(axis=0))
        self.root_ = _roots(np.mean(cross / np.sqrt(power[..., :, None] * power[..., None, :]), axis=0))
        self.bands_ = _band_of(power.shape[1], self.samples_, self.rate_hz)
        bent = _banded(np.log(power / typical), self.bands_)
        odd, even = (_banded(np.log(np.maximum((np.abs(transform[:, part::2]) ** 2).mean(axis=1), 1e-300)), self.bands_)
                     for part in (0, 1))  # fmt: skip
        chance = (odd - even) / 2
        self.power_ = _Spread.of(bent, noise=chance - chance.mean(axis=0))
        self.typical_ = typical
        self.evoked_ = evoked.mean(axis=0)
        self.courses_ = _courses(self.evoked_)
        noise = np.einsum("tq,setc->seqc", self.courses_, ongoing).reshape(
            -1, self.courses_.shape[1], whole.shape[3]
        )
        self.erp_ = _Spread.of(
            self.courses_.T @ (evoked - self.evoked_), noise=noise / (self.epochs_ - 1) ** 0.5
        )
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """``n`` synthetic subjects, shape (subject, epoch, time, channel), in volts."""
        bins, channels = self.typical_.shape
        made = np.empty((n, self.epochs_, self.samples_, channels))
        for subject in range(n):
            bent = self.power_.draw(rng)[self.bands_]
            gain = np.sqrt(self.typical_ * np.exp(bent))
            white = rng.normal(size=(2, self.epochs_, bins, channels)) / 2**0.5
            grain = white[0] + 1j * white[1]
            grain[:, 0] = white[0, :, 0] * 2**0.5
            if self.samples_ % 2 == 0:
                grain[:, -1] = white[0, :, -1] * 2**0.5
            ongoing = np.fft.irfft(
                np.einsum("fij,efj->efi", self.root_, grain) * gain, n=self.samples_, axis=1
            )
            made[subject] = ongoing + self.evoked_ + self.courses_ @ self.erp_.draw(rng)
        return made


def log_power(epochs: Array, *, rate_hz: float) -> Array:
    """Log power of each subject in bands, shape (subject, band x channel): what a classifier looks at."""
    power = (np.abs(np.fft.rfft(epochs - epochs.mean(axis=2, keepdims=True), axis=2)) ** 2).mean(axis=1)
    bands = _band_of(power.shape[1], epochs.shape[2], rate_hz)
    rows = [np.log(power[:, bands == b].mean(axis=1)) for b in range(bands.max() + 1)]
    return np.asarray(np.concatenate(rows, axis=1))


def add_artifacts(
    epochs: Array, *, rate_hz: float, rng: np.random.Generator, blinks: float = 0.0, line_hz: float | None = None,
    frontal: Sequence[float] | None = None,
) -> tuple[Array, NDArray[np.bool_]]:  # fmt: skip
    """Epochs with artifacts by wish, and which of them hold a blink.

    Parameters
    ----------
    epochs : array, shape (subject, epoch, time, channel)
        Volts.
    rate_hz : float
        Samples a second.
    rng : numpy.random.Generator
        Draws when.
    blinks : float
        The share of epochs with a blink of some 100 microvolts.
    line_hz : float or None
        Adds the power line's hum of 5 microvolts.
    frontal : sequence of float, optional
        How strongly each channel sees a blink, 0 to 1; by default falling from the first channel on.
    """
    if not 0 <= blinks <= 1:
        raise BadInput(f"blinks is a share from 0 to 1; got {blinks!r}.")
    people, count, samples, channels = epochs.shape
    weight = (
        np.exp(-np.arange(channels) / max(channels / 4, 1)) if frontal is None else np.asarray(frontal, float)
    )
    if weight.shape != (channels,):
        raise BadInput(f"frontal must have one weight for each of {channels} channels; got {weight.shape}.")
    time = np.arange(samples) / rate_hz
    held = rng.uniform(size=(people, count)) < blinks
    onset = rng.uniform(0, time[-1], size=(people, count, 1))
    wave = 100e-6 * np.exp(-((time - onset) ** 2) / (2 * 0.06**2)) * held[..., None]
    made = epochs + wave[..., None] * weight
    if line_hz is not None:
        phase = rng.uniform(0, 2 * np.pi, size=(people, count, 1))
        made = made + 5e-6 * np.sin(2 * np.pi * line_hz * time + phase)[..., None]
    return made, held


def _checked(cohort: Array) -> Array:
    whole = np.asarray(cohort, dtype=float)
    if whole.ndim != 4 or whole.shape[0] < 5 or whole.shape[1] < 4:
        raise BadInput(f"EEG must have shape (subject, epoch, time, channel), 5 subjects and 4 epochs at least; got {whole.shape}.")  # fmt: skip
    if not np.isfinite(whole).all():
        raise BadInput(
            f"{int((~np.isfinite(whole)).any(axis=(1, 2, 3)).sum())} subjects hold missing values."
        )
    flat = int((whole.std(axis=(1, 2)) == 0).sum())
    if flat:
        raise BadInput(f"{flat} channels of subjects are constant; take them out or interpolate them first.")
    return whole


def _sides(arrays: Array) -> tuple[Array, Array]:
    """Mean products of rows, and of columns, over arrays of mean zero."""
    return (np.asarray(np.einsum("sac,sbc->ab", arrays, arrays) / (len(arrays) * arrays.shape[2])),
            np.asarray(np.einsum("sac,sad->cd", arrays, arrays) / (len(arrays) * arrays.shape[1])))  # fmt: skip


def _positive(covariance: Array) -> Array:
    root = _root(covariance)
    return np.asarray(root @ root.T)


def _root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _courses(evoked: Array) -> Array:
    """Orthonormal courses over time of the group's potential and their slopes: how its height and latency may change."""
    main = np.linalg.svd(evoked - evoked.mean(axis=0), full_matrices=False)[0][:, :_COURSES]
    both = np.column_stack([main, np.gradient(main, axis=0)])
    left, sizes, _ = np.linalg.svd(
        both / np.maximum(np.linalg.norm(both, axis=0), 1e-300), full_matrices=False
    )
    return np.asarray(left[:, sizes > 1e-6])


def _roots(coherence: NDArray[np.complex128]) -> NDArray[np.complex128]:
    values, vectors = np.linalg.eigh(coherence)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])


def _banded(values: Array, bands: NDArray[np.int64]) -> Array:
    """Means in bands of an array of shape (person, frequency, channel)."""
    return np.stack([values[:, bands == b].mean(axis=1) for b in range(bands.max() + 1)], axis=1)


def _band_of(bins: int, samples: int, rate_hz: float) -> NDArray[np.int64]:
    frequency = np.arange(bins) * rate_hz / samples
    found = np.searchsorted(_EDGES_HZ, frequency, side="right")
    return np.unique(found, return_inverse=True)[1].astype(np.int64)

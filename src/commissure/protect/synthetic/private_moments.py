"""How a private cohort's regions differ from those of public people of the same age, sex and diagnosis, with formal privacy.

Volumes of regions are scaled so that public people have mean 0 and unit variance given their covariates. One noisy sum
over a private cohort's people is taken: products of these numbers with the columns of a design, and their squares. How
well public people know effects and variances is known too. The posterior mean weighs the noisy sum by the noise, by
what chance does to so many subjects, and by how little public people can say, so that with much noise all stays the public
ones'. Variances are the squares less what the effects explain; how regions go together beyond that stays the public people's.

References
----------
Bernstein & Sheldon 2019 (Bayesian regression of noisy sufficient statistics), arXiv:1910.13424; Wang 2018
(private regression), arXiv:1803.02596; Efron & Morris 1973 (shrinkage by known noise), doi:10.1080/01621459.1973.10481350.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend
from commissure.protect.private.noise import NoiseSource, noisy_sum

__all__ = ["PrivateMoments", "PublicKnowledge"]

Array = NDArray[np.float64]
_LEAST, _RIDGE = 1e-2, 0.5
_SCALES = np.geomspace(0.25, 64.0, 17)
#: the clip norm over a usual public person's length: people who differ from public ones are longer
_LONGER = 1.5
_LEAST_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class PublicKnowledge:
    """What public brains and the (privately released) covariates of a cohort say before its brains are asked.

    Parameters
    ----------
    turn : array, shape (column, column)
        From the design to columns of unit second moments over the cohort's people.
    doubt : array, shape (column, column)
        Covariance of what public people's effects are off, for turned columns, where a number's variance is 1.
    count : int
        How many public people there are.
    """

    turn: Array
    doubt: Array
    count: int

    @classmethod
    def of(cls, public: Array, people: Array) -> "PublicKnowledge":
        """From designs of the public people and of the cohort's synthetic people, shape (person, column)."""
        values, vectors = np.linalg.eigh(people.T @ people / len(people))
        values = np.maximum(values, _LEAST * float(values.max()) / len(values))
        back = (vectors * np.sqrt(values)) @ vectors.T
        hold = _RIDGE * np.diag([0.0, *np.ones(public.shape[1] - 1)])
        doubt = back @ np.linalg.inv(public.T @ public + hold) @ back
        return cls((vectors / np.sqrt(values)) @ vectors.T, doubt, len(public))

    def gain(self, error: float) -> tuple[float, float]:
        """Of a region's squared error with public effects: how much a sum with this error takes off, and all of it."""
        own = np.maximum(np.linalg.eigvalsh(self.doubt), 0.0)
        return float((own**2 / (own + error)).sum()), float(own.sum())


class PrivateMoments:
    """Effects of covariates on regions and variances beyond them, ``mu``-Gaussian differentially private for one subject.

    Parameters
    ----------
    mu : float
        The Gaussian budget.
    known : PublicKnowledge
        Weighs what is released.
    together : array, shape (region, region)
        How regions go together in public people beyond their covariates: correlations.
    noise : NoiseSource, optional
        By default the secure one.

    Examples
    --------
    Volumes that vary half as much again as public ones, about the same mean (long rows are clipped):

    >>> from commissure.protect.private.noise import RehearsalNoise
    >>> rng = np.random.default_rng(0)
    >>> known = PublicKnowledge.of(np.ones((400, 1)), np.ones((9, 1)))
    >>> moments = PrivateMoments(mu=1.0, known=known, together=np.eye(3), noise=RehearsalNoise(rng))
    >>> total = moments.release(1.5**0.5 * rng.normal(size=(1000, 3)), np.ones((1000, 1)))
    >>> effects, spread = moments.believed(total, count=1000)
    >>> effects.shape, bool((abs(spread - 1.5) < 0.3).all())
    ((1, 3), True)
    """

    def __init__(
        self, *, mu: float, known: PublicKnowledge, together: Array, noise: NoiseSource | None = None
    ) -> None:
        self.mu, self.known, self.together, self.noise = mu, known, together, noise
        self.regions = regions = len(together)
        # a usual public person's products have this length, and so have squares: 1 and 2 are the variances of each
        self.norm = _LONGER * math.sqrt(len(known.turn) * regions + 2 * regions)
        self.spend = Spend(what="regions of synthetic brains", mu=mu)

    def error(self, count: float) -> float:
        """The variance of a released effect, by noise and by chance."""
        return self._noise(count) + 1 / count

    def rows(self, numbers: Array, design: Array) -> Array:
        """What each subject adds before it is clipped, shape (subject, value).

        Parameters
        ----------
        numbers : array, shape (subject, region)
            Volumes beyond public effects, over public deviations.
        design : array, shape (subject, column)
            Of the subjects' covariates.
        """
        if len(numbers) != len(design) or numbers.shape[1] != self.regions:
            raise BadInput(f"Volumes must have shape (subject, {self.regions}) and the design a row for each; got {numbers.shape} and {design.shape}.")  # fmt: skip
        # each subject alone, since products of matrices are rounded otherwise when a row comes or goes
        return np.array([
            np.concatenate([np.outer(self.known.turn @ told, seen).ravel(), seen**2 - 1])
            for told, seen in zip(design, numbers, strict=True)
        ])  # fmt: skip

    def release(self, numbers: Array, design: Array) -> Array:
        """The noisy sum over subjects, shape (value,): all that is taken of their brains."""
        return noisy_sum(self.rows(numbers, design), norm=self.norm, mu=self.mu, noise=self.noise)

    def believed(self, total: Array, *, count: float) -> tuple[Array, Array]:
        """What a noisy sum says beside public knowledge: post-processing, it costs nothing more.

        Parameters
        ----------
        total : array, shape (value,)
            From :meth:`release`.
        count : float
            How many subjects there are, as released.

        Returns
        -------
        effects : array, shape (column, region)
            What to add to public effects, over public deviations.
        spread : array, shape (region,)
            Variances beyond effects, over public ones.
        """
        if total.shape != ((len(self.known.turn) + 1) * self.regions,) or not count > 0:
            raise BadInput(f"A released sum has {len(self.known.turn) + 1} values for each of {self.regions} regions, of some people; got {total.shape} of {count!r}.")  # fmt: skip
        means = total.reshape(-1, self.regions) / count
        effects = self._shrunk(means[:-1], count)
        # what effects do not explain, so that effects and rest add up to the whole that was released
        beyond = means[-1] - (effects**2).sum(axis=0)
        # a variance's own chance is twice that of a mean, the public people's too
        prior, error = _SCALES * 2 / self.known.count, self._noise(count) + 2 / count
        whole = (prior + error)[:, None]
        fits = -0.5 * (np.log(whole) + beyond**2 / whole).sum(axis=1) - np.log(_SCALES) ** 2 / 2
        weights = np.exp(fits - fits.max())
        trust = float((weights / weights.sum()) @ (prior / (prior + error)))
        return self.known.turn @ effects, np.maximum(1 + trust * beyond, _LEAST_SPREAD)

    def _noise(self, count: float) -> float:
        return (self.norm / self.mu / count) ** 2

    def _shrunk(self, effects: Array, count: float) -> Array:
        """The posterior mean: public doubt may be larger or smaller for each column than chance makes it, seldom by much.

        Chance errs as regions go together, noise does not: in directions in which people hardly differ all would be noise.
        """
        own, axes = np.linalg.eigh(self.known.doubt)
        alike, ways = np.linalg.eigh(self.together)
        alike = np.maximum(alike, 0.0)
        prior = _SCALES[:, None, None] * np.maximum(own, 0.0)[:, None] * alike
        seen, whole = axes.T @ effects @ ways, prior + self._noise(count) + alike / count
        fits = -0.5 * (np.log(whole) + seen**2 / whole).sum(axis=2)
        fits -= np.log(_SCALES)[:, None] ** 2 / 2
        weights = np.exp(fits - fits.max(axis=0))
        shrunk = np.einsum("sc,scr->cr", weights / weights.sum(axis=0), prior / whole)
        return np.asarray(axes @ (shrunk * seen) @ ways.T)

"""How a private cohort's brains differ from public ones of the same age, sex and diagnosis, with formal privacy.

In the whitened numbers of a public latent space a public cohort has mean 0 and unit variance given its covariates. What
covariates explain of a private cohort's numbers beyond that is released as one noisy sum of products of subjects, in a
few directions that are chosen by public facts: those that the covariates move most, then the leading ones. How well public people know
the effects is known too: the posterior mean weighs the noisy sum by the noise, by what chance does to so many
subjects, and by how little public people can say, so that with much noise the effects stay the public ones.

References
----------
Bernstein & Sheldon 2019 (Bayesian regression of noisy sufficient statistics), arXiv:1910.13424; Wang 2018
(private regression), arXiv:1803.02596.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.protect.budget import Spend
from commissure.protect.noise import NoiseSource, noisy_sum

__all__ = ["PrivateEffects", "PublicKnowledge", "leading_ways"]

Array = NDArray[np.float64]
_LEAST, _RIDGE = 1e-2, 0.5
#: what a direction must teach of all that there is to learn in it, for one more to be asked
_HEARD = 0.5
_SCALES = np.geomspace(0.25, 64.0, 17)


def leading_ways(effects: Array, *, count: int) -> Array:
    """Orthonormal directions of whitened numbers, shape (number, direction): moved by covariates most, then leading.

    Parameters
    ----------
    effects : array, shape (column, number)
        What a public design explains of whitened numbers, for columns of unit variance, without the intercept.
    count : int
        How many.

    Examples
    --------
    >>> np.abs(leading_ways(np.array([[0.0, 0.0, 3.0]]), count=2)).tolist()
    [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    """
    moved = np.linalg.svd(effects, full_matrices=False)[2]
    basis = np.linalg.qr(np.column_stack([moved.T, np.eye(effects.shape[1])]))[0]
    return np.asarray(basis[:, :count])


@dataclass(frozen=True, slots=True)
class PublicKnowledge:
    """What public brains and the (privately released) covariates of a cohort say before its brains are asked.

    Parameters
    ----------
    turn : array, shape (column, column)
        From the design to columns of unit second moments over the cohort's people.
    doubt : array, shape (column, column)
        Covariance of what public people's effects are off, for turned columns, where a number's variance is 1.
    """

    turn: Array
    doubt: Array

    @classmethod
    def of(cls, public: Array, people: Array) -> "PublicKnowledge":
        """From designs of the public people and of the cohort's synthetic people, shape (person, column)."""
        values, vectors = np.linalg.eigh(people.T @ people / len(people))
        values = np.maximum(values, _LEAST * float(values.max()) / len(values))
        back = (vectors * np.sqrt(values)) @ vectors.T
        hold = _RIDGE * np.diag([0.0, *np.ones(public.shape[1] - 1)])
        doubt = back @ np.linalg.inv(public.T @ public + hold) @ back
        return cls((vectors / np.sqrt(values)) @ vectors.T, doubt)

    def gain(self, error: float) -> tuple[float, float]:
        """Of a direction's squared error with public effects: how much a sum with this error takes off, and all of it."""
        own = np.maximum(np.linalg.eigvalsh(self.doubt), 0.0)
        return float((own**2 / (own + error)).sum()), float(own.sum())


class PrivateEffects:
    """What covariates explain of whitened numbers beyond public brains, ``mu``-Gaussian differentially private.

    Parameters
    ----------
    mu : float
        The Gaussian budget.
    known : PublicKnowledge
        Chooses directions, and weighs what is released.
    noise : NoiseSource, optional
        By default the secure one.
    """

    def __init__(self, *, mu: float, known: PublicKnowledge, noise: NoiseSource | None = None) -> None:
        self.mu, self.known, self.noise = mu, known, noise
        self.spend = Spend(what="effects on synthetic brains", mu=mu)

    def error(self, directions: int, count: float) -> float:
        """The variance of a released effect, by noise and by chance."""
        return (self._norm(directions) / self.mu / count) ** 2 + 1 / count

    def directions(self, count: float, *, most: int) -> int:
        """How many directions can be heard at once, by public facts: with each more, all are heard less well."""
        number = most
        while number > len(self.known.turn):
            learned, whole = self.known.gain(self.error(number, count))
            if learned >= _HEARD * whole:
                break
            number -= 1
        return min(number, most)

    def fit(self, numbers: Array, design: Array, *, ways: Array, count: float) -> Array:
        """What to add to whitened numbers, shape (column, number), for each column of the design.

        Parameters
        ----------
        numbers : array, shape (subject, number)
            Of the private cohort, in the public space.
        design : array, shape (subject, column)
            Of its covariates.
        ways : array, shape (number, direction)
            Orthonormal, by public facts.
        count : float
            How many subjects there are, as released.
        """
        # each subject alone, since products of matrices are rounded otherwise when a row comes or goes
        products = [np.outer(self.known.turn @ told, ways.T @ seen).ravel() for told, seen in zip(design, numbers, strict=True)]  # fmt: skip
        directions = ways.shape[1]
        total = noisy_sum(np.array(products), norm=self._norm(directions), mu=self.mu, noise=self.noise)
        effects = total.reshape(-1, directions) / count
        return np.asarray(self.known.turn @ self._believed(effects, self.error(directions, count)) @ ways.T)

    def _norm(self, directions: int) -> float:
        """How long a usual subject's products are, where columns and numbers have unit variance."""
        return math.sqrt(len(self.known.turn) * directions)

    def _believed(self, effects: Array, error: float) -> Array:
        """The posterior mean: public doubt may be larger or smaller in each direction than chance makes it, seldom by much."""
        own, axes = np.linalg.eigh(self.known.doubt)
        prior = _SCALES[:, None] * np.maximum(own, 0.0)
        seen = axes.T @ effects
        whole = (prior + error)[:, :, None]
        fits = -0.5 * (np.log(whole) + seen**2 / whole).sum(axis=1)
        fits -= np.log(_SCALES)[:, None] ** 2 / 2
        weights = np.exp(fits - fits.max(axis=0))
        shrunk = np.einsum("sd,sc->cd", weights / weights.sum(axis=0), prior / (prior + error))
        return np.asarray(axes @ (shrunk * seen))

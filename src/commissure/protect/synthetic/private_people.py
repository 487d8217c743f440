"""Who takes part, with formal privacy: public people weighted anew until they have a private cohort's noisy moments.

Of the private table only one noisy sum is taken: means, squares and products of its columns, brought to -1 … 1 by public
bounds. Among all distributions with these moments that nearest to the public one is wanted; it weighs public people by
the exponential of a weighted sum of the moments' features. A moment counts the less the more noise it bears, so that
with much noise people stay the public ones. Public people are smoothed and mixed with a few from the whole of the
bounds, a quarter of the range wider than public values on either side, so that older people than any public one can be told of.

References
----------
Dudík, Phillips & Schapire 2007 (maximum entropy with inexact moments), doi:10.5555/1314498.1314540; Dong, Roth & Su 2022
(Gaussian differential privacy), doi:10.1111/rssb.12454.
"""

import math
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend
from commissure.protect.private.noise import NoiseSource, noisy_sum
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.table import Copula

__all__ = ["PrivatePeople"]

Array = NDArray[np.float64]
_WIDER = 0.25
_CANDIDATES, _ANYWHERE, _ANYWHERE_WEIGHT = 8192, 0.2, 0.02
_SCALES = np.geomspace(1e-3, 4.0, 19)
_ROUNDS, _CLOSE = 100, 1e-7
_ROOT2 = math.sqrt(2.0)


class PrivatePeople:
    """A table's joint distribution, ``mu``-Gaussian differentially private when one subject comes or goes.

    Parameters
    ----------
    public : Table
        Numbers and words of people who may be used freely; no value missing.
    mu : float
        The Gaussian budget.
    seed : int
        Draws the candidates from public people.
    noise : NoiseSource, optional
        By default the secure one.

    Examples
    --------
    >>> from commissure.protect.private.noise import RehearsalNoise
    >>> rng = np.random.default_rng(0)
    >>> young, old = (Table(("age",), rng.normal(age, 8, size=(300, 1)), ((),)) for age in (55, 65))
    >>> people = PrivatePeople(young, mu=1.0, noise=RehearsalNoise(rng)).fit(old)
    >>> bool(abs(people.sample(4000, rng).values.mean() - old.values.mean()) < 1.0)
    True
    """

    def __init__(self, public: Table, *, mu: float, seed: int = 0, noise: NoiseSource | None = None) -> None:
        self.mu, self.noise = mu, noise
        self.levels = public.levels or ((),) * len(public.names)
        words = np.array([bool(each) for each in self.levels])
        low, high = public.values.min(axis=0), public.values.max(axis=0)
        reach = np.where(words, 0.0, _WIDER * (high - low))
        self._low, self._high = low - reach, np.maximum(high + reach, low - reach + 1e-9)
        self._candidates = self._drawn(public, np.random.default_rng(seed))
        self._public = self._features(public)
        self._known = self._features(self._candidates)
        some = round(_ANYWHERE * _CANDIDATES)
        weight = [(1 - _ANYWHERE_WEIGHT) / (_CANDIDATES - some), _ANYWHERE_WEIGHT / some]
        self._base = np.log(np.repeat(weight, [_CANDIDATES - some, some]))
        # a constant counts the people; each feature is within -1 … 1, products within -√2 … √2
        self.norm = math.sqrt(float((self._largest() ** 2).sum()) + 1.0)
        self.spend = Spend(what="covariates of synthetic brains", mu=mu)

    def noise_share(self, count: int) -> float:
        """The noise in a cohort's means over what public people differ by, for a planned number of subjects."""
        columns = self._columns(self._candidates).shape[1]
        spread = self._public.std(axis=0)[:columns]
        return float(self.norm / self.mu / count / np.sqrt((spread**2).mean()))

    def fit(self, cohort: Table) -> Self:
        """Learn from one noisy sum over a table, one row a subject.

        Raises
        ------
        BadInput
            If the columns or their words are not the public ones.
        """
        if cohort.names != self._candidates.names or (cohort.levels or self.levels) != self.levels:
            raise BadInput(f"The table must have the public columns {list(self._candidates.names)} with words {list(self.levels)}; got {list(cohort.names)} with {list(cohort.levels)}.")  # fmt: skip
        #: the noisy sum itself: whoever is promised privacy may assume that an attacker has it
        self.released_ = total = noisy_sum(self.rows(cohort), norm=self.norm, mu=self.mu, noise=self.noise)
        self.count_ = max(float(total[-1]), 1.0)
        deviation = self.norm / self.mu / self.count_
        limit = self._largest()
        moments = np.clip(total[:-1] / self.count_, -limit, limit)
        self.weights_ = _weighed(self._known, self._base, moments, deviation, self.count_)
        return self

    def rows(self, cohort: Table) -> Array:
        """What each subject adds to the sum, shape (subject, value); none is longer than ``norm``."""
        return np.column_stack([self._features(cohort), np.ones(len(cohort.values))])

    def sample(self, n: int, rng: np.random.Generator) -> Table:
        """``n`` synthetic people: post-processing, it costs nothing more."""
        values = self._candidates.values[rng.choice(len(self.weights_), n, p=self.weights_)]
        return Table(self._candidates.names, values, self.levels)

    def _drawn(self, public: Table, rng: np.random.Generator) -> Table:
        """Candidates: most like public people, some from anywhere within the bounds."""
        some = round(_ANYWHERE * _CANDIDATES)
        like = Copula().fit(public).sample(_CANDIDATES - some, rng).values
        anywhere = np.column_stack([
            rng.integers(0, len(words), some).astype(float) if words else rng.uniform(low, high, some)
            for words, low, high in zip(self.levels, self._low, self._high, strict=True)
        ])  # fmt: skip
        return Table(public.names, np.concatenate([like, anywhere]), self.levels)

    def _columns(self, table: Table) -> Array:
        """Numbers within -1 … 1 by the public bounds, and -1 or 1 for each word but the first."""
        parts = []
        for j, words in enumerate(self.levels):
            column = table.values[:, j]
            if words:
                parts.append(2.0 * (column[:, None] == np.arange(1, len(words))[None]) - 1.0)
            else:
                middle, half = (self._low[j] + self._high[j]) / 2, (self._high[j] - self._low[j]) / 2
                parts.append(np.clip((column - middle) / half, -1.0, 1.0)[:, None])
        return np.column_stack(parts)

    def _features(self, table: Table) -> Array:
        """Columns, squares of numbers, and products of any two columns (by √2, as in a matrix' length)."""
        rows = self._columns(table)
        pairs = [_ROOT2 * rows[:, i] * rows[:, j] for i, j in combinations(range(rows.shape[1]), 2)]
        squares = [rows[:, j] ** 2 for j in self._numbers()]
        return np.column_stack([rows, *squares, *pairs])

    def _numbers(self) -> list[int]:
        starts = np.cumsum([0, *[len(words) - 1 if words else 1 for words in self.levels]])
        return [int(at) for at, words in zip(starts, self.levels, strict=False) if not words]

    def _largest(self) -> Array:
        """The largest size of each feature."""
        columns = sum(len(words) - 1 if words else 1 for words in self.levels)
        pairs = columns * (columns - 1) // 2
        return np.concatenate([np.ones(columns + len(self._numbers())), np.full(pairs, _ROOT2)])


def _weighed(features: Array, base: Array, wanted: Array, deviation: float, count: float) -> Array:
    """Weights of candidates, shape (candidate,), whose moments are those wanted as far as noise and chance let one say.

    ``base`` is the log of the public weights. How far people may be from the public ones is decided by how far their
    moments are, beyond noise: the tilt's own variance is the most probable one, where 1 is likely.
    """
    known = _softmax(base)
    mean = known @ features
    bend = _bend(features, known)
    own, axes = np.linalg.eigh(bend)
    apart, own = axes.T @ (wanted - mean), np.maximum(own, 0.0)
    spread = _SCALES[:, None] ** 2 * own**2 + deviation**2 + own / count
    likely = -0.5 * ((np.log(spread) + apart**2 / spread).sum(axis=1) + np.log(_SCALES) ** 2)
    tilt, least = np.zeros(len(mean)), (deviation**2 + 1e-9) / _SCALES[likely.argmax()] ** 2
    for _ in range(_ROUNDS):
        weights = _softmax(base + features @ tilt)
        bend = _bend(features, weights) + least * np.eye(len(tilt))
        step = np.linalg.solve(bend, wanted - weights @ features - least * tilt)
        step *= min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        tilt = tilt + step
        if np.abs(step).max() < _CLOSE:
            break
    return _softmax(base + features @ tilt)


def _bend(features: Array, weights: Array) -> Array:
    """The covariance of features."""
    apart = features - weights @ features
    return np.asarray((apart * weights[:, None]).T @ apart)


def _softmax(score: Array) -> Array:
    raised = np.exp(score - score.max())
    return np.asarray(raised / raised.sum())

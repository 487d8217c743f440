"""A synthetic table with formal privacy: a copula that is fitted to noisy histograms and a noisy correlation only.

References
----------
Li, Xiong & Jiang 2014 (DPCopula), doi:10.5441/002/edbt.2014.43; Dwork et al. 2014, doi:10.1145/2591796.2591883.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.private.budget import Spend
from commissure.protect.private.moments import nearest_correlation, release_correlation
from commissure.protect.private.noise import NoiseSource, noisy_sum
from commissure.protect.private.statistic import Bounds, one_row_a_subject
from commissure.protect.synthetic.columns import Table

__all__ = ["PrivateCopula"]

Array = NDArray[np.float64]
_CLIP = 2.5


class PrivateCopula:
    """A Gaussian copula, ``mu``-Gaussian differentially private for one subject.

    Half of the budget (in squares) goes into a histogram of each column over public edges, half into the correlation of
    the normal scores that follow from those noisy histograms.

    Parameters
    ----------
    mu : float
        The Gaussian budget.
    edges : sequence of sequence of float
        For each column its public bin edges; a few-valued column has an edge between any two values. A missing value
        has a bin of its own.
    whole : sequence of bool, optional
        Which columns hold whole numbers and are rounded.
    noise : NoiseSource, optional
        By default the secure one.
    """

    def __init__(
        self,
        *,
        mu: float,
        edges: Sequence[Sequence[float]],
        whole: Sequence[bool] = (),
        noise: NoiseSource | None = None,
    ) -> None:
        self.mu, self.noise = mu, noise
        self.edges = [np.asarray(each, dtype=float) for each in edges]
        self.whole = list(whole) or [False] * len(self.edges)
        self.spend = Spend(what="synthetic table", mu=mu)

    def fit(self, cohort: Table) -> Self:
        """Learn from a table, one row a subject."""
        rows = cohort.values
        if rows.ndim != 2 or rows.shape[1] != len(self.edges):
            raise BadInput(
                f"The table must have the {len(self.edges)} columns that edges were given for; got shape {rows.shape}."
            )
        one_row_a_subject(None, rows=len(rows), fewest=50)
        bins = [self._bins(rows[:, j], j) for j in range(rows.shape[1])]
        hot = np.column_stack(
            [np.eye(len(edge))[found] for edge, found in zip(self.edges, bins, strict=True)]
        )
        half = self.mu / 2**0.5
        counts = noisy_sum(hot, norm=rows.shape[1] ** 0.5, mu=half, noise=self.noise)
        places = np.cumsum([0, *[len(edge) for edge in self.edges]])
        self.share_ = [_shares(counts[a:b]) for a, b in zip(places, places[1:], strict=False)]
        scores = np.column_stack(
            [_means(share)[found] for share, found in zip(self.share_, bins, strict=True)]
        )
        bounds = Bounds((-_CLIP,) * rows.shape[1], (_CLIP,) * rows.shape[1])
        got = release_correlation(scores, bounds=bounds, mu=half, noise=self.noise, refuse_constant=False)
        # few bins hold less of the latent number: what they hide is known from the shares, and given back
        held = np.array([float(share @ _means(share) ** 2) ** 0.5 for share in self.share_])
        latent = np.asarray(got.values["correlation"]) / np.maximum(np.outer(held, held), 0.1)
        np.fill_diagonal(latent, 1.0)
        self.root_ = np.linalg.cholesky(nearest_correlation(np.clip(latent, -0.98, 0.98)))
        self.names_, self.levels_ = cohort.names, cohort.levels
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Table:
        """``n`` synthetic rows: post-processing, it costs nothing more."""
        special: Any = need("scipy.special", purpose="Synthesizing a table")
        place = special.ndtr(rng.normal(size=(n, len(self.edges))) @ self.root_.T)
        made = np.empty(place.shape)
        for j, (edge, share) in enumerate(zip(self.edges, self.share_, strict=True)):
            steps = np.cumsum(share)
            found = np.minimum(np.searchsorted(steps, place[:, j]), len(share) - 1)
            inside = found > 0
            low, high = edge[np.maximum(found, 1) - 1], edge[np.maximum(found, 1)]
            value = low + (high - low) * rng.uniform(size=n)
            made[:, j] = np.where(inside, np.round(value) if self.whole[j] else value, np.nan)
        return Table(self.names_, made, self.levels_)

    def _bins(self, values: Array, column: int) -> NDArray[np.int64]:
        """0 for missing, then the bin; what is outside goes to the nearest."""
        edge = self.edges[column]
        found = np.clip(np.searchsorted(edge, np.nan_to_num(values), side="right"), 1, len(edge) - 1)
        return np.where(np.isnan(values), 0, found).astype(np.int64)


def _shares(counts: Array) -> Array:
    kept = np.where(counts > 0, counts, 0.0)
    if kept.sum() <= 0:
        kept = np.ones_like(counts)
    return np.asarray(kept / kept.sum())


def _means(share: Array) -> Array:
    """The mean of a normal number within each bin."""
    special: Any = need("scipy.special", purpose="Synthesizing a table")
    edge = special.ndtri(np.concatenate([[0.0], np.minimum(np.cumsum(share), 1.0)]))
    height = np.exp(-(edge**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(np.clip((height[:-1] - height[1:]) / np.maximum(share, 1e-9), -_CLIP, _CLIP))

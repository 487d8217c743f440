"""How much of the site must be left where sites are estimated from few rows: the same diagnosis of made data.

What a diagnosis finds after harmonization is of three kinds: what covariates tell (sites differ in age), the error of
estimating each site from its half of the rows, and what the harmonizer misses. Here the second is measured: normal rows are
made with the sites, sizes, covariates, correlations and site shifts of the real ones, so that the harmonizer's model holds;
what is left of them no better model would remove from so few rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.harmonize.design import encode_covariates, site_numbers
from commissure.harmonize.diagnose import Diagnosis, Harmonizer, diagnose

__all__ = ["Likeness", "diagnose_made"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """What made rows take from real ones.

    Parameters
    ----------
    known : array, shape (subject, feature)
        The level of all and what covariates explain.
    within, between : array, shape (feature, feature)
        Covariances within sites, and of the sites' shifts.
    numbers : array, shape (subject,)
        The site of each row.
    """

    known: Array
    within: Array
    between: Array
    numbers: NDArray[np.intp]

    @classmethod
    def of(cls, X: Array, sites: Any, *, covariates: Any = None) -> "Likeness":
        """The likeness of rows, missing values filled by the feature's mean."""
        X = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
        names, numbers = site_numbers(sites, rows=len(X))
        columns = encode_covariates(covariates, rows=len(X)).columns(covariates, rows=len(X))
        columns = columns - columns.mean(axis=0)
        design = np.column_stack([np.eye(len(names))[numbers], columns])
        found = np.linalg.lstsq(design, X, rcond=None)[0]
        left = X - design @ found
        freedom = max(len(X) - design.shape[1], 1)
        within = left.T @ left / freedom
        count = np.bincount(numbers)
        level = count @ found[: len(names)] / len(X)
        off = found[: len(names)] - level
        size = (len(X) - (count**2).sum() / len(X)) / max(len(names) - 1, 1)
        products = (off * count[:, None]).T @ off / max(len(names) - 1, 1)
        return cls(level + columns @ found[len(names) :], within, (products - within) / size, numbers)

    def made(self, rng: np.random.Generator, *, shifted: bool = True) -> Array:
        """Rows of the same sites, with shifts of their own or with none."""
        rows = self.known + rng.normal(size=self.known.shape) @ _root(self.within).T
        if not shifted:
            return rows
        shifts = rng.normal(size=(self.numbers.max() + 1, self.known.shape[1])) @ _root(self.between).T
        return np.asarray(rows + shifts[self.numbers])


def diagnose_made(
    X: Any,
    sites: Any,
    *,
    harmonizer: Harmonizer,
    covariates: Any = None,
    rng: np.random.Generator,
    shifted: bool = True,
) -> Diagnosis:
    """The diagnosis of rows that are made like ``X``, for which the harmonizer's model holds.

    Parameters
    ----------
    X : array, shape (subject, feature)
    sites : array, shape (subject,)
    harmonizer : Harmonizer
    covariates : data frame, dict or None
        Numbers and categories that must survive; they stay as they are.
    rng : numpy.random.Generator
    shifted : bool
        Whether the sites are made to differ; without, what is left is what covariates tell.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sites = np.repeat(["a", "b", "c"], 40); X = rng.normal(size=(120, 30)) + (sites == "b")[:, None]
    >>> from commissure.harmonize.combat import ComBat
    >>> found = diagnose_made(X, sites, harmonizer=ComBat(), rng=rng)
    >>> bool(found.before > 0.6 > found.after)
    True
    """
    like = Likeness.of(np.asarray(X, float), sites, covariates=covariates)
    made = like.made(rng, shifted=shifted)
    return diagnose(made, sites, harmonizer=harmonizer, covariates=covariates, rng=rng)


def _root(covariance: Array) -> Array:
    values, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(axes * np.sqrt(np.maximum(values, 0.0)))

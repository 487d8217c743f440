"""A linear mixed model with one random intercept a group, for many outcomes at once, by restricted likelihood.

For one ratio of variances the model is least squares on partly demeaned rows, so a grid over that ratio solves it for
all outcomes together (Laird & Ware 1982, doi:10.2307/2529876; Fuller & Battese 1974,
doi:10.1016/0304-4076(74)90028-1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["MixedFit", "fit_random_intercept", "group_numbers"]

Array = NDArray[np.float64]
_RATIOS = np.concatenate([[0.0], np.logspace(-3, 3, 49)])
_ROUNDS, _FINE = 2, 9


@dataclass(frozen=True, slots=True)
class MixedFit:
    """Outcomes (f) on design columns (k), with a random intercept for each group.

    Parameters
    ----------
    slopes, errors : array, shape (k, f)
        Fixed effects and their standard errors.
    within : array, shape (f,)
        Variance of the residuals.
    ratio : array, shape (f,)
        Variance of the intercepts over ``within``.
    """

    slopes: Array
    errors: Array
    within: Array
    ratio: Array

    def intercepts(self, residual: Array, numbers: NDArray[np.intp]) -> Array:
        """Each row's group's intercept, shrunken to zero as its rows are few, from residuals (n, f)."""
        counts = np.bincount(numbers).astype(float)[:, None]
        sums = _sums(residual, numbers)
        return np.asarray((self.ratio * sums / (1 + self.ratio * counts))[numbers])


def group_numbers(groups: NDArray[np.generic], *, rows: int) -> NDArray[np.intp]:
    """Number of each row's group, from 0; :class:`BadInput` if there is not one name a row."""
    values = np.asarray(groups)
    if values.shape != (rows,):
        raise BadInput(f"Groups must have one value a row ({rows}); got shape {values.shape}.")
    return np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)[1]


def fit_random_intercept(Y: Array, D: Array, *, numbers: NDArray[np.intp]) -> MixedFit:
    """Fit ``Y = D slopes + intercept of the group + noise`` to each column of ``Y``.

    Parameters
    ----------
    Y : array, shape (n, f)
        Outcomes, none missing.
    D : array, shape (n, k)
        Design, of full rank.
    numbers : array, shape (n,)
        Each row's group.

    Raises
    ------
    BadInput
        If the design is not of full rank, or leaves no rows to tell the variances.
    """
    n, k = D.shape
    if n <= k or np.linalg.matrix_rank(D) < k:
        raise BadInput(
            f"The design must have independent columns, fewer than rows; got {n} rows, {k} columns."
        )
    best, chosen = np.full(Y.shape[1], np.inf), np.zeros(Y.shape[1])
    ratios = _RATIOS
    for turn in range(_ROUNDS):
        for ratio in ratios:
            score = _deviance(Y, D, numbers, ratio)
            better = score < best - 1e-12
            best, chosen = np.where(better, score, best), np.where(better, ratio, chosen)
        around = np.unique(chosen[chosen > 0])
        if turn == 0:
            ratios = np.unique(np.outer(around, np.logspace(-0.125, 0.125, _FINE)))
    slopes, errors = np.empty((k, Y.shape[1])), np.empty((k, Y.shape[1]))
    within = np.empty(Y.shape[1])
    for ratio in np.unique(chosen):
        here = chosen == ratio
        y, d, _ = _demeaned(Y[:, here], D, numbers, ratio)
        inverse = np.linalg.inv(d.T @ d)
        slopes[:, here] = inverse @ (d.T @ y)
        within[here] = ((y - d @ slopes[:, here]) ** 2).sum(axis=0) / (n - k)
        errors[:, here] = np.sqrt(np.outer(np.diag(inverse), within[here]))
    return MixedFit(slopes, errors, within, chosen)


def _deviance(Y: Array, D: Array, numbers: NDArray[np.intp], ratio: float) -> Array:
    """Minus twice the restricted log-likelihood, constants aside."""
    n, k = D.shape
    y, d, counts = _demeaned(Y, D, numbers, ratio)
    q, r = np.linalg.qr(d)
    left = np.maximum((y**2).sum(axis=0) - ((q.T @ y) ** 2).sum(axis=0), 1e-300)
    fixed = np.log1p(ratio * counts).sum() + 2 * np.log(np.abs(np.diag(r))).sum()
    return np.asarray((n - k) * np.log(left) + fixed)


def _demeaned(
    Y: Array, D: Array, numbers: NDArray[np.intp], ratio: float
) -> tuple[Array, Array, NDArray[np.intp]]:
    counts = np.bincount(numbers)
    share = (1 - 1 / np.sqrt(1 + ratio * counts))[:, None]
    y = Y - (share * _sums(Y, numbers) / counts[:, None])[numbers]
    d = D - (share * _sums(D, numbers) / counts[:, None])[numbers]
    return y, d, counts


def _sums(values: Array, numbers: NDArray[np.intp]) -> Array:
    order = np.argsort(numbers, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(numbers))[:-1]])
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))

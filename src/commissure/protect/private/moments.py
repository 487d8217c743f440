"""Private means, covariances, correlations and regressions of a table, from noisy sums of bounded rows.

Each subject adds one vector: the row brought to -1 … 1 by public bounds, its products, and a constant that counts. All
of it is clipped and noised as one release, so that even how many subjects there are stays protected.

References
----------
Dwork et al. 2014 (analyze Gauss), doi:10.1145/2591796.2591883; Wang 2018 (regression), arXiv:1803.02596.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend
from commissure.protect.private.noise import NoiseSource, noisy_sum
from commissure.protect.private.statistic import Bounds, PrivateStatistic, one_row_a_subject

__all__ = ["nearest_correlation", "release_correlation", "release_mean", "release_regression"]

Array = NDArray[np.float64]
_DRAWS = 200
#: the share of a row's length that the counting constant takes
_COUNT = 0.5
_LEAST_EIGENVALUE = 1e-6


def release_mean(
    table: Array, *, bounds: Bounds, mu: float, subjects: Sequence[object] | None = None, name: str = "",
    noise: NoiseSource | None = None,
) -> PrivateStatistic:  # fmt: skip
    """The mean of each column.

    Parameters
    ----------
    table : array, shape (subject, column)
        One row a subject, no value missing.
    bounds : Bounds
        Public limits of each column.
    mu : float
        The Gaussian budget.
    subjects : sequence, optional
        The subject of each row, to check that there is one row each.
    name : str
        What the columns are called.
    """
    one_row_a_subject(subjects, rows=len(table))
    scaled = bounds.scaled(table)
    columns = scaled.shape[1]
    count = _COUNT * columns**0.5
    rows = np.column_stack([scaled, np.full(len(scaled), count)])
    norm = float(np.hypot(columns**0.5, count))
    total = noisy_sum(rows, norm=norm, mu=mu, noise=noise)
    people = max(float(total[-1]) / count, 1.0)
    mean = bounds.centre + bounds.half * np.clip(total[:-1] / people, -1, 1)
    what = f"mean of {name}" if name else "mean"
    return PrivateStatistic(
        what, {"mean": mean, "count": np.array(people)}, Spend(what=what, mu=mu),
        {"mean": bounds.half * norm / mu / people, "count": np.array(norm / mu / count)})  # fmt: skip


def release_correlation(
    table: Array, *, bounds: Bounds, mu: float, subjects: Sequence[object] | None = None, name: str = "",
    noise: NoiseSource | None = None, refuse_constant: bool = True,
) -> PrivateStatistic:  # fmt: skip
    """Mean, covariance and correlation of all columns together; parameters as for :func:`release_mean`.

    The noisy matrix is projected to the nearest that is positive definite.

    Raises
    ------
    BadInput
        If a column is constant, a value is missing, or the cohort is too small.
    """
    one_row_a_subject(subjects, rows=len(table))
    flat = [i for i in range(table.shape[1]) if np.ptp(table[:, i]) == 0]
    if flat and refuse_constant:
        raise BadInput(f"Columns {flat} are constant and have no correlation; leave them out.")
    scaled = bounds.scaled(table)
    total, sd, people = _moments(scaled, mu=mu, noise=noise)
    second, first = total[1:, 1:] / people, total[0, 1:] / people
    covariance = _positive(second - np.outer(first, first))
    scale = np.outer(bounds.half, bounds.half)
    what = f"correlation of {name}" if name else "correlation"
    values = {
        "mean": bounds.centre + bounds.half * first,
        "covariance": covariance * scale,
        "correlation": nearest_correlation(
            covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
        ),
        "count": np.array(people),
    }
    return PrivateStatistic(
        what, values, Spend(what=what, mu=mu), {"covariance": scale * sd[1:, 1:] / people}
    )


def release_regression(
    table: Array,
    outcome: Array,
    *,
    bounds: Bounds,
    mu: float,
    name: str = "",
    noise: NoiseSource | None = None,
) -> PrivateStatistic:
    """Coefficients of a linear regression of ``outcome`` on the columns, with an intercept.

    Parameters
    ----------
    table : array, shape (subject, predictor)
        One row a subject.
    outcome : array, shape (subject,)
        What is explained.
    bounds : Bounds
        Public limits of the predictors and, last, of the outcome.
    mu : float
        The Gaussian budget.

    Returns
    -------
    PrivateStatistic
        ``coefficient`` (intercept first) and, as ``noise_sd``, what privacy adds to each, found by drawing the same
        noise again over the released sums.
    """
    one_row_a_subject(None, rows=len(table))
    total, sd, people = _moments(bounds.scaled(np.column_stack([table, outcome])), mu=mu, noise=noise)
    found = _solve(total, bounds, sd)
    rng = np.random.default_rng(0)
    upper = np.triu(rng.normal(size=(_DRAWS, *total.shape)) * sd)
    again = [_solve(total + draw + np.triu(draw, 1).T, bounds, sd) for draw in upper]
    what = f"regression of {name}" if name else "regression"
    return PrivateStatistic(
        what, {"coefficient": found, "count": np.array(people)}, Spend(what=what, mu=mu),
        {"coefficient": np.std(again, axis=0)})  # fmt: skip


def nearest_correlation(matrix: Array) -> Array:
    """A correlation matrix near ``matrix``: eigenvalues lifted above zero, diagonal one.

    >>> np.linalg.eigvalsh(nearest_correlation(np.array([[1.0, 1.2], [1.2, 1.0]]))).min() > 0
    np.True_
    """
    lifted = _positive(matrix)
    scale = np.sqrt(np.diag(lifted))
    return np.asarray(lifted / np.outer(scale, scale))


def _moments(scaled: Array, *, mu: float, noise: NoiseSource | None) -> tuple[Array, Array, float]:
    """Noisy sums of products of [1, row], the noise deviation of each, and how many subjects."""
    columns = scaled.shape[1]
    count = _COUNT * columns
    i, j = np.triu_indices(columns)
    weight = np.where(i == j, 1.0, 2**0.5)
    linear = 2**0.5 * count / columns**0.5
    rows = np.column_stack(
        [np.full(len(scaled), count), scaled * linear, scaled[:, i] * scaled[:, j] * weight]
    )
    norm = float(np.sqrt(count**2 + linear**2 * columns + columns**2))
    got = noisy_sum(rows, norm=norm, mu=mu, noise=noise)
    total, sd = np.empty((columns + 1, columns + 1)), np.empty((columns + 1, columns + 1))
    people = max(float(got[0]) / count, 1.0)
    total[0, 0], sd[0, 0] = people, norm / mu / count
    total[0, 1:] = total[1:, 0] = got[1 : columns + 1] / linear
    sd[0, 1:] = sd[1:, 0] = norm / mu / linear
    total[i + 1, j + 1] = total[j + 1, i + 1] = got[columns + 1 :] / weight
    sd[i + 1, j + 1] = sd[j + 1, i + 1] = norm / mu / weight
    return total, sd, people


def _solve(total: Array, bounds: Bounds, sd: Array) -> Array:
    """Coefficients in the columns' own units; a ridge as large as the noise keeps the sums invertible."""
    inner, moment = total[:-1, :-1], total[:-1, -1]
    ridge = float(sd[0, 0]) * np.eye(len(inner)) * 0.5
    slope = np.linalg.solve(_positive(inner) + ridge, moment)
    own = slope[1:] * bounds.half[-1] / bounds.half[:-1]
    intercept = bounds.centre[-1] + slope[0] * bounds.half[-1] - own @ bounds.centre[:-1]
    return np.concatenate([[intercept], own])


def _positive(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    least = max(_LEAST_EIGENVALUE, 1e-3 * float(np.abs(values).max()))
    return np.asarray((vectors * np.maximum(values, least)) @ vectors.T)

"""Private counts, histograms and quantiles of one column.

References
----------
Dwork & Roth 2014, doi:10.1561/0400000042; Chan, Shi & Song 2011, doi:10.1145/2043621.2043626 (dyadic sums).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend
from commissure.protect.private.noise import NoiseSource, SecureNoise, noisy_sum
from commissure.protect.private.statistic import PrivateStatistic, one_row_a_subject

__all__ = ["release_count", "release_histogram", "release_quantiles"]

Array = NDArray[np.float64]


def release_count(
    rows: int, *, mu: float = 0.0, epsilon: float = 0.0, noise: NoiseSource | None = None
) -> PrivateStatistic:
    """How many subjects: with Gaussian noise for ``mu``, or with Laplace noise for ``epsilon``.

    Examples
    --------
    >>> abs(release_count(1000, epsilon=1.0).values["count"] - 1000) < 60
    np.True_
    """
    if (mu > 0) == (epsilon > 0):
        raise BadInput(f"Give either mu or epsilon, above 0; got {mu!r} and {epsilon!r}.")
    if rows < 0:
        raise BadInput(f"A count is 0 or more; got {rows}.")
    if epsilon > 0:
        value = rows + (noise or SecureNoise()).laplace(scale=1 / epsilon)
        spend = Spend(what="count", kind="laplace", epsilon=epsilon)
        return PrivateStatistic(
            "count", {"count": np.array(float(value))}, spend, {"count": np.array(2**0.5 / epsilon)}
        )
    got = noisy_sum(np.ones((rows, 1)), norm=1.0, mu=mu, noise=noise)
    return PrivateStatistic(
        "count", {"count": np.array(got[0])}, Spend(what="count", mu=mu), {"count": np.array(1 / mu)}
    )


def release_histogram(
    values: Sequence[object] | Array,
    *,
    categories: Sequence[object],
    mu: float,
    name: str = "",
    noise: NoiseSource | None = None,
) -> PrivateStatistic:
    """How many subjects fall into each of some public categories; a subject is in one, so the sensitivity is 1.

    Parameters
    ----------
    values : sequence
        One a subject.
    categories : sequence
        All that may occur, declared without a look at the data; others are not counted.
    mu : float
        The Gaussian budget.
    name : str
        What is counted.
    """
    place = {category: index for index, category in enumerate(categories)}
    if len(place) != len(categories) or not place:
        raise BadInput(f"categories must be different and at least one; got {len(categories)}.")
    one_row_a_subject(None, rows=len(values))
    rows = np.zeros((len(values), len(place)))
    for row, value in enumerate(values):
        if value in place:
            rows[row, place[value]] = 1.0
    got = noisy_sum(rows, norm=1.0, mu=mu, noise=noise)
    what = f"histogram of {name}" if name else "histogram"
    return PrivateStatistic(
        what, {"count": got}, Spend(what=what, mu=mu), {"count": np.full(len(got), 1 / mu)}
    )


def release_quantiles(
    values: Array, *, bounds: tuple[float, float], probabilities: Sequence[float], mu: float, name: str = "",
    noise: NoiseSource | None = None,
) -> PrivateStatistic:  # fmt: skip
    """Quantiles of one column, any number of them for one price.

    The column's public limits are halved ``depth`` times; the counts of all dyadic stretches are released together (a
    subject is in one stretch a level), and the quantiles are read off the noisy tree.

    Parameters
    ----------
    values : array, shape (subject,)
        One a subject.
    bounds : tuple of float
        Public limits.
    probabilities : sequence of float
        Between 0 and 1.
    mu : float
        The Gaussian budget.
    name : str
        What the column is called.
    """
    lower, upper = bounds
    wanted = np.asarray(probabilities, dtype=float)
    if not lower < upper or wanted.size == 0 or not ((wanted > 0) & (wanted < 1)).all():
        raise BadInput(
            f"Quantiles need limits in order and probabilities between 0 and 1; got {bounds} and {probabilities}."
        )
    one_row_a_subject(None, rows=len(values))
    if not np.isfinite(values).all():
        raise BadInput(f"{int((~np.isfinite(values)).sum())} values are missing; decide on them first.")
    depth = 10
    inside = (np.clip(values, lower, upper) - lower) / (upper - lower)
    leaf = np.clip((inside * 2**depth).astype(int), 0, 2**depth - 1)
    rows = np.zeros((len(values), 2 ** (depth + 1) - 2))
    for level in range(1, depth + 1):
        rows[np.arange(len(values)), 2**level - 2 + (leaf >> (depth - level))] = 1.0
    tree = noisy_sum(rows, norm=depth**0.5, mu=mu, noise=noise)
    found = np.array([_walk(tree, share, depth) for share in wanted])
    what = f"quantiles of {name}" if name else "quantiles"
    order = np.argsort(np.argsort(wanted))
    return PrivateStatistic(
        what, {"quantile": lower + np.sort(found)[order] * (upper - lower), "probability": wanted}, Spend(what=what, mu=mu),
        notes=(f"read off a tree of counts whose noise has deviation {depth**0.5 / mu:.3g} subjects",))  # fmt: skip


def _walk(tree: Array, share: float, depth: int) -> float:
    """Where a share of the subjects lies, from 0 to 1."""
    total = max(float(tree[0] + tree[1]), 1.0)
    left, place = share * total, 0
    for level in range(1, depth + 1):
        start = 2**level - 2
        here = max(float(tree[start + 2 * place]), 0.0) if level > 1 else max(float(tree[0]), 0.0)
        if left > here:
            left -= here
            place = 2 * place + 1
        else:
            place = 2 * place
    return float(place + 0.5) / float(2**depth)

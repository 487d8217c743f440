"""Random-effects meta-analysis: sites share effects and their variances, no rows.

References
----------
DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2; Viechtbauer 2005, doi:10.3102/10769986030003261 (REML);
IntHout et al. 2014, doi:10.1186/1471-2288-14-25 (Knapp-Hartung interval); Higgins et al. 2009,
doi:10.1111/j.1467-985X.2008.00552.x (prediction interval).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["Pooled", "pool_effects"]

Array = NDArray[np.float64]
_METHODS, _INTERVALS = ("reml", "dl"), ("normal", "knapp-hartung")


@dataclass(frozen=True, slots=True)
class Pooled:
    """Effects of studies, pooled; arrays of shape (region,).

    Parameters
    ----------
    effect, error, low, high, p : array
        The mean effect, its standard error, interval, and p of none.
    tau2, i2, q, q_p : array
        Variance between studies; the share of the variance that is between studies; Cochran's Q and its p.
    expected_low, expected_high : array
        Where the effect of a new study is to be expected; NaN below three studies, and too narrow below some ten
        (0.89 instead of 0.95 for eight).
    weights : array, shape (study, region)
        Shares of the mean.
    """

    effect: Array
    error: Array
    low: Array
    high: Array
    p: Array
    tau2: Array
    i2: Array
    q: Array
    q_p: Array
    expected_low: Array
    expected_high: Array
    weights: Array


def pool_effects(
    effects: Any,
    variances: Any,
    *,
    method: str = "reml",
    interval: str = "knapp-hartung",
    level: float = 0.95,
) -> Pooled:
    """Pool studies' effects by a random-effects model.

    Parameters
    ----------
    effects, variances : array, shape (study,) or (study, region)
        Each study's estimate and its squared standard error.
    method : str
        How the variance between studies is estimated: ``"reml"`` or ``"dl"`` (DerSimonian-Laird).
    interval : str
        ``"knapp-hartung"``, which holds its level for few studies, or ``"normal"``.
    level : float
        Of the intervals.

    Raises
    ------
    BadInput
        If there are fewer than two studies, shapes differ, or a variance is not above zero.

    Examples
    --------
    >>> found = pool_effects([0.10, 0.30, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], method="dl", interval="normal")
    >>> float(found.effect[0].round(3)), float(found.tau2[0].round(3))
    (0.374, 0.051)
    """
    y, v = _checked(effects, variances, method=method, interval=interval)
    stats: Any = need("scipy.stats", purpose="Meta-analysis")
    k = len(y)
    fixed = 1 / v
    middle = (fixed * y).sum(axis=0) / fixed.sum(axis=0)
    q = (fixed * (y - middle) ** 2).sum(axis=0)
    scale = fixed.sum(axis=0) - (fixed**2).sum(axis=0) / fixed.sum(axis=0)
    tau2 = np.maximum(0.0, (q - (k - 1)) / scale)
    if method == "reml":
        tau2 = _restricted(y, v, start=tau2)
    weights = 1 / (v + tau2)
    total = weights.sum(axis=0)
    effect = (weights * y).sum(axis=0) / total
    error = 1 / np.sqrt(total)
    bound, law = stats.norm.ppf(0.5 + level / 2), stats.norm()
    if interval == "knapp-hartung":
        error = np.sqrt((weights * (y - effect) ** 2).sum(axis=0) / (k - 1) / total)
        bound, law = stats.t.ppf(0.5 + level / 2, k - 1), stats.t(k - 1)
    typical = (k - 1) / scale
    beyond = np.full_like(effect, np.nan)
    if k > 2:
        beyond = stats.t.ppf(0.5 + level / 2, k - 2) * np.sqrt(tau2 + 1 / total)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * law.sf(np.abs(effect / error))
    return Pooled(
        effect=effect, error=error, low=effect - bound * error, high=effect + bound * error, p=p,
        tau2=tau2, i2=tau2 / (tau2 + typical), q=q, q_p=stats.chi2.sf(q, k - 1),
        expected_low=effect - beyond, expected_high=effect + beyond, weights=weights / total,
    )  # fmt: skip


def _checked(effects: Any, variances: Any, *, method: str, interval: str) -> tuple[Array, Array]:
    if method not in _METHODS or interval not in _INTERVALS:
        raise BadInput(
            f"method is one of {', '.join(_METHODS)} and interval one of {', '.join(_INTERVALS)}; "
            f"got {method!r} and {interval!r}."
        )
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    if y.shape != v.shape or y.ndim not in (1, 2) or len(y) < 2:
        raise BadInput(
            f"Two studies or more, each with an effect and a variance, are needed; got shapes {y.shape} and {v.shape}."
        )
    if not np.isfinite(y).all() or not (np.isfinite(v) & (v > 0)).all():
        raise BadInput("Effects must be finite and variances above zero; leave out studies that have none.")
    return (y[:, None], v[:, None]) if y.ndim == 1 else (y, v)


def _restricted(y: Array, v: Array, *, start: Array, most: int = 200) -> Array:
    """The variance between studies by restricted maximum likelihood, through Fisher scoring with halved steps."""
    tau2 = start.copy()
    for _ in range(most):
        weights = 1 / (v + tau2)
        total, square = weights.sum(axis=0), (weights**2).sum(axis=0)
        middle = (weights * y).sum(axis=0) / total
        score = (weights**2 * (y - middle) ** 2).sum(axis=0) - total + square / total
        known = square - 2 * (weights**3).sum(axis=0) / total + (square / total) ** 2
        fresh = np.maximum(0.0, tau2 + score / known)
        settled = np.abs(fresh - tau2) <= 1e-12 + 1e-10 * tau2
        tau2 = fresh
        if settled.all():
            break
    return tau2

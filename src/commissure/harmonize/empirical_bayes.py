"""Empirical Bayes for site effects: priors over features, posteriors by iteration or by integration.

Additive effects have a normal prior, multiplicative ones an inverse gamma, both estimated over features
(Johnson, Li & Rabinovic 2007, doi:10.1093/biostatistics/kxj037). All that the posteriors need of the data are each
site's count, mean and sum of squares, so that they can come from sites that send nothing else.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Effects", "Priors", "estimate_priors", "posterior_integrated", "posterior_parametric"]

Array = NDArray[np.float64]
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Effects:
    """What a site does to features.

    Parameters
    ----------
    count, shift, scale : array, shape (feature,)
        Values that were there, additive effect and variance ratio of standardized data.
    """

    count: Array
    shift: Array
    scale: Array


@dataclass(frozen=True, slots=True)
class Priors:
    """A site's hyperparameters: normal (``mean``, ``variance``), inverse gamma (``shape``, ``rate``)."""

    mean: float
    variance: float
    shape: float
    rate: float


def estimate_priors(found: Effects) -> Priors | None:
    """The priors that the features of one site tell by the method of moments; None where fewer than two can tell.

    Parameters
    ----------
    found : Effects
        Unshrunken effects.
    """
    shifts = found.shift[found.count > 0]
    scales = found.scale[(found.count > 1) & np.isfinite(found.scale)]
    if shifts.size < 2:
        return None
    mean, variance = float(shifts.mean()), float(shifts.var(ddof=1))
    if scales.size < 2 or (spread := float(scales.var(ddof=1))) == 0.0:
        return Priors(mean, variance, np.inf, np.inf)
    middle = float(scales.mean())
    return Priors(mean, variance, (2 * spread + middle**2) / spread, (middle * spread + middle**3) / spread)


def posterior_parametric(
    found: Effects, within: Array, *, priors: Priors, tolerance: float = 1e-4, most: int = 1000
) -> Effects:
    """Shrunken effects of one site, by alternating the two conditional posterior means until they settle.

    Parameters
    ----------
    found : Effects
        Unshrunken effects; ``shift`` is the site's mean of the standardized data.
    within : array, shape (feature,)
        Sum of squares of the site's standardized data about their mean.
    priors : Priors
        The site's.
    tolerance : float
        The largest relative change at which it stops.
    most : int
        The most iterations.
    """
    n, mean = found.count, found.shift
    start = np.where(np.isfinite(found.scale), found.scale, 1.0)
    shift, scale = mean.copy(), start
    flat = not np.isfinite(priors.shape)
    for _ in range(most):
        weight = n * priors.variance
        fresh = (weight * mean + scale * priors.mean) / (weight + scale)
        squares = within + n * (mean - fresh) ** 2
        ratio = start if flat else (0.5 * squares + priors.rate) / (n / 2 + priors.shape - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            change = max(np.nanmax((np.abs(fresh - shift) / shift), initial=0.0),
                         np.nanmax(np.abs(ratio - scale) / scale, initial=0.0))  # fmt: skip
        shift, scale = fresh, ratio
        if change <= tolerance:
            break
    return Effects(n, shift, scale)


def posterior_integrated(found: Effects, within: Array) -> Effects:
    """Shrunken effects of one site without a parametric prior: the other features are the prior.

    Each feature's effects are the average of all other features' effects, weighted by the likelihood that they give
    to this feature's data. Works in logarithms, so it does not underflow at large sites.
    """
    use = (found.count > 1) & np.isfinite(found.scale) & (found.scale > 0)
    index = np.flatnonzero(use)
    shift, scale = found.shift.copy(), np.where(use, found.scale, 1.0)
    g, d = found.shift[index], found.scale[index]
    for begin in range(0, index.size, _CHUNK):
        rows = index[begin : begin + _CHUNK]
        n = found.count[rows, None]
        squares = within[rows, None] + n * (found.shift[rows, None] - g[None, :]) ** 2
        logs = -0.5 * n * np.log(2 * np.pi * d[None, :]) - squares / (2 * d[None, :])
        logs[np.arange(rows.size), np.arange(begin, begin + rows.size)] = -np.inf
        weight = np.exp(logs - logs.max(axis=1, keepdims=True))
        total = weight.sum(axis=1)
        shift[rows], scale[rows] = weight @ g / total, weight @ d / total
    return Effects(found.count, shift, scale)

"""Empirical Bayes for site effects: priors over features, posteriors by iteration or by integration.

Additive effects have a normal prior, multiplicative ones an inverse gamma, both estimated over features for each site
(Johnson, Li & Rabinovic 2007, doi:10.1093/biostatistics/kxj037). All that the posteriors need of the data are each
site's count, mean and sum of squares, so that they can come from sites that send nothing else, or be found at the site.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Effects", "Priors", "estimate_priors", "posterior_integrated", "posterior_parametric"]

Array = NDArray[np.float64]
_CHUNK = 256
_CACHED = 1 << 14


@dataclass(frozen=True, slots=True)
class Effects:
    """What sites do to features.

    Parameters
    ----------
    count, shift, scale : array, shape (site, feature)
        Values that were there, additive effect and variance ratio of standardized data.
    """

    count: Array
    shift: Array
    scale: Array


@dataclass(frozen=True, slots=True)
class Priors:
    """Hyperparameters: normal (``mean``, ``variance``), inverse gamma (``shape``, ``rate``), each of shape (site, 1).

    ``variance`` is NaN for a site of which fewer than two features tell; ``shape`` is infinite where scales are not
    to be shrunken.
    """

    mean: Array
    variance: Array
    shape: Array
    rate: Array

    def of(self, sites: NDArray[Any]) -> "Priors":
        """Those of some sites."""
        return Priors(self.mean[sites], self.variance[sites], self.shape[sites], self.rate[sites])


def estimate_priors(found: Effects) -> Priors:
    """The priors that the features of each site tell, by the method of moments.

    Parameters
    ----------
    found : Effects
        Unshrunken effects.
    """
    mean, variance = _moments(found.shift, found.count > 0)
    middle, spread = _moments(found.scale, (found.count > 1) & np.isfinite(found.scale))
    flat = ~(spread > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = np.where(flat, np.inf, (2 * spread + middle**2) / spread)
        rate = np.where(flat, np.inf, (middle * spread + middle**3) / spread)
    return Priors(mean, variance, shape, rate)


def posterior_parametric(
    found: Effects, within: Array, *, priors: Priors, tolerance: float = 1e-4, most: int = 1000
) -> Effects:
    """Shrunken effects, by alternating the two conditional posterior means until those of a site settle.

    Parameters
    ----------
    found : Effects
        Unshrunken effects; ``shift`` is the site's mean of the standardized data.
    within : array, shape (site, feature)
        Sums of squares of the site's standardized data about their mean.
    priors : Priors
        The sites'; a site without any stays as it is.
    tolerance : float
        The largest relative change at which a site has settled.
    most : int
        The most iterations.
    """
    start = np.where(np.isfinite(found.scale), found.scale, 1.0)
    shift, scale = found.shift.copy(), start.copy()
    told = np.flatnonzero(np.isfinite(priors.variance[:, 0]))
    together = max(1, _CACHED // max(start.shape[1], 1))
    for begin in range(0, told.size, together):
        rows = told[begin : begin + together]
        own = Effects(found.count[rows], found.shift[rows], start[rows])
        shift[rows], scale[rows] = _settled(own, within[rows], priors.of(rows), (tolerance, most))
    return Effects(found.count, shift, scale)


def _settled(own: Effects, within: Array, priors: Priors, until: tuple[float, int]) -> tuple[Array, Array]:
    """The two conditional posterior means in turn, each site until its own change is small."""
    shift, scale = own.shift.copy(), own.scale.copy()
    active, now = np.arange(len(shift)), (own.shift, own.scale)
    pull = own.count * priors.variance
    known = [own.count, own.shift, own.scale, within, pull, pull * own.shift]
    with np.errstate(divide="ignore", invalid="ignore"):
        bulk = own.count / 2 + priors.shape - 1
        for _ in range(until[1]):
            fresh, change = _step(known, bulk, now=now, priors=priors)
            going = change > until[0]
            if going.all():
                now = fresh
                continue
            shift[active], scale[active] = fresh
            if not going.any():
                break
            active, bulk, priors = active[going], bulk[going], priors.of(going)
            known, now = [values[going] for values in known], (fresh[0][going], fresh[1][going])
        else:
            shift[active], scale[active] = now
    return shift, scale


def _step(
    known: list[Array], bulk: Array, *, now: tuple[Array, Array], priors: Priors
) -> tuple[tuple[Array, Array], Array]:
    """The conditional posterior means given ``now``, and the largest relative change of each site."""
    n, mean, start, within, pull, pulled = known
    shift = (pulled + now[1] * priors.mean) / (pull + now[1])
    scale = mean - shift
    scale *= scale
    scale *= n
    scale += within
    scale *= 0.5
    scale += priors.rate
    scale /= bulk
    if not np.isfinite(priors.shape).all():
        scale = np.where(np.isfinite(priors.shape), scale, start)
    # a negative shift does not hold a site back, as in the reference implementation: the same numbers need the same end
    changes = [np.abs(new - old) / old for new, old in zip((shift, scale), now, strict=True)]
    return (shift, scale), np.fmax.reduce(np.fmax(*changes), axis=1, initial=0.0)


def posterior_integrated(found: Effects, within: Array) -> Effects:
    """Shrunken effects without a parametric prior: the other features are the prior.

    Each feature's effects are the average of all other features' effects, weighted by the likelihood that they give
    to this feature's data. Works in logarithms, so it does not underflow at large sites.
    """
    parts = [_integrated(*rows) for rows in zip(found.count, found.shift, found.scale, within, strict=True)]
    return Effects(
        found.count, np.stack([shift for shift, _ in parts]), np.stack([scale for _, scale in parts])
    )


def _integrated(count: Array, shift: Array, scale: Array, within: Array) -> tuple[Array, Array]:
    use = (count > 1) & np.isfinite(scale) & (scale > 0)
    index = np.flatnonzero(use)
    g, d = shift[index], scale[index]
    shift, scale = shift.copy(), np.where(use, scale, 1.0)
    if index.size < 2:
        return shift, scale
    for begin in range(0, index.size, _CHUNK):
        rows = index[begin : begin + _CHUNK]
        n = count[rows, None]
        squares = within[rows, None] + n * (g[begin : begin + _CHUNK, None] - g[None, :]) ** 2
        logs = -0.5 * n * np.log(2 * np.pi * d[None, :]) - squares / (2 * d[None, :])
        logs[np.arange(rows.size), np.arange(begin, begin + rows.size)] = -np.inf
        weight = np.exp(logs - logs.max(axis=1, keepdims=True))
        total = weight.sum(axis=1)
        shift[rows], scale[rows] = weight @ g / total, weight @ d / total
    return shift, scale


def _moments(values: Array, use: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Mean and variance of each row's values in use, shape (site, 1); NaN from fewer than two."""
    count = use.sum(axis=1, keepdims=True).astype(float)
    kept = values if use.all() else np.where(use, values, 0.0)
    mean = kept.sum(axis=1, keepdims=True) / np.maximum(count, 1)
    apart = kept - mean if use.all() else np.where(use, values - mean, 0.0)
    variance = (apart**2).sum(axis=1, keepdims=True) / np.maximum(count - 1, 1)
    return mean, np.where(count > 1, variance, np.nan)

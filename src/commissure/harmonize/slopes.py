"""The covariates' slopes within sites, from sums over sites: least squares, or penalized with the penalty by GCV.

With one level a site, the slopes of the whole least-squares fit need only what is left within sites. Smooth terms add a
quadratic penalty on curvature; its weight is found for each feature by generalized cross-validation (Golub, Heath &
Wahba 1979, doi:10.1080/00401706.1979.10489751), in closed form from one eigendecomposition (Demmler & Reinsch 1975,
doi:10.1007/BF01437407). So the smooth fit, too, can be federated.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.harmonize.moments import MomentSums

__all__ = ["check_confounding", "pooled_slopes"]

Array = NDArray[np.float64]
#: weights of a penalty relative to the data's, decades
_FINE, _COARSE = np.linspace(-6, 6, 97), np.linspace(-4, 4, 9)
_SMALLEST = 1e-12


def pooled_slopes(sums: MomentSums, *, penalties: Sequence[Array] = ()) -> tuple[Array, Array]:
    """Slopes, shape (k, f), and the weights of the penalties, shape (penalty, f).

    Parameters
    ----------
    sums : MomentSums
        Of all sites.
    penalties : sequence of array, shape (k, k)
        One a smooth term; zero outside its columns.
    """
    if sums.cross.shape[0] == 0:
        return sums.cross, np.empty((0, sums.cross.shape[1]))
    gram = np.moveaxis(sums.spread, 2, 0)
    if not penalties:
        return _solved(gram, sums.cross), np.empty((0, sums.cross.shape[1]))
    if len(penalties) == 1:
        return _smooth(gram, sums, penalties[0])
    return _smooth_many(gram, sums, penalties)


def check_confounding(sums: MomentSums, *, names: Sequence[str], penalties: Sequence[Array] = ()) -> None:
    """Raise :class:`BadInput` if a covariate is told by the sites (and the covariates before it) alone.

    Parameters
    ----------
    sums : MomentSums
        Of all sites.
    names : sequence of str
        The covariate of each column.
    penalties : sequence of array
        As for :func:`pooled_slopes`.
    """
    if not names:
        return
    fullest = int(np.argmax(sums.count))
    gram = sums.spread[:, :, min(fullest, sums.spread.shape[2] - 1)].copy()
    power = sums.power[:, min(fullest, sums.power.shape[1] - 1)].copy()
    for penalty in penalties:
        own = np.diag(penalty) > 0
        weight = power[own].sum() / np.trace(penalty) if power[own].sum() > 0 else 0.0
        gram += weight * penalty
        power += weight * np.diag(penalty)
    left = gram.copy()
    for number, name in enumerate(names):
        if left[number, number] <= _SMALLEST * max(power[number], 1e-300):
            raise BadInput(
                f"Covariate {name!r} is confounded with site or the covariates before it: beside them it does not vary "
                "within any site, so the effects cannot be told apart. Leave it out, or add a site in which it varies."
            )
        left = left - np.outer(left[:, number], left[number]) / left[number, number]


def _solved(gram: Array, cross: Array) -> Array:
    """``gram`` (1 or f, k, k) against ``cross`` (k, f); features whose own rows cannot tell get the smallest slopes."""
    if len(gram) == 1:
        return np.asarray(np.linalg.solve(gram[0], cross))
    return np.asarray((np.linalg.pinv(gram, hermitian=True) @ cross.T[:, :, None])[:, :, 0].T)


def _smooth(gram: Array, sums: MomentSums, penalty: Array) -> tuple[Array, Array]:
    tau = np.trace(gram, axis1=1, axis2=2)[:, None, None] / np.trace(penalty)
    ridge = 1e-13 * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(len(penalty))
    lower = np.linalg.inv(np.linalg.cholesky(gram + tau * penalty + ridge))
    kept, axes = np.linalg.eigh(lower @ gram @ np.swapaxes(lower, 1, 2))
    kept = np.clip(kept, 0.0, 1.0)
    turn = np.swapaxes(lower, 1, 2) @ axes
    z = turn[0].T @ sums.cross if len(gram) == 1 else np.einsum("fkl,kf->lf", turn, sums.cross)
    best, weight = np.full(z.shape[1], np.inf), np.zeros(z.shape[1])
    for step in _FINE:
        share = 1 / np.maximum(kept + 10**step * (1 - kept), 1e-300)
        bend = (share * (kept * share - 2)).T
        fall = (bend[:, 0] @ z**2) if len(gram) == 1 else (bend * z**2).sum(axis=0)
        score = _gcv(sums, fall, (kept * share).sum(axis=1))
        better = score < best
        best, weight = np.where(better, score, best), np.where(better, 10**step, weight)
    share = 1 / np.maximum(kept.T + weight * (1 - kept.T), 1e-300)
    slopes = turn[0] @ (share * z) if len(gram) == 1 else np.einsum("fkl,lf->kf", turn, share * z)
    return slopes, (weight * tau[:, 0, 0])[None]


def _smooth_many(gram: Array, sums: MomentSums, penalties: Sequence[Array]) -> tuple[Array, Array]:
    features = sums.cross.shape[1]
    best, slopes = np.full(features, np.inf), np.zeros_like(sums.cross)
    weights = np.zeros((len(penalties), features))
    tau = [np.trace(gram, axis1=1, axis2=2) / np.trace(penalty) for penalty in penalties]
    for steps in product(_COARSE, repeat=len(penalties)):
        scaled = [10**step * t for step, t in zip(steps, tau, strict=True)]
        full = gram + sum(w[:, None, None] * p for w, p in zip(scaled, penalties, strict=True))
        inverse = np.linalg.pinv(full, hermitian=True)
        if len(gram) == 1:
            found, bent = inverse[0] @ sums.cross, gram[0] @ (inverse[0] @ sums.cross)
        else:
            found = np.einsum("fkl,lf->kf", inverse, sums.cross)
            bent = np.einsum("fkl,lf->kf", gram, found)
        fall = (found * (bent - 2 * sums.cross)).sum(axis=0)
        score = _gcv(sums, fall, np.einsum("fkl,flk->f", inverse, gram))
        better = score < best
        best, slopes = np.where(better, score, best), np.where(better, found, slopes)
        weights = np.where(better, np.stack(np.broadcast_arrays(*scaled)), weights)
    return slopes, weights


def _gcv(sums: MomentSums, fall: Array, freedom: Array) -> Array:
    """The score of each feature, where ``fall`` is what the fit takes off its sum of squares."""
    left = np.maximum(sums.count - sums.sites - freedom, _SMALLEST)
    return np.asarray(sums.count * np.maximum(sums.squares + fall, 0.0) / left**2)

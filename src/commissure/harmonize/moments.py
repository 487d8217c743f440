"""What ComBat needs to know of one site: counts, means and sums of squares about them, nothing of a row.

Everything is centred on the site's own means, so the numbers stay exact for features whose mean is large beside their
spread; several sites' moments are all that a fit needs, wherever their rows lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SiteMoments", "pooled_slopes"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SiteMoments:
    """The moments of one site's features (f) and covariates (k).

    Parameters
    ----------
    count : array, shape (f,)
        Rows in which the feature is there.
    mean : array, shape (f,)
    centre : array, shape (k, f)
        Means of the covariates over the rows in which the feature is there.
    squares : array, shape (f,)
        Sum of squares of the feature about its mean.
    cross : array, shape (k, f)
        Sum of products of covariates and feature about their means.
    spread : array, shape (k, k, f) or (k, k, 1)
        Sum of products of the covariates about their means; one for all features where none is missing.
    """

    count: Array
    mean: Array
    centre: Array
    squares: Array
    cross: Array
    spread: Array

    @classmethod
    def of(cls, X: Array, columns: Array) -> "SiteMoments":
        """The moments of a site's rows: features ``X`` (n, f), NaN where missing, covariates ``columns`` (n, k)."""
        there = ~np.isnan(X)
        return cls._whole(X, columns) if there.all() else cls._masked(X, columns, there.astype(float))

    @classmethod
    def _whole(cls, X: Array, columns: Array) -> "SiteMoments":
        n, features = X.shape
        mean, centre = X.mean(axis=0), columns.mean(axis=0)
        apart, off = X - mean, columns - centre
        return cls(
            count=np.full(features, float(n)),
            mean=mean,
            centre=np.repeat(centre[:, None], features, axis=1),
            squares=np.einsum("nf,nf->f", apart, apart),
            cross=off.T @ apart,
            spread=(off.T @ off)[:, :, None],
        )

    @classmethod
    def _masked(cls, X: Array, columns: Array, there: Array) -> "SiteMoments":
        count = there.sum(axis=0)
        safe = np.maximum(count, 1.0)
        mean = np.where(there > 0, X, 0.0).sum(axis=0) / safe
        apart = np.where(there > 0, X - mean, 0.0)
        middle = columns.mean(axis=0)
        off = columns - middle
        shift = off.T @ there / safe
        pairs = np.einsum("nk,nl->nkl", off, off).reshape(len(off), -1).T @ there
        size = columns.shape[1]
        spread = pairs.reshape(size, size, -1) - count * np.einsum("kf,lf->klf", shift, shift)
        return cls(count, mean, middle[:, None] + shift, (apart**2).sum(axis=0), off.T @ apart, spread)

    def residual(self, slopes: Array) -> Array:
        """Sum of squares about the site's mean that ``slopes`` (k, f) leave, shape (f,)."""
        explained = np.einsum("kf,klf,lf->f", slopes, np.broadcast_to(self.spread, (*self.spread.shape[:2], slopes.shape[1])),
                              slopes) if slopes.shape[0] else 0.0  # fmt: skip
        return np.asarray(np.maximum(self.squares - 2 * (slopes * self.cross).sum(axis=0) + explained, 0.0))

    def level(self, slopes: Array) -> Array:
        """The site's mean with all covariates at zero, shape (f,)."""
        return np.asarray(self.mean - (slopes * self.centre).sum(axis=0))


def pooled_slopes(sites: Sequence[SiteMoments]) -> Array:
    """The covariates' slopes within sites, pooled over ``sites``, shape (k, f).

    They are the slopes of the least-squares fit with one level a site.
    """
    cross = sum((site.cross for site in sites), start=np.zeros_like(sites[0].cross))
    size = cross.shape[0]
    if size == 0:
        return cross
    spread = sum((site.spread for site in sites), start=np.zeros((size, size, 1)))
    if spread.shape[2] == 1:
        return np.asarray(np.linalg.solve(spread[:, :, 0], cross))
    stacked = np.moveaxis(spread, 2, 0)
    return np.asarray((np.linalg.pinv(stacked, hermitian=True) @ cross.T[:, :, None])[:, :, 0].T)

"""What ComBat needs to know of sites: counts, means and sums of squares about them, nothing of a row.

Everything is centred on each site's own means, so the numbers stay exact for features whose mean is large beside their
spread. The sums over sites (:class:`MomentSums`) are all that sites must share for a federated fit: they add up, so a
coordinator may take them through secure aggregation and see no site's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["MomentSums", "SiteMoments", "blocks", "rows_of"]

Array = NDArray[np.float64]
#: the rows of a site: a run, or numbers
Rows = slice | NDArray[np.intp]
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class MomentSums:
    """Sums over sites, features (f) and covariate columns (k); ``+`` puts two groups of sites together.

    Parameters
    ----------
    sites, count, total, squares : array, shape (f,)
        Sites and rows that have the feature, its sum, and its sum of squares about each site's mean.
    centre : array, shape (k, f) or (k, 1)
        Sums of the covariates over these rows.
    power : array, shape (k, f) or (k, 1)
        Sums of their squares.
    cross : array, shape (k, f)
        Sums of products of covariates and feature about each site's means.
    spread : array, shape (k, k, f) or (k, k, 1)
        Sums of products of covariates about each site's means.
    """

    sites: Array
    count: Array
    total: Array
    squares: Array
    centre: Array
    power: Array
    cross: Array
    spread: Array

    def __add__(self, other: "MomentSums") -> "MomentSums":
        return MomentSums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class SiteMoments:
    """The moments of sites (s), their features (f) and covariate columns (k).

    Parameters
    ----------
    count : array, shape (s, f)
        Rows in which the feature is there.
    mean : array, shape (s, f)
    centre : array, shape (s, k, f) or (s, k, 1)
        Means of the covariates over the rows in which the feature is there.
    squares : array, shape (s, f)
        Sum of squares of the feature about its mean.
    cross : array, shape (s, k, f)
        Sum of products of covariates and feature about their means.
    spread : array, shape (s, k, k, f) or (s, k, k, 1)
        Sum of products of the covariates about their means; one for all features where none is missing.
    """

    count: Array
    mean: Array
    centre: Array
    squares: Array
    cross: Array
    spread: Array

    @classmethod
    def of(
        cls, X: Array, columns: Array, *, numbers: NDArray[np.intp] | None = None, sites: int = 1
    ) -> "SiteMoments":
        """The moments of rows: features ``X`` (n, f), NaN where missing, covariates ``columns`` (n, k).

        Parameters
        ----------
        X, columns : array
            The rows.
        numbers : array, shape (n,), or None
            Each row's site, 0 to ``sites`` - 1; None if all are of one.
        sites : int
            How many sites there are.
        """
        numbers = np.zeros(len(X), int) if numbers is None else numbers
        rows = rows_of(numbers, sites=sites)
        if np.isnan(X.sum()):
            return cls.join([cls._masked(X[own], columns[own]) for own in rows])
        count = np.bincount(numbers, minlength=sites).astype(float)
        shares = [np.bincount(numbers, weights=column, minlength=sites) for column in columns.T]
        centre = np.stack([np.zeros(sites), *shares], axis=1)[:, 1:] / np.maximum(count, 1.0)[:, None]
        return cls._whole(X, columns - centre[numbers], rows, count=count, centre=centre)

    @classmethod
    def join(cls, parts: Sequence["SiteMoments"]) -> "SiteMoments":
        """Several sites' moments as one, in that order; :class:`BadInput` if they tell of different features."""
        if len({(part.cross.shape[1:]) for part in parts}) != 1:
            raise BadInput(
                "Sites must send moments of the same features and covariates; got (covariate, feature) shapes "
                f"{sorted({part.cross.shape[1:] for part in parts})}."
            )
        wide = max(part.spread.shape[3] for part in parts)
        found = []
        for field in fields(cls):
            values = [getattr(part, field.name) for part in parts]
            if field.name in ("centre", "spread"):
                values = [np.broadcast_to(v, (*v.shape[:-1], max(wide, v.shape[-1]))) for v in values]
            found.append(np.concatenate(values))
        return cls(*found)

    @classmethod
    def _whole(
        cls, X: Array, off: Array, rows: Sequence[Rows], *, count: Array, centre: Array
    ) -> "SiteMoments":
        """Without a missing value; ``off`` are the covariates about their sites' means ``centre``."""
        sites, features, size = len(rows), X.shape[1], off.shape[1]
        mean, squares = np.zeros((sites, features)), np.zeros((sites, features))
        cross, spread = np.zeros((sites, size, features)), np.zeros((sites, size, size, 1))
        for number, own in enumerate(rows):
            mine = off[own].T
            many = mine.shape[1]
            if not many:
                continue
            spread[number, :, :, 0] = mine @ mine.T
            for here in blocks(features, rows=many):
                block, middle = _taken(X, own, here), mean[number, here]
                np.add.reduce(block, axis=0, out=middle)
                middle /= many
                apart = block - middle
                np.einsum("nf,nf->f", apart, apart, out=squares[number, here])
                np.matmul(mine, apart, out=cross[number, :, here])
        wide = np.broadcast_to(count[:, None], mean.shape)
        return cls(wide, mean, centre[:, :, None], squares, cross, spread)

    @classmethod
    def _masked(cls, X: Array, columns: Array) -> "SiteMoments":
        there = (~np.isnan(X)).astype(float)
        count = there.sum(axis=0)
        safe = np.maximum(count, 1.0)
        mean = np.where(there > 0, X, 0.0).sum(axis=0) / safe
        apart = np.where(there > 0, X - mean, 0.0)
        middle = columns.mean(axis=0) if len(columns) else np.zeros(columns.shape[1])
        off = columns - middle
        shift = off.T @ there / safe
        size = columns.shape[1]
        pairs = np.einsum("nk,nl->nkl", off, off).reshape(len(off), size * size).T @ there
        spread = pairs.reshape(size, size, X.shape[1]) - count * np.einsum("kf,lf->klf", shift, shift)
        parts = (count, mean, middle[:, None] + shift, (apart**2).sum(axis=0), off.T @ apart, spread)
        return cls(*(part[None] for part in parts))

    def sums(self) -> MomentSums:
        """What these sites add to the sums over all sites."""
        weight = self.count[:, None, : self.centre.shape[2]]
        squares = np.einsum("skkf->skf", self.spread)
        return MomentSums(
            sites=(self.count > 0).sum(axis=0).astype(float),
            count=self.count.sum(axis=0),
            total=(self.count * self.mean).sum(axis=0),
            squares=self.squares.sum(axis=0),
            centre=(weight * self.centre).sum(axis=0),
            power=(weight * self.centre**2 + squares).sum(axis=0),
            cross=self.cross.sum(axis=0),
            spread=self.spread.sum(axis=0),
        )

    def residual(self, slopes: Array) -> Array:
        """Sums of squares about each site's mean that ``slopes`` (k, f) leave, shape (s, f)."""
        if not slopes.shape[0]:
            return self.squares
        if self.spread.shape[3] == 1:
            bent = self.spread[..., 0] @ slopes
        else:
            bent = np.einsum("sklf,lf->skf", self.spread, slopes)
        bent -= 2 * self.cross
        bent *= slopes
        return np.asarray(np.maximum(self.squares + bent.sum(axis=1), 0.0))

    def level(self, slopes: Array) -> Array:
        """Each site's mean with all covariates at zero, shape (s, f)."""
        if not slopes.shape[0]:
            return self.mean
        if self.centre.shape[2] == 1:
            return np.asarray(self.mean - self.centre[:, :, 0] @ slopes)
        return np.asarray(self.mean - np.einsum("skf,kf->sf", self.centre, slopes))


def rows_of(numbers: NDArray[np.intp], *, sites: int) -> list[Rows]:
    """The rows of each site, from the number of each row's site; runs where each site's rows lie together."""
    ends = np.cumsum(np.bincount(numbers, minlength=sites)).tolist()
    runs = [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
    if (numbers[1:] >= numbers[:-1]).all():
        return list(runs)
    order = np.argsort(numbers, kind="stable")
    return [order[run] for run in runs]


def _taken(X: Array, rows: Rows, here: slice) -> Array:
    if isinstance(rows, slice) or here.stop - here.start < X.shape[1]:
        return X[rows, here]
    return X.take(rows, axis=0)


def blocks(features: int, *, rows: int) -> list[slice]:
    """Slices of features of which ``rows`` rows stay in a processor's cache."""
    step = max(1, _BLOCK // max(rows, 1))
    return [slice(begin, min(begin + step, features)) for begin in range(0, features, step)]

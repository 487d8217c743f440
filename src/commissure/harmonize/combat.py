"""ComBat: takes what scanners and sites add out of features, and leaves what covariates explain.

Each feature is standardized by a linear model of site and covariates; what a site adds to its mean and variance is
shrunken by empirical Bayes over features, and removed. Missing values are left out feature by feature, a site with one
subject gets its shift from the prior, and a site that was not there at the fit is learned from its own small sample.

References
----------
Johnson, Li & Rabinovic 2007, doi:10.1093/biostatistics/kxj037; Fortin et al. 2018,
doi:10.1016/j.neuroimage.2017.11.024.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.harmonize.design import Design, check_confounding, encode_covariates, site_numbers
from commissure.harmonize.empirical_bayes import (
    Effects,
    Priors,
    estimate_priors,
    posterior_integrated,
    posterior_parametric,
)
from commissure.harmonize.moments import SiteMoments, pooled_slopes

__all__ = ["ComBat"]

_base: Any = need("sklearn.base", purpose="Harmonizing with ComBat")
_validation: Any = need("sklearn.utils.validation", purpose="Harmonizing with ComBat")
Array = NDArray[np.float64]
_SHRINKAGE = ("parametric", "integrated", "none")


class ComBat(_base.TransformerMixin, _base.BaseEstimator):  # type: ignore[misc]
    """Harmonize features over sites.

    Parameters
    ----------
    shrinkage : str
        ``"parametric"`` (empirical Bayes), ``"integrated"`` (no parametric prior), or ``"none"``.
    mean_only : bool
        Remove shifts, leave variances.
    reference : object or None
        A site that stays as it is; the others are brought to it.
    tolerance : float
        The largest relative change at which the parametric posteriors have settled.

    Attributes
    ----------
    sites_ : tuple
        The sites of the fit.
    shift_, scale_ : array, shape (site, feature)
        What each site adds to standardized data, and its variance ratio.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 4)); sites = np.repeat(["a", "b", "c"], 20); X[sites == "b"] += 3
    >>> flat = ComBat().fit_transform(X, sites=sites)
    >>> bool(abs(flat[sites == "b"].mean() - flat[sites == "a"].mean()) < 0.2)
    True
    """

    def __init__(
        self,
        *,
        shrinkage: str = "parametric",
        mean_only: bool = False,
        reference: Any = None,
        tolerance: float = 1e-4,
    ) -> None:
        self.shrinkage = shrinkage
        self.mean_only = mean_only
        self.reference = reference
        self.tolerance = tolerance

    def fit(self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None) -> "ComBat":  # noqa: ARG002
        """Learn the sites' effects.

        Parameters
        ----------
        X : array, shape (subject, feature)
            Features; NaN where a value is missing.
        y : ignored
        sites : array, shape (subject,), or None
            Each subject's site; None for one site, with which nothing is changed.
        covariates : array, data frame or None, shape (subject, covariate)
            What must survive: numbers, or categories.

        Raises
        ------
        BadInput
            If a covariate is confounded with site, a value of ``sites`` or ``covariates`` is missing, or the reference
            is not among the sites.
        """
        X = self._checked(X, reset=True)
        rows = X.shape[0]
        self._check_parameters()
        self.sites_, numbers = site_numbers(np.zeros(rows, int) if sites is None else sites, rows=rows)
        self.has_sites_ = sites is not None
        if self.reference is not None and self.reference not in self.sites_:
            raise BadInput(
                f"The reference {self.reference!r} is not among the sites; there are: {self.sites_}."
            )
        self.design_: Design = encode_covariates(covariates, rows=rows)
        columns = self.design_.columns(covariates, rows=rows)
        check_confounding(np.eye(len(self.sites_))[numbers], columns, names=self.design_.column_names)
        groups = [np.flatnonzero(numbers == number) for number in range(len(self.sites_))]
        self._fit_moments([SiteMoments.of(X[rows], columns[rows]) for rows in groups])
        return self

    def transform(self, X: Any, *, sites: Any = None, covariates: Any = None) -> Array:
        """Features without what their sites add.

        Parameters
        ----------
        X : array, shape (subject, feature)
            Features; NaN stays NaN.
        sites : array, shape (subject,)
            Each subject's site; one that was not fitted raises: see :meth:`learn_site`.
        covariates : array, data frame or None
            As at the fit.

        Raises
        ------
        BadInput
            If a site was not there at the fit.
        """
        _validation.check_is_fitted(self)
        X = self._checked(X, reset=False)
        rows = X.shape[0]
        if sites is None and not self.has_sites_:
            return X.copy()
        if sites is None:
            raise BadInput("transform needs sites=, one for each row: the fit had sites.")
        names, local = site_numbers(sites, rows=rows)
        unseen = [name for name in names if name not in self.sites_]
        if unseen:
            raise BadInput(
                f"Site {unseen[0]!r} was not there at the fit; learn it from a sample of its own with learn_site(), or "
                f"fit again. Known: {', '.join(map(str, self.sites_))}."
            )
        numbers = np.array([self.sites_.index(name) for name in names])[local]
        columns = self.design_.columns(covariates, rows=rows)
        return self._adjusted(X, numbers, columns)

    def fit_transform(self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None) -> Array:
        """``fit`` and ``transform`` on the same rows."""
        return self.fit(X, y, sites=sites, covariates=covariates).transform(
            X, sites=sites, covariates=covariates
        )

    def learn_site(self, X: Any, *, site: Any, covariates: Any = None) -> "ComBat":
        """Add a site that was not there at the fit, from a small sample of its own.

        Its effects are shrunken towards what the fitted sites tell of sites in general.

        Parameters
        ----------
        X : array, shape (subject, feature)
            The sample, best of healthy controls.
        site : object
            The new site's name.
        covariates : array, data frame or None
            As at the fit.
        """
        _validation.check_is_fitted(self)
        if site in self.sites_:
            raise BadInput(f"Site {site!r} was there at the fit already; give another name.")
        X = self._checked(X, reset=False)
        moments = SiteMoments.of(X, self.design_.columns(covariates, rows=X.shape[0]))
        shift = np.where(moments.count > 0, (moments.level(self.slopes_) - self.mean_) / self.spread_, 0.0)
        within = moments.residual(self.slopes_) / self.spread_**2
        found = self._shrunken(_effects(moments.count, shift, within), within)
        self.sites_ = (*self.sites_, site)
        self.shift_ = np.vstack([self.shift_, found.shift])
        self.scale_ = np.vstack([self.scale_, found.scale])
        return self

    def _check_parameters(self) -> None:
        if self.shrinkage not in _SHRINKAGE:
            raise BadInput(f"shrinkage must be one of {', '.join(_SHRINKAGE)}; got {self.shrinkage!r}.")

    def _checked(self, X: Any, *, reset: bool) -> Array:
        return np.asarray(
            _validation.validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        )

    def _fit_moments(self, moments: Sequence[SiteMoments]) -> None:
        """Fit from each site's moments, in the order of ``sites_``; all that a federated fit needs."""
        self.slopes_ = pooled_slopes(moments)
        levels = np.stack([site.level(self.slopes_) for site in moments])
        count = np.stack([site.count for site in moments])
        squares = np.stack([site.residual(self.slopes_) for site in moments])
        use = slice(None) if self.reference is None else [self.sites_.index(self.reference)]
        total = np.maximum(count[use].sum(axis=0), 1.0)
        self.mean_ = (count[use] * levels[use]).sum(axis=0) / total
        spread = squares[use].sum(axis=0) / total
        self.spread_ = np.where(spread > 1e-24 * np.maximum(self.mean_**2, 1e-280), np.sqrt(spread), 1.0)
        shift = np.where(count > 0, (levels - self.mean_) / self.spread_, 0.0)
        within = squares / self.spread_**2
        self.shift_, self.scale_ = np.zeros_like(shift), np.ones_like(shift)
        for number, name in enumerate(self.sites_):
            if self.reference is None or name != self.reference:
                found = self._shrunken(_effects(count[number], shift[number], within[number]), within[number])
                self.shift_[number], self.scale_[number] = found.shift, found.scale

    def _shrunken(self, raw: Effects, within: Array) -> Effects:
        if self.mean_only:
            raw = Effects(raw.count, raw.shift, np.ones_like(raw.scale))
        plain = Effects(
            raw.count, raw.shift, np.where(np.isfinite(raw.scale) & (raw.scale > 0), raw.scale, 1.0)
        )
        if self.shrinkage == "none":
            return plain
        if self.shrinkage == "integrated" and not self.mean_only:
            return posterior_integrated(raw, within)
        priors = estimate_priors(raw)
        if priors is None:
            return plain
        if self.mean_only:
            priors = Priors(priors.mean, priors.variance, np.inf, np.inf)
        return posterior_parametric(raw, within, priors=priors, tolerance=self.tolerance)

    def _adjusted(self, X: Array, numbers: NDArray[np.intp], columns: Array) -> Array:
        out = np.empty_like(X)
        for number in np.unique(numbers):
            rows = np.flatnonzero(numbers == number)
            if self.reference is not None and self.sites_[number] == self.reference:
                out[rows] = X[rows]
                continue
            shrink = 1 / np.sqrt(self.scale_[number])
            offset = self.mean_ * (1 - shrink) - self.shift_[number] * self.spread_ * shrink
            block = X[rows] * shrink
            block += offset
            if columns.shape[1]:
                block += columns[rows] @ (self.slopes_ * (1 - shrink))
            out[rows] = block
        return out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _effects(count: Array, shift: Array, within: Array) -> Effects:
    return Effects(count, shift, np.where(count > 1, within / np.maximum(count - 1, 1), np.nan))

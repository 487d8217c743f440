"""ComBat: takes what scanners and sites add out of features, and leaves what covariates explain.

Each feature is standardized by a model of site and covariates, linear or smooth; what a site adds to its mean and
variance is shrunken by empirical Bayes over features, and removed. Missing values are left out feature by feature, a
site with one subject gets its shift from the prior, and a site that was not there at the fit is learned from its own
small sample. All is fitted from moments, so sites may send sums instead of rows.

References
----------
Johnson, Li & Rabinovic 2007, doi:10.1093/biostatistics/kxj037; Fortin et al. 2018,
doi:10.1016/j.neuroimage.2017.11.024; smooth effects: Pomponio et al. 2020, doi:10.1016/j.neuroimage.2019.116450.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.harmonize.design import Design, encode_covariates, site_numbers
from commissure.harmonize.empirical_bayes import (
    Effects,
    Priors,
    estimate_priors,
    posterior_integrated,
    posterior_parametric,
)
from commissure.harmonize.moments import MomentSums, SiteMoments, blocks, rows_of
from commissure.harmonize.slopes import check_confounding, pooled_slopes

__all__ = ["ComBat"]

_base: Any = need("sklearn.base", purpose="Harmonizing with ComBat")
_validation: Any = need("sklearn.utils.validation", purpose="Harmonizing with ComBat")
Array = NDArray[np.float64]
_SHRINKAGE = ("parametric", "integrated", "none")
_MOST_CURVES = 3
_TOGETHER = 1 << 18


class ComBat(_base.OneToOneFeatureMixin, _base.TransformerMixin, _base.BaseEstimator):  # type: ignore[misc]
    """Harmonize features over sites.

    Parameters
    ----------
    shrinkage : str
        ``"parametric"`` (empirical Bayes), ``"integrated"`` (no parametric prior), or ``"none"``.
    mean_only : bool
        Remove shifts, leave variances. The posterior counts a site's subjects; neuroCombat and sva count one, and leave
        part of the shift.
    reference : object or None
        A site that stays as it is; the others are brought to it.
    smooth : sequence of str
        Covariates whose effect is a penalized B-spline, its penalty chosen for each feature by generalized
        cross-validation (ComBat-GAM); at most three.
    functions : int
        B-splines a smooth effect.
    tolerance : float
        The largest relative change at which the parametric posteriors have settled.

    Attributes
    ----------
    sites_ : tuple
        The sites of the fit.
    shift_, scale_ : array, shape (site, feature)
        What each site adds to standardized data, and its variance ratio.
    slopes_ : array, shape (column, feature)
        The effects of the covariates' columns.
    penalty_ : array, shape (smooth, feature)
        The weight of each smooth effect's penalty.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 4)); sites = np.repeat(["a", "b", "c"], 20); X[sites == "b"] += 3
    >>> flat = ComBat().fit_transform(X, sites=sites)
    >>> bool(abs(flat[sites == "b"].mean() - flat[sites == "a"].mean()) < 0.2)
    True
    """

    sites_: tuple[Any, ...]
    design_: Design
    shift_: Array
    scale_: Array

    def __init__(
        self,
        *,
        shrinkage: str = "parametric",
        mean_only: bool = False,
        reference: Any = None,
        smooth: Sequence[str] = (),
        functions: int = 10,
        tolerance: float = 1e-4,
    ) -> None:
        self.shrinkage = shrinkage
        self.mean_only = mean_only
        self.reference = reference
        self.smooth = smooth
        self.functions = functions
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
        self._learn(X, *self._encoded(X.shape[0], sites, covariates))
        return self

    def fit_moments(self, moments: SiteMoments, *, names: Sequence[Any], design: Design) -> "ComBat":
        """Learn the sites' effects from their moments, wherever their rows are; the same numbers as from the rows.

        Parameters
        ----------
        moments : SiteMoments
            Of all sites, as :meth:`SiteMoments.join` puts them together.
        names : sequence
            The sites, in the moments' order.
        design : Design
            How covariates became columns, the same at each site.
        """
        return self.fit_sums(moments.sums(), own=moments, names=names, design=design)

    def fit_sums(
        self, sums: MomentSums, *, own: SiteMoments, names: Sequence[Any], design: Design
    ) -> "ComBat":
        """Learn from sums over all sites what they share, and from ``own`` moments what single sites add.

        This is a site's half of a federated fit: only ``sums`` have crossed its walls, and they need not be seen by
        anybody in parts.

        Parameters
        ----------
        sums : MomentSums
            Over all sites.
        own : SiteMoments
            Of the sites that this fit shall know; with a reference, the reference among them.
        names : sequence
            The sites of ``own``, in order.
        design : Design
            The same at each site.

        Raises
        ------
        BadInput
            If a covariate is confounded with site, names and moments differ in number, or the reference is not there.
        """
        self._check_parameters()
        if len(names) != len(own.count):
            raise BadInput(f"names must name each of the {len(own.count)} sites; got {len(names)}.")
        self.sites_, self.has_sites_, self.design_ = tuple(names), True, design
        self.n_features_in_ = own.count.shape[1]
        self._fit_sums(sums, own)
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
        return self._applied(self._checked(X, reset=False), sites, covariates)

    def fit_transform(self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None) -> Array:  # noqa: ARG002
        """``fit`` and ``transform`` on the same rows."""
        X = self._checked(X, reset=True)
        columns, numbers = self._encoded(X.shape[0], sites, covariates)
        if not self.has_sites_ or X.size > _TOGETHER:
            self._learn(X, columns, numbers)
            return self._adjusted(X, numbers, columns) if self.has_sites_ else X.copy()
        # what fits a cache is put in order of sites once, so that each site's rows are a run
        order = np.argsort(numbers, kind="stable")
        X, columns, numbers = X.take(order, axis=0), columns[order], numbers[order]
        self._learn(X, columns, numbers)
        flat, back = self._adjusted(X, numbers, columns, out=X), np.empty_like(order)
        back[order] = np.arange(order.size)
        return flat.take(back, axis=0)

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
        own = SiteMoments.of(X, self.design_.columns(covariates, rows=X.shape[0]))
        shift, scale = self._effects(own)
        self.sites_ = (*self.sites_, site)
        self.shift_, self.scale_ = np.vstack([self.shift_, shift]), np.vstack([self.scale_, scale])
        return self

    def _encoded(self, rows: int, sites: Any, covariates: Any) -> tuple[Array, NDArray[np.intp]]:
        """The covariates' columns and the number of each row's site."""
        self._check_parameters()
        self.sites_, numbers = site_numbers(np.zeros(rows, int) if sites is None else sites, rows=rows)
        self.has_sites_ = sites is not None
        self.design_ = encode_covariates(covariates, rows=rows, smooth=self.smooth, functions=self.functions)
        return self.design_.columns(covariates, rows=rows), numbers

    def _learn(self, X: Array, columns: Array, numbers: NDArray[np.intp]) -> None:
        """Fit to checked rows."""
        own = SiteMoments.of(X, columns, numbers=numbers, sites=len(self.sites_))
        self._fit_sums(own.sums(), own)

    def _applied(self, X: Array, sites: Any, covariates: Any) -> Array:
        if sites is None and not self.has_sites_:
            return X.copy()
        rows = X.shape[0]
        _, numbers = self._known(sites, rows=rows)
        return self._adjusted(X, numbers, self.design_.columns(covariates, rows=rows))

    def _known(self, sites: Any, *, rows: int) -> tuple[tuple[Any, ...], NDArray[np.intp]]:
        """The sites' names, and for each row the number of its site among those fitted."""
        if sites is None:
            raise BadInput("transform needs sites=, one for each row: the fit had sites.")
        names, local = site_numbers(sites, rows=rows)
        unseen = [name for name in names if name not in self.sites_]
        if unseen:
            raise BadInput(
                f"Site {unseen[0]!r} was not there at the fit; learn it from a sample of its own with learn_site(), or "
                f"fit again. Known: {', '.join(map(str, self.sites_))}."
            )
        return names, np.array([self.sites_.index(name) for name in names])[local]

    def _check_parameters(self) -> None:
        if self.shrinkage not in _SHRINKAGE:
            raise BadInput(f"shrinkage must be one of {', '.join(_SHRINKAGE)}; got {self.shrinkage!r}.")
        if len(self.smooth) > _MOST_CURVES or isinstance(self.smooth, str):
            raise BadInput(
                f"smooth names at most {_MOST_CURVES} covariates, in a tuple; got {self.smooth!r}."
            )

    def _checked(self, X: Any, *, reset: bool) -> Array:
        return np.asarray(
            _validation.validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        )

    def _fit_sums(self, sums: MomentSums, own: SiteMoments) -> None:
        if self.reference is not None and self.reference not in self.sites_:
            raise BadInput(
                f"The reference {self.reference!r} is not among the sites; there are: "
                f"{', '.join(map(str, self.sites_))}."
            )
        penalties = self.design_.penalties
        check_confounding(sums, names=self.design_.column_names, penalties=penalties)
        self.slopes_, self.penalty_ = pooled_slopes(sums, penalties=penalties)
        kept = None if self.reference is None else self.sites_.index(self.reference)
        if kept is None:
            total = np.maximum(sums.count, 1.0)
            self.mean_ = (sums.total - (self.slopes_ * sums.centre).sum(axis=0)) / total
            bent = np.einsum(
                "klf,lf->kf", np.broadcast_to(sums.spread, (*sums.spread.shape[:2], total.size)), self.slopes_
            )
            squares = sums.squares + (self.slopes_ * (bent - 2 * sums.cross)).sum(axis=0)
        else:
            total = np.maximum(own.count[kept], 1.0)
            self.mean_, squares = own.level(self.slopes_)[kept], own.residual(self.slopes_)[kept]
        spread = np.maximum(squares, 0.0) / total
        varies = spread > 1e-24 * np.maximum(self.mean_**2, 1e-280)
        self.spread_ = np.where(varies, np.sqrt(spread), 1.0)
        self.flat_ = ~varies
        self.shift_, self.scale_ = self._effects(own)
        if kept is not None:
            self.shift_[kept], self.scale_[kept] = 0.0, 1.0

    def _effects(self, own: SiteMoments) -> tuple[Array, Array]:
        """Shrunken shift and scale of each of ``own`` sites."""
        count = np.where(self.flat_, 0.0, own.count)  # a feature that does not vary tells of no other
        shift = np.where(own.count > 0, (own.level(self.slopes_) - self.mean_) / self.spread_, 0.0)
        within = own.residual(self.slopes_) / self.spread_**2
        scale = np.where(count > 1, within / np.maximum(count - 1, 1), np.nan)
        found = self._shrunken(Effects(count, shift, scale), within)
        return np.where(self.flat_, shift, found.shift), np.where(self.flat_, 1.0, found.scale)

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
        if self.mean_only:
            flat = np.full_like(priors.shape, np.inf)
            priors = Priors(priors.mean, priors.variance, flat, flat)
        found = posterior_parametric(raw, within, priors=priors, tolerance=self.tolerance)
        told = np.isfinite(priors.variance)
        return Effects(raw.count, found.shift, np.where(told, found.scale, plain.scale))

    def _adjusted(
        self, X: Array, numbers: NDArray[np.intp], columns: Array, *, out: Array | None = None
    ) -> Array:
        """The rows of ``X`` without what their sites add, in ``out`` (``X`` itself, if it may be lost)."""
        shrink = 1 / np.sqrt(self.scale_)
        offset = self.mean_ - (self.mean_ + self.shift_ * self.spread_) * shrink
        out, known = np.empty_like(X) if out is None else out, np.column_stack([np.ones(len(X)), columns])
        for number, rows in enumerate(rows_of(numbers, sites=len(self.sites_))):
            if self.reference is not None and self.sites_[number] == self.reference:
                out[rows] = X[rows]
                continue
            mine = known[rows]
            told = np.concatenate([offset[number, None], self.slopes_ * (1 - shrink[number])])
            for here in blocks(X.shape[1], rows=len(mine)):
                block = mine @ told[:, here]
                block += X[rows, here] * shrink[number, here]
                out[rows, here] = block
        return out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

"""Longitudinal ComBat: several visits a subject, whose own level is a random intercept and survives.

References
----------
Beer et al. 2020, doi:10.1016/j.neuroimage.2020.117129.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.harmonize.combat import ComBat
from commissure.harmonize.design import Design, encode_covariates, site_numbers
from commissure.harmonize.moments import MomentSums, SiteMoments
from commissure.kernels.mixed import MixedFit, fit_random_intercept, group_numbers

__all__ = ["LongitudinalComBat"]

Array = NDArray[np.float64]


class LongitudinalComBat(ComBat):
    """Harmonize visits over scanners: each subject's level is kept, so within-subject change is not taken for scanner.

    Parameters
    ----------
    shrinkage, mean_only, tolerance
        As for :class:`ComBat`.

    Attributes
    ----------
    mixed_ : MixedFit
        Fixed effects of sites and covariates, variance of the residuals and of the subjects' intercepts.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(60), 4); sites = np.tile(["a", "a", "b", "b"], 60)
    >>> level = rng.normal(size=(60, 5))[subjects] * 3
    >>> X = level + rng.normal(size=(240, 5)) * 0.3 + 2 * (sites == "b")[:, None]
    >>> flat = LongitudinalComBat().fit_transform(X, sites=sites, subjects=subjects)
    >>> bool(abs(flat[sites == "a"].mean() - flat[sites == "b"].mean()) < 0.05)
    True
    """

    mixed_: MixedFit

    def __init__(
        self, *, shrinkage: str = "parametric", mean_only: bool = False, tolerance: float = 1e-4
    ) -> None:
        super().__init__(shrinkage=shrinkage, mean_only=mean_only, tolerance=tolerance)

    def fit(
        self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None, subjects: Any = None
    ) -> "LongitudinalComBat":
        """Learn the sites' effects beside the subjects' own levels.

        Parameters
        ----------
        X : array, shape (visit, feature)
            Features, none missing.
        y : ignored
        sites, subjects : array, shape (visit,)
            Each visit's site or scanner, and its subject; without ``subjects`` it is :class:`ComBat`.
        covariates : array, data frame or None, shape (visit, covariate)
            What must survive, time among it.

        Raises
        ------
        BadInput
            If a value is missing, or a covariate is confounded with site.
        """
        self.has_subjects_ = subjects is not None
        if subjects is None or sites is None:
            super().fit(X, y, sites=sites, covariates=covariates)
            return self
        X = self._checked(X, reset=True)
        if np.isnan(X).any():
            raise BadInput(
                "Longitudinal ComBat takes no missing values; leave these visits out or fill them in."
            )
        self._check_parameters()
        rows = X.shape[0]
        self.has_sites_ = True
        self.sites_, numbers = site_numbers(sites, rows=rows)
        self.design_ = encode_covariates(covariates, rows=rows)
        columns = self.design_.columns(covariates, rows=rows)
        people = group_numbers(subjects, rows=rows)
        dummies = np.eye(len(self.sites_))[numbers]
        self.mixed_ = fit_random_intercept(X, np.column_stack([dummies, columns]), numbers=people)
        levels, self.slopes_ = self.mixed_.slopes[: len(self.sites_)], self.mixed_.slopes[len(self.sites_) :]
        self.penalty_ = np.empty((0, X.shape[1]))
        self.mean_ = np.bincount(numbers) @ levels / rows
        self.flat_ = self.mixed_.within <= 1e-24 * np.maximum(self.mean_**2, 1e-280)
        self.spread_ = np.sqrt(np.where(self.flat_, 1.0, self.mixed_.within))
        own = self.mixed_.intercepts(X - dummies @ levels - columns @ self.slopes_, people)
        clean = SiteMoments.of(X - own, columns, numbers=numbers, sites=len(self.sites_))
        self.shift_, self.scale_ = self._effects(clean)
        return self

    def fit_sums(
        self,
        sums: MomentSums,  # noqa: ARG002
        *,
        own: SiteMoments,  # noqa: ARG002
        names: Sequence[Any],  # noqa: ARG002
        design: Design,  # noqa: ARG002
    ) -> "LongitudinalComBat":
        """Refused: subjects' own levels are in rows."""
        raise BadInput(
            "Longitudinal ComBat needs rows, as moments tell no subjects; use ComBat for a federated fit."
        )

    def transform(self, X: Any, *, sites: Any = None, covariates: Any = None, subjects: Any = None) -> Array:
        """Features without what their sites add; each subject's level is told from the rows given.

        Parameters
        ----------
        X : array, shape (visit, feature)
            Features.
        sites, subjects, covariates
            As at the fit.
        """
        if not self.has_subjects_:
            return super().transform(X, sites=sites, covariates=covariates)
        if subjects is None:
            raise BadInput("transform needs subjects=, one for each row: the fit had subjects.")
        X = self._checked(X, reset=False)
        rows = X.shape[0]
        _, numbers = self._known(sites, rows=rows)
        columns = self.design_.columns(covariates, rows=rows)
        expected = self.mean_ + self.shift_[numbers] * self.spread_ + columns @ self.slopes_
        own = self.mixed_.intercepts(X - expected, group_numbers(subjects, rows=rows))
        return np.asarray(self._adjusted(X - own, numbers, columns) + own)

    def fit_transform(
        self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None, subjects: Any = None
    ) -> Array:
        """``fit`` and ``transform`` on the same rows."""
        given = {"sites": sites, "covariates": covariates, "subjects": subjects}
        return self.fit(X, y, **given).transform(X, **given)

"""CovBat: after ComBat has equalled means and variances, the sites' covariances are equalled in principal components.

References
----------
Chen et al. 2022, doi:10.1002/hbm.25688.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.harmonize.combat import ComBat
from commissure.harmonize.design import Design
from commissure.harmonize.moments import MomentSums, SiteMoments

__all__ = ["CovBat"]

Array = NDArray[np.float64]


class CovBat(ComBat):
    """Harmonize features over sites, their correlations too.

    The residuals of ComBat are turned into principal components; each component's mean and variance a site are set
    to those of all sites. A missing value counts as its expectation there, and stays missing.

    Parameters
    ----------
    variance : float
        The share of the residuals' variance whose components are harmonized, above 0 and at most 1.
    shrinkage, mean_only, reference, smooth, functions, tolerance
        As for :class:`ComBat`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2)); sites = np.repeat(["a", "b"], 200); X[:200, 1] += 2 * X[:200, 0]
    >>> flat = CovBat(variance=1.0).fit_transform(X, sites=sites)
    >>> r = [np.corrcoef(flat[sites == site].T)[0, 1] for site in "ab"]
    >>> bool(abs(r[0] - r[1]) < 0.3 < np.corrcoef(X[:200].T)[0, 1] - np.corrcoef(X[200:].T)[0, 1])
    True
    """

    def __init__(
        self,
        *,
        variance: float = 0.95,
        shrinkage: str = "parametric",
        mean_only: bool = False,
        reference: Any = None,
        smooth: Any = (),
        functions: int = 10,
        tolerance: float = 1e-4,
    ) -> None:
        super().__init__(
            shrinkage=shrinkage, mean_only=mean_only, reference=reference, smooth=smooth,
            functions=functions, tolerance=tolerance,
        )  # fmt: skip
        self.variance = variance

    def fit_sums(
        self,
        sums: MomentSums,  # noqa: ARG002
        *,
        own: SiteMoments,  # noqa: ARG002
        names: Sequence[Any],  # noqa: ARG002
        design: Design,  # noqa: ARG002
    ) -> "CovBat":
        """Refused: correlations need more than each feature's moments."""
        raise BadInput("CovBat needs rows, as moments tell no correlations; use ComBat for a federated fit.")

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not 0 < self.variance <= 1:
            raise BadInput(f"variance is a share above 0 and at most 1; got {self.variance!r}.")

    def _learn(self, X: Array, columns: Array, numbers: NDArray[np.intp]) -> None:
        super()._learn(X, columns, numbers)
        if not self.has_sites_:
            return
        residual = np.nan_to_num(self._residual(super()._adjusted(X, numbers, columns), columns))
        _, values, axes = np.linalg.svd(residual - residual.mean(axis=0), full_matrices=False)
        share = np.cumsum(values**2) / max((values**2).sum(), 1e-300)
        self.axes_ = axes[: int(np.searchsorted(share, self.variance - 1e-12)) + 1].T
        self.scores_ = ComBat(shrinkage="none", mean_only=self.mean_only, reference=self._kept())
        self.scores_.fit(residual @ self.axes_, sites=numbers)

    def _adjusted(
        self, X: Array, numbers: NDArray[np.intp], columns: Array, *, out: Array | None = None
    ) -> Array:
        flat = super()._adjusted(X, numbers, columns, out=out)
        if len(set(numbers.tolist()) - set(self.scores_.sites_)):
            raise BadInput(
                "A site learned from its own sample has no covariance; use ComBat for it, or fit again."
            )
        before = np.nan_to_num(self._residual(flat, columns)) @ self.axes_
        after = self.scores_.transform(before, sites=numbers)
        return np.asarray(flat + ((after - before) @ self.axes_.T) * self.spread_)

    def _residual(self, flat: Array, columns: Array) -> Array:
        return np.asarray((flat - self.mean_ - columns @ self.slopes_) / self.spread_)

    def _kept(self) -> int | None:
        return None if self.reference is None else self.sites_.index(self.reference)

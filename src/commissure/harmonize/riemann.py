"""Harmonize covariance and connectivity matrices where they live: on the manifold of positive definite matrices.

References
----------
Zanini et al. 2018, doi:10.1109/TBME.2017.2742541 (re-centering); Barachant et al. 2012, doi:10.1109/TBME.2011.2172210
(tangent space); Simeon et al. 2022, doi:10.1016/j.neuroimage.2022.119768 (harmonizing connectivity there).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.harmonize.combat import ComBat
from commissure.harmonize.design import site_numbers

__all__ = ["Recenter", "TangentComBat", "geometric_mean"]

_base: Any = need("sklearn.base", purpose="Harmonizing matrices")
_validation: Any = need("sklearn.utils.validation", purpose="Harmonizing matrices")
Array = NDArray[np.float64]


def geometric_mean(matrices: Array, *, tolerance: float = 1e-10, most: int = 100) -> Array:
    """The matrix whose affine-invariant distances to ``matrices`` have the least sum of squares.

    Parameters
    ----------
    matrices : array, shape (n, d, d)
        Symmetric positive definite.
    tolerance : float
        The norm of the mean tangent vector at which it has settled.
    most : int
        The most steps.

    Examples
    --------
    >>> geometric_mean(np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])).round(6).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    middle = matrices.mean(axis=0)
    for _ in range(most):
        root, inverse = _power(middle, 0.5), _power(middle, -0.5)
        step = _mapped(inverse @ matrices @ inverse, np.log).mean(axis=0)
        middle = root @ _mapped(step, np.exp) @ root
        middle = (middle + middle.T) / 2
        if np.linalg.norm(step) < tolerance:
            break
    return np.asarray(middle)


class Recenter(_base.TransformerMixin, _base.BaseEstimator):  # type: ignore[misc]
    """Move each site's matrices so that their geometric mean is that of all.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> A = rng.normal(size=(40, 50, 3)); sites = np.repeat(["a", "b"], 20); A[20:] *= [1, 3, 0.2]
    >>> C = np.swapaxes(A, 1, 2) @ A / 50
    >>> flat = Recenter().fit_transform(C, sites=sites)
    >>> bool(np.allclose(geometric_mean(flat[:20]), geometric_mean(flat[20:])))
    True
    """

    def fit(self, X: Any, y: Any = None, *, sites: Any = None) -> "Recenter":  # noqa: ARG002
        """Learn the geometric mean of each site and of all.

        Parameters
        ----------
        X : array, shape (n, d, d)
            Symmetric positive definite matrices.
        y : ignored
        sites : array, shape (n,), or None
            Each matrix's site; None changes nothing.

        Raises
        ------
        BadInput
            If a matrix is not symmetric positive definite.
        """
        X = _checked(X)
        self.mean_ = geometric_mean(X)
        self.has_sites_ = sites is not None
        names, numbers = site_numbers(np.zeros(len(X), int) if sites is None else sites, rows=len(X))
        self.moves_ = {name: self._move(X[numbers == number]) for number, name in enumerate(names)}
        return self

    def transform(self, X: Any, *, sites: Any = None) -> Array:
        """Matrices about the mean of all; a site that was not fitted is an error, see :meth:`learn_site`."""
        _validation.check_is_fitted(self)
        X = _checked(X)
        if not self.has_sites_ and sites is None:
            return np.array(X)
        if sites is None:
            raise BadInput("transform needs sites=, one for each matrix: the fit had sites.")
        names, numbers = site_numbers(sites, rows=len(X))
        out = np.empty_like(X)
        for number, name in enumerate(names):
            if name not in self.moves_:
                raise BadInput(
                    f"Site {name!r} was not there at the fit; learn it from its own with learn_site()."
                )
            move = self.moves_[name]
            out[numbers == number] = move @ X[numbers == number] @ move.T
        return np.asarray((out + np.swapaxes(out, 1, 2)) / 2)

    def fit_transform(self, X: Any, y: Any = None, *, sites: Any = None) -> Array:
        """``fit`` and ``transform`` on the same matrices."""
        return np.asarray(self.fit(X, y, sites=sites).transform(X, sites=sites))

    def learn_site(self, X: Any, *, site: Any) -> "Recenter":
        """Add a site from matrices of its own, which need no labels."""
        _validation.check_is_fitted(self)
        self.moves_ = {**self.moves_, site: self._move(_checked(X))}
        return self

    def _move(self, X: Array) -> Array:
        return _power(self.mean_, 0.5) @ _power(geometric_mean(X), -0.5)


class TangentComBat(_base.TransformerMixin, _base.BaseEstimator):  # type: ignore[misc]
    """ComBat of matrices in the tangent space at their geometric mean, so that what comes back is positive definite.

    Parameters
    ----------
    combat : ComBat or None
        The harmonizer of tangent vectors; by default :class:`ComBat` as it is.
    """

    def __init__(self, *, combat: ComBat | None = None) -> None:
        self.combat = combat

    def fit(self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None) -> "TangentComBat":  # noqa: ARG002
        """Learn the mean of all matrices and what sites add to tangent vectors.

        Parameters
        ----------
        X : array, shape (n, d, d)
            Symmetric positive definite matrices.
        y : ignored
        sites, covariates
            As for :meth:`ComBat.fit`.
        """
        X = _checked(X)
        mean = geometric_mean(X)
        self.root_, self.inverse_ = _power(mean, 0.5), _power(mean, -0.5)
        self.combat_ = _base.clone(self.combat) if self.combat is not None else ComBat()
        self.combat_.fit(self._vectors(X), sites=sites, covariates=covariates)
        return self

    def transform(self, X: Any, *, sites: Any = None, covariates: Any = None) -> Array:
        """Matrices without what their sites add, shape (n, d, d)."""
        _validation.check_is_fitted(self)
        X = _checked(X)
        flat = self.combat_.transform(self._vectors(X), sites=sites, covariates=covariates)
        d = X.shape[1]
        rows, columns = np.triu_indices(d)
        tangent = np.zeros((len(X), d, d))
        tangent[:, rows, columns] = flat / np.where(rows == columns, 1.0, np.sqrt(2))
        tangent[:, columns, rows] = tangent[:, rows, columns]
        return np.asarray(self.root_ @ _mapped(tangent, np.exp) @ self.root_)

    def fit_transform(self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None) -> Array:
        """``fit`` and ``transform`` on the same matrices."""
        given = {"sites": sites, "covariates": covariates}
        return self.fit(X, y, **given).transform(X, **given)

    def _vectors(self, X: Array) -> Array:
        tangent = _mapped(self.inverse_ @ X @ self.inverse_, np.log)
        rows, columns = np.triu_indices(X.shape[1])
        return np.asarray(tangent[:, rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2)))


def _checked(X: Any) -> Array:
    array: Array = np.asarray(X, dtype=float)
    if array.ndim != 3 or array.shape[1] != array.shape[2] or not len(array):
        raise BadInput(f"Matrices must have shape (n, d, d); got {array.shape}.")
    if not np.isfinite(array).all() or not np.allclose(array, np.swapaxes(array, 1, 2), rtol=1e-6, atol=0):
        raise BadInput("Matrices must be finite and symmetric; got others.")
    least = np.linalg.eigvalsh(array)
    bad = int((least[:, 0] <= 1e-12 * least[:, -1]).sum())
    if bad:
        raise BadInput(
            f"{bad} of {len(array)} matrices are not positive definite; shrink them (more samples than channels, or add a "
            "small ridge) first."
        )
    return array


def _mapped(matrices: Array, function: Any) -> Array:
    """``function`` of the eigenvalues of symmetric matrices."""
    values, axes = np.linalg.eigh((matrices + np.swapaxes(matrices, -1, -2)) / 2)
    return np.asarray((axes * function(values)[..., None, :]) @ np.swapaxes(axes, -1, -2))


def _power(matrix: Array, exponent: float) -> Array:
    return _mapped(matrix, lambda values: values**exponent)

"""B-splines of one variable: knots at quantiles, a basis, and the penalty on its curvature; numpy alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["SplineBasis", "fit_basis"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SplineBasis:
    """A B-spline basis without its first function, so that it stands beside a constant.

    Parameters
    ----------
    knots : tuple of float
        All of them, those at the ends ``degree + 1`` times.
    degree : int
        Of the pieces.
    """

    knots: tuple[float, ...]
    degree: int = 3

    @property
    def size(self) -> int:
        """How many functions there are."""
        return len(self.knots) - self.degree - 2

    def values(self, x: Array) -> Array:
        """The functions at ``x`` (n,), shape (n, size); beyond the end knots they go on as straight lines."""
        knots = np.array(self.knots)
        low, high = knots[0], knots[-1]
        inside = np.clip(x, low, high)
        out = _bases(inside, knots, degree=self.degree)
        for edge, beyond in ((low, x < low), (high, x > high)):
            if beyond.any():
                slope = _derivative(np.array([edge]), knots, degree=self.degree, order=1)
                out[beyond] += (x[beyond] - edge)[:, None] * slope
        return out[:, 1:]

    def penalty(self) -> Array:
        """The integral of the products of the functions' second derivatives, shape (size, size), exact."""
        knots = np.unique(self.knots)
        nodes, weights = np.polynomial.legendre.leggauss(self.degree)
        half, middle = np.diff(knots) / 2, (knots[1:] + knots[:-1]) / 2
        at = (middle[:, None] + half[:, None] * nodes).ravel()
        curved = _derivative(at, np.array(self.knots), degree=self.degree, order=2)[:, 1:]
        return np.asarray(curved.T @ (curved * (half[:, None] * weights).ravel()[:, None]))


def fit_basis(x: Array, *, functions: int = 10, degree: int = 3) -> SplineBasis:
    """A basis whose inner knots are quantiles of ``x``.

    Parameters
    ----------
    x : array, shape (n,)
        Finite values.
    functions : int
        How many functions, the first (left out) counted.
    degree : int
        Of the pieces, 2 or more, as the penalty is on the second derivative.

    Raises
    ------
    BadInput
        If there are fewer different values than functions.

    Examples
    --------
    >>> basis = fit_basis(np.linspace(20, 80, 61))
    >>> basis.values(np.array([20.0, 50.0])).shape
    (2, 9)
    """
    if degree < 2 or functions <= degree:
        raise BadInput(
            f"A smooth term needs degree >= 2 and more functions than that; got {degree} and {functions}."
        )
    different = np.unique(x).size
    if different < functions:
        raise BadInput(
            f"A smooth term of {functions} functions needs as many different values; got {different}."
        )
    inner = np.quantile(x, np.linspace(0, 1, functions - degree + 1)[1:-1])
    ends = (degree + 1) * [float(x.min())], (degree + 1) * [float(x.max())]
    return SplineBasis((*ends[0], *map(float, inner), *ends[1]), degree)


def _bases(x: Array, knots: Array, *, degree: int) -> Array:
    """All functions of ``degree`` at ``x`` by the recursion of Cox and de Boor, shape (n, knots - degree - 1)."""
    last = np.searchsorted(knots, knots[-1]) - 1
    piece = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, last)
    out = np.zeros((x.size, knots.size - 1))
    out[np.arange(x.size), piece] = 1.0
    for p in range(1, degree + 1):
        rise, fall = knots[p:-1] - knots[: -p - 1], knots[p + 1 :] - knots[1:-p]
        up = (x[:, None] - knots[: -p - 1]) * _inverse(rise)
        down = (knots[p + 1 :] - x[:, None]) * _inverse(fall)
        out = up * out[:, :-1] + down * out[:, 1:]
    return out


def _derivative(x: Array, knots: Array, *, degree: int, order: int) -> Array:
    if order == 0:
        return _bases(x, knots, degree=degree)
    lower = _derivative(x, knots, degree=degree - 1, order=order - 1)
    rise, fall = knots[degree:-1] - knots[: -degree - 1], knots[degree + 1 :] - knots[1:-degree]
    return degree * (lower[:, :-1] * _inverse(rise) - lower[:, 1:] * _inverse(fall))


def _inverse(width: Array) -> Array:
    return np.where(width > 0, 1 / np.where(width > 0, width, 1.0), 0.0)

"""How what a net draws is put right on the whole: to the moments of a standard Gaussian, given the covariates.

References
----------
Kessy, Lewin & Strimmer 2018 (whitening that moves least), doi:10.1080/00031305.2016.1277159.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mend", "explained"]

Array = NDArray[np.float64]
_RIDGE = 0.5
_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class Mend:
    """A turn of drawn numbers, after what covariates explain of them is taken off.

    Parameters
    ----------
    false : array, shape (column, number)
        What the columns of a design explain of the drawn numbers, and should not.
    turn : array, shape (number, number)
        Applied to the rest.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drawn, design = rng.normal(3, 5, size=(400, 2)), np.ones((400, 1))
    >>> np.cov(Mend.whitening(drawn, design)(drawn, design).T).round(3).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    false: Array
    turn: Array

    @classmethod
    def none(cls, columns: int, numbers: int) -> Self:
        """Nothing to put right."""
        return cls(np.zeros((columns, numbers)), np.eye(numbers))

    @classmethod
    def whitening(cls, drawn: Array, design: Array) -> Self:
        """To mean 0 and unit covariance, given the columns of ``design``."""
        false = explained(design, drawn)
        covariance = np.cov((drawn - design @ false).T).reshape(drawn.shape[1], -1)
        values, vectors = np.linalg.eigh(covariance)
        least = _LEAST * max(float(values.max()), 1e-300)
        return cls(false, (vectors / np.sqrt(np.maximum(values, least))) @ vectors.T)

    def __call__(self, drawn: Array, design: Array) -> Array:
        """Drawn numbers, put right."""
        return np.asarray((drawn - design @ self.false) @ self.turn)


def explained(design: Array, flat: Array) -> Array:
    """What the columns of ``design`` explain of ``flat``, by a slight ridge; shape (column, value)."""
    hold = _RIDGE * np.diag([0.0, *np.ones(design.shape[1] - 1)])
    return np.asarray(np.linalg.solve(design.T @ design + hold, design.T @ flat))

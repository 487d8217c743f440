"""How what a net draws is put right on the whole: first its own moments, then those of what is measured on the images.

A net's numbers are turned to the moments of a standard Gaussian, given the covariates. Decoded, they still miss the
spread of small regions, since a codec loses some of it and draws some of it anew. So images are measured, and what was
measured is regressed on the numbers (slopes ``L``, and a covariance ``E`` of what the numbers do not explain). For a
wanted covariance ``T`` the numbers are turned by the ``B`` that makes ``L B B' L' + E`` nearest to ``T`` with the least
change of ``B`` from doing nothing; what the numbers cannot mend stays as it is.

References
----------
Kessy, Lewin & Strimmer 2018 (whitening that moves least), doi:10.1080/00031305.2016.1277159; Burer & Monteiro 2003 (a
covariance sought by its factor), doi:10.1007/s10107-002-0352-8.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["Mend", "Moments", "explained"]

Array = NDArray[np.float64]
_RIDGE = 0.5
_LEAST = 1e-3
#: how much a change of the turn and the shift counts against what it mends
_HOLD = 0.02
_STEPS = 150


@dataclass(frozen=True, slots=True)
class Mend:
    """A turn of drawn numbers, and a shift that goes with the covariates.

    Parameters
    ----------
    shift : array, shape (column, number)
        Added for each column of a design.
    turn : array, shape (number, number)
        Applied to rows of drawn numbers from the right.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drawn, design = rng.normal(3, 5, size=(400, 2)), np.ones((400, 1))
    >>> np.cov(Mend.whitening(drawn, design)(drawn, design).T).round(3).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    shift: Array
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
        turn = (vectors / np.sqrt(np.maximum(values, least))) @ vectors.T
        return cls(-false @ turn, turn)

    def then(self, after: "Mend") -> "Mend":
        """This first, and then ``after``."""
        return Mend(self.shift @ after.turn + after.shift, self.turn @ after.turn)

    def __call__(self, drawn: Array, design: Array) -> Array:
        """Drawn numbers, put right."""
        return np.asarray(drawn @ self.turn + design @ self.shift)


@dataclass(frozen=True, slots=True)
class Moments:
    """What covariates explain of quantities measured on a cohort, and the covariance of the rest.

    Parameters
    ----------
    effects : array, shape (column, quantity)
        For each column of a design. Quantities are scaled so that those which matter have a spread about 1.
    covariance : array, shape (quantity, quantity)
        Of what the design leaves over.

    Examples
    --------
    Quantities that are twice the numbers are to have a standard deviation of 3:

    >>> numbers, design = np.random.default_rng(0).normal(size=(500, 2)), np.ones((500, 1))
    >>> mend = Moments(np.zeros((1, 2)), 9 * np.eye(2)).mend(numbers, measured=2 * numbers, design=design)
    >>> mend.turn.round(2).tolist()
    [[1.5, 0.0], [0.0, 1.5]]
    """

    effects: Array
    covariance: Array

    @classmethod
    def of(cls, measured: Array, design: Array) -> Self:
        """The moments of ``measured``, shape (subject, quantity), given the rows of ``design``.

        All subjects but one are counted as free, so that effects and rest add up to the variance of the whole.
        """
        if measured.ndim != 2 or design.ndim != 2 or len(measured) != len(design) or len(measured) < 2:
            raise BadInput(f"Measured quantities and design must have one row for each of two subjects or more; got {measured.shape} and {design.shape}.")  # fmt: skip
        effects = explained(design, measured)
        left = measured - design @ effects
        return cls(effects, left.T @ left / (len(left) - 1))

    def mend(self, numbers: Array, *, measured: Array, design: Array) -> Mend:
        """How to turn numbers so that what is measured on their images gets these moments.

        Parameters
        ----------
        numbers : array, shape (draw, number)
            Of unit covariance.
        measured : array, shape (draw, quantity)
            On their images.
        design : array, shape (draw, column)
            The covariates they were drawn for.

        Raises
        ------
        BadInput
            If shapes do not go together, or draws are too few for a regression.
        """
        columns, quantities = self.effects.shape
        if not len(numbers) == len(measured) == len(design) or (design.shape[1], measured.shape[1]) != (columns, quantities):  # fmt: skip
            raise BadInput(f"Numbers, measured quantities and design must have one row a draw, with {quantities} quantities and {columns} columns; got {numbers.shape}, {measured.shape} and {design.shape}.")  # fmt: skip
        told = np.column_stack([design, numbers])
        if len(told) <= told.shape[1]:
            raise BadInput(f"{len(told)} draws are too few for {told.shape[1]} numbers and columns.")
        slopes = np.linalg.lstsq(told, measured, rcond=None)[0]
        rest = measured - told @ slopes
        # not divided by what is free: slopes that were estimated look larger than they are by as much
        asked = self.covariance - rest.T @ rest / len(told)
        # nothing is lost by looking only where the numbers lead
        ways, leads = np.linalg.qr(slopes[columns:].T)
        turn = _turned(leads, ways.T @ asked @ ways)
        square = leads.T @ leads + _HOLD * np.eye(numbers.shape[1])
        shift = np.linalg.solve(square, leads.T @ ways.T @ (self.effects - slopes[:columns]).T).T
        return Mend(shift, turn.T)


def explained(design: Array, flat: Array) -> Array:
    """What the columns of ``design`` explain of ``flat``, by a slight ridge; shape (column, value)."""
    hold = _RIDGE * np.diag([0.0, *np.ones(design.shape[1] - 1)])
    return np.asarray(np.linalg.solve(design.T @ design + hold, design.T @ flat))


def _turned(leads: Array, asked: Array) -> Array:
    """The turn of numbers that brings the covariance of what they lead to near ``asked``."""
    optimize: Any = need("scipy.optimize", purpose="Calibrating a generator")
    same = np.eye(leads.shape[1])

    def cost(flat: Array) -> tuple[float, Array]:
        turn = flat.reshape(same.shape)
        led = leads @ turn
        off, change = led @ led.T - asked, turn - same
        slope = 4 * leads.T @ (off @ led) + 2 * _HOLD * change
        return float((off**2).sum() + _HOLD * (change**2).sum()), slope.ravel()

    found = optimize.minimize(cost, same.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return np.asarray(found.x.reshape(same.shape))

"""How what a net draws is put right on the whole, so that synthetic brains have the moments of real ones.

First its whitened numbers are brought to mean 0 and unit covariance, given the covariates. Then some are decoded, and
how much fluid, grey and white matter they have in blocks of 24 mm is set beside real brains: a decoder is not linear, and
may make less of a number than was in the brain it was read from. What the numbers do to the blocks is learned by
regression, and the numbers are turned, as little as can be, until what covariates explain of the blocks' leading
components, and the covariance of the rest, are those of real brains.

References
----------
Peyré & Cuturi 2019, sec. 2.6 (transport between Gaussians), doi:10.1561/2200000073; Gouriéroux, Monfort & Renault 1993
(indirect inference), doi:10.1002/jae.3950080507.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.protect.synth_rois import tissue_shares

__all__ = ["Mend", "block_tissues", "explained"]

Array = NDArray[np.float64]
_RIDGE = 0.5
_BLOCKS = 8
_LEADING, _LEADING_SHARE = 40, 6
_SLIGHT = 1e-2


@dataclass(frozen=True, slots=True)
class Mend:
    """A turn of drawn numbers, and what covariates add to them.

    Parameters
    ----------
    false, shift : array, shape (column, number)
        What the columns of a design explain of the drawn numbers, and what they should.
    turn : array, shape (number, number)
        Applied to what is not explained.
    """

    false: Array
    turn: Array
    shift: Array

    @classmethod
    def none(cls, columns: int, numbers: int) -> Self:
        """Nothing to put right."""
        nothing = np.zeros((columns, numbers))
        return cls(nothing, np.eye(numbers), nothing)

    @classmethod
    def whitening(cls, drawn: Array, design: Array) -> Self:
        """To mean 0 and unit covariance, given the columns of ``design``."""
        false = explained(design, drawn)
        covariance = np.cov((drawn - design @ false).T).reshape(drawn.shape[1], -1)
        return cls(false, _power(covariance, -0.5, least=1e-3), np.zeros_like(false))

    def __call__(self, drawn: Array, design: Array) -> Array:
        """Drawn numbers, put right."""
        return np.asarray((drawn - design @ self.false) @ self.turn + design @ self.shift)

    def for_blocks(self, numbers: Array, design: Array, made: Array, *, real: Array, known: Array) -> "Mend":
        """The same, and turned so that the brains that come of it are like real ones, block by block.

        Parameters
        ----------
        numbers, design : array, shape (made brain, number), (made brain, column)
            What this mend gave, and for whom.
        made, real : array, shape (brain, block)
            From :func:`block_tissues`.
        known : array, shape (real brain, column)
            The design of the real people.
        """
        made, real = _leading(made, real, known)
        true = explained(known, real)
        wanted = np.cov((real - known @ true).T)
        both = np.concatenate([design, numbers], axis=1)
        said = explained(both, made)
        false, slope = said[: design.shape[1]], said[design.shape[1] :]
        noise = (made - both @ said).T @ (made - both @ said) / max(len(made) - both.shape[1], 1)
        # slopes that are only estimated make too much of the numbers, by their share of the noise
        own = _positive(slope.T @ slope - noise * len(slope) / len(made))
        back = np.linalg.solve(
            slope.T @ slope + _SLIGHT * np.trace(own) / len(own) * np.eye(len(own)), slope.T
        )
        change = _transport(own, _positive(wanted - noise)) - np.eye(len(own))
        return Mend(self.false, self.turn @ (np.eye(len(slope)) + slope @ change @ back), self.shift + (true - false) @ back)  # fmt: skip


def block_tissues(voxels: NDArray[np.float32]) -> Array:
    """How much fluid, grey and white matter is in each block of 24 mm, shape (subject, 3 x 512), as shares of a block."""
    count, step = len(voxels), voxels.shape[-1] // _BLOCKS
    parts = [
        share.reshape(count, _BLOCKS, step, _BLOCKS, step, _BLOCKS, step).mean(axis=(2, 4, 6))
        for share in tissue_shares(voxels)
    ]
    return np.asarray(np.stack(parts, axis=1).reshape(count, -1))


def explained(design: Array, flat: Array) -> Array:
    """What the columns of ``design`` explain of ``flat``, by a slight ridge; shape (column, value)."""
    hold = _RIDGE * np.diag([0.0, *np.ones(design.shape[1] - 1)])
    return np.asarray(np.linalg.solve(design.T @ design + hold, design.T @ flat))


def _leading(made: Array, real: Array, known: Array) -> tuple[Array, Array]:
    """Both in the leading components of the real ones' standardized blocks."""
    centre, spread = real.mean(axis=0), real.std(axis=0)
    used = spread > 0.1 * spread.max()
    made, real = ((each[:, used] - centre[used]) / spread[used] for each in (made, real))
    left = real - known @ explained(known, real)
    values, vectors = np.linalg.eigh(left.T @ left)
    ways = vectors[:, np.argsort(values)[::-1][: min(_LEADING, len(real) // _LEADING_SHARE)]]
    return made @ ways, real @ ways


def _transport(start: Array, end: Array) -> Array:
    """The symmetric matrix that takes a Gaussian of covariance ``start`` to one of ``end``, moving least."""
    root, back = _power(start, 0.5), _power(start, -0.5)
    return np.asarray(back @ _power(root @ end @ root, 0.5) @ back)


def _positive(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, _SLIGHT * values.max())) @ vectors.T)


def _power(matrix: Array, exponent: float, *, least: float = 1e-8) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    kept = np.maximum(values, least * max(float(values.max()), 1e-300))
    return np.asarray((vectors * kept**exponent) @ vectors.T)

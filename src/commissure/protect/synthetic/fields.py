"""Smooth fields on grids of knots: from knots to voxels by cubic B-splines, one axis after the other.

References
----------
Unser 1999 (splines), doi:10.1109/79.799930.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "crossed", "finished", "spline_rows"]

Array = NDArray[np.float64]
_EDGE = 0.04
_REACHED = 0.02


@dataclass(frozen=True, slots=True)
class Grid:
    """A few fields on one grid of knots, of which those that no brain reaches are left out.

    Parameters
    ----------
    rows : array, shape (voxel, knot)
        The weight of each knot at each voxel along one axis.
    heights, steps : tuple of float
        For each field how high it may be, and how much neighbouring knots may differ (standard deviations).
    kept : array of int
        Which of the knots, counted along x, y, z, are used.
    """

    rows: Array
    heights: tuple[float, ...]
    steps: tuple[float, ...]
    kept: NDArray[np.intp]

    @classmethod
    def over(
        cls, brain: Array, *, knots: int, heights: tuple[float, ...], steps: tuple[float, ...]
    ) -> "Grid":
        """A grid of so many knots a side for brains like ``brain``."""
        rows = spline_rows(brain.shape[0], knots)
        inside = (brain > _EDGE).astype(float)
        reach = np.einsum("xyz,xi,yj,zk->ijk", inside, rows, rows, rows, optimize=True)
        return cls(rows, heights, steps, np.flatnonzero(reach.ravel() > _REACHED * reach.max()))

    @property
    def length(self) -> int:
        """How many numbers the fields have."""
        return len(self.heights) * len(self.kept)

    def spread(self, numbers: Any, box: tuple[slice, slice, slice]) -> Any:
        """Fields at the voxels of a box, shape (subject, field, x, y, z), of ``numbers``, shape (subject, length); tensors."""
        knots = self.rows.shape[1]
        whole = numbers.new_zeros((len(numbers), len(self.heights), knots**3))
        whole[:, :, self.kept] = numbers.reshape(len(numbers), len(self.heights), -1)
        fields = whole.reshape(-1, len(self.heights), knots, knots, knots)
        for axis, part in zip((2, 3, 4), box, strict=True):
            rows = numbers.new_tensor(self.rows[part])
            fields = (fields.movedim(axis, -1) @ rows.T).movedim(-1, axis)
        return fields

    def at_knots(self, numbers: Array) -> Array:
        """``numbers`` at their knots, 0 at those that are left out; shape (subject, field, knot, knot, knot)."""
        knots = self.rows.shape[1]
        whole = np.zeros((len(numbers), len(self.heights), knots**3))
        whole[:, :, self.kept] = numbers.reshape(len(numbers), len(self.heights), -1)
        return whole.reshape(-1, len(self.heights), knots, knots, knots)

    def of_knots(self, fields: Array) -> Array:
        """The numbers at the knots that are used, shape (subject, length)."""
        return np.asarray(
            fields.reshape(len(fields), len(self.heights), -1)[:, :, self.kept].reshape(len(fields), -1)
        )

    def prior(self) -> Array:
        """How improbable fields are, as a quadratic form: for their height and for steps between neighbours."""
        knots, own = self.rows.shape[1], len(self.kept)
        step = np.diff(np.eye(knots), axis=0)
        one, hold = step.T @ step, np.eye(knots)
        rough = sum(np.kron(np.kron(a, b), c) for a, b, c in ((one, hold, hold), (hold, one, hold), (hold, hold, one)))  # fmt: skip
        near = np.asarray(rough)[np.ix_(self.kept, self.kept)]
        whole = np.zeros((self.length, self.length))
        for field, (height, change) in enumerate(zip(self.heights, self.steps, strict=True)):
            at = slice(field * own, (field + 1) * own)
            whole[at, at] = np.eye(own) / height**2 + near / change**2
        return whole


def spline_rows(size: int, knots: int) -> Array:
    """The weight of each knot at each voxel along one axis, shape (voxel, knot); rows sum to 1.

    >>> spline_rows(16, 8).sum(axis=1).round(6).tolist() == [1.0] * 16
    True
    """
    place = (np.arange(size) + 0.5) / size * (knots - 1)
    far = np.abs(place[:, None] - np.arange(knots))
    near = 2 / 3 - far**2 + far**3 / 2
    rows = np.where(far < 1, near, np.clip(2 - far, 0, None) ** 3 / 6)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def crossed(change: tuple[Array, ...], grids: tuple[Grid, ...]) -> Array:
    """The curvature of a squared image for fields that multiply images, all numbers of all grids by all.

    Parameters
    ----------
    change : tuple of array, shape (field, x, y, z)
        For each grid, by what its fields are multiplied before they are added to the image.
    grids : tuple of Grid
        The grids.
    """
    blocks = []
    for images, grid in zip(change, grids, strict=True):
        line = [_block(images, grid, others, other) for others, other in zip(change, grids, strict=True)]
        blocks.append(np.concatenate(line, axis=1))
    return np.concatenate(blocks)


def _block(images: Array, grid: Grid, others: Array, other: Grid) -> Array:
    first, second = grid.rows.shape[1], other.rows.shape[1]
    pair = (grid.rows[:, :, None] * other.rows[:, None, :]).reshape(len(grid.rows), -1)
    whole = np.empty((len(images), len(grid.kept), len(others), len(other.kept)))
    for a, image in enumerate(images):
        for b, again in enumerate(others):
            sums = np.tensordot(image * again, pair, 1)
            sums = np.tensordot(sums, pair, axes=(1, 0))
            sums = np.tensordot(sums, pair, axes=(0, 0)).reshape((first, second) * 3)
            square = sums.transpose(4, 2, 0, 5, 3, 1).reshape(first**3, second**3)
            whole[a, :, b] = square[np.ix_(grid.kept, other.kept)]
    return whole.reshape(grid.length, other.length)


def finished(voxels: NDArray[Any]) -> NDArray[np.float32]:
    """No intensities below 0, and nothing outside the brain."""
    return np.where(voxels > _EDGE, np.minimum(voxels, 1.5), 0.0).astype(np.float32)

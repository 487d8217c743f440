"""What is measured on decoded brains to put a generator right: regions, and tissue in places all over the brain.

Moments of a few regions alone can be met by moving tissue about beside them. So each tissue's share is averaged about
the knots of a coarse grid as well, and all of these together count as much as all regions.

References
----------
Ashburner & Friston 2000 (tissue compared place by place), doi:10.1006/nimg.2000.0582.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.synthetic.fields import spline_rows
from commissure.protect.synthetic.mend import explained
from commissure.protect.synthetic.rois import ROIS, measure_rois, tissue_shares

__all__ = ["Tissue", "local_shares"]

Array = NDArray[np.float64]
_KNOTS = 8
_AT_ONCE = 32
#: places where people differ less than this share of where they differ most say nothing
_LEAST = 0.2


@dataclass(frozen=True, slots=True)
class Tissue:
    """Quantities measured on brains, scaled by how much a cohort's people differ in them beyond their covariates.

    Parameters
    ----------
    kept : array of bool, shape (place,)
        Which local shares are used.
    scale : array, shape (quantity,)
        By what regions, then local shares, are multiplied.
    """

    kept: NDArray[np.bool_]
    scale: Array

    @classmethod
    def of(cls, voxels: NDArray[np.float32], design: Array) -> Self:
        """The quantities for a cohort of shape (subject, x, y, z), given the rows of a design.

        Raises
        ------
        BadInput
            If the design has not one row a subject.
        """
        if len(voxels) != len(design):
            raise BadInput(f"A design must have one row a subject; got {len(design)} for {len(voxels)}.")
        rows = np.concatenate([measure_rois(voxels), local_shares(voxels)], axis=1)
        spread = (rows - design @ explained(design, rows)).std(axis=0)
        places = spread[len(ROIS) :].reshape(3, -1)
        kept = (places > _LEAST * places.max(axis=1, keepdims=True)).ravel()
        weight = np.sqrt(len(ROIS) / max(int(kept.sum()), 1))
        spread = np.concatenate([spread[: len(ROIS)], places.ravel()[kept] / weight])
        return cls(kept, np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0))

    def __call__(self, voxels: NDArray[np.float32]) -> Array:
        """What is measured on volumes, shape (subject, quantity)."""
        return np.concatenate([measure_rois(voxels), local_shares(voxels)[:, self.kept]], axis=1) * self.scale

    def regions(self, voxels: NDArray[np.float32]) -> Array:
        """The regions among what is measured, shape (subject, region)."""
        return measure_rois(voxels) * self.scale[: len(ROIS)]


def local_shares(voxels: NDArray[np.float32]) -> Array:
    """Mean shares of the three tissues about the knots of a coarse grid, shape (subject, 3 * knot).

    >>> white = np.ones((1, 16, 16, 16), dtype=np.float32)
    >>> local_shares(white).reshape(3, -1).mean(axis=1).round(6).tolist()
    [0.0, 0.0, 1.0]
    """
    rows = spline_rows(voxels.shape[-1], _KNOTS)
    rows = (rows / rows.sum(axis=0)).astype(np.float32)
    found = []
    for at in range(0, len(voxels), _AT_ONCE):
        shares = np.stack(tissue_shares(voxels[at : at + _AT_ONCE]), axis=1).astype(np.float32)
        for axis in (2, 3, 4):
            shares = np.moveaxis(np.moveaxis(shares, axis, -1) @ rows, -1, axis)
        found.append(shares.reshape(len(shares), -1))
    return np.concatenate(found).astype(float)

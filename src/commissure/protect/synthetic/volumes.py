"""A cohort of brain volumes on one grid, with age, sex and diagnosis: what volume generators learn from and make.

References
----------
Fonov et al. 2011 (the MNI152 space), doi:10.1016/j.neuroimage.2010.07.033.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.synthetic.columns import Table

__all__ = ["FIELD_MM", "SIZES", "Volumes", "checked_volumes", "grid_affine", "grid_mm", "pooled"]

Array = NDArray[np.float64]
Voxels = NDArray[np.float32]
#: the standard grid: a cube of 192 mm about the middle of the brain in MNI152 space
FIELD_MM = 192.0
SIZES = (16, 32, 64)
_CENTRE_MM = (0.0, -18.0, 4.0)
_FEWEST = 50
_HIGHEST = 4.0


@dataclass(frozen=True, slots=True)
class Volumes:
    """Brains on the standard grid, one a subject.

    Parameters
    ----------
    voxels : array, shape (subject, x, y, z)
        Intensities, 0 outside the brain, white matter near 1; a cube of 16, 32 or 64 voxels a side.
    covariates : Table
        One row a subject: age, sex, diagnosis. Words are coded by ``covariates.levels``.
    """

    voxels: Voxels
    covariates: Table

    @property
    def size(self) -> int:
        """Voxels a side."""
        return int(self.voxels.shape[-1])

    def take(self, rows: NDArray[np.int64]) -> "Volumes":
        """The subjects at ``rows``."""
        table = Table(self.covariates.names, self.covariates.values[rows], self.covariates.levels)
        return Volumes(self.voxels[rows], table)


def grid_affine(size: int) -> Array:
    """From voxel to MNI152 millimetres (RAS+) on the standard grid of ``size`` voxels a side.

    >>> grid_affine(32)[0].tolist()
    [6.0, 0.0, 0.0, -93.0]
    """
    step = FIELD_MM / size
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = np.array(_CENTRE_MM) - FIELD_MM / 2 + step / 2
    return affine


def grid_mm(size: int) -> Array:
    """Where each voxel of the standard grid is, shape (3, x, y, z), in MNI152 millimetres."""
    affine = grid_affine(size)
    return np.asarray(np.indices((size,) * 3) * affine[0, 0] + affine[:3, 3, None, None, None])


def pooled(voxels: Voxels) -> Voxels:
    """The same brains at half as many voxels a side, each the mean of eight."""
    n, size = voxels.shape[0], voxels.shape[-1] // 2
    return np.asarray(voxels.reshape(n, size, 2, size, 2, size, 2).mean(axis=(2, 4, 6)))


def checked_volumes(cohort: Volumes, *, fewest: int = _FEWEST) -> Volumes:
    """The cohort, if a generator may learn from it.

    Raises
    ------
    BadInput
        If there are too few subjects, the grid is not a standard one, brains are constant or not scaled, or covariates
        are missing or constant; the message has the numbers.
    """
    voxels, table = cohort.voxels, cohort.covariates
    count = len(voxels)
    if voxels.ndim != 4 or len(set(voxels.shape[1:])) != 1 or voxels.shape[-1] not in SIZES:
        raise BadInput(f"Volumes must have shape (subject, n, n, n) with n of {SIZES}; got {voxels.shape}.")
    if count < fewest:
        raise BadInput(f"A generator of volumes takes {fewest} subjects at least; got {count}.")
    if table.values.shape != (count, len(table.names)):
        raise BadInput(f"Covariates must have one row for each of {count} subjects and a name for each column; got {table.values.shape} and {len(table.names)} names.")  # fmt: skip
    flat = voxels.reshape(count, -1)
    missing = int((~np.isfinite(flat)).any(axis=1).sum())
    if missing:
        raise BadInput(f"{missing} of {count} volumes hold values that are not finite; leave them out.")
    constant = int((flat.max(axis=1) == flat.min(axis=1)).sum())
    if constant:
        raise BadInput(f"{constant} of {count} volumes are constant; leave them out.")
    if flat.min() < -_HIGHEST or flat.max() > _HIGHEST:
        raise BadInput(f"Intensities must be scaled, white matter near 1; got {flat.min():.4g} to {flat.max():.4g}.")  # fmt: skip
    _check_covariates(table)
    return cohort


def _check_covariates(table: Table) -> None:
    count = len(table.values)
    lacking = {name: int(np.isnan(column).sum()) for name, column in zip(table.names, table.values.T, strict=True)}  # fmt: skip
    lacking = {name: number for name, number in lacking.items() if number}
    if lacking:
        said = ", ".join(f"{number} of {count} have no {name!r}" for name, number in lacking.items())
        raise BadInput(f"Covariates are missing: {said}; leave those subjects or that column out.")
    constant = [name for name, column in zip(table.names, table.values.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise BadInput(f"Columns {constant} are constant over {count} subjects; leave them out, they say nothing.")  # fmt: skip

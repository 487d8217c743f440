"""A head or brain image laid on the standard grid, refused where its affine or its values cannot be a T1-weighted head's.

The brain's middle goes to the template's; its size and shape stay, because they are what differs between people. Only
the brain is kept: a generator that learned faces would make faces.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.kernels.affine import on_grid_of, zooms_mm
from commissure.protect.heads.head import find_brain
from commissure.protect.synthetic.volumes import grid_affine

__all__ = ["check_affine", "check_head", "is_stripped", "place_brain"]

Array = NDArray[np.float64]
_MIDDLE_MM = (0.0, -21.5, 9.0)
_ZOOMS_MM = (0.2, 12.5)
_BRAIN_ML = (600.0, 2600.0)
_TURN_MM = 1.0
_HOUNSFIELD_AIR = -500.0
_EMPTY = 0.35
_SCALED = 1.5


def place_brain(volume: NDArray[Any], affine_mm: Array, *, size: int) -> NDArray[np.float32]:
    """The brain of ``volume`` on the standard grid of ``size`` voxels a side, white matter near 1.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        T1-weighted; a whole head, or a brain with 0 around it.
    affine_mm : array, shape (4, 4)
        From voxel to millimetres (RAS+).
    size : int
        16, 32 or 64.

    Raises
    ------
    BadInput
        If the affine or the values cannot be a head's.
    MissingExtra
        If it is a whole head and deepbet, which finds the brain, is not installed.
    """
    check_affine(affine_mm)
    values = check_head(volume)
    grid = grid_affine(size)
    if values.shape == (size,) * 3 and np.allclose(affine_mm, grid, atol=1e-3) and is_stripped(values):
        return values if values.max() <= _SCALED else _scaled(values)
    voxel_ml = float(np.prod(zooms_mm(affine_mm))) / 1e3
    brain = values > 0
    if not is_stripped(values) or float(brain.sum()) * voxel_ml > _BRAIN_ML[1]:
        # a whole head may have 0 around it as well: it is larger than a brain
        brain = find_brain(values, affine_mm=affine_mm)
    millilitres = float(brain.sum()) * voxel_ml
    if not _BRAIN_ML[0] <= millilitres <= _BRAIN_ML[1]:
        raise BadInput(f"By its affine the brain has {millilitres:.0f} ml, a human one {_BRAIN_ML[0]:.0f} to {_BRAIN_ML[1]:.0f}; mend the affine.")  # fmt: skip
    middle = affine_mm[:3, :3] @ np.argwhere(brain).mean(axis=0) + affine_mm[:3, 3]
    moved = np.array(affine_mm, dtype=float)
    moved[:3, 3] += np.array(_MIDDLE_MM) - middle
    return _scaled(on_grid_of(np.where(brain, values, 0), moved, shape=(size,) * 3, grid_mm=grid))


def check_affine(affine_mm: Array, *, other_mm: Array | None = None) -> None:
    """Refuse an affine that is no rigid placement of sensible voxels.

    Parameters
    ----------
    affine_mm : array, shape (4, 4)
        What the file says (NIfTI's sform).
    other_mm : array or None
        What it says beside it (qform), if both are set.

    Raises
    ------
    BadInput
        With the numbers.
    """
    affine = np.asarray(affine_mm, dtype=float)
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise BadInput("The affine must be 4 x 4 finite numbers; mend the file's header.")
    zooms = zooms_mm(affine)
    volume = abs(float(np.linalg.det(affine[:3, :3])))
    if not (_ZOOMS_MM[0] <= zooms.min() and zooms.max() <= _ZOOMS_MM[1]):
        raise BadInput(f"Voxels of {' x '.join(f'{z:.3g}' for z in zooms)} mm are no head scan's; mend the affine.")  # fmt: skip
    if volume < 0.8 * float(np.prod(zooms)):
        raise BadInput(f"The affine is sheared or flat: its voxels have {volume:.3g} mm³, their edges make {float(np.prod(zooms)):.3g}; mend it.")  # fmt: skip
    if other_mm is not None:
        gap = float(np.abs(np.asarray(other_mm, dtype=float) - affine).max())
        if gap > _TURN_MM:
            raise BadInput(f"The file's two affines (sform, qform) differ by up to {gap:.1f} mm; keep the right one.")  # fmt: skip


def check_head(volume: NDArray[Any]) -> NDArray[np.float32]:
    """The values of a three-dimensional image that may be T1-weighted.

    Raises
    ------
    BadInput
        If it has other dimensions, is constant, is not finite, or looks like a CT.
    """
    values = np.asarray(volume, dtype=np.float32)
    values = values[..., 0] if values.ndim == 4 and values.shape[-1] == 1 else values
    if values.ndim != 3:
        raise BadInput(f"A T1-weighted image has three dimensions; got the shape {values.shape}.")
    if not np.isfinite(values).all():
        raise BadInput(f"{int((~np.isfinite(values)).sum())} voxels are not finite; mend the image.")
    if values.min() == values.max():
        raise BadInput(f"All {values.size} voxels are {float(values.min()):g}; the image is empty.")
    if float(values.min()) < _HOUNSFIELD_AIR:
        raise BadInput(f"Values from {float(values.min()):.0f} to {float(values.max()):.0f} are Hounsfield units: this is a CT, not a T1w; rename or leave it out.")  # fmt: skip
    return values


def is_stripped(values: NDArray[np.float32]) -> bool:
    """Whether there is nothing but 0 around a brain.

    >>> brain = np.zeros((9, 9, 9), dtype=np.float32); brain[3:6, 3:6, 3:6] = 1
    >>> is_stripped(brain), is_stripped(brain + 0.5)
    (True, False)
    """
    return float((values == 0).mean()) > _EMPTY and float(values.min()) >= 0


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """White matter, the bright end of a T1-weighted brain, at 1; nothing below 0."""
    inside = values[values > 0]
    bright = float(np.percentile(inside, 97)) if inside.size else 0.0
    if bright <= 0:
        raise BadInput("No voxel of the brain is above 0; the image is empty.")
    return np.clip(values / bright, 0.0, 1.5).astype(np.float32)

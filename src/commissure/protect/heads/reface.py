"""A face that is nobody's in place of one that was taken off, so that tools which expect a head go on working.

The surface is written down here, not averaged from people: a forehead that goes on, cheeks, two orbits, a nose, lips
and a chin, each a smooth bump, scaled by the brain's own width. Two heads with the same brain get the same face,
whatever theirs was. It is filled with one value, an ordinary one of the soft tissue that was kept.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.kernels.affine import along_axes, on_grid_of, on_world_grid
from commissure.model import Image
from commissure.protect.heads.deface import Defaced
from commissure.protect.heads.deface_cut import removed_by
from commissure.protect.heads.deface_voxels import first_volume, replace_voxels, stored_of
from commissure.protect.heads.head import STEP_MM, find_head

__all__ = ["generic_face", "reface"]

#: across, up and forward are in half-widths of the brain; heights begin at the brow
_LOWEST, _SKIN = -1.65, 0.14
#: of each feature: where across, where up, how broad, how high, how far forward
_FEATURES = (
    (0.0, -0.42, 0.13, 0.22, 0.24),
    (0.0, -0.62, 0.20, 0.12, 0.20),
    (0.0, -0.98, 0.34, 0.14, 0.10),
    (0.0, -1.40, 0.34, 0.18, 0.12),
    (-0.46, -0.24, 0.20, 0.14, -0.12),
    (0.46, -0.24, 0.20, 0.14, -0.12),
    (-0.52, -0.62, 0.26, 0.24, 0.06),
    (0.52, -0.62, 0.26, 0.24, 0.06),
)


def generic_face(
    brain: NDArray[np.bool_], *, affine_mm: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """The voxels of a head below the brow, its face nobody's, around a brain.

    Parameters
    ----------
    brain : array of bool, shape (x, y, z)
        On the grid of ``shape`` and ``affine_mm``.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).
    shape : tuple of int
        (x, y, z).
    """
    if not brain.any():
        raise BadInput("The brain mask is empty, so there is nothing to put a face before.")
    index = np.argwhere(brain)
    points = index @ np.asarray(affine_mm)[:3, :3].T + np.asarray(affine_mm)[:3, 3]
    low, high = points.min(axis=0), points.max(axis=0)
    half_mm = float(high[0] - low[0]) / 2.0
    pole = points[points[:, 1] >= high[1] - 2.0]
    brow_mm = float(np.median(pole[:, 2])) - 14.0
    x, y, z = (along_axes(shape, affine_mm, normal=np.eye(3)[axis]) for axis in range(3))
    across = (x - (low[0] + high[0]) / 2.0) / half_mm
    up = (z - brow_mm) / half_mm
    forward = (y - high[1]) / half_mm
    wide = np.clip(1.05 + 0.22 * up, 0.5, 1.05)
    inside = np.abs(across) < wide
    round_off = np.sqrt(np.clip(1.0 - (across / wide) ** 2, 0.0, 1.0))
    front = _SKIN - 0.85 * (1.0 - round_off)
    for side, height, broad, tall, reach in _FEATURES:
        front = front + reach * np.exp(-(((across - side) / broad) ** 2) - ((up - height) / tall) ** 2)
    behind = (low[1] + high[1]) / 2.0
    return np.asarray(inside & (forward <= front) & (up >= _LOWEST) & (up <= 0.6) & (y >= behind))


def reface(defaced: Defaced) -> Image:
    """The defaced Image with a face that is nobody's where there is room for one.

    Parameters
    ----------
    defaced : Defaced
        What :func:`commissure.protect.heads.deface.deface` made.

    Returns
    -------
    Image
        The same voxels wherever nothing had been removed.
    """
    image, volume = defaced.image, first_volume(defaced.image.array)
    removed = removed_by(defaced.cut, shape=volume.shape, affine_mm=image.affine_mm)
    upright_mm = defaced.upright_mm @ np.asarray(image.affine_mm, dtype=float)
    face = generic_face(defaced.brain, affine_mm=upright_mm, shape=volume.shape) & removed
    value = _soft_tissue(defaced, volume)
    stored, slope, inter = stored_of(image.array)
    filling = np.asarray((value - inter) / slope)
    filling = np.round(filling) if np.issubdtype(stored.dtype, np.integer) else filling
    return replace(image, array=replace_voxels(image.array, where=face, values=filling[None]), native=None)


def _soft_tissue(defaced: Defaced, volume: NDArray[np.generic]) -> float:
    coarse, grid = on_world_grid(volume, defaced.image.affine_mm, step_mm=STEP_MM)
    brain = on_grid_of(defaced.brain, defaced.image.affine_mm, shape=coarse.shape, grid_mm=grid) > 0.1
    around = find_head(coarse) & ~brain & ~removed_by(defaced.cut, shape=coarse.shape, affine_mm=grid)
    return float(np.percentile(coarse[around], 75)) if around.any() else float(coarse.max())

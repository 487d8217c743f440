"""The brain in a CT: what soft tissue the skull encloses.

Hounsfield units are absolute (air −1000, water 0, brain 20 to 45, bone over 300), so that the skull needs no learning: the brain
lies where bone is met to the left, to the right, in front, behind and above. A hole in the skull leaves four of these for the brain behind
it; where three would add hardly more, four are enough. A skull with a large gap (a craniectomy) would hide a part of the brain from
this, and is refused.

References
----------
Muschelli et al. 2015, doi:10.1016/j.neuroimage.2015.03.074 (brains in CT, by thresholds and smoothing)
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.kernels.affine import on_grid_of, on_world_grid
from commissure.protect.heads.head import STEP_MM, check_brain_volume

__all__ = ["find_brain_ct", "is_ct"]

_AIR, _BONE, _BRIGHTEST_BONE = -500.0, 250.0, 300.0
_SOFT = (-20.0, 120.0)
#: what opening must break: the optic canals and the foramina of the skull's base
_OPEN_MM, _RIM_MM = 6.0, 6.0
#: how much larger the cavity may be where one of the five sides needs no bone
_LARGEST_GAP = 0.04
#: how much larger where a second need not have any: more is open towards the scalp
_LARGEST_HOLE = 0.01


def is_ct(volume: NDArray[Any]) -> bool:
    """Whether a volume's numbers are Hounsfield units of a head: air far below water, and bone.

    >>> is_ct(np.linspace(-1000, 1500, 1000).reshape(10, 10, 10)), is_ct(np.linspace(0, 900, 1000).reshape(10, 10, 10))
    (True, False)
    """
    low, high = (float(np.nanpercentile(volume, share)) for share in (5.0, 99.9))
    return low < _AIR and high > _BRIGHTEST_BONE


def find_brain_ct(volume: NDArray[Any], *, affine_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The voxels of the brain in a CT of a head, with the fluid in and around it.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Hounsfield units.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).

    Returns
    -------
    array of bool, shape (x, y, z)

    Raises
    ------
    BadInput
        If it is no CT, or its skull encloses no whole human brain.
    """
    if not is_ct(volume):
        raise BadInput("The image is not in Hounsfield units: a CT's air is at -1000 and its bone above 300.")
    coarse, grid = on_world_grid(
        np.clip(np.nan_to_num(volume, nan=-1000.0), -1000.0, 3000.0) + 1000.0, affine_mm, step_mm=STEP_MM
    )
    units = np.asarray(coarse) - 1000.0
    bone = _closed(units > _BONE)
    sides = _sides(bone)
    soft = _soft(units) & ~bone
    brain = (
        on_grid_of(_filled(_enclosed(soft, sides), bone), grid, shape=volume.shape[:3], grid_mm=affine_mm)
        > 0.4
    )
    check_brain_volume(brain, affine_mm=affine_mm)
    return np.asarray(brain)


def _enclosed(soft: NDArray[np.bool_], sides: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The cavity of a skull that is closed, or whose hole is small."""
    cavity, wider, widest = (_largest(soft & (sides >= least)) for least in (5, 4, 3))
    gap, hole = _growth(cavity, wider), _growth(wider, widest)
    if gap <= _LARGEST_GAP:
        return cavity | wider
    if hole <= _LARGEST_HOLE:
        return cavity | wider | widest
    raise BadInput(
        f"The skull in the CT does not close around a brain (without one side the cavity is {gap:.0%} larger, "
        f"{_LARGEST_GAP:.0%} are allowed; without a second by {hole:.1%} more, {_LARGEST_HOLE:.0%} is), so nothing says where the brain "
        "ends."
    )


def _growth(inner: NDArray[np.bool_], outer: NDArray[np.bool_]) -> float:
    return float(outer.sum()) / float(inner.sum()) - 1.0 if inner.any() else float("inf")


def _ball(radius_mm: float) -> NDArray[np.bool_]:
    reach = round(radius_mm / STEP_MM)
    grid = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1]
    return np.asarray((grid**2).sum(axis=0) <= reach**2)


def _closed(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    ndimage = need("scipy.ndimage", purpose="Finding the brain in a CT")
    return np.asarray(ndimage.binary_closing(mask, _ball(4.0)) | mask)


def _soft(units: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((units > _SOFT[0]) & (units < _SOFT[1]))


def _sides(bone: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """On how many of five sides (left, right, front, back, above) a voxel's straight way out meets bone."""
    met = np.zeros(bone.shape, dtype=np.uint8)
    for axis, forward in ((0, True), (0, False), (1, True), (1, False), (2, False)):
        way = bone if forward else np.flip(bone, axis)
        seen = np.logical_or.accumulate(way, axis=axis)
        met += seen if forward else np.flip(seen, axis)
    return met


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece that hangs together by more than a canal."""
    ndimage = need("scipy.ndimage", purpose="Finding the brain in a CT")
    core = ndimage.binary_erosion(mask, _ball(_OPEN_MM))
    labels, count = ndimage.label(core)
    if not count:
        return np.zeros(mask.shape, dtype=bool)
    piece = labels == int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    return np.asarray(ndimage.binary_dilation(piece, _ball(_OPEN_MM)) & mask)


def _filled(cavity: NDArray[np.bool_], bone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cavity with its vessels, blood and calcifications, and a voxel of bone, for the rim that sampling blurs."""
    ndimage = need("scipy.ndimage", purpose="Finding the brain in a CT")
    air = np.pad(cavity, 6)
    whole = ndimage.binary_closing(air, _ball(_RIM_MM))[6:-6, 6:-6, 6:-6]
    whole = ndimage.binary_dilation(whole, _ball(STEP_MM)) & ~bone
    return np.asarray(ndimage.binary_dilation(ndimage.binary_fill_holes(whole | cavity)))

"""Tells by numbers alone whether an array is a surface of a head, its triangles, or an image of a head.

Files of bare numbers (``.npy``, ``.mat``, raw ``.dat``) do not say what they hold. A head's outer surface has the size of
a head, in millimetres, centimetres or metres, and is hollow; triangles are a closed net; an image of a head is smooth along
all three axes and has air around it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["are_triangles", "head_unit_mm", "is_head_image", "points_in"]

#: sides of the box around a head, the shortest, the middle and the longest; brains in common frames are no longer than 180 mm
_SIDES_MM = ((110.0, 320.0), (140.0, 340.0), (185.0, 420.0))
_FARTHEST = 1e9
_UNITS_MM = (1.0, 10.0, 1000.0)
#: more than any cap has electrodes
_LEAST_POINTS, _LEAST_OF_MESH = 500, 100
#: within this share of the usual distance from the middle, a surface has hardly a vertex
_HOLLOW, _MOST_INSIDE = 0.35, 0.02
_LEAST_SIDE, _MOST_SIDE = 40, 1024
_SMOOTH, _RIM_SHARE, _BRIGHT = 0.8, 0.2, 98.0
_STEP = 2_000


def points_in(array: NDArray[Any]) -> NDArray[np.float64] | None:
    """The array as points in space, shape (point, 3); None if it cannot be that."""
    if array.ndim != 2 or array.dtype.kind not in "fiu" or 3 not in array.shape or array.size < 9:
        return None
    with np.errstate(invalid="ignore"):  # samples that are no numbers of this kind
        points = np.asarray(array if array.shape[1] == 3 else array.T, dtype=float)
    return points if np.abs(points).max() < _FARTHEST else None


def head_unit_mm(array: NDArray[Any], *, mesh: bool = False) -> float:
    """How many millimetres one unit of an array of points has if they are a head's surface; 0 if they are not.

    Parameters
    ----------
    array : array, shape (point, 3) or (3, point)
        Any numbers.
    mesh : bool
        Whether triangles belong to it; then few points are enough.

    Examples
    --------
    >>> way = np.random.default_rng(0).normal(size=(2000, 3))
    >>> egg = way / np.linalg.norm(way, axis=1, keepdims=True) * [0.075, 0.1, 0.12]
    >>> head_unit_mm(egg), head_unit_mm(egg * 1000), head_unit_mm(way)
    (1000.0, 1.0, 0.0)
    """
    points = points_in(array)
    if points is None or len(points) < (_LEAST_OF_MESH if mesh else _LEAST_POINTS):
        return 0.0
    sides = np.sort(np.ptp(points, axis=0))
    for unit_mm in _UNITS_MM:
        if all(low <= side * unit_mm <= high for side, (low, high) in zip(sides, _SIDES_MM, strict=True)):
            away = np.linalg.norm(points - (points.min(axis=0) + points.max(axis=0)) / 2.0, axis=1)
            hollow = np.mean(away < _HOLLOW * np.median(away)) < _MOST_INSIDE
            return unit_mm if hollow or mesh else 0.0
    return 0.0


def are_triangles(array: NDArray[Any], *, count: int | None = None) -> bool:
    """Whether an array is a mesh's triangles (or its tetrahedra, hexahedra): indices, from 0 or 1, into ``count`` points.

    Where ``count`` is None, every index up to the largest must be used, and each by about six triangles.
    """
    if array.ndim != 2 or array.dtype.kind not in "fiu" or len(array) < _LEAST_OF_MESH:
        return False
    if (
        array.shape[1] not in {3, 4, 8}
        or not np.isfinite(array).all()
        or not (array == np.round(array)).all()
    ):
        return False
    low, high = int(array.min()), int(array.max())
    if low not in {0, 1}:
        return False
    if count is not None:
        return count - 2 <= high - low + 1 <= count
    used = len(np.unique(array))
    return array.shape[1] == 3 and used == high - low + 1 and abs(len(array) - 2 * used) < 0.1 * used


def is_head_image(array: NDArray[Any]) -> bool:
    """Whether an array of three dimensions, or of four whose last is time, looks like the image of a head.

    Epochs, spectrograms and tables of three dimensions are not smooth along all axes, or have no air around them.
    """
    if array.ndim == 4 and array.shape[3] < min(array.shape[:3]):
        array = array[..., 0]
    if array.ndim != 3 or array.dtype.kind not in "fiub" or not _LEAST_SIDE <= min(array.shape) <= max(array.shape) <= _MOST_SIDE:  # fmt: skip
        return False
    volume = np.nan_to_num(np.asarray(array, dtype=np.float32))
    low, bright = float(volume.min()), float(np.percentile(volume, _BRIGHT))
    if not bright > low:
        return False
    smooth = all(_follows(volume, axis) > _SMOOTH for axis in range(3))
    rims = [np.take(volume, end, axis=axis) for axis in range(3) for end in (0, -1)]
    dark = sum(float(np.median(rim)) - low < _RIM_SHARE * (bright - low) for rim in rims)
    return smooth and dark >= 4


def _follows(volume: NDArray[np.float32], axis: int) -> float:
    """How well a voxel tells its neighbour along an axis (a correlation), of every some-thousandth voxel."""
    one = np.take(volume, range(volume.shape[axis] - 1), axis=axis).ravel()
    other = np.take(volume, range(1, volume.shape[axis]), axis=axis).ravel()
    step = max(one.size // (100 * _STEP), 1)
    one, other = one[::step], other[::step]
    if not one.std() > 0 or not other.std() > 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])

"""How a head looks from the front: a map of how far forward its surface reaches, and whether a face stands out of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = ["find_outline", "front_height_mm", "is_whole", "upright_blocks"]

_WORKING_MM = 2.0
#: where features lie below the top of the head, and how far the cheeks are from the middle
_ZONE_MM = (60.0, 175.0)
_MIDDLE_MM, _CHEEK_MM = 7.0, (26.0, 38.0)
#: how far behind the brow the middle of a face may lie, how far it stands out
_BEHIND_BROW_MM, _PROMINENCE_MM = 8.0, 14.0
#: without a crown, how far behind what lies furthest forward: the nose may be that itself
_BEHIND_NOSE_MM = 20.0
_SMALLEST_HEAD_MM = 90.0


def upright_blocks(
    volume: NDArray[Any], affine_mm: NDArray[np.float64]
) -> tuple[NDArray[np.floating[Any]], tuple[float, ...], NDArray[np.float64]]:
    """The volume with axes that point right, front and up as nearly as its affine has any, in steps of about 2 mm.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Intensities of any scale.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).

    Returns
    -------
    blocks : array, shape (right, front, up)
        Means of fine voxels; between thick slices, what lies on the straight line between them.
    step_mm : tuple of three float
        The size of a block.
    axes : array, shape (3, 3)
        The directions of the three axes in the affine's world, one a column, at right angles to each other.
    """
    orientations = need("nibabel.orientations", purpose="Turning images upright")
    affine = np.asarray(affine_mm, dtype=float)
    turn = orientations.io_orientation(affine)
    ras = orientations.apply_orientation(np.nan_to_num(np.asarray(volume, dtype=np.float32)), turn)
    zooms = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    ordered, axes = np.empty(3), np.empty((3, 3))
    for index, (axis, sign) in enumerate(turn):
        ordered[int(axis)] = zooms[index]
        axes[:, int(axis)] = sign * affine[:3, index] / zooms[index]
    for axis in range(3):
        ras, ordered[axis] = _restepped(ras, axis, float(ordered[axis]))
    one, _, other = np.linalg.svd(axes)
    return ras, tuple(float(step) for step in ordered), one @ other


def _restepped(
    ras: NDArray[np.floating[Any]], axis: int, step_mm: float
) -> tuple[NDArray[np.floating[Any]], float]:
    block = round(_WORKING_MM / step_mm)
    if block > 1:
        size = ras.shape[axis] // block
        cut = np.take(ras, range(size * block), axis=axis)
        shape = (*cut.shape[:axis], size, block, *cut.shape[axis + 1 :])
        return cut.reshape(shape).mean(axis=axis + 1), step_mm * block
    parts = round(step_mm / _WORKING_MM)
    if parts < 2 or ras.shape[axis] < 2:
        return ras, step_mm
    at = np.arange((ras.shape[axis] - 1) * parts + 1) / parts
    low = np.minimum(at.astype(int), ras.shape[axis] - 2)
    share = (at - low).reshape([-1 if index == axis else 1 for index in range(3)])
    made = np.take(ras, low, axis=axis) * (1.0 - share) + np.take(ras, low + 1, axis=axis) * share
    return made, step_mm / parts


def find_outline(ras: NDArray[np.floating[Any]]) -> NDArray[np.bool_] | None:
    """The largest piece that is brighter than the air, shape (right, front, up); None where there is none."""
    ndimage = need("scipy.ndimage", purpose="Finding the head in an image")
    if min(ras.shape) < 8:
        return None
    smooth = ndimage.gaussian_filter(ras, 0.7)
    # numbers may count from anywhere
    smooth -= smooth.min()
    bright = float(np.percentile(smooth, 98))
    if bright <= 0:
        return None
    mask = ndimage.binary_opening(smooth > _air_level(smooth, bright), iterations=1)
    labels, count = ndimage.label(mask)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel())[1:]
    found: NDArray[np.bool_] = labels == int(np.argmax(sizes)) + 1
    return found


def is_whole(head: NDArray[np.bool_], step_mm: tuple[float, ...]) -> bool:
    """Whether a piece is as high and as wide as a head is at least."""
    height_mm = np.ptp(np.nonzero(head.any(axis=(0, 1)))[0]) * step_mm[2]
    width_mm = np.ptp(np.nonzero(head.any(axis=(1, 2)))[0]) * step_mm[0]
    return bool(min(height_mm, width_mm) >= _SMALLEST_HEAD_MM)


def front_height_mm(head: NDArray[np.bool_], step_mm: tuple[float, ...], *, crown: bool = True) -> float:
    """Over how many millimetres of height the middle of the front stands out as a face does.

    Parameters
    ----------
    head : array of bool, shape (right, front, up)
        From :func:`find_outline`.
    step_mm : tuple of three float
        The size of its voxels.
    crown : bool
        Whether it has one. A face lies some way below; of a head that is cut, anywhere.
    """
    return _longest_feature_mm(_front(head, step_mm[1]), step_mm, crown=crown)


def _air_level(smooth: NDArray[np.floating[Any]], bright: float) -> float:
    """Above the noise at the corners, and at least a tenth of the tissue."""
    edge = max(min(smooth.shape) // 12, 2)
    corners = np.concatenate([
        smooth[x, y, z].ravel()
        for x in (slice(edge), slice(-edge, None))
        for y in (slice(edge), slice(-edge, None))
        for z in (slice(edge), slice(-edge, None))
    ])  # fmt: skip
    noise = float(np.median(corners))
    return max(0.10 * bright, min(3.0 * noise, 0.3 * bright))


def _front(head: NDArray[np.bool_], step_mm: float) -> NDArray[np.float64]:
    """How far forward the surface reaches, in millimetres, over (x, z); NaN where there is none."""
    any_there = head.any(axis=1)
    last = head.shape[1] - 1 - head[:, ::-1].argmax(axis=1)
    return np.where(any_there, last * step_mm, np.nan)


def _longest_feature_mm(front_mm: NDArray[np.float64], step_mm: tuple[float, ...], *, crown: bool) -> float:
    seen = ~np.isnan(front_mm)
    top = int(np.nonzero(seen.sum(axis=0) * step_mm[0] > 20.0)[0].max(initial=0))
    upper = slice(max(top - int(80.0 / step_mm[2]), 0), top + 1)
    columns = np.nonzero(seen[:, upper].any(axis=1))[0]
    if columns.size == 0:
        return 0.0
    middle = (columns[0] + columns[-1]) / 2.0
    beside_mm = np.abs(np.arange(front_mm.shape[0]) - middle) * step_mm[0]
    centre = _furthest(front_mm[beside_mm <= _MIDDLE_MM])
    left_right = [
        _typical(front_mm[(beside_mm >= _CHEEK_MM[0]) & (beside_mm <= _CHEEK_MM[1]) & side])
        for side in (np.arange(front_mm.shape[0]) < middle, np.arange(front_mm.shape[0]) >= middle)
    ]
    cheek = np.maximum(*left_right)
    brow = np.nanmax(centre[upper], initial=-np.inf)
    below_mm = (top - np.arange(front_mm.shape[1])) * step_mm[2]
    behind_mm, first_mm = (_BEHIND_BROW_MM, _ZONE_MM[0]) if crown else (_BEHIND_NOSE_MM, 0.0)
    stands_out = (
        (centre - cheek >= _PROMINENCE_MM)
        & (centre >= brow - behind_mm)
        & (below_mm >= first_mm)
        & (below_mm <= _ZONE_MM[1])
    )
    return _longest_run(stands_out) * step_mm[2]


def _furthest(front_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    filled = np.where(np.isnan(front_mm), -np.inf, front_mm)
    return np.asarray(filled.max(axis=0, initial=-np.inf))


def _typical(front_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median over x; where half of it shows nothing, as far back as can be."""
    filled = np.where(np.isnan(front_mm), -1e3, front_mm)
    return np.median(filled, axis=0) if filled.shape[0] else np.full(front_mm.shape[1], -1e3)


def _longest_run(flags: NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest

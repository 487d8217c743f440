"""Whether a head lies as its affine says: its left is the mirror image of its right, and no other side is of another's.

A wrong affine (an identity put in by a converter, swapped axes) makes whoever looks for a face look at an ear or at the crown, and
see none. A mirror is told without any template: the head is laid on its own mirror image along each of the three axes.
"""

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = ["mirror_likeness", "swapped_axes"]

_BRIGHT, _BLOCKS = 98.0, 2
#: a head is as like its mirror image as the one, and another axis does not come nearer by the other
_MIRRORED, _NEARER = 0.9, 0.05
#: how far the mirror's plane is moved, in voxels
_SHIFTS = range(-5, 6)


def mirror_likeness(volume: NDArray[np.float64]) -> tuple[float, float, float]:
    """How well a volume correlates with its mirror image along each axis, the mirror where it fits best.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Axes right, front, up by the affine; voxels of about 2 mm.

    Returns
    -------
    tuple of three float
        1 for a mirror image; 0 where there is nothing.

    Examples
    --------
    >>> volume = np.zeros((20, 20, 20))
    >>> volume[5:15, 4:12, 6:18] = np.arange(8)[:, None] + np.arange(12)
    >>> tuple(round(likeness, 2) for likeness in mirror_likeness(volume))
    (1.0, 0.94, 0.95)
    """
    ndimage = need("scipy.ndimage", purpose="Judging how a head lies")
    size = [length // _BLOCKS * _BLOCKS for length in volume.shape]
    cut = volume[: size[0], : size[1], : size[2]]
    small = cut.reshape(size[0] // 2, 2, size[1] // 2, 2, size[2] // 2, 2).mean(axis=(1, 3, 5))
    low, bright = float(small.min(initial=0.0)), float(np.percentile(small, _BRIGHT)) if small.size else 0.0
    if bright <= low:
        return (0.0, 0.0, 0.0)
    smooth = ndimage.gaussian_filter(np.minimum(small, bright), 0.75)
    centre = np.argwhere(smooth > low + 0.2 * (bright - low)).mean(axis=0)
    one, two, three = (_likeness(smooth, axis, float(centre[axis])) for axis in range(3))
    return (one, two, three)


def _likeness(volume: NDArray[np.float64], axis: int, centre: float) -> float:
    index, best = np.arange(volume.shape[axis]), 0.0
    for shift in _SHIFTS:
        mirrored = round(2 * centre) + shift - index
        there = (mirrored >= 0) & (mirrored < index.size)
        if 2 * there.sum() < index.size:
            continue
        one, other = (np.take(volume, where[there], axis=axis).ravel() for where in (index, mirrored))
        if one.std() > 0:
            best = max(best, float(np.corrcoef(one, other)[0, 1]))
    return best


def swapped_axes(volume: NDArray[np.float64]) -> str:
    """What speaks against the affine, with the numbers: another axis than left to right is the head's own mirror; else nothing.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        As for :func:`mirror_likeness`.
    """
    across, deep, high = mirror_likeness(volume)
    if max(deep, high) < _MIRRORED or max(deep, high) - across < _NEARER:
        return ""
    return (
        f"its two halves are alike from front to back ({deep:.2f}) or from top to bottom ({high:.2f}) rather than from left to right "
        f"({across:.2f})"
    )

"""Whether a head lies as its affine says: its left is the mirror image of its right, and no other side is of another's.

A wrong affine (an identity put in by a converter, swapped axes) makes whoever looks for a face look at an ear or at the crown, and
see none. A mirror is told without any template: the head is laid on its own mirror image along each of the three axes.
"""

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = ["mirror_likeness", "mirror_turn", "swapped_axes"]

_BRIGHT, _BLOCKS = 98.0, 2
#: a head is as like its mirror image as the one, and another axis does not come nearer by the other
_MIRRORED, _NEARER = 0.9, 0.05
#: how far the mirror's plane is moved, in voxels
_SHIFTS = range(-5, 6)
#: where one axis is a mirror's by this, heads are not looked at askew; another axis must be so much more of one
_CLEARLY, _BETTER = 0.96, 0.03
_COARSE_MM = 6.0
_ASKEW_DEGREES, _FINER_DEGREES = (-40.0, -20.0, 0.0, 20.0, 40.0), (10.0, 5.0)


def mirror_likeness(volume: NDArray[np.floating[Any]]) -> tuple[float, float, float]:
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


def _likeness(volume: NDArray[np.floating[Any]], axis: int, centre: float) -> float:
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


def swapped_axes(volume: NDArray[np.floating[Any]]) -> str:
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


def mirror_turn(volume: NDArray[np.floating[Any]], step_mm: tuple[float, ...]) -> NDArray[np.float64]:
    """The rotation that brings the axis across which a head is its own mirror image to the first; none where that is so.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Axes right, front, up by the affine.
    step_mm : tuple of three float
        The size of its voxels.

    Returns
    -------
    array, shape (3, 3)
    """
    small = _resampled(volume, step_mm, np.eye(3))
    found = [
        _Mirror(_askew(small, axis, (0.0, 0.0)) - (_BETTER if axis else 0.0), axis, 0.0, 0.0)
        for axis in range(3)
    ]
    if max(found).likeness < _CLEARLY:
        for axis, one, other in product(range(3), _ASKEW_DEGREES, _ASKEW_DEGREES):
            found.append(
                _Mirror(_askew(small, axis, (one, other)) - (_BETTER if axis else 0.0), axis, one, other)
            )
    for step in _FINER_DEGREES:
        _, axis, one, other = max(found)
        for more, less in product((-step, 0.0, step), repeat=2):
            tilt = (one + more, other + less)
            found.append(_Mirror(_askew(small, axis, tilt) - (_BETTER if axis else 0.0), axis, *tilt))
    _, axis, one, other = max(found)
    return _tilt(one, other) @ _first(axis)


class _Mirror(NamedTuple):
    likeness: float
    axis: int
    about_up: float
    about_front: float


def _first(axis: int) -> NDArray[np.float64]:
    """The axes in turn, so that one of them is the first."""
    return np.roll(np.eye(3), -axis, axis=0)


def _tilt(about_up: float, about_front: float) -> NDArray[np.float64]:
    a, b = np.deg2rad(about_up), np.deg2rad(about_front)
    turned = np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]])
    leaning = np.array([[np.cos(b), 0.0, np.sin(b)], [0.0, 1.0, 0.0], [-np.sin(b), 0.0, np.cos(b)]])
    return np.asarray(leaning @ turned)


def _askew(small: NDArray[np.floating[Any]], axis: int, degrees: tuple[float, float]) -> float:
    turned = _resampled(small, (_COARSE_MM,) * 3, _tilt(*degrees) @ _first(axis))
    lit = np.argwhere(turned > 0.2 * turned.max())
    return _likeness(turned, 0, float(lit[:, 0].mean())) if lit.size else 0.0


def _resampled(
    volume: NDArray[np.floating[Any]], step_mm: tuple[float, ...], turn: NDArray[np.float64]
) -> NDArray[np.float64]:
    """On coarse voxels, turned about the middle; bright spots count as tissue."""
    ndimage = need("scipy.ndimage", purpose="Judging how a head lies")
    low, bright = float(volume.min(initial=0.0)), float(np.percentile(volume, _BRIGHT))
    values = np.minimum(volume, max(bright, low)) - low
    if max(step_mm) < _COARSE_MM:
        values = ndimage.gaussian_filter(values, 0.4 * _COARSE_MM / np.array(step_mm))
    shape = tuple(
        int(size) for size in np.ceil(np.abs(turn) @ (np.array(volume.shape) * step_mm) / _COARSE_MM)
    )
    move = np.diag(1.0 / np.array(step_mm)) @ turn.T * _COARSE_MM
    shift = (np.array(volume.shape) - 1) / 2.0 - move @ ((np.array(shape) - 1) / 2.0)
    made: NDArray[np.float64] = ndimage.affine_transform(values, move, shift, output_shape=shape, order=1)
    return made

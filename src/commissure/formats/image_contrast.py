"""What a volume's intensities tell of its weighting, where no name and no header does.

In a T1-weighted head the fluid of the ventricles is the darkest and white matter the brightest; in a T2-weighted one
the fluid shines. So the middle of the head has a long tail of dark values, or of bright ones.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["brightness_skew", "weighting_of"]

_SMALLEST_SIDE_MM = 90.0
_DARK_TAIL, _BRIGHT_TAIL = 0.62, 1.6


def weighting_of(volume: NDArray[Any], *, zooms_mm: tuple[float, float, float]) -> str:
    """``"T1w"`` or ``"T2w"``; empty if the intensities do not tell, or the field of view is no head's.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Intensities.
    zooms_mm : tuple of float
        Voxel sizes.
    """
    sides = [size * zoom for size, zoom in zip(volume.shape, zooms_mm, strict=True)]
    if len(sides) != 3 or min(sides) < _SMALLEST_SIDE_MM:
        return ""
    skew = brightness_skew(volume)
    if skew is None:
        return ""
    if skew < _DARK_TAIL:
        return "T1w"
    return "T2w" if skew > _BRIGHT_TAIL else ""


def brightness_skew(volume: NDArray[Any]) -> float | None:
    """Length of the bright tail over that of the dark tail, in the middle of the head; None where it is uniform.

    >>> core = np.full((30, 30, 30), 100.0)
    >>> core[13:17] = 20.0
    >>> brightness_skew(core) == 0.0
    True
    """
    values = np.nan_to_num(np.asarray(volume, dtype=float))
    threshold = 0.15 * float(np.percentile(values, 99))
    where = np.argwhere(values[::2, ::2, ::2] > threshold)
    if where.size == 0:
        return None
    low, high = 2 * np.percentile(where, 2, axis=0), 2 * np.percentile(where, 98, axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    box = tuple(slice(int(m - 0.35 * h), int(m + 0.35 * h) + 1) for m, h in zip(middle, half, strict=True))
    core = values[box]
    if core.size < 200:
        return None
    dark, typical, bright = np.percentile(core, [2, 50, 98])
    return None if typical <= dark else float((bright - typical) / (typical - dark))

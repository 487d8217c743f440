"""What tools measure of a cortex, small enough to be taken before and after defacing: tissue volumes and thickness.

Each voxel of the brain is a mixture of fluid, grey and white by its brightness between three means (found in one
dimension, begun at fixed quantiles), as the simplest of segmenters have it; thickness is the grey volume over the mean area of its two sides. The
figures are for comparing two copies of one head, not for anatomy.

Reference: Fischl and Dale 2000, doi:10.1073/pnas.200033797 (what cortical thickness is).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.kernels.affine import zooms_mm

__all__ = ["Cortex", "cortex_change", "measure_cortex"]

_STARTS, _ROUNDS, _BINS = (0.05, 0.45, 0.9), 60, 1024
_FEWEST, _LEAST_STEP = 1000, 0.1


@dataclass(frozen=True, slots=True)
class Cortex:
    """Volumes of grey and white matter in millilitres, and the mean thickness of the grey in millimetres."""

    grey_ml: float
    white_ml: float
    thickness_mm: float


def measure_cortex(
    volume: NDArray[Any], brain: NDArray[np.bool_], *, affine_mm: NDArray[np.float64]
) -> Cortex:
    """Tissue volumes and thickness within a brain.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        A T1-weighted head: white is brighter than grey, grey than fluid.
    brain : array of bool, shape (x, y, z)
        Where its brain is.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres.

    Raises
    ------
    BadInput
        If the brain has hardly a voxel, or one brightness.
    """
    values = np.asarray(volume, dtype=np.float32)
    inside = values[brain]
    if inside.size < _FEWEST or not np.ptp(inside) > 0:
        raise BadInput(f"A brain of one brightness, or of {inside.size} voxels, cannot be measured.")
    fluid, grey, white = _means(inside)
    values = np.where(brain, values, fluid)
    # where two tissues are hardly apart, a narrower step would measure noise
    least = _LEAST_STEP * white
    of_white = np.clip((values - grey) / max(white - grey, least), 0.0, 1.0)
    of_both = np.clip((values - fluid) / max(grey - fluid, least), 0.0, 1.0)
    zooms = zooms_mm(affine_mm)
    voxel_ml = float(np.prod(zooms)) / 1000.0
    grey_ml, white_ml = (float(part.sum()) * voxel_ml for part in (of_both - of_white, of_white))
    area_mm2 = (_area_mm2(of_white, zooms) + _area_mm2(of_both, zooms)) / 2.0
    return Cortex(grey_ml, white_ml, 1000.0 * grey_ml / max(area_mm2, 1e-9))


def cortex_change(before: Cortex, after: Cortex) -> float:
    """The largest relative change of any of the measures.

    >>> round(cortex_change(Cortex(500.0, 400.0, 2.5), Cortex(501.0, 400.0, 2.5)), 4)
    0.002
    """
    one, other = asdict(before), asdict(after)
    return float(max(abs(other[name] / max(value, 1e-9) - 1.0) for name, value in one.items()))


def _means(inside: NDArray[np.float32]) -> tuple[float, float, float]:
    """The brightness of fluid, grey and white: the means of three classes."""
    counts, edges = np.histogram(inside, bins=_BINS, range=(0.0, float(np.percentile(inside, 99.9))))
    middle, weight = (edges[1:] + edges[:-1]) / 2.0, counts.astype(float)
    means = np.quantile(inside, _STARTS).astype(float)
    for _ in range(_ROUNDS):
        nearest = np.abs(middle[:, None] - means).argmin(axis=1)
        sums = np.bincount(nearest, weight, minlength=3)
        moved = np.bincount(nearest, weight * middle, minlength=3) / np.maximum(sums, 1)
        means = np.where(sums > 0, moved, means)
    return float(means[0]), float(means[1]), float(means[2])


def _area_mm2(share: NDArray[np.floating[Any]], zooms: NDArray[np.float64]) -> float:
    """The area at which a share goes from 0 to 1: its total variation over the three axes, two thirds of it."""
    total = 0.0
    for axis in range(3):
        total += float(np.abs(np.diff(share, axis=axis)).sum()) * float(np.prod(zooms) / zooms[axis])
    return total * 2.0 / 3.0

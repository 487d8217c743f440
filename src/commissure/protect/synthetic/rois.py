"""Volumes of brain regions, measured on a volume alone: tissue by intensity, place by windows in MNI152 space.

A voxel's share of cerebrospinal fluid, grey and white matter is read off its intensity between the three tissues'
levels (partial volume); a region is the sum of a tissue over a soft window. No labels are used, so real and synthetic
brains are measured alike.

References
----------
Tohka, Zijdenbos & Evans 2004 (partial volume), doi:10.1016/j.neuroimage.2004.05.007.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from commissure.protect.synthetic.volumes import FIELD_MM, grid_mm

__all__ = ["LEVELS", "ROIS", "measure_rois", "tissue_shares"]

Array = NDArray[np.float64]
#: intensities of cerebrospinal fluid, grey and white matter, with white matter's at 1
LEVELS = (0.30, 0.735, 1.0)
_CSF, _GREY, _WHITE, _ANY = range(4)
#: name, tissue, centre and radii in mm
_WINDOWS: tuple[tuple[str, int, tuple[float, float, float], tuple[float, float, float]], ...] = (
    ("brain", _ANY, (0, -18, 4), (1e3, 1e3, 1e3)),
    ("grey", _GREY, (0, -18, 4), (1e3, 1e3, 1e3)),
    ("white", _WHITE, (0, -18, 4), (1e3, 1e3, 1e3)),
    ("ventricles", _CSF, (0, -18, 18), (24, 48, 24)),
    ("hippocampus-left", _GREY, (-27, -22, -14), (12, 20, 12)),
    ("hippocampus-right", _GREY, (27, -22, -14), (12, 20, 12)),
    ("temporal-left", _GREY, (-54, -18, -18), (20, 46, 24)),
    ("temporal-right", _GREY, (54, -18, -18), (20, 46, 24)),
    ("frontal", _GREY, (0, 42, 22), (60, 36, 44)),
    ("parietal", _GREY, (0, -52, 52), (60, 36, 30)),
    ("occipital", _GREY, (0, -88, 4), (48, 24, 32)),
    ("cerebellum", _ANY, (0, -64, -38), (56, 36, 26)),
    ("thalamus", _WHITE, (0, -16, 8), (22, 18, 12)),
)
ROIS = tuple(name for name, *_ in _WINDOWS)


def tissue_shares(voxels: NDArray[np.float32]) -> tuple[Array, Array, Array]:
    """Each voxel's share of cerebrospinal fluid, grey and white matter, from 0 to 1, by its intensity.

    >>> [float(share[0]) for share in tissue_shares(np.array([1.0], dtype=np.float32))]
    [0.0, 0.0, 1.0]
    """
    fluid, grey, white = LEVELS
    x = np.asarray(voxels, dtype=float)
    knots = (0.0, fluid, grey, white)
    return (
        np.interp(x, knots, (0.0, 1.0, 0.0, 0.0)),
        np.interp(x, knots, (0.0, 0.0, 1.0, 0.0)),
        np.interp(x, knots, (0.0, 0.0, 0.0, 1.0)),
    )


def measure_rois(voxels: NDArray[np.float32]) -> Array:
    """Volumes of :data:`ROIS`, shape (subject, region), in millilitres.

    Parameters
    ----------
    voxels : array, shape (subject, x, y, z)
        Brains on the standard grid.
    """
    size = voxels.shape[-1]
    windows = _windows(size)
    millilitres = (FIELD_MM / size) ** 3 / 1e3
    rows = []
    for brain in voxels:
        fluid, grey, white = (share.ravel() for share in tissue_shares(brain))
        whole = np.clip(fluid + grey + white, 0.0, 1.0)
        tissue = (fluid, grey, white, whole)
        rows.append(
            [float(tissue[kind] @ window) for (_, kind, *_), window in zip(_WINDOWS, windows, strict=True)]
        )
    return np.asarray(np.array(rows) * millilitres)


@functools.cache
def _windows(size: int) -> Array:
    """The soft windows, shape (region, voxel): 1 within, falling to 0 about the edge."""
    place = grid_mm(size).reshape(3, -1)
    made = []
    for _, _, centre, radii in _WINDOWS:
        far = (((place - np.array(centre)[:, None]) / np.array(radii)[:, None]) ** 2).sum(axis=0)
        made.append(1 / (1 + np.exp(np.clip(8 * (far - 1), -50, 50))))
    return np.array(made)

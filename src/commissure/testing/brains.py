"""Made brains with planted truth: the MNI152 template warped so that regions grow and shrink with age, sex and diagnosis.

No person stands behind any of them: head size, ventricles, hippocampi, cortex and cerebellum follow a known rule plus
what people differ by, a smooth random warp gives each a shape of its own, and contrast, bias field and noise an image of
its own. The template is that of ``nilearn``.

References
----------
Fonov et al. 2011 (template), doi:10.1016/j.neuroimage.2010.07.033; Ziegler et al. 2012 (ageing),
doi:10.3389/fnagi.2012.00031.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.rois import LEVELS, tissue_shares
from commissure.protect.synthetic.volumes import Volumes, grid_mm, pooled

__all__ = ["COVARIATES", "PLANTED", "made_brains", "template_brain"]

Array = NDArray[np.float64]
Voxels = NDArray[np.float32]
COVARIATES = ("age", "sex", "diagnosis")
_LEVELS = ((), ("F", "M"), ("control", "dementia"))
_FINEST = 64
_WHITE = 223.0
_CONTROLS = 4
_WARP_MM = 1.6
_THIN = 0.15
_REACH_MM = 24.0
_MIDDLE_MM = (0.0, -18.0, 4.0)


@dataclass(frozen=True, slots=True)
class _Effect:
    """How a region goes: by decade over 60, for a man, for dementia, and from person to person.

    A region that ``thins`` loses grey matter to fluid in that share; another grows in width (log).
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    decade: float
    man: float
    ill: float
    person: float
    thins: bool = False


#: what is planted; the log of each region's width, or the share of grey matter that is left
PLANTED: dict[str, _Effect] = {
    "ventricles": _Effect((0, -18, 18), (26, 46, 24), 0.09, 0.02, 0.14, 0.10),
    "hippocampus-left": _Effect((-27, -22, -14), (13, 20, 13), -0.05, 0.01, -0.14, 0.07, thins=True),
    "hippocampus-right": _Effect((27, -22, -14), (13, 20, 13), -0.05, 0.01, -0.14, 0.07, thins=True),
    "frontal": _Effect((0, 42, 22), (60, 36, 44), -0.05, 0.0, -0.03, 0.06, thins=True),
    "temporal-left": _Effect((-54, -18, -18), (20, 46, 24), -0.03, 0.0, -0.07, 0.06, thins=True),
    "temporal-right": _Effect((54, -18, -18), (20, 46, 24), -0.03, 0.0, -0.07, 0.06, thins=True),
    "cerebellum": _Effect((0, -64, -38), (50, 34, 26), -0.01, 0.0, 0.0, 0.06),
}


def made_brains(count: int, *, rng: np.random.Generator, size: int = 32) -> tuple[Volumes, Array]:
    """A cohort of ``count`` made brains, and what was planted.

    Parameters
    ----------
    count : int
        How many.
    rng : numpy.random.Generator
        Draws people and images.
    size : int
        Voxels a side: 16, 32 or 64.

    Returns
    -------
    cohort : Volumes
        With age (45 to 90 years), sex and diagnosis.
    truth : array, shape (subject, 1 + len(PLANTED))
        The log of the head's linear size, then what was planted in each region.

    Examples
    --------
    >>> cohort, truth = made_brains(2, rng=np.random.default_rng(0), size=16)
    >>> cohort.voxels.shape, truth.shape
    ((2, 16, 16, 16), (2, 8))
    """
    age = rng.uniform(45, 90, count).round(1)
    man = rng.integers(0, 2, count).astype(float)
    ill = (rng.uniform(size=count) < 1 / (1 + np.exp(-(age - 72) / 8))).astype(float)
    decade = (age - 60) / 10
    truth = [0.035 * man + 0.022 * rng.normal(size=count)]
    truth += [
        e.decade * decade + e.man * man + e.ill * ill + e.person * rng.normal(size=count)
        for e in PLANTED.values()
    ]
    planted = np.column_stack(truth)
    voxels = np.empty((count, size, size, size), dtype=np.float32)
    fine = min(2 * size, _FINEST)
    for person in range(count):
        brain = _imaged(_warped(planted[person], fine, rng), decade[person], rng)[None]
        brain = brain if fine == size else pooled(brain)
        voxels[person] = brain[0] + rng.normal(0, 0.01, brain[0].shape) * (brain[0] > 0.02)
    table = Table(COVARIATES, np.column_stack([age, man, ill]), _LEVELS)
    return Volumes(np.clip(voxels, 0.0, 1.5).astype(np.float32), table), planted


def template_brain(size: int = 32) -> Voxels:
    """The unwarped template on the standard grid, white matter at 1."""
    fine = min(2 * size, _FINEST)
    brain = _warped(np.zeros(1 + len(PLANTED)), fine, None)[None]
    return np.asarray((brain if fine == size else pooled(brain))[0])


def _warped(planted: Array, fine: int, rng: np.random.Generator | None) -> Voxels:
    """The template seen through the planted sizes, and a smooth random warp if there is an ``rng``."""
    ndimage: Any = need("scipy.ndimage", purpose="Making brains")
    near, place = _places(fine)
    middle = np.array(_MIDDLE_MM)[:, None]
    seen = (place - middle) * np.exp(-planted[0]) + middle
    zooms = list(zip(PLANTED.values(), _zooms(fine), planted[1:], strict=True))
    for effect, (weight, offset), size in zooms:
        if not effect.thins:
            seen += np.expm1(-size) * weight * offset
    if rng is not None:
        knots = rng.normal(0, _WARP_MM, (3,) + (_CONTROLS,) * 3)
        spread = _spread(fine)
        smooth = np.einsum("dijk,xi,yj,zk->dxyz", knots, spread, spread, spread, optimize=True)
        seen += smooth.reshape(3, -1)[:, near]
    template, affine = _template()
    step, origin = affine[0, 0], affine[:3, 3]
    at = (seen - origin[:, None]) / step
    brain = np.asarray(ndimage.map_coordinates(template, at, order=1), dtype=float)
    grey = tissue_shares(brain.astype(np.float32))[1]
    for effect, (weight, _), size in zooms:
        if effect.thins:
            brain -= np.clip(_THIN - size, 0.0, 0.9) * weight * grey * (LEVELS[1] - LEVELS[0])
    whole = np.zeros(fine**3, dtype=np.float32)
    whole[near] = brain
    return whole.reshape((fine,) * 3)


def _imaged(brain: Voxels, decade: float, rng: np.random.Generator) -> Voxels:
    """The scanner's part: contrast that fades a little with age, and a bias field."""
    contrast = 1.0 - 0.01 * decade + 0.02 * rng.normal()
    x, y, z = (grid_mm(brain.shape[-1]) - np.array([0, -18, 4])[:, None, None, None]) / 96
    slope = 0.02 * rng.normal(size=3)
    bias = 1 + slope[0] * x + slope[1] * y + slope[2] * z
    return np.asarray(np.where(brain > 0, brain**contrast, 0.0) * bias, dtype=np.float32)


@functools.cache
def _places(fine: int) -> tuple[NDArray[np.intp], Array]:
    """The voxels a warped brain can reach, and where they are: shape (voxel,) and (3, voxel)."""
    ndimage: Any = need("scipy.ndimage", purpose="Making brains")
    place = grid_mm(fine).reshape(3, -1)
    template, affine = _template()
    far = ndimage.distance_transform_edt(template <= 0) * affine[0, 0]
    at = (place - affine[:3, 3, None]) / affine[0, 0]
    near = np.flatnonzero(ndimage.map_coordinates(far, at, order=1, mode="nearest") < _REACH_MM)
    return near, np.ascontiguousarray(place[:, near])


@functools.cache
def _spread(fine: int) -> Array:
    """From control points to voxels along one axis by cubic splines, shape (voxel, control point)."""
    ndimage: Any = need("scipy.ndimage", purpose="Making brains")
    return np.column_stack(
        [ndimage.zoom(each, fine / _CONTROLS, order=3, mode="nearest") for each in np.eye(_CONTROLS)]
    )


@functools.cache
def _zooms(fine: int) -> list[tuple[Array, Array]]:
    """For each planted region the weight of its zoom in each voxel a brain can reach, and the way from its centre."""
    found = []
    for effect in PLANTED.values():
        offset = _places(fine)[1] - np.array(effect.centre)[:, None]
        far = ((offset / np.array(effect.radii)[:, None]) ** 2).sum(axis=0)
        found.append((np.exp(-(far**2)), offset))
    return found


@functools.cache
def _template() -> tuple[Voxels, Array]:
    """The T1-weighted MNI152 template as nilearn ships it, smoothed to 3 mm, on a grid of 2 mm."""
    nibabel: Any = need("nibabel", purpose="Making brains")
    nilearn: Any = need("nilearn", purpose="Making brains")
    ndimage: Any = need("scipy.ndimage", purpose="Making brains")
    folder = Path(nilearn.__file__).parent / "datasets" / "data"
    image = nibabel.load(folder / "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz")
    fine = ndimage.gaussian_filter(np.asarray(image.dataobj, dtype=np.float32) / _WHITE, 1.2)
    affine = np.asarray(image.affine, dtype=float).copy()
    affine[:3, :3] *= 2
    return np.ascontiguousarray(fine[::2, ::2, ::2]), affine

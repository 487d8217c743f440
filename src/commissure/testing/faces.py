"""A population of heads with planted faces and brains: T1-like, each person's face, skull and brain their own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = ["PlantedHead", "planted_ct", "planted_head", "planted_population"]

_HALF_MM = (90.0, 120.0, 130.0)
_SKIN, _SKULL, _BRAIN, _FLUID = 90.0, 20.0, 100.0, 15.0
#: each feature's place and radii (mm), as offsets from the skull's centre and front
_FEATURES = {
    "nose": ((0.0, 88.0, -42.0), (11.0, 28.0, 20.0)),
    "lips": ((0.0, 82.0, -75.0), (16.0, 18.0, 10.0)),
    "chin": ((0.0, 78.0, -100.0), (20.0, 20.0, 14.0)),
    "left cheek": ((-34.0, 66.0, -48.0), (20.0, 20.0, 18.0)),
    "right cheek": ((34.0, 66.0, -48.0), (20.0, 20.0, 18.0)),
}


@dataclass(frozen=True, slots=True)
class PlantedHead:
    """A head with what was planted in it.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Skin 90, skull 20, brain 100, ventricles 15, air 0, all without noise.
    affine_mm : array, shape (4, 4)
        RAS+.
    brain : array of bool, shape (x, y, z)
        Where the brain is.
    """

    volume: NDArray[np.float32]
    affine_mm: NDArray[np.float64]
    brain: NDArray[np.bool_]


def planted_population(
    count: int, *, rng: np.random.Generator, same_skull: bool = False, zoom_mm: float = 2.0
) -> list[PlantedHead]:
    """``count`` persons; with ``same_skull`` they differ in the face alone, and the brain is everybody's."""
    shared = np.random.default_rng(rng.integers(2**32))
    own = [np.random.default_rng(seed) for seed in rng.integers(2**32, size=count)]
    skull_seed = int(shared.integers(2**32))
    return [
        planted_head(face, skull_rng=np.random.default_rng(skull_seed) if same_skull else face, zoom_mm=zoom_mm)
        for face in own
    ]  # fmt: skip


def planted_head(
    face_rng: np.random.Generator, *, skull_rng: np.random.Generator, zoom_mm: float = 2.0
) -> PlantedHead:
    """One person: skull and brain out of ``skull_rng``, the face out of ``face_rng``."""
    ndimage = need("scipy.ndimage", purpose="Making heads")
    axes = [np.arange(-half, half, zoom_mm) for half in _HALF_MM]
    grid = np.meshgrid(*axes, indexing="ij")

    def ball(centre: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.bool_]:
        parts = zip(grid, centre, radii, strict=True)
        return np.asarray(sum(((axis - c) / r) ** 2 for axis, c, r in parts) <= 1.0)

    scale = 1.0 + skull_rng.normal(0.0, 0.025, 3)
    bumps = ndimage.gaussian_filter(skull_rng.normal(size=grid[0].shape), 14.0 / zoom_mm)
    bumps *= 2.0 / bumps.std()
    volume = np.zeros(grid[0].shape, dtype=np.float32)
    volume[ball(np.array([0.0, 0.0, 30.0]), np.array([76.0, 95.0, 85.0]) * scale)] = _SKIN
    volume[ball(np.array([0.0, 10.0, -40.0]), np.array([58.0, 76.0, 80.0]))] = _SKIN
    for centre, radii in _FEATURES.values():
        moved = np.array(centre) + face_rng.normal(0.0, 3.0, 3) * np.array([0.5, 1.0, 1.0])
        volume[ball(moved, np.array(radii) * (1.0 + face_rng.normal(0.0, 0.10, 3)))] = _SKIN
    volume[ball(np.array([0.0, -2.0, 32.0]), np.array([70.0, 87.0, 78.0]) * scale)] = _SKULL
    core = np.array([64.0, 81.0, 71.0]) * scale
    offsets = [(axis - c) / r for axis, c, r in zip(grid, (0.0, -3.0, 34.0), core, strict=True)]
    within = np.sqrt(np.square(offsets).sum(axis=0))
    brain = np.asarray(within * 70.0 <= 70.0 - np.clip(bumps, -1.0, 6.0))
    volume[brain] = _BRAIN
    volume[ball(np.array([0.0, -3.0, 34.0]), np.array([14.0, 30.0, 16.0]))] = _FLUID
    affine = np.diag([zoom_mm, zoom_mm, zoom_mm, 1.0])
    affine[:3, 3] = [axis[0] for axis in axes]
    return PlantedHead(volume, affine, brain)


def planted_ct(head: PlantedHead, *, gap: bool = False, rng: np.random.Generator) -> NDArray[np.float32]:
    """A head in Hounsfield units with what a closed shell lacks: the foramen magnum, a jaw, a spine, airways and noise.

    Parameters
    ----------
    head : PlantedHead
        Whose face and brain it is.
    gap : bool
        Whether a part of the skull's left side is missing, as after a craniectomy.
    rng : numpy.random.Generator
        For noise of 8 units.
    """
    shape = head.volume.shape
    index = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")
    x, y, z = (head.affine_mm[axis, axis] * index[axis] + head.affine_mm[axis, 3] for axis in range(3))
    units = np.full(shape, -1000.0, dtype=np.float32)
    units[head.volume == _SKIN] = 45.0
    inside = head.volume != 0
    lower = inside & (z < -25.0)
    units[lower & (np.hypot(x, y + 35.0) < 22.0)] = 700.0  # the spine, and its canal
    units[lower & (np.hypot(x, y + 35.0) < 10.0)] = 30.0
    arch = np.hypot(x / 44.0, (y - 20.0) / 58.0)
    units[inside & (np.abs(arch - 1.0) < 0.12) & (y > -5.0) & (z < -62.0) & (z > -85.0)] = 900.0  # the jaw
    units[inside & (np.hypot(x, y - 40.0) < 11.0) & (z < -38.0)] = -950.0  # the airways
    units[head.volume == _SKULL] = 1000.0
    units[head.volume == _BRAIN], units[head.volume == _FLUID] = 35.0, 8.0
    magnum = (head.volume == _SKULL) & (np.hypot(x, y + 30.0) < 15.0) & (z < 0.0)
    units[magnum] = 30.0
    if gap:
        units[(head.volume == _SKULL) & (x < -20.0) & (np.hypot(y, z - 40.0) < 45.0)] = 45.0
    return np.asarray(units + rng.normal(0.0, 8.0, shape), dtype=np.float32)

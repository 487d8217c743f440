"""Where a face is cut off: half-spaces in millimetres that touch the brain with a margin, so that none of it is lost.

A plane in front of and below the brain, as quickshear lays it, is one half-space; here a fan of them, each turned a
little more from the front to below, all pushed out to the brain's own hull plus a margin. What lies beyond any of
them goes. Because each bound is the brain's support in that direction, no voxel of the brain can lie beyond one. Being
in millimetres, the same cut serves every other image of the same head.

Reference: Schimke and Hale 2011, Quickshear defacing for neuroimages, USENIX HealthSec.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.kernels.affine import along_axes, on_grid_of, zooms_mm

__all__ = ["FaceCut", "Region", "cut_of", "moved_cut", "removed_by"]

#: degrees below straight ahead, and to how many degrees to either side each is turned: temples are of the face too
_FACE_DEGREES = (24.0, 31.0, 38.0, 45.0, 52.0, 59.0)
_SIDE_DEGREES = (0.0, 20.0, 40.0, 58.0, 75.0)
#: degrees below straight to the side, from 0 for the ear's upper rim on, and how much further out than the face's
_EAR_DEGREES, _EAR_ROOM_MM = (0.0, 12.0, 24.0, 36.0), 4.0
#: degrees below straight back
_NECK_DEGREES, _NECK_ROOM_MM = (60.0, 75.0, 90.0), 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A place in millimetres, as a mask on a grid of its own.

    Parameters
    ----------
    where : array of bool, shape (x, y, z)
        The place.
    affine_mm : array, shape (4, 4)
        From the mask's index to millimetres.
    """

    where: NDArray[np.bool_] = field(repr=False)
    affine_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaceCut:
    """What is removed: a position ``p`` goes where ``p · normals[i] > bounds_mm[i]`` for any ``i``, or in ``region``.

    Parameters
    ----------
    normals : tuple of (float, float, float)
        Outward directions, unit length, axes right, front, up.
    bounds_mm : tuple of float
        One a direction.
    margin_mm : float
        How far the face's bounds stay from the brain.
    region : Region or None
        A place that goes, where half-spaces do not say it all.
    """

    normals: tuple[tuple[float, float, float], ...]
    bounds_mm: tuple[float, ...]
    margin_mm: float
    region: Region | None = None


def cut_of(
    brain: NDArray[np.bool_],
    *,
    affine_mm: NDArray[np.float64],
    margin_mm: float = 5.0,
    ears: bool = False,
    neck: bool = False,
) -> FaceCut:
    """The cut that keeps all of ``brain`` and ``margin_mm`` around it, and takes off the face.

    Parameters
    ----------
    brain : array of bool, shape (x, y, z)
        The voxels to keep.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).
    margin_mm : float
        0 or more.
    ears, neck : bool
        Whether those go too.

    Raises
    ------
    BadInput
        If the mask is empty or the margin negative.

    Examples
    --------
    >>> brain = np.zeros((20, 20, 20), bool)
    >>> brain[5:15, 5:15, 5:15] = True
    >>> cut = cut_of(brain, affine_mm=np.diag([10.0, 10.0, 10.0, 1.0]), margin_mm=5.0)
    >>> removed = removed_by(cut, shape=brain.shape, affine_mm=np.diag([10.0, 10.0, 10.0, 1.0]))
    >>> bool((removed & brain).any()), bool(removed[10, 19, 0])
    (False, True)
    """
    if margin_mm < 0 or not np.isfinite(margin_mm):
        raise BadInput(f"margin_mm must be 0 or more; got {margin_mm!r}.")
    if not brain.any():
        raise BadInput("The brain mask is empty, so nothing says what must be kept.")
    surface = _surface_mm(brain, affine_mm)
    # a voxel reaches past its centre
    half_voxel_mm = float(np.linalg.norm(zooms_mm(affine_mm)) / 2.0)
    turns = sorted({side * degrees for degrees in _SIDE_DEGREES for side in (-1.0, 1.0)})
    normals = [_ahead(degrees, turn) for degrees in _FACE_DEGREES for turn in turns]
    room_mm = [margin_mm + half_voxel_mm] * len(normals)
    if ears:
        normals += [_aside(side, degrees) for degrees in _EAR_DEGREES for side in (-1.0, 1.0)]
        room_mm += [margin_mm + half_voxel_mm + _EAR_ROOM_MM] * (len(normals) - len(room_mm))
    if neck:
        normals += [_behind(degrees) for degrees in _NECK_DEGREES]
        room_mm += [margin_mm + half_voxel_mm + _NECK_ROOM_MM] * (len(normals) - len(room_mm))
    reach = surface @ np.array(normals).T
    bounds = reach.max(axis=0) + np.array(room_mm)
    return FaceCut(tuple(normals), tuple(float(bound) for bound in bounds), margin_mm)


def removed_by(cut: FaceCut, *, shape: Sequence[int], affine_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which voxels of a grid the cut takes away, as an array of the grid's first three dimensions."""
    size = tuple(int(length) for length in shape[:3])
    removed = np.zeros(size, dtype=bool)
    for normal, bound in zip(cut.normals, cut.bounds_mm, strict=True):
        removed |= along_axes(size, affine_mm, normal=np.array(normal)) > bound
    if cut.region is not None:
        removed |= on_grid_of(
            cut.region.where, cut.region.affine_mm, shape=size, grid_mm=np.asarray(affine_mm), nearest=True
        ) > 0.5  # fmt: skip
    return removed


def moved_cut(cut: FaceCut, *, move_mm: NDArray[np.float64]) -> FaceCut:
    """The same cut in another image's millimetres.

    Parameters
    ----------
    move_mm : array, shape (4, 4)
        Rigid; from the other image's millimetres to those of the cut.
    """
    turn, shift = np.asarray(move_mm)[:3, :3], np.asarray(move_mm)[:3, 3]
    normals = np.array(cut.normals)
    region = cut.region and replace(cut.region, affine_mm=np.linalg.inv(move_mm) @ cut.region.affine_mm)
    if not cut.normals:
        return replace(cut, region=region)
    bounds = np.array(cut.bounds_mm) - normals @ shift
    turned = normals @ turn
    rows = tuple((float(x), float(y), float(z)) for x, y, z in turned)
    return FaceCut(rows, tuple(float(bound) for bound in bounds), cut.margin_mm, region)


def _ahead(degrees: float, aside: float) -> tuple[float, float, float]:
    down, turn = np.deg2rad(degrees), np.deg2rad(aside)
    return (float(np.sin(turn) * np.cos(down)), float(np.cos(turn) * np.cos(down)), float(-np.sin(down)))


def _aside(side: float, degrees: float) -> tuple[float, float, float]:
    angle = np.deg2rad(degrees)
    return (float(side * np.cos(angle)), 0.0, float(-np.sin(angle)))


def _behind(degrees: float) -> tuple[float, float, float]:
    angle = np.deg2rad(degrees)
    return (0.0, float(-np.cos(angle)), float(-np.sin(angle)))


def _surface_mm(brain: NDArray[np.bool_], affine_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The outermost voxels along the array's first axis: enough for every support, and few."""
    there = brain.any(axis=0)
    first = brain.argmax(axis=0)
    last = brain.shape[0] - 1 - brain[::-1].argmax(axis=0)
    j, k = np.nonzero(there)
    i = np.concatenate([first[there], last[there]])
    index = np.stack([i, np.tile(j, 2), np.tile(k, 2), np.ones(i.size)])
    return np.asarray((np.asarray(affine_mm, dtype=float) @ index)[:3].T)

"""Volumes in millimetres: the same world grid for images of any orientation, and the rigid move between two of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["along_axes", "find_rigid", "on_grid_of", "on_world_grid", "rigid_mm", "zooms_mm"]

_BINS = 24


def zooms_mm(affine_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The size of a voxel along each axis of its array.

    >>> zooms_mm(np.diag([2.0, -1.0, 3.0, 1.0])).tolist()
    [2.0, 1.0, 3.0]
    """
    return np.asarray(np.sqrt((np.asarray(affine_mm, dtype=float)[:3, :3] ** 2).sum(axis=0)))


def along_axes(
    shape: tuple[int, ...], affine_mm: NDArray[np.float64], *, normal: NDArray[np.float64]
) -> NDArray[np.float32]:
    """``position · normal`` of every voxel's centre, in millimetres, without a grid of positions.

    Parameters
    ----------
    shape : tuple of int
        (x, y, z).
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres.
    normal : array, shape (3,)
        A direction.

    Returns
    -------
    array, shape (x, y, z)
    """
    affine = np.asarray(affine_mm, dtype=float)
    slopes = np.asarray(normal, dtype=float) @ affine[:3, :3]
    start = float(np.asarray(normal, dtype=float) @ affine[:3, 3])
    i, j, k = (
        (slope * np.arange(size)).astype(np.float32) for slope, size in zip(slopes, shape[:3], strict=True)
    )
    plane: NDArray[np.float32] = (i[:, None, None] + j[None, :, None]) + (k + np.float32(start))
    return plane


def on_world_grid(
    volume: NDArray[Any], affine_mm: NDArray[np.float64], *, step_mm: float, pad_mm: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The volume on a grid whose axes point right, front and up, and that grid's affine.

    Finer voxels are smoothed before they are sampled; outside of the volume is its lowest value.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Any intensities; NaN counts as 0.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).
    step_mm : float
        The size of the grid's voxels.
    pad_mm : float
        Room to leave around.
    """
    values = _finite(volume)
    corners = np.array(
        [[i, j, k, 1.0] for i in (0, values.shape[0] - 1) for j in (0, values.shape[1] - 1)
         for k in (0, values.shape[2] - 1)]
    )  # fmt: skip
    reach = (corners @ np.asarray(affine_mm, dtype=float).T)[:, :3]
    low, high = reach.min(axis=0) - pad_mm, reach.max(axis=0) + pad_mm
    grid = np.diag([step_mm, step_mm, step_mm, 1.0])
    grid[:3, 3] = low
    shape = tuple(int(size) for size in np.ceil((high - low) / step_mm) + 1)
    return _sampled(values, affine_mm, shape=shape, grid_mm=grid, order=1), grid


def on_grid_of(
    volume: NDArray[Any],
    affine_mm: NDArray[np.float64],
    *,
    shape: tuple[int, ...],
    grid_mm: NDArray[np.float64],
    nearest: bool = False,
) -> NDArray[np.float32]:
    """The volume sampled on another image's grid (``shape``, ``grid_mm``); ``nearest`` for labels and masks."""
    return _sampled(_finite(volume), affine_mm, shape=shape[:3], grid_mm=grid_mm, order=0 if nearest else 1)


def _finite(volume: NDArray[Any]) -> NDArray[np.float32]:
    values = np.nan_to_num(np.asarray(volume, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if values.ndim != 3 or min(values.shape) < 2:
        raise BadInput(f"volume must have shape (x, y, z), each 2 or more; got {values.shape}.")
    return values


def _sampled(
    values: NDArray[np.float32],
    affine_mm: NDArray[np.float64],
    *,
    shape: tuple[int, ...],
    grid_mm: NDArray[np.float64],
    order: int,
) -> NDArray[np.float32]:
    ndimage = need("scipy.ndimage", purpose="Resampling images")
    if order:
        blur = np.maximum(zooms_mm(grid_mm).mean() / zooms_mm(affine_mm) / 2.0 - 0.4, 0.0)
        values = ndimage.gaussian_filter(values, blur, truncate=3.0) if blur.max() > 0 else values
    try:
        move = np.linalg.inv(np.asarray(affine_mm, dtype=float)) @ grid_mm
    except np.linalg.LinAlgError as error:
        raise BadInput("affine_mm must be invertible: its voxels have no volume.") from error
    made: NDArray[np.float32] = ndimage.affine_transform(
        values, move[:3, :3], move[:3, 3], output_shape=shape, order=order, mode="constant",
        cval=float(values.min()),
    )  # fmt: skip
    return made


def rigid_mm(parameters: NDArray[np.float64], *, centre_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """A move of three turns (radians, about x, y, z through ``centre_mm``) and three shifts (mm), as a 4 x 4 matrix.

    >>> rigid_mm(np.array([0, 0, 0, 1.0, 2.0, 3.0]), centre_mm=np.zeros(3))[:3, 3].tolist()
    [1.0, 2.0, 3.0]
    """
    turn = np.eye(3)
    for axis, angle in enumerate(parameters[:3]):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(3)
        one[a, a] = one[b, b] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        turn = one @ turn
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = centre_mm - turn @ centre_mm + parameters[3:6]
    return matrix


def find_rigid(
    moving: NDArray[Any],
    moving_mm: NDArray[np.float64],
    *,
    fixed: NDArray[Any],
    fixed_mm: NDArray[np.float64],
    step_mm: float = 5.0,
) -> NDArray[np.float64]:
    """The rigid move that lays ``moving`` over ``fixed``, from millimetres to millimetres.

    Normalized mutual information on a coarse grid is climbed by Powell's method, so that the two may differ in
    contrast. It starts from the affines, so it finds moves of a few centimetres and of up to some twenty degrees.

    Parameters
    ----------
    moving, fixed : array, shape (x, y, z)
        Two images of one head.
    moving_mm, fixed_mm : array, shape (4, 4)
        Their affines.
    step_mm : float
        Grid of the comparison; the result is good to about a third of it.

    Returns
    -------
    array, shape (4, 4)
        Takes a position in ``moving`` to the same place in ``fixed``.

    References
    ----------
    Studholme et al. 1999, doi:10.1016/S0031-3203(98)00091-0
    """
    optimize = need("scipy.optimize", purpose="Laying images over each other")
    ndimage = need("scipy.ndimage", purpose="Laying images over each other")
    still, grid = on_world_grid(fixed, fixed_mm, step_mm=step_mm)
    loose, loose_grid = on_world_grid(moving, moving_mm, step_mm=step_mm)
    centre = (grid @ np.append((np.array(still.shape) - 1) / 2.0, 1.0))[:3]
    back = np.linalg.inv(loose_grid)
    fixed_bins = _binned(still)

    def cost(parameters: NDArray[np.float64]) -> float:
        scaled = parameters * np.array([0.05, 0.05, 0.05, 5.0, 5.0, 5.0])
        move = back @ np.linalg.inv(rigid_mm(scaled, centre_mm=centre)) @ grid
        seen = ndimage.affine_transform(
            loose, move[:3, :3], move[:3, 3], output_shape=still.shape, order=1, cval=float(loose.min())
        )
        return -_shared_information(fixed_bins, _binned(seen))

    best = optimize.minimize(
        cost, np.zeros(6), method="Powell", options={"xtol": 0.02, "ftol": 1e-5, "maxiter": 8}
    )
    found = np.asarray(best.x, dtype=float) * np.array([0.05, 0.05, 0.05, 5.0, 5.0, 5.0])
    return rigid_mm(found, centre_mm=centre)


def _binned(volume: NDArray[np.float32]) -> NDArray[np.int64]:
    high = float(np.percentile(volume, 99.5))
    low = float(volume.min())
    scaled = (volume - low) / max(high - low, 1e-6) * _BINS
    return np.asarray(np.clip(scaled, 0, _BINS - 1), dtype=np.int64).ravel()


def _shared_information(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    joint = np.bincount(one * _BINS + other, minlength=_BINS * _BINS).reshape(_BINS, _BINS) / one.size

    def entropy(share: NDArray[np.float64]) -> float:
        there = share[share > 0]
        return float(-(there * np.log(there)).sum())

    return (entropy(joint.sum(axis=0)) + entropy(joint.sum(axis=1))) / max(entropy(joint.ravel()), 1e-9)

"""A face looked for where the affine does not put it: upside down, on the back of the head, nodding, on its side.

Nothing here trusts the affine. A head is its own mirror image across one plane, whatever lies where; about the axis at right angles to
that plane it is turned step by step, and looked at from the front each time: a face stands out over a range of nods. A neck, a brainstem or the base of a skull stands out too;
but only where the front is the front is the crown above it longer than it is wide, as heads are.

Reference: Schwarz et al. 2019, doi:10.1056/NEJMc1908881 (faces rendered from MRI are recognized).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.annotate.face_surface import front_height_mm
from commissure.annotate.head_pose import mirror_turn
from commissure.extras import need

__all__ = ["TurnedFace", "find_turned_faces", "turned_degrees"]

_STEP_MM = 3.0
_EVERY_DEGREES = 15
#: over how much height a face must stand out that nothing says to be in front, and from one step to either side still
_HEIGHT_MM, _LEAST_MM = 18.0, 15.0
#: a crown between these depths below its top is as long as this at least, and so much longer than wide
_CROWN_MM, _LONG_MM, _LONGER = (20.0, 60.0), 145.0, 1.05
#: a head that nods less than this stands upright; two views this near are of the same face
_NODS_DEGREES, _APART_DEGREES = 45, 50.0


@dataclass(frozen=True, slots=True)
class TurnedFace:
    """A face that was found, and how the head must be turned for it to be in front.

    Parameters
    ----------
    height_mm : float
        Over which it stands out.
    turn : array, shape (3, 3)
        A rotation, from (right, front, up) by the affine to the head's own.
    """

    height_mm: float
    turn: NDArray[np.float64]


def turned_degrees(turn: NDArray[np.float64]) -> float:
    """The angle of a rotation, 0 to 180.

    >>> turned_degrees(np.diag([1.0, -1.0, -1.0]))
    180.0
    """
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))))


def find_turned_faces(
    ras: NDArray[np.floating[Any]],
    head: NDArray[np.bool_],
    *,
    step_mm: tuple[float, ...],
    upright: bool = False,
) -> tuple[TurnedFace, ...]:
    """What stands out as a face does, from wherever it is seen, that over most height first; each from elsewhere.

    Parameters
    ----------
    ras : array, shape (right, front, up)
        The image.
    head : array of bool, shape (right, front, up)
        Its outline.
    step_mm : tuple of three float
        The size of their voxels.
    upright : bool
        Whether the head is known to stand as the affine says, but for nodding.
    """
    level = np.eye(3) if upright else mirror_turn(ras, step_mm)
    degrees = (
        range(-_NODS_DEGREES, _NODS_DEGREES + 1, _EVERY_DEGREES) if upright else range(0, 360, _EVERY_DEGREES)
    )
    small = _levelled(head, step_mm, level)
    # the mirror image of a face is a face: to look at the back is to turn about the long axis
    ways = (
        [(small, level)]
        if upright
        else [(small, level), (small[::-1, ::-1], np.diag([-1.0, -1.0, 1.0]) @ level)]
    )
    found = [
        face for shown, way in ways for face in _seen_nodding(shown, way, degrees, round_about=not upright)
    ]
    kept: list[TurnedFace] = []
    for face in sorted(found, key=lambda one: -one.height_mm):
        if all(turned_degrees(face.turn @ other.turn.T) > _APART_DEGREES for other in kept):
            kept.append(face)
    return tuple(kept)


def _seen_nodding(
    head: NDArray[np.bool_], way: NDArray[np.float64], degrees: range, *, round_about: bool
) -> Iterator[TurnedFace]:
    heights = [_face_height_mm(head, float(angle)) for angle in degrees]
    after = [*heights[1:], heights[0] if round_about else 0.0]
    for angle, one, other in zip(degrees, heights, after, strict=True):
        if max(one, other) >= _HEIGHT_MM and min(one, other) > 0 and one + other >= 2 * _HEIGHT_MM:
            nod = float(angle) if one >= other else float(angle) + _EVERY_DEGREES
            yield TurnedFace(max(one, other), _nod(nod) @ way)


def _face_height_mm(head: NDArray[np.bool_], degrees: float) -> float:
    """How high a face stands out that has a crown above it, after a nod; 0 where none does."""
    seen = _nodding(head, degrees)
    height_mm = front_height_mm(seen, (_STEP_MM,) * 3) if seen.any() else 0.0
    return height_mm if height_mm >= _LEAST_MM and _has_crown(seen) else 0.0


def _nod(degrees: float) -> NDArray[np.float64]:
    one, other = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[1.0, 0.0, 0.0], [0.0, one, -other], [0.0, other, one]])


def _levelled(
    head: NDArray[np.bool_], step_mm: tuple[float, ...], turn: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """The outline on coarse voxels, turned, in a box that fits."""
    ndimage: Any = need("scipy.ndimage", purpose="Looking for faces")
    sides = np.array(head.shape) * step_mm
    shape = tuple(int(size) for size in np.ceil(np.abs(turn) @ sides / _STEP_MM))
    move = np.diag(1.0 / np.array(step_mm)) @ turn.T * _STEP_MM
    shift = (np.array(head.shape) - 1) / 2.0 - move @ ((np.array(shape) - 1) / 2.0)
    made = ndimage.affine_transform(head.astype(np.float32), move, shift, output_shape=shape, order=1) > 0.5
    there = np.nonzero(made)
    return np.asarray(
        made[tuple(slice(int(at.min()), int(at.max()) + 1) for at in there)] if there[0].size else made
    )


def _nodding(head: NDArray[np.bool_], degrees: float) -> NDArray[np.bool_]:
    """Turned about the axis through the ears, each voxel taken from the nearest."""
    _, deep, high = head.shape
    size = int(np.ceil(np.hypot(deep, high)))
    turn = _nod(degrees)[1:, 1:].T
    y, z = np.meshgrid(np.arange(size) - (size - 1) / 2.0, np.arange(size) - (size - 1) / 2.0, indexing="ij")
    front = np.round(turn[0, 0] * y + turn[0, 1] * z + (deep - 1) / 2.0).astype(int)
    up = np.round(turn[1, 0] * y + turn[1, 1] * z + (high - 1) / 2.0).astype(int)
    inside = (front >= 0) & (front < deep) & (up >= 0) & (up < high)
    made: NDArray[np.bool_] = head[:, np.clip(front, 0, deep - 1), np.clip(up, 0, high - 1)] & inside
    return made


def _has_crown(head: NDArray[np.bool_]) -> bool:
    """Whether what lies on top is longer than wide."""
    high = np.nonzero(head.any(axis=1).sum(axis=0) * _STEP_MM > 20.0)[0]
    if high.size == 0:
        return False
    low, top = (max(int(high[-1] - depth / _STEP_MM), 0) for depth in reversed(_CROWN_MM))
    sides = []
    for index in range(low, max(top, low + 1)):
        across, along = (np.nonzero(head[:, :, index].any(axis=axis))[0] for axis in (1, 0))
        if across.size:
            sides.append((int(np.ptp(along)) * _STEP_MM, max(int(np.ptp(across)), 1) * _STEP_MM))
    if not sides:
        return False
    length_mm, width_mm = (float(np.median(each)) for each in zip(*sides, strict=True))
    return length_mm >= _LONG_MM and length_mm >= _LONGER * width_mm

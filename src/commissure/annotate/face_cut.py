"""A head that is cut: a face below a crown that is not there, or half a face.

A slab, a lower half or a half head is too small to be measured as a head is, and shows a person all the same. The image's edge ends in
a plane where heads are round, and so does what was put to zero beyond it: how large the head's section is at its very end tells.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.annotate.face_surface import front_height_mm

__all__ = ["cut_below_height_mm", "cut_side", "cut_top_height_mm"]

#: the section at the end of a head that is cut above, and of one that is cut near its middle plane: a brain alone has less
_TOP_CM2, _SIDE_CM2 = 50.0, (190.0, 450.0)
#: through a face, and how much further what is cut there would go on
_BOTTOM_CM2, _GOES_ON_MM = 200.0, 6.0
#: what is at least as wide may have both cheeks; what is left and right of half a head, and how high it is
_WIDE_MM, _HALF_MM, _HIGH_MM = 90.0, 130.0, (90.0, 320.0)


def cut_top_height_mm(head: NDArray[np.bool_], step_mm: tuple[float, ...]) -> float:
    """Over how many millimetres of height a face stands out, in front or behind, of a head without its crown; 0 if it has one.

    Parameters
    ----------
    head : array of bool, shape (right, front, up)
        From :func:`~commissure.annotate.face_surface.find_outline`.
    step_mm : tuple of three float
        The size of its voxels.
    """
    boxed = _boxed(head)
    if boxed.shape[0] * step_mm[0] < _WIDE_MM or _section_cm2(boxed[:, :, -1], step_mm[:2]) < _TOP_CM2:
        return 0.0
    return max(front_height_mm(one, step_mm, crown=False) for one in (boxed, boxed[:, ::-1]))


def cut_below_height_mm(head: NDArray[np.bool_], step_mm: tuple[float, ...]) -> float:
    """Over how many millimetres of height a face stands out in front of a head that ends in its nose, as if it went on; else 0.

    Parameters
    ----------
    head : array of bool, shape (right, front, up)
        As for :func:`cut_top_height_mm`.
    step_mm : tuple of three float
        The size of its voxels.
    """
    boxed = _boxed(head)
    if boxed.shape[0] * step_mm[0] < _WIDE_MM or _section_cm2(boxed[:, :, 0], step_mm[:2]) < _BOTTOM_CM2:
        return 0.0
    more = round(_GOES_ON_MM / step_mm[2])
    return front_height_mm(np.pad(boxed, ((0, 0), (0, 0), (more, 0)), mode="edge"), step_mm)


def cut_side(head: NDArray[np.bool_], step_mm: tuple[float, ...]) -> str:
    """On which side (``"left"``, ``"right"``) a head ends near its middle plane, so that a profile or half a face shows; else nothing.

    Parameters
    ----------
    head : array of bool, shape (right, front, up)
        As for :func:`cut_top_height_mm`.
    step_mm : tuple of three float
        The size of its voxels.

    Examples
    --------
    >>> half = np.zeros((60, 100, 100), bool)
    >>> half[:40, 5:95, 5:95] = True
    >>> cut_side(half, (2.0, 2.0, 2.0))
    'left'
    """
    boxed = _boxed(head)
    width_mm, _, high_mm = (size * step for size, step in zip(boxed.shape, step_mm, strict=True))
    if width_mm > _HALF_MM or not _HIGH_MM[0] <= high_mm <= _HIGH_MM[1]:
        return ""
    ends = (("left", boxed[0]), ("right", boxed[-1]))
    sections = {side: _section_cm2(section, step_mm[1:]) for side, section in ends}
    side = max(sections, key=lambda one: sections[one])
    return side if _SIDE_CM2[0] <= sections[side] <= _SIDE_CM2[1] else ""


def _section_cm2(section: NDArray[np.bool_], step_mm: tuple[float, ...]) -> float:
    return float(section.sum()) * step_mm[0] * step_mm[1] / 100.0


def _boxed(head: NDArray[np.bool_]) -> NDArray[Any]:
    there = np.nonzero(head)
    return head[tuple(slice(int(at.min()), int(at.max()) + 1) for at in there)] if there[0].size else head

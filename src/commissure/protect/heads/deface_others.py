"""The cut of a T1-weighted head on other images of that head: T2w, FLAIR, CT, PET, a second session.

Images of one session share millimetres; where the heads do not lie on each other, the rigid move between them is
found first, and the result is refused if they still do not.
"""

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.kernels.affine import along_axes, find_rigid, on_grid_of, on_world_grid
from commissure.model import Image
from commissure.protect.heads.deface import Defaced, without
from commissure.protect.heads.deface_cut import moved_cut, removed_by
from commissure.protect.heads.deface_voxels import first_volume
from commissure.protect.heads.head import STEP_MM, find_head

__all__ = ["deface_like", "head_overlap"]

_SAME_PLACE, _SAME_HEAD = 0.975, 0.85
_COARSE_MM = 4.0


def deface_like(image: Image, *, reference: Image, defaced: Defaced) -> Defaced:
    """Take the face off ``image`` by the cut that took it off ``reference``, another image of the same head.

    Parameters
    ----------
    image : Image
        Of any contrast.
    reference : Image
        The T1-weighted head as it was, with its face or without.
    defaced : Defaced
        What :func:`commissure.protect.heads.deface.deface` made of ``reference``.

    Returns
    -------
    Defaced
        With the brain on the grid of ``image``.

    Raises
    ------
    BadInput
        If the two heads cannot be laid over each other.
    """
    volume, known = first_volume(image.array), first_volume(reference.array)
    move = np.eye(4)
    if head_overlap(volume, image.affine_mm, other=known, other_mm=reference.affine_mm) < _SAME_PLACE:
        move = find_rigid(volume, image.affine_mm, fixed=known, fixed_mm=reference.affine_mm)
        overlap = head_overlap(volume, move @ image.affine_mm, other=known, other_mm=reference.affine_mm)
        if overlap < _SAME_HEAD:
            raise BadInput(
                f"The image cannot be laid over the T1-weighted head of the same subject (overlap {overlap:.2f}, "
                f"{_SAME_HEAD} is needed)."
            )
    cut = moved_cut(defaced.cut, move_mm=move)
    brain = on_grid_of(
        defaced.brain, reference.affine_mm, shape=volume.shape, grid_mm=move @ image.affine_mm, nearest=True
    ) > 0.5  # fmt: skip
    removed = removed_by(cut, shape=volume.shape, affine_mm=image.affine_mm) & ~brain
    figures = {**defaced.figures, "removed_ml": _removed_ml(volume, image, removed)}
    upright_mm = defaced.upright_mm @ move
    return Defaced(without(image, removed), cut, brain, removed, figures=figures, upright_mm=upright_mm)


def head_overlap(
    one: NDArray[np.generic],
    one_mm: NDArray[np.float64],
    *,
    other: NDArray[np.generic],
    other_mm: NDArray[np.float64],
) -> float:
    """The Dice overlap of two heads, where both images see (1 for the same head in the same place)."""
    coarse, grid = on_world_grid(other, other_mm, step_mm=_COARSE_MM)
    both = _seen(one.shape, one_mm, shape=coarse.shape, grid_mm=grid)
    moved = on_grid_of(one, one_mm, shape=coarse.shape, grid_mm=grid)
    first, second = find_head(moved) & both, find_head(coarse) & both
    total = int(first.sum() + second.sum())
    return 2.0 * float((first & second).sum()) / total if total else 0.0


def _seen(
    size: tuple[int, ...],
    affine_mm: NDArray[np.float64],
    *,
    shape: tuple[int, ...],
    grid_mm: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which points of a grid lie inside of an image of ``size`` voxels."""
    move = np.linalg.inv(np.asarray(affine_mm, dtype=float)) @ grid_mm
    inside = np.ones(shape, dtype=bool)
    for axis, length in enumerate(size[:3]):
        index = along_axes(shape, move, normal=np.eye(3)[axis])
        inside &= (index >= 0) & (index <= length - 1)
    return inside


def _removed_ml(volume: NDArray[np.generic], image: Image, removed: NDArray[np.bool_]) -> float:
    coarse, grid = on_world_grid(volume, image.affine_mm, step_mm=STEP_MM)
    gone = on_grid_of(removed, image.affine_mm, shape=coarse.shape, grid_mm=grid) > 0.5
    return float((find_head(coarse) & gone).sum() * STEP_MM**3 / 1000.0)

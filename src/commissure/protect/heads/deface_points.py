"""Digitized head shapes (EEG, MEG): the points on the face go, landmarks, coils and electrodes stay.

A head shape is drawn with a stylus, often down the nose and around the eyes, and is enough to render a face. What
source localization needs of it is the scalp. The frame is the one that the three landmarks span, so that it does
not matter in which coordinates a file keeps its points.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commissure.errors import BadInput

__all__ = ["deface_raw_points", "face_among", "find_face_points"]

#: in front of this share of the way from the ears to the nasion, and no higher above it than this
_FRONT_SHARE, _ABOVE_MM = 0.35, 22.0
_BELOW_MM = 30.0
_EXTRA, _CARDINAL = 4, 1
_NASION, _LPA, _RPA = 2, 1, 3


def find_face_points(
    points_mm: ArrayLike, *, nasion_mm: ArrayLike, lpa_mm: ArrayLike, rpa_mm: ArrayLike
) -> NDArray[np.bool_]:
    """Which points lie on the face: in front of the ears and below the brow, or far below the ears.

    Parameters
    ----------
    points_mm : array, shape (point, 3)
        In any frame.
    nasion_mm, lpa_mm, rpa_mm : array, shape (3,)
        The root of the nose and the points before the left and the right ear, in the same frame.

    Returns
    -------
    array of bool, shape (point,)

    Raises
    ------
    BadInput
        If the landmarks lie on one line or are not numbers.

    Examples
    --------
    >>> face = find_face_points(
    ...     [[0, 110, -20], [0, 0, 120], [0, -90, 40]], nasion_mm=[0, 95, 0], lpa_mm=[-75, 0, 0], rpa_mm=[75, 0, 0]
    ... )
    >>> face.tolist()
    [True, False, False]
    """
    points = np.atleast_2d(np.asarray(points_mm, dtype=float))
    nasion, left, right = (np.asarray(each, dtype=float) for each in (nasion_mm, lpa_mm, rpa_mm))
    across = right - left
    forward = nasion - left
    if points.size == 0:
        return np.zeros(0, dtype=bool)
    length = float(np.linalg.norm(across))
    if not length > 0:
        raise BadInput("The two ear points are the same, so they say nothing about the face.")
    across = across / length
    origin = left + across * float(forward @ across)
    ahead = nasion - origin
    reach = float(np.linalg.norm(ahead))
    if not reach > 1e-6 * length:
        raise BadInput("The nasion and the ear points lie on one line; three landmarks of a head are needed.")
    ahead = ahead / reach
    up = np.cross(across, ahead)
    relative = points - origin
    front, height = relative @ ahead, relative @ up
    on_face = (front > _FRONT_SHARE * reach) & (height < _ABOVE_MM)
    return np.asarray(on_face | (height < -_BELOW_MM) & (front > 0))


def deface_raw_points(raw: Any) -> int:
    """Drop the head-shape points on the face from an MNE Raw, in place; gives how many.

    Where the landmarks are missing, nothing says where the face is, and all head-shape points go.
    """
    dig = raw.info["dig"]
    if not dig:
        return 0
    gone = set(
        face_among(
            [np.asarray(point["r"]) * 1000.0 for point in dig],
            kinds=[int(point["kind"]) for point in dig],
            idents=[int(point["ident"]) for point in dig],
        )
    )
    if not gone:
        return 0
    with raw.info._unlock():
        raw.info["dig"] = [point for index, point in enumerate(dig) if index not in gone]
    return len(gone)


def face_among(
    places_mm: Sequence[ArrayLike], *, kinds: Sequence[int], idents: Sequence[int]
) -> tuple[int, ...]:
    """Which of a FIF file's digitized points are head-shape points on the face, by their position in the list.

    Parameters
    ----------
    places_mm : sequence of array, shape (3,)
        All points, landmarks too.
    kinds, idents : sequences of int
        As FIF numbers them: kind 1 is a landmark (1 left ear, 2 nasion, 3 right ear), kind 4 a head-shape point.
    """
    extra = [index for index, kind in enumerate(kinds) if kind == _EXTRA]
    marks = {
        ident: np.asarray(place, dtype=float)
        for place, kind, ident in zip(places_mm, kinds, idents, strict=True)
        if kind == _CARDINAL
    }
    if not extra or not {_NASION, _LPA, _RPA} <= set(marks):
        return tuple(extra)
    points = np.array([np.asarray(places_mm[index], dtype=float) for index in extra])
    face = find_face_points(points, nasion_mm=marks[_NASION], lpa_mm=marks[_LPA], rpa_mm=marks[_RPA])
    return tuple(index for index, on_face in zip(extra, face, strict=True) if on_face)

"""Where the root of the nose and the ears are on a head's surface, by the frame that a file says it is in.

Frames of EEG and MEG are drawn through these very points: CTF's, and Brainstorm's, has its origin between the ears, its first
axis through the root of the nose and its second through the left ear; Neuromag's has the first through the right ear. So they
lie where the surface crosses the axes. In frames of images (MNI, ACPC) they are estimated from the head's size.

References
----------
Oostenveld et al. (2011), doi:10.1155/2011/156869; Tadel et al. (2011), doi:10.1155/2011/879716.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.heads.face_mesh import Landmarks, estimate_landmarks

__all__ = ["landmarks_in"]

_ACROSS = {"ctf": "als", "bti": "als", "4d": "als", "scs": "als", "neuromag": "ras"}
_IMAGES = frozenset({"mni", "acpc", "spm", "tal", "scanras", "fsaverage", "mni305", "mni152"})
_WAYS = {"r": (0, 1.0), "l": (0, -1.0), "a": (1, 1.0), "p": (1, -1.0), "s": (2, 1.0), "i": (2, -1.0)}
#: how far from an axis a vertex may lie, and how far out nasion and ears are
_NEAR_MM, _NASION_MM, _EARS_MM = 20.0, (60.0, 140.0), (45.0, 115.0)


def landmarks_in(points_mm: NDArray[Any], *, frame: str) -> Landmarks:
    """Nasion and ears of a head's surface, in its own frame.

    Parameters
    ----------
    points_mm : array, shape (point, 3)
        The outer surface.
    frame : str
        ``ctf``, ``bti``, ``4d``, ``scs``, ``neuromag``; ``mni``, ``acpc``, ``spm``, ``tal``; or three letters that say where the
        axes point, such as ``ras`` or ``lps``.

    Raises
    ------
    BadInput
        If the frame is another, or the surface does not lie in it as a head does.

    Examples
    --------
    >>> way = np.random.default_rng(0).normal(size=(5000, 3))
    >>> egg = way / np.linalg.norm(way, axis=1, keepdims=True) * [97, 75, 112]
    >>> marks = landmarks_in(egg, frame="ctf")
    >>> [round(float(np.asarray(mark)[axis])) for mark, axis in ((marks.nasion_mm, 0), (marks.lpa_mm, 1), (marks.rpa_mm, 1))]
    [97, 75, -75]
    """
    name = frame.strip().casefold()
    axes = _ACROSS.get(name, "ras" if name in _IMAGES else name)
    if len(axes) != 3 or {_WAYS[letter][0] for letter in axes if letter in _WAYS} != {0, 1, 2}:
        raise BadInput(f"Nothing says where a head's face is in the frame {frame!r}; give ctf, neuromag, mni, acpc or three letters as ras.")  # fmt: skip
    turn = np.zeros((3, 3))
    for column, letter in enumerate(axes):
        axis, sign = _WAYS[letter]
        turn[axis, column] = sign
    right_front_up = np.asarray(points_mm, dtype=float) @ turn.T
    found = _crossings(right_front_up) if name in _ACROSS else estimate_landmarks(right_front_up)
    return Landmarks(*(np.asarray(mark) @ turn for mark in (found.nasion_mm, found.lpa_mm, found.rpa_mm)))


def _crossings(points: NDArray[np.float64]) -> Landmarks:
    """Where the surface crosses the axes of a frame that is drawn through nasion and ears; axes right, front, up."""
    front, left, right = (
        _crossing(points, axis=axis, sign=sign) for axis, sign in ((1, 1.0), (0, -1.0), (0, 1.0))
    )
    ears = (float(np.linalg.norm(left)), float(np.linalg.norm(right)))
    if not _NASION_MM[0] <= float(np.linalg.norm(front)) <= _NASION_MM[1] or not all(_EARS_MM[0] <= ear <= _EARS_MM[1] for ear in ears):  # fmt: skip
        raise BadInput(
            "The surface does not lie in its frame as a head does, so nothing says where the face is."
        )
    return Landmarks(front, left, right)


def _crossing(points: NDArray[np.float64], *, axis: int, sign: float) -> NDArray[np.float64]:
    along = sign * points[:, axis]
    off = np.sqrt(np.maximum((points**2).sum(axis=1) - along**2, 0.0))
    off[along <= 0] = np.inf
    nearest = int(np.argmin(off))
    if not off[nearest] <= _NEAR_MM:
        raise BadInput("The surface does not cross the axes of its frame, so nothing says where the face is.")
    place = np.zeros(3)
    place[axis] = sign * along[nearest]
    return place

"""Deface turned: a head whose affine does not say where its face is, is turned in the mind, defaced there, and left where it lies.

Only the millimetres are turned, never a voxel. That a head stands upright is known when its brain was found where a brain is.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from commissure.annotate.face import check_face, upright_affines_mm
from commissure.annotate.face_turned import turned_degrees
from commissure.errors import BadInput
from commissure.model import Finding, Image, Severity
from commissure.protect.heads.deface import Defaced
from commissure.protect.heads.deface_cut import moved_cut
from commissure.protect.heads.head import check_voxels
from commissure.workflows.deface_head import DefaceSettings, Judged, deface_head

__all__ = ["deface_wherever", "face_left"]

_NOWHERE = (
    "The head shows a face where its affine (qform, sform) does not put it, and it could not be turned so that the face came off. Correct "
    "the affine."
)


def deface_wherever(image: Image, *, settings: DefaceSettings | None = None) -> Judged:
    """Deface a head as :func:`~commissure.workflows.deface_head.deface_head` does, also one that its affine has upside down or nodding.

    Parameters
    ----------
    image : Image
        A whole head, T1-weighted, or a CT.
    settings : DefaceSettings or None
        None for the face alone.

    Returns
    -------
    Judged
        A face that is still seen is an ERROR among its Findings, a turned head a WARNING.

    Raises
    ------
    MissingExtra
        If deepbet, which finds the brain of a T1-weighted head, is not installed.
    BadInput
        If no whole human brain is found.
    """
    check_voxels(image.affine_mm)
    ways = upright_affines_mm(image)
    if not ways:
        return _judged(image, settings)
    refusals: list[BadInput] = []
    failed: list[Judged] = []
    for turned_mm in (None, *ways):
        try:
            judged = _judged(image, settings) if turned_mm is None else _turned(image, settings, turned_mm)
        except BadInput as refused:
            refusals.append(refused)
            continue
        # a brain can be taken for upright that is not; that the face goes, wherever it is looked for, is the proof
        nods = turned_mm is None and _nods(image, ways[0])
        left = None if nods else check_face(judged.done.image)
        if left is not None:
            judged = replace(judged, findings=(_still(left), *judged.findings))
        if not _fails(judged) and (nods or not judged.done.already):
            return judged
        failed += [judged] if _fails(judged) else []
    if failed:
        return failed[0]
    raise refusals[0] if refusals else BadInput(_NOWHERE)


def face_left(done: Defaced) -> Finding | None:
    """An ERROR if a defaced head still shows a face, looked at as it stands upright."""
    affine_mm = done.upright_mm @ np.asarray(done.image.affine_mm, dtype=float)
    left = check_face(replace(done.image, affine_mm=affine_mm), upright=True)
    return left and _still(left)


def _still(left: Finding) -> Finding:
    return replace(left, check="protect.deface.face", message="After defacing, the head still shows a face.")


def _judged(image: Image, settings: DefaceSettings | None) -> Judged:
    judged = deface_head(image, settings=settings)
    left = face_left(judged.done)
    return replace(judged, findings=(left, *judged.findings)) if left else judged


def _turned(image: Image, settings: DefaceSettings | None, turned_mm: NDArray[np.float64]) -> Judged:
    """Judged upright, and given back with the image's own affine."""
    judged = _judged(replace(image, affine_mm=turned_mm), settings)
    done = judged.done
    move_mm = turned_mm @ np.linalg.inv(np.asarray(image.affine_mm, dtype=float))
    made = replace(
        done,
        image=replace(done.image, affine_mm=image.affine_mm),
        cut=moved_cut(done.cut, move_mm=move_mm),
        upright_mm=move_mm,
    )
    degrees = turned_degrees(move_mm[:3, :3])
    message = f"By its affine the head does not stand upright; it was turned by {degrees:.0f} degrees to find its face, and lies as before."
    told = Finding(
        "protect.deface.turned", Severity.WARNING, message, remedy="Correct the affine (qform, sform)."
    )
    return replace(judged, done=made, findings=(*judged.findings, told))


def _nods(image: Image, turned_mm: NDArray[np.float64]) -> bool:
    """Whether the head at most nods or leans, so that a cut by its own brain is no cut beside the face."""
    move = turned_mm[:3, :3] @ np.linalg.inv(np.asarray(image.affine_mm, dtype=float)[:3, :3])
    return bool(move[2, 2] > 0.7 and move[1, 1] > 0.7)


def _fails(judged: Judged) -> bool:
    return any(finding.severity is Severity.ERROR for finding in judged.findings)

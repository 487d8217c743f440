"""Heads that stand in files: each loses its face where it stands in a private copy, or may not stay."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from commissure.errors import CommissureError, Unreadable
from commissure.extras import need
from commissure.model import About, Finding, Image, Severity
from commissure.protect.heads.deface import Defaced
from commissure.protect.heads.deface_voxels import ScaledVoxels, check_packed, rewrite_voxels, stored_of
from commissure.workflows.sharing.defacing import REMEDY, Heads, defaced_head, is_t1

__all__ = ["HeadFile", "Settled", "nifti_head", "read_nifti", "settle_head"]


@dataclass(frozen=True, slots=True)
class HeadFile:
    """One image of a head, and how to get at it.

    Parameters
    ----------
    where : str
        A safe name for the Findings.
    read : callable
        Gives the Image, in memory.
    write : callable
        Takes what defacing made of it, and puts that where the head stood.
    face : Finding or None
        What was seen on it; None for another image of a head that showed a face.
    remedy : str
        What to do if it has to stay back.
    """

    where: str
    read: Callable[[], Image]
    write: Callable[[Defaced], None]
    face: Finding | None = None
    remedy: str = REMEDY


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether the head may stay, whether a face was cut off it, and what is to be said."""

    stays: bool
    cut: bool = False
    findings: tuple[Finding, ...] = ()


def settle_head(head: HeadFile, heads: Heads) -> Settled:
    """Deface one head where it stands; what cannot be defaced is left as it is and may not stay.

    Parameters
    ----------
    head : HeadFile
        T1-weighted heads of a subject first.
    heads : Heads
        The subject's; a T1-weighted head is added to them.
    """
    face, where = head.face, head.where
    try:
        image = head.read()
        heads.images += [image] if is_t1(image) else []
        if face is None and not heads.cut_reaches(image):
            return Settled(True)
        made, found = defaced_head(image, heads)
    except CommissureError as error:
        if face is None:
            message = f"The head's face was not cut off here, where none was seen: {error}"
            skipped = Finding("protect.deface.skipped", Severity.WARNING, message, where, head.remedy)
            return Settled(True, findings=(skipped,))
        failed = Finding("protect.deface.failed", Severity.ERROR, str(error), where, head.remedy)
        return Settled(False, findings=(replace(face, where=where), failed))
    findings = tuple(replace(finding, where=where) for finding in found)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Settled(False, findings=(*findings, *([replace(face, where=where)] if face else [])))
    head.write(made)
    return Settled(True, cut=True, findings=findings)


def nifti_head(
    path: Path, *, about: About, where: str, face: Finding | None, remedy: str = REMEDY
) -> HeadFile:
    """The head in a NIfTI file, ``.nii`` or ``.nii.gz``."""

    def write(made: Defaced) -> None:
        rewrite_voxels(path, array=made.image.array)

    return HeadFile(where, lambda: read_nifti(path, about=about), write, face, remedy)


def read_nifti(path: Path, *, about: About) -> Image:
    """The image in memory, for its file will be replaced.

    Raises
    ------
    Unreadable
        If the file is no NIfTI image, or is cut short.
    """
    nibabel = need("nibabel", purpose="Reading NIfTI images")
    try:
        if path.suffix.lower() == ".gz":
            check_packed(path)
        native = nibabel.load(path)
        stored, slope, inter = stored_of(native.dataobj)
    except (OSError, EOFError, ValueError, nibabel.filebasedimages.ImageFileError) as error:
        raise Unreadable("The file is no NIfTI image, or is cut short; get an intact copy of it.") from error
    array = stored if (slope, inter) == (1.0, 0.0) else ScaledVoxels(np.asarray(stored), slope, inter)
    return Image(array, np.asarray(native.affine, dtype=float), about)

"""Clean faces: NIfTI heads of a clean copy lose their faces where they stand; one that cannot stays back.

A head is T1-weighted if its name says so; if it says nothing, that is tried. The T1-weighted heads come first, and their cut serves
the other images of the same subject: in BIDS names ``sub-…``, else the folder, or what the names begin with where a folder
holds T1-weighted heads of several.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from commissure.annotate.face import check_tree_faces
from commissure.errors import CommissureError
from commissure.model import About, Finding, Image, Severity, Subject, Tree
from commissure.protect.heads.deface_voxels import first_volume
from commissure.protect.heads.head import check_t1
from commissure.workflows.sharing.defacing import Heads
from commissure.workflows.sharing.head_files import HeadFile, Settled, nifti_head, settle_head

__all__ = ["FacesOff", "contrast_of", "deface_copy", "try_head"]

REMEDY = (
    "Deface it by commissure protect deface (another contrast, or a part of a head: with --t1), or commissure share the raw folder, which "
    "defaces what it converts."
)
_NIFTI = re.compile(r"\.nii(?:\.gz)?$", re.I)
_SUBJECT = re.compile(r"(?:^|[/_])(sub-[A-Za-z0-9]+)")
_EDGE, _END = r"(?:^|[^A-Za-z0-9])(?:3d)?", r"(?![A-Za-z])"
_T1 = re.compile(
    _EDGE + r"(?:t1(?!map|rho)\w*|mp2?rage\w*|uni(?:t1|den)?|f?spgr\w*|bravo|mdeft|ir-?fspgr)" + _END, re.I
)
_CT = re.compile(_EDGE + r"ct\d?" + _END, re.I)
_OTHER = re.compile(
    _EDGE
    + r"(?:t2\w*|flair\w*|pdw?|pet|swi|space|tse|fse|cube|inplanet[12]|angio|tof\w*|fiesta|ciss)"
    + _END,
    re.I,
)


@dataclass(frozen=True, slots=True)
class FacesOff:
    """What came of it: the files that may go on, how many heads lost their face, and the Findings."""

    kept: tuple[str, ...]
    defaced: int
    findings: tuple[Finding, ...]


def deface_copy(root: Path, names: Sequence[str]) -> FacesOff:
    """Take the face off every NIfTI head below ``root`` that shows one, and off the other images of that head.

    Parameters
    ----------
    root : Path
        A private copy, whose files are rewritten.
    names : sequence of str
        Its files, below ``root``; what says nothing of who somebody is.

    Returns
    -------
    FacesOff
        Without the heads that could not be defaced and their side files of the same name.
    """
    images = [name for name in names if _NIFTI.search(name)]
    faces, _ = check_tree_faces(Tree("bids", root, tuple(images), About("", Subject(""))))
    seen = {finding.where: finding for finding in faces}
    groups = _groups(images)
    shown = {groups[name] for name in seen}
    heads: dict[str, Heads] = {}
    settled: dict[str, Settled] = {}
    for name in sorted((name for name in images if groups[name] in shown), key=_order):
        if name in seen or contrast_of(name):
            heads_of = heads.setdefault(groups[name], Heads())
            settled[name] = _settled(root, name, heads_of, seen.get(name))
    lost = tuple(f"{_NIFTI.sub('', name)}." for name, one in settled.items() if not one.stays)
    kept = tuple(name for name in names if not (lost and name.startswith(lost)))
    said = tuple(finding for one in settled.values() for finding in one.findings)
    return FacesOff(kept, sum(one.cut for one in settled.values()), said)


def contrast_of(name: str) -> str:
    """What the name of a file or series says of its contrast: ``"T1w"``, ``"ct"``, ``"other"``, or nothing.

    >>> contrast_of("anna/3DT1_mprage.nii.gz"), contrast_of("sub-01_FLAIR.nii"), contrast_of("anna.nii.gz")
    ('T1w', 'other', '')
    """
    stem = _NIFTI.sub("", name.rpartition("/")[2])
    told = (("T1w", _T1), ("ct", _CT), ("other", _OTHER))
    return next((contrast for contrast, words in told if words.search(stem)), "")


def try_head(head: HeadFile, heads: Heads, *, contrast: str) -> Settled:
    """Deface a head whose contrast may be unknown: as a T1-weighted one first, then by the cut of the subject's others.

    Whatever goes wrong, the head stays back.
    """
    try:
        if not contrast and _may_be_t1(head.read()):
            own = Heads(known=heads.known)
            tried = settle_head(replace(head, read=lambda: _as_t1(head.read())), own)
            if tried.stays or not (heads.images or heads.known):
                heads.known = own.known
                return tried
        return settle_head(head, heads)
    except CommissureError as error:
        message = str(error)
    except Exception as error:  # noqa: BLE001 - a head that cannot be judged stays back, the rest goes on
        message = (
            f"Whether the face is off could not be judged ({type(error).__name__}); the head was kept back."
        )
    failed = Finding("protect.deface.failed", Severity.ERROR, message, head.where, head.remedy)
    return Settled(False, findings=(failed,))


def _settled(root: Path, name: str, heads: Heads, face: Finding | None) -> Settled:
    contrast = contrast_of(name)
    about = About("anat", Subject(""), suffix=contrast)
    kept = replace(face, message=face.message.replace("released", "copied"), remedy=REMEDY) if face else None
    return try_head(
        nifti_head(root / name, about=about, where=name, face=kept, remedy=REMEDY), heads, contrast=contrast
    )


def _may_be_t1(image: Image) -> bool:
    try:
        check_t1(first_volume(image.array), affine_mm=image.affine_mm)
    except CommissureError:
        return False
    return True


def _as_t1(image: Image) -> Image:
    return replace(image, about=replace(image.about, suffix="T1w"))


def _order(name: str) -> tuple[int, str]:
    return ("T1w", "ct", "", "other").index(contrast_of(name)), name


def _groups(images: Sequence[str]) -> dict[str, str]:
    """The subject of each image: its ``sub-…``, else its folder, divided where T1-weighted heads of several lie in it."""
    starts: dict[str, set[str]] = {}
    for name in images:
        if contrast_of(name) == "T1w":
            starts.setdefault(name.rpartition("/")[0], set()).add(_start(name))
    groups = {}
    for name in images:
        folder = name.rpartition("/")[0]
        labelled = _SUBJECT.search(name)
        several = len(starts.get(folder, ())) > 1
        groups[name] = labelled.group(1) if labelled else f"{folder}/{_start(name) if several else ''}"
    return groups


def _start(name: str) -> str:
    return re.split(r"[^A-Za-z0-9]", name.rpartition("/")[2])[0].lower()

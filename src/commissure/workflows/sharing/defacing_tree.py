"""Heads inside of a BIDS tree: defaced where they stand in the clean copy; one that cannot be is left behind."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from commissure.annotate.face import check_tree_faces
from commissure.errors import CommissureError, Unreadable
from commissure.extras import need
from commissure.formats.detect import safe_name
from commissure.model import About, Finding, Image, Severity, Subject, Tree
from commissure.protect.deface_voxels import ScaledVoxels, rewrite_voxels, stored_of
from commissure.workflows.sharing.defacing import REMEDY, Heads, defaced_head, is_t1, note_defaced
from commissure.workflows.sharing.work import Item, Work

__all__ = ["deface_tree"]

_IMAGES = (".nii.gz", ".nii")


def deface_tree(work: Work, item: Item) -> None:
    """Deface the images of a BIDS tree that show a face, in its private copy; of any other Item, do nothing.

    Images that cannot be defaced are left out of the tree with their sidecars; a tree of which nothing of a
    subject is left is quarantined.
    """
    tree = item.noun
    if not isinstance(tree, Tree) or tree.standard != "bids":
        return
    faces, shown = check_tree_faces(tree)
    if not shown:
        return
    seen = dict(zip(shown, faces, strict=True))
    subjects: dict[str, Heads] = {}
    hidden = [
        name for name in _in_order(tree, shown) if not _settle(work, tree, name, subjects, seen.get(name))
    ]
    if len(hidden) < len(shown):
        note_defaced(work, len(shown) - len(hidden))
    stems = {_stem(name) for name in hidden}
    item.noun = replace(tree, files=tuple(name for name in tree.files if _stem(name) not in stems))
    item.quarantined = not any(name.startswith("sub-") for name in item.noun.files)


def _settle(work: Work, tree: Tree, name: str, subjects: dict[str, Heads], face: Finding | None) -> bool:
    """Deface one file; whether it may stay."""
    where = safe_name(name)
    try:
        image = _read(tree, name)
        heads = subjects.setdefault(image.about.subject.label, Heads())
        heads.images += [image] if is_t1(image) else []
        if face is None and not heads.cut_reaches(image):
            return True
        made, findings = defaced_head(image, heads)
    except CommissureError as error:
        if face is None:
            message = f"The head's face was not cut off here, where none was seen: {error}"
            work.findings.append(Finding("protect.deface.skipped", Severity.WARNING, message, where, REMEDY))
            return True
        failed = Finding("protect.deface.failed", Severity.ERROR, str(error), where, REMEDY)
        work.findings += [replace(face, where=where), failed]
        return False
    work.findings += [replace(finding, where=where) for finding in findings]
    if any(finding.severity is Severity.ERROR for finding in findings):
        work.findings += [replace(face, where=where)] if face else []
        return False
    rewrite_voxels(tree.root / name, array=made.array)
    return True


def _in_order(tree: Tree, shown: Sequence[str]) -> list[str]:
    """What shows a face and the other anatomical images of those subjects, T1-weighted ones first."""
    heads = {name.split("/")[0] for name in shown}
    others = [
        name for name in tree.files
        if name.endswith(_IMAGES) and name.split("/")[0] in heads and "/anat/" in name and name not in shown
    ]  # fmt: skip
    return sorted([*shown, *others], key=lambda name: (not _stem(name).endswith("_T1w"), name))


def _read(tree: Tree, name: str) -> Image:
    """The image in memory, for its file will be replaced."""
    nibabel = need("nibabel", purpose="Reading NIfTI images")
    try:
        native = nibabel.load(tree.root / name)
        stored, slope, inter = stored_of(native.dataobj)
    except (OSError, EOFError, ValueError, nibabel.filebasedimages.ImageFileError) as error:
        raise Unreadable("The image cannot be read; get an intact copy of it.") from error
    folder, _, file = name.rpartition("/")
    about = About(
        folder.rpartition("/")[2], Subject(name.split("/")[0]), suffix=_stem(file).rpartition("_")[2]
    )
    array = stored if (slope, inter) == (1.0, 0.0) else ScaledVoxels(np.asarray(stored), slope, inter)
    return Image(array, np.asarray(native.affine, dtype=float), about)


def _stem(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]

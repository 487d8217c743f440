"""Heads inside of a BIDS tree: defaced where they stand in the clean copy; one that cannot be is left behind."""

from collections.abc import Sequence
from dataclasses import replace

from commissure.annotate.face import check_tree_faces
from commissure.formats.detect import safe_name
from commissure.model import About, Finding, Subject, Tree
from commissure.workflows.sharing.defacing import OTHER_DATATYPES, Heads, note_defaced
from commissure.workflows.sharing.head_files import nifti_head, settle_head
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
    seen = {face.where: face for face in check_tree_faces(tree)[0]}
    if not seen:
        return
    subjects: dict[str, Heads] = {}
    hidden = [
        name
        for name in _in_order(tree, tuple(seen))
        if not _settle(work, tree, name, subjects, seen.get(name))
    ]
    if defaced := len(seen.keys() - set(hidden)):
        note_defaced(work, defaced)
    stems = {_stem(name) for name in hidden}
    item.noun = replace(tree, files=tuple(name for name in tree.files if _stem(name) not in stems))
    item.quarantined = not any(name.startswith("sub-") for name in item.noun.files)


def _settle(work: Work, tree: Tree, name: str, subjects: dict[str, Heads], face: Finding | None) -> bool:
    """Deface one file; whether it may stay."""
    subject, (folder, _, file) = name.split("/")[0], name.rpartition("/")
    about = About(folder.rpartition("/")[2], Subject(subject), suffix=_stem(file).rpartition("_")[2])
    head = nifti_head(tree.root / name, about=about, where=safe_name(name), face=face)
    settled = settle_head(head, subjects.setdefault(subject, Heads()))
    work.findings += settled.findings
    return settled.stays


def _in_order(tree: Tree, shown: Sequence[str]) -> list[str]:
    """What shows a face and the other images of those subjects that may show one unseen, T1-weighted ones first."""
    heads = {name.split("/")[0] for name in shown}
    others = [
        name for name in tree.files
        if name.endswith(_IMAGES) and name.split("/")[0] in heads and name not in shown
        and name.split("/")[-2] in OTHER_DATATYPES
    ]  # fmt: skip
    return sorted([*shown, *others], key=lambda name: (not _stem(name).endswith("_T1w"), name))


def _stem(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]

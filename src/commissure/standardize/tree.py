"""Takes over files that stand in a standard already."""

import shutil
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from commissure.errors import BadInput
from commissure.model import Software, Tree
from commissure.standardize.nwb_file import path_of
from commissure.standardize.nwb_repair import repair
from commissure.standardize.port import Written

__all__ = ["TreeCopy", "writer"]


class TreeCopy:
    """The writer of trees: BIDS keeps its paths, NWB goes where DANDI wants it and is repaired."""

    def write(self, noun: Any, *, root: Path) -> Written:
        """Copy ``noun``'s files below ``root``; see :class:`commissure.standardize.port.Writer`.

        Raises
        ------
        BadInput
            If ``noun`` is no Tree, or a file's path leaves the tree.
        """
        if not isinstance(noun, Tree):
            raise BadInput(f"Only a Tree can be copied; got a {type(noun).__name__}.")
        for name in noun.files:
            if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
                raise BadInput("A tree's file must have a path inside of the tree; got one that leaves it.")
        if noun.standard == "nwb":
            return _nwb(noun, root)
        for name in noun.files:
            _copy(noun.root / name, root / name)
        return Written(noun.files, noun.about.findings)


def _nwb(tree: Tree, root: Path) -> Written:
    path = path_of(tree.about)
    _copy(tree.root / tree.files[0], root / path)
    findings = repair(root / path, about=tree.about, where=path)
    stem = path[: -len(".nwb")]
    others = []
    for name in tree.files[1:]:
        beside = f"{stem}/{PurePosixPath(name).name}"
        _copy(tree.root / name, root / beside)
        others.append(beside)
    return Written((path, *others), findings, (Software("h5py", version("h5py")),))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


writer = TreeCopy()

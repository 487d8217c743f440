"""Trees are copied with their paths, and only what lies inside."""

from pathlib import Path

import pytest

from commissure.errors import BadInput
from commissure.model import About, Subject, Tree, Units
from commissure.standardize.tree import writer


def test_a_bids_tree_keeps_paths_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "raw/sub-01/eeg").mkdir(parents=True)
    (tmp_path / "raw/sub-01/eeg/sub-01_task-rest_eeg.edf").write_bytes(b"0       ")
    tree = Tree(
        "bids", tmp_path / "raw", ("sub-01/eeg/sub-01_task-rest_eeg.edf",), About("eeg", Subject("01"))
    )
    written = writer.write(tree, root=tmp_path / "out")
    assert written.files == tree.files
    assert (tmp_path / "out" / tree.files[0]).read_bytes() == b"0       "


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "sub-01/../../secret"])
def test_a_path_that_leaves_the_tree_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadInput, match="inside"):
        writer.write(Tree("bids", tmp_path, (path,), About("eeg", Subject("01"))), root=tmp_path / "out")


def test_only_trees_are_copied(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Units"):
        writer.write(Units((), (), About("ecephys", Subject("01"))), root=tmp_path)

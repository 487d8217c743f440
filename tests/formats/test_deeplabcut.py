"""DeepLabCut: the real open field project, and a generated analysis."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.deeplabcut import _read_csv, _read_h5
from commissure.testing.neurophysiology import make_mp4
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all

PROJECT = "data/behav_dlc_openfield"


@pytest.mark.realdata
def test_the_real_project_is_one_pose_without_its_scorer(tmp_path: Path, shared: Path) -> None:
    (source,) = find_sources(shared / PROJECT, "deeplabcut")
    assert [Path(path).suffix for path in source.files] == [".csv", ".h5", ".yaml"]
    (pose,) = read_folder(shared / PROJECT, "deeplabcut", scratch=tmp_path)
    assert pose.parts == ("snout", "leftear", "rightear", "tailbase")
    assert pose.position_px.shape == (116, 4, 2)
    assert pose.position_px[0, 0].tolist() == [21.521, 265.428]
    assert ("operator", "Pranav") in {(i.category, i.value) for i in pose.about.identifiers}
    done = write_all([pose], tmp_path / "out")
    assert not done.errors
    assert b"Pranav" not in done.nwb[0].read_bytes()
    with h5py.File(done.nwb[0]) as file:
        assert np.array_equal(
            file["processing/behavior/Position/snout/data"][:], pose.position_px[:, 0], equal_nan=True
        )


@pytest.mark.realdata
def test_the_real_h5_says_the_same_as_its_csv(shared: Path) -> None:
    csv = next((shared / PROJECT).rglob("*.csv"))
    columns, index, values = _read_h5(csv.with_suffix(".h5"))
    of_csv = _read_csv(csv)
    assert (columns, index) == (of_csv[0], of_csv[1])
    assert np.allclose(values, of_csv[2], equal_nan=True)


def test_an_analysis_takes_its_times_from_the_film_beside(tmp_path: Path) -> None:
    make_mp4(tmp_path / "m1.mp4", durations=[50] * 10)
    rows = ["scorer" + ",DLC_r50" * 3, "bodyparts,nose,nose,nose", "coords,x,y,likelihood"]
    rows += [f"{i},{i}.5,{2 * i}.5,0.{i}" for i in range(10)]
    (tmp_path / "m1DLC_r50.csv").write_text("\n".join(rows) + "\n")
    (pose,) = read_folder(tmp_path, "deeplabcut", scratch=tmp_path)
    assert np.allclose(pose.times_s, np.arange(10) / 20)
    assert np.allclose(pose.confidence[:, 0], np.arange(10) / 10)
    assert not write_all([pose], tmp_path / "out").errors


def test_a_cut_table_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("scorer,s,s\nbodyparts,nose,nose\ncoords,x,y\n")
    with pytest.raises(Unreadable, match="no rows"):
        read_folder(tmp_path, "deeplabcut", scratch=tmp_path)

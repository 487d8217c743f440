"""phy: a real folder and a generated one."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.testing.neurophysiology import make_phy, planted
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all


@pytest.mark.realdata
def test_the_real_template_folder_gives_all_spikes_and_the_label_good(tmp_path: Path, shared: Path) -> None:
    (units,) = read_folder(shared / "data/ephys_phy_template", "phy", scratch=tmp_path)
    assert sum(times.size for times in units.times_s) == 314
    quality = dict(zip(units.ids, units.columns["quality"], strict=True))
    assert [label for label in quality.values() if label != "unsorted"] == (
        [quality[4]] if 4 in quality else []
    )
    done = write_all([units], tmp_path / "out")
    assert not done.errors
    with h5py.File(done.nwb[0]) as file:
        assert file["units/spike_times"].shape == (314,)
        assert file["units/spike_times_index"][-1] == 314
        assert file["units/spike_times"].attrs["resolution"] == 1 / 25_000


def test_generated_spikes_come_back_by_cluster_with_labels_depth_and_recording(tmp_path: Path) -> None:
    truth = make_phy(tmp_path / "raw")
    data = planted(10_000, 8)
    data.tofile(tmp_path / "raw" / "raw.dat")
    units, recording = read_folder(tmp_path / "raw", "phy", scratch=tmp_path)
    assert units.ids == (2, 5, 9)
    for cluster, times in zip(units.ids, units.times_s, strict=True):
        assert np.allclose(times, truth[cluster] / 30_000)
    assert units.columns["quality"] == ["good", "mua", "noise"]
    assert units.columns["depth_um"] == [40.0, 100.0, 20.0]
    assert np.array_equal(recording.signal[:], data)
    assert {"name", "path"} <= {i.category for i in units.about.identifiers}
    done = write_all([units, recording], tmp_path / "out")
    assert not done.errors
    assert b"jane" not in b"".join(path.read_bytes() for path in done.nwb)


def test_params_py_is_parsed_and_never_run(tmp_path: Path) -> None:
    make_phy(tmp_path / "raw")
    trap = tmp_path / "sprung"
    (tmp_path / "raw" / "params.py").write_text(f"open({str(trap)!r}, 'w')\nsample_rate = 30000.\n")
    read_folder(tmp_path / "raw", "phy", scratch=tmp_path)
    assert not trap.exists()


def test_unequal_tables_say_so(tmp_path: Path) -> None:
    make_phy(tmp_path)
    np.save(tmp_path / "spike_clusters.npy", np.zeros(3, dtype=np.int32))
    with pytest.raises(Unreadable, match="differ in length"):
        read_folder(tmp_path, "phy", scratch=tmp_path)


def test_without_params_it_is_incomplete(tmp_path: Path) -> None:
    make_phy(tmp_path)
    (tmp_path / "params.py").unlink()
    assert [s.complete for s in find_sources(tmp_path, "phy")] == [False]

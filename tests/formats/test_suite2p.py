"""suite2p: a real plane."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all

PLANE = "data/ophys_suite2p/tests/nwbfilestest/suite2p/suite2p/plane0"


@pytest.mark.realdata
def test_the_real_plane_keeps_traces_masks_and_labels(tmp_path: Path, shared: Path) -> None:
    (cells,) = read_folder(shared / "data/ophys_suite2p", "suite2p", scratch=tmp_path)
    assert (len(cells.pixels), int(cells.accepted.sum())) == (219, 20)
    done = write_all([cells], tmp_path / "out")
    assert not done.errors
    with h5py.File(done.nwb[0]) as file:
        ophys = file["processing/ophys"]
        for name, source in (("Fluorescence", "F"), ("Neuropil", "Fneu"), ("Deconvolved", "spks")):
            truth = np.load(shared / PLANE / f"{source}.npy")
            assert np.array_equal(ophys[f"{name}/RoiResponseSeries/data"][:], truth.T)
        ends = ophys["ImageSegmentation/PlaneSegmentation/pixel_mask_index"][:]
        mask = ophys["ImageSegmentation/PlaneSegmentation/pixel_mask"][ends[6] : ends[7]]
        assert np.array_equal(mask["x"], cells.pixels[7][:, 0])


def test_a_plane_without_traces_is_incomplete_and_a_mismatch_says_so(tmp_path: Path) -> None:
    stat = np.array([{"xpix": np.arange(2), "ypix": np.arange(2), "lam": np.ones(2)}] * 3, dtype=object)
    np.save(tmp_path / "stat.npy", stat, allow_pickle=True)
    assert [s.complete for s in find_sources(tmp_path, "suite2p")] == [False]
    np.save(tmp_path / "F.npy", np.zeros((2, 50), np.float32))
    with pytest.raises(Unreadable, match="F.npy has 2 cells and stat.npy 3"):
        read_folder(tmp_path, "suite2p", scratch=tmp_path)


def test_options_tell_rate_and_hide_paths(tmp_path: Path) -> None:
    stat = np.array([{"xpix": np.arange(2), "ypix": np.arange(2), "lam": np.ones(2)}] * 2, dtype=object)
    np.save(tmp_path / "stat.npy", stat, allow_pickle=True)
    np.save(tmp_path / "F.npy", np.zeros((2, 50), np.float32))
    ops = {
        "fs": 15.5,
        "Ly": 8,
        "Lx": 9,
        "save_path0": "/home/jane/exp/plane0",
        "meanImg": np.ones((8, 9), np.float32),
    }
    np.save(tmp_path / "ops.npy", np.array(ops, dtype=object), allow_pickle=True)
    (cells,) = read_folder(tmp_path, "suite2p", scratch=tmp_path)
    assert (cells.rate_hz, cells.size_px) == (15.5, (8, 9))
    assert ("name", "jane") in {(i.category, i.value) for i in cells.about.identifiers}
    assert not write_all([cells], tmp_path / "out").errors

"""Maxwell: a generated MaxTwo file, and a real one behind the maker's own compression."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.testing.neurophysiology import make_maxwell
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all


def test_generated_samples_come_back_with_the_arrays_map(tmp_path: Path) -> None:
    data = make_maxwell(tmp_path / "raw" / "data.raw.h5")
    (recording,) = read_folder(tmp_path / "raw", "maxwell", scratch=tmp_path)
    assert np.array_equal(np.asarray(recording.signal[:]).astype(int) - 2048, data)
    assert recording.channels[2].position_mm == pytest.approx((0.035, 0.035, 0.0))
    assert recording.annotations[0].onset_s == pytest.approx(0.1)
    assert "/home/jane/configs/201230/a.cfg" in {i.value for i in recording.about.identifiers}
    done = write_all([recording], tmp_path / "out")
    assert not done.errors
    with h5py.File(done.nwb[0]) as file:
        assert np.allclose(file["general/extracellular_ephys/electrodes/rel_x"][:3], [0.0, 17.5, 35.0])


@pytest.mark.realdata
def test_a_real_file_behind_maxwells_own_filter_says_what_is_missing(shared: Path) -> None:
    if h5py.h5z.filter_avail(401):
        pytest.skip("Maxwell's decompression plugin is installed here")
    (source,) = find_sources(shared / "data/ephys_maxwell", "maxwell")
    assert not source.complete
    assert "Maxwell's own HDF5 filter" in source.note

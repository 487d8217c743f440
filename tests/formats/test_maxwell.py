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
def test_a_real_file_behind_maxwells_own_filter_gives_the_devices_spikes(
    shared: Path, tmp_path: Path
) -> None:
    if h5py.h5z.filter_avail(401):
        pytest.skip("Maxwell's decompression plugin is installed here")
    folder = shared / "data/ephys_maxwell"
    (source,) = find_sources(folder, "maxwell")
    assert "Maxwell's own HDF5 filter" in source.note
    nouns = read_folder(folder, "maxwell", scratch=tmp_path)
    assert all("maxwell.samples" in {finding.check for finding in units.about.findings} for units in nouns)
    with h5py.File(folder / source.primary) as file:
        stores = list(file["data_store"].values())
        for units, store in zip(nouns, stores, strict=True):
            first, rate_hz = int(store["groups/routed/frame_nos"][0]), float(store["settings/sampling"][0])
            spikes = store["spikes"][:]
            spikes = spikes[spikes["frameno"] >= first]
            assert sum(times.size for times in units.times_s) == spikes.size
            for number, times in zip(units.ids, units.times_s, strict=True):
                frames = np.sort(spikes["frameno"][spikes["channel"] == number] - first)
                assert np.allclose(times * rate_hz, frames)

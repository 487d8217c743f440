"""Intan: a real .rhd with amplifier, auxiliary and supply channels at three rates."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.testing.neurophysiology_files import read_folder, write_all


@pytest.mark.realdata
def test_a_real_file_gives_each_stream_at_its_rate(tmp_path: Path, shared: Path) -> None:
    nouns = read_folder(shared / "data/ephys_intan_rhd", "intan", scratch=tmp_path)
    assert [(n.signal.shape, n.rate_hz) for n in nouns] == [
        ((19_840, 2), 20e3),
        ((4_960, 3), 5e3),
        ((155, 1), 156.25),
    ]
    assert float(np.asarray(nouns[0].signal[:1000]).std()) == pytest.approx(68.36068438620258)
    assert [n.channels[0].type for n in nouns] == ["EXT", "AUX", "MISC"]
    done = write_all(nouns, tmp_path / "out")
    assert not done.errors
    assert len(done.nwb) == 3
    with h5py.File(done.nwb[0]) as file:
        data = file["acquisition/ElectricalSeries/data"]
        volts = data[:] * data.attrs["conversion"] + data.attrs["offset"]
    assert np.allclose(volts, nouns[0].si(), atol=1e-12)


@pytest.mark.realdata
def test_a_cut_file_says_so(tmp_path: Path, shared: Path) -> None:
    whole = (shared / "data/ephys_intan_rhd/example_intan_file.rhd").read_bytes()
    (tmp_path / "a.rhd").write_bytes(whole[:300])
    with pytest.raises(Unreadable, match="truncated"):
        read_folder(tmp_path, "intan", scratch=tmp_path)

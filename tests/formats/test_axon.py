"""Axon: two real ABF 2 files."""

from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.testing.neurophysiology_files import read_folder, write_all


@pytest.mark.realdata
def test_real_steps_become_current_clamp_sweeps_with_their_command(tmp_path: Path, shared: Path) -> None:
    (sweeps,) = read_folder(shared / "data/ephys_abf_icsteps", "axon", scratch=tmp_path)
    assert (len(sweeps.sweeps), sweeps.rate_hz, sweeps.mode) == (16, 20_000.0, "current_clamp")
    assert sweeps.sweeps[3].start_s == pytest.approx(9.0)
    peaks = [sweep.stimulus[:, 0][np.abs(sweep.stimulus[:, 0]).argmax()] for sweep in sweeps.sweeps]
    assert np.diff(np.unique(np.round(np.array(peaks) * 1e12))).min() == pytest.approx(10)
    done = write_all([sweeps], tmp_path / "out")
    assert not done.errors
    with need("pynwb", purpose="Tests").NWBHDF5IO(str(done.nwb[0]), "r") as io:
        nwbfile = io.read()
        table = nwbfile.intracellular_recordings
        response, stimulus = (
            table["responses"]["response"][5].timeseries,
            table["stimuli"]["stimulus"][5].timeseries,
        )
        assert (response.neurodata_type, stimulus.neurodata_type) == (
            "CurrentClampSeries",
            "CurrentClampStimulusSeries",
        )
        assert (response.unit, stimulus.unit) == ("volts", "amperes")
        assert np.allclose(response.data[:], sweeps.sweeps[5].response[:, 0], atol=1e-8)
        assert np.allclose(stimulus.data[:], sweeps.sweeps[5].stimulus[:, 0], atol=1e-16)


@pytest.mark.realdata
def test_the_real_gap_free_file_leaves_no_trace_of_its_operator(tmp_path: Path, shared: Path) -> None:
    (sweeps,) = read_folder(shared / "data/ephys_abf_gapfree", "axon", scratch=tmp_path)
    assert sweeps.sweeps[0].response.shape == (483_000, 2)
    assert ("name", "kim") in {(i.category, i.value) for i in sweeps.about.identifiers}
    done = write_all([sweeps], tmp_path / "out")
    assert not done.errors
    assert "kim" not in done.files[0]
    text = done.nwb[0].read_bytes()
    assert not [word for word in (b"mapping.pro", b"C:\\Users", b"gapfree", b"AxoScope 10.3") if word in text]


@pytest.mark.realdata
@pytest.mark.parametrize("size", [4, 600, 5_000])
def test_a_cut_file_says_so(tmp_path: Path, shared: Path, size: int) -> None:
    whole = next((shared / "data/ephys_abf_icsteps").rglob("*.abf")).read_bytes()
    (tmp_path / "a.abf").write_bytes(whole[:size])
    with pytest.raises(Unreadable, match="ABF"):
        read_folder(tmp_path, "axon", scratch=tmp_path)

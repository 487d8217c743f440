"""Open Ephys binary: a real structure.oebin and settings.xml, generated samples."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from commissure.testing.neurophysiology import make_openephys
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all

pytestmark = pytest.mark.realdata
NODE = "data/ephys_openephys_meta/tests/data/openephys/OE_Neuropix-PXI-NP1-binary/Record_Node_101"


def _make(folder: Path, shared: Path, **options: int) -> np.ndarray:
    real = shared / NODE
    return make_openephys(folder / "Record Node 101", oebin=next(real.rglob("structure.oebin")),
                          settings=real / "settings.xml", **options)  # fmt: skip


def test_generated_samples_around_a_real_header_come_back_with_events_and_geometry(
    tmp_path: Path, shared: Path
) -> None:
    data = _make(tmp_path / "raw", shared, samples=6_000)
    (source,) = find_sources(tmp_path / "raw", "openephys")
    assert len(source.files) == 7
    (recording,) = read_folder(tmp_path / "raw", "openephys", scratch=tmp_path)
    assert recording.channels[0].gain == pytest.approx(0.195e-6, rel=1e-6)
    assert recording.about.device.model == "NP2014"
    assert [(a.label, round(a.onset_s, 6)) for a in recording.annotations] == [
        ("TTL 1 on", 0.1),
        ("TTL 1 off", 0.2),
    ]
    hidden = {i.value for i in recording.about.identifiers}
    assert {"NP-REC-PC", "agjacob18", "23107820944"} <= hidden
    done = write_all([recording], tmp_path / "out")
    assert not done.errors
    with h5py.File(done.nwb[0]) as file:
        assert np.array_equal(file["acquisition/ElectricalSeries/data"][:], data)
        assert np.allclose(file["intervals/events/start_time"][:], [0.1, 0.2])


def test_lost_samples_become_gaps_and_time_stamps(tmp_path: Path, shared: Path) -> None:
    _make(tmp_path / "raw", shared, samples=2_000)
    path = next((tmp_path / "raw").rglob("continuous/*/sample_numbers.npy"))
    numbers = np.load(path)
    numbers[1_500:] += 300
    np.save(path, numbers)
    (recording,) = read_folder(tmp_path / "raw", "openephys", scratch=tmp_path)
    assert recording.gaps == ((1_500, pytest.approx(0.01)),)
    done = write_all([recording], tmp_path / "out")
    with h5py.File(done.nwb[0]) as file:
        times = file["acquisition/ElectricalSeries/timestamps"][:]
    assert np.allclose(np.diff(times)[[1_498, 1_499, 1_500]], [1 / 30e3, 0.01 + 1 / 30e3, 1 / 30e3])
    assert not done.errors


def test_a_real_header_without_samples_is_incomplete(shared: Path) -> None:
    (source,) = find_sources(shared / "data/ephys_openephys_meta", "openephys")
    assert (source.complete, source.note) == (False, "header only, no samples")

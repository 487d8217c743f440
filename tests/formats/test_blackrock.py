"""Blackrock: generated files, laid out by the file specification 2.3."""

from pathlib import Path

import numpy as np

from commissure.testing.neurophysiology import make_blackrock
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all


def test_generated_samples_and_spikes_come_back(tmp_path: Path) -> None:
    data, spikes = make_blackrock(tmp_path / "raw" / "session1")
    (source,) = find_sources(tmp_path / "raw", "blackrock")
    assert source.files == ("session1.ns6", "session1.nev")
    recording, units = read_folder(tmp_path / "raw", "blackrock", scratch=tmp_path)
    assert np.array_equal(recording.signal[:], data)
    assert recording.si(1000, 1001)[0, 0] == data[1000, 0] * 0.25e-6
    assert np.allclose(np.sort(np.concatenate(units.times_s)), spikes / 30_000)
    assert "operator Jane Doe, rig 3" in {i.value for i in recording.about.identifiers}
    done = write_all([recording, units], tmp_path / "out")
    assert not done.errors
    assert b"Jane" not in b"".join(path.read_bytes() for path in done.nwb)

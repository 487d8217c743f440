"""Plexon: a generated .plx, laid out by version 106."""

from pathlib import Path

import numpy as np
import pytest

from commissure.testing.neurophysiology import make_plexon
from commissure.testing.neurophysiology_files import read_folder, write_all


def test_generated_samples_to_the_last_block_and_units_come_back(tmp_path: Path) -> None:
    data, ticks = make_plexon(tmp_path / "raw" / "a.plx")
    recording, units = read_folder(tmp_path / "raw", "plexon", scratch=tmp_path)
    assert np.array_equal(recording.signal[:], data)
    assert np.array_equal(recording.signal[499:1_501], data[499:1_501])
    millivolts = 5000 / (0.5 * 2**16 * 10 * 100)
    assert recording.channels[0].gain == pytest.approx(millivolts * 1e-3)
    assert np.allclose(units.times_s[0], ticks / 40_000)
    done = write_all([recording, units], tmp_path / "out")
    assert not done.errors
    assert b"Jane" not in b"".join(path.read_bytes() for path in done.nwb)

"""3Brain: a generated BrainWave 3 file."""

from pathlib import Path

import numpy as np

from commissure.testing.neurophysiology import make_threebrain
from commissure.testing.neurophysiology_files import read_folder, write_all


def test_generated_samples_come_back_in_volts_on_the_grid(tmp_path: Path) -> None:
    data = make_threebrain(tmp_path / "raw" / "a.brw")
    (recording,) = read_folder(tmp_path / "raw", "threebrain", scratch=tmp_path)
    step_v = 8250e-6 / 2**12
    assert np.allclose(recording.si(), np.clip(data, -2048, 2047) * step_v, atol=1e-12)
    assert {c.position_mm for c in recording.channels} == {
        (x * 0.042, y * 0.042, 0.0) for x in range(4) for y in range(4)
    }
    assert not write_all([recording], tmp_path / "out").errors

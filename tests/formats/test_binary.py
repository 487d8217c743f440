"""Plain binaries: a real one with its info.json, and generated ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from commissure.testing.neurophysiology import planted
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all


@pytest.mark.realdata
def test_the_real_locust_recording_is_read_by_its_info_json(tmp_path: Path, shared: Path) -> None:
    (recording,) = read_folder(shared / "data/ephys_locust_raw", "binary", scratch=tmp_path)
    assert (recording.rate_hz, recording.signal.shape[1]) == (15_000.0, 4)
    assert recording.duration_s == pytest.approx(28.77, abs=0.005)
    assert float(np.asarray(recording.signal[:]).std()) == pytest.approx(64.54120442585872)
    done = write_all([recording], tmp_path / "out")
    assert not done.errors
    assert "nwb.gain" in {f.check for f in done.findings}


def test_gain_and_type_of_a_side_file_are_taken(tmp_path: Path) -> None:
    data = planted(3_000, 3).astype("<f4")
    data.tofile(tmp_path / "rec.dat")
    told = {"sampling_frequency": 25_000, "num_channels": 3, "dtype": "float32", "gain_to_uV": 0.5}
    (tmp_path / "rec.json").write_text(json.dumps(told))
    (recording,) = read_folder(tmp_path, "binary", scratch=tmp_path)
    assert np.allclose(recording.si(1_000, 1_001), data[1_000] * 0.5e-6)


def test_a_name_tells_channels_and_duration_softly(tmp_path: Path) -> None:
    planted(20_000, 4).tofile(tmp_path / "test-4ch-1s.dat")
    (source,) = find_sources(tmp_path, "binary")
    assert source.confidence < 0.5
    (recording,) = read_folder(tmp_path, "binary", scratch=tmp_path)
    assert (recording.rate_hz, recording.signal.shape) == (20_000.0, (20_000, 4))


def test_a_binary_that_nobody_explains_is_left(tmp_path: Path) -> None:
    planted(100, 2).tofile(tmp_path / "x.dat")
    (tmp_path / "x.json").write_text('{"channels": "two"}')
    assert find_sources(tmp_path, "binary") == []


def test_bytes_after_the_last_frame_are_said(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/rec.dat").write_bytes(planted(500, 3).tobytes() + b"xyz")
    (tmp_path / "raw/rec.json").write_text('{"fs": 20000, "n_channels": 3, "gain_to_uV": 1}')
    done = write_all(read_folder(tmp_path / "raw", "binary", scratch=tmp_path), tmp_path / "out")
    assert [f.message[:7] for f in done.findings if f.check == "nwb.truncated"] == ["3 bytes"]

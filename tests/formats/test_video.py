"""Films: a real MP4, and generated containers."""

from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.video import probe
from commissure.testing.neurophysiology import make_mp4
from commissure.testing.neurophysiology_files import read_folder, write_all


@pytest.mark.realdata
def test_the_real_film_tells_its_time_base_and_is_copied_beside(tmp_path: Path, shared: Path) -> None:
    (video,) = read_folder(shared / "data/behav_dlc_openfield", "video", scratch=tmp_path)
    assert (video.frames, video.size_px) == (2330, (640, 480))
    assert video.rate_hz == pytest.approx(30.0003, abs=1e-3)
    done = write_all([video], tmp_path / "out")
    assert not done.errors
    assert (tmp_path / "out" / done.files[1]).read_bytes() == video.path.read_bytes()


def test_uneven_frames_keep_their_times_and_sound_is_seen(tmp_path: Path) -> None:
    make_mp4(tmp_path / "a.mp4", durations=[33, 40] * 5, sound=True, author="Jane Doe")
    film = probe(tmp_path / "a.mp4")
    assert film.has_audio
    assert film.remarks == ["Jane Doe"]
    assert np.allclose(film.times_s, np.concatenate([[0], np.cumsum([33, 40] * 5)[:-1]]) / 1000)
    (video,) = read_folder(tmp_path, "video", scratch=tmp_path)
    assert not write_all([video], tmp_path / "out").errors


def test_a_cut_film_says_so(tmp_path: Path) -> None:
    make_mp4(tmp_path / "a.mp4", durations=[33] * 5)
    whole = (tmp_path / "a.mp4").read_bytes()
    for size in (20, 120, len(whole) - 40):
        (tmp_path / "a.mp4").write_bytes(whole[:size])
        with pytest.raises(Unreadable):
            probe(tmp_path / "a.mp4")

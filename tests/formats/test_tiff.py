"""TIFF movies: a real one, and generated ones with ImageJ's and ScanImage's words."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from commissure.errors import Unreadable
from commissure.testing.neurophysiology_files import find_sources, read_folder, write_all


@pytest.mark.realdata
def test_the_real_movie_keeps_every_frame(tmp_path: Path, shared: Path) -> None:
    (movie,) = read_folder(shared / "data/ophys_sima_tif", "tiff", scratch=tmp_path)
    frames = np.asarray(movie.frames[:])
    assert (frames.shape, frames.dtype) == ((20, 128, 256), np.uint16)
    assert frames.mean() == pytest.approx(1095.830857849121)
    done = write_all([movie], tmp_path / "out")
    assert not done.errors
    with h5py.File(done.nwb[0]) as file:
        assert np.array_equal(file["acquisition/ImageSeries/data"][:], frames.transpose(0, 2, 1))
    assert {"nwb.rate", "nwb.optics"} <= {f.check for f in done.findings}


def test_imagej_tells_the_rate(tmp_path: Path) -> None:
    frames = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)
    tifffile.imwrite(tmp_path / "a.tif", frames, imagej=True, metadata={"axes": "TYX", "finterval": 0.1})
    (movie,) = read_folder(tmp_path, "tiff", scratch=tmp_path)
    assert movie.rate_hz == pytest.approx(10)
    assert np.array_equal(movie.frames[1:4], frames[1:4])


def test_scanimage_becomes_a_two_photon_series(tmp_path: Path) -> None:
    frames = np.arange(4 * 8 * 8, dtype=np.int16).reshape(4, 8, 8)
    words = (
        "SI.VERSION_MAJOR = 5\nscanimage.SI.hRoiManager.scanFrameRate = 30.0\nSI.x = 'C:\\Users\\jane\\a.cfg'"
    )
    with tifffile.TiffWriter(tmp_path / "a.tif", bigtiff=True) as writer:
        for frame in frames:
            writer.write(frame, description=words, metadata=None, contiguous=False, software="SI.x")
    (movie,) = read_folder(tmp_path, "tiff", scratch=tmp_path)
    done = write_all([movie], tmp_path / "out")
    assert not done.errors
    assert movie.frames.shape == (4, 8, 8)


def test_one_picture_is_no_movie_and_a_cut_file_says_so(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "photo.tif", np.zeros((9, 9), np.uint8))
    assert find_sources(tmp_path, "tiff") == []
    (tmp_path / "photo.tif").unlink()
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9, 64, 64), np.uint16), metadata=None)
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unreadable, match="cut off|cannot read"):
        read_folder(tmp_path, "tiff", scratch=tmp_path)

"""Digitized points on a planted face go, scalp, landmarks, coils and electrodes stay."""

from pathlib import Path

import mne
import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.model import About, Subject
from commissure.protect.files.fif import rewrite_fif
from commissure.protect.heads.deface_points import deface_raw_points, find_face_points
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms

MARKS = {"nasion": [0.0, 0.095, 0.0], "lpa": [-0.075, 0.0, 0.0], "rpa": [0.075, 0.0, 0.0]}
FACE = (
    np.array([[0, 110, -15], [0, 118, -35], [20, 95, -10], [-35, 80, -40], [0, 100, 8], [10, 90, -90]])
    / 1000.0
)
SCALP = (
    np.array([[0, 0, 120], [0, -90, 40], [60, -30, 80], [-70, -40, 20], [0, 85, 80], [30, 90, 45]]) / 1000.0
)


def raw(*, marks: bool = True) -> mne.io.BaseRaw:
    info = mne.create_info(["Fp1", "Cz"], 100.0, "eeg")
    made = mne.io.RawArray(np.zeros((2, 10)), info, verbose="error")
    places = {"Fp1": np.array([-0.03, 0.09, 0.02]), "Cz": np.array([0, 0, 0.12])}
    montage = mne.channels.make_dig_montage(
        ch_pos=places, hsp=np.concatenate([FACE, SCALP]), coord_frame="head", **MARKS
    )
    made.set_montage(montage, verbose="error")
    if not marks:
        with made.info._unlock():
            made.info["dig"] = [point for point in made.info["dig"] if int(point["kind"]) != 1]
    return made


def points(made: mne.io.BaseRaw, kind: int) -> np.ndarray:
    return np.array([point["r"] for point in made.info["dig"] if int(point["kind"]) == kind])


def test_the_face_goes_and_the_rest_stays() -> None:
    made = raw()
    assert deface_raw_points(made) == len(FACE)
    assert np.allclose(points(made, 4), SCALP)
    assert len(points(made, 3)) >= 2
    assert len(points(made, 1)) == 3
    assert deface_raw_points(made) == 0


def test_without_landmarks_no_head_shape_is_kept() -> None:
    made = raw(marks=False)
    assert deface_raw_points(made) == len(FACE) + len(SCALP)
    assert len(points(made, 3)) >= 2


def test_the_frame_does_not_matter() -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    both = np.concatenate([FACE, SCALP]) * 1000.0
    marks = {f"{name}_mm": turn @ np.array(place) * 1000.0 + 50.0 for name, place in MARKS.items()}
    found = find_face_points(both @ turn.T + 50.0, **marks)
    assert found.tolist() == [True] * len(FACE) + [False] * len(SCALP)


def test_landmarks_on_a_line_are_refused() -> None:
    with pytest.raises(BadInput, match="on one line"):
        find_face_points(FACE, nasion_mm=[0, 0, 0], lpa_mm=[-75, 0, 0], rpa_mm=[75, 0, 0])


def test_a_fif_file_cleaned_where_it_stands_shows_no_face(tmp_path: Path) -> None:
    raw().save(tmp_path / "x_raw.fif", verbose="error")
    about = About("meg", Subject("01"))
    cleaner = Cleaner.of(about, pseudonyms=Pseudonyms(bytes(32)), policy=Policy())
    rewrite_fif(tmp_path / "x_raw.fif", tmp_path / "clean_raw.fif", cleaner=cleaner)
    made = mne.io.read_raw_fif(tmp_path / "clean_raw.fif", verbose="error")
    shape = points(made, 4)
    assert cleaner.removed["face"] == len(FACE)
    assert np.allclose(shape[: len(FACE)], MARKS["nasion"], atol=1e-6)
    assert np.allclose(shape[len(FACE) :], SCALP, atol=1e-6)

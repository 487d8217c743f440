"""Films: of people the faces and voices go, of animals the voices only; every frame and every time stays."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from commissure.formats.video import probe
from commissure.model import About, Severity, Subject
from commissure.protect.files import film_faces
from commissure.protect.files.film_boxes import set_times, times_of
from commissure.protect.files.film_faces import clean_film, ffmpeg_program
from commissure.protect.files.gather import identifiers_in
from commissure.protect.heads.faces import FaceFinder, can_find_faces
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.films import write_film

pytestmark = pytest.mark.skipif(
    not ffmpeg_program() or not can_find_faces(),
    reason="needs ffmpeg and the face finder of commissure[protect]",
)


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mov"])
def test_whom_a_title_names_is_looked_for_everywhere(tmp_path: Path, suffix: str) -> None:
    film = write_film(tmp_path / f"film{suffix}", frames=5, face=False, title="Florentyna Rosikczyk")
    told = {(one.category, one.value) for one in identifiers_in(film)}
    assert told == {("name", "Florentyna Rosikczyk"), ("name", "Rosikczyk")}


def cleaner(hub: Pseudonyms, species: str = "") -> Cleaner:
    return Cleaner.of(About("behavior", Subject("S1", species=species)), pseudonyms=hub, policy=Policy())


def frames_of(path: Path) -> list[np.ndarray]:
    return list(film_faces.film_frames(path))


def has_sound(path: Path) -> bool:
    said = subprocess.run(
        [ffmpeg_program(), "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr
    return "Audio:" in said


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_person_loses_face_and_voice(suffix: str, hub: Pseudonyms, tmp_path: Path) -> None:
    raw = write_film(tmp_path / f"raw{suffix}", frames=12, face=True)
    if suffix == ".mp4":
        steps = np.random.default_rng(0).integers(300, 700, 12)
        set_times(raw, np.concatenate([[0], np.cumsum(steps)]))
    worker, out = cleaner(hub), tmp_path / f"out{suffix}"
    (finding,) = clean_film(raw, out, cleaner=worker, where="x")
    assert finding.severity is Severity.INFO
    assert worker.removed["voice"] == 1
    assert worker.removed["face"] >= 11
    assert has_sound(raw)
    assert not has_sound(out)
    assert b"Zephyrine" in raw.read_bytes()
    assert b"Zephyrine" not in out.read_bytes()
    before, after = probe(raw), probe(out)
    assert (before.frames, before.rate_hz, before.size_px) == (after.frames, after.rate_hz, after.size_px)
    if suffix == ".mp4":
        assert times_of(raw)[0] == times_of(out)[0]
        np.testing.assert_array_equal(times_of(raw)[1], times_of(out)[1])
    shown = frames_of(out)
    assert len(shown) == 12
    find = FaceFinder()
    assert sum(bool(find(picture)) for picture in frames_of(raw)) >= 11
    assert not any(find(picture) for picture in shown)


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_an_animal_keeps_its_pictures(suffix: str, hub: Pseudonyms, tmp_path: Path) -> None:
    raw = write_film(tmp_path / f"raw{suffix}", frames=8, face=True)
    out = tmp_path / f"out{suffix}"
    assert clean_film(raw, out, cleaner=cleaner(hub, "Mus musculus")) == ()
    assert not has_sound(out)
    assert b"Zephyrine" not in out.read_bytes()
    for one, other in zip(frames_of(raw), frames_of(out), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_a_face_somebody_has_to_look(hub: Pseudonyms, tmp_path: Path) -> None:
    raw = write_film(tmp_path / "raw.mp4", frames=6, face=False)
    (finding,) = clean_film(raw, tmp_path / "out.mp4", cleaner=cleaner(hub))
    assert finding.severity is Severity.WARNING
    assert "No face" in finding.message


def test_without_ffmpeg_it_stays_back(
    hub: Pseudonyms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = write_film(tmp_path / "raw.mp4", frames=4, face=True)
    monkeypatch.setattr(film_faces, "ffmpeg_program", lambda: "")
    (finding,) = clean_film(raw, tmp_path / "out.mp4", cleaner=cleaner(hub))
    assert (finding.check, finding.severity) == ("protect.film", Severity.ERROR)
    assert not (tmp_path / "out.mp4").exists()

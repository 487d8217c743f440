"""The small benchmark: some 200 identifiers planted in the formats that are made quickest; and the names that stand alone."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from commissure.model import About, Subject
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.lone_names import NOTES_LIMIT, SCIENCE_LIMIT, find_lone_names
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.planting.measure import (
    Tally,
    measure_folder,
    measure_recordings,
    measure_scans,
    measure_trees,
)
from commissure.testing.planting.notes import CODES, SCIENCE_TEXTS
from commissure.testing.planting.people import make_person
from commissure.testing.planting.plants import found, plants_of, released_bytes

for name in ("mne", "nibabel", "pydicom", "pynwb", "tifffile", "edfio", "pybv"):
    pytest.importorskip(name)


@pytest.mark.skipif(
    shutil.which("tesseract") is None,
    reason="Debian's tesseract-ocr is not installed; captures are kept back without it",
)
def test_200_plants_are_gone_and_science_stays(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    tally = Tally()
    tally.add(measure_recordings(tmp_path / "recordings", rng=rng, formats=("edf", "brainvision", "fif")))
    tally.add(measure_trees(tmp_path / "trees", rng=rng, subjects=2, files=1))
    tally.add(measure_scans(tmp_path / "scans", rng=rng, studies=1))
    tally.add(measure_folder(tmp_path / "folder", rng=rng, count=1))
    assert tally.planted > 200
    assert len({plant.kind for plant in tally.plants}) >= 25
    assert [(plant.kind, plant.format, plant.where) for plant in tally.left] == []
    assert tally.science > 600
    assert tally.lost == []


def test_what_is_planted_is_found_where_nothing_was_cleaned(tmp_path: Path) -> None:
    person = make_person(np.random.default_rng(2))
    (tmp_path / "a.txt").write_text("\n".join(person.values.values()), encoding="utf-8")
    plants = plants_of(person, set(person.values) - {"age over 89"}, format="text", where="a")
    assert found(plants, released_bytes(tmp_path)) == plants
    (tmp_path / "a.txt").write_text("go stop Fz Cz", encoding="utf-8")
    assert found(plants, released_bytes(tmp_path)) == []


@pytest.mark.parametrize(
    "text", [*SCIENCE_TEXTS, *CODES, "Broca", "Brodmann", "Wechsler", "Heschl", "Impedance below 5 kOhm"]
)
def test_words_of_science_are_no_names(text: str) -> None:
    assert find_lone_names(text, limit=SCIENCE_LIMIT) == ()
    assert find_lone_names(text, limit=NOTES_LIMIT) == ()


def test_lone_surnames_in_notes_are_found() -> None:
    """Made of syllables, in notes of a wording that training has not seen."""
    rng = np.random.default_rng(0)
    names = {make_person(rng).values["lone surname"] for _ in range(200)}
    notes = (
        "{} yawns",
        "{} put on the net",
        "lunch with {}",
        "{} pressed late",
        "net by {}",
        "{} out of the room",
    )
    order = random.Random(0)
    missed = [
        name
        for name in sorted(names)
        if not find_lone_names(order.choice(notes).format(name), limit=NOTES_LIMIT)
    ]
    assert len(missed) <= 0.03 * len(names)


def test_whole_names_in_prose_go_whole() -> None:
    """At the limit of texts whose words are science, where a lone surname may stay and a given name used to."""
    rng = np.random.default_rng(1)
    texts = (
        "The cap of {} was loose during the second block of the flanker task.",
        "Resting state, eyes open; {} reported a headache after ten minutes.",
        "Spikes were sorted by {} with template matching.",
    )
    left = []
    for number in range(300):
        name = make_person(rng).values["patient name"]
        text = texts[number % 3].format(name)
        spans = find_lone_names(text, limit=SCIENCE_LIMIT)
        begin, end = text.index(name), text.index(name) + len(name)
        if sum(min(one.end, end) - max(one.start, begin) for one in spans) < len(name) - 1:
            left.append(name)
    assert len(left) <= 0.06 * 300
    assert not find_lone_names(" ".join(text.format("the subject") for text in texts), limit=SCIENCE_LIMIT)


def test_a_name_takes_its_particles_and_an_everyday_surname_along() -> None:
    for name in ("Zivojin Fuss", "Hece De Masi", "Justynka D'Adamo"):
        text = f"Data of {name} were lost."
        (word,) = find_lone_names(text, limit=SCIENCE_LIMIT)[:1]
        assert text[word.start :].startswith(name.split()[0])
    text = "Seen by Okonkwo. Cortex and Broca's area were spared."
    assert [text[word.start : word.end] for word in find_lone_names(text, limit=SCIENCE_LIMIT)] == ["Okonkwo"]


def test_ages_and_initials(hub: object) -> None:

    def clean(text: str, species: str = "") -> str:
        about = About("eeg", Subject("S1", species=species))
        assert isinstance(hub, Pseudonyms)
        return Cleaner.of(about, pseudonyms=hub, policy=Policy()).text(text)

    assert clean("started by Z.Q., aged 94") == "started by [name], [age]"
    assert clean("a 97-year-old woman") == "a [age] woman"
    assert clean("aged 45") == "aged 45"
    assert clean("mice aged 95 days", "Mus musculus") == "mice aged 95 days"
    assert clean("U.S. norms, I.Q. 104") == "U.S. norms, I.Q. 104"
    assert clean("amp SN8812377 swapped, serial no. 4471-22") == "amp [serial] swapped, [serial]"

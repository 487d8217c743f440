"""GDF, Micromed, NIRx, Hitachi: nothing planted is released or left in a clean copy, and every sample is as it was."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.detect import detect
from commissure.formats.gdf import layout_of
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import About, Identifier, Recording, Subject
from commissure.protect.files.fields import fields_of
from commissure.protect.files.gdf import rewrite_gdf
from commissure.protect.files.lab_headers import clean_lab_header
from commissure.protect.files.micromed import rewrite_micromed
from commissure.protect.scan import scan_tree
from commissure.protect.survey import check_exposure
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing import clinic_bytes, meg_bytes, nirs_bytes
from commissure.testing.planting.measure import measure_recordings
from commissure.testing.signals import Planted, planted
from commissure.workflows.clean_folder import clean_folder

for name in ("mne", "neo", "scipy"):
    pytest.importorskip(name)

SAID = {
    "name": "Ottilie Quastenflosser", "id": "MRN77042", "operator": "Wendelin Tasterich", "birth_date": "1951-02-27",
    "institution": "St. Planted Hospital", "montage": "Quastenflosser longitudinal", "contact": "o.quasten@planted.org",
    "comment": "Ottilie was tired", "serial": "UB-2009.01.27", "path": "C:\\Users\\tasterich\\probe.mat",
}  # fmt: skip
GONE = (b"ottilie", b"quasten", b"mrn77042", b"wendelin", b"tasterich", b"planted", b"ub-2009", b"2021-03-04", b"04 mar 2021", b"3/4/21")  # fmt: skip
MAKERS: dict[str, Callable[..., Path]] = {
    "gdf 1": partial(clinic_bytes.write_gdf, version=1.25),
    "gdf 2": partial(clinic_bytes.write_gdf, version=2.2),
    "gdf of biosig": clinic_bytes.write_gdf,
    "micromed": clinic_bytes.write_micromed,
    "nirstar": nirs_bytes.write_nirx,
    "aurora": partial(nirs_bytes.write_nirx, aurora=True),
    "hitachi": nirs_bytes.write_hitachi,
    "artemis123": meg_bytes.write_artemis123,
}


@pytest.fixture
def truth() -> Planted:
    made = planted(rng=np.random.default_rng(3))
    return replace(made, identifiers=SAID, events=(*made.events, (1.5, "Wendelin Tasterich came in")))


def cleaner(hub: Pseudonyms, *, policy: Policy | None = None) -> Cleaner:
    known = (Identifier("name", "Ottilie Quastenflosser"), Identifier("operator", "Wendelin Tasterich"))
    about = About("eeg", Subject("S1", species="Homo sapiens"), identifiers=known)
    return Cleaner.of(about, pseudonyms=hub, policy=policy or Policy())


def read(folder: Path, scratch: Path) -> Recording:
    listing = Listing.of(folder)
    (source,) = detect(listing, READERS.items()).sources
    scratch.mkdir()
    (recording,) = READERS.get(source.format).read(source, listing, scratch=scratch)
    assert isinstance(recording, Recording)
    return recording


@pytest.mark.parametrize("case", MAKERS)
def test_a_clean_copy_names_nobody_and_keeps_every_sample(case: str, truth: Planted, tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    MAKERS[case](raw, truth)
    held = b"".join(path.read_bytes() for path in raw.iterdir()).lower()
    assert sum(word in held for word in GONE) >= 4
    report = clean_folder(raw, out)
    assert (report.written, report.kept_back) == (len(list(raw.iterdir())), 0)
    released = b"".join(path.name.encode() + path.read_bytes() for path in out.iterdir()).lower()
    assert [word for word in GONE if word in released] == []
    before, after = read(raw, tmp_path / "a"), read(out, tmp_path / "b")
    np.testing.assert_array_equal(before.si(), after.si())
    assert [mark.onset_s for mark in before.annotations] == [mark.onset_s for mark in after.annotations]
    assert before.about.start is not None
    if case == "artemis123":  # only its name tells the day, and a name that holds one becomes a token
        assert after.about.start is None
        return
    assert after.about.start is not None
    assert after.about.start < before.about.start
    assert (before.about.start - after.about.start).seconds == 0


@pytest.mark.parametrize("case", MAKERS)
def test_the_survey_tells_a_raw_file_from_a_clean_one(case: str, truth: Planted, tmp_path: Path) -> None:
    """What remarks and dates say is told of clean files as well, for nobody knows whether they were moved."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    MAKERS[case](raw, truth)
    clean_folder(raw, out)
    told = {one.check.removeprefix("protect.exposed.") for one in check_exposure(raw)}
    left = {one.check.removeprefix("protect.exposed.") for one in check_exposure(out)}
    assert told & {"name", "id"}
    assert left <= {"date", "comment", "protect.unread_kind"}


@pytest.mark.parametrize("case", MAKERS)
def test_the_search_finds_what_was_not_cleaned(case: str, truth: Planted, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    MAKERS[case](raw, truth)
    found, guilty = scan_tree(raw, read(raw, tmp_path / "scratch").about.identifiers)
    assert guilty
    assert {one.check for one in found} == {"protect.leak"}


def test_a_year_alone_may_go_too(truth: Planted, hub: Pseudonyms, tmp_path: Path) -> None:
    """Without shifting, dates go: no day, no time on an event, and an Unreadable for what is cut short."""
    worker = cleaner(hub, policy=Policy(shift_dates=False))
    source = clinic_bytes.write_gdf(tmp_path, truth)
    rewrite_gdf(source, tmp_path / "clean.gdf", cleaner=worker, label="abcd")
    fields = dict(fields_of(tmp_path / "clean.gdf", suffix=".gdf", head=b""))
    assert (fields["startdate"], fields["birthdate"], fields["patient"]) == ("", "", "abcd")
    layout = layout_of(source)
    assert (tmp_path / "clean.gdf").read_bytes()[layout.events_at :].endswith(bytes(8 * 3))
    trc = clinic_bytes.write_micromed(tmp_path, truth)
    rewrite_micromed(trc, tmp_path / "clean.trc", cleaner=worker)
    told = dict(fields_of(tmp_path / "clean.trc", suffix=".trc", head=b""))
    assert (told["startdate"], told["birthdate"], told["institution"]) == ("1970-01-01", "", "")
    for path, rewrite in ((source, partial(rewrite_gdf, label="abcd")), (trc, rewrite_micromed)):
        path.write_bytes(path.read_bytes()[:300])
        with pytest.raises(Unreadable, match="ends after|announces"):
            rewrite(path, tmp_path / "none", cleaner=worker)


def test_what_tells_of_the_device_stays_in_a_header(hub: Pseudonyms) -> None:
    text = '[GeneralInfo]\nDevice="NIRScout 16x24"\nNIRStar="15.3"\nSubject=1\nDate="Thu, 04 Mar 2021"\n[DataStructure]\nS-D-Key="1-1:1,1-2:2,"\n'
    clean = clean_lab_header(text, cleaner=cleaner(hub))
    assert clean.replace(clean.split("Date=")[1].split("\n")[0], "") == text.replace('"Thu, 04 Mar 2021"', "")
    aged = clean_lab_header('[Subject Demographics]\nName="Ann"\nAge=93\n', cleaner=cleaner(hub))
    assert aged == '[Subject Demographics]\nName=""\nAge=90\n'


def test_other_makers_files_of_the_same_extensions_stay_back(tmp_path: Path) -> None:
    """Neuroscan's averages, BESA's events, surfaces of a head, Axona's settings."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.avg").write_bytes(b"Version 3.0" + bytes(20) + b"Zephyrine Quilter")
    (raw / "a.evt").write_text("Tmu\tCode\tComnt\n100\t1\tZephyrine came in\n")
    (raw / "a.tri").write_text("- 3\n0.1 0.2 0.3\n0.2 0.1 0.3\n0.3 0.1 0.2\n")
    (raw / "a.set").write_text("trial_date Thursday, 4 Mar 2021\nexperimenter zq\n")
    (raw / "b.evt").write_text("94\t1\t0\n")
    report = clean_folder(raw, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.evt"]
    assert report.kept_back == 4


def test_saturated_samples_of_a_nirsport_are_marked_and_kept(truth: Planted, tmp_path: Path) -> None:
    """NIRStar writes two tables a wavelength where a detector saturated: one of numbers, one with nan where it did."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    path = nirs_bytes.write_nirx(raw, truth)
    for wave in (1, 2):
        table = path.with_suffix(f".wl{wave}")
        table.with_suffix(f".nosatflags_wl{wave}").write_bytes(table.read_bytes())
        lines = table.read_text().splitlines(keepends=True)
        lines[200:210] = [line.replace(line.split()[0], "nan", 1) for line in lines[200:210]]
        table.write_text("".join(lines))
    before = read(raw, tmp_path / "a")
    bad = [mark for mark in before.annotations if mark.label == "BAD_SATURATED"]
    assert [(mark.onset_s, mark.duration_s) for mark in bad] == [(200 / 256, 10 / 256)]
    assert clean_folder(raw, out).kept_back == 0
    after = read(out, tmp_path / "b")
    np.testing.assert_array_equal(before.si(), after.si())
    assert before.annotations == after.annotations


def test_bti_files_are_kept_back_with_a_reason(truth: Planted, tmp_path: Path) -> None:
    meg_bytes.write_bti(tmp_path / "raw", truth)
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back) == (1, 3)  # the log is a text
    kept = [one for one in report.findings if one.check == "protect.unknown_kind"]
    assert len(kept) == 3
    assert all("Share the raw folder" in one.remedy for one in kept)


def test_nothing_planted_is_released(tmp_path: Path) -> None:
    formats = ("gdf", "micromed", "nirx", "nirx_aurora", "hitachi", "boxy", "bti", "artemis123")
    tally = measure_recordings(tmp_path, rng=np.random.default_rng(5), formats=formats)
    assert {plant.format for plant in tally.plants} == set(formats)
    assert tally.planted > 60
    assert tally.left == []
    assert tally.lost == []

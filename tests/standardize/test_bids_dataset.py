"""Dataset files: complete, theirs before ours, deterministic; names as the schema has them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from bidsschematools.schema import load_schema
from hypothesis import given
from hypothesis import strategies as st

from commissure.errors import BadInput
from commissure.model import About, Session, Software, Subject
from commissure.standardize.bids_dataset import BIDS_VERSION, Card, write_dataset
from commissure.standardize.bids_names import ENTITY_ORDER, bids_label, bids_path
from commissure.standardize.bids_validate import validate_bids
from commissure.standardize.port import Written
from commissure.standardize.tree import writer as tree_writer
from commissure.testing.images import write_bids

CARD = Card(
    "Finger tapping", "Ten people tapped. " * 20, ("Ada L.", "Luigi G."), "CC0-1.0", (("0.1.0", ("First.",)),)
)


def test_the_tables_are_those_of_the_schema() -> None:
    schema = load_schema()
    assert tuple(schema.objects.entities[name].name for name in schema.rules.entities) == ENTITY_ORDER
    assert schema.bids_version == BIDS_VERSION


def test_names_are_in_bids_order() -> None:
    about = About("eeg", Subject("07"), Session("b"), {"run": "2", "acq": "hi", "task": "rest"})
    assert (
        bids_path(about, extension=".edf") == "sub-07/ses-b/eeg/sub-07_ses-b_task-rest_acq-hi_run-2_eeg.edf"
    )
    assert (
        bids_path(about, extension=".tsv", suffix="electrodes", entities={})
        == "sub-07/ses-b/eeg/sub-07_ses-b_electrodes.tsv"
    )


@pytest.mark.parametrize(
    ("entities", "said"),
    [({"color": "x"}, "no entity 'color'"), ({"run": "a"}, "number"), ({"task": "a b"}, "letters")],
)
def test_wrong_entities_are_refused(entities: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        bids_path(About("eeg", Subject("07"), entities=entities), extension=".edf")


def test_a_wrong_subject_label_is_refused_without_telling_it() -> None:
    with pytest.raises(BadInput) as caught:
        bids_path(About("eeg", Subject("Jane Doe")), extension=".edf")
    assert "Jane" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_becomes_a_label(text: str) -> None:
    label = bids_label(text)
    assert label == "" or (label.isascii() and label.isalnum())
    assert bids_label(label) == label


def test_participants_scans_and_description(tmp_path: Path) -> None:
    first = About(
        "eeg",
        Subject("b", "Homo sapiens", "F", 93.0),
        Session("1"),
        {"task": "rest"},
        start=datetime(2001, 2, 3, 4, 5),
    )
    second = About("eeg", Subject("a", "Homo sapiens", "U", None), entities={"task": "rest"})
    written = Written(("sub-b/ses-1/eeg/sub-b_ses-1_task-rest_eeg.vhdr", "sub-b/ses-1/eeg/sub-b_ses-1_task-rest_eeg.eeg",
                       "sub-b/ses-1/eeg/sub-b_ses-1_task-rest_eeg.vmrk", "sub-b/ses-1/eeg/sub-b_ses-1_task-rest_channels.tsv"),
                      software=(Software("pybv", "0.8"),))  # fmt: skip
    other = Written(("sub-a/eeg/sub-a_task-rest_eeg.set", "sub-a/eeg/sub-a_task-rest_eeg.fdt"))
    write_dataset(tmp_path, card=CARD, written=[(first, written), (second, other)])
    rows = (tmp_path / "participants.tsv").read_text().splitlines()
    assert rows == [
        "participant_id\tspecies\tage\tsex",
        "sub-a\thomo sapiens\tn/a\tn/a",
        "sub-b\thomo sapiens\t89\tF",
    ]
    scans = (tmp_path / "sub-b/ses-1/sub-b_ses-1_scans.tsv").read_text().splitlines()
    assert scans == ["filename\tacq_time", "eeg/sub-b_ses-1_task-rest_eeg.vhdr\t2001-02-03T04:05:00"]
    assert (tmp_path / "sub-a/sub-a_scans.tsv").read_text().splitlines()[1:] == [
        "eeg/sub-a_task-rest_eeg.set\tn/a"
    ]
    description = json.loads((tmp_path / "dataset_description.json").read_text())
    assert [one["Name"] for one in description["GeneratedBy"]] == ["commissure", "pybv"]
    assert (description["Name"], description["License"]) == ("Finger tapping", "CC0-1.0")
    assert (tmp_path / "CHANGES").read_text() == "0.1.0\n  - First.\n"


def test_folder_formats_stand_once_in_the_scans(tmp_path: Path) -> None:
    about = About("meg", Subject("a"), entities={"task": "rest"})
    files = tuple(f"sub-a/meg/sub-a_task-rest_meg.ds/{name}" for name in ("x.meg4", "x.res4", "BadChannels"))
    write_dataset(tmp_path, card=CARD, written=[(about, Written(files))])
    assert (tmp_path / "sub-a/sub-a_scans.tsv").read_text().splitlines()[1:] == [
        "meg/sub-a_task-rest_meg.ds\tn/a"
    ]


def test_an_existing_tree_keeps_its_own_and_is_completed(tmp_path: Path) -> None:
    raw = write_bids(tmp_path / "raw")
    (raw / "participants.tsv").write_text("participant_id\tage\tscore\nsub-01\t31\t7\n")
    from commissure.formats.bids import reader
    from commissure.formats.listing import Listing

    listing = Listing.of(raw)
    (source,) = reader.find(listing)
    (tree,) = reader.read(source, listing, scratch=tmp_path)
    written = tree_writer.write(tree, root=tmp_path / "out")
    write_dataset(tmp_path / "out", card=CARD, written=[(tree.about, written)])
    assert (tmp_path / "out/participants.tsv").read_text().splitlines() == [
        "participant_id\tage\tscore", "sub-01\t31\t7", "sub-02\tn/a\tn/a",
    ]  # fmt: skip
    description = json.loads((tmp_path / "out/dataset_description.json").read_text())
    assert (description["Name"], description["BIDSVersion"]) == ("A lab's own dataset", "1.8.0")
    assert description["License"] == "CC0-1.0"
    assert validate_bids(tmp_path / "out").errors == 0


def test_a_broken_description_is_said(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text("{")
    with pytest.raises(BadInput, match="dataset_description.json is not valid JSON"):
        write_dataset(tmp_path, card=CARD, written=[])


def test_scans_of_what_was_left_behind_go_and_linked_files_stay_as_they_are(tmp_path: Path) -> None:
    root = write_bids(tmp_path / "raw", subjects=("01",))
    scans = "sub-01/sub-01_scans.tsv"
    text = "filename\tacq_time\nfunc/sub-01_task-rest_bold.nii.gz\tn/a\nanat/sub-01_T1w.nii.gz\tn/a\n"
    (tmp_path / "cache.tsv").write_text(text)
    (root / scans).hardlink_to(tmp_path / "cache.tsv")
    write_dataset(root, card=CARD, written=[(About("func", Subject("")), Written((scans,)))])
    assert (root / scans).read_text() == "filename\tacq_time\nfunc/sub-01_task-rest_bold.nii.gz\tn/a\n"
    assert (tmp_path / "cache.tsv").read_text() == text

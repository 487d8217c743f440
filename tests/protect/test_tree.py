"""A BIDS tree that stands already: every file, name and table clean, the science as it was."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from commissure.model import About, Identifier, Subject, Tree
from commissure.protect.deidentify import deidentify
from commissure.protect.files.tables import identifying_column
from commissure.protect.scan import scan_tree
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms

nibabel = pytest.importorskip("nibabel")

VHDR = """Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
DataFile=sub-Giroudel_ses-20140429_task-rest_eeg.eeg
MarkerFile=sub-Giroudel_ses-20140429_task-rest_eeg.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels=1
SamplingInterval=1000
[Binary Infos]
BinaryFormat=INT_16
[Channel Infos]
Ch1=Cz,,0.5,µV
[Comment]
Recorded by Wolfram Eschenbach, amplifier SN-88172-B
"""
VMRK = """Brain Vision Data Exchange Marker File, Version 1.0
[Marker Infos]
Mk1=New Segment,,1,1,0,20140429221944794232
Mk2=Stimulus,S  1,487,1,0
Mk3=Comment,Dr. Eschenbach speaks to Mathilde,500,1,0
"""


def build(root: Path) -> tuple[str, ...]:
    """A lab's own tree: labels are names, tables hold addresses."""
    files = {
        "dataset_description.json": json.dumps(
            {"Name": "Rest", "BIDSVersion": "1.9.0", "Authors": ["Wolfram Eschenbach"]}
        ),
        "README": "Mathilde Giroudel was the first subject.\n",
        "participants.tsv": "participant_id\tname\tdate_of_birth\tage\tsex\temail\tgroup\n"
        "sub-Giroudel\tMathilde Giroudel\t1921-03-17\t93\tF\tm.giroudel@example.org\tcontrol\nsub-02\tn/a\tn/a\t24\tM\tn/a\tpatient\n",
        "participants.json": json.dumps(
            {"name": {"Description": "full name"}, "age": {"Description": "age in years", "Units": "year"}}
        ),
        "sub-Giroudel/ses-20140429/sub-Giroudel_ses-20140429_scans.tsv": "filename\tacq_time\n"
        "eeg/sub-Giroudel_ses-20140429_task-rest_eeg.vhdr\t2014-04-29T22:19:44\nanat/sub-Giroudel_ses-20140429_T1w.nii.gz\t2014-05-01T10:00:00\n",
        "sub-Giroudel/ses-20140429/eeg/sub-Giroudel_ses-20140429_task-rest_eeg.vhdr": VHDR,
        "sub-Giroudel/ses-20140429/eeg/sub-Giroudel_ses-20140429_task-rest_eeg.vmrk": VMRK,
        "sub-Giroudel/ses-20140429/eeg/sub-Giroudel_ses-20140429_task-rest_events.tsv": "onset\tduration\ttrial_type\n"
        "0.487\tn/a\tS  1\n0.5\tn/a\tDr. Eschenbach speaks to Mathilde\n0.9\tn/a\tS  1\n",
        "sub-Giroudel/ses-20140429/eeg/sub-Giroudel_ses-20140429_task-rest_eeg.json": json.dumps(
            {
                "TaskName": "rest",
                "SamplingFrequency": 1000,
                "Manufacturer": "Brain Products",
                "InstitutionName": "Odile",
                "DeviceSerialNumber": "SN-88172-B",
            }
        ),
        "sub-Giroudel/ses-20140429/anat/sub-Giroudel_ses-20140429_T1w.json": json.dumps(
            {
                "RepetitionTime": 2.3,
                "AcquisitionTime": "22:19:44.1",
                "IntendedFor": "bids::sub-Giroudel/ses-20140429/eeg/x",
            }
        ),
        "sub-02/eeg/sub-02_task-rest_eeg.json": json.dumps({"TaskName": "rest", "SamplingFrequency": 1000}),
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    raw = "sub-Giroudel/ses-20140429/eeg/sub-Giroudel_ses-20140429_task-rest_eeg.eeg"
    (root / raw).write_bytes(np.arange(1000, dtype="<i2").tobytes())
    head = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    head.header["db_name"] = b"Giroudel^Mathilde"
    scan = "sub-Giroudel/ses-20140429/anat/sub-Giroudel_ses-20140429_T1w.nii.gz"
    nibabel.save(head, root / scan)
    return (*files, raw, scan)


KNOWN = (
    Identifier("name", "Giroudel^Mathilde"),
    Identifier("operator", "Wolfram Eschenbach"),
    Identifier("birth_date", "1921-03-17"),
    Identifier("date", "2014-04-29"),
    Identifier("date", "2014-05-01"),
    Identifier("contact", "m.giroudel@example.org"),
    Identifier("serial", "SN-88172-B"),
)
AUTHORS = frozenset({"Wolfram Eschenbach"})


@pytest.fixture
def clean(tmp_path: Path, hub: Pseudonyms) -> Tree:
    root = tmp_path / "lab"
    files = build(root)
    tree = Tree("bids", root, files, About("eeg", Subject("Giroudel"), identifiers=KNOWN))
    assert len(scan_tree(root, KNOWN, kept=AUTHORS)[1]) > 8
    done, removed = deidentify(
        tree, pseudonyms=hub, policy=Policy(keep_labels=True), scratch=tmp_path / "scratch"
    )
    assert {"name", "birth_date", "date", "contact", "serial", "institution", "comment", "age"} <= set(
        removed
    )
    return done


def test_nothing_is_left_and_nothing_is_lost(clean: Tree, hub: Pseudonyms) -> None:
    assert scan_tree(clean.root, KNOWN, kept=AUTHORS) == ((), ())
    assert sorted(
        path.relative_to(clean.root).as_posix() for path in clean.root.rglob("*") if path.is_file()
    ) == sorted(clean.files)
    label = hub.label("Giroudel")
    assert all("Giroudel" not in path for path in clean.files)
    assert any(path.startswith(f"sub-{label}/ses-") for path in clean.files)
    assert "sub-02/eeg/sub-02_task-rest_eeg.json" in clean.files


def of(tree: Tree, end: str) -> Path:
    return tree.root / next(path for path in tree.files if path.endswith(end) and "sub-02" not in path)


def test_tables_lose_columns_and_keep_rows(clean: Tree, hub: Pseudonyms) -> None:
    label = hub.label("Giroudel")
    assert (clean.root / "participants.tsv").read_text() == (
        f"participant_id\tage\tsex\tgroup\nsub-{label}\t90\tF\tcontrol\nsub-02\t24\tM\tpatient\n"
    )
    assert list(json.loads((clean.root / "participants.json").read_text())) == ["age"]
    assert json.loads((clean.root / "dataset_description.json").read_text())["Authors"] == [
        "Wolfram Eschenbach"
    ]
    assert of(clean, "events.tsv").read_text().splitlines()[1:] == [
        "0.487\tn/a\tS  1",
        "0.5\tn/a\tcomment",
        "0.9\tn/a\tS  1",
    ]


def test_intervals_between_scans_survive(clean: Tree) -> None:
    rows = [line.split("\t") for line in of(clean, "scans.tsv").read_text().splitlines()[1:]]
    days = [np.datetime64(row[1]) for row in rows]
    assert days[1] - days[0] == np.timedelta64(1 * 86400 + 11 * 3600 + 40 * 60 + 16, "s")
    folder = of(clean, "scans.tsv").parent
    assert all((folder / row[0]).is_file() for row in rows)


def test_brainvision_files_still_belong_together(clean: Tree) -> None:
    mne = pytest.importorskip("mne")
    raw = mne.io.read_raw_brainvision(of(clean, "eeg.vhdr"), verbose="error")
    assert np.array_equal(raw.get_data()[0], np.arange(1000) * 0.5e-6)
    assert set(raw.annotations.description) >= {"Stimulus/S  1", "Comment/comment"}
    assert raw.info["meas_date"].year < 2014


def test_sidecars_and_voxels(clean: Tree) -> None:
    sidecar = json.loads(of(clean, "T1w.json").read_text())
    assert sidecar["RepetitionTime"] == 2.3
    assert "AcquisitionTime" not in sidecar
    assert json.loads(of(clean, "rest_eeg.json").read_text()) == {
        "TaskName": "rest",
        "SamplingFrequency": 1000,
        "Manufacturer": "Brain Products",
    }
    assert np.array_equal(nibabel.load(of(clean, "T1w.nii.gz")).get_fdata().ravel(), np.arange(60))


def test_the_same_tree_gives_the_same_bytes(clean: Tree, tmp_path: Path, hub: Pseudonyms) -> None:
    again = tmp_path / "again"
    shutil.copytree(tmp_path / "lab", again)
    tree = Tree("bids", again, build(again), About("eeg", Subject("Giroudel"), identifiers=KNOWN))
    other, _ = deidentify(
        tree, pseudonyms=hub, policy=Policy(keep_labels=True), scratch=tmp_path / "scratch2"
    )
    assert other.files == clean.files
    assert all((other.root / path).read_bytes() == (clean.root / path).read_bytes() for path in clean.files)


@pytest.mark.parametrize(
    "name",
    [
        "trial_type",
        "onset",
        "participant_id",
        "age",
        "sex",
        "response_time",
        "channel_name",
        "stim_file",
        "value",
    ],
)
def test_columns_of_science_stay(name: str) -> None:
    assert identifying_column(name) is None

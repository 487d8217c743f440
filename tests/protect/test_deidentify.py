"""Every kind of noun loses all fourteen categories, and keeps its science."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.model import (
    About,
    Annotation,
    Cells,
    Channel,
    Device,
    Fact,
    Gaze,
    Identifier,
    Image,
    Movie,
    Origin,
    Pose,
    Recording,
    Session,
    Subject,
    Sweep,
    Sweeps,
    Tree,
    Units,
    Video,
)
from commissure.protect.deidentify import deidentify
from commissure.protect.text.needles import Needles
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms

SCIENCE = {
    "Manufacturer": "SIEMENS",
    "ManufacturersModelName": "Prisma",
    "RepetitionTime": 2.0,
    "EchoTime": 0.03,
    "MagneticFieldStrength": 3,
    "ConsistencyInfo": "N4_VE11C_LATEST_20160120",
    "SoftwareVersions": "syngo MR E11",
    "PowerLineFrequency": 50,
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
    "TaskDescription": "Press the left button whenever a face is shown, and the right one for a house.",
}


def about(planted: dict[str, str], identifiers: tuple[Identifier, ...]) -> About:
    return About(
        "eeg",
        Subject(planted["id"], sex="F", age_years=93.0, age_iso="P93Y", handedness="R"),
        Session("20140429"),
        entities={"task": "oddball", "acq": "Giroudel"},
        start=datetime(2014, 4, 29, 22, 19, 44),
        device=Device("SIEMENS", "Prisma", "syngo MR E11", planted["serial"]),
        sidecar={
            **SCIENCE,
            "PatientName": planted["name"],
            "InstitutionName": planted["institution"],
            "InstitutionAddress": planted["address"],
            "DeviceSerialNumber": planted["serial"],
            "StationName": planted["host"],
            "SeriesInstanceUID": planted["uid"],
            "AcquisitionTime": "22:19:44.1",
            "PatientBirthDate": planted["birth_date"],
            "Operator": planted["operator"],
            "PatientAge": "093Y",
            "SeriesDescription": f"T1 of {planted['name']}",
            "Comments": planted["comment"],
            "RawFile": planted["path"],
            "Remark": f"write to {planted['contact']}",
            "global": {"const": {"PatientID": planted["id"], "FlipAngle": 9}},
        },
        facts=(
            Fact("subject", planted["id"], Origin.HEADER, planted["path"]),
            Fact("rate_hz", 512.0, Origin.HEADER, "a.edf"),
            Fact("operator", planted["operator"], Origin.HEADER),
        ),
        identifiers=identifiers,
    )


def marks(planted: dict[str, str]) -> tuple[Annotation, ...]:
    codes = [Annotation("Stimulus/S  1", float(i), details={"value": 1}) for i in range(5)]
    notes = [
        planted["comment"],
        f"called {planted['operator']}",
        "mail " + planted["contact"],
        "BAD_ Mathilde talks",
    ]
    return (*codes, *(Annotation(note, 9.0, by=planted["path"]) for note in notes))


def every_noun(planted: dict[str, str], identifiers: tuple[Identifier, ...]) -> list[object]:
    what = about(planted, identifiers)
    channels = (
        Channel("Cz", "EEG", details={"impedance": 5}),
        Channel("EEG Giroudel", "EEG", group=planted["serial"]),
    )
    volts = np.ones((10, 2))
    times = np.arange(10) / 30
    return [
        Recording(volts, 512.0, channels, what, annotations=marks(planted)),
        Image(np.ones((4, 4, 4)), np.eye(4), what, 2.0, extra={"bval": "0 1000"}),
        Units((1,), (times,), what, columns={"quality": ["good"], "note": [planted["operator"]]}),
        Sweeps((Sweep(0.0, volts),), 1e4, channels, "voltage_clamp", what),
        Movie(np.ones((3, 4, 4)), 30.0, what),
        Cells((), {}, 30.0, what),
        Pose(("snout",), np.ones((10, 1, 2)), None, times, what, source_video=planted["path"]),
        Gaze(volts, ("x", "y"), 500.0, what, annotations=marks(planted)),
        Video(Path("nowhere.mp4"), 30.0, 10, (4, 4), what),
    ]


@pytest.mark.parametrize("index", range(9))
def test_no_noun_says_who_it_was(
    index: int,
    planted: dict[str, str],
    identifiers: tuple[Identifier, ...],
    hub: Pseudonyms,
    said: Callable[[object], str],
) -> None:
    noun = every_noun(planted, identifiers)[index]
    assert len(Needles(identifiers).search(said(noun).encode())) >= 11
    clean, removed = deidentify(noun, pseudonyms=hub)  # type: ignore[type-var]
    text = said(clean)
    assert Needles(identifiers).search(text.encode()) == set()
    assert "Mathilde" not in text
    assert "22:19:44.1" not in text
    assert set(removed) >= set(planted)
    assert clean.about.identifiers == identifiers


def test_science_survives(
    planted: dict[str, str], identifiers: tuple[Identifier, ...], hub: Pseudonyms
) -> None:
    recording = every_noun(planted, identifiers)[0]
    assert isinstance(recording, Recording)
    clean, _ = deidentify(recording, pseudonyms=hub)
    for key, value in SCIENCE.items():
        assert clean.about.sidecar[key] == value
    assert clean.about.sidecar["global"] == {"const": {"FlipAngle": 9}}
    assert clean.about.sidecar["PatientAge"] == "090Y"
    assert clean.about.device == Device("SIEMENS", "Prisma", "syngo MR E11")
    assert clean.about.entities["task"] == "oddball"
    assert clean.about.entities["acq"].isalnum()
    assert (clean.about.subject.age_years, clean.about.subject.age_iso, clean.about.subject.sex) == (
        90.0,
        "P90Y",
        "F",
    )
    assert clean.signal is recording.signal
    assert [channel.name for channel in clean.channels] == ["Cz", "ch002"]
    assert [mark.label for mark in clean.annotations] == ["Stimulus/S  1"] * 5 + ["comment"] * 3 + [
        "BAD_comment"
    ]
    assert [mark.onset_s for mark in clean.annotations] == [mark.onset_s for mark in recording.annotations]


def test_start_and_session_move_by_the_same_offset(
    planted: dict[str, str], identifiers: tuple[Identifier, ...], hub: Pseudonyms
) -> None:
    clean, _ = deidentify(every_noun(planted, identifiers)[0], pseudonyms=hub)  # type: ignore[type-var]
    start, session = clean.about.start, clean.about.session.label
    assert start is not None
    assert start.strftime("%Y%m%d") == session
    assert (datetime(2014, 4, 29, 22, 19, 44) - start).days == hub.offset_days(planted["id"])
    bare, _ = deidentify(
        every_noun(planted, identifiers)[0], pseudonyms=hub, policy=Policy(shift_dates=False)
    )  # type: ignore[type-var]
    assert bare.about.start is None


def test_policy_keeps_clean_labels_only(hub: Pseudonyms) -> None:
    keep = Policy(keep_labels=True)
    plain = About("eeg", Subject("01"), Session("pre"), identifiers=(Identifier("id", "01"),))
    named = About(
        "eeg",
        Subject("Giroudel"),
        Session("20140429"),
        identifiers=(Identifier("name", "Mathilde Giroudel"),),
    )
    units, _ = deidentify(Units((), (), plain), pseudonyms=hub, policy=keep)
    assert (units.about.subject.label, units.about.session.label) == ("01", "pre")
    units, _ = deidentify(Units((), (), named), pseudonyms=hub, policy=keep)
    assert units.about.subject.label == hub.label("Giroudel")
    assert units.about.session.label != "20140429"
    units, _ = deidentify(Units((), (), About("eeg", Subject("Emma"))), pseudonyms=hub, policy=keep)
    assert units.about.subject.label == hub.label("Emma")


def test_staff_of_animal_data_goes_unless_the_lab_wants_to_be_named(hub: Pseudonyms) -> None:
    for species, policy, stays in (
        ("Mus musculus", Policy(), False),
        ("Mus musculus", Policy(keep_staff=True), True),
        ("Homo sapiens", Policy(keep_staff=True), False),
    ):
        what = About(
            "ecephys", Subject("m1", species=species), sidecar={"InstitutionName": "Odile Institute"}
        )
        clean, _ = deidentify(Units((), (), what), pseudonyms=hub, policy=policy)
        assert ("InstitutionName" in clean.about.sidecar) is stays


def test_a_tree_without_a_scratch_folder_is_refused(hub: Pseudonyms, tmp_path: Path) -> None:
    tree = Tree("bids", tmp_path, (), About("eeg", Subject("01")))
    with pytest.raises(BadInput, match="scratch"):
        deidentify(tree, pseudonyms=hub)

"""Kinds of files that no header pass knew: TIFF, MATLAB, DICOM with reports; and a whole folder of them."""

from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.model import About, Identifier, Severity, Subject
from commissure.protect.files.matlab import rewrite_matlab
from commissure.protect.files.tiff import rewrite_tiff
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.dicom_report import write_report
from commissure.testing.dicom_series import PERSON, write_dicom
from commissure.workflows.clean_folder import clean_folder

KNOWN = (Identifier("name", "Quilter^Zephyrine"), Identifier("operator", "Fenwick Abernathy"))


def cleaner(hub: Pseudonyms) -> Cleaner:
    return Cleaner.of(About("ophys", Subject("S1"), identifiers=KNOWN), pseudonyms=hub, policy=Policy())


def test_tiff_tags_go_and_samples_stay(hub: Pseudonyms, tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    frames = np.random.default_rng(0).integers(0, 4000, (5, 16, 16), dtype=np.uint16)
    text = '<OME><Experimenter UserName="fabernathy" Email="f.abernathy@north.org"/><Pixels TimeIncrement="0.033"/>by Zephyrine Quilter</OME>'
    extra = [(315, "s", 0, "Fenwick Abernathy", True), (316, "s", 0, "rig-pc.local", True)]
    path = tmp_path / "raw.tif"
    tifffile.imwrite(
        path,
        frames,
        description=text,
        datetime="2021:03:04 10:11:12",
        metadata=None,
        photometric="minisblack",
        extratags=extra,
    )
    worker = cleaner(hub)
    rewrite_tiff(path, tmp_path / "out.tif", cleaner=worker)
    data = (tmp_path / "out.tif").read_bytes()
    for gone in (b"abernathy", b"Abernathy", b"Quilter", b"rig-pc", b"2021:03:04"):
        assert gone not in data
        assert gone in path.read_bytes()
    assert b'TimeIncrement="0.033"' in data
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), frames)
    assert len(data) == path.stat().st_size


@pytest.mark.parametrize("packed", [False, True])
def test_matlab_texts_go_and_numbers_stay(packed: bool, hub: Pseudonyms, tmp_path: Path) -> None:
    io = pytest.importorskip("scipy.io")
    eeg = {
        "setname": "Quilter rest", "filepath": "C:\\Users\\fabernathy\\data", "subject": "Quilter", "srate": 250.0,
        "comments": "she was tired", "data": np.arange(12.0).reshape(3, 4),
        "chanlocs": np.array([("Fz",), ("Cz",)], dtype=[("labels", object)]),
        "event": np.array([("S 1", 1.0), ("Dr. Abernathy came in", 2.0)], dtype=[("type", object), ("latency", object)]),
    }  # fmt: skip
    io.savemat(tmp_path / "raw.set", {"EEG": eeg}, do_compression=packed)
    worker = cleaner(hub)
    rewrite_matlab(tmp_path / "raw.set", tmp_path / "out.set", cleaner=worker, label="abcd2345")
    made = io.loadmat(tmp_path / "out.set", simplify_cells=True)["EEG"]
    assert made["srate"] == 250.0
    np.testing.assert_array_equal(made["data"], eeg["data"])
    assert [place["labels"] for place in made["chanlocs"]] == ["Fz", "Cz"]
    assert [event["latency"] for event in made["event"]] == [1.0, 2.0]
    assert made["event"][0]["type"] == "S 1"
    said = repr(made)
    for gone in ("Quilter", "Abernathy", "fabernathy", "tired"):
        assert gone not in said


def test_a_folder_of_dicom_becomes_a_clean_one(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_dicom(raw / "QUILTER" / "epi", volumes=1)
    write_report(
        raw / "QUILTER" / "sr.dcm",
        narrative="Mrs. Quilter walked in with her son. Reported by Dr. Quackenbush.",
    )
    (raw / "notes.txt").write_text("Zephyrine came late; call 555-201-8834.\nTR 2.0 s, 32 channels.\n")
    (raw / "face.jpg").write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    before = {path: path.read_bytes() for path in raw.rglob("*") if path.is_file()}
    report = clean_folder(raw, out)
    assert {path: path.read_bytes() for path in raw.rglob("*") if path.is_file()} == before
    assert (report.written, report.kept_back) == (11, 1)
    assert [finding.check for finding in report.findings if finding.severity is Severity.ERROR] == [
        "protect.personal_file"
    ]
    parts = {
        word
        for key, value in PERSON.items()
        if not key.endswith("Time")  # the time of day stays, on another day
        for word in value.replace("^", " ").split(" ")
        if len(word) > 4 and word != "follow-up"
    }
    assert "Quilter" in parts
    for path in out.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        held = (str(path.relative_to(out)).encode() + data).lower()
        assert not [word for word in parts if word.lower().encode() in held]
    assert "TR 2.0 s, 32 channels." in (out / "notes.txt").read_text()
    datasets = [pydicom.dcmread(path) for path in sorted(out.rglob("*.dcm"))]
    images = [one for one in datasets if one.Modality == "MR"]
    assert len({one.SeriesInstanceUID for one in images}) == 1
    assert len({one.PatientID for one in datasets}) == 1
    assert {float(one.RepetitionTime) for one in images} == {2000.0}
    (sr,) = [one for one in datasets if one.Modality == "SR"]
    items = list(sr.ContentSequence)
    assert [str(item.MeasuredValueSequence[0].NumericValue) for item in items if item.ValueType == "NUM"] == [
        "4.2"
    ]
    assert sr.CurrentRequestedProcedureEvidenceSequence[0].StudyInstanceUID == sr.StudyInstanceUID


def test_where_a_copy_may_not_go(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with pytest.raises(BadInput, match="no files"):
        clean_folder(tmp_path / "raw", tmp_path / "out")
    (tmp_path / "raw" / "a.txt").write_text("x")
    with pytest.raises(BadInput, match="outside"):
        clean_folder(tmp_path / "raw", tmp_path / "raw" / "out")
    with pytest.raises(BadInput, match="empty folder"):
        clean_folder(tmp_path / "raw", tmp_path / "raw")
    with pytest.raises(BadInput, match="no such folder"):
        clean_folder(tmp_path / "none", tmp_path / "out")

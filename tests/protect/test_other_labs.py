"""What the files of other labs brought: rarer headers, odd tables, numbers that are no names, and files nobody can read."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commissure.model import Severity
from commissure.protect.survey import check_exposure
from commissure.testing.dicom_series import PERSON, write_dicom
from commissure.testing.signals import planted, write_fif
from commissure.workflows.clean_folder import CleanReport, clean_folder


def errors(report: CleanReport) -> list[str]:
    return [f"{one.check}: {one.message}" for one in report.findings if one.severity is Severity.ERROR]


def write_nifti2(path: Path) -> Any:
    nibabel = pytest.importorskip("nibabel")
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = nibabel.Nifti2Image(voxels, np.diag([2.0, 2.0, 3.0, 1.0]))
    image.header["descrip"] = b"scan of Zephyrine Quilter 2019-08-07"
    image.header["aux_file"] = b"/home/fabernathy/x"
    image.to_filename(path)
    return voxels


@pytest.mark.parametrize("name", ["sub-01_T2w.nii", "sub-01_T2w.nii.gz"])
def test_a_nifti_2_is_cleaned_like_a_nifti_1(name: str, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    voxels = write_nifti2(raw / name)
    assert {one.check for one in check_exposure(raw)} >= {"protect.exposed.date"}
    report = clean_folder(raw, out)
    (made,) = [path for path in out.rglob("*") if path.is_file()]
    image = nibabel.load(made)
    np.testing.assert_array_equal(np.asarray(image.dataobj), voxels)
    np.testing.assert_array_equal(image.affine, np.diag([2.0, 2.0, 3.0, 1.0]))
    data = gzip.decompress(made.read_bytes()) if made.suffix == ".gz" else made.read_bytes()
    assert b"2019" not in data
    assert b"fabernathy" not in data
    assert report.removed["path"] >= 1
    assert check_exposure(out) == ()


def test_a_cifti_keeps_its_geometry_and_loses_what_programs_noted(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    axes = nibabel.cifti2.cifti2_axes
    surface = axes.BrainModelAxis.from_mask(np.ones(5, dtype=bool), name="CORTEX_LEFT")
    values = np.arange(15, dtype=np.float32).reshape(3, 5)
    image = nibabel.Cifti2Image(values, header=(axes.SeriesAxis(0, 0.8, 3), surface))
    note = "wb_command -x /home/fabernathy/quilter.nii on 2019-08-07"
    image.header.matrix.metadata = nibabel.cifti2.Cifti2MetaData({"Provenance": note})
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    image.to_filename(raw / "rest.dtseries.nii")
    report = clean_folder(raw, out)
    assert errors(report) == []
    (made,) = [path for path in out.rglob("*") if path.is_file()]
    again = nibabel.load(made)
    np.testing.assert_array_equal(np.asarray(again.dataobj), values)
    assert again.header.get_axis(0).step == pytest.approx(0.8)
    assert list(again.header.get_axis(1).vertex) == [0, 1, 2, 3, 4]
    said = again.header.matrix.metadata["Provenance"]
    assert "wb_command" in said
    for gone in ("fabernathy", "2019-08-07"):
        assert gone not in said


def test_short_numbers_and_words_of_the_standard_are_nobodys_id(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    raw, out = tmp_path / "raw", tmp_path / "out"
    series = write_dicom(raw, volumes=1, person={**PERSON, "StudyID": "1", "AccessionNumber": "2"})
    for path in series.files:
        one = pydicom.dcmread(path)
        one.PatientIdentityRemoved, one.SeriesNumber = "YES", 1
        one.save_as(path)
    report = clean_folder(raw, out)
    assert errors(report) == []
    assert report.written == len(series.files)
    assert {pydicom.dcmread(path).SeriesNumber for path in out.rglob("*.dcm")} == {1}


def test_a_phantoms_birthday_is_its_day_of_study(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_dicom(raw, volumes=1, person={**PERSON, "PatientBirthDate": PERSON["StudyDate"]})
    assert errors(clean_folder(raw, out)) == []
    days = {pydicom.dcmread(path).StudyDate for path in out.rglob("*.dcm")}
    assert len(days) == 1
    (day,) = days
    assert day.isdigit()
    assert len(day) == 8
    assert day != PERSON["StudyDate"]


def test_unpacking_pixels_gives_no_new_random_uid(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    raw = tmp_path / "raw"
    path = write_dicom(raw, volumes=1).files[0]
    for other in sorted(raw.iterdir())[1:]:
        other.unlink()
    one = pydicom.dcmread(path)
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    one.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    one.save_as(path)
    made = []
    for name in ("a", "b"):
        report = clean_folder(raw, tmp_path / name, secret=lambda _: bytes(32))
        assert errors(report) == []
        assert [finding.check for finding in report.findings] == ["protect.burned_in_none"]
        (copy,) = list((tmp_path / name).rglob("*.dcm"))
        clean = pydicom.dcmread(copy)
        assert clean.SOPInstanceUID == clean.file_meta.MediaStorageSOPInstanceUID
        made.append(copy.read_bytes())
    assert made[0] == made[1]


def test_one_file_that_nobody_can_read_does_not_end_the_rest(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    h5py = pytest.importorskip("h5py")
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    with h5py.File(raw / "wide.nwb", "w") as file:
        wide = h5py.h5t.STD_U64LE.copy()
        wide.set_size(16)  # an integer of 128 bits, which numpy does not have
        h5py.h5d.create(file.id, b"count", wide, h5py.h5s.create(h5py.h5s.SCALAR))
    (raw / "macintosh.csv").write_bytes(b"trial,rt\r1,0.52\r2,0.61\r")
    (raw / "quoted.csv").write_bytes(b'a,b\n"' + b"x" * 140_000 + b'",1\n')
    (raw / "empty.nii").write_bytes(b"")
    report = clean_folder(raw, out)
    assert (report.written, report.kept_back) == (1, 3)
    assert (out / "macintosh.csv").read_text() == "trial,rt\n1,0.52\n2,0.61\n"
    assert {finding.check for finding in report.findings} == {"protect.failed"}
    assert "protect.unscanned" in {finding.check for finding in check_exposure(raw)}
    assert capfd.readouterr().err == ""


def test_a_dicomdir_is_said_to_be_one(tmp_path: Path) -> None:
    fileset = pytest.importorskip("pydicom.fileset")
    raw = tmp_path / "raw"
    path = write_dicom(raw / "x", volumes=1, person={**PERSON, "StudyID": "1", "SeriesNumber": "1"}).files[0]
    made = fileset.FileSet()
    made.add(path)
    made.write(tmp_path / "cd")
    report = clean_folder(tmp_path / "cd", tmp_path / "out")
    (said,) = errors(report)
    assert "DICOMDIR" in said


def test_a_packed_fif_is_cleaned_and_packed_again(tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    truth = planted(rng=np.random.default_rng(4))
    path = write_fif(raw, truth)
    (raw / "rest_raw.fif.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert "protect.exposed.name" in {one.check for one in check_exposure(raw)}
    report = clean_folder(raw, out, secret=lambda _: bytes(32))
    assert errors(report) == []
    (made,) = [one for one in out.rglob("*") if one.is_file()]
    data = gzip.decompress(made.read_bytes())
    for value in (truth.identifiers["operator"], *truth.identifiers["name"].split(" ")):
        assert value.encode() not in data
    again = mne.io.read_raw_fif(made, verbose="ERROR")
    assert again.ch_names == list(truth.names)
    assert again.info["sfreq"] == truth.rate_hz


@pytest.mark.parametrize(("name", "kept"), [("MRN774193-190807", False), ("baseline_run", True)])
def test_an_nwb_file_named_by_its_own_identifier_gets_a_token(name: str, kept: bool, tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    file = pynwb.NWBFile("a session", "MRN774193-190807", datetime(2019, 8, 7, 10, tzinfo=UTC))
    with pynwb.NWBHDF5IO(raw / f"{name}.nwb", "w") as io:
        io.write(file)
    assert errors(clean_folder(raw, out)) == []
    (made,) = [path for path in out.rglob("*") if path.is_file()]
    assert (made.name == f"{name}.nwb") is kept
    assert made.suffix == ".nwb"
    assert b"MRN774193" not in made.name.encode() + made.read_bytes()

"""`protect clean` takes faces off heads in DICOM, or keeps the whole series back."""

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

from commissure.annotate.face import check_face
from commissure.formats.dicom_volume import find_stacks, read_stack
from commissure.model import About, Image, Severity, Subject
from commissure.testing.dicom_head import write_dicom_head
from commissure.testing.dicom_series import write_dicom
from commissure.testing.faces import planted_ct, planted_head
from commissure.testing.images import head
from commissure.workflows.clean_folder import clean_folder
from commissure.workflows.scan_folder import scan_folder


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def shows_face(folder: Path) -> bool:
    (stack,) = find_stacks(files_in(folder))
    image = Image(read_stack(stack), stack.affine_mm, About("anat", Subject("")))
    return check_face(image, upright=True) is not None


def test_slices_are_stacked_by_their_places_not_their_names(tmp_path: Path) -> None:
    volume, affine = head()
    volume = np.round(volume + np.arange(volume.shape[0])[:, None, None])
    write_dicom_head(tmp_path, volume, affine_mm=affine)
    (stack,) = find_stacks(files_in(tmp_path))
    values = read_stack(stack)
    place = np.linalg.inv(affine) @ stack.affine_mm
    for index in ((0, 0, 0), (3, 7, 11), (60, 80, 40)):
        x, y, z = np.rint(place @ [*index, 1])[:3].astype(int)
        assert values[index] == volume[x, y, z]


def test_without_deepbet_a_series_stays_back_whole_with_one_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepbet", None)
    volume, affine = head()
    count = len(write_dicom_head(tmp_path / "raw" / "t1", volume, affine_mm=affine))
    write_dicom(tmp_path / "raw" / "epi", volumes=1)
    cut, _ = head(face=False)
    write_dicom_head(tmp_path / "raw" / "cut", cut, affine_mm=affine, series=2)
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back, report.faces_defaced) == (9 + count, count, 0)
    assert {path.parent.name for path in files_in(tmp_path / "out")} == {"epi", "cut"}
    (finding,) = (one for one in report.findings if one.severity is Severity.ERROR)
    assert finding.check == "protect.face" and f"{count} DICOM files" in finding.message
    assert "commissure share" in finding.remedy and "pip install" in finding.message


def test_a_ct_in_dicom_loses_its_face_and_keeps_its_brain(tmp_path: Path) -> None:
    made = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    units = np.round(planted_ct(made, rng=np.random.default_rng(2)))
    raw, out = tmp_path / "raw", tmp_path / "out"
    files = write_dicom_head(raw / "ct", units, affine_mm=made.affine_mm, modality="CT", description="head")
    report = clean_folder(raw, out)
    assert (report.written, report.kept_back, report.faces_defaced) == (len(files), 0, 1), report.findings
    assert shows_face(raw) and not shows_face(out)
    (whole,), (cut,) = find_stacks(files_in(raw)), find_stacks(files_in(out))
    before, after = read_stack(whole), read_stack(cut)
    brain = made.brain[::-1, ::-1, ::-1].transpose(1, 2, 0)  # as (column, row, plane)
    if whole.affine_mm[0, 2] > 0:
        brain = brain[:, :, ::-1]
    assert (before[brain] > -200).all() and np.array_equal(before[brain], after[brain])
    changed = before != after
    assert changed.sum() > 10_000 and set(after[changed]) == {before.min()}


@pytest.mark.parametrize("layout", ["classic", "enhanced"])
def test_frames_are_stacked_as_slices_are(layout: str, tmp_path: Path) -> None:
    planted = write_dicom(tmp_path, volumes=2, layout=layout)
    (stack,) = find_stacks(files_in(tmp_path))
    assert np.array_equal(read_stack(stack, repeat=0), planted.voxels[..., 0])
    assert np.array_equal(read_stack(stack, repeat=-1), planted.voxels[..., 1])
    assert np.allclose(np.diag(stack.affine_mm)[:3], np.array([-1, -1, 1]) * planted.zooms_mm)


def test_slices_without_a_place_stay_back(tmp_path: Path) -> None:
    volume, affine = head()
    files = write_dicom_head(tmp_path / "raw", volume, affine_mm=affine)
    for path in files:
        dataset = pydicom.dcmread(path)
        del dataset.ImagePositionPatient
        dataset.save_as(path)
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back) == (0, len(files))
    assert (
        "ImagePositionPatient" in next(one for one in report.findings if one.check == "protect.face").message
    )


def test_compressed_pixels_stay_back(tmp_path: Path) -> None:
    made = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    units = planted_ct(made, rng=np.random.default_rng(2))
    files = write_dicom_head(tmp_path / "raw", units, affine_mm=made.affine_mm, modality="CT")
    for path in files:
        dataset = pydicom.dcmread(path)
        dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back) == (0, len(files))
    (finding,) = (one for one in report.findings if one.check == "protect.face")
    assert "compressed" in finding.message


@pytest.mark.slow
def test_a_t1_in_dicom_and_the_flair_of_its_study_lose_their_faces(tmp_path: Path) -> None:
    pytest.importorskip("deepbet")
    person = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    raw, out = tmp_path / "raw", tmp_path / "out"
    other = np.where(person.volume > 0, 130 - person.volume, 0)
    write_dicom_head(raw / "a", person.volume, affine_mm=person.affine_mm)
    write_dicom_head(raw / "b", other, affine_mm=person.affine_mm, series=2, description="t2_flair")
    report = clean_folder(raw, out)
    assert (report.kept_back, report.faces_defaced) == (0, 2), report.findings
    assert not shows_face(out / "a") and not shows_face(out / "b")


def test_scan_warns_of_a_face_in_dicom(tmp_path: Path) -> None:
    volume, affine = head()
    write_dicom_head(tmp_path / "one", volume, affine_mm=affine)
    (face,) = (finding for finding in scan_folder(tmp_path) if finding.check == "protect.exposed.face")
    assert face.severity is Severity.WARNING and face.where.startswith("one/IM")

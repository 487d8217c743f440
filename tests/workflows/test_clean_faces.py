"""`protect clean` takes faces off heads, or keeps the heads back; `protect scan` tells of them."""

import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.annotate.face import check_face
from commissure.model import About, Image, Severity, Subject
from commissure.testing.faces import planted_ct, planted_head
from commissure.testing.images import head
from commissure.workflows.clean_faces import contrast_of
from commissure.workflows.clean_folder import clean_folder
from commissure.workflows.scan_folder import scan_folder


def write(path: Path, volume: np.ndarray, affine: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.round(volume).astype(np.int16), affine), path)


def shows_face(path: Path) -> bool:
    native = nibabel.load(path)
    image = Image(native.dataobj, native.affine, About("anat", Subject("")))
    return check_face(image, upright=True) is not None


@pytest.mark.parametrize(
    ("name", "contrast"),
    [
        ("sub-01_T1w.nii.gz", "T1w"), ("MPRAGE.nii", "T1w"), ("x/3DT1.nii", "T1w"), ("ax_fspgr_3d.nii.gz", "T1w"),
        ("t2_space.nii.gz", "other"), ("sub-01_FLAIR.nii.gz", "other"), ("sub-01_T1map.nii.gz", ""), ("head_ct.nii", "ct"),
        ("octopus.nii", ""), ("part1.nii", ""), ("spacer.nii", ""), ("t1/scan.nii", ""),
    ],
)  # fmt: skip
def test_a_name_tells_the_contrast(name: str, contrast: str) -> None:
    assert contrast_of(name) == contrast


@pytest.mark.parametrize("name", ["anna/t1.nii.gz", "func/head.nii.gz", "anna/flair.nii"])
def test_without_deepbet_a_head_stays_back_with_its_side_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepbet", None)
    raw = tmp_path / "raw"
    write(raw / name, *head())
    (raw / name).with_name(Path(name).name.split(".")[0] + ".json").write_text('{"EchoTime": 0.003}')
    write(raw / "anna" / "cut_t1.nii.gz", *head(face=False))
    report = clean_folder(raw, tmp_path / "out")
    assert (report.written, report.kept_back, report.faces_defaced) == (1, 2, 0)
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["cut_t1.nii.gz"]
    told = {finding.check: finding for finding in report.findings}
    assert told["protect.face"].severity is Severity.ERROR
    failed = told["protect.deface.failed"]
    assert failed.severity is Severity.ERROR
    assert "commissure protect deface" in failed.remedy and "commissure share" in failed.remedy


def test_a_ct_loses_its_face_in_the_copy_and_the_raw_one_keeps_its_bytes(tmp_path: Path) -> None:
    made = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    units = np.round(planted_ct(made, rng=np.random.default_rng(2)))
    raw, out = tmp_path / "raw", tmp_path / "out"
    write(raw / "scan_ct.nii.gz", units, made.affine_mm)
    before = (raw / "scan_ct.nii.gz").read_bytes()
    report = clean_folder(raw, out)
    assert (report.written, report.kept_back, report.faces_defaced) == (1, 0, 1), report.findings
    assert shows_face(raw / "scan_ct.nii.gz") and not shows_face(out / "scan_ct.nii.gz")
    assert (raw / "scan_ct.nii.gz").read_bytes() == before
    kept = np.asarray(nibabel.load(out / "scan_ct.nii.gz").dataobj)[made.brain]
    assert np.array_equal(kept, units[made.brain].astype(np.int16))


@pytest.mark.slow
def test_the_cut_of_a_t1_serves_the_other_images_of_its_folder(tmp_path: Path) -> None:
    pytest.importorskip("deepbet")
    person = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    raw, out = tmp_path / "raw", tmp_path / "out"
    write(raw / "a" / "mprage.nii.gz", person.volume, person.affine_mm)
    write(raw / "a" / "flair.nii", np.where(person.volume > 0, 130 - person.volume, 0), person.affine_mm)
    report = clean_folder(raw, out)
    assert (report.written, report.kept_back, report.faces_defaced) == (2, 0, 2), report.findings
    assert not shows_face(out / "a" / "mprage.nii.gz") and not shows_face(out / "a" / "flair.nii")
    kept = np.asarray(nibabel.load(out / "a" / "mprage.nii.gz").dataobj)[person.brain]
    assert np.array_equal(kept, np.round(person.volume[person.brain]).astype(np.int16))


def test_an_animals_head_is_copied(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "t1.nii.gz", *head())
    report = clean_folder(tmp_path / "raw", tmp_path / "out", species="Macaca mulatta")
    assert (report.written, report.kept_back, report.faces_defaced) == (1, 0, 0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.img", nibabel.Nifti1Pair), ("a.img", nibabel.AnalyzeImage), ("a.mgz", nibabel.MGHImage)],
)
def test_scan_looks_into_pairs_and_freesurfers_volumes_and_clean_keeps_them_back(
    name: str, kind: type, tmp_path: Path
) -> None:
    volume, affine = head()
    (tmp_path / "raw").mkdir()
    nibabel.save(kind(volume.astype(np.float32), affine), tmp_path / "raw" / name)
    (tmp_path / "raw" / "disk.img").write_bytes(b"no image")
    faces = [one.where for one in scan_folder(tmp_path / "raw") if one.check == "protect.exposed.face"]
    assert faces == [name]
    clean_folder(tmp_path / "raw", tmp_path / "out")
    assert not (tmp_path / "out" / name).exists()


def test_scan_warns_of_a_face_in_any_tree(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "er" / "t1.nii.gz", *head())
    write(tmp_path / "deep" / "cut.nii.gz", *head(face=False))
    (face,) = (finding for finding in scan_folder(tmp_path) if finding.check == "protect.exposed.face")
    assert (face.severity, face.where) == (Severity.WARNING, "deep/er/t1.nii.gz")
    assert "commissure protect clean" in face.remedy

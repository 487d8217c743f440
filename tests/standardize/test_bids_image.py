"""Images as BIDS: the same voxels and geometry, the same bytes each time, valid, and a header without a past."""

import gzip
import importlib
import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.errors import BadInput, Unreadable
from commissure.formats.listing import Listing
from commissure.model import About, Image, Session, Subject
from commissure.standardize.bids_dataset import Card, write_dataset
from commissure.standardize.bids_image import write_nifti, writer
from commissure.standardize.bids_validate import validate_bids
from commissure.testing.dicom_series import PERSON, write_dicom
from commissure.testing.images import write_minc, write_nifti_head, write_parrec

CARD = Card(
    "A test",
    "Images that were made or kept to test the whole way to BIDS. " * 4,
    ("Ada L.", "Luigi G."),
    "CC0-1.0",
)
ITEMS = {
    "dcm_siemens_skyra_epi": ["fmap/sub-x_dir-AP_epi", "fmap/sub-x_dir-PA_epi"],
    "dcm_ge_mr750_epi": ["func/sub-x_task-unknown_bold"],
    "dcm_siemens_xa30": ["func/sub-x_task-fa_run-1_bold", "fmap/sub-x_magnitude1", "fmap/sub-x_magnitude2", "fmap/sub-x_phasediff"],
    "dcm_siemens_b13_phi": ["func/sub-x_task-unknown_bold"],
    "dcm_philips_studyforrest": ["func/sub-x_task-oneback_run-1_bold"],
    "nii_chris_t1_face": ["anat/sub-x_T1w"],
    "nii_uih_t1_face": ["anat/sub-x_T1w"],
    "nii_pcasl": ["perf/sub-x_asl"],
    "nii_example4d": ["anat/sub-x_T1w", "anat/sub-x_T2starw", "func/sub-x_task-unknown_run-1_bold", "func/sub-x_task-unknown_run-2_bold"],
}  # fmt: skip


def standardized(
    folder: Path, work: Path, *, formats: tuple[str, ...] = ("dicom", "nifti", "parrec", "minc")
) -> Path:
    """Read everything in ``folder`` and write it as one BIDS dataset of the subject x."""
    listing, pairs = Listing.of(folder), []
    seen: dict[str, int] = {}
    for name in formats:
        reader = importlib.import_module(f"commissure.formats.{name}").reader
        for number, source in enumerate(reader.find(listing)):
            for noun in reader.read(source, listing, scratch=work / "scratch" / name / str(number)):
                about = replace(noun.about, subject=replace(noun.about.subject, label="x"), session=Session())
                key = f"{about.suffix}{sorted(about.entities.items())}"
                seen[key] = seen.get(key, 0) + 1
                if about.suffix == "bold" and "run" not in about.entities and folder.name == "nii_example4d":
                    about = replace(about, entities={**about.entities, "run": str(seen[key])})
                pairs.append((about, writer.write(replace(noun, about=about), root=work / "bids")))
    write_dataset(work / "bids", card=CARD, written=pairs)
    return work / "bids"


def plain(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


@pytest.mark.realdata
@pytest.mark.parametrize("item", ITEMS)
def test_every_real_item_becomes_valid_bids_twice_with_the_same_bytes(
    item: str, shared: Path, tmp_path: Path
) -> None:
    first = standardized(shared / "data" / item, tmp_path / "1")
    second = standardized(shared / "data" / item, tmp_path / "2")
    names = sorted(p.relative_to(first).as_posix() for p in first.rglob("*") if p.is_file())
    assert [name for name in names if name.endswith(".nii.gz")] == sorted(
        f"sub-x/{stem}.nii.gz" for stem in ITEMS[item]
    )
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    verdict = validate_bids(first)
    assert verdict.errors == 0, [finding for finding in verdict.findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("make", "stem"),
    [
        (lambda folder: write_dicom(folder, layout="mosaic"), "func/sub-x_task-nback_run-1_bold"),
        (lambda folder: write_dicom(folder, vendor="ge"), "func/sub-x_task-nback_run-1_bold"),
        (lambda folder: write_parrec(folder), "func/sub-x_task-nback_bold"),
        (lambda folder: (folder.mkdir(), write_minc(folder / "a.mnc")), "func/sub-x_task-nback_bold"),
        (lambda folder: write_nifti_head(folder / "t1.nii.gz", face=False), "anat/sub-x_T1w"),
    ],
    ids=["mosaic", "classic", "parrec", "minc", "nifti"],
)  # fmt: skip
def test_nothing_planted_of_a_person_is_left(make: object, stem: str, tmp_path: Path) -> None:
    make(tmp_path / "raw")  # type: ignore[operator]
    root = standardized(tmp_path / "raw", tmp_path / "work")
    assert (root / f"sub-x/{stem}.nii.gz").exists()
    assert validate_bids(root).errors == 0
    words = {*(v for k, v in PERSON.items() if not k.endswith("Time")), "Quilter", "Abernathy", "fenwick"}
    for path in root.rglob("*"):
        text = (plain(path) if path.is_file() else b"") + path.name.encode()
        dates = {} if path.name.endswith("scans.tsv") else {"2019-08-07"}
        assert not [word for word in {*words, *dates} if word.lower().encode() in text.lower()], path.name


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<u2", "<f4", ">f8", "<i4", "?"])
def test_voxels_affine_and_timing_come_back(dtype: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    voxels = (rng.random((7, 6, 5, 3)) * 200).astype(dtype)
    affine = np.array([[-2.0, 0.1, 0, 90], [0.1, 2.5, 0.2, -126], [0, -0.2, 3.0, -72], [0, 0, 0, 1]])
    write_nifti(Image(voxels, affine, About("func", Subject("01")), 1.75), tmp_path / "a.nii.gz")
    native = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(np.asarray(native.dataobj), voxels)
    np.testing.assert_allclose(native.affine, affine, atol=1e-6)
    assert native.header.get_zooms()[3] == pytest.approx(1.75)
    assert native.header.get_xyzt_units() == ("mm", "sec")
    assert (tmp_path / "a.nii.gz").read_bytes()[4:8] == bytes(4)


def test_scaled_integers_stay_integers(tmp_path: Path) -> None:
    stored = np.arange(8 * 8 * 4 * 2, dtype=np.int16).reshape(8, 8, 4, 2)
    native = nibabel.Nifti1Image(stored, np.eye(4))
    native.header.set_slope_inter(0.5, 3.0)
    nibabel.save(native, tmp_path / "raw.nii")
    with (tmp_path / "raw.nii").open("r+b") as stream:
        stream.seek(112)
        stream.write(np.array([0.5, 3.0], "<f4").tobytes())
    opened = nibabel.load(tmp_path / "raw.nii")
    write_nifti(
        Image(opened.dataobj, opened.affine, About("func", Subject("01")), 2.0), tmp_path / "b.nii.gz"
    )
    back = nibabel.load(tmp_path / "b.nii.gz")
    assert back.get_data_dtype() == np.int16
    np.testing.assert_array_equal(back.dataobj.get_unscaled(), opened.dataobj.get_unscaled())
    np.testing.assert_allclose(np.asarray(back.dataobj), np.asarray(opened.dataobj))


def test_what_bids_demands_and_nobody_said_is_listed_and_ignored(tmp_path: Path) -> None:
    about = About("perf", Subject("01"), suffix="asl", sidecar={"EchoTime": 0.01})
    noun = Image(np.ones((8, 8, 8, 4), np.int16), np.diag([3.0, 3, 3, 1]), about, 4.0)
    written = writer.write(noun, root=tmp_path)
    (finding,) = written.findings
    assert "PostLabelingDelay" in finding.message
    assert "EchoTime" not in finding.message
    write_dataset(tmp_path, card=CARD, written=[(about, written)])
    assert (tmp_path / ".bidsignore").read_text() == "sub-01/perf/sub-01_asl.*\n"
    assert validate_bids(tmp_path).errors == 0


def test_complete_asl_needs_no_ignoring(tmp_path: Path) -> None:
    said = {
        "MagneticFieldStrength": 3, "MRAcquisitionType": "3D", "EchoTime": 0.01, "RepetitionTimePreparation": 4.0,
        "ArterialSpinLabelingType": "PCASL", "PostLabelingDelay": 1.8, "BackgroundSuppression": False,
        "M0Type": "Absent", "TotalAcquiredPairs": 2, "LabelingDuration": 1.8,
    }  # fmt: skip
    about = About("perf", Subject("01"), suffix="asl", sidecar=said)
    extra = {"aslcontext.tsv": "volume_type\ncontrol\nlabel\ncontrol\nlabel\n"}
    noun = Image(np.ones((8, 8, 8, 4), np.int16), np.diag([3.0, 3, 3, 1]), about, 4.0, extra)
    written = writer.write(noun, root=tmp_path)
    assert written.ignore == ()
    write_dataset(tmp_path, card=CARD, written=[(about, written)])
    assert validate_bids(tmp_path).errors == 0


def test_what_is_not_known_or_not_possible_is_refused(tmp_path: Path) -> None:
    volume = np.ones((4, 4, 4), np.int16)
    with pytest.raises(BadInput, match="datatype: and suffix:"):
        writer.write(Image(volume, np.eye(4), About("", Subject("01"))), root=tmp_path)
    with pytest.raises(BadInput, match="four dimensions and a repetition time"):
        writer.write(Image(volume, np.eye(4), About("func", Subject("01"), suffix="bold")), root=tmp_path)
    assert not list(tmp_path.rglob("*.nii.gz"))


def test_voxels_that_end_too_soon_are_unreadable(tmp_path: Path) -> None:
    path = write_nifti_head(tmp_path / "t1.nii.gz")
    opened = nibabel.load(path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(Unreadable, match="cannot be read to the end"):
        write_nifti(
            Image(opened.dataobj, opened.affine, About("anat", Subject("01"))), tmp_path / "out.nii.gz"
        )


def test_the_sidecar_keeps_repetition_and_task(tmp_path: Path) -> None:
    about = About("func", Subject("01"), entities={"task": "rest"}, suffix="bold")
    writer.write(Image(np.ones((4, 4, 4, 3), np.int16), np.eye(4), about, 2.0), root=tmp_path)
    sidecar = json.loads((tmp_path / "sub-01/func/sub-01_task-rest_bold.json").read_text())
    assert sidecar == {"RepetitionTime": 2.0, "TaskName": "rest"}

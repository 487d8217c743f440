"""DICOM pictures with text burned in: `share` blanks the letters or keeps the series back; the text is never released."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from commissure.hub import open_hub
from commissure.protect.files.burned_series import clean_series
from commissure.protect.files.ocr import find_drawn
from commissure.testing.burned_in import capture, drawn
from commissure.testing.dicom_series import PERSON, VENDORS, write_dicom
from commissure.workflows.get import get
from commissure.workflows.share import ShareReport, share

nibabel = pytest.importorskip("nibabel")
pydicom = pytest.importorskip("pydicom")
NEEDS_TESSERACT = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Debian's tesseract-ocr is not installed"
)
TEXTS = ["Quilter^Zephyrine", "MRN-7741932"]
ROOT = "1.2.826.0.1.3680043.10.1337"


def shared(raw: Path, tmp_path: Path) -> tuple[ShareReport, list[np.ndarray]]:
    """What came of a folder, and the voxels of every image released."""
    hub, now = open_hub(tmp_path / "hub"), datetime.now(UTC)
    report, out = share(hub, raw, now=now), tmp_path / "out"
    if report.version:
        get(hub, f"{report.dataset}@{report.version}", into=out, now=now)
    assert not [path for path in out.rglob("*") if path.suffix in {".dcm", ".nii", ".png", ".jpg"}]
    return report, [np.asarray(nibabel.load(path).dataobj) for path in sorted(out.rglob("*.nii.gz"))]


def write_slices(
    folder: Path, texts: list[str], *, protocol: str = "func-bold_task-rest", **fields: object
) -> np.ndarray:
    """Slices of a functional series (2 volumes of 2) with letters over them; gives where letters stand in all."""
    folder.mkdir(parents=True)
    maker = write_dicom(folder.parent / f"maker-{folder.name}", protocol=protocol, volumes=2)
    rng = np.random.default_rng(4)
    _, written, ink = drawn(texts, rng=rng, size_px=256, letters_px=14)
    for path in maker.files:
        dataset = pydicom.dcmread(path)
        if int(dataset.InstanceNumber) % 9 not in {1, 2}:
            continue
        dataset.Rows, dataset.Columns = written.shape
        dataset.PixelData = (written.astype("<u2") * 7).tobytes()
        for key, value in fields.items():
            setattr(dataset, key, value)
        dataset.save_as(folder / path.name, enforce_file_format=True)
    shutil.rmtree(folder.parent / f"maker-{folder.name}")
    return ink


def seen(voxels: np.ndarray, ink: np.ndarray) -> float:
    """How much of the ink still is as bright as it was drawn, in the worst slice, in whatever way that is turned."""
    bright = voxels.reshape(*voxels.shape[:2], -1) >= 7 * 235
    turned = (
        ink,
        ink.T,
        ink[::-1],
        ink[:, ::-1],
        ink.T[::-1],
        ink.T[:, ::-1],
        ink[::-1, ::-1],
        ink.T[::-1, ::-1],
    )
    return max(float(bright[..., k][mask].mean()) for k in range(bright.shape[-1]) for mask in turned)


def checks(report: ShareReport) -> list[str]:
    return sorted(f.check for f in report.findings if f.check.startswith(("protect.burned", "detect.inc")))


@pytest.mark.parametrize(
    ("modality", "end", "what"),
    [
        ("OT", "7", "secondary capture"),
        ("MR", "7.3", "secondary capture"),
        ("US", "6.1", "ultrasound image"),
        ("MR", "77.1.4", "photograph"),
    ],
)
def test_a_capture_is_kept_back_and_the_scan_goes_out(
    modality: str, end: str, what: str, tmp_path: Path
) -> None:
    planted = write_dicom(tmp_path / "raw" / "scan", layout="mosaic")
    shot = capture(TEXTS, rng=np.random.default_rng(1), person=PERSON).dataset
    shot.Modality, shot.BurnedInAnnotation = modality, "NO"  # nobody believes it
    shot.SOPClassUID = shot.file_meta.MediaStorageSOPClassUID = f"1.2.840.10008.5.1.4.1.1.{end}"
    shot.ProtocolName = shot.SeriesDescription = "T1w"
    shot.save_as(tmp_path / "raw" / "shot.dcm", enforce_file_format=True)
    report, voxels = shared(tmp_path / "raw", tmp_path)
    assert [image.shape for image in voxels] == [planted.voxels.shape]
    (finding,) = [f for f in report.findings if f.check == "detect.incomplete"]
    assert f"{what}, whose pixels may show who somebody is" in finding.message
    assert checks(report) == ["detect.incomplete"]


def test_a_capture_within_a_series_keeps_the_series_back(tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw" / "scan", layout="mosaic")
    write_dicom(tmp_path / "raw" / "other", layout="mosaic", protocol="func-bold_task-rest")
    shot = capture(TEXTS, rng=np.random.default_rng(1), person=PERSON).dataset
    shot.SeriesInstanceUID, shot.Modality = pydicom.dcmread(planted.files[0]).SeriesInstanceUID, "MR"
    shot.InstanceNumber = 99
    shot.save_as(tmp_path / "raw" / "scan" / "zz", enforce_file_format=True)
    report, voxels = shared(tmp_path / "raw", tmp_path)
    assert len(voxels) == 1
    assert checks(report) == ["protect.burned_in"]


@NEEDS_TESSERACT
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"BurnedInAnnotation": "YES"}, "declares burned-in annotations"),
        ({"ImageType": ["DERIVED", "SECONDARY", "M"]}, "a derived image with letters drawn over it"),
        ({"ImageType": ["DERIVED", "PRIMARY", "SCREEN SAVE"]}, "a screen save"),
    ],
)
def test_letters_over_a_scan_are_blanked(fields: dict[str, object], told: str, tmp_path: Path) -> None:
    ink = write_slices(tmp_path / "raw" / "a", TEXTS, **fields)
    report, voxels = shared(tmp_path / "raw", tmp_path)
    assert all(seen(image, ink) < 0.01 for image in voxels)
    (finding,) = [f for f in report.findings if f.check.startswith("protect.burned_in")]
    assert finding.check == "protect.burned_in_blanked"
    assert told in finding.message
    assert report.identifiers_removed["burned_in"] >= 4
    assert [image.shape for image in voxels] == [(256, 256, 2, 2)]


def test_what_is_planted_would_be_seen(tmp_path: Path) -> None:
    ink = write_slices(tmp_path / "raw" / "a", TEXTS)
    _, voxels = shared(tmp_path / "raw", tmp_path)
    assert [seen(image, ink) > 0.2 for image in voxels] == [True]


def test_without_a_reader_the_series_is_kept_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commissure.protect.files.burned_in.has_tesseract", lambda: False)
    write_slices(tmp_path / "raw" / "a", TEXTS, BurnedInAnnotation="YES")
    report, voxels = shared(tmp_path / "raw", tmp_path)
    assert voxels == []
    (finding,) = [f for f in report.findings if f.check == "protect.burned_in"]
    assert "tesseract" in finding.message
    assert not report.version


def test_letters_in_one_file_of_a_derived_series_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commissure.protect.files.burned_in.has_tesseract", lambda: False)
    write_slices(tmp_path / "raw" / "a", TEXTS, ImageType=["DERIVED", "SECONDARY"])
    lettered = sorted((tmp_path / "raw" / "a").iterdir())[0]
    files = write_dicom(tmp_path / "raw" / "b", volumes=1).files
    for path in files:
        dataset = pydicom.dcmread(path)
        dataset.ImageType = ["DERIVED", "SECONDARY"]
        dataset.save_as(path, enforce_file_format=True)
    shutil.copy(lettered, files[4])
    (finding,) = clean_series(files, folder=tmp_path / "clean").findings
    assert finding.check == "protect.burned_in"
    assert "a derived image with letters drawn over it" in finding.message


def test_overlay_planes_go_also_out_of_unused_bits(tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw", volumes=1)
    for path in planted.files:
        dataset = pydicom.dcmread(path)
        values = np.frombuffer(dataset.PixelData, "<u2") & 0x0FFF
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = (values | 0x8000).astype("<u2").tobytes()
        dataset.add_new(0x60000010, "US", dataset.Rows)
        dataset.add_new(0x60000011, "US", dataset.Columns)
        dataset.add_new(0x60000102, "US", 15)
        dataset.add_new(0x60020022, "LO", TEXTS[0])
        dataset.add_new(0x60023000, "OW", bytes([255] * 60))
        dataset.save_as(path, enforce_file_format=True)
    safe = clean_series(planted.files, folder=tmp_path / "clean")
    assert list(safe.copies) == list(planted.files)
    assert (safe.blanked, [finding.check for finding in safe.findings]) == (18, ["protect.burned_in_blanked"])
    for z, path in enumerate(planted.files):
        clean = pydicom.dcmread(safe.copies[path])
        assert not [element for element in clean if element.tag.group & 0xFF00 == 0x6000]
        stored = np.frombuffer(clean.PixelData, "<u2").reshape(clean.Rows, clean.Columns)
        np.testing.assert_array_equal(stored, planted.voxels[:, :, z].T & 0x0FFF)


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_a_series_that_shows_nothing_is_left_as_it_is(vendor: str, tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw", vendor=vendor, volumes=1)
    assert clean_series(planted.files, folder=tmp_path / "clean").copies == {}
    for path in planted.files:
        dataset = pydicom.dcmread(path)
        dataset.ImageType = ["DERIVED", "SECONDARY"]
        dataset.save_as(path, enforce_file_format=True)
    safe = clean_series(planted.files, folder=tmp_path / "clean")
    assert (safe.copies, safe.findings) == ({}, ())


@pytest.mark.parametrize("seed", range(6))
def test_drawn_letters_are_told_from_anatomy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain, written, _ = drawn(TEXTS, rng=rng, size_px=256)
    assert find_drawn(written.astype(np.uint16) * 7)
    assert not find_drawn(plain)

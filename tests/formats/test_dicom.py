"""DICOM: every voxel lands where the header says, of every vendor and layout, and no identifier goes along."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissure.errors import CommissureError, Unreadable
from commissure.formats.detect import detect
from commissure.formats.dicom import reader
from commissure.formats.dicom_header import looks_like_dicom, mark_of
from commissure.formats.listing import Listing
from commissure.model import Image
from commissure.testing.dicom_series import PERSON, PlantedSeries, write_dicom

LAYOUTS = [
    ("siemens", "classic"), ("siemens", "mosaic"), ("ge", "classic"), ("philips", "classic"),
    ("philips", "enhanced"), ("uih", "classic"), ("canon", "classic"),
]  # fmt: skip


def read(folder: Path, scratch: Path) -> list[Image]:
    listing = Listing.of(folder)
    images = []
    for number, source in enumerate(reader.find(listing)):
        images += [
            noun
            for noun in reader.read(source, listing, scratch=scratch / str(number))
            if isinstance(noun, Image)
        ]
    return images


def sampled(image: Image, planted: PlantedSeries) -> np.ndarray:
    """The image's values at the places where the planted voxels lie, through its affine."""
    x, y, z = np.indices(planted.voxels.shape[:3])
    lps = np.stack([-36.0 + 3.0 * x, -30.0 + 3.0 * y, -20.0 + 3.5 * z, np.ones(x.shape)])
    ras = lps * np.array([-1.0, -1.0, 1.0, 1.0])[:, None, None, None]
    index = np.rint(np.einsum("ij,jxyz->ixyz", np.linalg.inv(image.affine_mm), ras)).astype(int)
    return np.asarray(image.array)[index[0], index[1], index[2]]


@pytest.mark.parametrize(("vendor", "layout"), LAYOUTS)
def test_every_voxel_lies_where_the_header_says(vendor: str, layout: str, tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw", vendor=vendor, layout=layout)
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    np.testing.assert_array_equal(sampled(image, planted), planted.voxels)
    assert image.repetition_s == pytest.approx(2.0, abs=1e-3)
    assert image.about.sidecar["EchoTime"] == pytest.approx(0.03)
    assert (image.about.datatype, image.about.suffix) == ("func", "bold")
    assert dict(image.about.entities) == {"task": "nback", "run": "1"}
    assert image.about.subject.sex == "F"
    assert image.about.subject.age_years == 57.0


def test_identifiers_are_told_and_stay_out_of_the_sidecar(tmp_path: Path) -> None:
    write_dicom(tmp_path / "raw", layout="mosaic")
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    told = {identifier.value for identifier in image.about.identifiers}
    assert set(PERSON.values()) - {v for k, v in PERSON.items() if k.endswith("Time")} <= told
    text = json.dumps(dict(image.about.sidecar)).lower()
    assert not [value for value in PERSON.values() if value.lower() in text]
    assert image.about.start is not None
    assert image.about.start.isoformat() == "2019-08-07T10:13:14.500000"


def test_series_that_share_a_folder_and_files_left_out_stay_apart(tmp_path: Path) -> None:
    write_dicom(tmp_path / "raw", layout="mosaic", protocol="func-bold_task-rest")
    second = write_dicom(
        tmp_path / "other", layout="mosaic", vendor="siemens", protocol="func-bold_task-nback"
    )
    for path in second.files:
        shutil.copy(path, tmp_path / "raw" / f"second-{path.name}")
    tasks = sorted(image.about.entities["task"] for image in read(tmp_path / "raw", tmp_path / "scratch"))
    assert tasks == ["nback", "rest"]
    listing = Listing.of(tmp_path / "raw")
    kept = replace(listing, files=tuple(e for e in listing.files if not e.name.startswith("second-")))
    (source,) = reader.find(kept)
    (image,) = reader.read(source, kept, scratch=tmp_path / "again")
    assert (image.about.entities["task"], image.array.shape[3]) == ("rest", 3)


def test_a_series_with_a_missing_slice_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    whole = write_dicom(tmp_path / "raw" / "a")
    write_dicom(tmp_path / "raw" / "b", protocol="func-bold_task-rest").files[12].unlink()
    listing = Listing.of(tmp_path / "raw")
    first, second = reader.find(listing)
    (image,) = reader.read(first, listing, scratch=tmp_path / "1")
    np.testing.assert_array_equal(sampled(image, whole), whole.voxels)
    with pytest.raises(Unreadable, match="slices of some volumes are missing"):
        reader.read(second, listing, scratch=tmp_path / "2")


def test_a_series_with_missing_volumes_is_read_and_the_gap_is_told(tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw", layout="mosaic", volumes=5)
    planted.files[2].unlink()
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    assert image.array.shape[3] == 4
    assert any(
        f.check == "image.missing" and f.message.startswith("1 instance") for f in image.about.findings
    )


def test_files_that_are_cut_short_are_unreadable(tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw", layout="mosaic", volumes=1)
    data = planted.files[0].read_bytes()
    planted.files[0].write_bytes(data[: len(data) // 2])
    with pytest.raises(Unreadable, match="cut short"):
        read(tmp_path / "raw", tmp_path / "scratch")


def test_a_report_is_named_and_not_converted(tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw", layout="mosaic", volumes=1)
    report = pydicom.dcmread(planted.files[0])
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    report.SeriesInstanceUID += ".9"
    report.Modality = "SR"
    report.save_as(tmp_path / "raw" / "report")
    found = detect(Listing.of(tmp_path / "raw"), [("dicom", reader)])
    assert [source.complete for source in found.sources].count(False) == 1
    assert any("structured report" in finding.message for finding in found.findings)


def test_a_file_without_preamble_and_extension_is_known(tmp_path: Path) -> None:
    planted = write_dicom(tmp_path / "raw", layout="mosaic", volumes=1)
    bare = planted.files[0].read_bytes()[132:]
    start = bare.index(b"\x08\x00\x08\x00")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "0001").write_bytes(bare[start:])
    assert looks_like_dicom(bare[start : start + 132])
    assert mark_of(tmp_path / "bare" / "0001") == mark_of(planted.files[0])


def test_localizers_and_derived_images_have_no_datatype_and_say_why(tmp_path: Path) -> None:
    write_dicom(tmp_path / "raw", protocol="AAHead_Scout localizer", volumes=1)
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    assert image.about.datatype == ""
    assert "localizer" in next(fact.where for fact in image.about.facts if fact.key == "datatype")


def test_events_beside_are_kept_as_far_as_the_run_goes(tmp_path: Path) -> None:
    write_dicom(tmp_path / "raw" / "dicoms")
    table = "onset\tduration\ttrial_type\tstim_file\n1.0\t0.5\tface\ta/b.png\n5.5\t0.5\thouse\ta/c.png\n7.0\t1\tlate\tx\n"
    (tmp_path / "raw" / "events.tsv").write_text(table)
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    lines = image.extra["events.tsv"].splitlines()
    assert lines == [
        "onset\tduration\ttrial_type\tstimulus",
        "1.0\t0.5\tface\tb.png",
        "5.5\t0.5\thouse\tc.png",
    ]
    assert any("1 of 3 events" in finding.message for finding in image.about.findings)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=300).map(lambda tail: bytes(128) + b"DICM" + tail),
        st.binary(max_size=300).map(lambda tail: b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100" + tail),
    )
)
def test_detection_never_raises(head: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "fuzz"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "file").write_bytes(head + bytes(140))
    listing = Listing.of(folder)
    for source in reader.find(listing):
        assert source.files == ("file",)
        with pytest.raises(CommissureError):
            reader.read(source, listing, scratch=tmp_path / "scratch" / str(abs(hash(head))))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("item", "shapes"),
    [
        ("dcm_siemens_skyra_epi", [(72, 72, 5, 2), (72, 72, 5, 2)]),
        ("dcm_ge_mr750_epi", [(64, 64, 15, 10)]),
        ("dcm_siemens_xa30", [(64, 64, 33, 8), (64, 64, 33), (64, 64, 33), (64, 64, 33)]),
        ("dcm_siemens_b13_phi", [(64, 64, 36, 3)]),
        ("dcm_philips_studyforrest", [(80, 80, 35, 10)]),
    ],
)
def test_a_real_series_keeps_its_physics(
    item: str, shapes: list[tuple[int, ...]], shared: Path, tmp_path: Path
) -> None:
    images = read(shared / "data" / item, tmp_path)
    assert [image.array.shape for image in images] == shapes
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in _files(shared / "data" / item)]
    for image in images:
        first = next(
            h for h in headers if abs(_echo_s(h) - float(str(image.about.sidecar["EchoTime"]))) < 1e-6
        )
        assert image.repetition_s == pytest.approx(_tr_s(first), abs=1e-4)
        spacing = np.sqrt((image.affine_mm[:3, :3] ** 2).sum(axis=0))
        assert spacing[:2] == pytest.approx(_spacing(first), abs=1e-3)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("item", "scale"), [("dcm_ge_mr750_epi", 1.0), ("dcm_philips_studyforrest", 1.0 / 0.0132383)]
)
def test_real_slices_lie_where_their_headers_say(
    item: str, scale: float, shared: Path, tmp_path: Path
) -> None:
    (image,) = read(shared / "data" / item, tmp_path)
    values = np.asarray(image.array)
    for path in _files(shared / "data" / item)[::37]:
        header = pydicom.dcmread(path)
        step = float(header.PixelSpacing[0])
        step = float(header.PixelSpacing[0])
        row, column = (
            np.array(header.ImageOrientationPatient[:3]),
            np.array(header.ImageOrientationPatient[3:]),
        )
        for i, j in ((10, 20), (40, 33), (57, 5)):
            lps = np.array(header.ImagePositionPatient) + step * (i * row + j * column)
            index = np.linalg.inv(image.affine_mm) @ [-lps[0], -lps[1], lps[2], 1.0]
            assert np.abs(index - np.rint(index)).max() < 0.02
            x, y, z = np.rint(index[:3]).astype(int)
            wanted = float(header.pixel_array[j, i]) * scale
            assert np.abs(values[x, y, z] - wanted).min() <= 0.01 * scale + 1e-3 * wanted


def _files(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.rglob("*") if p.is_file() and mark_of(p) and looks_like_dicom(p.read_bytes()[:132])
    )


def _find(header: pydicom.Dataset, keyword: str) -> float:
    if keyword in header:
        value = header[keyword].value
        return float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)
    return float(next(e.value for e in header.iterall() if e.keyword == keyword))


def _echo_s(header: pydicom.Dataset) -> float:
    return _find(header, "EchoTime" if "EchoTime" in header else "EffectiveEchoTime") / 1000.0


def _tr_s(header: pydicom.Dataset) -> float:
    return _find(header, "RepetitionTime") / 1000.0


def _spacing(header: pydicom.Dataset) -> list[float]:
    return [float(v) for v in next(e.value for e in header.iterall() if e.keyword == "PixelSpacing")]

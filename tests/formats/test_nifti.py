"""NIfTI: known by content, whole or refused, its kind told only as far as something tells it."""

import gzip
import json
import logging
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissure.errors import CommissureError, Unreadable
from commissure.formats.image_native import seconds_of
from commissure.formats.listing import Listing
from commissure.formats.nifti import reader
from commissure.model import Image
from commissure.testing.images import head, write_nifti_head


def read(folder: Path, scratch: Path) -> list[Image]:
    listing = Listing.of(folder)
    found = [source for source in reader.find(listing) if source.complete]
    return [
        noun
        for source in found
        for noun in reader.read(source, listing, scratch=scratch)
        if isinstance(noun, Image)
    ]


def save(
    path: Path, data: np.ndarray, *, zooms: tuple[float, ...] = (3.0, 3.0, 3.0), unit: str = "sec"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(data, np.diag([*zooms[:3], 1.0]))
    image.header.set_zooms(zooms[: data.ndim])
    image.header.set_xyzt_units("mm", unit)
    nibabel.save(image, path)
    return path


def test_a_file_is_known_by_its_bytes_whatever_it_is_called(tmp_path: Path) -> None:
    write_nifti_head(tmp_path / "raw" / "t1.nii.gz")
    (tmp_path / "raw" / "t1.nii.gz").rename(tmp_path / "raw" / "mprage.dat")
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    np.testing.assert_array_equal(np.asarray(image.array), head()[0])
    assert (image.about.datatype, image.about.suffix) == ("anat", "T1w")


def test_the_header_tells_identifiers(tmp_path: Path) -> None:
    write_nifti_head(tmp_path / "raw" / "t1.nii.gz")
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    told = {identifier.value for identifier in image.about.identifiers}
    assert {"Quilter Zephyrine 1962", "/home/fenwick/q.nii", "scanned by Abernathy"} <= told


def test_the_json_beside_wins_and_its_identifiers_are_told(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "scan.nii.gz", np.ones((8, 8, 8, 5), np.int16), zooms=(3, 3, 3, 9.0))
    fields = {
        "RepetitionTime": 1.5,
        "EchoTime": 0.03,
        "ScanningSequence": "EP",
        "InstitutionName": "Northmoor Infirmary",
    }
    (tmp_path / "raw" / "scan.json").write_text(json.dumps(fields))
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    assert image.repetition_s == 1.5
    assert "InstitutionName" not in image.about.sidecar
    assert ("institution", "Northmoor Infirmary") in {(i.category, i.value) for i in image.about.identifiers}


def test_gradients_beside_make_it_diffusion(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "x.nii.gz", np.ones((8, 8, 8, 3), np.int16), zooms=(2, 2, 2, 5.0))
    (tmp_path / "raw" / "x.bval").write_text("0 1000 1000\n")
    (tmp_path / "raw" / "x.bvec").write_text("0 1 0\n0 0 1\n0 0 0\n")
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    assert image.about.suffix == "dwi"
    assert set(image.extra) == {"bval", "bvec"}


@pytest.mark.parametrize(("packed", "said"), [(False, "cut short"), (True, None)])
def test_a_file_cut_short_is_said(packed: bool, said: str | None, tmp_path: Path) -> None:
    path = write_nifti_head(tmp_path / "raw" / ("t1.nii.gz" if packed else "t1.nii"))
    path.write_bytes(path.read_bytes()[:-5000])
    listing = Listing.of(tmp_path / "raw")
    (source,) = reader.find(listing)
    if said:
        assert not source.complete
        assert said in source.note
    else:
        with pytest.raises(Unreadable, match="cut short"):
            reader.read(source, listing, scratch=tmp_path)


@pytest.mark.parametrize(
    ("name", "shape", "zooms", "kind"),
    [
        ("sub-07_task-rest_bold", (8, 8, 8, 6), (3, 3, 3, 2.0), ("func", "bold")),
        ("epi_run1", (8, 8, 8, 6), (3, 3, 3, 2000.0), ("func", "bold")),
        ("pcasl", (8, 8, 8, 6), (3, 3, 3, 4.0), ("perf", "asl")),
        ("flair_3d", (8, 8, 8), (1, 1, 1), ("anat", "FLAIR")),
        ("T2_space", (8, 8, 8), (1, 1, 1), ("anat", "T2w")),
        ("whole_brain_mask", (8, 8, 8), (1, 1, 1), ("", "")),
        ("volume", (8, 8, 8), (1, 1, 1), ("", "")),
    ],
)
def test_the_kind_is_told_by_the_name(
    name: str, shape: tuple[int, ...], zooms: tuple[float, ...], kind: tuple[str, str], tmp_path: Path
) -> None:
    save(tmp_path / "raw" / f"{name}.nii.gz", np.ones(shape, np.int16), zooms=zooms)
    (image,) = read(tmp_path / "raw", tmp_path / "scratch")
    assert (image.about.datatype, image.about.suffix) == kind
    if len(shape) == 4:
        assert image.repetition_s == pytest.approx(seconds_of(zooms[3], "sec"))


def test_a_head_without_a_telling_name_is_told_by_its_fluid(tmp_path: Path) -> None:
    volume, affine = head()
    for name, inverted in (("a", False), ("b", True)):
        voxels = np.where(volume == 15, 900, volume) if inverted else volume
        (tmp_path / "raw").mkdir(exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(voxels.astype(np.int16), affine), tmp_path / "raw" / f"{name}.nii")
    first, second = read(tmp_path / "raw", tmp_path / "scratch")
    assert (first.about.suffix, second.about.suffix) == ("T1w", "T2w")
    assert {f.check for f in first.about.findings} == {"image.kind"}


def test_a_statistical_map_has_no_place(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.ones((8, 8, 8), np.float32), np.eye(4))
    image.header.set_intent("t test", (10,))
    (tmp_path / "raw").mkdir()
    nibabel.save(image, tmp_path / "raw" / "t1_result.nii")
    (read_back,) = read(tmp_path / "raw", tmp_path / "scratch")
    assert read_back.about.datatype == ""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tail=st.binary(min_size=0, max_size=600),
    start=st.sampled_from(
        [b"", (348).to_bytes(4, "little"), (348).to_bytes(4, "big"), (540).to_bytes(4, "little")]
    ),
    packed=st.booleans(),
)
def test_detection_and_reading_of_any_bytes_end_in_our_errors(
    tail: bytes, start: bytes, packed: bool, tmp_path: Path
) -> None:
    logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)
    folder = tmp_path / "fuzz"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    data = (start + tail).ljust(344, b"\x00")[:344] + b"n+1\x00" + tail
    (folder / "file").write_bytes(gzip.compress(data) if packed else data)
    listing = Listing.of(folder)
    for source in reader.find(listing):
        if source.complete:
            scratch = folder.parent / "scratch"
            shutil.rmtree(scratch, ignore_errors=True)
            try:
                reader.read(source, listing, scratch=scratch)
            except CommissureError as error:
                assert "\n" not in str(error)


@pytest.mark.realdata
@pytest.mark.parametrize("item", ["nii_chris_t1_face", "nii_pcasl", "nii_example4d"])
def test_a_real_image_keeps_shape_zooms_and_mean(item: str, shared: Path, tmp_path: Path) -> None:
    manifest = json.loads((shared / "data" / "manifest.json").read_text())
    known = next(entry for entry in manifest if entry["id"] == item)["content"]["images"]
    listing = Listing.of(shared / "data" / item)
    for source in reader.find(listing):
        (image,) = reader.read(source, listing, scratch=tmp_path)
        wanted = known[Path(source.primary).name]
        assert list(image.array.shape) == wanted["shape"]
        assert float(np.mean(np.asarray(image.array, dtype=float))) == pytest.approx(wanted["mean"], rel=1e-5)
        zooms = np.sqrt((image.affine_mm[:3, :3] ** 2).sum(axis=0))
        assert zooms == pytest.approx(wanted["zooms"][:3], abs=1e-2)
        if len(wanted["zooms"]) > 3:
            assert image.repetition_s == pytest.approx(seconds_of(wanted["zooms"][3], "sec"))

"""Faces are found in heads that show one, and in nothing else."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.annotate.face import check_face, check_tree_faces, face_prominence
from commissure.model import About, Image, Severity, Subject, Tree
from commissure.testing.images import head, write_nifti_head


def image(volume: np.ndarray, affine: np.ndarray, datatype: str = "anat") -> Image:
    return Image(volume, affine, About(datatype, Subject("01")))


@pytest.mark.parametrize("zoom_mm", [1.0, 1.6, 2.0, 2.4])
def test_a_face_is_an_error_and_a_cut_one_is_not(zoom_mm: float) -> None:
    finding = check_face(image(*head(zoom_mm=zoom_mm)))
    assert finding is not None
    assert (finding.check, finding.severity) == ("protect.face", Severity.ERROR)
    assert check_face(image(*head(face=False, zoom_mm=zoom_mm))) is None


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1), (1, -1, -1)])
def test_the_orientation_of_the_array_does_not_matter(axes: tuple[int, ...], flips: tuple[int, ...]) -> None:
    volume, affine = head()
    turn = np.array([[axes.index(i), flips[i]] for i in range(3)], dtype=float)
    turned = nibabel.orientations.apply_orientation(volume, turn)
    moved = affine @ nibabel.orientations.inv_ornt_aff(turn, volume.shape)
    assert face_prominence(turned, affine_mm=moved) == face_prominence(volume, affine_mm=affine) > 12.0


def test_brains_spheres_bottles_noise_and_air_are_no_faces() -> None:
    volume, affine = head()
    brain = np.where(volume >= 95, volume, 0)
    grid = np.mgrid[-100:100:2, -100:100:2, -100:100:2].astype(float)
    sphere = (np.sqrt((grid**2).sum(axis=0)) < 80) * 100.0
    bottle = (np.hypot(grid[0], grid[1]) < 60) * 100.0
    noise = np.random.default_rng(3).random(sphere.shape)
    flat = np.diag([2.0, 2.0, 2.0, 1.0])
    for other, where in ((brain, affine), (sphere, flat), (bottle, flat), (noise, flat), (0 * noise, flat)):
        assert check_face(image(other, where)) is None


def test_coarse_and_functional_images_are_not_looked_at() -> None:
    volume, affine = head(zoom_mm=3.0)
    assert check_face(image(volume, affine)) is None
    volume, affine = head()
    assert check_face(image(np.stack([volume] * 3, axis=3), affine, datatype="func")) is None
    # a single volume is no series of echo-planar images, whatever it is called
    assert check_face(image(volume, affine, datatype="func")) is not None


def test_faces_in_a_tree_are_named_and_what_cannot_be_read_stays_back(tmp_path: Path) -> None:
    names = (
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-02/anat/sub-02_T1w.nii.gz",
        "sub-03/anat/sub-03_T1w.nii.gz",
    )
    write_nifti_head(tmp_path / names[0])
    write_nifti_head(tmp_path / names[1], face=False)
    (tmp_path / names[2]).parent.mkdir(parents=True)
    (tmp_path / names[2]).write_bytes(b"no image")
    (tmp_path / names[0]).with_name("sub-01_T1w.json").write_text("{}")
    names += ("sub-01/anat/sub-01_T1w.json",)
    findings, files = check_tree_faces(Tree("bids", tmp_path, names, About("anat", Subject(""))))
    assert files == (names[0], names[2], names[3])
    assert {finding.check for finding in findings} == {"protect.face"}


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("path", "face"),
    [
        ("nii_chris_t1_face/chris_t1.nii.gz", True),
        ("nii_uih_t1_face/uih_t1_sub.nii.gz", True),
        ("nii_example4d/doc/source/downloads/someones_anatomy.nii.gz", False),
        ("nii_example4d/doc/source/downloads/someones_epi.nii.gz", False),
        ("nii_example4d/nibabel/tests/data/example4d.nii.gz", False),
    ],
)
def test_real_heads(path: str, face: bool, shared: Path) -> None:
    native = nibabel.load(shared / "data" / path)
    found = check_face(image(native.dataobj, native.affine))
    assert (found is not None) == face


@pytest.mark.realdata
def test_a_real_face_cut_by_a_plane_is_gone(shared: Path) -> None:
    native = nibabel.as_closest_canonical(
        nibabel.load(shared / "data" / "nii_chris_t1_face" / "chris_t1.nii.gz")
    )
    volume = np.array(native.dataobj)
    y, z = np.meshgrid(np.linspace(0, 1, volume.shape[1]), np.linspace(0, 1, volume.shape[2]), indexing="ij")
    volume[:, (y - 0.62) - 0.68 * (z - 0.10) > 0] = 0
    assert face_prominence(volume, affine_mm=native.affine) < 12.0


def test_the_template_brain_is_no_face() -> None:
    nilearn = pytest.importorskip("nilearn.datasets")
    native = nilearn.load_mni152_template(resolution=2)
    assert check_face(image(native.dataobj, native.affine)) is None


def test_a_face_is_seen_where_an_affine_puts_it_behind() -> None:
    volume, affine = head()
    finding = check_face(image(volume, np.diag([1.0, -1.0, 1.0, 1.0]) @ affine))
    assert finding is not None and "its back" in finding.message and "affine" in finding.remedy


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0), (1, 0, 2)])
def test_a_head_that_lies_on_its_side_by_its_affine_is_not_called_faceless(order: tuple[int, ...]) -> None:
    volume, affine = head()
    finding = check_face(image(volume, np.eye(4)[[*order, 3]] @ affine))
    assert finding is not None and "rather than from left to right" in finding.message

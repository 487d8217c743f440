"""Faces are found in heads that show one, and in nothing else."""

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.annotate.face import check_face, check_tree_faces, face_prominence, upright_affines_mm
from commissure.annotate.face_turned import turned_degrees
from commissure.kernels.affine import rigid_mm
from commissure.model import About, Image, Severity, Subject, Tree
from commissure.testing.faces import planted_head
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


def test_coarse_images_are_not_looked_at_and_a_series_is_whatever_it_is_called() -> None:
    volume, affine = head(zoom_mm=3.0)
    assert check_face(image(volume, affine)) is None
    volume, affine = head()
    assert check_face(image(volume, affine, datatype="func")) is not None
    # a face in any of three volumes counts
    for at in range(3):
        series = np.zeros((*volume.shape, 3), np.float32)
        series[..., at] = volume
        assert check_face(image(series, affine, datatype="func")) is not None


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


def world_turns() -> list[np.ndarray]:
    """All 24 ways to put three axes, and heads that nod, lean and look aside."""
    signs = [np.diag(each) for each in product((1.0, -1.0), repeat=3)]
    orders = [np.eye(3)[list(order)] for order in permutations(range(3))]
    right = [sign @ order for sign in signs for order in orders if np.linalg.det(sign @ order) > 0]
    angles = [
        (0.5, 0, 0),
        (-0.5, 0, 0),
        (1.05, 0, 0),
        (-1.05, 0, 0),
        (2.6, 0, 0),
        (0, 0.5, 0),
        (0, 0, 0.6),
        (0.6, 0, 0.7),
    ]
    return [*right, *(rigid_mm(np.array([*each, 0, 0, 0]), centre_mm=np.zeros(3))[:3, :3] for each in angles)]


@pytest.mark.parametrize("number", range(0, 32, 2))
def test_a_face_is_seen_wherever_a_wrong_affine_puts_it(number: int) -> None:
    volume, affine = head()
    turn = np.eye(4)
    turn[:3, :3] = world_turns()[number]
    assert check_face(image(volume, turn @ affine)) is not None


def test_the_affine_by_which_a_face_is_in_front_is_found() -> None:
    person = planted_head(np.random.default_rng(3), skull_rng=np.random.default_rng(23))
    volume, affine = person.volume, person.affine_mm
    for turn in (np.diag([1.0, -1.0, -1.0, 1.0]), np.eye(4)[[2, 0, 1, 3]]):
        found = upright_affines_mm(image(volume, turn @ affine))
        left = [one[:3, :3] @ np.linalg.inv(affine[:3, :3]) for one in found]
        assert 1 <= len(found) <= 3 and min(turned_degrees(each) for each in left) < 50.0
        middle = np.array([*((np.array(volume.shape) - 1) / 2.0), 1.0])
        np.testing.assert_allclose(found[0] @ middle, turn @ affine @ middle)
    assert upright_affines_mm(image(*head(face=False))) == ()


@pytest.mark.parametrize("thick", [0, 1, 2])
def test_a_face_shows_in_slices_of_5_mm(thick: int) -> None:
    volume, affine = head(zoom_mm=1.25)
    sliced = np.stack(
        [
            each.mean(axis=thick)
            for each in np.array_split(volume, range(4, volume.shape[thick], 4), axis=thick)
        ],
        axis=thick,
    )
    scale = np.diag([4.0 if axis == thick else 1.0 for axis in (*range(3), 3)])
    assert check_face(image(sliced, affine @ scale)) is not None


@pytest.mark.parametrize("scale", [0.001, 10.0, 1000.0])
def test_an_affine_of_another_unit_hides_no_face(scale: float) -> None:
    volume, affine = head()
    assert check_face(image(volume, np.diag([scale, scale, scale, 1.0]) @ affine)) is not None


def test_an_affine_that_is_none_is_not_called_faceless() -> None:
    volume, affine = head()
    for wrong in (np.diag([2.0, 0.0, 2.0, 1.0]), affine * np.nan):
        finding = check_face(image(volume, wrong))
        assert finding is not None and "no size or place" in finding.message


@pytest.mark.parametrize("offset", [-700.0, -90.0, 500.0])
def test_numbers_that_do_not_count_from_air_show_it_too(offset: float) -> None:
    volume, affine = head()
    assert check_face(image(volume + offset, affine)) is not None

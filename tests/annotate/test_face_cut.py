"""A part of a head that shows a face is told, whatever ends it; a part of a brain or of a defaced head is not."""

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.annotate.face import check_face
from commissure.annotate.face_cut import cut_below_height_mm, cut_side, cut_top_height_mm
from commissure.annotate.face_surface import find_outline, upright_blocks
from commissure.model import About, Image, Severity, Subject
from commissure.testing.images import head

Cut = Callable[[np.ndarray], np.ndarray]
#: of a head that fills most of its image; the last two are put to zero where they end
LOWER: dict[str, Cut] = {
    "lower half": lambda one: one[:, :, : one.shape[2] // 2],
    "lower third": lambda one: one[:, :, : one.shape[2] // 3],
    "zeros above": lambda one: np.where(np.arange(one.shape[2]) < one.shape[2] // 2, one, 0),
}
HALVES: dict[str, Cut] = {
    "left": lambda one: one[: one.shape[0] // 2],
    "right": lambda one: one[one.shape[0] // 2 :],
    "slab": lambda one: one[one.shape[0] // 2 - 20 : one.shape[0] // 2 + 20],
}
NO_FACE: dict[str, Cut] = {
    "upper half": lambda one: one[:, :, one.shape[2] // 2 :],
    "behind": lambda one: one[:, : one.shape[1] // 2],
}


def found(volume: np.ndarray, affine: np.ndarray) -> str:
    finding = check_face(Image(volume, affine, About("anat", Subject("01"))))
    assert finding is None or (finding.check, finding.severity) == ("protect.face", Severity.ERROR)
    return finding.message if finding else ""


@pytest.mark.parametrize("cut", LOWER.values(), ids=LOWER)
def test_a_face_below_a_crown_that_is_cut_off_is_seen(cut: Cut) -> None:
    volume, affine = head()
    assert found(cut(volume), affine)
    assert found(cut(volume), np.diag([1.0, -1.0, 1.0, 1.0]) @ affine)


def test_the_lower_half_of_a_defaced_head_shows_none() -> None:
    volume, affine = head(face=False)
    assert found(LOWER["lower half"](volume), affine) == ""


def test_what_is_cut_is_said_with_the_way_out() -> None:
    volume, affine = head()
    finding = check_face(Image(LOWER["lower third"](volume), affine, About("anat", Subject("01"))))
    assert finding is not None
    assert "cut above" in finding.message and "whole T1-weighted head" in finding.remedy


@pytest.mark.parametrize("cut", HALVES.values(), ids=HALVES)
def test_half_a_head_is_kept_back_and_half_a_brain_is_not(cut: Cut) -> None:
    volume, affine = head()
    assert "near its middle" in found(cut(volume), affine)
    assert found(cut(np.where(volume >= 95, volume, 0)), affine) == ""


@pytest.mark.parametrize("cut", NO_FACE.values(), ids=NO_FACE)
def test_parts_without_a_face_are_released(cut: Cut) -> None:
    volume, affine = head()
    assert found(cut(volume), affine) == ""


def test_a_whole_head_has_a_crown_and_two_sides() -> None:
    ras, step_mm, _ = upright_blocks(*head())
    whole = find_outline(ras)
    assert whole is not None
    assert (cut_top_height_mm(whole, step_mm), cut_side(whole, step_mm)) == (0.0, "")
    assert cut_top_height_mm(np.zeros_like(whole), step_mm) == 0.0


@pytest.mark.realdata
@pytest.mark.parametrize("path", ["nii_chris_t1_face/chris_t1.nii.gz", "nii_uih_t1_face/uih_t1_sub.nii.gz"])
def test_parts_of_real_heads_that_show_a_face(path: str, shared: Path) -> None:
    native = nibabel.as_closest_canonical(nibabel.load(f"{shared}/data/{path}"))
    volume, step_mm = np.asarray(native.dataobj), nibabel.affines.voxel_sizes(native.affine)
    for cut in (*LOWER.values(), *list(HALVES.values())[:2]):
        assert found(cut(volume), native.affine), path
    # slabs that hold the nose
    nose = 30 if "chris" in path else 90
    for thick_mm in (50, 77):
        bottom, top = (int((nose + side * thick_mm / 2) / step_mm[2]) for side in (-1, 1))
        assert found(volume[:, :, max(bottom, 0) : top], native.affine)
    assert found(volume[:, :, volume.shape[2] * 2 // 3 :], native.affine) == ""


@pytest.mark.realdata
def test_a_head_without_its_lower_40_percent_that_ends_in_the_nose(shared: Path) -> None:
    native = nibabel.as_closest_canonical(
        nibabel.load(shared / "data" / "nii_uih_t1_face" / "uih_t1_sub.nii.gz")
    )
    ras, step_mm, _ = upright_blocks(np.asarray(native.dataobj), native.affine)
    whole = find_outline(ras)
    assert whole is not None
    high = np.nonzero(whole.any(axis=(0, 1)))[0]
    for share, seen in ((0.6, True), (0.45, False)):
        upper = ras[:, :, int(high[-1] + 1 - share * high.size) :]
        assert ("nose" in found(upper, np.diag([*step_mm, 1.0]))) == seen
    # where the neck ends, nothing stands out
    assert cut_below_height_mm(whole[:, : whole.shape[1] // 2], step_mm) == 0.0


@pytest.mark.realdata
@pytest.mark.parametrize("path", ["someones_epi.nii.gz", "example4d.nii.gz", "pcasl.nii.gz"])
def test_slabs_of_echo_planar_images_stay_free(path: str, shared: Path) -> None:
    folder = {
        "someones_epi.nii.gz": "nii_example4d/doc/source/downloads",
        "example4d.nii.gz": "nii_example4d/nibabel/tests/data",
    }
    native = nibabel.as_closest_canonical(
        nibabel.load(f"{shared}/data/{folder.get(path, 'nii_pcasl')}/{path}")
    )
    volume = np.asarray(native.dataobj).reshape(*native.shape[:3], -1)[..., 0]
    for cut in (lambda one: one, *LOWER.values(), *HALVES.values()):
        # most of their voxels are too large for a face to be looked for: here it is, all the same
        ras, step_mm, _ = upright_blocks(cut(volume), native.affine)
        piece = find_outline(ras)
        assert piece is None or (cut_top_height_mm(piece, step_mm) < 12.0 and cut_side(piece, step_mm) == "")

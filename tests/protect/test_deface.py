"""Defacing keeps every planted brain voxel, takes every planted face, and the attack says so truly."""

import sys
from dataclasses import replace

import nibabel
import numpy as np
import pytest
from scipy import ndimage

from commissure.annotate.face import check_face
from commissure.errors import BadInput, MissingExtra
from commissure.kernels.affine import find_rigid, rigid_mm
from commissure.model import About, Image, Severity, Subject
from commissure.protect.heads.cortex import cortex_change, measure_cortex
from commissure.protect.heads.deface import Defaced, Measured, check_defaced, deface
from commissure.protect.heads.deface_cut import FaceCut, cut_of, moved_cut, removed_by
from commissure.protect.heads.deface_others import deface_like, head_overlap
from commissure.protect.heads.deface_voxels import ScaledVoxels
from commissure.protect.heads.head import find_brain, find_head
from commissure.protect.heads.reface import reface
from commissure.testing.images import head


def image(volume: np.ndarray, affine: np.ndarray, suffix: str = "T1w") -> Image:
    return Image(volume, affine, About("anat", Subject("01"), suffix=suffix))


@pytest.fixture(scope="module")
def planted() -> tuple[Image, np.ndarray]:
    volume, affine = head()
    return image(np.round(volume).astype(np.int16), affine), (volume == 100) | (volume == 15)


@pytest.fixture(scope="module")
def done(planted: tuple[Image, np.ndarray]) -> Defaced:
    return deface(planted[0], brain=planted[1])


def test_the_face_is_gone_the_brain_is_whole_and_the_rest_is_bit_identical(
    planted: tuple[Image, np.ndarray], done: Defaced
) -> None:
    before, after = np.asarray(planted[0].array), np.asarray(done.image.array)
    removed = removed_by(done.cut, shape=before.shape, affine_mm=done.image.affine_mm)
    assert after.dtype == before.dtype
    assert not (removed & planted[1]).any()
    assert np.array_equal(after[~removed], before[~removed])
    assert (after[removed] == 0).all()
    assert check_face(planted[0]) is not None
    assert check_face(done.image, upright=True) is None
    assert done.figures["face_removed_share"] == 1.0
    assert "Face removed" in str(done.image.about.sidecar["DeidentificationMethod"])


def test_the_checks_pass_with_figures(planted: tuple[Image, np.ndarray], done: Defaced) -> None:
    figures, findings = check_defaced(
        planted[0], done, rng=np.random.default_rng(0), measured=Measured(planted[1]), people=20
    )
    assert [finding.check for finding in findings] == ["protect.defaced", "protect.brain_shape"]
    assert (figures["brain_lost"], figures["volume_change"]) == (0.0, 0.0)
    assert figures["attack_before"] > 0.95
    assert figures["attack_after"] < 0.12


def test_each_check_fails_where_it_should(planted: tuple[Image, np.ndarray], done: Defaced) -> None:
    rng, brain = np.random.default_rng(0), planted[1]
    bitten = np.asarray(done.image.array).copy()
    bitten[tuple(np.argwhere(brain)[:7].T)] = 0
    lost = replace(done, image=replace(done.image, array=bitten))
    shrunk = brain.copy()
    shrunk[:, : brain.shape[1] // 2] = False
    kept = replace(done, cut=FaceCut(((0.0, 1.0, 0.0),), (1e6,), 5.0), image=planted[0])
    for wrong, after, check in (
        (lost, None, "protect.deface.brain"),
        (done, shrunk, "protect.deface.volume"),
        (kept, None, "protect.deface.attack"),
    ):
        _, findings = check_defaced(
            planted[0], wrong, rng=rng, measured=None if after is None else Measured(after), people=20
        )
        assert [(f.check, f.severity) for f in findings] == [(check, Severity.ERROR)]


def test_a_head_defaced_before_stays_as_it_is(planted: tuple[Image, np.ndarray], done: Defaced) -> None:
    again = deface(done.image, brain=planted[1])
    assert again.already
    assert again.image is done.image
    stripped = image(np.where(planted[1], planted[0].array, 0), planted[0].affine_mm)
    bare = deface(stripped, brain=planted[1])
    assert bare.already
    _, findings = check_defaced(stripped, bare, rng=np.random.default_rng(0))
    assert {finding.check for finding in findings} == {"protect.deface.already", "protect.brain_shape"}


@pytest.mark.parametrize("turn", [[(0, -1), (1, -1), (2, 1)], [(2, 1), (0, -1), (1, 1)]])
def test_the_orientation_of_the_array_does_not_matter(
    planted: tuple[Image, np.ndarray], done: Defaced, turn: list[tuple[int, int]]
) -> None:
    orientation = np.array(turn, dtype=float)
    turned = [nibabel.orientations.apply_orientation(x, orientation) for x in (planted[0].array, planted[1])]
    affine = planted[0].affine_mm @ nibabel.orientations.inv_ornt_aff(orientation, planted[1].shape)
    made = deface(image(turned[0], affine), brain=turned[1])
    expected = nibabel.orientations.apply_orientation(np.asarray(done.image.array), orientation)
    # where the cut passes through a voxel's very centre, rounding decides
    assert (np.asarray(made.image.array) != expected).mean() < 1e-4


def test_scaled_integers_and_further_volumes_keep_their_stored_values(
    planted: tuple[Image, np.ndarray], done: Defaced
) -> None:
    stored = np.stack([planted[0].array, planted[0].array + 3], axis=3)
    made = deface(image(ScaledVoxels(stored, 0.5, -10.0), planted[0].affine_mm), brain=planted[1]).image.array  # type: ignore[arg-type]
    removed = removed_by(done.cut, shape=planted[1].shape, affine_mm=planted[0].affine_mm)
    assert (made.slope, made.inter, made.dtype) == (0.5, -10.0, np.int16)
    assert np.array_equal(made.get_unscaled()[~removed], stored[~removed])
    assert (made.get_unscaled()[removed] == 0).all()


def test_ears_and_neck_go_where_asked(planted: tuple[Image, np.ndarray]) -> None:
    shape, affine = planted[1].shape, planted[0].affine_mm
    face, all_three = (
        removed_by(
            cut_of(planted[1], affine_mm=affine, ears=asked, neck=asked), shape=shape, affine_mm=affine
        )
        for asked in (False, True)
    )
    back = np.linalg.inv(affine)
    ear, neck = (
        tuple(np.round(back @ (*place, 1.0))[:3].astype(int)) for place in ((85, -80, 10), (0, -100, -60))
    )
    assert (face[ear], all_three[ear], face[neck], all_three[neck]) == (False, True, False, True)
    assert not (all_three & planted[1]).any()


def test_another_contrast_moved_on_the_table_loses_its_face_too(
    planted: tuple[Image, np.ndarray], done: Defaced
) -> None:
    volume = np.asarray(planted[0].array)
    inverted = np.where(volume > 0, 130 - volume, 0)
    move = rigid_mm(np.array([0.08, 0.05, -0.06, 5.0, -8.0, 4.0]), centre_mm=np.zeros(3))
    other = image(inverted, move @ planted[0].affine_mm, "T2w")
    assert head_overlap(inverted, other.affine_mm, other=volume, other_mm=planted[0].affine_mm) < 0.975
    found = find_rigid(inverted, other.affine_mm, fixed=volume, fixed_mm=planted[0].affine_mm)
    corners = np.array([[60.0, 80, 60, 1], [-60, -90, 60, 1], [0, 90, -60, 1]]).T
    assert np.abs(found @ move @ corners - corners).max() < 2.0
    made = deface_like(other, reference=planted[0], defaced=done)
    assert check_face(made.image, upright=True) is None
    assert np.array_equal(np.asarray(made.image.array)[planted[1]], inverted[planted[1]])


def test_an_image_of_something_else_is_refused(planted: tuple[Image, np.ndarray], done: Defaced) -> None:
    grid = np.mgrid[-60:60:4, -60:60:4, -60:60:4].astype(float)
    ball = image((np.sqrt((grid**2).sum(axis=0)) < 25) * 100.0, np.diag([4.0, 4.0, 4.0, 1.0]), "T2w")
    with pytest.raises(BadInput, match="cannot be laid over"):
        deface_like(ball, reference=planted[0], defaced=done)


def as_ct(volume: np.ndarray) -> np.ndarray:
    """Hounsfield units: air -1000, skin 50, bone 1000, brain 35, fluid 5."""
    made = np.full(volume.shape, -1000.0)
    for planted_value, units in ((90, 50.0), (20, 1000.0), (100, 35.0), (15, 5.0)):
        made[np.round(volume) == planted_value] = units
    return made


@pytest.mark.parametrize("contrast", ["ct", "pet"])
def test_ct_and_pet_lose_the_face_by_the_t1s_cut(
    planted: tuple[Image, np.ndarray], done: Defaced, contrast: str
) -> None:
    volume, affine = np.asarray(planted[0].array), planted[0].affine_mm
    if contrast == "ct":
        values, move = (
            as_ct(volume).astype(np.int16),
            rigid_mm(np.array([0.04, 0.02, -0.03, 4, -3, 5]), centre_mm=np.zeros(3)),
        )
    else:  # tracer in the brain, little in the skin, 4 mm blur and noise
        glow = np.select([planted[1], volume == 90], [900.0, 250.0], 0.0)
        blurred = ndimage.gaussian_filter(glow, 1.0) + np.abs(
            np.random.default_rng(0).normal(0, 8, volume.shape)
        )
        values, move = blurred.astype(np.float32), np.eye(4)
    other = Image(
        values, move @ affine, About("pet" if contrast == "pet" else "anat", Subject("01"), suffix=contrast)
    )
    assert check_face(other) is not None
    made = deface_like(other, reference=planted[0], defaced=done)
    assert check_face(made.image, upright=True) is None
    figures, findings = check_defaced(other, made, rng=np.random.default_rng(0), people=15)
    assert not [f for f in findings if f.severity is Severity.ERROR], (figures, findings)
    assert figures["brain_lost"] == 0
    assert np.asarray(made.image.array).min() == values.min()  # air stays air, -1000 in a CT


def test_a_ct_called_t1w_and_a_wrong_affine_are_refused_with_the_numbers(
    planted: tuple[Image, np.ndarray],
) -> None:
    before, brain = planted
    volume = np.asarray(before.array)
    with pytest.raises(BadInput, match=r"air is at -1000 and its brightest at 1000, as in a CT"):
        find_brain(as_ct(volume), affine_mm=before.affine_mm)
    with pytest.raises(BadInput, match=r"a voxel measures 20 × 20 × 20 mm; 0\.15 to 6 mm"):
        find_brain(volume, affine_mm=before.affine_mm @ np.diag([10.0, 10, 10, 1]))
    with pytest.raises(BadInput, match="a voxel measures 0 × 2 × 2 mm"):
        find_brain(volume, affine_mm=before.affine_mm @ np.diag([0.0, 1, 1, 1]))
    swapped = before.affine_mm[:, [0, 2, 1, 3]]
    for wrong in (np.diag([1.0, -1, -1, 1]) @ before.affine_mm, swapped):
        with pytest.raises(
            BadInput, match=r"does not stand upright \(it looks back and it stands on its head\).*front 12 mm"
        ):
            deface(replace(before, affine_mm=wrong), brain=brain)


def test_a_head_without_its_skull_is_left_as_it_is(planted: tuple[Image, np.ndarray]) -> None:
    stripped = np.where(planted[1], np.asarray(planted[0].array), 0)
    made = deface(replace(planted[0], array=stripped), brain=planted[1])
    assert made.already and made.image.array is stripped
    _, findings = check_defaced(planted[0], made, rng=np.random.default_rng(0))
    assert "protect.deface.already" in {finding.check for finding in findings} or made.already


def test_the_template_takes_a_face_and_spares_the_brain(planted: tuple[Image, np.ndarray]) -> None:
    pytest.importorskip("ants")
    pytest.importorskip("pydeface")
    made = deface(planted[0], brain=planted[1], by="template")
    before, after = np.asarray(planted[0].array), np.asarray(made.image.array)
    assert np.array_equal(before[planted[1]], after[planted[1]])
    assert made.figures["face_removed_share"] > 0.5
    move = rigid_mm(np.array([0.1, 0, 0, 5.0, 0, 0]), centre_mm=np.zeros(3))
    here = removed_by(made.cut, shape=before.shape, affine_mm=planted[0].affine_mm)
    there = removed_by(
        moved_cut(made.cut, move_mm=move),
        shape=before.shape,
        affine_mm=np.linalg.inv(move) @ planted[0].affine_mm,
    )
    assert (here != there).mean() < 2e-3  # a mask is read at the nearest voxel
    with pytest.raises(BadInput, match="'planes' or 'template'"):
        deface(planted[0], brain=planted[1], by="hand")


def test_what_the_finder_strays_by_itself_is_not_blamed_on_the_cut(
    planted: tuple[Image, np.ndarray], done: Defaced
) -> None:
    less = planted[1].copy()
    less[tuple(np.argwhere(less)[: int(0.007 * less.sum())].T)] = False
    rng = np.random.default_rng(0)
    for measured, fails in (
        (Measured(less), True),
        (Measured(less, 0.003, 0.003), True),
        (Measured(less, 0.01, 0.02), False),
    ):
        figures, findings = check_defaced(planted[0], done, rng=rng, measured=measured, people=10)
        assert figures["volume_change"] == pytest.approx(0.007, abs=1e-4)
        assert ("protect.deface.volume" in {f.check for f in findings}) == fails
    assert "strays by 1.00%" in findings[0].message


def test_a_cortex_measures_what_was_planted() -> None:
    grid = np.mgrid[-50:50, -50:50, -50:50].astype(float)
    radius = np.sqrt((grid**2).sum(axis=0))
    volume = np.select([radius < 40, radius < 43, radius < 46], [100.0, 70.0, 20.0], 0.0)
    volume += np.random.default_rng(0).normal(0, 0.05, volume.shape)
    found = measure_cortex(volume, radius < 46, affine_mm=np.eye(4))
    assert found.thickness_mm == pytest.approx(3.0, abs=0.4)
    assert found.white_ml == pytest.approx(4 / 3 * np.pi * 40**3 / 1000, rel=0.03)
    assert cortex_change(found, measure_cortex(volume, radius < 45.5, affine_mm=np.eye(4))) < 0.02


def test_a_moved_cut_takes_the_same_places(planted: tuple[Image, np.ndarray], done: Defaced) -> None:
    move = rigid_mm(np.array([0.3, -0.2, 0.1, 10.0, 20.0, -30.0]), centre_mm=np.ones(3))
    shape, affine = planted[1].shape, planted[0].affine_mm
    here = removed_by(done.cut, shape=shape, affine_mm=affine)
    there = removed_by(moved_cut(done.cut, move_mm=move), shape=shape, affine_mm=np.linalg.inv(move) @ affine)
    assert (here != there).mean() < 1e-4


def test_a_new_face_is_nobodys_and_touches_nothing_else(
    planted: tuple[Image, np.ndarray], done: Defaced
) -> None:
    volume = np.asarray(planted[0].array)
    removed = removed_by(done.cut, shape=volume.shape, affine_mm=planted[0].affine_mm)
    other = volume.copy()
    other[removed & (volume > 0)] = 55  # another person's face on the same brain
    faces = [
        np.asarray(reface(deface(image(v, planted[0].affine_mm), brain=planted[1])).array)
        for v in (volume, other)
    ]
    assert np.array_equal(faces[0], faces[1])
    assert np.array_equal(faces[0][~removed], volume[~removed])
    assert find_head(faces[0]).sum() > 1.1 * find_head(np.asarray(done.image.array)).sum()
    assert check_face(image(faces[0], planted[0].affine_mm)) is not None


def test_bad_input_is_refused_with_the_numbers(planted: tuple[Image, np.ndarray]) -> None:
    before, brain = planted
    with pytest.raises(BadInput, match="must have the image's shape"):
        deface(before, brain=brain[1:])
    with pytest.raises(BadInput, match="700 to 2300 mL"):
        deface(replace(before, affine_mm=before.affine_mm @ np.diag([0.5, 0.5, 0.5, 1.0])), brain=brain)
    with pytest.raises(BadInput, match="cut off by the edge"):
        rolled = np.roll(brain, -int(np.argwhere(brain)[:, 2].min()) - 8, axis=2)
        deface(before, brain=rolled)
    with pytest.raises(BadInput, match="margin_mm must be 0 or more"):
        deface(before, brain=brain, margin_mm=-1.0)
    with pytest.raises(BadInput, match="three dimensions"):
        deface(replace(before, array=np.zeros((4, 4))), brain=brain)


def test_without_deepbet_the_pip_line_is_told(
    planted: tuple[Image, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepbet", None)
    with pytest.raises(MissingExtra, match=r"pip install 'commissure\[deep\]'"):
        deface(planted[0])


def test_the_brain_is_found_where_it_was_planted(planted: tuple[Image, np.ndarray]) -> None:
    pytest.importorskip("deepbet")
    found = find_brain(np.asarray(planted[0].array), affine_mm=planted[0].affine_mm)
    assert 2.0 * (found & planted[1]).sum() / (found.sum() + planted[1].sum()) > 0.97

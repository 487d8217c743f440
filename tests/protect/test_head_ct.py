"""A CT is defaced by its own skull: the planted brain stays whole, the attack falls to chance, an open skull is refused."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.annotate.face import check_face
from commissure.errors import BadInput
from commissure.kernels.affine import rigid_mm
from commissure.model import About, Image, Subject
from commissure.protect.heads.deface import check_defaced, deface
from commissure.protect.heads.head_ct import find_brain_ct, is_ct
from commissure.testing.faces import PlantedHead, planted_ct, planted_head
from commissure.workflows.deface import deface_file
from commissure.workflows.sharing.defacing import Heads, defaced_head


def made(seed: int = 0, *, gap: bool = False) -> tuple[PlantedHead, np.ndarray]:
    head = planted_head(np.random.default_rng(seed), skull_rng=np.random.default_rng(seed + 50))
    return head, planted_ct(head, gap=gap, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_planted_brain_is_found_and_the_face_tells_nobody(seed: int) -> None:
    head, units = made(seed)
    brain = find_brain_ct(units, affine_mm=head.affine_mm)
    planted = head.brain | (head.volume == 15)
    assert (planted & ~brain).sum() < 0.001 * planted.sum()
    assert brain.sum() < 1.12 * planted.sum()
    image = Image(units, head.affine_mm, About("anat", Subject("01"), suffix="ct"))
    assert check_face(image) is not None
    done = deface(image, brain=brain)
    figures, findings = check_defaced(image, done, rng=np.random.default_rng(0))
    assert figures["attack_before"] > 0.9
    assert figures["attack_after"] < 0.13
    assert "protect.defaced" in {finding.check for finding in findings}
    left = np.asarray(done.image.array)
    np.testing.assert_array_equal(left[planted], units[planted])
    assert check_face(done.image, upright=True) is None


def test_it_need_not_stand_on_the_scanners_grid() -> None:
    head, units = made()
    nods = rigid_mm(np.array([0.25, 0.05, -0.05, 4.0, -6.0, 9.0]), centre_mm=np.zeros(3))
    brain = find_brain_ct(units, affine_mm=nods @ head.affine_mm)
    planted = head.brain | (head.volume == 15)
    assert (planted & ~brain).sum() < 0.002 * planted.sum()


def test_an_open_skull_and_what_is_no_ct_are_refused() -> None:
    head, units = made(gap=True)
    with pytest.raises(BadInput, match=r"does not close .* 4% are allowed"):
        find_brain_ct(units, affine_mm=head.affine_mm)
    assert not is_ct(head.volume)
    with pytest.raises(BadInput, match="Hounsfield"):
        find_brain_ct(head.volume, affine_mm=head.affine_mm)


def test_a_small_hole_in_the_skull_loses_no_brain() -> None:
    head, units = made()
    index = np.meshgrid(*(np.arange(size) for size in units.shape), indexing="ij")
    x, y, z = (head.affine_mm[axis, axis] * index[axis] + head.affine_mm[axis, 3] for axis in range(3))
    hole = (head.volume == 20) & (np.hypot(x - 30.0, z - 40.0) < 15.0) & (y > 0.0)
    units[hole] = 45.0
    assert hole.sum() > 100
    brain = find_brain_ct(units, affine_mm=head.affine_mm)
    planted = head.brain | (head.volume == 15)
    assert (planted & ~brain).sum() < 0.001 * planted.sum()
    assert brain.sum() < 1.12 * planted.sum()


def test_without_a_t1_a_ct_goes_first_and_its_cut_serves_the_pet() -> None:
    head, units = made()
    # activity of the brain, and so much in the skin that the face shows
    activity = np.where(head.brain, 900.0, np.where(head.volume > 0, 250.0, 0.0)).astype(np.float32)
    heads = Heads()
    pet = Image(activity, head.affine_mm, About("pet", Subject("01"), suffix="pet"))
    with pytest.raises(BadInput, match="there is none of this subject"):
        defaced_head(pet, heads)
    ct = Image(units, head.affine_mm, About("anat", Subject("01"), suffix="ct"))
    for image, values in ((ct, units), (pet, activity)):
        assert check_face(image) is not None
        done, findings = defaced_head(image, heads)
        assert "protect.defaced" in {finding.check for finding in findings}
        assert check_face(done.image, upright=True) is None
        left = np.asarray(done.image.array)
        np.testing.assert_array_equal(left[~done.removed], values[~done.removed])
        assert not done.removed[head.brain].any()


def test_a_file_named_ct_is_defaced_by_the_command(tmp_path: Path) -> None:
    head, units = made()
    source, target = tmp_path / "anna_ct.nii.gz", tmp_path / "out_ct.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.round(units).astype(np.int16), head.affine_mm), source)
    report = deface_file(source, target)
    assert report.written, report.findings
    assert report.figures["attack_before"] > 0.9
    assert report.figures["attack_after"] < 0.13
    left = np.asarray(nibabel.load(target).dataobj)
    np.testing.assert_array_equal(left[head.brain], np.round(units[head.brain]))

"""A head that its affine has upside down is defaced where it lies, or refused; it is never called faceless."""

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.annotate.face import check_face
from commissure.errors import BadInput
from commissure.model import About, Image, Severity, Subject
from commissure.protect.heads.deface import Defaced, deface
from commissure.protect.heads.deface_cut import removed_by
from commissure.testing.faces import planted_ct, planted_head
from commissure.workflows import deface_turned
from commissure.workflows.clean_folder import clean_folder
from commissure.workflows.deface_head import Judged
from commissure.workflows.deface_turned import deface_wherever, face_left
from commissure.workflows.scan_folder import scan_folder

UPSIDE_DOWN = np.diag([1.0, -1.0, -1.0, 1.0])


def made() -> tuple[Image, np.ndarray]:
    person = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    return Image(person.volume, person.affine_mm, About("anat", Subject("01"), suffix="T1w")), person.brain


@pytest.mark.realdata
@pytest.mark.slow
def test_a_real_head_upside_down_loses_its_face_and_no_voxel_of_its_brain(shared: Path) -> None:
    pytest.importorskip("deepbet")
    native = nibabel.load(shared / "data" / "nii_chris_t1_face" / "chris_t1.nii.gz")
    volume = np.asarray(native.dataobj)
    upright = Image(volume, native.affine, About("anat", Subject("01"), suffix="T1w"))
    judged = deface_wherever(replace(upright, affine_mm=UPSIDE_DOWN @ native.affine))
    told = {finding.check: finding.severity for finding in judged.findings}
    assert told["protect.deface.turned"] is Severity.WARNING and Severity.ERROR not in told.values()
    done = judged.done
    np.testing.assert_array_equal(done.image.affine_mm, UPSIDE_DOWN @ native.affine)
    assert check_face(replace(done.image, affine_mm=native.affine)) is None
    assert judged.figures["brain_lost"] == 0 and 1500 < judged.figures["brain_ml"] < 1600
    assert np.array_equal(
        removed_by(done.cut, shape=volume.shape, affine_mm=done.image.affine_mm) & ~done.brain, done.removed
    )


def test_a_turned_head_is_cut_by_turned_millimetres_and_lies_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upright, brain = made()

    def by_planted_brain(image: Image, settings: object = None) -> Judged:
        return Judged(deface(image, brain=brain), {}, ())

    monkeypatch.setattr(deface_turned, "deface_head", by_planted_brain)
    # what is left of a made head looks like a face from below: only the way it lies is of interest here
    monkeypatch.setattr(deface_turned, "check_face", lambda image, upright=False: None)
    turned = replace(upright, affine_mm=UPSIDE_DOWN @ upright.affine_mm)
    judged = deface_wherever(turned)
    assert {finding.check for finding in judged.findings} == {"protect.deface.turned"}
    assert "affine" in judged.findings[0].remedy
    assert not judged.done.removed[brain].any()
    np.testing.assert_array_equal(judged.done.image.affine_mm, turned.affine_mm)
    cut = removed_by(judged.done.cut, shape=brain.shape, affine_mm=turned.affine_mm)
    np.testing.assert_array_equal(cut & ~brain, judged.done.removed)


def test_a_head_of_which_nothing_says_that_the_face_is_off_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upright, brain = made()

    def called_faceless(image: Image, settings: object = None) -> Judged:
        nothing = np.zeros(brain.shape, dtype=bool)
        cut = deface(upright, brain=brain).cut
        return Judged(Defaced(image, cut, brain, nothing, already=True), {}, ())

    monkeypatch.setattr(deface_turned, "deface_head", called_faceless)
    judged = deface_wherever(replace(upright, affine_mm=UPSIDE_DOWN @ upright.affine_mm))
    assert judged.findings[0].severity is Severity.ERROR
    assert face_left(Defaced(upright, judged.done.cut, brain, judged.done.removed)) is not None

    def refused(image: Image, settings: object = None) -> Judged:
        raise BadInput("No brain was found.")

    monkeypatch.setattr(deface_turned, "deface_head", refused)
    with pytest.raises(BadInput, match="No brain"):
        deface_wherever(upright)


@pytest.mark.parametrize("name", ["sub-01/func/sub-01_task-rest_bold.nii", "scan.nii.gz"])
def test_a_head_upside_down_is_told_and_never_copied_with_its_face(name: str, tmp_path: Path) -> None:
    person = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    units = np.round(planted_ct(person, rng=np.random.default_rng(2))).astype(np.int16)
    path = tmp_path / "raw" / name
    path.parent.mkdir(parents=True)
    volumes = np.stack([units] * 3, axis=3) if "bold" in name else units
    nibabel.save(nibabel.Nifti1Image(volumes, UPSIDE_DOWN @ person.affine_mm), path)
    assert "protect.exposed.face" in {finding.check for finding in scan_folder(tmp_path / "raw")}
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    if report.kept_back:
        assert "protect.face" in {one.check for one in report.findings if one.severity is Severity.ERROR}
        return
    left = np.asarray(nibabel.load(tmp_path / "out" / name).dataobj)
    for volume in left.reshape(*left.shape[:3], -1).T:
        assert check_face(Image(volume.T, person.affine_mm, About("anat", Subject(""))), upright=True) is None

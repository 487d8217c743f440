"""`share` takes faces off heads, one by one and in BIDS trees; a head that it cannot deface stays back."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.annotate.face import check_face
from commissure.hub import open_hub
from commissure.kernels.affine import rigid_mm
from commissure.model import About, Image, Subject
from commissure.testing.faces import PlantedHead, planted_head
from commissure.testing.images import head
from commissure.workflows.get import get
from commissure.workflows.share import share

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def write(path: Path, volume: np.ndarray, affine: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.round(volume).astype(np.int16), affine), path)


def planted() -> PlantedHead:
    return planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))


def faces_in(folder: Path) -> dict[str, bool]:
    shown = {}
    for path in sorted(folder.rglob("*.nii.gz")):
        native = nibabel.load(path)
        about = About("anat", Subject(""))
        shown[path.name.rpartition("_")[2]] = (
            check_face(Image(native.dataobj, native.affine, about), upright=True) is not None
        )
    return shown


@pytest.mark.slow
def test_a_head_and_its_other_contrast_are_released_without_a_face(tmp_path: Path) -> None:
    pytest.importorskip("deepbet")
    person = planted()
    volume, affine = person.volume, person.affine_mm
    move = rigid_mm(np.array([0.03, -0.02, 0.02, 2.0, 3.0, -2.0]), centre_mm=np.zeros(3))
    raw = tmp_path / "raw"
    write(raw / "anna_t1.nii.gz", volume, affine)
    write(raw / "anna_t2.nii.gz", np.where(volume > 0, 130 - volume, 0), move @ affine)
    (raw / "commissure.yaml").write_text(
        "files:\n- {match: '*_t1.nii.gz', subject: anna, datatype: anat, suffix: T1w}\n"
        "- {match: '*_t2.nii.gz', subject: anna, datatype: anat, suffix: T2w}\n"
    )
    hub = open_hub(tmp_path / "hub", clock=lambda: NOW)
    report = share(hub, raw, now=NOW)
    assert report.version, report.findings
    assert [finding.check for finding in report.findings].count("protect.defaced") == 2
    assert report.validators["bids-validator"]["errors"] == 0
    get(hub, f"{report.dataset}@{report.version}", into=tmp_path / "out", now=NOW)
    assert faces_in(tmp_path / "out") == {"T1w.nii.gz": False, "T2w.nii.gz": False}
    released = nibabel.load(next((tmp_path / "out").rglob("*_T1w.nii.gz")))
    assert np.array_equal(np.asarray(released.dataobj)[person.brain], np.round(volume[person.brain]))
    done = hub.records.releases.get(report.dataset).activities
    assert [activity.kind for activity in done] == ["deface", "deidentify", "standardize", "validate"]


@pytest.mark.slow
def test_a_face_in_a_bids_tree_goes_too(tmp_path: Path) -> None:
    pytest.importorskip("deepbet")
    raw = tmp_path / "raw"
    (raw / "sub-01" / "anat").mkdir(parents=True)
    (raw / "dataset_description.json").write_text(json.dumps({"Name": "heads", "BIDSVersion": "1.10.0"}))
    person = planted()
    write(raw / "sub-01" / "anat" / "sub-01_T1w.nii.gz", person.volume, person.affine_mm)
    (raw / "sub-01" / "anat" / "sub-01_T1w.json").write_text(json.dumps({"EchoTime": 0.003}))
    before = (raw / "sub-01" / "anat" / "sub-01_T1w.nii.gz").read_bytes()
    hub = open_hub(tmp_path / "hub", clock=lambda: NOW)
    report = share(hub, raw, now=NOW)
    assert report.version, report.findings
    assert "protect.defaced" in {finding.check for finding in report.findings}
    get(hub, f"{report.dataset}@{report.version}", into=tmp_path / "out", now=NOW)
    assert faces_in(tmp_path / "out") == {"T1w.nii.gz": False}
    assert (raw / "sub-01" / "anat" / "sub-01_T1w.nii.gz").read_bytes() == before


def test_without_deepbet_the_head_stays_back_and_the_pip_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepbet", None)
    write(tmp_path / "raw" / "s1_T1w.nii.gz", *head())
    report = share(open_hub(tmp_path / "hub", clock=lambda: NOW), tmp_path / "raw", now=NOW)
    assert report.version == ""
    told = {finding.check: finding for finding in report.findings}
    assert "protect.face" in told
    assert "pip install 'commissure[deep]'" in told["protect.deface.failed"].message


def test_in_a_tree_a_head_stays_back_with_its_side_file_and_the_rest_goes_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepbet", None)
    raw = tmp_path / "raw"
    for name in ("sub-01/anat/sub-01_T1w", "sub-02/func/sub-02_task-rest_bold"):  # a head that is called BOLD
        write(raw / f"{name}.nii.gz", *head())
        (raw / f"{name}.json").write_text(json.dumps({"EchoTime": 0.003}))
    write(raw / "sub-01" / "anat" / "sub-01_T2w.nii.gz", *head(face=False))
    (raw / "dataset_description.json").write_text(json.dumps({"Name": "heads", "BIDSVersion": "1.10.0"}))
    hub = open_hub(tmp_path / "hub", clock=lambda: NOW)
    report = share(hub, raw, now=NOW)
    assert report.version, report.findings
    told = [finding.message for finding in report.findings if finding.check == "protect.deface.failed"]
    assert len(told) == 2 and "pip install 'commissure[deep]'" in told[0]
    get(hub, f"{report.dataset}@{report.version}", into=tmp_path / "out", now=NOW)
    released = {path.name.rpartition("_")[2] for path in (tmp_path / "out").rglob("sub-*") if path.is_file()}
    assert released == {"T2w.nii.gz"}


def test_what_is_no_human_head_stays_back(tmp_path: Path) -> None:
    pytest.importorskip("deepbet")
    volume, affine = head()
    write(tmp_path / "raw" / "s1_T2w.nii.gz", volume, affine)
    report = share(open_hub(tmp_path / "hub", clock=lambda: NOW), tmp_path / "raw", now=NOW)
    assert report.version == ""
    told = {finding.check: finding.message for finding in report.findings}
    assert "there is none of this subject" in told["protect.deface.failed"]

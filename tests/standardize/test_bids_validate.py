"""The BIDS validator's words become Findings; its failures are faults of ours, not of the data."""

from pathlib import Path

import pytest

from commissure.errors import BadInput, Fault
from commissure.model import Severity
from commissure.standardize.bids_validate import validate_bids
from commissure.testing.images import write_bids


def test_a_valid_tree_has_no_errors_and_its_warnings_are_told(tmp_path: Path) -> None:
    verdict = validate_bids(write_bids(tmp_path))
    assert verdict.valid
    assert verdict.warnings > 0
    assert verdict.version
    assert any(finding.check.startswith("bids.README") for finding in verdict.findings)


def test_each_issue_says_where_and_what_to_do(tmp_path: Path) -> None:
    root = write_bids(tmp_path)
    (root / "task-rest_bold.json").write_text("{}")
    (root / "sub-01" / "func" / "notes.docx").write_text("x")
    verdict = validate_bids(root)
    found = {(f.check, f.where): f for f in verdict.findings if f.severity is Severity.ERROR}
    missing = found["bids.SIDECAR_KEY_REQUIRED.TaskName", "sub-01/func/sub-01_task-rest_bold.nii.gz"]
    assert "commissure.yaml" in missing.remedy
    assert ("bids.NOT_INCLUDED", "sub-01/func/notes.docx") in found
    assert verdict.errors == len(found)


def test_hed_tags_are_judged_offline(tmp_path: Path) -> None:
    root = write_bids(tmp_path, subjects=("01",))
    text = (
        (root / "dataset_description.json")
        .read_text()
        .replace('"BIDSVersion"', '"HEDVersion": "8.3.0", "BIDSVersion"')
    )
    (root / "dataset_description.json").write_text(text)
    table = root / "sub-01" / "func" / "sub-01_task-rest_events.tsv"
    table.write_text("onset\tduration\tHED\n1.0\t0.5\tSensory-event\n")
    assert validate_bids(root).errors == 0
    table.write_text("onset\tduration\tHED\n1.0\t0.5\tNo-such-tag\n")
    assert [f.check for f in validate_bids(root).findings if f.severity is Severity.ERROR] == [
        "bids.HED_ERROR.TAG_INVALID"
    ]


def test_what_is_no_folder_and_what_takes_too_long(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        validate_bids(tmp_path / "nothing")
    with pytest.raises(Fault, match="did not end"):
        validate_bids(write_bids(tmp_path / "ds"), timeout_s=0.01)

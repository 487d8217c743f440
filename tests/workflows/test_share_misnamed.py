"""A CT under the name of a T1-weighted image is refused, with the numbers."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from commissure.hub import open_hub
from commissure.protect.heads.contrast import check_contrast
from commissure.workflows.share import share

nibabel = pytest.importorskip("nibabel")


def test_a_ct_called_t1w_is_refused(tmp_path: Path) -> None:
    volume = np.full((24, 24, 24), -1000, dtype=np.int16)
    volume[6:18, 6:18, 6:18] = 1200
    volume[8:16, 8:16, 8:16] = 40
    raw = tmp_path / "raw"
    raw.mkdir()
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([8.0, 8.0, 8.0, 1.0])), raw / "sub-01_T1w.nii.gz")
    report = share(open_hub(tmp_path / "hub"), raw, now=datetime(2026, 1, 1, tzinfo=UTC))
    (finding,) = [finding for finding in report.findings if finding.check == "protect.contrast"]
    assert "88 % of its voxels lie below -900 (least -1000, greatest 1200)" in finding.message
    assert not report.version


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_no_mr_image_is_taken_for_one(scale: float) -> None:
    rng = np.random.default_rng(0)
    magnitude = np.abs(rng.normal(0, scale, (16, 16, 16)))
    assert check_contrast(magnitude, suffix="T1w") == ()
    assert check_contrast(rng.normal(0, scale, (16, 16, 16)) - 0.1, suffix="phase") == ()
    ct = np.where(magnitude > scale, 1500.0, -1000.0)
    assert check_contrast(ct, suffix="ct") == ()
    assert check_contrast(ct, suffix="T1w")

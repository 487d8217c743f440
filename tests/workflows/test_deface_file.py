"""`protect deface` refuses what it cannot do before it writes a byte, and says why."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.errors import BadInput, NotFound, Unreadable
from commissure.testing.faces import planted_ct, planted_head
from commissure.testing.images import head
from commissure.workflows.deface import deface_file


def write(path: Path, volume: np.ndarray, affine: np.ndarray) -> Path:
    nibabel.save(nibabel.Nifti1Image(volume, affine), path)
    return path


def test_names_that_cannot_be_are_refused_and_nothing_is_overwritten(tmp_path: Path) -> None:
    volume, affine = head()
    source = write(tmp_path / "a_T1w.nii.gz", volume.astype(np.int16), affine)
    before = source.read_bytes()
    for target, told in (
        (source, "exists already"),
        (tmp_path, "not only its folder"),
        (tmp_path / "b.nii", "got .nii.gz and .nii"),
        (tmp_path / "b.png", "got .nii.gz and .png"),
    ):
        with pytest.raises(BadInput, match=told):
            deface_file(source, target)
    with pytest.raises(BadInput, match="commissure protect clean"):
        deface_file(tmp_path, tmp_path / "b.nii.gz")
    with pytest.raises(NotFound):
        deface_file(tmp_path / "none.nii.gz", tmp_path / "b.nii.gz")
    assert source.read_bytes() == before and list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("voxels", "told"),
    [
        (lambda v: v.astype(np.complex64), "complex64"),
        (lambda v: np.full(v.shape, np.nan, np.float32), "holds no number"),
        (lambda v: v[:, :, 0], "three dimensions"),
    ],
)
def test_what_is_no_image_of_a_head_is_refused(tmp_path: Path, voxels: object, told: str) -> None:
    volume, affine = head()
    source = write(tmp_path / "a_T1w.nii.gz", voxels(volume), affine)  # type: ignore[operator]
    with pytest.raises(BadInput, match=told):
        deface_file(source, tmp_path / "b.nii.gz")


def test_a_packed_file_without_its_last_bytes_is_refused(tmp_path: Path) -> None:
    volume, affine = head()
    source = write(tmp_path / "a_T1w.nii.gz", volume.astype(np.int16), affine)
    source.write_bytes(source.read_bytes()[:-4])
    with pytest.raises(Unreadable, match="cut short"):
        deface_file(source, tmp_path / "b.nii.gz")
    assert not (tmp_path / "b.nii.gz").exists()


def test_numbers_that_are_none_count_as_air_and_stay_as_they_are(tmp_path: Path) -> None:
    made = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    units = planted_ct(made, rng=np.random.default_rng(2)).astype(np.float32)
    units[:3] = np.nan
    source, target = write(tmp_path / "a_ct.nii.gz", units, made.affine_mm), tmp_path / "b_ct.nii.gz"
    report = deface_file(source, target)
    assert report.written, report.findings
    left = np.asarray(nibabel.load(target).dataobj)
    np.testing.assert_array_equal(left[made.brain], units[made.brain])
    assert np.isnan(left[:3]).any() and sorted(tmp_path.iterdir()) == [source, target]

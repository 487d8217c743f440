"""PAR/REC: values as Philips displays them, of a generated pair and of the real phantom that nibabel ships."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.listing import Listing
from commissure.formats.parrec import reader
from commissure.model import Image
from commissure.testing.images import write_parrec

REAL = Path(nibabel.__file__).parent / "tests" / "data"


def read(folder: Path) -> list[Image]:
    listing = Listing.of(folder)
    return [
        n
        for s in reader.find(listing)
        for n in reader.read(s, listing, scratch=folder)
        if isinstance(n, Image)
    ]


def test_a_generated_pair_keeps_values_times_and_identifiers(tmp_path: Path) -> None:
    displayed = write_parrec(tmp_path)
    (image,) = read(tmp_path)
    voxels = np.asarray(image.array)
    assert voxels.shape == displayed.shape
    assert sorted(voxels[..., 1].ravel()) == pytest.approx(sorted(displayed[..., 1].ravel()))
    assert (image.about.suffix, image.about.entities["task"], image.repetition_s) == ("bold", "nback", 2.0)
    assert image.about.sidecar["EchoTime"] == pytest.approx(0.03)
    assert {"Quilter Zephyrine", "Quilter follow-up"} <= {i.value for i in image.about.identifiers}
    assert image.about.start is not None
    assert image.about.start.isoformat() == "2019-08-07T10:13:14"


@pytest.mark.parametrize("name", ["phantom_EPI_asc_CLEAR_2_1", "phantom_varscale"])
def test_a_real_phantom_gives_what_nibabel_reads(name: str, tmp_path: Path) -> None:
    for suffix in (".PAR", ".REC"):
        (tmp_path / f"{name}{suffix}").write_bytes((REAL / f"{name}{suffix}").read_bytes())
    (image,) = read(tmp_path)
    native = nibabel.parrec.load(REAL / f"{name}.PAR", strict_sort=True)
    np.testing.assert_allclose(np.asarray(image.array), native.get_fdata(), rtol=1e-6)
    np.testing.assert_allclose(image.affine_mm, native.affine)


def test_a_header_without_voxels_is_incomplete(tmp_path: Path) -> None:
    write_parrec(tmp_path)
    (tmp_path / "quilter.REC").unlink()
    (source,) = reader.find(Listing.of(tmp_path))
    assert not source.complete
    assert ".REC" in source.note


def test_voxels_cut_short_are_unreadable(tmp_path: Path) -> None:
    write_parrec(tmp_path)
    voxels = tmp_path / "quilter.REC"
    voxels.write_bytes(voxels.read_bytes()[:-100])
    with pytest.raises(Unreadable, match="cut short"):
        read(tmp_path)

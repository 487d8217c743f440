"""MINC: time goes last, geometry holds; a generated MINC 2 series and the real files that nibabel ships."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.listing import Listing
from commissure.formats.minc import reader
from commissure.model import Image
from commissure.testing.images import write_minc

REAL = Path(nibabel.__file__).parent / "tests" / "data"


def read(folder: Path) -> list[Image]:
    listing = Listing.of(folder)
    return [
        n
        for s in reader.find(listing)
        for n in reader.read(s, listing, scratch=folder)
        if isinstance(n, Image)
    ]


def test_a_generated_series_keeps_values_times_and_identifiers(tmp_path: Path) -> None:
    planted = write_minc(tmp_path / "a.mnc")
    (image,) = read(tmp_path)
    np.testing.assert_array_equal(np.asarray(image.array), planted)
    assert (image.about.suffix, image.about.entities["task"], image.repetition_s) == ("bold", "nback", 2.0)
    x, y, z = 7, 3, 5
    np.testing.assert_allclose(image.affine_mm @ [z, y, x, 1], [-30 + 3 * x, -24 + 3 * y, -21 + 3.5 * z, 1])
    assert "Quilter Zephyrine" in {i.value for i in image.about.identifiers}
    assert image.about.subject.sex == "F"


@pytest.mark.parametrize("name", ["tiny.mnc", "small.mnc", "minc1_4d.mnc", "minc2_4d.mnc"])
def test_a_real_file_gives_what_nibabel_reads(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes((REAL / name).read_bytes())
    (image,) = read(tmp_path)
    wanted = nibabel.load(REAL / name).get_fdata()
    np.testing.assert_allclose(
        np.asarray(image.array), np.moveaxis(wanted, 0, -1) if wanted.ndim == 4 else wanted, rtol=1e-6
    )


def test_a_file_cut_short_is_unreadable(tmp_path: Path) -> None:
    data = (REAL / "tiny.mnc").read_bytes()
    (tmp_path / "t.mnc").write_bytes(data[: len(data) // 2])
    with pytest.raises(Unreadable):
        read(tmp_path)

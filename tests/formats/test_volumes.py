"""AFNI, Analyze and FreeSurfer volumes: the real files that nibabel ships, and pairs made here."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.formats.detect import detect
from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Image
from commissure.testing.reader import check_reader

REAL = Path(nibabel.__file__).parent / "tests" / "data"


def read(folder: Path) -> list[Image]:
    listing = Listing.of(folder)
    found = detect(listing, READERS.items())
    assert not found.findings
    nouns = [
        noun
        for source in found.sources
        for noun in READERS.get(source.format).read(source, listing, scratch=folder)
    ]
    return [noun for noun in nouns if isinstance(noun, Image)]


@pytest.mark.parametrize(
    "names",
    [
        ("example4d+orig.HEAD", "example4d+orig.BRIK.gz"),
        ("scaled+tlrc.HEAD", "scaled+tlrc.BRIK"),
        ("test.mgz",),
    ],
)
def test_a_real_volume_gives_what_nibabel_reads(names: tuple[str, ...], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_bytes((REAL / name).read_bytes())
    (image,) = read(tmp_path)
    wanted = nibabel.load(REAL / names[0])
    voxels = wanted.get_fdata()
    np.testing.assert_allclose(np.asarray(image.array), voxels.reshape(image.array.shape), rtol=1e-6)
    np.testing.assert_allclose(image.affine_mm, wanted.affine)


def test_afni_tells_its_repetition_and_that_talairach_is_no_raw_space(tmp_path: Path) -> None:
    for name in ("example4d+orig.HEAD", "example4d+orig.BRIK.gz", "scaled+tlrc.HEAD", "scaled+tlrc.BRIK"):
        (tmp_path / name).write_bytes((REAL / name).read_bytes())
    native, standard = read(tmp_path)
    assert native.repetition_s == 3.0
    assert native.about.datatype == "func"
    assert standard.about.datatype == ""
    assert any("standard space" in fact.where for fact in standard.about.facts)


def test_afnis_history_tells_who_ran_what_where(tmp_path: Path) -> None:
    head = (REAL / "example4d+orig.HEAD").read_text()
    note = "[fabernathy@rig-pc.north.org: Wed Aug  7 10:11:12 2019] to3d -prefix quilter"
    head += f"\ntype = string-attribute\nname = HISTORY_NOTE\ncount = {len(note) + 1}\n'{note}~\n"
    (tmp_path / "a+orig.HEAD").write_text(head)
    (tmp_path / "a+orig.BRIK.gz").write_bytes((REAL / "example4d+orig.BRIK.gz").read_bytes())
    (image,) = read(tmp_path)
    told = {(one.category, one.value) for one in image.about.identifiers}
    assert {
        ("operator", "fabernathy"),
        ("host", "rig-pc.north.org"),
        ("date", "Wed Aug  7 10:11:12 2019"),
    } <= told


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_analyze_pair_says_that_it_does_not_know_left(order: str, tmp_path: Path) -> None:
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    header = nibabel.AnalyzeHeader(endianness=order)
    header.set_data_shape(voxels.shape)
    header.set_data_dtype(np.int16)
    header.set_zooms((2.0, 2.0, 3.0))
    image = nibabel.AnalyzeImage(voxels, None, header)
    image.header["patient_id"], image.header["exp_date"] = b"MRN774193", b"2019-08-07"
    image.to_filename(tmp_path / "sub-01_T1w.img")
    (made,) = read(tmp_path)
    np.testing.assert_array_equal(np.asarray(made.array), voxels)
    assert np.abs(np.diag(made.affine_mm)[:3]).tolist() == [2.0, 2.0, 3.0]
    told = {(one.category, one.value) for one in made.about.identifiers}
    assert {("id", "MRN774193"), ("date", "2019-08-07")} <= told
    assert "image.orientation" in {finding.check for finding in made.about.findings}


def test_what_freesurfer_made_is_no_raw_image(tmp_path: Path) -> None:
    image = nibabel.MGHImage(np.ones((4, 4, 4), dtype=np.float32), np.eye(4))
    image.header["te"] = 2.5
    for name in ("bert/mri/brain.mgz", "bert/mri/orig/001.mgz", "sub-01_T1w.mgz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(image, tmp_path / name)
    brain, _, t1w = read(tmp_path)
    assert any("FreeSurfer made it" in fact.where for fact in brain.about.facts)
    assert (t1w.about.suffix, t1w.about.sidecar["EchoTime"]) == ("T1w", 0.0025)


def test_a_missing_half_and_a_short_file_are_said(tmp_path: Path) -> None:
    (tmp_path / "a+orig.HEAD").write_bytes((REAL / "example4d+orig.HEAD").read_bytes())
    (tmp_path / "b.hdr").write_bytes((REAL / "analyze.hdr").read_bytes())
    packed = gzip.decompress((REAL / "test.mgz").read_bytes())
    (tmp_path / "c.mgh").write_bytes(packed[:300])
    listing = Listing.of(tmp_path)
    found = detect(listing, READERS.items())
    assert sorted(finding.check for finding in found.findings) == ["detect.incomplete", "detect.incomplete"]
    (source,) = [one for one in found.sources if one.complete]
    with pytest.raises(Unreadable, match="cut short"):
        READERS.get("mgh").read(source, listing, scratch=tmp_path)


@pytest.mark.parametrize("name", ["afni", "analyze", "mgh"])
def test_the_readers_keep_their_contract(name: str, tmp_path: Path) -> None:
    for end in ("HEAD", "BRIK.gz"):
        (tmp_path / f"sub-01_task-x_bold+orig.{end}").write_bytes(
            (REAL / f"example4d+orig.{end}").read_bytes()
        )
    (tmp_path / "sub-01_task-x_bold.mgz").write_bytes((REAL / "test.mgz").read_bytes())
    nibabel.AnalyzeImage(np.ones((4, 5, 6), dtype=np.int16), None).to_filename(tmp_path / "sub-01_T2w.img")
    assert check_reader(READERS.get(name), Listing.of(tmp_path), scratch=tmp_path) == ()

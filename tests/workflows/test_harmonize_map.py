"""Effects on the surface: the right region of the right hemisphere gets the right colour in the right view."""

import base64
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput, CommissureError, NotFound, Unreadable
from commissure.workflows.harmonize_map import map_effects

nibabel = pytest.importorskip("nibabel")
pytest.importorskip("nilearn")


def _mesh(side: str) -> np.ndarray:
    import nilearn

    folder = Path(nilearn.__file__).parent / "datasets" / "data" / "fsaverage5"
    return np.asarray(nibabel.load(folder / f"pial_{side}.gii.gz").darrays[0].data)


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """Front and back, on the outer and the inner face, of both hemispheres."""
    for side, mark in (("left", "lh"), ("right", "rh")):
        xyz = _mesh(side)
        outer = np.abs(xyz[:, 0]) > np.median(np.abs(xyz[:, 0]))
        labels = 2 * outer + (xyz[:, 1] > np.median(xyz[:, 1]))
        colours = np.array([[10 * n + 10, 0, 0, 0, 0] for n in range(4)])
        names = ["inner_back", "inner_front", "outer_back", "outer_front"]
        nibabel.freesurfer.write_annot(
            tmp_path / f"{mark}.four.annot", labels, colours, names, fill_ctab=True
        )
    return tmp_path / "lh.four.annot"


def _pictures(svg: str) -> list[np.ndarray]:
    found = []
    for text in re.findall(r"base64,([^\"]+)", svg):
        data = base64.b64decode(text)
        wide, high = struct.unpack(">II", data[16:24])
        at = data.index(b"IDAT")
        size = struct.unpack(">I", data[at - 4 : at])[0]
        rows = np.frombuffer(zlib.decompress(data[at + 4 : at + 4 + size]), np.uint8).reshape(
            high, 1 + 3 * wide
        )
        found.append(rows[:, 1:].reshape(high, wide, 3).astype(int))
    return found


def _red(pixels: np.ndarray) -> np.ndarray:
    return (pixels[..., 0] - pixels[..., 2]) > 40


def test_a_region_is_where_it_should_be(atlas: Path, tmp_path: Path) -> None:
    effects = {
        "lh_outer_front_thickness": 0.8,
        "rh_inner_back_thickness": 0.4,
        "rh_outer_back_thickness": -0.8,
    }
    assert map_effects(effects, atlas=atlas, into=tmp_path / "map.svg") == 2
    svg = (tmp_path / "map.svg").read_text()
    lateral_l, medial_l, lateral_r, medial_r = _pictures(svg)
    half = lateral_l.shape[1] // 2
    assert _red(lateral_l)[:, :half].mean() > 0.1  # the left brain looks to the left from outside
    assert _red(lateral_l)[:, half + 20 :].mean() < 0.02
    assert _red(medial_l).mean() < 0.05
    assert (
        _red(medial_r)[:, half + 20 :].mean() > 0.03
    )  # the right brain, from inside, has its back to the right
    assert _red(lateral_r).mean() < 0.3 * _red(medial_r).mean()
    blue = (lateral_r[..., 2] - lateral_r[..., 0]) > 40
    assert blue[:, :half].mean() > 0.1
    assert 0.3 < (lateral_l.sum(axis=2) < 765).mean() < 0.95
    assert "0.80" in svg
    again = tmp_path / "again.svg"
    map_effects(effects, atlas=atlas, into=again)
    assert again.read_text() == svg


@pytest.mark.parametrize(
    ("effects", "error", "message"),
    [({"lh_nowhere": 1.0}, BadInput, "No region"), ({}, NotFound, "no atlas")],
)
def test_what_cannot_be_drawn_is_said(
    atlas: Path, tmp_path: Path, effects: dict[str, float], error: type[CommissureError], message: str
) -> None:
    with pytest.raises(error, match=message):
        map_effects(effects, atlas=atlas, into=tmp_path / "m.svg")


def test_a_wrong_atlas_is_said(atlas: Path, tmp_path: Path) -> None:
    atlas.write_bytes(b"no atlas")
    with pytest.raises(Unreadable, match="annotation"):
        map_effects({"lh_outer_front": 1.0}, atlas=atlas, into=tmp_path / "m.svg")
    nibabel.freesurfer.write_annot(
        atlas, np.zeros(9, int), np.array([[1, 0, 0, 0, 0]]), ["a"], fill_ctab=True
    )
    with pytest.raises(BadInput, match="got 9 and 10242"):
        map_effects({"lh_a": 1.0}, atlas=atlas, into=tmp_path / "m.svg")

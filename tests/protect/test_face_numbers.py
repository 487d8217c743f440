"""Heads in files of bare numbers: where their frame is told the face goes and the attack fails, else they stay back."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import io, sparse

from commissure.model import About, Subject, Tree
from commissure.protect.deidentify import deidentify
from commissure.protect.files.numbers import head_in
from commissure.protect.heads.head_shape import are_triangles, head_unit_mm, is_head_image
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.faces import planted_head
from commissure.testing.head_meshes import CENTRE, MARKS, MEAN, SD, SPHERE, cranial, mesh_head, told_apart

nibabel = pytest.importorskip("nibabel")

CORNERS = SPHERE[1][1:]  # one triangle fewer: a mesh that is no icosphere
#: from right, front, up to front, left, up
TO_ALS = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
#: a made head's ears are at y = 0, its nasion 18 mm above them; CTF's x axis runs through the nasion
UP = np.arctan2(18.0, 94.0)
LEVEL = np.array([[1, 0, 0], [0, np.cos(UP), np.sin(UP)], [0, -np.sin(UP), np.cos(UP)]])
Points = NDArray[np.float64]


def nodded(points: Points, degrees: float = 25.0) -> Points:
    turn = np.deg2rad(degrees)
    return points @ np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]).T


def outside_gifti(folder: Path, points: Points) -> None:
    """As BrainVISA and Caret write it: an XML head, and the numbers in a file beside it."""
    (folder / "scalp.dat").write_bytes(points.astype("<f4").tobytes() + CORNERS.astype("<i4").tobytes())
    arrays = [("POINTSET", "FLOAT32", len(points), 0), ("TRIANGLE", "INT32", len(CORNERS), points.size * 4)]
    said = [
        f'<DataArray Intent="NIFTI_INTENT_{intent}" DataType="NIFTI_TYPE_{kind}" ArrayIndexingOrder="RowMajorOrder" '
        f'Dimensionality="2" Dim0="{count}" Dim1="3" Encoding="ExternalFileBinary" Endian="LittleEndian" '
        f'ExternalFileName="scalp.dat" ExternalFileOffset="{start}"><MetaData/><Data></Data></DataArray>'
        for intent, kind, count, start in arrays
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?><GIFTI Version="1.0" NumberOfDataArrays="2"><MetaData/><LabelTable/>'
    (folder / "scalp.surf.gii").write_text(head + "".join(said) + "</GIFTI>")


def read_gifti(folder: Path) -> Points:
    return np.asarray(nibabel.load(folder / "scalp.surf.gii").darrays[0].data, dtype=float)


def neighbours(corners: NDArray[np.intp], count: int) -> Any:
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    ones = np.ones(2 * len(pairs))
    both = np.concatenate([pairs, pairs[:, ::-1]])
    near = sparse.coo_array((ones, (both[:, 0], both[:, 1])), shape=(count, count)).tocsc()
    near.data[:] = 1
    return near


def brainstorm(folder: Path, points: Points) -> None:
    scs = points @ LEVEL.T @ TO_ALS.T / 1000.0
    normals = scs / np.linalg.norm(scs, axis=1, keepdims=True)
    content = {"Vertices": scs, "Faces": CORNERS + 1, "Comment": "head mask", "VertConn": neighbours(CORNERS, len(points)),
               "VertNormals": normals, "Curvature": scs[:, :1]}  # fmt: skip
    io.savemat(folder / "tess_surface.mat", content, do_compression=True)


def read_brainstorm(folder: Path) -> Points:
    return np.asarray(io.loadmat(folder / "tess_surface.mat")["Vertices"] * 1000.0 @ TO_ALS @ LEVEL)


def fieldtrip(folder: Path, points: Points, *, solved: bool = False) -> None:
    """A head model without its solution: skin, skull and brain, in centimetres of the CTF frame."""
    scale = (1.0, 0.85, 0.78)
    centre = points.mean(axis=0)
    rows = [
        ((centre + (points - centre) * one) @ LEVEL.T @ TO_ALS.T / 10.0, (CORNERS + 1).astype(float))
        for one in scale
    ]
    bnd = np.array(rows, dtype=[("pos", object), ("tri", object)])[None]
    tissue = np.array(["scalp", "skull", "brain"], dtype=object)[None]
    vol = {"bnd": bnd, "tissue": tissue, "unit": "cm", "coordsys": "ctf", "cond": [0.33, 0.0042, 0.33]}
    vol |= {"mat": np.ones((3 * len(points), 9))} if solved else {}
    io.savemat(folder / "vol.mat", {"vol": vol})


def read_fieldtrip(folder: Path) -> Points:
    bnd = io.loadmat(folder / "vol.mat", simplify_cells=True)["vol"]["bnd"]
    return np.asarray(bnd[0]["pos"] * 10.0 @ TO_ALS @ LEVEL)


def nodding_fif(folder: Path, points: Points) -> None:
    """A head that nods by 25 degrees, so that nothing but its fiducials tells where the face is."""
    moved = nodded(points)
    mne.write_head_bem(folder / "x-head.fif", moved / 1000.0, CORNERS, on_defects="ignore", verbose="error")
    places = (MARKS.lpa_mm, MARKS.nasion_mm, MARKS.rpa_mm)
    dots = [
        {
            "r": (nodded(np.array([place]))[0] / 1000.0).astype("f4"),
            "kind": 1,
            "ident": ident,
            "coord_frame": 5,
        }
        for ident, place in zip((1, 2, 3), places, strict=True)
    ]
    mne.io.write_fiducials(folder / "x-fiducials.fif", dots, coord_frame=5, overwrite=True, verbose="error")


def read_fif(folder: Path) -> Points:
    return nodded(mne.read_bem_surfaces(folder / "x-head.fif", verbose="error")[0]["rr"] * 1000.0, -25.0)


KINDS: dict[str, tuple[Callable[[Path, Points], None], Callable[[Path], Points]]] = {
    "GIFTI with its numbers beside it": (outside_gifti, read_gifti),
    "Brainstorm": (brainstorm, read_brainstorm),
    "FieldTrip": (fieldtrip, read_fieldtrip),
    "FIF with fiducials": (nodding_fif, read_fif),
}


def released(root: Path, out: Path, hub: Pseudonyms) -> tuple[Tree, Any]:
    files = tuple(sorted(each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()))
    made = Tree("bids", root, files, About("anat", Subject("01")))
    return deidentify(made, pseudonyms=hub, policy=Policy(keep_labels=True), scratch=out)


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_that_told_everybody_apart_tells_nobody(kind: str, hub: Pseudonyms, tmp_path: Path) -> None:
    write, read = KINDS[kind]
    rng = np.random.default_rng(11)
    people = [mesh_head(MEAN + rng.normal(0, SD, 7)) for _ in range(25)]
    (tmp_path / "raw").mkdir()
    folders = [tmp_path / "raw" / f"sub-{number:02d}" for number in range(25)]
    for folder, (points, _) in zip(folders, people, strict=True):
        folder.mkdir()
        write(folder, points)
    known = [points for points, _ in people]
    assert told_apart(known, [read(folder) for folder in folders], rng=rng) > 0.9
    tree, removed = released(tmp_path / "raw", tmp_path / "out", hub)
    left = [read(tree.root / folder.name) for folder in folders]
    assert (
        told_apart(known, left, rng=rng) <= 4 / 25
    )  # by guessing, 5 of 25 or more are right in 0.3 % of all draws
    assert removed["face"] > 25 * 150
    for (points, _), mesh in zip(people, left, strict=True):
        there = points[cranial(points)]
        assert max(np.linalg.norm(mesh - one, axis=1).min() for one in there[::20]) < 0.01
    assert not [finding for finding in tree.about.findings if finding.severity == "error"]
    assert not list(tree.root.rglob("*.dat"))


def test_brainstorms_neighbours_and_normals_follow(hub: Pseudonyms, tmp_path: Path) -> None:
    points, face = mesh_head()
    (tmp_path / "raw").mkdir()
    brainstorm(tmp_path / "raw", points)
    tree, _ = released(tmp_path / "raw", tmp_path / "out", hub)
    made = io.loadmat(tree.root / "tess_surface.mat")
    count = len(made["Vertices"])
    assert count < len(points) - face.sum()
    corners = made["Faces"].astype(int) - 1
    assert corners.max() == count - 1
    assert (made["VertConn"] != neighbours(corners, count)).nnz == 0
    assert made["VertNormals"].shape == (count, 3)
    assert made["Curvature"].shape == (count, 1)
    np.testing.assert_allclose(made["Curvature"][:-1, 0], made["Vertices"][:-1, 0])
    before = io.loadmat(tmp_path / "raw/tess_surface.mat")
    old = {tuple(row) for row in np.round(before["VertNormals"][face], 4)}
    assert not old & {tuple(row) for row in np.round(made["VertNormals"], 4)}


def test_bone_brain_and_what_is_no_head_stay_bit_by_bit(hub: Pseudonyms, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    raw = tmp_path / "raw"
    raw.mkdir()
    points, _ = mesh_head()
    brain = SPHERE[0] * [0.065, 0.085, 0.06]
    arrays = {
        "epochs": rng.normal(size=(60, 64, 200)), "bvecs": SPHERE[0], "coords": rng.normal(0, 40, (900, 3)), "positions": points[:300],
        "movement": np.cumsum(rng.normal(size=(5000, 6)), axis=0), "labels": rng.integers(0, 40, (2000, 3)),
        "lh_pial": brain * 1000.0,
    }  # fmt: skip
    for name, array in arrays.items():
        np.save(raw / f"{name}.npy", array)
    np.savez(raw / "all.npz", **arrays)
    (raw / "samples.dat").write_bytes(rng.normal(0, 100, 30_000).astype("<f4").tobytes())
    io.savemat(raw / "tess_cortex.mat", {"Vertices": brain, "Faces": CORNERS + 1, "Comment": "cortex"})
    io.savemat(
        raw / "data.mat", {"epochs": rng.normal(size=(64, 100, 50)), "design": rng.normal(size=(900, 3))}
    )
    tree, _ = released(raw, tmp_path / "out", hub)
    assert not [finding for finding in tree.about.findings if finding.severity == "error"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(np.load(tree.root / f"{name}.npy"), array)
        np.testing.assert_array_equal(np.load(tree.root / "all.npz")[name], array)
    assert (tree.root / "samples.dat").read_bytes() == (raw / "samples.dat").read_bytes()
    for name in ("tess_cortex.mat", "data.mat"):
        one, other = io.loadmat(raw / name), io.loadmat(tree.root / name)
        for key in (key for key in one if not key.startswith("__") and key != "Comment"):
            np.testing.assert_array_equal(one[key], other[key])


def hidden(raw: Path) -> None:
    """Heads of which nothing says where the face is, in ways that nobody else would look at."""
    points, _ = mesh_head()
    np.save(raw / "a.npy", points)
    np.save(raw / "b.npy", points.T.astype("f4") / 1000.0)
    np.save(raw / "c.npy", points.ravel())
    np.save(raw / "d.npy", points[CORNERS])
    np.save(raw / "e.npy", np.hstack([points, points * 0.01]))
    np.save(raw / "corners.npy", CORNERS)
    np.save(
        raw / "scan.npy",
        planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(2), zoom_mm=3.0).volume,
    )
    np.savez(raw / "f.npz", v=points / 10.0, f=CORNERS)
    (raw / "g.dat").write_bytes(points.astype(">f4").tobytes())
    (raw / "h.dat").write_bytes((points / 1000.0).astype("<f8").tobytes())
    io.savemat(raw / "i.mat", {"mesh": {"pos": points, "tri": CORNERS + 1}})  # not called anything
    io.savemat(raw / "j.mat", {"scalp": {"pos": points, "tri": CORNERS + 1, "unit": "mm"}})  # says no frame
    io.savemat(
        raw / "k.mat",
        {
            "Cube": planted_head(
                np.random.default_rng(1), skull_rng=np.random.default_rng(2), zoom_mm=3.0
            ).volume
        },
    )
    scs = points @ LEVEL.T @ TO_ALS.T
    vol = {
        "scalp": {"pos": scs, "tri": CORNERS + 1, "unit": "mm", "coordsys": "ctf"},
        "mat": np.ones((len(points), 64)),
    }
    io.savemat(raw / "l.mat", {"vol": vol})  # a solution computed from the skin with its face
    (raw / "m").mkdir()
    fieldtrip(raw / "m", points, solved=True)
    np.save(raw / "pickled.npy", np.array([{"who": "Wolfram"}], dtype=object), allow_pickle=True)
    (raw / "x.vtk").write_text("# vtk DataFile Version 3.0\n")


def test_a_head_of_which_nothing_says_where_its_face_is_stays_back(hub: Pseudonyms, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    hidden(raw)
    tree, _ = released(raw, tmp_path / "out", hub)
    assert tree.files == ()
    told = {finding.where: finding.check for finding in tree.about.findings if finding.severity == "error"}
    assert set(told) == {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()}
    assert {told.pop("pickled.npy")} == {"protect.unknown_kind"}
    assert set(told.values()) == {"protect.face_mesh"}


def test_drawn_points_lose_the_face_in_brainstorm_and_fieldtrip(hub: Pseudonyms, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    points, face = mesh_head()
    picked = np.random.default_rng(5).permutation(len(points))[:200]
    scs = points @ LEVEL.T @ TO_ALS.T / 1000.0
    marks = np.array([MARKS.nasion_mm, MARKS.lpa_mm, MARKS.rpa_mm]) @ LEVEL.T @ TO_ALS.T / 1000.0
    loc = np.concatenate([marks, scs[picked]]).T
    label = np.array(["NA", "LPA", "RPA", *["EXTRA"] * 200], dtype=object)[None]
    kind = np.array([*["CARDINAL"] * 3, *["EXTRA"] * 200], dtype=object)[None]
    io.savemat(
        raw / "channel.mat", {"HeadPoints": {"Loc": loc, "Label": label, "Type": kind}, "Comment": "Channels"}
    )
    fid = {"pos": marks, "label": np.array(["nas", "lpa", "rpa"], dtype=object)[:, None]}
    io.savemat(raw / "headshape.mat", {"headshape": {"pos": scs[picked], "fid": fid, "unit": "m"}})
    tree, removed = released(raw, tmp_path / "out", hub)
    made = io.loadmat(tree.root / "channel.mat", simplify_cells=True)["HeadPoints"]
    shape = io.loadmat(tree.root / "headshape.mat", simplify_cells=True)["headshape"]["pos"]
    gone = scs[picked][face[picked]]
    stay = scs[picked][cranial(points)[picked]]
    assert len(gone) > 10
    for left in (made["Loc"].T, shape):
        assert min(np.linalg.norm(left - one, axis=1).min() for one in gone) > 1e-4
        assert max(np.linalg.norm(left - one, axis=1).min() for one in stay) < 1e-9
    assert list(made["Label"][:3]) == ["NA", "LPA", "RPA"]
    assert made["Loc"].shape[1] == len(made["Label"]) == len(made["Type"])
    assert removed["face"] >= 2 * len(gone)


def test_texts_among_numbers_are_cleaned(hub: Pseudonyms, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    np.save(raw / "who.npy", np.array(["Dr. Quackenbush came", "left hand"]))
    (raw / "register.dat").write_text("Dr. Quackenbush\n1.000000\n0.15\n1.0 0.0 0.0 -3.2e-01\n")
    table = "12\t0.5\tRECORDED BY Dr. Quackenbush\n13\t700 700 1000\tn/a\n"
    with gzip.GzipFile(
        filename="quackenbush.tsv", mode="wb", fileobj=(raw / "x_physioevents.tsv.gz").open("wb")
    ) as stream:
        stream.write(table.encode())
    (raw / "x_physio.tsv.gz").write_bytes(gzip.compress(b"1.5e-3\t2\nn/a\t3\n"))
    path = b"/autofs/space/users/quackenbush/colours.txt"
    annot = struct.pack(">i", 1) + struct.pack(">ii", 0, 0) + struct.pack(">iiii", 1, -2, 1, len(path)) + path
    (raw / "lh.aparc.annot").write_bytes(annot + struct.pack(">i", 0))
    tree, _ = released(raw, tmp_path / "out", hub)
    assert np.load(tree.root / "who.npy").tolist() == ["[name] came", "left hand"]
    assert (tree.root / "register.dat").read_text() == "[name]\n1.000000\n0.15\n1.0 0.0 0.0 -3.2e-01\n"
    made = (tree.root / "x_physioevents.tsv.gz").read_bytes()
    assert gzip.decompress(made).decode() == "12\t0.5\tRECORDED BY [name]\n13\t700 700 1000\tn/a\n"
    assert b"quackenbush" not in made
    assert gzip.decompress((tree.root / "x_physio.tsv.gz").read_bytes()) == b"1.5e-3\t2\nn/a\t3\n"
    assert (tree.root / "lh.aparc.annot").read_bytes() == annot.replace(path, bytes(len(path))) + struct.pack(
        ">i", 0
    )


def test_samples_named_eeg_need_the_header_that_says_so(hub: Pseudonyms, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.eeg").write_bytes(b"EEG-1100A V01.00" + b"Quackenbush" * 20)
    (raw / "b.eeg").write_bytes(bytes(64))
    (raw / "b.vhdr").write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=b.eeg\n"
    )
    tree, _ = released(raw, tmp_path / "out", hub)
    assert set(tree.files) == {"b.eeg", "b.vhdr"}


def test_what_tells_a_head_from_other_numbers() -> None:
    points, _ = mesh_head()
    assert [head_unit_mm(points * unit) for unit in (1.0, 0.1, 0.001)] == [1.0, 10.0, 1000.0]
    assert head_unit_mm(np.random.default_rng(0).normal(0, 60, (3000, 3))) == 0.0
    assert are_triangles(CORNERS, count=len(points))
    assert not are_triangles(CORNERS + 5)
    volume = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(2), zoom_mm=3.0).volume
    assert is_head_image(volume)
    assert not is_head_image(np.random.default_rng(0).normal(size=(64, 64, 64)))
    assert head_in(points, name="lh.pial") != ""  # too long to be a brain
    assert head_in(points + CENTRE, name="lh.sphere") == ""

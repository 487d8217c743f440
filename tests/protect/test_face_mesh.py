"""Surfaces of made heads: a planted face goes, the cranium stays, and who it was is told no better than by guessing."""

from pathlib import Path

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from commissure.errors import BadInput
from commissure.model import About, Subject, Tree
from commissure.protect.deidentify import deidentify
from commissure.protect.files.fif_surfaces import deface_fif
from commissure.protect.heads.face_mesh import Landmarks, MeshDefaced, deface_mesh, estimate_landmarks
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.head_meshes import CENTRE, MARKS, MEAN, SD, SPHERE, cranial, mesh_head, told_apart

nibabel = pytest.importorskip("nibabel")


def nod(points: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    turn = np.deg2rad(degrees)
    cos, sin = np.cos(turn), np.sin(turn)
    return points @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]).T


def cut(points: NDArray[np.float64], marks: Landmarks | None = None) -> MeshDefaced:
    # one triangle fewer: a mesh that is no icosphere
    return deface_mesh(points, triangles=SPHERE[1][1:], landmarks=marks)


@pytest.mark.parametrize("degrees", [-10.0, -5.0, 0.0, 5.0, 10.0])
def test_the_planted_face_goes_by_size_alone_and_the_cranium_stays(degrees: float) -> None:
    points, face = mesh_head()
    done = cut(nod(points, degrees) + [3.0, -20.0, 40.0])
    assert face.sum() > 150
    assert done.face[face].all()
    assert not done.face[cranial(points)].any()
    assert set(done.kept) & set(np.flatnonzero(face)) == set()


def test_with_landmarks_any_frame_will_do_and_indices_stay_true() -> None:
    points, face = mesh_head()
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    marks = Landmarks(*(np.asarray(each) @ turn.T + 500.0 for each in (MARKS.nasion_mm, MARKS.lpa_mm, MARKS.rpa_mm)))  # fmt: skip
    moved = points @ turn.T + 500.0
    done = cut(moved, marks)
    assert done.face[face].all()
    assert not done.face[cranial(points)].any()
    np.testing.assert_array_equal(done.vertices_mm[: len(done.kept)], moved[done.kept])
    before = {tuple(each) for each in SPHERE[1][1:]}
    old = done.kept[done.triangles[(done.triangles < len(done.kept)).all(axis=1)]]
    assert {tuple(each) for each in old} == {each for each in before if not done.face[list(each)].any()}
    assert len(done.kept) > 0.99 * (~done.face).sum()


def test_the_hole_is_closed_by_a_cap_that_says_nothing() -> None:
    points, _ = mesh_head()
    done = cut(points)
    assert len(done.vertices_mm) == len(done.kept) + 1
    edges = np.concatenate([done.triangles[:, [0, 1]], done.triangles[:, [1, 2]], done.triangles[:, [2, 0]]])
    once = {tuple(each) for each in edges}
    assert len(once) == len(edges)
    assert all((b, a) in once for a, b in once)
    rim = np.unique(done.triangles[(done.triangles == len(done.kept)).any(axis=1)])[:-1]
    np.testing.assert_allclose(done.vertices_mm[-1], done.vertices_mm[rim].mean(axis=0))


def test_an_icosphere_stays_closed_and_says_nothing_of_the_face() -> None:
    rng = np.random.default_rng(4)
    (one, face), (other, _) = mesh_head(MEAN + rng.normal(0, SD, 7)), mesh_head(MEAN + rng.normal(0, SD, 7))
    first, second = (deface_mesh(points, triangles=SPHERE[1], landmarks=MARKS) for points in (one, other))
    assert first.dome
    np.testing.assert_array_equal(first.triangles, SPHERE[1])
    np.testing.assert_array_equal(first.vertices_mm[~first.face], one[~first.face])
    assert np.abs(one[face] - other[face]).max() > 3.0
    same = first.face & second.face
    assert np.abs(first.vertices_mm[same] - second.vertices_mm[same]).max() < 0.5
    # the dome is as far out as the head's rim, not sunk into the brain: a brain of the usual size stays inside
    inside = (((first.vertices_mm[first.face] - CENTRE) / [66.0, 84.0, 60.0]) ** 2).sum(axis=1)
    assert inside.min() > 1.0


@pytest.mark.parametrize("closed", [False, True])
def test_nearest_points_tell_faces_before_and_no_better_than_guessing_after(closed: bool) -> None:
    rng = np.random.default_rng(11)
    people = [mesh_head(MEAN + rng.normal(0, SD, 7))[0] for _ in range(25)]
    corners = SPHERE[1] if closed else SPHERE[1][1:]
    done = [deface_mesh(each, triangles=corners).vertices_mm for each in people]
    assert told_apart(people, people, rng=rng) > 0.9
    assert (
        told_apart(people, done, rng=rng) <= 4 / 25
    )  # by guessing, 5 of 25 or more are right in 0.3 % of all draws


@pytest.mark.parametrize("degrees", [-10.0, 0.0, 10.0])
def test_the_average_head_that_mne_ships_loses_its_face_by_size_as_by_its_landmarks(degrees: float) -> None:
    folder = Path(mne.__file__).parent / "data" / "fsaverage"
    (skin,) = mne.read_bem_surfaces(folder / "fsaverage-head.fif", verbose="error")
    dots = mne.io.read_fiducials(folder / "fsaverage-fiducials.fif", verbose="error")[0]
    mark = {int(dot["ident"]): np.asarray(dot["r"], dtype=float) * 1000.0 for dot in dots}
    points = skin["rr"] * 1000.0
    known = deface_mesh(points, triangles=skin["tris"], landmarks=Landmarks(mark[2], mark[1], mark[3]))
    guess = deface_mesh(nod(points, degrees), triangles=skin["tris"])
    missed = known.face & ~guess.face
    assert known.face.sum() > 500
    # what the estimate leaves is the neck and the jaw's angle, nothing further before the ears than this
    assert not missed.any() or points[missed][:, 1].max() < (mark[1] + mark[3])[1] / 2 + 50.0
    # and 70 mm above the root of the nose all stays
    assert not guess.face[points[:, 2] > mark[2][2] + 70.0].any()


def test_the_inner_skull_that_mne_ships_stays_to_the_bit(hub: Pseudonyms, tmp_path: Path) -> None:
    source = Path(mne.__file__).parent / "data" / "fsaverage" / "fsaverage-inner_skull-bem.fif"
    copy = tmp_path / source.name
    copy.write_bytes(source.read_bytes())
    worker = Cleaner.of(About("anat", Subject("01")), pseudonyms=hub, policy=Policy())
    assert deface_fif(copy, where=copy.name, cleaner=worker) == ()
    assert copy.read_bytes() == source.read_bytes()


def test_what_is_no_upright_head_in_millimetres_is_refused() -> None:
    points, _ = mesh_head()
    for wrong in (points / 10.0, points[:, [1, 0, 2]], points[:, [0, 2, 1]] * [1, 1, 0.1], points[:50]):
        with pytest.raises(BadInput):
            estimate_landmarks(wrong)
    with pytest.raises(BadInput, match="three indices"):
        deface_mesh(points, triangles=SPHERE[1] + 10)


def gifti(path: Path, points: NDArray[np.float64], corners: NDArray[np.intp]) -> None:
    made = nibabel.gifti.GiftiImage(
        darrays=[
            nibabel.gifti.GiftiDataArray(points.astype("f4"), intent="NIFTI_INTENT_POINTSET"),
            nibabel.gifti.GiftiDataArray(corners.astype("i4"), intent="NIFTI_INTENT_TRIANGLE"),
            nibabel.gifti.GiftiDataArray(points[:, 1].astype("f4"), intent="NIFTI_INTENT_SHAPE"),
        ]
    )
    made.meta = nibabel.gifti.GiftiMetaData({"UserName": "wolfram", "Description": "scalp, 2014-04-29"})
    path.write_bytes(made.to_bytes())


def surface(points: NDArray[np.float64], corners: NDArray[np.intp], identity: int) -> dict[str, object]:
    return {"id": identity, "sigma": 0.3, "np": len(points), "ntri": len(corners), "coord_frame": 5,
            "rr": points / 1000.0, "tris": corners, "nn": points / np.linalg.norm(points, axis=1, keepdims=True)}  # fmt: skip


def build(root: Path) -> None:
    points, _ = mesh_head()
    brain = (SPHERE[0] * [65.0, 85.0, 60.0]) + [0.0, 0.0, 50.0]
    folder = root / "derivatives/mne/sub-01/anat"
    folder.mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "Heads", "BIDSVersion": "1.9.0"}')
    gifti(folder / "sub-01_scalp.surf.gii", points, SPHERE[1][1:])
    gifti(folder / "sub-01_hemi-L_pial.surf.gii", brain, SPHERE[1])
    gifti(folder / "sub-01_hemi-R_pial.surf.gii", points, SPHERE[1][1:])  # a head under a brain's name
    gifti(folder / "sub-01_unnamed.surf.gii", points, SPHERE[1][1:])
    mne.write_head_bem(
        folder / "sub-01-head.fif", points / 1000.0, SPHERE[1][1:], on_defects="ignore", verbose="error"
    )
    skins = [surface(points, SPHERE[1], 4), surface(brain, SPHERE[1], 1)]
    mne.write_bem_surfaces(folder / "sub-01-bem.fif", skins, verbose="error")
    (folder / "sub-01-bem-sol.fif").write_bytes((folder / "sub-01-bem.fif").read_bytes())
    solution = np.eye(4, dtype=np.float32)
    skins_of = mne.bem.ConductorModel(is_sphere=False, surfs=mne.read_bem_surfaces(folder / "sub-01-bem.fif", verbose="error"),
                                      solution=solution, bem_method=2, solver="mne")  # fmt: skip
    mne.write_bem_solution(folder / "sub-01-bem-sol.fif", skins_of, overwrite=True, verbose="error")
    for name in ("lh.seghead", "outer_skin", "outer_skin.surf", "lh.pial"):
        nibabel.freesurfer.write_geometry(folder / name, points, SPHERE[1][1:], create_stamp="created by wolfram on Mon Mar 3")  # fmt: skip
    for name in ("scan.stl", "scan.ply", "scan.obj"):
        (folder / name).write_text("solid head\n")


def same_as(one: NDArray[np.float64], other: NDArray[np.float64], atol: float = 0.01) -> NDArray[np.bool_]:
    return np.asarray(cKDTree(other).query(one)[0] < atol)


def test_a_tree_is_released_without_faces(hub: Pseudonyms, tmp_path: Path) -> None:
    root = tmp_path / "raw"
    build(root)
    files = tuple(sorted(each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()))
    made = Tree("bids", root, files, About("anat", Subject("01")))
    clean, removed = deidentify(
        made, pseudonyms=hub, policy=Policy(keep_labels=True), scratch=tmp_path / "out"
    )
    left = {Path(each).name: clean.root / each for each in clean.files}
    assert set(left) == {
        "dataset_description.json", "sub-01_scalp.surf.gii", "sub-01_hemi-L_pial.surf.gii", "sub-01-head.fif",
        "sub-01-bem.fif", "lh.seghead", "outer_skin", "outer_skin.surf",
    }  # fmt: skip
    points, face = mesh_head()
    told = {Path(each.where).name: each.check for each in clean.about.findings}
    back = {name: told[name] for name in ("sub-01-bem-sol.fif", "scan.stl", "scan.ply", "scan.obj", "sub-01_unnamed.surf.gii", "sub-01_hemi-R_pial.surf.gii")}  # fmt: skip
    assert set(back.values()) == {"protect.face_mesh"}
    assert told["lh.pial"] == "protect.unknown_kind"
    assert removed["face"] > 6 * face.sum()
    source = root / "derivatives/mne/sub-01/anat"
    _check_skins(left, points, face)
    pial = "sub-01_hemi-L_pial.surf.gii"
    for one, other in zip(nibabel.load(left[pial]).darrays, nibabel.load(source / pial).darrays, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
    skin, brain = mne.read_bem_surfaces(left["sub-01-bem.fif"], verbose="error")
    _, before = mne.read_bem_surfaces(source / "sub-01-bem.fif", verbose="error")
    np.testing.assert_array_equal(brain["rr"], before["rr"])
    np.testing.assert_array_equal(skin["tris"], SPHERE[1])
    assert not same_as(points[face], skin["rr"] * 1000.0).any()
    assert same_as(points[cranial(points)], skin["rr"] * 1000.0).all()
    assert skin["id"] == 4
    assert all(b"wolfram" not in path.read_bytes() for path in left.values())


def _check_skins(left: dict[str, Path], points: NDArray[np.float64], face: NDArray[np.bool_]) -> None:
    scalp = nibabel.load(left["sub-01_scalp.surf.gii"]).darrays
    assert len(scalp[2].data) == len(scalp[0].data)
    np.testing.assert_allclose(scalp[2].data[:-1], scalp[0].data[:-1, 1])
    (skin,) = mne.read_bem_surfaces(left["sub-01-head.fif"], verbose="error")
    meshes = [(scalp[0].data, scalp[1].data), (skin["rr"] * 1000.0, skin["tris"])]
    meshes += [
        nibabel.freesurfer.read_geometry(left[name])
        for name in ("lh.seghead", "outer_skin", "outer_skin.surf")
    ]
    for vertices, corners in meshes:
        assert not same_as(points[face], vertices).any()
        assert same_as(points[cranial(points)], vertices).all()
        assert corners.max() < len(vertices)
        assert len(vertices) < len(points) - face.sum()


def test_an_animals_surfaces_stay_as_they_are(hub: Pseudonyms, tmp_path: Path) -> None:
    root = tmp_path / "raw"
    build(root)
    name = "derivatives/mne/sub-01/anat/sub-01_scalp.surf.gii"
    made = Tree("bids", root, (name,), About("anat", Subject("01", species="Mus musculus")))
    clean, _ = deidentify(made, pseudonyms=hub, policy=Policy(keep_labels=True), scratch=tmp_path / "out")
    one, other = nibabel.load(clean.root / clean.files[0]).darrays, nibabel.load(root / name).darrays
    assert all(np.array_equal(a.data, b.data) for a, b in zip(one, other, strict=True))


def test_the_made_cleaner_counts_what_went(hub: Pseudonyms, tmp_path: Path) -> None:
    points, face = mesh_head()
    path = tmp_path / "x-head.fif"
    mne.write_head_bem(path, points / 1000.0, SPHERE[1][1:], on_defects="ignore", verbose="error")
    worker = Cleaner.of(About("anat", Subject("01")), pseudonyms=hub, policy=Policy())
    assert deface_fif(path, where="x-head.fif", cleaner=worker) == ()
    assert worker.removed["face"] >= face.sum()

"""Heads inside of MATLAB files (Brainstorm, FieldTrip): the skin loses its face, brain and bone stay, images stay back.

A mesh is a structure with an array of points and one of triangles, whatever their names; what it shows is told by the names
around it, as of any surface (:mod:`commissure.protect.heads.face_surfaces`), and where its face is by its frame or its fiducials.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Unreadable
from commissure.extras import need
from commissure.model import Finding
from commissure.protect.files.matlab import array_shapes
from commissure.protect.files.matlab_headshape import drop_face_points
from commissure.protect.heads.face_mesh import Landmarks, MeshDefaced, deface_mesh, extent_mm, vertex_normals
from commissure.protect.heads.face_surfaces import BRAIN_MM, kept_face, kind_of
from commissure.protect.heads.head_frames import landmarks_in
from commissure.protect.heads.head_shape import are_triangles, head_unit_mm, is_head_image, points_in
from commissure.protect.text.cleaner import Cleaner

__all__ = ["deface_matlab"]

_TOLD = ("Comment", "tissue", "label", "type", "name", "Name", "SurfaceType")
_FRAMES = ("coordsys", "CoordSys", "coord")
_UNITS_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
_LEAST = 40


@dataclass
class _Scope:
    """One structure's fields, by name, which can be set; the words around it; the scope that it stands in."""

    fields: dict[str, Any]
    store: Any
    words: str
    above: "_Scope | None" = None
    cut: set[str] = field(default_factory=set)

    def set(self, name: str, value: Any) -> None:
        self.store[name] = value
        self.fields[name] = value
        self.cut.add(name)

    def told(self, names: tuple[str, ...]) -> str:
        """The first of several texts here or above; empty if there is none."""
        found = (_text(self.fields[name]) for name in names if name in self.fields)
        own = next((text for text in found if text), "")
        return own or (self.above.told(names) if self.above else "")


def deface_matlab(source: Path, target: Path, *, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """Write ``target`` without faces, if ``source`` has any; an ERROR among the Findings says that it must stay back.

    Parameters
    ----------
    source : Path
        A MATLAB file of version 5 to 7.
    target : Path
        Is not written where there is nothing to take off.
    where : str
        A safe name to speak of it.
    cleaner : Cleaner
        Counts what goes as ``face``.

    Raises
    ------
    Unreadable
        If the file is damaged.
    MissingExtra
        If scipy is not there to read a file that may hold a head.
    """
    if not cleaner.is_person or not _may_hold_a_head(source):
        return ()
    io: Any = need("scipy.io", purpose="Looking for heads in MATLAB files")
    try:
        content = io.loadmat(source, struct_as_record=True, squeeze_me=False)
    except (ValueError, TypeError, IndexError, OSError, NotImplementedError) as error:
        raise Unreadable("A MATLAB file cannot be read to its end; get an intact copy of it.") from error
    names = [name for name in content if not name.startswith("__")]
    scopes = list(_scopes(_Scope({name: content[name] for name in names}, content, source.stem)))
    total = sum(_vertex_count(scope) for scope in scopes)
    try:
        sizes = [size for scope in scopes for size in _cut_in(scope, cleaner)]
        _check_rest(scopes, sizes, total)
        cut = any(scope.cut for scope in scopes)
        if cut:
            target.parent.mkdir(parents=True, exist_ok=True)
            io.savemat(
                target, {name: content[name] for name in names}, do_compression=True, long_field_names=True
            )
    except (BadInput, TypeError, ValueError) as error:
        target.unlink(missing_ok=True)
        why = (
            str(error)
            if isinstance(error, BadInput)
            else "A head stands beside objects that cannot be written again."
        )
        return kept_face(why, where=where, cleaner=cleaner)
    return ()


def _may_hold_a_head(source: Path) -> bool:
    """Whether any array has the shape of points or of an image, or bears the name of a head shape."""
    try:
        listed = list(array_shapes(source))
    except (struct.error, IndexError, ValueError, zlib.error) as error:
        raise Unreadable("A MATLAB file is damaged or cut short; get an intact copy of it.") from error
    for name, shape in listed:
        points = len(shape) == 2 and 3 in shape and max(shape) >= _LEAST
        if points or (len(shape) in {3, 4} and sorted(shape)[-3] >= _LEAST):
            return True
        if kind_of(name) == "skin":
            return True
    return False


def _scopes(scope: _Scope) -> Iterator[_Scope]:
    """The scope and every structure below it."""
    yield scope
    for name, value in scope.fields.items():
        yield from _inside(value, f"{scope.words} {name}", scope)


def _inside(value: Any, words: str, above: _Scope) -> Iterator[_Scope]:
    if not isinstance(value, np.ndarray):
        return
    if value.dtype.names:
        flat = value.reshape(-1, order="A")  # a view, so that what is set is set in the file
        told = _list(above, len(flat)) if len(flat) > 1 else []
        for index in range(len(flat)):
            fields = {name: flat[index][name] for name in value.dtype.names}
            own = told[index] if told else ""
            said = " ".join(_text(fields[name]) for name in _TOLD if name in fields)
            yield from _scopes(_Scope(fields, flat[index], f"{words} {own} {said}", above))
    elif value.dtype == object:
        for item in value.reshape(-1):
            yield from _inside(item, words, above)


def _list(above: _Scope, count: int) -> list[str]:
    """The names of ``count`` structures, if a list of as many texts stands beside them."""
    for name in _TOLD:
        value = above.fields.get(name)
        if isinstance(value, np.ndarray) and value.dtype == object and value.size == count:
            return [_text(item) for item in value.reshape(-1)]
    return []


def _text(value: Any) -> str:
    while isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and value.size == 1:
        return str(value.reshape(-1)[0])
    return value if isinstance(value, str) else ""


def _numbers(scope: _Scope) -> dict[str, NDArray[Any]]:
    return {
        name: value
        for name, value in scope.fields.items()
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" and value.size > 1
    }


def _cut_in(scope: _Scope, cleaner: Cleaner) -> list[int]:
    """Take faces off in one structure; gives how many vertices each mesh that lost one had.

    Raises
    ------
    BadInput
        If something in it may show a face and nothing says where.
    """
    words = f"{scope.words} {_text(scope.fields.get('Comment'))}"
    numbers = _numbers(scope)
    if any(is_head_image(value) for value in numbers.values()):
        raise BadInput("An array of three dimensions looks like the image of a head.")
    if drop_face_points(scope.fields, words, put=scope.set, cleaner=cleaner):
        return []
    sizes = []
    for name, value in numbers.items():
        points = points_in(value)
        if points is None or value.dtype.kind not in "f" or name in scope.cut:
            continue
        corners = [
            other for other in numbers if other != name and are_triangles(numbers[other], count=len(points))
        ]
        unit_mm = head_unit_mm(value, mesh=bool(corners))
        kind = kind_of(f"{words} {name}")
        brain = kind == "brain" and extent_mm(points) * unit_mm <= BRAIN_MM
        if not unit_mm or kind == "model" or brain or _is_normals(name, numbers):
            continue
        if kind != "skin" or len(corners) != 1 or min(numbers[corners[0]].shape) != 3:
            raise BadInput("A surface that is not known to be a brain's may show a face.")
        sizes.append(len(points))
        _take_off(scope, name, corners[0], unit_mm, cleaner)
    return sizes


def _is_normals(name: str, numbers: dict[str, NDArray[Any]]) -> bool:
    return "norm" in name.casefold() and np.abs(np.linalg.norm(numbers[name], axis=-1) - 1.0).max() < 0.01


def _take_off(scope: _Scope, vertices: str, corners: str, unit_mm: float, cleaner: Cleaner) -> None:
    """Cut one mesh, and bring everything of the structure that has a number for each vertex in line."""
    stored, index = scope.fields[vertices], scope.fields[corners]
    first = int(index.min())
    unit_mm = _UNITS_MM.get(scope.told(("unit", "Unit")), unit_mm)
    points = np.asarray(points_in(stored)) * unit_mm
    done = deface_mesh(
        points, triangles=index.astype(np.intp) - first, landmarks=_landmarks(points, scope, unit_mm)
    )
    cleaner.removed["face"] += int(done.face.sum())
    made = done.vertices_mm / unit_mm
    stays = ~done.face[done.kept]
    made[: len(done.kept)][stays] = np.asarray(points_in(stored))[done.kept][stays]
    turned = stored.shape[1] != 3
    for name, value in list(scope.fields.items()):
        if name not in {vertices, corners}:
            _in_line(scope, name, value, done)
    scope.set(vertices, (made.T if turned else made).astype(stored.dtype))
    scope.set(corners, (done.triangles + first).astype(index.dtype))


def _landmarks(points: NDArray[np.float64], scope: _Scope, unit_mm: float) -> Landmarks:
    """The fiducials beside the mesh; else those of its frame."""
    fid = scope.fields.get("fid")
    if (
        isinstance(fid, np.ndarray)
        and fid.dtype.names
        and {"pos", "label"} <= set(fid.dtype.names)
        and fid.size
    ):
        one = fid.reshape(-1)[0]
        labels = [_text(item).casefold() for item in one["label"].reshape(-1)]
        marks = dict(zip(labels, np.asarray(one["pos"], dtype=float) * unit_mm, strict=False))
        nasion = next((marks[name] for name in ("nas", "nasion", "nz", "na") if name in marks), None)
        if nasion is not None and {"lpa", "rpa"} <= set(marks):
            return Landmarks(nasion, marks["lpa"], marks["rpa"])
    brainstorm = {"Vertices", "Faces", "Comment"} <= set(scope.fields)
    frame = scope.told(_FRAMES) or ("scs" if brainstorm else "")
    if not frame:
        raise BadInput("A head's surface says neither its frame (coordsys) nor its fiducials (fid), so nothing says where the face is.")  # fmt: skip
    return landmarks_in(points, frame=frame)


def _in_line(scope: _Scope, name: str, value: Any, done: MeshDefaced) -> None:
    """Numbers of vertices lose those of the face; neighbours and normals are drawn anew from what is left."""
    sparse: Any = need("scipy.sparse", purpose="Looking for heads in MATLAB files")
    before, now = len(done.face), len(done.vertices_mm)
    if sparse.issparse(value) and before in value.shape:
        pairs = np.concatenate(
            [done.triangles[:, [0, 1]], done.triangles[:, [1, 2]], done.triangles[:, [2, 0]]]
        )
        ones = np.ones(2 * len(pairs))
        both = np.concatenate([pairs, pairs[:, ::-1]])
        near = sparse.coo_array((ones, (both[:, 0], both[:, 1])), shape=(now, now)).tocsc()
        near.data[:] = 1.0
        scope.set(name, near)
    elif (
        isinstance(value, np.ndarray)
        and value.dtype.kind in "fiub"
        and value.ndim == 2
        and before in value.shape
    ):
        rows = value if value.shape[0] == before else value.T
        left = np.zeros((now, rows.shape[1]), dtype=value.dtype)
        if "norm" in name.casefold() and rows.shape[1] == 3:
            left[:] = vertex_normals(done.vertices_mm, done.triangles)
        else:
            left[: len(done.kept)] = np.where(done.face[done.kept][:, None], 0, rows[done.kept])
        scope.set(name, left if value.shape[0] == before else left.T)
    elif _has_regions(value):
        raise BadInput(
            "Regions (scouts) are drawn on a head's surface, whose vertices count anew without the face."
        )


def _has_regions(value: Any) -> bool:
    named = isinstance(value, np.ndarray) and "Scouts" in (value.dtype.names or ())
    return named and any(np.size(one["Scouts"]) for one in value.reshape(-1))


def _check_rest(scopes: list[_Scope], sizes: list[int], total: int) -> None:
    """Refuse what else has a number for each vertex of a head as it was, such as the solution of a head model.

    Raises
    ------
    BadInput
        If there is such an array.
    """
    if not sizes:
        return
    clouds = {id(scope): _lengths(scope) for scope in scopes}
    whole = {*sizes, sum(sizes), total}
    for scope in scopes:
        for name, value in _numbers(scope).items():
            # another mesh may have as many vertices; what belongs to it is its own
            told = whole - clouds[id(scope)]
            if name not in scope.cut and told & {size for size in value.shape if size > _LEAST}:
                raise BadInput(
                    "Numbers that were computed from a head's surface with its face still hold its shape."
                )


def _vertex_count(scope: _Scope) -> int:
    """How many vertices the mesh of a structure has; 0 if it holds none."""
    numbers = _numbers(scope)
    counts = _lengths(scope)
    return next(
        (count for count in counts if any(are_triangles(value, count=count) for value in numbers.values())), 0
    )


def _lengths(scope: _Scope) -> set[int]:
    """How many points each array of a structure has that holds points, now."""
    return {len(points) for value in _numbers(scope).values() if (points := points_in(value)) is not None}

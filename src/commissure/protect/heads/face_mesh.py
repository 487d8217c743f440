"""Surfaces of the head (scalp, outer skin, 3-D scans): the facial part is cut out, the rest keeps every vertex.

Where the vertices are those of a subdivided icosahedron, as boundary-element models have them, none is dropped: a dome
drawn from the rim of the cut stands where the face was, outside of the brain. Such a mesh's triangles are the same for
everybody. Of any other mesh the triangles alone would give the shape away, so there they go, and a plain cap closes the hole.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.heads.deface_points import find_face_points

__all__ = [
    "Landmarks",
    "MeshDefaced",
    "deface_mesh",
    "estimate_landmarks",
    "extent_mm",
    "is_icosphere",
    "vertex_normals",
]

#: of the head's length, after ANSUR II (crown to root of the nose 0.57, to the tragus 0.665; occiput to tragus 0.51), each
#: moved by 3 to 18 mm so that a head that nods by 10 degrees loses its face all the same
_NASION_DOWN, _TRAGUS_DOWN, _TRAGUS_FORWARD = 0.52, 0.65, 0.42
_CRANIUM_MM = 85.0
_LENGTH_MM, _WIDTH_MM, _LEAST_HEIGHT = (130.0, 245.0), (100.0, 200.0), 0.45
_CENTRE_UP_MM = 40.0


@dataclass(frozen=True, slots=True)
class Landmarks:
    """The root of the nose and the points before the ears, in the mesh's frame, in millimetres."""

    nasion_mm: ArrayLike
    lpa_mm: ArrayLike
    rpa_mm: ArrayLike


@dataclass(frozen=True, slots=True)
class MeshDefaced:
    """A surface without its face.

    Parameters
    ----------
    vertices_mm : array, shape (vertex, 3)
        What is left, bit by bit as it was and in the same order; at the end, for each hole, the middle of its rim.
    triangles : array of int, shape (triangle, 3)
        Into ``vertices_mm``.
    kept : array of int, shape (kept,)
        For each vertex that is left, its index in the mesh as it was; the middles of holes are not among them.
    face : array of bool
        Which vertices of the mesh as it was lay on the face.
    dome : bool
        Whether a dome stands where the face was (then no vertex is dropped and none is new).
    """

    vertices_mm: NDArray[Any]
    triangles: NDArray[np.intp]
    kept: NDArray[np.intp]
    face: NDArray[np.bool_]
    dome: bool = False


def extent_mm(vertices_mm: NDArray[Any]) -> float:
    """The longest side of the box around a surface."""
    return float(np.ptp(vertices_mm, axis=0).max()) if len(vertices_mm) else 0.0


def estimate_landmarks(vertices_mm: NDArray[Any]) -> Landmarks:
    """Where nasion and ears of a whole head must be, from its size; axes to the right, to the front and up.

    Parameters
    ----------
    vertices_mm : array, shape (vertex, 3)
        The outer surface of a head that does not lie or nod by more than about ten degrees.

    Raises
    ------
    BadInput
        If the surface is not of the size and shape of a human head in millimetres.

    References
    ----------
    Gordon et al. (2014), 2012 Anthropometric Survey of U.S. Army Personnel, NATICK/TR-15/007.
    """
    points = np.asarray(vertices_mm, dtype=float)
    if points.ndim != 2 or points.shape[1] != 3 or len(points) < 100 or not np.isfinite(points).all():
        raise BadInput("A head's surface must have at least 100 vertices, each of three numbers.")
    top = float(points[:, 2].max())
    cranium = points[points[:, 2] > top - _CRANIUM_MM]
    (left, back), (right, front) = cranium[:, :2].min(axis=0), cranium[:, :2].max(axis=0)
    length, width, height = front - back, right - left, top - float(points[:, 2].min())
    fits = _LENGTH_MM[0] <= length <= _LENGTH_MM[1] and _WIDTH_MM[0] <= width <= _WIDTH_MM[1]
    if not fits or width > length or height < _LEAST_HEIGHT * length:
        raise BadInput(
            f"The surface is {length:.0f} mm long, {width:.0f} wide and {height:.0f} high where a head is about 195, 155 "
            "and 230; its axes or its unit are others, so nothing says where the face is."
        )
    middle, tragus = (left + right) / 2.0, back + _TRAGUS_FORWARD * length
    return Landmarks(
        (middle, front, top - _NASION_DOWN * length),
        (left, tragus, top - _TRAGUS_DOWN * length),
        (right, tragus, top - _TRAGUS_DOWN * length),
    )


def deface_mesh(
    vertices_mm: NDArray[Any], *, triangles: NDArray[Any], landmarks: Landmarks | None = None
) -> MeshDefaced:
    """The surface without the part that :func:`commissure.protect.heads.deface_points.find_face_points` calls the face.

    Parameters
    ----------
    vertices_mm : array, shape (vertex, 3)
    triangles : array of int, shape (triangle, 3)
    landmarks : Landmarks or None
        In the same frame; None to estimate them, which needs axes to the right, to the front and up.

    Raises
    ------
    BadInput
        If the triangles do not fit the vertices, or nothing says where the face is.
    """
    corners = np.asarray(triangles, dtype=np.intp)
    points = np.asarray(vertices_mm)
    if corners.ndim != 2 or corners.shape[1] != 3 or (corners.size and not 0 <= corners.min() <= corners.max() < len(points)):  # fmt: skip
        raise BadInput("A surface's triangles must be three indices each, into its vertices.")
    marks = landmarks or estimate_landmarks(points)
    face = find_face_points(points, nasion_mm=marks.nasion_mm, lpa_mm=marks.lpa_mm, rpa_mm=marks.rpa_mm)
    if face.all():
        raise BadInput("All of the surface lies on the face; nothing of it can be kept.")
    if is_icosphere(len(points), len(corners)):
        return MeshDefaced(_with_dome(points, corners, face, marks), corners, np.arange(len(points)), face, True)  # fmt: skip
    return _cut(points, corners, face)


def _cut(points: NDArray[Any], corners: NDArray[np.intp], face: NDArray[np.bool_]) -> MeshDefaced:
    """The mesh without the face and what hung on it alone; each hole closed by triangles to the middle of its rim."""
    csgraph: Any = need("scipy.sparse.csgraph", purpose="Closing a head's surface")
    sparse: Any = need("scipy.sparse", purpose="Closing a head's surface")
    count = len(points)
    left = corners[~face[corners].any(axis=1)]
    used_before, used = (np.bincount(each.ravel(), minlength=count) > 0 for each in (corners, left))
    kept = np.flatnonzero(~face & (used | ~used_before))
    edges = _edges(left)
    backwards = edges[:, 1] * count + edges[:, 0]
    opened = ~np.isin(backwards, edges @ [count, 1]) & np.isin(backwards, _edges(corners) @ [count, 1])
    rim = edges[opened]
    graph = sparse.coo_array((np.ones(len(rim)), (rim[:, 0], rim[:, 1])), shape=(count, count))
    names, hole = np.unique(
        csgraph.connected_components(graph, directed=False)[1][rim[:, 0]], return_inverse=True
    )
    middles = [points[np.unique(rim[hole == each])].mean(axis=0) for each in range(len(names))]
    index = np.full(count + len(names), -1, dtype=np.intp)
    index[kept] = np.arange(len(kept))
    index[count:] = len(kept) + np.arange(len(names))
    cap = np.column_stack([rim[:, 1], rim[:, 0], count + hole]).astype(np.intp)
    vertices = np.concatenate([points[kept], np.reshape(middles, (-1, 3)).astype(points.dtype)])
    return MeshDefaced(vertices, index[np.concatenate([left, cap])], kept, face)


def vertex_normals(vertices: NDArray[Any], triangles: NDArray[np.intp]) -> NDArray[np.float64]:
    """A unit vector for each vertex, shape (vertex, 3), from the triangles around it."""
    one, two, three = (vertices[triangles[:, corner]] for corner in range(3))
    across = np.cross(two - one, three - one)
    total = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], across)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


def _edges(corners: NDArray[np.intp]) -> NDArray[np.intp]:
    """The sides of all triangles, each in the direction in which its triangle runs."""
    return np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])


def is_icosphere(vertices: int, triangles: int) -> bool:
    """Whether a mesh has the counts of an icosahedron whose triangles were cut in four, again and again.

    >>> is_icosphere(642, 1280), is_icosphere(642, 1279)
    (True, False)
    """
    return triangles == 2 * vertices - 4 and triangles in {20 * 4**times for times in range(2, 9)}


def _with_dome(
    points: NDArray[Any], corners: NDArray[np.intp], face: NDArray[np.bool_], marks: Landmarks
) -> NDArray[Any]:
    """The face's vertices on a dome: directions and distances from the head's middle, spread evenly from the rim."""
    if not face.any():
        return points
    sparse: Any = need("scipy.sparse", purpose="Closing a head's surface")
    solve: Any = need("scipy.sparse.linalg", purpose="Closing a head's surface")
    sides = _edges(corners)
    one, other = np.concatenate([sides, sides[:, ::-1]]).T
    graph = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(len(points), len(points))).tocsr()
    graph.data[:] = 1.0
    laplace = (sparse.diags_array(np.asarray(graph.sum(axis=1)).ravel()) - graph).tocsr()
    nasion, left, right = (
        np.asarray(each, dtype=float) for each in (marks.nasion_mm, marks.lpa_mm, marks.rpa_mm)
    )
    up = np.cross(right - left, nasion - left)
    centre = (left + right) / 2.0 + _CENTRE_UP_MM * up / np.linalg.norm(up)
    arm = points.astype(float) - centre
    reach = np.linalg.norm(arm, axis=1, keepdims=True)
    polar = np.hstack([arm / np.maximum(reach, 1e-9), reach])
    inner, rim = np.flatnonzero(face), np.flatnonzero(~face)
    spread = solve.splu(laplace[inner][:, inner].tocsc()).solve(-(laplace[inner][:, rim] @ polar[rim]))
    towards = spread[:, :3] / np.maximum(np.linalg.norm(spread[:, :3], axis=1, keepdims=True), 1e-9)
    made = np.array(points)
    made[inner] = centre + towards * spread[:, 3:]
    return made

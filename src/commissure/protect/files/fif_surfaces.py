"""FIF surfaces (``*-head.fif``, ``*-bem.fif``): the outer skin loses the face, skull and brain stay to the bit."""

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.model import Finding
from commissure.protect.files.fif import FifTag, fif_tags
from commissure.protect.heads.face_mesh import (
    Landmarks,
    deface_mesh,
    estimate_landmarks,
    extent_mm,
    vertex_normals,
)
from commissure.protect.heads.face_surfaces import BRAIN_MM, kept_face
from commissure.protect.text.cleaner import Cleaner

__all__ = ["deface_fif"]

_BLOCK_START, _BLOCK_END, _SURFACE = 104, 105, 311
_ID, _NODE_COUNT, _TRIANGLE_COUNT, _NODES, _TRIANGLES, _NORMALS, _SOLUTION = (
    3101,
    3103,
    3104,
    3105,
    3106,
    3107,
    3110,
)
_HEAD, _BONE_AND_BRAIN = 4, {1, 2, 3}
#: the frame of a surface or of a list of points, a point, and the kind of point that is a landmark
_FRAME, _DIG_POINT, _CARDINAL = 3506, 213, 1
#: further from the surface than this, fiducials are not this head's
_MOST_OFF_MM = 20.0
_DIRECTORY_AT, _DIRECTORY, _FREE_LIST = 101, 102, 106


@dataclass(frozen=True, slots=True)
class _Marks:
    """Landmarks, and the frame they are in as FIF numbers it (-1 if the file does not say)."""

    frame: int
    places: Landmarks


@dataclass
class _Surface:
    """One surface's block: which it is, and its tags by kind."""

    identity: int = -1
    tags: dict[int, FifTag] = field(default_factory=dict)


def deface_fif(
    path: Path, *, where: str, cleaner: Cleaner, beside: Path | None = None
) -> tuple[Finding, ...]:
    """Take the face off the outer skin in a FIF file, in place; an ERROR among the Findings says it must not stay there.

    Parameters
    ----------
    path : Path
        A copy that is clean otherwise.
    where : str
        A safe name to speak of it.
    cleaner : Cleaner
        Counts what goes as ``face``.
    beside : Path or None
        The folder it comes from: a ``*-fiducials.fif`` there says where nasion and ears are. Without one, or where its
        points lie off the surface, they are estimated from the head's size.
    """
    if not cleaner.is_person:
        return ()
    tags = list(fif_tags(path))
    if not any(tag.kind == _NODES for tag in tags):
        return ()
    data = path.read_bytes()
    new: dict[int, bytes] = {}
    known = _marks_beside(beside, where) if beside else None
    try:
        for surface in _surfaces(tags, data):
            new |= _defaced(surface, data, cleaner, known)
    except BadInput as error:
        return kept_face(str(error), where=where, cleaner=cleaner)
    if new and any(tag.kind == _SOLUTION for tag in tags):
        why = "A solution that was computed from a head's surface with its face still holds its shape."
        return kept_face(why, where=where, cleaner=cleaner)
    if new:
        path.write_bytes(_written(tags, data, new))
    return ()


def _surfaces(tags: list[FifTag], data: bytes) -> list[_Surface]:
    found: list[_Surface] = []
    inside = False
    for tag in tags:
        if tag.kind in {_BLOCK_START, _BLOCK_END} and _number(data, tag) == _SURFACE:
            inside = tag.kind == _BLOCK_START
            found += [_Surface()] if inside else []
        elif tag.kind == _NODES and not inside:
            raise BadInput("A surface stands outside the block that says what it is.")
        elif inside:
            found[-1].tags[tag.kind] = tag
            if tag.kind == _ID:
                found[-1].identity = _number(data, tag)
    return found


def _number(data: bytes, tag: FifTag) -> int:
    return int(struct.unpack_from(">i", data, tag.start)[0])


def _matrix(data: bytes, tag: FifTag, kind: str) -> NDArray[Any]:
    """A matrix of three columns; its numbers stand first, then its sizes."""
    if tag.size < 12 or (tag.size - 12) % 12:
        raise BadInput("A surface in a FIF file has not three numbers for each vertex or triangle.")
    return np.frombuffer(data, dtype=kind, count=(tag.size - 12) // 4, offset=tag.start).reshape(-1, 3)


def _packed(values: NDArray[Any], kind: str) -> bytes:
    return np.ascontiguousarray(values, dtype=kind).tobytes() + struct.pack(">3i", 3, len(values), 2)


def _marks_beside(folder: Path, name: str) -> _Marks | None:
    """The landmarks of the one file of fiducials in a folder; of several, of the one named like the head."""
    files = sorted(folder.glob("*-fiducials.fif"))
    stem = re.split(r"-(?:head|bem)\b", Path(name).name)[0]
    alike = [path for path in files if path.name.removesuffix("-fiducials.fif") == stem] or files
    if len(alike) != 1:
        return None
    data = alike[0].read_bytes()
    places: dict[int, NDArray[np.float64]] = {}
    frame = -1
    for tag in fif_tags(alike[0]):
        if tag.kind == _FRAME and tag.size == 4:
            frame = _number(data, tag)
        elif tag.kind == _DIG_POINT and tag.size == 20:
            kind, ident, *place = struct.unpack_from(">ii3f", data, tag.start)
            if kind == _CARDINAL:
                places[ident] = 1000.0 * np.array(place)
    return _Marks(frame, Landmarks(places[2], places[1], places[3])) if {1, 2, 3} <= set(places) else None


def _landmarks(points_mm: NDArray[Any], frame: int, known: _Marks | None) -> Landmarks:
    """The landmarks that were marked, if they are of the surface's frame and lie on it; else those of its size."""
    if known is not None and known.frame in {frame, -1}:
        marks = (known.places.nasion_mm, known.places.lpa_mm, known.places.rpa_mm)
        off = [np.linalg.norm(points_mm - np.asarray(mark), axis=1).min() for mark in marks]
        if max(off) < _MOST_OFF_MM:
            return known.places
    return estimate_landmarks(points_mm)


def _defaced(surface: _Surface, data: bytes, cleaner: Cleaner, known: _Marks | None) -> dict[int, bytes]:
    """The new data of a surface's tags, by where the old began; empty for bone and brain."""
    if _NODES not in surface.tags:
        return {}
    metres = _matrix(data, surface.tags[_NODES], ">f4")
    if surface.identity in _BONE_AND_BRAIN and extent_mm(metres * 1000.0) <= BRAIN_MM:
        return {}
    if surface.identity != _HEAD or _TRIANGLES not in surface.tags:
        raise BadInput("A surface that is not known to be a brain's may show a face.")
    corners = _matrix(data, surface.tags[_TRIANGLES], ">i4").astype(np.intp) - 1
    points = metres.astype(float) * 1000.0
    frame = _number(data, surface.tags[_FRAME]) if _FRAME in surface.tags else -1
    done = deface_mesh(points, triangles=corners, landmarks=_landmarks(points, frame, known))
    cleaner.removed["face"] += int(done.face.sum())
    left = (done.vertices_mm / 1000.0).astype(">f4")
    stays = ~done.face[done.kept]
    left[: len(done.kept)][stays] = metres[done.kept][stays]
    made = {
        _NODES: _packed(left, ">f4"),
        _TRIANGLES: _packed(done.triangles + 1, ">i4"),
        _NODE_COUNT: struct.pack(">i", len(left)),
        _TRIANGLE_COUNT: struct.pack(">i", len(done.triangles)),
        _NORMALS: _packed(vertex_normals(done.vertices_mm, done.triangles), ">f4"),
    }
    return {surface.tags[kind].start: value for kind, value in made.items() if kind in surface.tags}


def _written(tags: list[FifTag], data: bytes, new: dict[int, bytes]) -> bytes:
    """The file anew, tag after tag; its directory goes, for readers find the tags without it."""
    parts: list[bytes] = []
    stay = [tag for tag in tags if tag.kind != _DIRECTORY]
    for tag in stay:
        value = new.get(tag.start, data[tag.start : tag.start + tag.size])
        if tag.kind in {_DIRECTORY_AT, _FREE_LIST}:
            value = struct.pack(">i", -1)
        following = -1 if tag is stay[-1] else 0
        parts.append(struct.pack(">iIii", tag.kind, tag.type, len(value), following) + value)
    return b"".join(parts)

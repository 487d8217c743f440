"""FIF surfaces (``*-head.fif``, ``*-bem.fif``): the outer skin loses the face, skull and brain stay to the bit."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.model import Finding
from commissure.protect.cleaner import Cleaner
from commissure.protect.face_mesh import MeshDefaced, deface_mesh, extent_mm
from commissure.protect.face_surfaces import BRAIN_MM, kept_face
from commissure.protect.fif import FifTag, fif_tags

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
_DIRECTORY_AT, _DIRECTORY, _FREE_LIST = 101, 102, 106


@dataclass
class _Surface:
    """One surface's block: which it is, and its tags by kind."""

    identity: int = -1
    tags: dict[int, FifTag] = field(default_factory=dict)


def deface_fif(path: Path, *, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """Take the face off the outer skin in a FIF file, in place; an ERROR among the Findings says it must not stay there.

    Parameters
    ----------
    path : Path
        A copy that is clean otherwise.
    where : str
        A safe name to speak of it.
    cleaner : Cleaner
        Counts what goes as ``face``.
    """
    if not cleaner.is_person:
        return ()
    tags = list(fif_tags(path))
    if not any(tag.kind == _NODES for tag in tags):
        return ()
    data = path.read_bytes()
    new: dict[int, bytes] = {}
    try:
        for surface in _surfaces(tags, data):
            new |= _defaced(surface, data, cleaner)
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


def _defaced(surface: _Surface, data: bytes, cleaner: Cleaner) -> dict[int, bytes]:
    """The new data of a surface's tags, by where the old began; empty for bone and brain."""
    if _NODES not in surface.tags:
        return {}
    metres = _matrix(data, surface.tags[_NODES], ">f4")
    if surface.identity in _BONE_AND_BRAIN and extent_mm(metres * 1000.0) <= BRAIN_MM:
        return {}
    if surface.identity != _HEAD or _TRIANGLES not in surface.tags:
        raise BadInput("A surface that is not known to be a brain's may show a face.")
    corners = _matrix(data, surface.tags[_TRIANGLES], ">i4").astype(np.intp) - 1
    done = deface_mesh(metres.astype(float) * 1000.0, triangles=corners)
    cleaner.removed["face"] += int(done.face.sum())
    left = (done.vertices_mm / 1000.0).astype(">f4")
    stays = ~done.face[done.kept]
    left[: len(done.kept)][stays] = metres[done.kept][stays]
    made = {
        _NODES: _packed(left, ">f4"),
        _TRIANGLES: _packed(done.triangles + 1, ">i4"),
        _NODE_COUNT: struct.pack(">i", len(left)),
        _TRIANGLE_COUNT: struct.pack(">i", len(done.triangles)),
        _NORMALS: _packed(_normals(done), ">f4"),
    }
    return {surface.tags[kind].start: value for kind, value in made.items() if kind in surface.tags}


def _normals(done: MeshDefaced) -> NDArray[np.float64]:
    """A unit vector for each vertex, from the triangles around it as they are now."""
    one, two, three = (done.vertices_mm[done.triangles[:, corner]] for corner in range(3))
    across = np.cross(two - one, three - one)
    total = np.zeros(done.vertices_mm.shape)
    for corner in range(3):
        np.add.at(total, done.triangles[:, corner], across)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


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

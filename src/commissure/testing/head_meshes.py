"""Surfaces of made heads with planted faces, and the attack that tells whose face a surface shows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.protect.heads.face_mesh import Landmarks

__all__ = ["CENTRE", "MARKS", "MEAN", "SD", "SPHERE", "cranial", "icosphere", "mesh_head", "told_apart"]

CENTRE = np.array([0.0, -3.0, 20.0])
#: of every made head, in its frame
MARKS = Landmarks((0.0, 94.0, 18.0), (-75.0, 0.0, 0.0), (75.0, 0.0, 0.0))
#: where features of a face stand out (x, z in mm from the middle of the head, seen from the front), and how wide they are (rad)
_FEATURES = np.array(
    [[0, -22, 0.25], [0, -70, 0.3], [32, 3, 0.16], [-32, 3, 0.16], [40, -22, 0.25], [-40, -22, 0.25], [0, -45, 0.25]]
)  # fmt: skip
#: how far the features stand out on average (mm), and how people differ
MEAN, SD = np.array([18.0, 8.0, -4.0, -4.0, 4.0, 4.0, 4.0]), 4.0
_NOISE_MM = 0.3


def icosphere(times: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Vertices of length 1 and triangles of an icosahedron whose triangles were cut in four so many times."""
    g = (1 + 5**0.5) / 2
    points = np.array([[-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g], [0, -1, -g], [0, 1, -g],
                       [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1]])  # fmt: skip
    corners = np.array([[0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11], [1, 5, 9], [5, 11, 4], [11, 10, 2],
                        [10, 7, 6], [7, 1, 8], [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8], [3, 8, 9], [4, 9, 5],
                        [2, 4, 11], [6, 2, 10], [8, 6, 7], [9, 8, 1]])  # fmt: skip
    for _ in range(times):
        edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
        unique, place = np.unique(edges, axis=0, return_inverse=True)
        a, b, c = (place.reshape(3, -1) + len(points))[:, :]
        points = np.concatenate([points, points[unique].mean(axis=1)])
        one, two, three = corners.T
        corners = np.concatenate(
            [np.stack(each, axis=1) for each in ((one, a, c), (a, two, b), (c, b, three), (a, b, c))]
        )
    return points / np.linalg.norm(points, axis=1, keepdims=True), corners


SPHERE = icosphere(4)


def mesh_head(heights: NDArray[np.float64] = MEAN) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A head's vertices (right, front, up; mm, from between the ears), and which of them the face moved.

    Parameters
    ----------
    heights : array, shape (7,)
        How far each feature stands out, in mm. The triangles are those of ``SPHERE``.
    """
    ways = SPHERE[0]
    skull = ways / np.sqrt(((ways / [75.0, 97.0, 112.0]) ** 2).sum(axis=1, keepdims=True))
    out = np.zeros(len(ways))
    for (x, z, wide), height in zip(_FEATURES, heights, strict=True):
        towards = np.array([x, 97.0, z])
        angle = np.arccos(np.clip(ways @ (towards / np.linalg.norm(towards)), -1, 1))
        out += height * np.where(angle < wide, np.cos(np.minimum(angle / wide, 1) * np.pi / 2) ** 2, 0.0)
    return skull + ways * out[:, None] + CENTRE, np.abs(out) > 0.2


def cranial(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Above the brow, and all that is 20 mm or more behind the ears down to below them."""
    return np.asarray((points[:, 2] > 75.0) | ((points[:, 1] < -20.0) & (points[:, 2] > -20.0)))


def told_apart(
    known: Sequence[NDArray[np.float64]], meshes: Sequence[NDArray[np.float64]], *, rng: np.random.Generator
) -> float:
    """The share of ``meshes`` whose nearest of the ``known`` heads, by mean distance of points, is their own.

    Parameters
    ----------
    known : sequence of array, shape (point, 3)
        Heads whose names the attacker knows, in mm; they are measured with a noise of 0.3 mm.
    meshes : sequence of array
        What was released, in the same order and frame.
    rng : numpy.random.Generator
        For the noise.
    """
    spatial = need("scipy.spatial", purpose="Attacking surfaces of heads")
    trees = [spatial.cKDTree(each + rng.normal(0, _NOISE_MM, each.shape)) for each in known]
    hits = [
        np.argmin([np.mean(tree.query((mesh + rng.normal(0, _NOISE_MM, mesh.shape))[::2])[0]) for tree in trees]) == index
        for index, mesh in enumerate(meshes)
    ]  # fmt: skip
    return float(np.mean(hits))

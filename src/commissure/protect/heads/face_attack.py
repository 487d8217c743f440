"""The attack on a defaced head: can it be told from its surface whose face it was?

The attacker has a photograph or a scan that shows the face of each of several people, sees the head from the front as
a map of how far forward it reaches, and takes the nearest. To measure it on one head, other people are grown from it:
the same head, its face pushed and pulled by smooth random fields of the size by which real faces differ. Everything
but the face is the same, so what the attack still finds after defacing is what is left of the face. The same
question is put to the brain's own outline, which defacing keeps.

References
----------
Schwarz et al. 2019, doi:10.1056/NEJMc1908881 (faces from MRI matched with photographs); Valizadeh et al. 2018,
doi:10.1038/s41598-018-23696-6 (brain anatomy tells persons apart).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.heads.head import STEP_MM, front_mm

__all__ = [
    "Attack",
    "attack_brain_shape",
    "attack_faces",
    "brain_profile",
    "grow_heads",
    "match_maps",
    "shaded_front",
]

#: between people's faces, in depth, and how broad a feature is
_FACE_SD_MM, _FEATURES_MM = 4.5, (8.0, 16.0, 30.0)
#: of a second picture of the same person: noise, tilt (radians)
_NOISE_MM, _TILT = 1.0, 0.02
#: how far below the front of the brain a face begins, and over how much it fades in
_BROW_MM, _FADE_MM = 14.0, 8.0
_DEPTH_MM = 110.0
_SURE = 0.001
#: between people's brains of one size, and between two scans of one
_BRAIN_SD_MM, _RESCAN_SD_MM = 2.5, 1.0
_PROFILE = (16, 32)


@dataclass(frozen=True, slots=True)
class Attack:
    """How often an attacker was right.

    Parameters
    ----------
    hits, trials : int
        Right answers, and tries.
    people : int
        How many there were to choose from.
    """

    hits: int
    trials: int
    people: int

    @property
    def rate(self) -> float:
        """The share of right answers."""
        return self.hits / self.trials

    @property
    def chance(self) -> float:
        """What guessing gives."""
        return 1.0 / self.people

    @property
    def is_chance(self) -> bool:
        """Whether guessing would be right as often in one case of a thousand or more (binomial, one-sided)."""
        stats = need("scipy.stats", purpose="Judging an attack")
        return bool(stats.binom.sf(self.hits - 1, self.trials, self.chance) >= _SURE)


def attack_faces(
    heads: Sequence[NDArray[np.bool_]],
    shown: Sequence[NDArray[np.bool_]],
    *,
    rng: np.random.Generator,
    pictures: int = 8,
    step_mm: float = STEP_MM,
) -> Attack:
    """Match what ``shown`` heads show from the front with the faces of ``heads``; person ``i`` is ``i`` in both.

    Parameters
    ----------
    heads, shown : sequences of array of bool, shape (x, y, z)
        Heads with their faces; the same heads as they were released. Axes right, front, up.
    rng : Generator
        For the differences between two pictures.
    pictures : int
        How many of each released head.
    step_mm : float
        Voxel size.

    Raises
    ------
    BadInput
        If there are fewer than two people, or not as many shown as known.
    """
    known = [_map_mm(head, step_mm) for head in heads]
    seen = [_map_mm(head, step_mm) for head in shown]
    return match_maps(known, seen, rng=rng, pictures=pictures)


def match_maps(
    known: Sequence[NDArray[np.float32]],
    seen: Sequence[NDArray[np.float32]],
    *,
    rng: np.random.Generator,
    pictures: int = 8,
) -> Attack:
    """The attack on maps of depth (x, z), in millimetres: the nearest after tilt and distance are taken out.

    A face that is near to all is no answer: each is judged against how near it is to everybody's pictures.
    """
    if len(known) < 2 or len(known) != len(seen):
        raise BadInput(
            f"The attack needs two people or more, each known and seen; got {len(known)} and {len(seen)}."
        )
    basis = _tilts(known[0].shape)
    gallery = _levelled(np.stack([one.ravel() for one in known]), basis)
    shown = np.stack([_picture(one, rng).ravel() for one in seen for _ in range(pictures)])
    probes = _levelled(shown, basis)
    distance = (probes**2).sum(axis=1)[:, None] - 2.0 * probes @ gallery.T + (gallery**2).sum(axis=1)
    distance -= distance.mean(axis=0)
    answer = distance.argmin(axis=1)
    truth = np.repeat(np.arange(len(seen)), pictures)
    return Attack(int((answer == truth).sum()), truth.size, len(known))


def grow_heads(
    head: NDArray[np.bool_],
    brain: NDArray[np.bool_],
    *,
    count: int,
    rng: np.random.Generator,
    step_mm: float = STEP_MM,
) -> list[NDArray[np.bool_]]:
    """The head and ``count - 1`` others that differ from it in the face alone.

    Parameters
    ----------
    head, brain : array of bool, shape (x, y, z)
        Axes right, front, up.
    count : int
        How many people, this one included.
    rng : Generator
        For their faces.
    step_mm : float
        Voxel size.
    """
    _, front, height = (np.nonzero(brain.any(axis=tuple({0, 1, 2} - {axis})))[0] for axis in range(3))
    pole = int(np.median(np.nonzero(brain[:, front[-1] - 1 :].any(axis=(0, 1)))[0]))
    below_mm = (pole - np.arange(head.shape[2])) * step_mm - _BROW_MM
    fade = np.clip(below_mm / _FADE_MM, 0.0, 1.0) * (height.size > 0)
    depth = np.arange(head.shape[1])
    ramp = np.clip((depth - (front[0] + front[-1]) / 2.0) * step_mm / 20.0, 0.0, 1.0)
    # this face is one of the crowd, not its mean
    own = _smooth_field((head.shape[0], head.shape[2]), rng, step_mm)
    grown = [head]
    for _ in range(count - 1):
        other = _smooth_field((head.shape[0], head.shape[2]), rng, step_mm)
        pushed_mm = (other - own) / np.sqrt(2.0) * fade
        source = depth[None, :, None] - pushed_mm[:, None, :] / step_mm * ramp[None, :, None]
        index = np.clip(np.round(source), 0, head.shape[1] - 1).astype(np.intp)
        grown.append(np.take_along_axis(head, index, axis=1))
    return grown


def shaded_front(front: NDArray[np.float32], *, step_mm: float = STEP_MM) -> NDArray[np.float64]:
    """The front of a head as a lamp above the viewer shows it, from 0 to 1; NaN where there is no head.

    Parameters
    ----------
    front : array, shape (x, z)
        How far forward it reaches, from :func:`commissure.protect.heads.head.front_mm`.
    step_mm : float
        The size of a pixel.
    """
    ndimage = need("scipy.ndimage", purpose="Drawing a head")
    there = ~np.isnan(front)
    if not there.any():
        return np.full(front.shape, np.nan)
    filled = ndimage.gaussian_filter(np.where(there, front, np.nanmin(front)).astype(float), 0.8)
    right, up = np.gradient(filled, step_mm)
    light = (1.0 + 0.5 * up - 0.25 * right) / np.sqrt(1 + right**2 + up**2) / np.sqrt(1 + 0.25 + 0.0625)
    return np.asarray(np.where(there, np.clip(light, 0.05, 1), np.nan))


def attack_brain_shape(brain: NDArray[np.bool_], *, people: int, rng: np.random.Generator) -> Attack:
    """How well a brain's outline alone tells it from simulated others of its size, between two scans.

    The others are its outline with smooth differences of 2.5 mm (SD), a second scan adds 1 mm of noise: it measures
    what those sizes imply, not how real people differ.
    """
    own = brain_profile(brain)
    others = [own + _smooth_ring(rng) * _BRAIN_SD_MM for _ in range(people)]
    gallery = np.stack([one.ravel() for one in others])
    probes = gallery + rng.normal(0.0, _RESCAN_SD_MM, gallery.shape)
    distance = ((probes[:, None, :] - gallery[None]) ** 2).sum(axis=2)
    return Attack(int((distance.argmin(axis=1) == np.arange(people)).sum()), people, people)


def brain_profile(brain: NDArray[np.bool_], *, step_mm: float = STEP_MM) -> NDArray[np.float64]:
    """How far a brain reaches from its centre, in millimetres, over (latitude, longitude)."""
    index = np.argwhere(brain)
    if index.size == 0:
        raise BadInput("The brain mask is empty; its outline cannot be had.")
    off = (index - index.mean(axis=0)) * step_mm
    radius = np.linalg.norm(off, axis=1)
    up = np.arcsin(np.clip(off[:, 2] / np.maximum(radius, 1e-6), -1, 1)) / np.pi + 0.5
    around = np.arctan2(off[:, 1], off[:, 0]) / (2 * np.pi) + 0.5
    rows = np.minimum((up * _PROFILE[0]).astype(int), _PROFILE[0] - 1)
    columns = np.minimum((around * _PROFILE[1]).astype(int), _PROFILE[1] - 1)
    profile = np.zeros(_PROFILE)
    np.maximum.at(profile, (rows, columns), radius)
    return profile


def _map_mm(head: NDArray[np.bool_], step_mm: float) -> NDArray[np.float32]:
    front = front_mm(head, step_mm=step_mm)
    if np.isnan(front).all():
        return np.zeros(front.shape, dtype=np.float32)
    floor = float(np.nanmax(front)) - _DEPTH_MM
    return np.asarray(np.maximum(np.nan_to_num(front, nan=floor), floor), dtype=np.float32)


def _picture(front: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    x, z = np.meshgrid(*(np.arange(size) * STEP_MM for size in front.shape), indexing="ij")
    tilt = rng.normal(0.0, _TILT, 2)
    noise = rng.normal(0.0, _NOISE_MM, front.shape)
    return np.asarray(front + tilt[0] * x + tilt[1] * z + noise, dtype=np.float32)


def _tilts(shape: tuple[int, ...]) -> NDArray[np.float64]:
    x, z = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij")
    basis, _ = np.linalg.qr(np.stack([np.ones(x.size), x.ravel(), z.ravel()], axis=1))
    return np.asarray(basis)


def _levelled(maps: NDArray[np.float32], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(maps - (maps @ basis) @ basis.T)


def _smooth_field(shape: tuple[int, int], rng: np.random.Generator, step_mm: float) -> NDArray[np.float64]:
    ndimage = need("scipy.ndimage", purpose="Growing faces")
    total = np.zeros(shape)
    for size_mm in _FEATURES_MM:
        layer = ndimage.gaussian_filter(rng.normal(size=shape), size_mm / step_mm / 2.0, mode="wrap")
        total += layer / layer.std()
    return np.asarray(total / total.std() * _FACE_SD_MM)


def _smooth_ring(rng: np.random.Generator) -> NDArray[np.float64]:
    ndimage = need("scipy.ndimage", purpose="Growing brains")
    layer = ndimage.gaussian_filter(rng.normal(size=_PROFILE), 1.5, mode=("nearest", "wrap"))
    return np.asarray(layer / layer.std())

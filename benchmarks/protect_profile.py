"""For protect_deface.py: what a defaced head still shows from the side, with its ears and neck and without.

Two kinds of people are told apart by the same attack, turned to look from the right: those whose faces differ (their
profile), and those whose sides differ (ear, cheek, jaw and neck, by the same 4.5 mm).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from commissure.kernels.affine import on_grid_of, on_world_grid
from commissure.protect.heads.deface_cut import cut_of, removed_by
from commissure.protect.heads.face_attack import Attack, attack_faces, grow_heads
from commissure.protect.heads.head import STEP_MM, find_head

PEOPLE, SEED = 25, 7
Bool = NDArray[np.bool_]
CUTS = {
    "face": {},
    "face, ears": {"ears": True},
    "face, ears, neck": {"ears": True, "neck": True},
}


def from_the_right(head: Bool) -> Bool:
    """The same head, its right side where the front was."""
    return np.ascontiguousarray(head.transpose(1, 0, 2))


def profiles(volume: NDArray, affine: NDArray, brain: Bool) -> Mapping[str, tuple[Attack, Attack, Attack]]:
    """By what was cut: people of different faces from the front, the same from the side, people of different sides."""
    coarse, grid = on_world_grid(volume, affine, step_mm=STEP_MM)
    small = on_grid_of(brain, affine, shape=coarse.shape, grid_mm=grid) > 0.5
    head, rng = find_head(coarse), np.random.default_rng(SEED)
    faces = grow_heads(head, small, count=PEOPLE, rng=rng)
    turned = [from_the_right(one) for one in faces]
    sides = grow_heads(from_the_right(head), from_the_right(small), count=PEOPLE, rng=rng)
    found = {}
    for name in ("nothing", *CUTS):
        gone = np.zeros(head.shape, dtype=bool)
        if name in CUTS:
            gone = removed_by(cut_of(brain, affine_mm=affine, **CUTS[name]), shape=head.shape, affine_mm=grid)
        aside = from_the_right(gone)
        found[name] = tuple(
            attack_faces(people, [one & ~cut for one in people], rng=np.random.default_rng(SEED))
            for people, cut in ((faces, gone), (turned, aside), (sides, aside))
        )
    return found


def print_profiles(name: str, volume: NDArray, affine: NDArray, brain: Bool) -> None:
    print(f"{name:8} {'taken off':18} {'faces, front':>12} {'faces, side':>12} {'sides, side':>12}")
    for cut, attacks in profiles(volume, affine, brain).items():
        print(f"{name:8} {cut:18} " + " ".join(f"{one.rate:>12.1%}" for one in attacks), flush=True)

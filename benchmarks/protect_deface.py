"""Defacing and the attack on it, beside quickshear and pydeface's way, on real heads and on planted ones, in one run.

python benchmarks/protect_deface.py             # real heads (../shared/data) and 25 planted ones
python benchmarks/protect_deface.py --planted   # planted ones alone
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import quickshear
from numpy.typing import NDArray

from commissure.annotate.face import check_face
from commissure.kernels.affine import find_rigid, on_grid_of, on_world_grid
from commissure.model import About, Image, Subject
from commissure.protect.deface import deface
from commissure.protect.deface_cut import cut_of, removed_by
from commissure.protect.face_attack import Attack, attack_faces, brain_profile, grow_heads
from commissure.protect.head import STEP_MM, brain_volume_ml, find_brain, find_head
from commissure.protect.reface import generic_face
from commissure.testing.faces import planted_head, planted_population

DATA = Path(__file__).parents[2] / "shared" / "data"
HEADS = {"chris": "nii_chris_t1_face/chris_t1.nii.gz", "uih": "nii_uih_t1_face/uih_t1_sub.nii.gz"}
PEOPLE = 25
Bool = NDArray[np.bool_]


def ours(volume: NDArray, affine: NDArray, brain: Bool) -> Bool:
    image = Image(volume, affine, About("anat", Subject("x"), suffix="T1w"))
    return removed_by(deface(image, brain=brain).cut, shape=volume.shape, affine_mm=affine)


def by_quickshear(volume: NDArray, affine: NDArray, brain: Bool) -> Bool:
    whole = nibabel.Nifti1Image(np.ones(volume.shape, np.uint8), affine)
    sheared = quickshear.quickshear(whole, nibabel.Nifti1Image(brain.astype(np.uint8), affine), 10)
    return np.asarray(sheared.dataobj) == 0


def by_template(volume: NDArray, affine: NDArray, brain: Bool) -> Bool:
    """Pydeface's way: a face mask drawn on one template head is laid over by registration, whatever the brain is."""
    del brain
    template = planted_head(np.random.default_rng(0), skull_rng=np.random.default_rng(0))
    mask = removed_by(
        cut_of(template.brain, affine_mm=template.affine_mm),
        shape=template.brain.shape,
        affine_mm=template.affine_mm,
    )
    move = find_rigid(template.volume, template.affine_mm, fixed=volume, fixed_mm=affine)
    laid = on_grid_of(mask, move @ template.affine_mm, shape=volume.shape, grid_mm=affine)
    return laid > 0.5


METHODS: dict[str, Callable[[NDArray, NDArray, Bool], Bool]] = {
    "commissure": ours,
    "quickshear": by_quickshear,
    "template mask": by_template,
}


def gone_on(removed: Bool, affine: NDArray, shape: tuple[int, ...], grid: NDArray) -> Bool:
    """The removed places of another grid; what lies outside of the image is gone."""
    return on_grid_of(~removed, affine, shape=shape, grid_mm=grid) < 0.5


def attack(volume: NDArray, affine: NDArray, brain: Bool, removed: Bool) -> tuple[Attack, Attack]:
    rng = np.random.default_rng(7)
    coarse, grid = on_world_grid(volume, affine, step_mm=STEP_MM)
    small = on_grid_of(brain, affine, shape=coarse.shape, grid_mm=grid) > 0.5
    gone = gone_on(removed, affine, coarse.shape, grid)
    heads = grow_heads(find_head(coarse), small, count=PEOPLE, rng=rng)
    return attack_faces(heads, heads, rng=rng), attack_faces(heads, [one & ~gone for one in heads], rng=rng)


def surface_gone(volume: NDArray, affine: NDArray, brain: Bool, removed: Bool) -> float:
    """The share of the pixels of the front below the brow whose surface was taken."""
    coarse, grid = on_world_grid(volume, affine, step_mm=STEP_MM)
    head = find_head(coarse)
    gone = gone_on(removed, affine, coarse.shape, grid)
    small = np.argwhere(on_grid_of(brain, affine, shape=coarse.shape, grid_mm=grid) > 0.5)
    brow = np.median(small[small[:, 1] >= small[:, 1].max() - 1, 2]) - 7
    there = head.any(axis=1)
    front = head.shape[1] - 1 - head[:, ::-1].argmax(axis=1)
    x, z = np.meshgrid(*(np.arange(size) for size in front.shape), indexing="ij")
    zone = there & (z < brow) & (np.abs(x - (small[:, 0].min() + small[:, 0].max()) / 2) < 27)
    zone &= front > small[:, 1].mean()
    return float(gone[x[zone], front[zone], z[zone]].mean())


def one_head(name: str, volume: NDArray, affine: NDArray, brain: Bool, *, remeasure: bool) -> None:
    for method, remove in METHODS.items():
        begun = time.perf_counter()
        removed = remove(volume, affine, brain)
        seconds = time.perf_counter() - begun
        left = np.where(removed, volume.min(), volume)
        before, after = attack(volume, affine, brain, removed)
        change = "—"
        if remeasure:
            try:
                anew = find_brain(left, affine_mm=affine)
                change = f"{brain_volume_ml(anew, affine_mm=affine) / brain_volume_ml(brain, affine_mm=affine) - 1:+.2%}"
            except ValueError:
                change = "no brain"
        shown = "yes" if check_face(Image(left, affine, About("anat", Subject("x")))) else "no"
        print(
            f"{name:8} {method:14} {int((removed & brain).sum()):>10} {surface_gone(volume, affine, brain, removed):>8.1%} "
            f"{before.rate:>8.0%} {after.rate:>7.1%} {after.chance:>7.0%} {change:>9} {shown:>6} {seconds:>7.1f}"
        )


def header() -> None:
    print(
        f"{'head':8} {'method':14} {'brain lost':>10} {'face off':>8} {'attacked':>8} {'after':>7} {'chance':>7} {'volume':>9} "
        f"{'face?':>6} {'seconds':>7}"
    )


def real_heads() -> None:
    print("\nReal heads: each among 24 faces grown from it; seconds are for the cut, the brain is given.")
    header()
    profiles = {}
    for name, path in HEADS.items():
        native = nibabel.load(DATA / path)
        volume = np.asarray(native.dataobj)
        begun = time.perf_counter()
        brain = find_brain(volume, affine_mm=native.affine)
        found = time.perf_counter() - begun
        one_head(name, volume, native.affine, brain, remeasure=True)
        print(
            f"{name:8} deepbet        {brain_volume_ml(brain, affine_mm=native.affine):.0f} mL in {found:.1f} s"
        )
        profiles[name] = brain_profile(on_world_grid(brain, native.affine, step_mm=STEP_MM)[0] > 0.5)
    apart = np.sqrt(np.mean((profiles["chris"] - profiles["uih"]) ** 2))
    print(
        f"The outlines of the two real brains lie {apart:.1f} mm (RMS) apart; a second scan moves one by about 1 mm."
    )


def planted() -> None:
    for same, what in ((True, "one skull and brain, 25 faces"), (False, "25 skulls, brains and faces")):
        people = planted_population(PEOPLE, rng=np.random.default_rng(1), same_skull=same)
        heads = [find_head(person.volume) for person in people]
        print(f"\nPlanted: {what} (chance {1 / PEOPLE:.0%})")
        for method, remove in {k: v for k, v in METHODS.items() if k != "template mask"}.items():
            gone = [remove(person.volume, person.affine_mm, person.brain) for person in people]
            left = [head & ~one for head, one in zip(heads, gone, strict=True)]
            lost = sum(int((one & person.brain).sum()) for one, person in zip(gone, people, strict=True))
            before = attack_faces(heads, heads, rng=np.random.default_rng(3))
            after = attack_faces(heads, left, rng=np.random.default_rng(3))
            print(f"  {method:14} brain lost {lost}, attack {before.rate:.0%} before, {after.rate:.1%} after")
            if method == "commissure":
                shown = [
                    one | (cut & generic_face(person.brain, affine_mm=person.affine_mm, shape=cut.shape))
                    for one, cut, person in zip(left, gone, people, strict=True)
                ]
                refaced = attack_faces(heads, shown, rng=np.random.default_rng(3))
                print(f"  {'… refaced':14} attack {refaced.rate:.1%} after")
        profiles = np.stack([brain_profile(person.brain).ravel() for person in people])
        again = profiles + np.random.default_rng(5).normal(0.0, 1.0, profiles.shape)
        nearest = ((again[:, None] - profiles[None]) ** 2).sum(axis=2).argmin(axis=1)
        known = np.mean(nearest == np.arange(PEOPLE))
        print(f"  by the outline of the brain alone, which is kept: {known:.0%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", action="store_true", help="leave the real heads out")
    said = parser.parse_args()
    if not said.planted and DATA.exists():
        real_heads()
    planted()

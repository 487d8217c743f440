"""Defacing and the attack on it, beside quickshear and pydeface's way, on real heads and on planted ones, in one run.

    python benchmarks/protect_deface.py             # real heads (../shared/data) and 25 planted ones
    python benchmarks/protect_deface.py --planted   # planted ones alone

Quickshear, and dlib's ResNet (CC0) for the attack by a face embedding, come from the peers' environment (benchmarks/peers.py).
Pydeface's template is laid over by ANTs: both come with commissure[deep].
"""

import argparse
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray
from peers import PEERS, missing, peer_python, use_packages
from protect_profile import print_profiles
from scipy import ndimage

from commissure.annotate.face import check_face
from commissure.errors import BadInput
from commissure.extras import has
from commissure.kernels.affine import on_grid_of, on_world_grid, rigid_mm
from commissure.model import About, Image, Severity, Subject
from commissure.protect.heads.cortex import cortex_change, measure_cortex
from commissure.protect.heads.deface import deface
from commissure.protect.heads.deface_cut import removed_by
from commissure.protect.heads.face_attack import Attack, attack_faces, brain_profile, grow_heads, shaded_front
from commissure.protect.heads.head import STEP_MM, brain_volume_ml, find_brain, find_head, front_mm
from commissure.protect.heads.reface import generic_face
from commissure.testing.faces import planted_population
from commissure.workflows.deface_head import Judged, deface_head
from commissure.workflows.deface_turned import deface_wherever

DATA = Path(__file__).parents[2] / "shared" / "data"
#: Colin27, of Debian's package mricron-data
COLIN = Path("/usr/share/mricron/templates/ch2.nii.gz")
#: the same head as affines may have it: upside down, on its side, nodding by 30 degrees
TURNS = {
    "upside down": np.diag([1.0, -1.0, -1.0, 1.0]),
    "on its side": np.array([[0.0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]),
    "nodding 30°": rigid_mm(np.array([np.pi / 6, 0, 0, 0, 0, 0]), centre_mm=np.zeros(3)),
}
HEADS = {"chris": "nii_chris_t1_face/chris_t1.nii.gz", "uih": "nii_uih_t1_face/uih_t1_sub.nii.gz"}
PEOPLE = 25
#: of each person after the cut; with one, four of 25 right are an accident of one run in sixty
PICTURES = 8
Bool = NDArray[np.bool_]
Head = tuple[NDArray, NDArray, Bool]


def ours(volume: NDArray, affine: NDArray, brain: Bool) -> Bool:
    image = Image(volume, affine, About("anat", Subject("x"), suffix="T1w"))
    return removed_by(deface(image, brain=brain).cut, shape=volume.shape, affine_mm=affine)


def by_quickshear(volume: NDArray, affine: NDArray, brain: Bool) -> Bool:
    import quickshear

    whole = nibabel.Nifti1Image(np.ones(volume.shape, np.uint8), affine)
    sheared = quickshear.quickshear(whole, nibabel.Nifti1Image(brain.astype(np.uint8), affine), 10)
    return np.asarray(sheared.dataobj) == 0


def by_template(volume: NDArray, affine: NDArray, brain: Bool) -> Bool:
    """Pydeface's template and mask, laid over by ANTs (it has FSL do it), without our brain given back."""
    image = Image(volume, affine, About("anat", Subject("x"), suffix="T1w"))
    cut = deface(image, brain=brain, by="template", margin_mm=0.0).cut
    return removed_by(cut, shape=volume.shape, affine_mm=affine)


METHODS: dict[str, Callable[[NDArray, NDArray, Bool], Bool]] = {
    "commissure": ours,
    "quickshear": by_quickshear,
    "pydeface mask": by_template,
}


def methods(peers: Path) -> dict[str, Callable[[NDArray, NDArray, Bool], Bool]]:
    """Ours, and the peers that are there; the others are told."""
    found = dict(METHODS)
    if not use_packages(peers, "quickshear"):
        missing("quickshear", peers)
        del found["quickshear"]
    if not (has("ants") and has("pydeface")):
        print("  pydeface mask: not measured; pip install 'commissure[deep]' brings its template and ANTs")
        del found["pydeface mask"]
    return found


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


def one_head(name: str, head: Head, by: Mapping[str, Callable], *, embedder: str) -> None:
    volume, affine, brain = head
    for method, remove in by.items():
        begun = time.perf_counter()
        removed = remove(volume, affine, brain)
        seconds = time.perf_counter() - begun
        left = np.where(removed, volume.min(), volume)
        before, after = attack(volume, affine, brain, removed)
        change = cortex = "no brain"
        with contextlib.suppress(ValueError):
            anew = find_brain(left, affine_mm=affine)
            change = f"{anew.sum() / brain.sum() - 1:+.2%}"
            own, other = (
                measure_cortex(volume, brain, affine_mm=affine),
                measure_cortex(left, anew, affine_mm=affine),
            )
            cortex = f"{cortex_change(own, other):.2%}"
        by_embedding = "—"
        if embedder:
            first, then, same = embedded(volume, affine, brain, removed, embedder)
            by_embedding = f"{first:.0%}→{then:.1%} ({same:.1%})"
        shown = "yes" if check_face(Image(left, affine, About("anat", Subject("x")))) else "no"
        print(
            f"{name:8} {method:14} {int((removed & brain).sum()):>10} {surface_gone(volume, affine, brain, removed):>8.1%} "
            f"{before.rate:>8.0%} {after.rate:>7.1%} {after.chance:>7.0%} {change:>9} {cortex:>8} {by_embedding:>19} {shown:>6} {seconds:>7.1f}"
        )


def embedded(volume: NDArray, affine: NDArray, brain: Bool, removed: Bool, python: str) -> tuple[float, ...]:
    """How often dlib's face embedding is right among the same 25 people, on renders before and after.

    The third figure is for 25 copies of one head after the cut: what the network answers where there is nothing to see.
    """
    rng = np.random.default_rng(7)
    coarse, grid = on_world_grid(volume, affine, step_mm=STEP_MM)
    small = on_grid_of(brain, affine, shape=coarse.shape, grid_mm=grid) > 0.5
    gone = gone_on(removed, affine, coarse.shape, grid)
    heads = grow_heads(find_head(coarse), small, count=PEOPLE, rng=rng)
    pole = int(np.argwhere(small)[:, 2].max() - 30)

    def pictures(shown: Sequence[Bool], each: int) -> list[NDArray]:
        return [picture(one, pole, rng) for one in shown for _ in range(each)]

    faces = {"known": pictures(heads, 1), "before": pictures(heads, 1)}
    faces["after"] = pictures([one & ~gone for one in heads], PICTURES)
    faces["same"] = pictures([heads[0] & ~gone] * PEOPLE, PICTURES)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "faces.npz", **faces)
        script = str(Path(__file__).with_name("protect_embedding.py"))
        done = subprocess.run(
            [python, script, f"{folder}/faces.npz"], capture_output=True, text=True, check=True
        )
    return tuple(float(rate) for rate in done.stdout.split())


def picture(head: Bool, pole: int, rng: np.random.Generator) -> NDArray:
    """A render of the face below the brain's pole, 150 pixels a side, with noise and a tilt of its own."""
    front = front_mm(head) + rng.normal(0, 0.4, (head.shape[0], head.shape[2]))
    x, z = np.meshgrid(*(np.arange(size) * STEP_MM for size in front.shape), indexing="ij")
    lit = shaded_front((front + rng.normal(0, 0.02) * x + rng.normal(0, 0.02) * z).astype(np.float32))
    middle = lit.shape[0] // 2
    part = np.nan_to_num(lit[middle - 38 : middle + 38, max(pole - 66, 0) : pole + 10].T[::-1])
    return ndimage.zoom(part, (150 / part.shape[0], 150 / part.shape[1]), order=1)


def header() -> None:
    print(
        f"{'head':8} {'method':14} {'brain lost':>10} {'face off':>8} {'attacked':>8} {'after':>7} {'chance':>7} {'volume':>9} "
        f"{'cortex':>8} {'embedding':>19} {'face?':>6} {'seconds':>7}"
    )


def real_heads(by: Mapping[str, Callable], *, embedder: str) -> None:
    print("\nReal heads: each among 24 faces grown from it; seconds are for the cut, the brain is given.")
    header()
    profiles = {}
    for name, path in HEADS.items():
        native = nibabel.load(DATA / path)
        volume = np.asarray(native.dataobj)
        begun = time.perf_counter()
        brain = find_brain(volume, affine_mm=native.affine)
        found = time.perf_counter() - begun
        one_head(name, (volume, native.affine, brain), by, embedder=embedder)
        print(
            f"{name:8} deepbet        {brain_volume_ml(brain, affine_mm=native.affine):.0f} mL in {found:.1f} s"
        )
        released(name, volume, native.affine)
        print_profiles(name, volume, native.affine, brain)
        profiles[name] = brain_profile(on_world_grid(brain, native.affine, step_mm=STEP_MM)[0] > 0.5)
    apart = np.sqrt(np.mean((profiles["chris"] - profiles["uih"]) ** 2))
    print(
        f"The outlines of the two real brains lie {apart:.1f} mm (RMS) apart; a second scan moves one by about 1 mm."
    )


def released(name: str, volume: NDArray, affine: NDArray) -> None:
    """What `share` makes of the head: wider margins where a check fails, and none released where all do."""
    print_judged(name, deface_head(Image(volume, affine, About("anat", Subject("x"), suffix="T1w"))))


def print_judged(name: str, judged: Judged) -> None:
    errors = [finding.message for finding in judged.findings if finding.severity is Severity.ERROR]
    figures = ", ".join(f"{key} {value:.4g}" for key, value in sorted(judged.figures.items()))
    print(
        f"{name:8} share: {'kept back: ' + '; '.join(errors) if errors else 'released'}; {figures}",
        flush=True,
    )


def turned_heads(colin: Path) -> None:
    """Colin27, upright and as wrong affines have it."""
    if not colin.exists():
        print(
            f"\nColin27: not measured; Debian's mricron-data brings it, or give --colin (looked for at {colin})"
        )
        return
    print("\nColin27, upright and turned by its affine")
    native = nibabel.load(colin)
    volume = np.asarray(native.dataobj)
    for name, turn in {"upright": np.eye(4), **TURNS}.items():
        image = Image(volume, turn @ native.affine, About("anat", Subject("x"), suffix="T1w"))
        try:
            print_judged(name, deface_wherever(image))
        except BadInput as refused:
            print(f"{name:8} refused: {refused}")


def planted(by: Mapping[str, Callable]) -> None:
    for same, what in ((True, "one skull and brain, 25 faces"), (False, "25 skulls, brains and faces")):
        people = planted_population(PEOPLE, rng=np.random.default_rng(1), same_skull=same)
        heads = [find_head(person.volume) for person in people]
        print(f"\nPlanted: {what} (chance {1 / PEOPLE:.0%})")
        for method, remove in {k: v for k, v in by.items() if k != "pydeface mask"}.items():
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
    parser.add_argument("--quick", action="store_true", help="the same")
    parser.add_argument("--colin", type=Path, default=COLIN, help="where ch2.nii.gz lies")
    parser.add_argument("--peers", type=Path, default=PEERS)
    said = parser.parse_args()
    there = methods(said.peers)
    dlib = peer_python(said.peers, "dlib")
    if not dlib:
        missing("dlib (attack by a face embedding)", said.peers)
    if not (said.planted or said.quick) and DATA.exists() and has("deepbet"):
        real_heads(there, embedder=dlib)
    if not (said.planted or said.quick) and has("deepbet"):
        turned_heads(said.colin)
    planted(there)

"""Make the pictures of the chapter on defacing: `python tools/protect_pictures.py [T1.nii.gz]`.

Without a file, the head is a planted one: no person's face is put into the documentation.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from commissure.kernels.affine import on_grid_of, on_world_grid
from commissure.model import About, Image, Subject
from commissure.protect.deface import Defaced, deface
from commissure.protect.deface_cut import removed_by
from commissure.protect.face_attack import attack_faces, grow_heads
from commissure.protect.head import STEP_MM, find_head, front_mm
from commissure.protect.reface import reface
from commissure.testing.faces import planted_head, planted_population

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PEOPLE = 25


def given() -> tuple[Image, NDArray[np.bool_] | None]:
    if len(sys.argv) > 1:
        import nibabel

        native = nibabel.load(sys.argv[1])
        return Image(
            np.asarray(native.dataobj), native.affine, About("anat", Subject(""), suffix="T1w")
        ), None
    person = planted_head(np.random.default_rng(1), skull_rng=np.random.default_rng(11))
    return Image(person.volume, person.affine_mm, About("anat", Subject(""), suffix="T1w")), person.brain


def shaded(head: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The front of a head as a lamp above the viewer shows it."""
    from scipy import ndimage

    front = front_mm(head)
    there = ~np.isnan(front)
    filled = np.where(there, front, np.nanmin(front))
    filled = ndimage.gaussian_filter(filled, 0.8)
    right, up = np.gradient(filled, STEP_MM)
    length = np.sqrt(1 + right**2 + up**2)
    light = (1.0 + 0.5 * up - 0.25 * right) / length / np.sqrt(1 + 0.25 + 0.0625)
    return np.where(there, np.clip(light, 0.05, 1), np.nan)


def before_after(image: Image, done: Defaced, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.5, 5.6), facecolor="white")
    columns = (("with its face", image), ("defaced", done.image), ("refaced: nobody's", reface(done)))
    for column, (title, shown) in enumerate(columns):
        coarse, _ = on_world_grid(np.asarray(shown.array), shown.affine_mm, step_mm=STEP_MM)
        top, bottom = axes[:, column]
        top.imshow(shaded(find_head(coarse)).T, origin="lower", cmap="copper", vmin=0, vmax=1)
        bottom.imshow(coarse[coarse.shape[0] // 2].T, origin="lower", cmap="gray")
        top.set_title(title, fontsize=11)
        for axis in (top, bottom):
            axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def attack(image: Image, done: Defaced, path: Path) -> None:
    import matplotlib.pyplot as plt

    rng = np.random.default_rng(20261122)
    coarse, grid = on_world_grid(np.asarray(image.array), image.affine_mm, step_mm=STEP_MM)
    brain = on_grid_of(done.brain, image.affine_mm, shape=coarse.shape, grid_mm=grid) > 0.5
    heads = grow_heads(find_head(coarse), brain, count=PEOPLE, rng=rng)
    gone = removed_by(done.cut, shape=coarse.shape, affine_mm=grid)
    rates = [attack_faces(heads, each, rng=rng).rate for each in (heads, [one & ~gone for one in heads])]
    people = planted_population(PEOPLE, rng=rng)
    skulls = [find_head(person.volume) for person in people]
    cuts = [removed_by(deface(Image(person.volume, person.affine_mm, image.about), brain=person.brain).cut,
                       shape=person.volume.shape, affine_mm=person.affine_mm) for person in people]  # fmt: skip
    rates.append(
        attack_faces(skulls, [one & ~cut for one, cut in zip(skulls, cuts, strict=True)], rng=rng).rate
    )
    figure = plt.figure(figsize=(8.0, 3.4), facecolor="white")
    for index in range(10):
        axis = figure.add_axes((0.01 + 0.098 * (index % 5), 0.5 - 0.46 * (index // 5), 0.095, 0.40))
        shown = heads[index % 5] & ~gone if index >= 5 else heads[index % 5]
        axis.imshow(shaded(shown).T, origin="lower", cmap="copper", vmin=0, vmax=1)
        axis.set_axis_off()
    figure.text(0.01, 0.94, "five of 25 faces on one head", fontsize=9)
    figure.text(0.01, 0.45, "the same, defaced", fontsize=9)
    axis = figure.add_axes((0.60, 0.24, 0.38, 0.64))
    axis.bar(range(3), [100 * rate for rate in rates], color=["#b4552d", "#2d7d6b", "#8a8a8a"])
    for place, rate in enumerate(rates):
        axis.text(place, 100 * rate + 2, f"{rate:.0%}", ha="center", fontsize=9)
    axis.axhline(100 / PEOPLE, color="black", linestyle="--", linewidth=1)
    axis.set_xticks(range(3), ["faces", "faces,\ndefaced", "25 skulls,\ndefaced"], fontsize=9)
    axis.set_ylim(0, 112)
    axis.set_title("known again, % (dashed: chance)", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    mpl.use("Agg")
    PICTURES.mkdir(parents=True, exist_ok=True)
    head, brain = given()
    cut = deface(head, brain=brain)
    before_after(head, cut, PICTURES / "deface.png")
    attack(head, cut, PICTURES / "deface-attack.png")

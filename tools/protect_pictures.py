"""Make the pictures of the chapter on protection: `python tools/protect_pictures.py [T1.nii.gz]`.

Without a file, the head is a planted one: no person's face is put into the documentation.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from commissure.faces.privacy import draw_ledger, privacy
from commissure.kernels.affine import on_grid_of, on_world_grid
from commissure.model import About, Image, Subject
from commissure.protect.heads.deface import Defaced, deface
from commissure.protect.heads.deface_cut import removed_by
from commissure.protect.heads.face_attack import attack_faces, grow_heads, shaded_front
from commissure.protect.heads.head import STEP_MM, find_head, front_mm
from commissure.protect.heads.reface import reface
from commissure.protect.private.budget import (
    Limit,
    Spend,
    attack_auc,
    ceiling_auc,
    gaussian_mu,
    total_epsilon,
)
from commissure.protect.private.connectivity import release_connectivity
from commissure.protect.private.connectivity_plan import MOST_AUC, plan_connectivity
from commissure.protect.private.membership import attack_membership, tracing_scores
from commissure.protect.private.network import plan_training
from commissure.testing.faces import planted_head, planted_population
from commissure.testing.populations import Population
from commissure.workflows.private_release import BudgetState

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PEOPLE, DELTA = 25, 1e-5


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
    return shaded_front(front_mm(head))


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


def ledger(path: Path) -> None:
    """The budget of a made dataset after four releases, as the portal draws it."""
    spends = (
        Spend(what="mean of age", mu=gaussian_mu(0.8, DELTA)),
        Spend(what="histogram of sex", mu=gaussian_mu(0.5, DELTA)),
        Spend(what="group connectivity of 17 networks", mu=gaussian_mu(1.0, DELTA)),
        plan_training(1.5, delta=DELTA, planned_n=400, steps=60).spend,
    )
    totals = tuple(total_epsilon(spends[: n + 1], delta=DELTA) for n in range(len(spends)))
    state = BudgetState(Limit(3.0, DELTA), spends, totals, ceiling_auc(spends))
    path.write_text(draw_ledger(privacy("ds-made", state)), encoding="utf-8")


def membership(path: Path) -> None:
    """How well members are told from others by a released group connectivity, and what no attack can pass."""
    import matplotlib.pyplot as plt

    rng = np.random.default_rng(0)
    world = Population(17, rng)
    public = [world.cohort(100) for _ in range(8)]
    known, upper = world.cohort(200, site=world.site()), np.triu_indices(17, 1)
    flat = np.concatenate(public)[:, upper[0], upper[1]]
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    white = vectors / np.sqrt(values + 0.003)

    def attacked(release: Callable[[NDArray[np.int64]], NDArray[np.float64]]) -> float:
        def scores(who: NDArray[np.int64]) -> NDArray[np.float64]:
            return tracing_scores(known[:, upper[0], upper[1]] @ white, centre=flat.mean(axis=0) @ white,
                                  released=release(who)[upper] @ white)  # fmt: skip

        return attack_membership(scores, people=200, runs=100, rng=rng).auc

    labels, found, tops = ["none"], [attacked(lambda who: known[who].mean(axis=0))], [1.0]
    for epsilon, most in ((3.0, 1.0), (2.0, 1.0), (1.0, 1.0), (3.0, MOST_AUC)):
        plan = plan_connectivity(public, planned_n=100, mu=gaussian_mu(epsilon, DELTA), most_auc=most)
        labels.append(f"ε {epsilon:.0f}" if most == 1 else f"ε {epsilon:.0f},\nas it comes")
        found.append(
            attacked(lambda who, plan=plan: release_connectivity(known[who], plan=plan).values["correlation"])
        )
        tops.append(attack_auc(plan.mu))
    figure, axis = plt.subplots(figsize=(6.0, 3.2), facecolor="white")
    axis.bar(range(5), found, color=["#b4552d", *["#2d7d6b"] * 4], width=0.6)
    for place, (auc, top) in enumerate(zip(found, tops, strict=True)):
        axis.text(place, auc - 0.025, f"{auc:.2f}", ha="center", fontsize=9, color="white")
        if place:
            axis.plot([place - 0.38, place + 0.38], [top, top], color="black", linewidth=1.5)
    axis.axhline(0.5, color="#8a8a8a", linestyle="--", linewidth=1)
    axis.set_ylim(0.45, 0.9)
    axis.set_xticks(range(5), labels)
    axis.set_ylabel("area under the ROC curve", fontsize=9)
    axis.set_title("who was in? 17 networks of 100 people; black: no attack can pass", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    mpl.use("Agg")
    PICTURES.mkdir(parents=True, exist_ok=True)
    ledger(PICTURES / "privacy-ledger.svg")
    membership(PICTURES / "privacy-attack.png")
    head, brain = given()
    cut = deface(head, brain=brain)
    before_after(head, cut, PICTURES / "deface.png")
    attack(head, cut, PICTURES / "deface-attack.png")

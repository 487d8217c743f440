"""Private releases: what budgets add up to, group connectivity beside its peers, and the attack on who was in it.

Connectivity is of simulated populations (a known generative truth, see commissure.testing.populations). Noise is the
cryptographic one, so the last digits differ from run to run.

Run: python benchmarks/protect_releases.py [budgets connectivity membership] [--quick]
"""

import argparse
import math
import warnings
from collections.abc import Callable

import numpy as np

from commissure.protect.private.budget import (
    Spend,
    attack_auc,
    gaussian_epsilon,
    gaussian_mu,
    total_epsilon,
    zcdp_epsilon,
)
from commissure.protect.private.connectivity import release_connectivity
from commissure.protect.private.connectivity_plan import (
    MOST_AUC,
    ConnectivityPlan,
    as_correlation,
    plan_connectivity,
)
from commissure.protect.private.membership import Attack, attack_membership, tracing_scores
from commissure.protect.private.moments import nearest_correlation
from commissure.protect.private.noise import clip_rows, noisy_sum
from commissure.testing.populations import Population

DELTA = 1e-5


def say(name: str, value: float, target: str = "", digits: int = 3) -> None:
    print(f"  {name:84s} {value:8.{digits}f}   {target}", flush=True)


def budgets(*, quick: bool) -> None:  # noqa: ARG001 - exact at once
    print("\n50 Gaussian releases of rho = .01: total epsilon at delta 1e-5")
    fifty = [Spend(what="mean", mu=math.sqrt(0.02))] * 50
    say("naive sum (delta split over releases)", 50 * zcdp_epsilon(0.01, DELTA / 50))
    say("zCDP", zcdp_epsilon(0.5, DELTA))
    say("exact (ours)", total_epsilon(fifty, delta=DELTA), "target 4.377")
    both = [*fifty, *[Spend(what="count", kind="laplace", epsilon=0.05)] * 10]
    say("50 Gaussian and 10 Laplace of .05, through loss distributions", total_epsilon(both, delta=DELTA))


def error(matrix: np.ndarray, cohort: np.ndarray) -> float:
    mean = cohort.mean(axis=0)
    return float(np.linalg.norm(matrix - mean) / np.linalg.norm(mean))


def clip_and_project(cohort: np.ndarray, mu: float) -> np.ndarray:
    """The peer by hand: clip each flattened matrix at a public norm, noisy mean, nearest correlation."""
    size = cohort.shape[1]
    i, j = np.triu_indices(size, 1)
    norm = 0.35 * math.sqrt(len(i))
    total = noisy_sum(clip_rows(cohort[:, i, j], norm=norm), norm=norm, mu=mu)
    made = np.eye(size)
    made[i, j] = made[j, i] = np.clip(total / len(cohort), -1, 1)
    return nearest_correlation(made)


def plain_tangent(cohort: np.ndarray, public: list[np.ndarray], mu: float) -> np.ndarray:
    """The peer by hand: log-Euclidean offsets from the public mean, clipped at the public median, no weight, no prior."""
    size = cohort.shape[1]
    i, j = np.triu_indices(size)
    weight = np.where(i == j, 1.0, math.sqrt(2))

    def logs(matrices: np.ndarray) -> np.ndarray:
        values, vectors = np.linalg.eigh(0.9 * matrices + 0.1 * np.eye(size))
        return ((vectors * np.log(values)[:, None, :]) @ np.swapaxes(vectors, 1, 2))[:, i, j] * weight

    known = logs(np.concatenate(public))
    base = known.mean(axis=0)
    norm = float(np.median(np.linalg.norm(known - base, axis=1)))
    point = base + noisy_sum(logs(cohort) - base, norm=norm, mu=mu) / len(cohort)
    matrix = np.zeros((size, size))
    matrix[i, j] = matrix[j, i] = point / weight
    values, vectors = np.linalg.eigh(matrix)
    return as_correlation(((vectors * np.exp(values)) @ vectors.T - 0.1 * np.eye(size)) / 0.9)


def connectivity(*, quick: bool) -> None:
    errors(17, 200, 5 if quick else 20, "target < .077")
    errors(68, 1000, 1 if quick else 5, "target < .10")


def errors(regions: int, people: int, worlds: int, target: str) -> None:
    print(f"\nGroup connectivity, {regions} regions, n = {people}, epsilon 1 asked, delta 1e-5: relative error, mean of {worlds} simulated worlds (worst)")  # fmt: skip
    asked, rows, won = gaussian_mu(1.0, DELTA), [], 0
    ways = [(limit, geometry) for limit in (MOST_AUC, 1.0) for geometry in ("tangent", "correlation")]
    for seed in range(worlds):
        world = Population(regions, np.random.default_rng(seed))
        public = [world.cohort(100) for _ in range(8)]
        cohort = world.cohort(people)
        plans = [plan_connectivity(public, planned_n=people, mu=asked, most_auc=limit, geometry=geometry) for limit, geometry in ways]  # fmt: skip
        made = [error(release_connectivity(cohort, plan=plan).values["correlation"], cohort) for plan in plans]  # fmt: skip
        reference = error(plans[0].reference, cohort)
        won += made[0] < reference
        rows.append([error(clip_and_project(cohort, asked), cohort), error(plain_tangent(cohort, public, asked), cohort),
                     reference, *made, plans[0].expected_error])  # fmt: skip
    spent = gaussian_epsilon(plans[0].mu, DELTA)
    names = ["clip, noise, nearest correlation (by hand)", "tangent, clip, noise (by hand)", "publish only the public reference",
             f"ours (default: AUC held to {MOST_AUC:g}, spends epsilon {spent:.3g})", "… geometry 'correlation'",
             "ours, most_auc=1 (spends epsilon 1)", "… geometry 'correlation'", "what the plan of the default expected, from public data"]  # fmt: skip
    for name, mean, worst in zip(names, np.mean(rows, axis=0), np.max(rows, axis=0), strict=True):
        ours = name.startswith(("ours", "…"))
        say(f"{name} ({worst:.4f})", mean, target if ours else "", 4)
    print(f"  the default is below the reference in {won} of {worlds} worlds")


def membership(*, quick: bool) -> None:
    seeds, runs = (2, 60) if quick else (10, 100)
    print(f"\nMembership inference on group connectivity, 17 networks, n = 100 of 200 known to the attacker, {runs} shadow releases: AUC,")  # fmt: skip
    print(
        f"mean of {seeds} worlds (worst world); beside it, without shadow models, and what no attack can pass"
    )
    attack_row("no privacy (known: .817)", None, seeds=seeds, runs=runs)
    for limit, what in ((MOST_AUC, f"default, AUC held to {MOST_AUC:g}"), (1.0, "limit lifted, most_auc=1")):
        for epsilon in (1.0, 2.0, 3.0):
            target = "target <= .55" if limit < 1 else "(target <= .55)"
            attack_row(f"ours, epsilon {epsilon:g} asked, {what}", (epsilon, limit), seeds=seeds, runs=runs, target=target)  # fmt: skip


def attack_row(name: str, asked: tuple[float, float] | None, *, seeds: int, runs: int, target: str = "") -> None:  # fmt: skip
    found, plans = zip(*(attacked(asked, seed=seed, runs=runs) for seed in range(seeds)), strict=True)
    aucs = [each.auc for each in found]
    told = f"({max(aucs):.3f}); {np.mean([each.plain_auc for each in found]):.3f}"
    if plans[0] is not None:
        spent, top = gaussian_epsilon(plans[0].mu, DELTA), attack_auc(plans[0].mu)
        told += f"; {top:.3f}; spends {spent:.3g}"
    half = 1.96 * np.std(aucs, ddof=1) / math.sqrt(seeds)
    say(f"{name} {told}", float(np.mean(aucs)), f"±{half:.3f}   {target}")


def attacked(
    asked: tuple[float, float] | None, *, seed: int, runs: int
) -> tuple[Attack, ConnectivityPlan | None]:
    """One world: 200 people known to the attacker, who whitens with public cohorts and makes shadow releases."""
    rng = np.random.default_rng(seed)
    world = Population(17, rng)
    public = [world.cohort(100) for _ in range(8)]
    known = world.cohort(200, site=world.site())
    upper = np.triu_indices(17, 1)
    flat = np.concatenate(public)[:, upper[0], upper[1]]
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    white = vectors / np.sqrt(values + 0.003)
    candidates, centre = known[:, upper[0], upper[1]] @ white, flat.mean(axis=0) @ white
    plan = None
    release: Callable[[np.ndarray], np.ndarray] = lambda who: known[who].mean(axis=0)  # noqa: E731
    if asked is not None:
        plan = plan_connectivity(public, planned_n=100, mu=gaussian_mu(asked[0], DELTA), most_auc=asked[1])
        release = lambda who: release_connectivity(known[who], plan=plan).values["correlation"]  # noqa: E731

    def scores(who: np.ndarray) -> np.ndarray:
        return tracing_scores(candidates, centre=centre, released=release(who)[upper] @ white)

    return attack_membership(scores, people=200, runs=runs, rng=rng), plan


PARTS = {"budgets": budgets, "connectivity": connectivity, "membership": membership}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    said = parser.parse_args()
    for part in said.parts or PARTS:
        PARTS[part](quick=said.quick)

"""Privacy and synthetic data: every table with its peers and its attacks, measured in one run.

Connectivity is of simulated populations (a known generative truth, see commissure.testing.populations), tables are real
(../shared/data/tables). Noise of releases is the cryptographic one, so the last digits differ from run to run.

Run: python benchmarks/protect.py [folder of tables]
"""

import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import protect_synth

from commissure.protect.budget import (
    Spend,
    attack_auc,
    attack_mu,
    gaussian_epsilon,
    gaussian_mu,
    total_epsilon,
    zcdp_epsilon,
)
from commissure.protect.connectivity import release_connectivity
from commissure.protect.connectivity_plan import ConnectivityPlan, as_correlation, plan_connectivity
from commissure.protect.membership import Attack, attack_membership, tracing_scores
from commissure.protect.noise import clip_rows, noisy_sum
from commissure.protect.privacy_audit import audit_epsilon
from commissure.protect.private_moments import nearest_correlation
from commissure.testing.populations import Population

DELTA = 1e-5
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "tables"


def say(name: str, value: float, target: str = "", digits: int = 3) -> None:
    print(f"  {name:66s} {value:8.{digits}f}   {target}")


def budgets() -> None:
    print("\n50 Gaussian releases of rho = .01: total epsilon at delta 1e-5")
    fifty = [Spend(what="mean", mu=math.sqrt(0.02))] * 50
    say("naive sum (delta split over releases)", 50 * zcdp_epsilon(0.01, DELTA / 50))
    say("zCDP", zcdp_epsilon(0.5, DELTA))
    say("exact (ours)", total_epsilon(fifty, delta=DELTA), "target 4.377")
    say("50 Gaussian and 10 Laplace of .05, through loss distributions",
        total_epsilon([*fifty, *[Spend(what="count", kind="laplace", epsilon=0.05)] * 10], delta=DELTA))  # fmt: skip


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


def connectivity(regions: int, people: int, worlds: int, target: str, *, epsilon: float = 1.0) -> None:
    print(
        f"\nGroup connectivity, {regions} regions, n = {people}, epsilon {epsilon:.3g}, delta 1e-5: relative error, mean of {worlds} simulated worlds"
    )
    mu, rows, won = gaussian_mu(epsilon, DELTA), [], 0
    for seed in range(worlds):
        world = Population(regions, np.random.default_rng(seed))
        public = [world.cohort(100) for _ in range(8)]
        cohort = world.cohort(people)
        plans = {
            kind: plan_connectivity(public, planned_n=people, mu=mu, geometry=kind)
            for kind in ("tangent", "correlation")
        }
        made = {
            kind: error(release_connectivity(cohort, plan=plan).values["correlation"], cohort)
            for kind, plan in plans.items()
        }
        reference = error(plans["tangent"].reference, cohort)
        won += made["tangent"] < reference
        rows.append((error(clip_and_project(cohort, mu), cohort), error(plain_tangent(cohort, public, mu), cohort), reference,
                     made["correlation"], made["tangent"], plans["tangent"].expected_error))  # fmt: skip
    mean = np.mean(rows, axis=0)
    names = ("clip, noise, nearest correlation (by hand)", "tangent, clip, noise (by hand)", "publish only the public reference",
             "ours, geometry 'correlation'", "ours, geometry 'tangent' (default)", "  what the plan expected, from public data")  # fmt: skip
    for name, value in zip(names, mean, strict=True):
        say(name, value, target if name.startswith("ours") else "", 4)
    print(f"  ours below the reference in {won} of {worlds} worlds")


def membership(people: int = 100) -> None:
    print(
        f"\nMembership inference on group connectivity, 17 networks, n = {people} of {2 * people} known to the attacker, 100 shadow releases: AUC"
    )
    rng = np.random.default_rng(0)
    world = Population(17, rng)
    public = [world.cohort(100) for _ in range(8)]
    known = world.cohort(2 * people, site=world.site())
    upper = np.triu_indices(17, 1)
    flat = np.concatenate(public)[:, upper[0], upper[1]]
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    white = vectors / np.sqrt(values + 0.003)
    candidates, centre = known[:, upper[0], upper[1]] @ white, flat.mean(axis=0) @ white

    def attacked(release: Callable[[np.ndarray], np.ndarray]) -> Attack:
        def scores(who: np.ndarray) -> np.ndarray:
            return tracing_scores(candidates, centre=centre, released=release(who)[upper] @ white)

        return attack_membership(scores, people=2 * people, runs=100, rng=rng)

    def private(plan: ConnectivityPlan) -> Callable[[np.ndarray], np.ndarray]:
        return lambda who: release_connectivity(known[who], plan=plan).values["correlation"]

    found = attacked(lambda who: known[who].mean(axis=0))
    say("no privacy (known: .817)", found.auc)
    safe = gaussian_epsilon(attack_mu(0.55), DELTA)
    for epsilon in (safe, 1.0, 2.0, 3.0):
        mu = gaussian_mu(epsilon, DELTA)
        found = attacked(private(plan_connectivity(public, planned_n=people, mu=mu)))
        say(
            f"ours, epsilon {epsilon:.3g} (without shadow models {found.plain_auc:.3f}; no attack passes {attack_auc(mu):.3f})",
            found.auc,
            "target <= .55",
        )


def audit() -> None:
    print(
        "\nEmpirical audit, canary in or out, 10,000 runs each: epsilon proved at 95 % must not exceed the claim"
    )
    world = Population(5, np.random.default_rng(0))
    public = [world.cohort(60) for _ in range(4)]
    others, canary = world.cohort(30), np.full((5, 5), 0.995) + 0.005 * np.eye(5)
    for epsilon in (1.0, 3.0):
        plan = plan_connectivity(public, planned_n=30, mu=gaussian_mu(epsilon, DELTA))
        proved = audit_epsilon(canary_shows(plan, others, canary), delta=DELTA)
        verdict = "holds" if proved <= epsilon else "BROKEN"
        say(f"connectivity release, claimed epsilon {epsilon:g}", proved, f"<= {epsilon:g}: {verdict}")


def canary_shows(plan: ConnectivityPlan, others: np.ndarray, canary: np.ndarray) -> Callable[[bool], float]:
    """The release's noisy sum along the canary's own direction, where it shows most."""

    def rows(matrices: np.ndarray) -> np.ndarray:
        return np.column_stack(
            [clip_rows(plan.coordinates(matrices), norm=plan.clip), np.full(len(matrices), plan.count)]
        )

    without, within, own = rows(others), rows(np.concatenate([others, canary[None]])), rows(canary[None])[0]
    direction = own / np.linalg.norm(own)
    return lambda inside: float(
        noisy_sum(within if inside else without, norm=plan.norm, mu=plan.mu) @ direction
    )


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    say("check: mu 1 at delta 1e-5", gaussian_epsilon(1.0, DELTA), "4.377")
    budgets()
    connectivity(17, 200, 20, "target < .077")
    connectivity(
        17,
        200,
        10,
        "(at the epsilon with which no attack passes .55)",
        epsilon=gaussian_epsilon(attack_mu(0.55), DELTA),
    )
    connectivity(68, 1000, 3, "target < .10")
    membership()
    audit()
    protect_synth.main(folder)


def others() -> None:
    """The tables that have scripts of their own, each in a process of its own; the slow ones last."""
    for name in ("protect_audit", "protect_models", "protect_deid", "protect_deface"):
        script = Path(__file__).with_name(f"{name}.py")
        if script.is_file():
            print(f"\n== {script.name} ==", flush=True)
            subprocess.run([sys.executable, str(script)], check=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED)
    others()

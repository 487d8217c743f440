"""Empirical audit of every private release: a canary in or out, and the epsilon that the runs prove at 99.9 %.

What is proved must never exceed what is claimed; for three mechanisms that are broken on purpose it must, or the audit
proves nothing. The noise is the cryptographic one of real releases.

Run: python benchmarks/protect_audit.py [--runs 10000]
"""

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commissure.protect.private.audit import BlockNoise, audit_epsilon
from commissure.protect.private.budget import gaussian_mu
from commissure.protect.private.connectivity import release_connectivity
from commissure.protect.private.connectivity_plan import plan_connectivity
from commissure.protect.private.counts import release_count, release_histogram, release_quantiles
from commissure.protect.private.curves import release_erp, release_survival
from commissure.protect.private.model import train_logistic
from commissure.protect.private.moments import release_correlation, release_mean, release_regression
from commissure.protect.private.network import plan_training, train_network
from commissure.protect.private.noise import noisy_sum
from commissure.protect.private.statistic import Bounds
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.private import PrivateCopula
from commissure.testing.populations import Population

#: thirty audits must not exceed their claims by luck: a Laplace count is as leaky as it says, exactly
DELTA, SURE = 1e-5, 0.999
Shown = Callable[[bool], float]


@dataclass(frozen=True)
class Planted:
    """Twenty made people and the canary, and the noise that hides it."""

    mu: float
    noise: BlockNoise
    rng: np.random.Generator
    others: np.ndarray
    bounds: Bounds

    def rows(self, inside: bool) -> np.ndarray:
        return np.vstack([self.others, [[1.0, 1.0]]]) if inside else self.others


def planted(epsilon: float) -> Planted:
    rng = np.random.default_rng(0)
    others = np.full((20, 2), 0.5) + rng.normal(0, 0.05, (20, 2))
    return Planted(gaussian_mu(epsilon, DELTA), BlockNoise(), rng, others, Bounds((0.0, 0.0), (1.0, 1.0)))


def values(made: object, name: str) -> float:
    return float(np.sum(made.values[name]))  # type: ignore[attr-defined]


def releases(epsilon: float) -> dict[str, tuple[Shown, int]]:
    """Each release as a number in which the canary shows, and by how much fewer runs it is audited."""
    made = planted(epsilon)
    return {**of_tables(made, epsilon), **of_signals(made), **of_models(made, epsilon), **of_synthetic(made)}


def of_tables(made: Planted, epsilon: float) -> dict[str, tuple[Shown, int]]:
    mu, noise, bounds, rows = made.mu, made.noise, made.bounds, made.rows
    return {
        "count": (lambda i: values(release_count(20 + i, mu=mu, noise=noise), "count"), 1),
        "count, Laplace": (lambda i: values(release_count(20 + i, epsilon=epsilon), "count"), 1),
        "histogram": (
            lambda i: release_histogram("a" * 20 + "b" * i, categories="ab", mu=mu, noise=noise).values["count"][1], 1,
        ),
        "mean": (lambda i: values(release_mean(rows(i), bounds=bounds, mu=mu, noise=noise), "mean"), 1),
        "quantiles": (
            lambda i: -values(release_quantiles(rows(i)[:, 0], bounds=(0, 1), probabilities=[0.9], mu=mu, noise=noise), "quantile"), 10,
        ),
        "correlation, covariance": (
            lambda i: values(release_correlation(rows(i), bounds=bounds, mu=mu, noise=noise), "covariance"), 1,
        ),
        "regression": (
            lambda i: values(release_regression(rows(i)[:, :1], rows(i)[:, 1], bounds=bounds, mu=mu, noise=noise), "coefficient"), 20,
        ),
        "survival curve": (
            lambda i: -values(
                release_survival(np.append(np.full(20, 3.5), [0.5] * i), np.append(np.zeros(20), [1.0] * i), edges=(0, 1, 2, 3, 4), mu=mu, noise=noise),
                "survival",
            ), 1,
        ),
    }  # fmt: skip


def of_signals(made: Planted) -> dict[str, tuple[Shown, int]]:
    mu, noise = made.mu, made.noise
    world = Population(5, np.random.default_rng(0))
    # the limit on attacks is lifted, or the audit would be of a smaller epsilon than is claimed
    plan = plan_connectivity([world.cohort(60) for _ in range(4)], planned_n=30, mu=mu, most_auc=1.0)
    cohort, odd = world.cohort(30), np.full((5, 5), 0.995) + 0.005 * np.eye(5)
    far = plan.matrix(np.zeros(plan.basis.shape[1])) - odd
    waves = made.rng.normal(0, 1e-6, (20, 50, 2))
    loud = np.concatenate([waves, np.full((1, 50, 2), 1.0)])
    return {
        "ERP": (
            lambda i: values(release_erp(loud if i else waves, rate_hz=100.0, clip_v=5e-6, mu=mu, noise=noise), "erp_v"), 1,
        ),
        "group connectivity": (
            lambda i: -float(
                (release_connectivity(np.concatenate([cohort, odd[None]]) if i else cohort, plan=plan, noise=noise).values["correlation"] * far).sum()
            ), 1,
        ),
    }  # fmt: skip


def of_models(made: Planted, epsilon: float) -> dict[str, tuple[Shown, int]]:
    mu, noise, bounds, rows = made.mu, made.noise, made.bounds, made.rows
    labels, wrong = (np.arange(21) % 2).astype(float), np.append((np.arange(20) % 2).astype(float), 0.0)
    training = plan_training(epsilon, delta=DELTA, planned_n=20, rate=0.5, steps=10)
    return {
        "classifier": (
            lambda i: -float(train_logistic(rows(i), labels[: 20 + i] if not i else wrong, bounds=bounds, mu=mu, planned_n=20, noise=noise).weights.sum()), 4,
        ),
        "network (10 steps, half of them in each)": (
            lambda i: -float(train_network(rows(i), labels[:20] if not i else wrong, bounds=bounds, plan=training, noise=noise).weights["out.weight"].sum()), 20,
        ),
        "the noisy sum itself, along the canary": (
            lambda i: float(noisy_sum(np.ones((20 + i, 1)), norm=1.0, mu=mu, noise=noise)[0]), 1,
        ),
    }  # fmt: skip


def of_synthetic(made: Planted) -> dict[str, tuple[Shown, int]]:
    """A copula's shares of the bins that only the canary is in; private brains are audited by protect_brains."""
    edges = (0.0, 0.25, 0.75, 1.01)

    def shown(inside: bool) -> float:
        rows = np.vstack([made.others, made.others, made.others, made.rows(inside)])
        found = PrivateCopula(mu=made.mu, edges=[edges] * 2, noise=made.noise).fit(Table(("a", "b"), rows))
        return float(sum(share[-1] for share in found.share_) + found.root_[1, 0])

    return {"synthetic table, copula": (shown, 10)}


def broken(epsilon: float) -> dict[str, Shown]:
    """Three that lie: OpenDP's known trap, a sum that is not clipped, and noise for half the canary's weight."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(bounds=(0.0, 1.0)), size=21), dp.symmetric_distance()
    scale = dp.binary_search_param(
        lambda s: space >> dp.t.then_mean() >> dp.m.then_laplace(s), d_in=1, d_out=epsilon
    )
    trap = space >> dp.t.then_mean() >> dp.m.then_laplace(scale)
    mu, noise = gaussian_mu(epsilon, DELTA), BlockNoise()
    return {
        f"OpenDP, sized domain, contributions=1 (scale {scale:.0e})": lambda i: float(
            trap([0.5] * 20 + [1.0 if i else 0.0])
        ),
        "a sum whose rows were not clipped": lambda i: (
            20 + 5.0 * i + float(noise.gaussian(1, scale=1e6 / mu)[0]) / 1e6
        ),
        "one subject with four rows": lambda i: float(
            noisy_sum(np.ones((20 + 4 * i, 1)), norm=1.0, mu=mu, noise=noise)[0]
        ),
    }


def main() -> int:
    warnings.simplefilter("ignore")
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=10_000)
    asked.add_argument(
        "--every", action="store_true", help="as many runs of the slow mechanisms as of the fast"
    )
    asked.add_argument("--only", default="", help="mechanisms whose name holds this")
    asked.add_argument("--quick", action="store_true")
    said = asked.parse_args()
    wrong: list[str] = []
    for epsilon in (1.0, 3.0):
        print(f"\nAudit, canary in or out: epsilon proved at 99.9 %, claimed {epsilon:g} at delta 1e-5")
        for name, (shown, fewer) in releases(epsilon).items():
            count = max((1000 if said.quick else said.runs) // (1 if said.every else fewer), 200)
            if said.only in name:
                wrong += judged(name, shown, runs=count, epsilon=epsilon, verdicts=("holds", "BROKEN"))
        for name, shown in broken(epsilon).items():
            if said.only in name:
                wrong += judged(name, shown, runs=10_000, epsilon=epsilon, verdicts=("NOT CAUGHT", "caught"))
    return 1 if wrong else 0


def judged(name: str, shown: Shown, *, runs: int, epsilon: float, verdicts: tuple[str, str]) -> list[str]:
    """Print what was proved; the name if the verdict is not the one that must be."""
    began = time.process_time()
    proved = audit_epsilon(shown, runs=runs, delta=DELTA, confidence=SURE)
    verdict = verdicts[proved > epsilon]
    spent = time.process_time() - began
    print(f"  {name:60s} {proved:6.3f}   {runs:6d} runs of each kind, {spent:4.0f} s: {verdict}", flush=True)
    return [name] if verdict.isupper() else []


if __name__ == "__main__":
    raise SystemExit(main())

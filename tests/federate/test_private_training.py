"""Noise for one subject: no row moves a sum by more than its bound, and many rows are learned from all the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissure.errors import BadInput
from commissure.federate.analysis import run_locally
from commissure.federate.networks import Network, sigmoid
from commissure.federate.privacy import noise_for
from commissure.federate.private_training import PrivateTraining
from commissure.federate.training import Training
from commissure.workflows.plan_study import plan_study

FEATURES = ["x0", "x1", "x2"]
SLOPES = np.array([1.0, -2.0, 0.5])


def sites(count: int, rows: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    rng, out = np.random.default_rng(seed), {}
    for number in range(count):
        x = rng.normal(size=(rows, 3))
        y = (rng.uniform(size=rows) < sigmoid(x @ SLOPES)).astype(float)
        secret = rng.integers(0, 2**32, 4).astype(float)
        out[f"s{number}"] = {**dict(zip(FEATURES, x.T, strict=True)), "y": y, "noise.seed": secret}
    return out


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    hidden=st.sampled_from([0, 3]),
    family=st.sampled_from(["linear", "logistic"]),
    clip=st.floats(0.05, 5),
)
def test_one_row_more_moves_a_sum_by_its_bound_at_most(
    seed: int, hidden: int, family: str, clip: float
) -> None:
    rng, net = np.random.default_rng(seed), Network(3, hidden, family)
    x, y = rng.normal(size=(6, 3)) * 10 ** rng.uniform(-2, 2), rng.integers(0, 2, 6).astype(float)
    weights = rng.normal(size=net.size)
    whole, less = net.shortened(weights, x, y, clip=clip), net.shortened(weights, x[1:], y[1:], clip=clip)
    assert np.linalg.norm(whole - less) <= clip * (1 + 1e-9)
    # rows whose gradients are short enough are summed as they are
    _, mean = net.gradient(weights, x, y)
    np.testing.assert_allclose(net.shortened(weights, x, y, clip=1e12), 6 * mean, rtol=1e-8, atol=1e-10)


def test_subjects_are_hidden_at_a_price_that_sites_could_not_pay() -> None:
    """Eight sites of 400 at epsilon 1: near the truth, where noise that hides whole sites leaves nothing of it."""
    noise, away, lost = noise_for(epsilon=1.0, rounds=30, delta=1e-5), [], []
    for seed in range(6):
        tables = sites(8, 400, seed)
        made = PrivateTraining(
            FEATURES, "y", rows=3200, noise=noise, minimum=8, rate=4.0, rounds=30, clip=2.0
        )
        found = run_locally(made, tables)["weights"][:3]
        away.append(np.abs(found - SLOPES).max())
        hidden = Training(FEATURES, "y", rounds=30, noise=noise, minimum=8, clip=0.3)
        lost.append(np.abs(run_locally(hidden, tables)["weights"][:3] - SLOPES).max())
    assert np.mean(away) < 0.35
    assert np.mean(lost) > 10 * np.mean(away)


def test_each_site_adds_its_part_of_the_noise() -> None:
    made = PrivateTraining(FEATURES, "y", rows=100, noise=2.0, minimum=16, clip=0.5)
    (table,) = sites(1, 100, 0).values()
    sums = [
        made.answer(made.first(), {**table, "noise.seed": np.array([float(draw)])}, {})[0]["gradient"]
        for draw in range(400)
    ]
    np.testing.assert_allclose(np.std(sums, axis=0) * np.sqrt(16), 2.0 * 0.5, rtol=0.15)


def test_a_plan_says_whom_its_noise_hides() -> None:
    keys = [f"s{n}=" + f"{n:02d}" * 32 for n in range(5)]
    said = {"features": ["a"], "outcome": "y", "rows": 100, "noise": 4.0, "rounds": 10}
    plan = plan_study("T", sites=keys, columns=["a", "y"], analysis="private_training", parameters=said)
    assert plan.parameters["minimum"] == 4
    assert "Noise hides one subject: epsilon 3.6" in " ".join(plan.leaves({"gradient": (2,)}))
    with pytest.raises(BadInput, match="above zero"):
        plan_study("T", sites=keys, columns=["a", "y"], analysis="private_training", parameters={**said, "noise": 0.0})  # fmt: skip

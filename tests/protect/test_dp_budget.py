"""Budgets add up exactly, noise is what it says, and an outsider cannot prove more than was claimed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissure.errors import BadInput, NotPermitted
from commissure.protect.private.audit import audit_epsilon, epsilon_lower_bound
from commissure.protect.private.budget import (
    Limit,
    Neighbours,
    Spend,
    attack_auc,
    ceiling_auc,
    check_spend,
    gaussian_delta,
    gaussian_epsilon,
    gaussian_mu,
    total_epsilon,
    zcdp_epsilon,
)
from commissure.protect.private.counts import release_count
from commissure.protect.private.noise import GRID, RehearsalNoise, SecureNoise, clip_rows, noisy_sum

DELTA = 1e-5


def test_fifty_releases_cost_what_theory_says() -> None:
    fifty = [Spend(what="mean", mu=math.sqrt(2 * 0.01))] * 50
    assert total_epsilon(fifty, delta=DELTA) == pytest.approx(4.377, abs=5e-4)
    assert zcdp_epsilon(50 * 0.01, DELTA) == pytest.approx(5.30, abs=5e-3)
    assert 50 * zcdp_epsilon(0.01, DELTA / 50) == pytest.approx(39.8, abs=0.05)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 20), st.sampled_from([1e-9, 1e-6, 1e-3]))
def test_mu_and_epsilon_are_each_others_inverse_and_never_too_kind(epsilon: float, delta: float) -> None:
    mu = gaussian_mu(epsilon, delta)
    assert gaussian_delta(mu, epsilon) <= delta
    assert gaussian_epsilon(mu, delta) == pytest.approx(epsilon, rel=1e-6)


def test_gaussian_delta_is_the_true_hockey_stick() -> None:
    mu, epsilon = 0.7, 1.3
    x = np.linspace(-12, 12, 400_001)
    inside, outside = (np.exp(-((x - m) ** 2) / 2) / math.sqrt(2 * math.pi) for m in (mu, 0.0))
    stick = np.maximum(inside - math.exp(epsilon) * outside, 0).sum() * (x[1] - x[0])
    assert gaussian_delta(mu, epsilon) == pytest.approx(stick, rel=1e-4)


def test_what_is_not_gaussian_is_composed_too() -> None:
    gaussian = [Spend(what="mean", mu=0.3)]
    laplace = [Spend(what="count", kind="laplace", epsilon=0.2)]
    sampled = [Spend(what="model", kind="sampled-gaussian", noise_multiplier=4.0, rate=0.1, steps=50)]
    parts = [total_epsilon(each, delta=DELTA) for each in (gaussian, laplace, sampled)]
    whole = total_epsilon([*gaussian, *laplace, *sampled], delta=DELTA)
    assert max(parts) < whole < sum(parts)
    assert parts[1] == pytest.approx(0.2, abs=1e-3)
    # sampling a tenth costs far less than taking all
    assert parts[2] < total_epsilon([Spend(what="all", mu=math.sqrt(50) / 4)], delta=DELTA) / 3


@pytest.mark.parametrize(("multiplier", "rate", "steps"), [(2.0, 0.1, 100), (5.0, 0.5, 50)])
def test_training_costs_what_opacus_says(multiplier: float, rate: float, steps: int) -> None:
    accountants = pytest.importorskip("opacus.accountants")
    spend = Spend(what="m", kind="sampled-gaussian", noise_multiplier=multiplier, rate=rate, steps=steps)
    ours = total_epsilon([spend], delta=DELTA)
    told = {}
    for name in ("RDPAccountant", "PRVAccountant"):
        accountant = getattr(accountants, name)()
        accountant.history = [(multiplier, rate, steps)]
        told[name] = accountant.get_epsilon(DELTA)
    assert ours < told["RDPAccountant"]  # Renyi's bound is loose
    assert ours == pytest.approx(told["PRVAccountant"], abs=0.02)  # which allows itself an error of 0.01


def test_the_ceiling_of_an_attack_holds_for_all_kinds_together() -> None:
    gaussian, tiny = Spend(what="mean", mu=0.7), Spend(what="n", kind="laplace", epsilon=1e-4)
    assert ceiling_auc([]) == 0.5
    assert ceiling_auc([gaussian]) == pytest.approx(attack_auc(0.7))
    assert ceiling_auc([gaussian, tiny]) == pytest.approx(attack_auc(0.7), abs=1e-3)
    # randomized response in the limit: an attack on Laplace noise of scale 1 / epsilon is right at most so often
    epsilon = 0.8
    x = np.random.default_rng(0).laplace(size=(2, 40_000)) / epsilon
    auc = float((x[0][:, None] + 1 > x[1][:400]).mean())
    assert auc <= ceiling_auc([Spend(what="n", kind="laplace", epsilon=epsilon)]) + 0.01
    assert ceiling_auc([Spend(what="n", kind="laplace", epsilon=epsilon)]) < auc + 0.02


def test_a_spent_budget_refuses_with_the_numbers() -> None:
    limit, each = Limit(1.0, DELTA), Spend(what="mean", mu=gaussian_mu(0.6, DELTA))
    assert check_spend([], each, limit=limit) == pytest.approx(0.6)
    assert check_spend([each], each, limit=limit) < 1.0  # 0.6 and 0.6 are 0.88, not 1.2
    with pytest.raises(NotPermitted, match=r"0\.8.* of epsilon 1 is spent over 2 releases"):
        check_spend([each, each], each, limit=limit)
    with pytest.raises(NotPermitted, match="replace-one-subject"):
        check_spend([], Spend(what="x", mu=0.1, neighbours=Neighbours.REPLACE), limit=limit)


@pytest.mark.parametrize("wrong", [{"mu": 0.0}, {"mu": math.nan}, {"kind": "laplace"}, {"kind": "magic", "mu": 1.0},
                                   {"kind": "sampled-gaussian", "noise_multiplier": 1.0, "rate": 1.5, "steps": 3}])  # fmt: skip
def test_a_spend_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Spend(what="x", **wrong)  # type: ignore[arg-type]


def test_opendp_trap_a_known_size_with_one_contribution_has_no_noise_and_ours_has() -> None:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(bounds=(0.0, 100.0)), size=100), dp.symmetric_distance()
    trap = dp.binary_search_param(
        lambda scale: space >> dp.t.then_mean() >> dp.m.then_laplace(scale), d_in=1, d_out=1.0
    )
    assert trap < 1e-9  # the exact mean, with a stamp of privacy
    drawn = [release_count(100, epsilon=1.0).values["count"] for _ in range(200)]
    assert 0.7 < np.std(drawn) / math.sqrt(2) < 1.5
    rows = np.full((100, 1), 1.0)
    means = [noisy_sum(rows, norm=1.0, mu=0.5)[0] for _ in range(200)]
    assert 1.5 < np.std(means) < 2.6


def test_large_noise_does_not_end_at_the_rim_of_32_bits() -> None:
    drawn = SecureNoise().gaussian(4000, scale=1e12)
    assert np.std(drawn) == pytest.approx(1e12, rel=0.08)
    assert np.abs(drawn).max() > 2**40


def test_sums_do_not_depend_on_the_order_of_subjects() -> None:
    class Silence(RehearsalNoise):
        def gaussian(self, count: int, *, scale: float) -> np.ndarray:
            return np.zeros(count, dtype=np.int64)

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 3)) * 10.0 ** rng.integers(-9, 0, size=(500, 1))
    silence = Silence(rng)
    once, again = (noisy_sum(r, norm=0.5, mu=1.0, noise=silence) for r in (rows, rows[::-1]))
    assert (once == again).all()
    # every subject alone stays within the clip norm, whatever it brings
    for row in (np.array([[1e300, -1e300, 1.0]]), np.array([[0.5, 0.0, 0.0]]), rows[:1]):
        assert np.linalg.norm(noisy_sum(row, norm=0.5, mu=1.0, noise=silence)) <= 0.5
    assert (once * GRID / 0.5 == np.round(once * GRID / 0.5)).all()


def test_clipping_leaves_short_rows_alone() -> None:
    rows = np.array([[0.1, 0.0], [30.0, 40.0], [0.0, 0.0]])
    assert np.allclose(clip_rows(rows, norm=5.0), [[0.1, 0.0], [3.0, 4.0], [0.0, 0.0]])


@pytest.mark.parametrize("epsilon", [0.5, 3.0])
def test_an_audit_proves_something_and_never_more_than_claimed(epsilon: float) -> None:
    mu = gaussian_mu(epsilon, DELTA)
    others = np.zeros((20, 2))
    canary = np.vstack([others, [[1.0, 0.0]]])
    proved = audit_epsilon(
        lambda inside: float(noisy_sum(canary if inside else others, norm=1.0, mu=mu)[0]),
        runs=4000 if epsilon > 1 else 1000,
        delta=DELTA,
    )
    assert proved <= epsilon
    if epsilon > 1:
        assert proved > 0.2  # three hundred such audits proved 0.38 to 1.75


def test_an_audit_catches_a_mechanism_that_lies() -> None:
    rng = np.random.default_rng(0)
    # claims epsilon 1 but adds an eighth of its noise
    sd = 1 / gaussian_mu(1.0, DELTA) / 8
    assert epsilon_lower_bound(1 + sd * rng.normal(size=4000), sd * rng.normal(size=4000), delta=DELTA) > 1.0


def test_no_attack_can_pass_its_ceiling() -> None:
    rng = np.random.default_rng(0)
    mu = gaussian_mu(3.0, DELTA)
    ranks = (rng.normal(mu, 1, 20_000)[:, None] > rng.normal(0, 1, 500)).mean()
    assert ranks == pytest.approx(attack_auc(mu), abs=0.02)

"""Effect sizes, meta- and mega-analysis and power against textbook formulas, peers and simulation."""

import numpy as np
import pytest
from scipy import optimize, stats

from commissure.errors import BadInput
from commissure.harmonize.effects import cohens_d, mega_analysis
from commissure.harmonize.meta import pool_effects
from commissure.harmonize.power import plan_sites, plan_subjects, power_over_sites, simulated_power


def _studies(seed: int, studies: int = 12, tau: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.01, 0.2, studies)
    return 0.4 + tau * rng.normal(size=studies) + np.sqrt(variances) * rng.normal(size=studies), variances


def test_dersimonian_laird_is_the_peers() -> None:
    peer = pytest.importorskip("statsmodels.stats.meta_analysis")
    y, v = _studies(0)
    theirs = peer.combine_effects(y, v, method_re="dl")
    ours = pool_effects(y, v, method="dl", interval="normal")
    table = theirs.summary_frame().loc["random effect"]
    assert np.allclose(
        [ours.effect[0], ours.low[0], ours.high[0]], table[["eff", "ci_low", "ci_upp"]].astype(float)
    )
    assert np.isclose(ours.tau2[0], theirs.tau2)
    assert np.isclose(ours.q[0], theirs.q)
    assert np.isclose(pool_effects(y, v, method="dl").error[0], theirs.sd_eff_w_re_hksj)


def test_reml_is_the_maximum_of_the_restricted_likelihood() -> None:
    for seed in range(10):
        y, v = _studies(seed, tau=0.1 * seed)

        def deviance(tau2: float, y: np.ndarray = y, v: np.ndarray = v) -> float:
            w = 1 / (v + tau2)
            middle = (w * y).sum() / w.sum()
            return float(-np.log(w).sum() + np.log(w.sum()) + (w * (y - middle) ** 2).sum())

        best = optimize.minimize_scalar(deviance, bounds=(0, 3), method="bounded", options={"xatol": 1e-10})
        found = pool_effects(y, v).tau2[0]
        assert deviance(found) <= best.fun + 1e-9


def test_intervals_cover_at_their_level() -> None:
    rng = np.random.default_rng(1)
    studies, draws, tau = 8, 2000, 0.3
    v = rng.uniform(0.01, 0.1, studies)[:, None]
    y = 0.2 + tau * rng.normal(size=(studies, draws)) + np.sqrt(v) * rng.normal(size=(studies, draws))
    found = pool_effects(y, np.broadcast_to(v, y.shape))
    assert abs(((found.low < 0.2) & (found.high > 0.2)).mean() - 0.95) < 0.02
    v = np.concatenate([v, v, v])
    y = 0.2 + tau * rng.normal(size=(24, draws)) + np.sqrt(v) * rng.normal(size=(24, draws))
    found = pool_effects(y, np.broadcast_to(v, y.shape))
    new = 0.2 + tau * rng.normal(size=draws)
    assert abs(((found.expected_low < new) & (found.expected_high > new)).mean() - 0.95) < 0.03
    assert np.allclose(found.weights.sum(axis=0), 1.0)


def test_d_is_the_textbook_one_and_its_interval_covers() -> None:
    rng = np.random.default_rng(2)
    cases = np.arange(60) < 25
    X = rng.normal(size=(60, 4000)) + 0.6 * cases[:, None]
    found = cohens_d(X, cases)
    apart = X[cases].mean(axis=0) - X[~cases].mean(axis=0)
    pooled = np.sqrt(((24 * X[cases].var(axis=0, ddof=1)) + 34 * X[~cases].var(axis=0, ddof=1)) / 58)
    assert np.allclose(found.d, apart / pooled)
    assert np.allclose(found.p, stats.ttest_ind(X[cases], X[~cases]).pvalue)
    assert abs(((found.low < 0.6) & (found.high > 0.6)).mean() - 0.95) < 0.02


def test_d_is_adjusted_and_a_missing_cell_costs_one_row() -> None:
    rng = np.random.default_rng(3)
    cases = np.arange(200) % 2 == 0
    age = rng.uniform(20, 60, 200) + 20 * cases
    X = 0.1 * age[:, None] + rng.normal(size=(200, 50))
    X[0, 0] = np.nan
    assert cohens_d(X, cases).d.mean() > 1
    found = cohens_d(X, cases, covariates={"age": age})
    assert abs(found.d.mean()) < 0.15
    assert (found.cases[0], found.cases[1]) == (99, 100)
    alike = (cases ^ (rng.uniform(size=200) < 0.1)).astype(float)
    Y = rng.normal(size=(200, 200)) + 0.8 * cases[:, None]
    assert abs(cohens_d(Y, cases, covariates={"alike": alike}).d.mean() - 0.8) < 0.1
    with pytest.raises(BadInput, match="confounded"):
        cohens_d(X, cases, covariates={"twice": 2.0 * cases})
    with pytest.raises(BadInput, match="Both cases and controls"):
        cohens_d(X, np.ones(200, bool))


def test_meta_and_mega_find_the_planted_effect_where_plain_pooling_errs() -> None:
    rng = np.random.default_rng(4)
    numbers = np.repeat(np.arange(8), 60)
    cases = rng.uniform(size=480) < np.linspace(0.2, 0.8, 8)[numbers]
    X = 0.5 * cases[:, None] + np.linspace(-2, 2, 8)[numbers][:, None] + rng.normal(size=(480, 40))
    own = [cohens_d(X[numbers == n], cases[numbers == n]) for n in range(8)]
    meta = pool_effects(np.stack([e.d for e in own]), np.stack([e.error**2 for e in own]))
    assert abs(meta.effect.mean() - 0.5) < 0.05
    assert abs(mega_analysis(X, cases, sites=numbers).d.mean() - 0.5) < 0.05
    assert abs(cohens_d(X, cases, sites=numbers).d.mean() - 0.5) < 0.05
    assert cohens_d(X, cases).d.mean() > 0.7


@pytest.mark.parametrize(("d", "tau2"), [(0.3, 0.0), (0.3, 0.02), (0.5, 0.1)])
def test_planned_power_is_what_simulation_finds(d: float, tau2: float) -> None:
    sites = [(25, 30), (20, 20), (40, 35)] * 5
    simulated = simulated_power(d, sites, tau2=tau2, draws=1500, rng=np.random.default_rng(5))
    assert abs(power_over_sites(d, sites, tau2=tau2) - simulated) < 0.05


def test_plans_are_the_least_that_suffice() -> None:
    sites = plan_sites(0.3, per_site=(20, 20), tau2=0.02)
    assert power_over_sites(0.3, [(20, 20)] * sites, tau2=0.02) >= 0.8
    assert power_over_sites(0.3, [(20, 20)] * (sites - 1), tau2=0.02) < 0.8
    n = plan_subjects(0.3, sites=12, tau2=0.02)
    assert (
        power_over_sites(0.3, [(n, n)] * 12, tau2=0.02)
        >= 0.8
        > power_over_sites(0.3, [(n - 1, n - 1)] * 12, tau2=0.02)
    )
    with pytest.raises(BadInput, match="add sites"):
        plan_subjects(0.2, sites=3, tau2=0.1)


@pytest.mark.parametrize(
    ("y", "v"), [([0.1], [0.1]), ([0.1, np.nan], [0.1, 0.1]), ([0.1, 0.2], [0.1, 0.0]), ([0.1, 0.2], [0.1])]
)
def test_studies_that_cannot_be_pooled_are_said(y: list[float], v: list[float]) -> None:
    with pytest.raises(BadInput):
        pool_effects(y, v)

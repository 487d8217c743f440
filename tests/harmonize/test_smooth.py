"""Smooth covariates: the basis, the penalty's closed form, and a planted curve."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from commissure.errors import BadInput
from commissure.harmonize.combat import ComBat
from commissure.kernels.splines import fit_basis


def test_the_basis_is_that_of_b_splines() -> None:
    x = np.sort(np.random.default_rng(0).uniform(20, 80, 200))
    basis = fit_basis(x)
    knots = np.array(basis.knots)
    assert np.allclose(basis.values(x), BSpline.design_matrix(x, knots, 3).toarray()[:, 1:])
    fine = np.linspace(x[0], x[-1], 40_001)
    second = np.stack([BSpline(knots, np.eye(10)[n], 3).derivative(2)(fine) for n in range(1, 10)])
    by_sums = np.trapezoid(second[:, None] * second[None, :], fine, axis=2)
    assert np.allclose(basis.penalty(), by_sums, rtol=2e-3, atol=1e-4 * by_sums.max())


def test_beyond_its_ends_the_basis_goes_on_straight() -> None:
    basis = fit_basis(np.linspace(20, 80, 100))
    at = basis.values(np.array([78.0, 80.0, 90.0, 100.0]))
    assert np.allclose(at[3] - at[2], at[2] - at[1])
    assert np.allclose(basis.values(np.array([80.0 + 1e-7])), at[1], atol=1e-6)


def test_too_few_values_for_a_curve_are_said() -> None:
    with pytest.raises(BadInput, match="different values; got 3"):
        fit_basis(np.array([1.0, 2.0, 3.0, 3.0]))


def test_the_penalty_is_the_best_by_gcv_and_the_fit_is_penalized_least_squares() -> None:
    rng = np.random.default_rng(1)
    n = 300
    sites, age, sex = rng.integers(0, 4, n), rng.uniform(20, 80, n), rng.integers(0, 2, n)
    X = np.sin(age / 9)[:, None] * [0.5, 1.0, 3.0] + rng.normal(size=(n, 3)) + rng.normal(size=(4, 3))[sites]
    covariates = {"age": age, "sex": sex}
    model = ComBat(smooth=("age",)).fit(X, sites=sites, covariates=covariates)
    columns = model.design_.columns(covariates, rows=n)
    design = np.column_stack([np.eye(4)[sites], columns])
    penalty = np.zeros((len(design.T),) * 2)
    penalty[4:, 4:] = model.design_.penalties[0]
    for feature in range(3):

        def score(weight: float, feature: int = feature) -> tuple[float, np.ndarray]:
            hat = np.linalg.solve(design.T @ design + weight * penalty, design.T)
            left = X[:, feature] - design @ (hat @ X[:, feature])
            return n * (left @ left) / (n - np.trace(design @ hat)) ** 2, hat @ X[:, feature]

        best = model.penalty_[0, feature]
        assert score(best)[0] <= min(score(best * step)[0] for step in (0.1, 0.5, 2.0, 10.0)) + 1e-12
        assert np.allclose(score(best)[1][4:], model.slopes_[:, feature], atol=1e-8)


def test_a_curve_that_sites_sample_apart_is_kept_where_a_line_bends_it() -> None:
    better = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        n = 600
        sites = rng.integers(0, 3, n)
        age = rng.uniform(20, 50, n) + 15 * sites
        curve = 0.004 * (age - 50) ** 2
        noise = rng.normal(size=(n, 20)) * 0.5
        X = curve[:, None] + noise + 2 * rng.normal(size=(3, 20))[sites]
        wrong = []
        for smooth in ((), ("age",)):
            out = ComBat(smooth=smooth).fit_transform(X, sites=sites, covariates={"age": age})
            left = out - (curve[:, None] + noise)
            wrong.append((left - left.mean(axis=0)).std())
        better += wrong[1] < 0.6 * wrong[0]
    assert better == 8


def test_two_smooth_terms_and_a_missing_cell() -> None:
    rng = np.random.default_rng(2)
    n = 400
    sites, age, dose = rng.integers(0, 3, n), rng.uniform(20, 80, n), rng.uniform(0, 1, n)
    X = np.sin(age / 8)[:, None] + np.cos(6 * dose)[:, None] + 0.2 * rng.normal(size=(n, 4))
    X[5, 1] = np.nan
    model = ComBat(smooth=("age", "dose")).fit(X, sites=sites, covariates={"age": age, "dose": dose})
    fitted = model.mean_ + model.design_.columns({"age": age, "dose": dose}, rows=n) @ model.slopes_
    assert np.nanstd(X - fitted, axis=0).max() < 0.22


def test_a_smooth_term_must_be_a_number_among_the_covariates() -> None:
    X, sites = np.random.default_rng(3).normal(size=(60, 2)), np.arange(60) % 2
    with pytest.raises(BadInput, match="not among the covariates: sex"):
        ComBat(smooth=("age",)).fit(X, sites=sites, covariates={"sex": np.array(["F", "M"] * 30)})
    with pytest.raises(BadInput, match="is a category"):
        ComBat(smooth=("sex",)).fit(X, sites=sites, covariates={"sex": np.array(["F", "M"] * 30)})

"""One-shot statistics equal those of the pooled rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissure.errors import BadInput
from commissure.federate.analysis import run_locally
from commissure.federate.mixed import MixedModel
from commissure.federate.regression import Regression
from commissure.federate.scaled import Scaled
from commissure.federate.summaries import Components, Histogram, Moments, Quantiles
from commissure.federate.survival import CoxRegression
from commissure.testing.federation import make_sites, pool

FEATURES = ["a", "b", "c"]


@pytest.mark.parametrize(
    "analysis",
    [
        Moments(FEATURES),
        Histogram("b", [20, 40, 60]),
        Quantiles("c"),
        Components(FEATURES, 2),
        Regression(FEATURES, "line"),
        # raw columns of such unlike means and spreads cost digits in any fit; standardized, none are lost
        Scaled(FEATURES, Regression(FEATURES, "case", "logistic")),
        Scaled(FEATURES, Regression(FEATURES, "count", "poisson")),
        Scaled(FEATURES, Regression(FEATURES, "case", "logistic", ridge=2.0)),
        CoxRegression(FEATURES, "time", "event", 0.05, 60),
    ],
    ids=lambda a: type(a).__name__,
)
def test_sums_over_sites_equal_the_pooled_rows(analysis: object) -> None:
    tables = make_sites()
    apart, together = run_locally(analysis, tables), run_locally(analysis, pool(tables))
    for name, value in together.items():
        np.testing.assert_allclose(apart[name], value, rtol=1e-10, atol=1e-10, err_msg=name)


def test_regressions_agree_with_statsmodels() -> None:
    import statsmodels.api as sm

    tables = make_sites()
    rows = pool(tables)["all"]
    x = sm.add_constant(np.column_stack([rows[name] for name in FEATURES]))
    for outcome, family, peer in (
        ("line", "linear", sm.families.Gaussian()),
        ("case", "logistic", sm.families.Binomial()),
        ("count", "poisson", sm.families.Poisson()),
    ):
        truth = sm.GLM(rows[outcome], x, family=peer).fit(tol=1e-12)
        got = run_locally(Regression(FEATURES, outcome, family), tables)
        np.testing.assert_allclose(got["coefficients"], truth.params, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(got["errors"], truth.bse, rtol=1e-6)


def test_cox_agrees_with_statsmodels_on_the_grid() -> None:
    import statsmodels.api as sm

    tables = make_sites()
    rows = pool(tables)["all"]
    grid = np.ceil(rows["time"] / 0.05 - 1e-9) * 0.05
    truth = sm.PHReg(
        grid, np.column_stack([rows[n] for n in FEATURES]), status=rows["event"], ties="breslow"
    ).fit()
    got = run_locally(CoxRegression(FEATURES, "time", "event", 0.05, 60), tables)
    np.testing.assert_allclose(got["coefficients"], truth.params, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(got["errors"], truth.bse, rtol=1e-5)


def test_a_mixed_model_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    tables = make_sites(12)
    groups = np.concatenate([[name] * len(t["a"]) for name, t in tables.items()])
    rows = pool(tables)["all"]
    x = sm.add_constant(np.column_stack([rows["a"], rows["b"] - 50]))
    truth = sm.MixedLM(rows["line"], x, groups=groups).fit(reml=True)
    for table in tables.values():
        table["b"] = table["b"] - 50
    got = run_locally(MixedModel(["a", "b"], "line"), tables)
    np.testing.assert_allclose(got["coefficients"], truth.fe_params, rtol=1e-4)
    np.testing.assert_allclose(got["errors"], truth.bse_fe, rtol=1e-3)
    np.testing.assert_allclose(
        [got["between"][0], got["within"][0]], [truth.cov_re[0, 0], truth.scale], rtol=2e-3
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-5), min_size=3, max_size=80),
    st.integers(1, 5),
)
def test_quantiles_of_a_sketch_are_within_their_accuracy(values: list[float], parts: int) -> None:
    split = np.array_split(np.array(values), parts)
    tables = {str(n): {"v": part} for n, part in enumerate(split)}
    levels = [0.0, 0.1, 0.5, 0.9, 1.0]
    got = run_locally(Quantiles("v", levels, accuracy=0.01), tables)["quantiles"]
    for level, value in zip(levels, got, strict=True):
        truth = np.sort(values)[int(np.ceil(level * (len(values) - 1) - 1e-9))]
        assert abs(value - truth) <= 0.0101 * abs(truth) + 1e-12


def test_missing_values_and_empty_sites_leave_the_sums_right() -> None:
    tables = make_sites(3)
    tables["s001"]["a"][::3] = np.nan
    tables["s002"] = {name: column[:0] for name, column in tables["s002"].items()}
    got = run_locally(Moments(["a"]), tables)
    rows = pool(tables)["all"]["a"]
    np.testing.assert_allclose(got["mean"], [np.nanmean(rows)], rtol=1e-13)
    np.testing.assert_allclose(got["variance"], [np.nanvar(rows, ddof=1)], rtol=1e-13)
    filled = run_locally(Scaled(["a", "b"], Regression(["a", "b"], "line")), tables)
    assert filled["rows"][0] == len(rows)
    assert run_locally(Regression(["a", "b"], "line"), tables)["rows"][0] == np.isfinite(rows).sum()


def test_a_site_with_one_class_is_used_and_one_class_in_all_is_said() -> None:
    tables = make_sites(3)
    tables["s000"]["case"][:] = 1.0
    model = Regression(FEATURES, "case", "logistic")
    apart, together = run_locally(model, tables), run_locally(model, pool(tables))
    np.testing.assert_allclose(apart["coefficients"], together["coefficients"], rtol=1e-9)
    for table in tables.values():
        table["case"][:] = 1.0
    with pytest.raises(BadInput, match="one class only"):
        run_locally(model, tables)


def test_what_does_not_fit_is_said() -> None:
    tables = make_sites(2)
    with pytest.raises(BadInput, match="must be 0 or 1"):
        run_locally(Regression(FEATURES, "line", "logistic"), tables)
    with pytest.raises(BadInput, match="Column 'd' is not in this site's table"):
        run_locally(Moments(["d"]), tables)
    with pytest.raises(BadInput, match="beyond the plan's grid"):
        run_locally(CoxRegression(FEATURES, "time", "event", 0.01, 5), tables)
    with pytest.raises(BadInput, match="family must be one of"):
        run_locally(Regression(FEATURES, "line", "gamma"), tables)
    tables["s000"]["a"][:] = np.inf
    with pytest.raises(BadInput, match="missing or infinite"), np.errstate(invalid="ignore"):
        run_locally(Moments(FEATURES), tables)


def test_collinear_and_constant_columns_do_not_break_a_fit() -> None:
    tables = make_sites(3)
    for table in tables.values():
        table["twice"], table["same"] = 2 * table["a"], np.ones_like(table["a"])
    got = run_locally(
        Scaled(["a", "twice", "same"], Regression(["a", "twice", "same"], "case", "logistic")), tables
    )
    plain = run_locally(Scaled(["a"], Regression(["a"], "case", "logistic")), tables)
    np.testing.assert_allclose(got["loss"], plain["loss"], rtol=1e-9)


def test_the_lasso_agrees_with_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    tables = make_sites()
    rng = np.random.default_rng(3)
    for table in tables.values():
        table.update({f"n{k}": rng.normal(size=len(table["a"])) for k in range(6)})
    names = [*FEATURES, *(f"n{k}" for k in range(6))]
    got = run_locally(Scaled(names, Regression(names, "case", "logistic", lasso=12.0)), tables)
    rows = pool(tables)["all"]
    x = (np.column_stack([rows[n] for n in names]) - got["centre"]) / got["scale"]
    peer = LogisticRegression(l1_ratio=1.0, solver="saga", C=1 / 12.0, tol=1e-10, max_iter=20_000).fit(
        x, rows["case"]
    )
    np.testing.assert_allclose(got["coefficients"], [*peer.intercept_, *peer.coef_[0]], atol=2e-5)
    assert (got["coefficients"][4:] == 0).sum() >= 3

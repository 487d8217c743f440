"""SHAP values found at sites, against the shap package on the pooled rows."""

import warnings
from typing import Any

import numpy as np
import pytest

from commissure.federate.analysis import run_locally
from commissure.federate.predictor import Predictor, fit_predictor
from commissure.federate.shapley import Explanation, background, gradient_shap, shap_values
from commissure.testing.federation import make_sites, pool

FEATURES = ["a", "b", "c"]
TABLES = make_sites(5, rows=40)
POOLED = pool(TABLES)["all"]


@pytest.fixture(scope="module")
def shap() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("shap")


def _fit(kind: str, **said: Any) -> Predictor:
    return fit_predictor(kind, {"features": FEATURES, "outcome": "case", **said}, tables=TABLES)


def test_linear_values_are_those_of_shap(shap: Any) -> None:
    model = _fit("regression", family="logistic", ridge=1.0)
    found = run_locally(Explanation(model), TABLES)
    z = model.standardized(POOLED)
    beta = model.found["coefficients"]
    theirs = shap.LinearExplainer((beta[1:], beta[0]), np.zeros((1, 3))).shap_values(z)
    np.testing.assert_allclose(shap_values(model, z, about=found["about"]), theirs, atol=1e-12)
    np.testing.assert_allclose(found["importance"], np.abs(theirs).mean(axis=0), atol=1e-12)


def test_tree_values_are_those_of_shap(shap: Any) -> None:
    model = _fit("trees", trees=12)
    found = run_locally(Explanation(model), TABLES)
    z, inner, trees = model.standardized(POOLED), model.inner, []
    for number, feature in enumerate(model.found["feature"]):
        split, at = feature >= 0, np.arange(feature.size)
        edges = np.nextafter(
            inner.edges[model.found["cut"][number].astype(int)], -np.inf
        )  # theirs is <=, ours is <
        trees.append({
            "children_left": np.where(split, 2 * at + 1, -1), "children_right": np.where(split, 2 * at + 2, -1),
            "children_default": np.where(split, 2 * at + 1, -1), "features": np.where(split, feature, -2).astype(int),
            "thresholds": np.where(split, edges, 0.0), "values": inner.rate * model.found["value"][number][:, None],
            "node_sample_weight": np.maximum(found["about"][number], 1e-9),
        })  # fmt: skip
    theirs = shap.TreeExplainer({"trees": trees}, feature_perturbation="tree_path_dependent").shap_values(z)
    np.testing.assert_allclose(shap_values(model, z, about=found["about"]), theirs, atol=1e-12)
    np.testing.assert_allclose(found["importance"], np.abs(theirs).mean(axis=0), atol=1e-12)


def test_network_values_add_up_and_rank_as_exact_ones(shap: Any) -> None:
    model = _fit("training", hidden=6, rounds=15)
    about = run_locally(Explanation(model), TABLES)["about"]
    draws, z = background(about), model.standardized(POOLED)[:60:6]
    values = gradient_shap(model, z, draws=draws)
    np.testing.assert_allclose(values.sum(axis=1), model.margin(z) - model.margin(draws).mean(), atol=3e-3)
    explainer = shap.ExactExplainer(model.margin, shap.maskers.Independent(draws, max_samples=len(draws)))
    exact = explainer(z, silent=True).values
    assert np.corrcoef(values.ravel(), exact.ravel())[0, 1] > 0.97
    np.testing.assert_allclose(np.abs(values).mean(axis=0), np.abs(exact).mean(axis=0), rtol=0.2)


def test_what_leaves_a_site_does_not_grow_with_its_rows() -> None:
    model = _fit("trees", trees=3)
    explanation = Explanation(model)
    small, large = ({k: np.tile(v, n) for k, v in TABLES["s000"].items()} for n in (1, 5))
    state = explanation.first()
    for _ in range(2):
        answers = [explanation.answer(state, table, {})[0] for table in (small, large)]
        assert [a.shape for a in answers[0].values()] == [a.shape for a in answers[1].values()]
        assert {k: tuple(v.shape) for k, v in answers[0].items()} == dict(explanation.shapes(state))
        state = explanation.step(state, answers[0])


def test_the_background_has_the_covariance_of_all_sites() -> None:
    wanted = np.array([[1.0, 0.6], [0.6, 1.0]])
    np.testing.assert_allclose(np.cov(background(wanted, draws=4000).T), wanted, atol=0.06)

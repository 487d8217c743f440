"""Models ready for rows: the same numbers from ONNX, personal last layers, choice and judgement by sums."""

from typing import Any

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.federate.analysis import run_locally
from commissure.federate.assessment import Assessment, Subgroup
from commissure.federate.evaluation import auc_scores, mean_error_scores
from commissure.federate.export_onnx import to_onnx
from commissure.federate.networks import Network
from commissure.federate.predictor import Predictor, fit_predictor
from commissure.federate.selection import choose, fold_numbers
from commissure.testing.federation import make_sites, pool

TABLES = make_sites(4, rows=60)
POOLED = pool(TABLES)["all"]
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "line": ("regression", {"family": "linear"}),
    "logistic": ("regression", {"family": "logistic", "ridge": 1.0}),
    "trees": ("trees", {"trees": 8}),
    "tree numbers": ("trees", {"trees": 8, "family": "linear"}),
    "network": ("training", {"hidden": 5, "rounds": 6}),
    "network numbers": ("training", {"hidden": 5, "rounds": 6, "family": "linear", "rate": 0.1}),
    "deep": ("deep", {"layers": [6, 4], "rounds": 4}),
}  # fmt: skip


def _fit(kind: str) -> Predictor:
    name, said = KINDS[kind]
    outcome = "line" if said.get("family") == "linear" else "case"
    return fit_predictor(name, {"features": ["a", "b", "c"], "outcome": outcome, **said}, tables=TABLES)


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_gives_the_same_numbers(kind: str) -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    if kind == "deep":
        pytest.importorskip("torch")
    model = _fit(kind)
    rows = np.column_stack([POOLED[name] for name in model.features]).astype(np.float32)
    rows[3, 1] = np.nan
    told = runtime.InferenceSession(to_onnx(model)).run(None, {"rows": rows})[0][:, 0]
    ours = model.predict({name: rows[:, n].astype(float) for n, name in enumerate(model.features)})
    np.testing.assert_allclose(told, ours, atol=2e-5 * max(1.0, np.abs(ours).max()))
    assert np.isfinite(told).all()


def test_a_network_learns_numbers_of_any_scale() -> None:
    tables = {site: {**table, "line": 1e4 + 500 * table["line"]} for site, table in TABLES.items()}
    parameters = {
        "features": ["a", "b", "c"],
        "outcome": "line",
        "family": "linear",
        "hidden": 6,
        "rounds": 40,
        "rate": 0.1,
    }
    model = fit_predictor("training", parameters, tables=tables)
    everyone = pool(tables)["all"]
    assert np.corrcoef(model.predict(everyone), everyone["line"])[0, 1] > 0.6


def test_slopes_are_those_of_the_output() -> None:
    rng = np.random.default_rng(0)
    network, x = Network(3, 4), rng.normal(size=(5, 3))
    weights = rng.normal(size=network.size)
    step = 1e-6 * np.eye(3)
    by_hand = [(network.output(weights, x + d) - network.output(weights, x - d)) / 2e-6 for d in step]
    np.testing.assert_allclose(network.slope(weights, x), np.stack(by_hand, axis=1), atol=1e-7)


def test_torch_and_numpy_agree_on_gradients() -> None:
    pytest.importorskip("torch")
    from commissure.federate.deep import TorchNetwork

    rng = np.random.default_rng(0)
    network, x, y = TorchNetwork(3, (4, 2)), rng.normal(size=(6, 3)), np.array([0.0, 1, 1, 0, 1, 0])
    weights = rng.normal(size=network.size)
    _, gradient = network.gradient(weights, x, y)
    step = 1e-6 * np.eye(network.size)
    by_hand = [
        (network.gradient(weights + d, x, y)[0] - network.gradient(weights - d, x, y)[0]) / 2e-6 for d in step
    ]
    np.testing.assert_allclose(gradient, by_hand, atol=1e-7)
    assert network.inside(weights, x).shape == (6, 2)


def test_torch_is_not_imported_by_the_room() -> None:
    import subprocess
    import sys

    code = "import sys, commissure.federate.analyses, commissure.federate.clinical; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_last_layer_of_ones_own_helps_who_is_unlike_the_rest() -> None:
    rng = np.random.default_rng(1)
    tables = {}
    for number in range(6):
        x = rng.normal(size=(120, 4))
        sign = -1.0 if number == 5 else 1.0
        tables[f"p{number}"] = {**{f"x{k}": x[:, k] for k in range(4)}, "y": (sign * (x[:, 0] - x[:, 1]) + rng.normal(0, 0.5, 120) > 0).astype(float)}  # fmt: skip
    train = {site: {k: v[:80] for k, v in table.items()} for site, table in tables.items()}
    test = {k: v[80:] for k, v in tables["p5"].items()}
    features = {"features": [f"x{k}" for k in range(4)], "outcome": "y", "hidden": 6, "rounds": 20}
    common = fit_predictor("training", features, tables=train)
    body = fit_predictor("training", {**features, "personal": True}, tables=train)
    right = [
        float(((model.predict(test) > 0.5) == test["y"]).mean())
        for model in (common, body.personal(train["p5"]))
    ]
    assert right[0] < 0.3
    assert right[1] > 0.8
    with pytest.raises(BadInput, match="last layer"):
        _fit("logistic").personal(TABLES["s000"])


def test_the_choice_is_that_of_pooled_rows_and_people_stay_together() -> None:
    rng = np.random.default_rng(0)
    tables = {}
    for site in "abc":
        x = rng.normal(size=(150, 2))
        bent = x[:, 0] * x[:, 1] + rng.normal(0, 0.3, 150)
        tables[site] = {
            "x": x[:, 0],
            "z": x[:, 1],
            "y": (bent > 0).astype(float),
            "who": np.repeat(np.arange(50.0), 3),
        }
    own = {"features": ["x", "z"], "outcome": "y"}
    candidates = {
        "line": ("regression", {**own, "family": "logistic"}),
        "trees": ("trees", {**own, "trees": 20}),
    }
    best, losses = choose(candidates, tables=tables, person="who")
    assert best == "trees"
    assert losses["trees"] < losses["line"] - 0.1
    folds = fold_numbers(tables["a"], 5, seed=0, person="who", outcome="y")
    assert all(np.unique(folds[tables["a"]["who"] == who]).size == 1 for who in range(50))
    with pytest.raises(BadInput, match="no model"):
        choose({}, tables=tables)


def test_judgement_by_sums_is_that_of_the_pooled_rows() -> None:
    model = _fit("logistic")
    people = {
        site: {**table, "who": n * 1000 + np.arange(len(table["a"])) // 3}
        for n, (site, table) in enumerate(TABLES.items())
    }
    groups = (Subgroup("low", "b", high=50.0), Subgroup("high", "b", 50.0))
    found = run_locally(Assessment(model, groups, "who"), people)
    everyone = pool(people)["all"]
    told = model.predict(everyone)
    (score,), _ = auc_scores(everyone["case"], {"m": told}, persons=everyone["who"])
    assert abs(found["score"][0] - score.value) < 2e-4
    assert abs(found["low"][0] - score.low) < 1e-3
    low = everyone["b"] < 50
    (part,), _ = auc_scores(everyone["case"][low], {"m": told[low]})
    assert abs(found["score"][1] - part.value) < 2e-4
    assert found["rows"].tolist() == [low.size, low.sum(), (~low).sum()]
    np.testing.assert_allclose(found["squares"][0], ((told - everyone["case"]) ** 2).mean())
    np.testing.assert_allclose(found["coarse"][0].sum(axis=0), [low.size, told.sum(), everyone["case"].sum()])


def test_the_error_of_numbers_by_sums() -> None:
    model = _fit("line")
    found = run_locally(Assessment(model, limits=(-10.0, 10.0)), TABLES)
    (score,), _ = mean_error_scores(POOLED["line"], {"m": model.predict(POOLED)})
    np.testing.assert_allclose([found["score"][0], found["high"][0]], [score.value, score.high], rtol=1e-3)


def test_rows_of_one_person_are_not_independent() -> None:
    covered = {False: 0, True: 0}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(40), 12)
        case = np.repeat(np.arange(40) % 2, 12).astype(float)
        told = case + np.repeat(rng.normal(0, 1, 40), 12) + rng.normal(0, 0.5, who.size)
        truth = 0.7365  # P(N(1, 2.5) > 0): two persons and two windows differ by a variance of 2 (1 + .25)
        for known in covered:
            (score,), _ = auc_scores(case, {"m": told}, persons=who if known else None)
            covered[known] += score.low <= truth <= score.high
    assert covered[True] > 130
    assert covered[False] < 110

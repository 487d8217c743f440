"""Boosted trees over sites are those of the pooled rows, and as good as scikit-learn's."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.federate.analysis import run_locally
from commissure.federate.boosting import Boosting
from commissure.federate.scaled import Scaled
from commissure.testing.federation import pool

NAMES = ["x0", "x1", "x2", "x3"]


def curved(count: int, *, seed: int, sites: int = 5) -> dict[str, dict[str, np.ndarray]]:
    """An outcome that no linear model sees: a product and a threshold."""
    rng = np.random.default_rng(seed)
    out = {}
    for number in range(sites):
        x = rng.normal(size=(count, 4))
        y = 2 * x[:, 0] * x[:, 1] + 2 * (x[:, 2] > 0.5) + 0.3 * rng.normal(size=count)
        out[f"s{number}"] = {**dict(zip(NAMES, x.T, strict=True)), "y": y, "case": (y > 0.5).astype(float)}
    return out


@pytest.mark.parametrize(("family", "outcome"), [("linear", "y"), ("logistic", "case")])
def test_trees_over_sites_are_the_pooled_ones(family: str, outcome: str) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    tables, test = curved(200, seed=0), pool(curved(200, seed=1))["all"]
    model = Boosting(NAMES, outcome, family)
    apart, together = (run_locally(Scaled(NAMES, model), rows) for rows in (tables, pool(tables)))
    for name in ("feature", "cut", "value"):
        np.testing.assert_allclose(apart[name], together[name], atol=1e-9)
    x = np.column_stack([test[name] for name in NAMES])
    got = model.output(apart, (x - apart["centre"]) / apart["scale"])
    rows = pool(tables)["all"]
    train = np.column_stack([rows[name] for name in NAMES])
    if family == "linear":
        peer = HistGradientBoostingRegressor(max_depth=3, learning_rate=0.15, max_iter=60).fit(
            train, rows["y"]
        )
        ours, theirs = np.mean((got - test["y"]) ** 2), np.mean((peer.predict(x) - test["y"]) ** 2)
        assert ours < 1.15 * theirs < 0.4 * test["y"].var()
    else:
        peer = HistGradientBoostingClassifier(max_depth=3, learning_rate=0.15, max_iter=60).fit(
            train, rows["case"]
        )
        ours, theirs = np.mean((got > 0) == test["case"]), peer.score(x, test["case"])
        assert ours > theirs - 0.03 > 0.8


def test_one_class_is_said_and_a_site_with_one_is_used() -> None:
    tables = curved(60, seed=2, sites=3)
    tables["s0"]["case"][:] = 1.0
    run_locally(Scaled(NAMES, Boosting(NAMES, "case", trees=2)), tables)
    for table in tables.values():
        table["case"][:] = 0.0
    with pytest.raises(BadInput, match="one class"):
        run_locally(Boosting(NAMES, "case", trees=2), tables)

"""Rounds of training: they find what pooled training finds, hold against poison, and keep what masks and noise promise."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.federate.analysis import flatten, run_locally
from commissure.federate.networks import Network, sigmoid
from commissure.federate.privacy import noise_for, spent_epsilon
from commissure.federate.regression import Regression
from commissure.federate.robust import combiner, krum, median, trimmed_mean
from commissure.federate.scaled import Scaled
from commissure.federate.training import STRATEGIES, Training

FEATURES = ["x0", "x1", "x2"]
SLOPES = np.array([1.0, -2.0, 0.5])


def unlike_sites(count: int = 6, *, rows: int = 150, skew: float = 1.5) -> dict[str, dict[str, np.ndarray]]:
    """Sites whose features lie apart; one rule for all."""
    rng = np.random.default_rng(4)
    out = {}
    for number in range(count):
        x = rng.normal(size=(rows, 3)) + skew * rng.normal(size=3)
        y = (rng.uniform(size=rows) < sigmoid(x @ SLOPES)).astype(float)
        out[f"s{number}"] = {**dict(zip(FEATURES, x.T, strict=True)), "y": y}
    return out


def test_gradients_are_those_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    for net in (Network(3), Network(3, 4), Network(3, 4, "linear"), Network(3, 0, "linear")):
        x, y = rng.normal(size=(9, 3)), rng.integers(0, 2, 9).astype(float)
        weights = rng.normal(size=net.size)
        _, gradient = net.gradient(weights, x, y)
        step = 1e-6 * np.eye(net.size)
        numeric = [
            (net.gradient(weights + s, x, y)[0] - net.gradient(weights - s, x, y)[0]) / 2e-6 for s in step
        ]
        np.testing.assert_allclose(gradient, numeric, atol=1e-7)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_finds_the_pooled_optimum(strategy: str) -> None:
    said = {
        "fedadam": {"server_rate": 0.1, "rounds": 200},
        "fedprox": {"proximal": 0.1},
        "scaffold": {"steps": 5},
    }
    tables = unlike_sites()
    truth = run_locally(Scaled(FEATURES, Regression(FEATURES, "y", "logistic", ridge=0.9)), tables)[
        "coefficients"
    ]
    training = Training(
        FEATURES,
        "y",
        strategy=strategy,
        **{"rounds": 300, "steps": 3, "decay": 1e-3, **said.get(strategy, {})},
    )
    got = run_locally(Scaled(FEATURES, training), tables)
    assert got["loss"][-1] < 0.75 * got["loss"][0]
    np.testing.assert_allclose(got["weights"], [*truth[1:], truth[0]], atol=0.12)


def test_scaffold_drifts_less_than_fedavg_when_sites_are_unlike() -> None:
    tables = unlike_sites()
    truth = run_locally(Regression(FEATURES, "y", "logistic", ridge=0.9), tables)["coefficients"]
    away = {}
    for strategy in ("fedavg", "scaffold"):
        training = Training(FEATURES, "y", strategy=strategy, rounds=60, steps=20)
        weights = run_locally(training, tables)["weights"]
        away[strategy] = np.abs(weights - [*truth[1:], truth[0]]).max()
    assert away["scaffold"] < 0.1 * away["fedavg"]


def test_a_personal_head_stays_at_its_site() -> None:
    training = Training(FEATURES, "y", hidden=4, personal=True, rounds=5)
    table = unlike_sites()["s0"]
    answer, memory = training.answer(training.first(), table, {})
    head = training.network.head
    assert not answer["change"][head:].any() and answer["change"][:head].any()
    assert memory["head"].any()
    # sites whose rule is the other way round: only a head of their own can follow
    tables = unlike_sites(4, skew=0)
    for name in ("s2", "s3"):
        tables[name]["y"] = 1 - tables[name]["y"]
    losses = {
        personal: run_locally(Training(FEATURES, "y", hidden=6, personal=personal, rounds=40), tables)[
            "loss"
        ][-1]
        for personal in (True, False)
    }
    assert losses[True] < 0.8 * losses[False]


def test_poison_moves_the_mean_but_not_the_robust_rules() -> None:
    rng = np.random.default_rng(1)
    honest = SLOPES + 0.1 * rng.normal(size=(9, 3))
    poisoned = np.vstack([honest, [[900.0, 900.0, 900.0]]])
    assert np.abs(poisoned.mean(axis=0) - SLOPES).max() > 50
    for rule in (trimmed_mean, median, krum):
        assert np.abs(rule(poisoned) - SLOPES).max() < 0.3
    with pytest.raises(BadInput, match="needs 5 sites"):
        krum(poisoned[:4])
    with pytest.raises(BadInput, match="robust must be one of"):
        combiner({"robust": "best"})


def test_a_poisoned_site_in_training() -> None:
    tables = unlike_sites(8, skew=0)
    for name in ("s7",):
        tables[name]["y"] = 1 - tables[name]["y"]
        for feature in FEATURES:
            tables[name][feature] = tables[name][feature] * 60
    training = Training(FEATURES, "y", rounds=25, clip=50.0)
    plain = run_locally(training, tables)["weights"][:3]
    held = run_locally(training, tables, combine=combiner({"robust": "median"}))["weights"][:3]
    assert np.abs(held - SLOPES).max() < 0.5 < np.abs(plain - SLOPES).max()


def invert(change: np.ndarray) -> np.ndarray:
    """Gradient inversion: in a linear model of one row the features' gradients over the intercept's are the row."""
    return change[:-1] / change[-1]


def test_gradient_inversion_works_on_one_update_and_fails_on_a_masked_one() -> None:
    import random

    from commissure.federate.aggregator import Aggregator
    from commissure.federate.contributor import Contributor
    from commissure.federate.terms import Terms
    from commissure.testing.federation import make_identities

    rng = np.random.default_rng(2)
    training = Training(FEATURES, "y", steps=1, decay=0.0, rows=1.0)
    state, who = training.first(), make_identities(5)
    tables = {
        name: {**dict(zip(FEATURES, rng.normal(size=(3, 1)), strict=True)), "y": np.ones(1)} for name in who
    }
    row = np.array([tables["s000"][name][0] for name in FEATURES])
    changes = {name: training.answer(state, table, {})[0] for name, table in tables.items()}
    np.testing.assert_allclose(invert(changes["s000"]["change"]), row, rtol=1e-9)

    code, terms, draw = training.code(state, sites=5), Terms("s", 1, 4), random.Random(1).randbytes
    keys = {name: identity.public for name, identity in who.items()}
    hub = Aggregator(terms, keys=keys)
    parties = {name: Contributor(identity, terms, keys=keys, entropy=draw) for name, identity in who.items()}
    for party in parties.values():
        hub.receive(party.advertise())
    hub.close()
    for party in parties.values():
        hub.receive(party.share(hub.key_letters()))
    hub.close()
    guesses = []
    for name, party in parties.items():
        words = code.encode(flatten(changes[name], training.shapes(state)))
        seen = np.frombuffer(party.mask(words, hub.boxes_for(name)).body, np.uint32)
        guesses.append(invert(code.decode(seen)[:4]))
    rows = np.array([[tables[name][f][0] for f in FEATURES] for name in parties])
    error = np.abs(np.array(guesses) - rows).max(axis=1)
    assert error.min() > 0.1


def test_noise_is_charged_and_added_once_over_the_sites() -> None:
    assert spent_epsilon(noise=1.0, rounds=1, delta=1e-5) < 4.9  # the classic bound is 4.84
    sigma = noise_for(epsilon=2.0, rounds=20, delta=1e-5)
    assert 1.99 < spent_epsilon(noise=sigma, rounds=20, delta=1e-5) <= 2.0
    training = Training(FEATURES, "y", noise=2.0, clip=0.5, minimum=16, rounds=1)
    state, table = training.first(), unlike_sites(1)["s0"]
    total = []
    for draw in range(400):
        seeded = {**table, "noise.seed": np.array([float(draw)])}
        total.append(training.answer(state, seeded, {})[0]["change"])
    spread = np.array(total).std(axis=0)
    np.testing.assert_allclose(spread * np.sqrt(16), 2.0 * 0.5, rtol=0.15)


def test_what_cannot_be_trained_is_said() -> None:
    with pytest.raises(BadInput, match="strategy must be one of"):
        Training(FEATURES, "y", strategy="best").first()
    tables = unlike_sites(3)
    tables["s1"]["y"][:] = 2.0
    with pytest.raises(BadInput, match="0 or 1"):
        run_locally(Training(FEATURES, "y"), tables)
    bad = Training(FEATURES, "y", family="linear", rate=1e6, steps=80)
    with pytest.raises(BadInput, match="smaller rate"), np.errstate(all="ignore"):
        run_locally(bad, unlike_sites(2))

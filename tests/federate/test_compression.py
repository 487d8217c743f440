"""Compression: the sum stays the sum under masks, the mean stays right, training finds what it finds in full."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissure.errors import BadInput
from commissure.federate.aggregator import Aggregator
from commissure.federate.analysis import run_locally
from commissure.federate.compression import Compressed, Quantized, chosen
from commissure.federate.contributor import Contributor
from commissure.federate.scaled import Scaled
from commissure.federate.terms import Terms
from commissure.federate.training import Training
from commissure.testing.federation import make_identities, make_sites, pool
from commissure.workflows.plan_study import plan_study

FEATURES = ["a", "b", "c"]


@settings(max_examples=25, deadline=None)
@given(size=st.integers(1, 20_000), sites=st.integers(2, 60), seed=st.integers(0, 1000))
def test_a_sum_of_words_is_the_sum_of_the_numbers(size: int, sites: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    code = Quantized(size, 2.0, sites, seed=str(seed).encode())
    vectors = rng.normal(size=(min(sites, 5), size))
    vectors *= 2.0 / np.linalg.norm(vectors, axis=1, keepdims=True)
    values = np.hstack([vectors, rng.uniform(-1, 1, (len(vectors), 2))])
    words = sum(code.encode(row, draw=bytes([n])).astype(np.int64) for n, row in enumerate(values))
    got = code.decode((words % 2**16).astype(np.uint16))
    # what is behind the vector is exact; the vector is off by rounding alone, evenly over its numbers
    np.testing.assert_allclose(got[size:], values[:, size:].sum(axis=0), atol=1e-6)
    away = np.linalg.norm(got[:size] - values[:, :size].sum(axis=0))
    assert away < 1.3 * code.step * np.sqrt(len(vectors) * size) + 1e-9


def test_rounding_at_random_is_right_on_average_and_costs_half_the_bytes() -> None:
    code, rng = Quantized(20_000, 1.0, 40, seed=b"x"), np.random.default_rng(0)
    vector = rng.normal(size=20_000) / 200
    vector[:100] *= 20  # a layer that moves more than the others
    vector /= np.linalg.norm(vector)
    found = np.mean(
        [code.decode(code.encode(vector, draw=str(draw).encode()))[:20_000] for draw in range(60)], axis=0
    )
    one = code.decode(code.encode(vector, draw=b"one"))[:20_000]
    assert np.linalg.norm(one - vector) < 0.01
    assert np.linalg.norm(found - vector) < 0.2 * np.linalg.norm(one - vector)
    assert code.encode(vector).nbytes < 0.55 * 4 * vector.size


def test_compressed_words_go_under_masks() -> None:
    who, draw = make_identities(5), random.Random(3).randbytes
    keys, terms = {name: identity.public for name, identity in who.items()}, Terms("s", 1, 4)
    hub = Aggregator(terms, keys=keys)
    parties = {name: Contributor(identity, terms, keys=keys, entropy=draw) for name, identity in who.items()}
    for party in parties.values():
        hub.receive(party.advertise())
    hub.close()
    for party in parties.values():
        hub.receive(party.share(hub.key_letters()))
    hub.close()
    code, rng = Quantized(3000, 1.0, 5, seed=b"r"), np.random.default_rng(1)
    rows = {name: rng.normal(size=3000) / 60 for name in who}
    hub.expect(words=code.encode(np.zeros(3000)).size, bits=code.bits)
    for name in list(parties)[:4]:
        letter = parties[name].mask(code.encode(rows[name], draw=draw(32)), hub.boxes_for(name))
        counts = np.bincount(np.frombuffer(letter.body, np.uint8), minlength=256)
        assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 400  # bytes of no pattern
        hub.receive(letter)
    hub.close()
    for name in hub.survivors:
        hub.receive(parties[name].unmask(hub.survivors))
    hub.close()
    truth = sum(rows[name] for name in hub.survivors)
    assert np.linalg.norm(code.decode(hub.total()) - truth) < 0.02


@pytest.mark.parametrize("said", [{"bits": 16}, {"bits": 16, "keep": 0.34}, {"bits": 32, "keep": 0.5}])
def test_compressed_training_finds_what_training_finds(said: dict[str, float]) -> None:
    tables = make_sites(6)
    plain = Training(FEATURES, "case", rounds=150, clip=1.0)
    packed = Compressed(Training(FEATURES, "case", rounds=150, clip=1.0), 1.0, **said)  # type: ignore[arg-type]
    one, other = (run_locally(Scaled(FEATURES, inner), tables) for inner in (plain, packed))
    np.testing.assert_allclose(other["weights"], one["weights"], atol=0.05)
    assert other["loss"][-1] < other["loss"][0] and pool(tables)


def test_what_is_not_sent_is_not_lost() -> None:
    training = Compressed(Training(FEATURES, "case", rounds=9, clip=1.0), 1.0, keep=0.5, bits=32)
    state, table, memory = training.first(), make_sites(1)["s000"], {}
    answer, memory = training.answer(state, table, memory)
    whole, _ = training.inner.answer(state, table, {})
    places = chosen(whole["change"].size, answer["change"].size, seed=b"commissure/federate/compress/0")
    np.testing.assert_allclose(answer["change"], whole["change"][places])
    rest = np.delete(whole["change"], places)
    np.testing.assert_allclose(np.delete(memory["unsent"], places), rest)
    assert not memory["unsent"][places].any()


def test_what_cannot_be_compressed_is_said() -> None:
    with pytest.raises(BadInput, match="256 sites"):
        Quantized(10, 1.0, 300)
    for inner, said, what in (
        (Training(FEATURES, "case"), {"bits": 8}, "bits of 16 or 32"),
        (Training(FEATURES, "case", strategy="scaffold"), {}, "SCAFFOLD"),
        (Training(FEATURES, "case"), {"keep": 0.0}, "keep above 0"),
    ):
        with pytest.raises(BadInput, match=what):
            Compressed(inner, 1.0, **said).first()  # type: ignore[arg-type]
    sites = [f"s{n}=" + f"{n:02d}" * 32 for n in range(5)]
    both = {"features": ["a"], "outcome": "y", "noise": 1.0, "compress": {"bits": 16}}
    with pytest.raises(BadInput, match="compress or noise"):
        plan_study("T", sites=sites, columns=["a", "y"], analysis="training", parameters=both)
    with pytest.raises(BadInput, match="missing or infinite"):
        Quantized(3, 1.0, 4).encode(np.array([0.0, np.nan, 0.0]))

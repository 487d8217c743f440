"""CKKS: sums of what the coordinator cannot read, the same step at every site, and what it costs beside masks."""

import numpy as np
import pytest

from commissure.errors import BadInput, NotPermitted
from commissure.federate.analysis import run_locally
from commissure.federate.encrypted import EncryptedSite, add_encrypted, make_keys, run_encrypted
from commissure.federate.scaled import Scaled
from commissure.federate.summaries import Moments
from commissure.federate.training import Training
from commissure.testing.federation import make_sites

FEATURES = ["a", "b"]


def test_encrypted_training_finds_what_training_finds() -> None:
    tables = make_sites(5)
    analysis = Scaled(FEATURES, Training(FEATURES, "case", rounds=8))
    truth = run_locally(analysis, tables)
    found, _ = run_encrypted(analysis, tables, minimum=4)
    np.testing.assert_allclose(found["weights"], truth["weights"], atol=1e-5)
    wide = Training(FEATURES, "case", hidden=2000, rounds=1)  # more numbers than one ciphertext holds
    found, ratio = run_encrypted(wide, tables)
    np.testing.assert_allclose(found["weights"], run_locally(wide, tables)["weights"], atol=1e-5)
    assert 8 < ratio < 20  # what masks do for 1.003 times the plain numbers


def test_the_coordinator_has_no_key_and_sees_no_number() -> None:
    keys, (table, other) = make_keys(), make_sites(2).values()
    one = EncryptedSite(Moments(FEATURES), table, secret=keys.secret, minimum=2)
    two = EncryptedSite(Moments(FEATURES), other, secret=keys.secret, minimum=2)
    parts = [one.answer(), two.answer()]
    snoop = EncryptedSite(Moments(FEATURES), table, secret=keys.public, minimum=1)
    with pytest.raises(ValueError, match="secret"):
        snoop.take(add_encrypted(keys.public, parts))
    assert one.answer() != parts[0]  # the same numbers never look the same
    halves = add_encrypted(keys.public, parts, weights=[0.5, 0.5])
    twice = add_encrypted(keys.public, [halves, halves])
    one.take(twice)
    two.take(add_encrypted(keys.public, parts))
    np.testing.assert_allclose(one.state["mean"], two.state["mean"], rtol=1e-4)


def test_a_sum_below_the_minimum_or_of_another_round_is_not_taken() -> None:
    keys, tables = make_keys(), make_sites(3)
    sites = [EncryptedSite(Moments(FEATURES), t, secret=keys.secret, minimum=3) for t in tables.values()]
    parts = [site.answer() for site in sites]
    with pytest.raises(NotPermitted, match="over 2 sites; the plan asks for 3"):
        sites[0].take(add_encrypted(keys.public, parts[:2]))
    total = add_encrypted(keys.public, parts)
    sites[0].take(total)
    with pytest.raises(NotPermitted, match="round 0 came; now is round 1"):
        sites[0].take(total)
    with pytest.raises(BadInput, match="different rounds"):
        add_encrypted(keys.public, [sites[0].answer(), parts[1]])
    with pytest.raises(BadInput, match="one encrypted answer or more"):
        add_encrypted(keys.public, [])
    tables["s000"]["a"] = tables["s000"]["a"] * 1e9
    with pytest.raises(BadInput, match="standardize"):
        EncryptedSite(Moments(FEATURES), tables["s000"], secret=keys.secret, minimum=3).answer()

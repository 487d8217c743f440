"""Secure sums: exact for every set of survivors, random to the coordinator, closed to tricks."""

import itertools
import json
import random
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissure.errors import BadInput, Conflict, NotPermitted
from commissure.federate.aggregator import Aggregator
from commissure.federate.contributor import Contributor
from commissure.federate.fixed_point import Bounded, Exact
from commissure.federate.graph import is_connected, neighbours_of
from commissure.federate.letters import Identity, Letter
from commissure.federate.masks import ring_of
from commissure.federate.shamir import combine, split
from commissure.federate.terms import Terms
from commissure.testing.federation import make_identities

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Round:
    """A round with every party in one process, taken step by step."""

    def __init__(self, count: int, terms: Terms, *, seed: int = 0) -> None:
        who = make_identities(count)
        keys = {name: identity.public for name, identity in who.items()}
        draw = random.Random(seed)
        self.sites = {n: Contributor(i, terms, keys=keys, entropy=draw.randbytes) for n, i in who.items()}
        self.hub = Aggregator(terms, keys=keys)

    def shared(self, *, silent: Iterable[str] = ()) -> "Round":
        for site in self.sites.values():
            self.hub.receive(site.advertise())
        self.hub.close()
        for name, site in self.sites.items():
            if name not in set(silent):
                self.hub.receive(site.share(self.hub.key_letters()))
        self.hub.close()
        return self

    def masked(self, words: np.ndarray, survivors: Iterable[str]) -> "Round":
        self.hub.expect(words=words.shape[1], bits=8 * words.itemsize)
        for number, (name, site) in enumerate(self.sites.items()):
            if name in set(survivors):
                self.hub.receive(site.mask(words[number], self.hub.boxes_for(name)))
        self.hub.close()
        return self

    def total(self, *, answering: Iterable[str] | None = None) -> np.ndarray:
        for name in self.hub.survivors if answering is None else answering:
            self.hub.receive(self.sites[name].unmask(self.hub.survivors))
        self.hub.close()
        return self.hub.total()


def random_words(count: int, length: int, bits: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**bits, (count, length), dtype=ring_of(bits))


@QUICK
@given(data=st.data(), count=st.integers(3, 9), bits=st.sampled_from([16, 32, 64]))
def test_the_sum_is_exact_for_every_set_of_survivors(data: st.DataObject, count: int, bits: int) -> None:
    minimum = data.draw(st.integers(count // 2 + 1, count))
    alive = data.draw(st.lists(st.integers(0, count - 1), min_size=minimum, max_size=count, unique=True))
    answering = data.draw(
        st.lists(st.sampled_from(alive), min_size=minimum, max_size=len(alive), unique=True)
    )
    silent = data.draw(st.sets(st.sampled_from(sorted(set(range(count)) - set(alive)) or [-1])))
    words = random_words(count, 7, bits, seed=count)
    round = Round(count, Terms("s", 1, minimum)).shared(silent={f"s{n:03d}" for n in silent})
    round.masked(words, {f"s{n:03d}" for n in alive})
    got = round.total(answering=[f"s{n:03d}" for n in answering])
    assert (got == words[sorted(alive)].sum(axis=0, dtype=words.dtype)).all()


def test_a_sparse_graph_sums_exactly_when_sites_drop_at_each_step() -> None:
    count, rng = 60, np.random.default_rng(3)
    words = random_words(count, 11, 32)
    lost = [f"s{n:03d}" for n in rng.choice(count, 6, replace=False)]
    round = Round(count, Terms("s", 1, 41)).shared(silent=lost[:2])
    alive = [name for name in round.sites if name not in lost[:4]]
    round.masked(words, alive)
    got = round.total(answering=[name for name in alive if name not in lost])
    keep = [n for n, name in enumerate(round.sites) if name in alive]
    assert (got == words[keep].sum(axis=0, dtype=np.uint32)).all()
    assert len(round.hub._roster.neighbours["s000"]) == 20


def test_what_the_coordinator_sees_is_random() -> None:
    """Bits, bytes and correlations of masked zeros, with all the shares of one site fewer than the threshold."""
    count, length = 6, 40_000
    round = Round(count, Terms("s", 1, 4)).shared()
    seen = []
    for name, site in round.sites.items():
        body = site.mask(np.zeros(length, np.uint64), round.hub.boxes_for(name)).body
        seen.append(np.frombuffer(body, np.uint8))
    for view in seen:
        counts = np.bincount(view, minlength=256)
        chi = ((counts - view.size / 256) ** 2 / (view.size / 256)).sum()
        assert 150 < chi < 380  # 255 degrees of freedom: outside with probability below 1e-6
        assert abs(np.unpackbits(view).mean() - 0.5) < 5 * 0.5 / np.sqrt(8 * view.size)
    for one, other in itertools.combinations(seen, 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(one.size)
    # the sum of all but one is random as well: the missing one's masks are in it
    partial = sum(view.view(np.uint64) for view in seen[:-1])
    assert abs(np.unpackbits(partial.view(np.uint8)).mean() - 0.5) < 5 * 0.5 / np.sqrt(64 * length)


def test_below_the_threshold_nothing_is_rebuilt() -> None:
    parts = split(b"s" * 32, [1, 2, 3, 4], threshold=3, entropy=random.Random(0).randbytes)
    with pytest.raises(BadInput, match="3 shares are needed"):
        combine({1: parts[1], 2: parts[2]}, threshold=3)
    round = Round(5, Terms("s", 1, 3)).shared()
    words = random_words(5, 4, 64)
    round.hub.expect(words=4, bits=64)
    for number, name in enumerate(["s000", "s001"]):
        round.hub.receive(round.sites[name].mask(words[number], round.hub.boxes_for(name)))
    with pytest.raises(NotPermitted, match="2 sites answered"):
        round.hub.close()
    with pytest.raises(NotPermitted, match="asks for 3"):
        round.sites["s000"].unmask(["s000", "s001"])


@QUICK
@given(secret=st.binary(min_size=32, max_size=32), data=st.data(), count=st.integers(1, 12))
def test_any_t_shares_rebuild_a_secret(secret: bytes, data: st.DataObject, count: int) -> None:
    threshold = data.draw(st.integers(1, count))
    parts = split(secret, range(1, count + 1), threshold=threshold, entropy=random.Random(1).randbytes)
    chosen = data.draw(st.lists(st.sampled_from(sorted(parts)), min_size=threshold, unique=True))
    assert combine({point: parts[point] for point in chosen}, threshold=threshold) == secret


def test_a_second_set_of_survivors_is_refused() -> None:
    words = random_words(5, 4, 64)
    round = Round(5, Terms("s", 1, 3)).shared().masked(words, ["s000", "s001", "s002", "s003"])
    site = round.sites["s000"]
    site.unmask(["s000", "s001", "s002"])
    with pytest.raises(NotPermitted, match="another set of survivors"):
        site.unmask(["s000", "s001", "s002", "s003"])
    with pytest.raises(NotPermitted, match="masked words in this round already"):
        site.mask(words[0], {})


def test_a_coordinator_cannot_ask_two_halves() -> None:
    round = Round(6, Terms("s", 1, 3))
    letters = [site.advertise() for site in round.sites.values()]
    with pytest.raises(NotPermitted, match="not more than half"):
        round.sites["s000"].share(letters)
    with pytest.raises(NotPermitted, match="Only 2 sites"):
        round.sites["s000"].share(letters[:2])


def test_forged_and_replayed_letters_are_refused() -> None:
    round, later = Round(4, Terms("s", 1, 3)), Round(4, Terms("s", 2, 3), seed=9)
    letters = [site.advertise() for site in round.sites.values()]
    forged = Letter("s", 1, "keys", "s001", bytes(64), letters[1].signature)
    replayed = Letter("s", 2, "keys", "s001", letters[1].body, letters[1].signature)
    stranger = Identity("s009", b"x" * 32).write(bytes(64), session="s", round=1, step="keys")
    for letter, what in ((forged, "signature"), (letters[1], "belongs to round 1"), (replayed, "signature")):
        with pytest.raises(NotPermitted, match=what):
            (round if letter is forged else later).hub.receive(letter)
        with pytest.raises(NotPermitted):
            later.sites["s000"].share(
                [later.sites["s000"].advertise(), letter, later.sites["s002"].advertise()]
            )
    with pytest.raises(NotPermitted, match="not a site of this study"):
        round.hub.receive(stranger)
    round.hub.receive(letters[0])
    round.hub.receive(Letter.from_bytes(letters[0].to_bytes()))
    again = round.sites["s000"].identity.write(b"y" * 64, session="s", round=1, step="keys")
    with pytest.raises(Conflict, match="another letter"):
        round.hub.receive(again)
    with pytest.raises(BadInput, match="no letter"):
        Letter.from_bytes(b"\0\0\0\x05hello")


def test_a_swapped_box_of_shares_is_refused() -> None:
    round = Round(4, Terms("s", 1, 3)).shared()
    boxes = round.hub.boxes_for("s000")
    boxes["s001"], boxes["s002"] = boxes["s002"], boxes["s001"]
    with pytest.raises(NotPermitted, match="not written by it"):
        round.sites["s000"].mask(np.zeros(4, np.uint64), boxes)


def test_a_false_share_of_a_lost_site_is_noticed() -> None:
    words = random_words(4, 4, 64)
    round = Round(4, Terms("s", 1, 3)).shared().masked(words, ["s000", "s001", "s002"])
    for name in ("s000", "s001", "s002"):
        letter = round.sites[name].unmask(round.hub.survivors)
        if name == "s001":
            body = json.loads(letter.body)
            body["shares"]["s003"] = (1).to_bytes(33, "big").hex()
            identity = round.sites[name].identity
            letter = identity.write(json.dumps(body).encode(), session="s", round=1, step="unmask")
        round.hub.receive(letter)
    round.hub.close()
    with pytest.raises(NotPermitted):
        round.hub.total()


@given(
    st.lists(
        st.lists(st.floats(-1e15, 1e15) | st.floats(-1e-12, 1e-12), min_size=3, max_size=3),
        min_size=1,
        max_size=20,
    )
)
def test_exact_code_sums_as_rationals_do(rows: list[list[float]]) -> None:
    from fractions import Fraction

    code, values = Exact(), np.array(rows)
    total = code.decode(sum(code.encode(row) for row in values).astype(np.uint64))
    for column in range(3):
        truth = sum(Fraction(value) for value in values[:, column])
        assert abs(Fraction(total[column]) - truth) <= len(rows) * Fraction(1, 2**100) + abs(
            truth
        ) * Fraction(1, 2**51)


@pytest.mark.parametrize(("bits", "sites"), [(32, 500), (32, 1), (64, 40), (64, 1)])
def test_bounded_code_never_overflows_and_says_so(bits: int, sites: int) -> None:
    code = Bounded(bound=2.5, sites=sites, bits=bits)
    words = code.encode(np.array([2.5, -2.5, 0.0, 1.0]))
    total = code.decode((words.astype(object) * sites % 2**bits).astype(words.dtype))
    np.testing.assert_allclose(total, np.array([2.5, -2.5, 0.0, 1.0]) * sites, atol=code.step * sites)
    for wrong, what in (
        (2.6, "exceeds the agreed bound"),
        (np.nan, "missing or infinite"),
        (np.inf, "missing"),
    ):
        with pytest.raises(BadInput, match=what):
            code.encode(np.array([0.0, wrong]))
    with pytest.raises(BadInput, match="2\\*\\*59"):
        Exact().encode(np.array([1e18]))


def test_a_sparse_graph_is_regular_and_mutual() -> None:
    names = tuple(f"s{n}" for n in range(100))
    graph = neighbours_of(names, degree=20, seed=b"x")
    assert {len(others) for others in graph.values()} == {20}
    assert all(site in graph[other] for site in names for other in graph[site])
    assert graph != neighbours_of(names, degree=20, seed=b"y")
    assert is_connected(graph, names[10:])
    assert not is_connected({"a": ("b",), "b": ("a",), "c": ()}, "abc")

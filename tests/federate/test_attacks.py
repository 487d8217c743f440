"""Bad input and attack, through a whole study: what a site, or a coordinator, must not get away with."""

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissure.errors import BadInput, Conflict, NotPermitted
from commissure.federate.analyses import build
from commissure.federate.analysis import run_locally
from commissure.federate.conductor import Conductor
from commissure.federate.fixed_point import Bounded
from commissure.federate.letters import Letter
from commissure.federate.masks import add_masks
from commissure.federate.member import Member
from commissure.federate.networks import Network as Layers
from commissure.federate.plan import Column, Plan, approve
from commissure.federate.robust import combiner
from commissure.federate.shamir import PRIME, SHARE_BYTES, combine, split
from commissure.federate.wire import unpack
from commissure.testing.federation import make_identities, make_sites, pool

Table = dict[str, np.ndarray]


def study(analysis: str, count: int = 6, *, secure: bool = True, **parameters: object) -> Plan:
    keys = {name: identity.public.hex() for name, identity in make_identities(count).items()}
    columns = tuple(Column(name) for name in ("a", "b", "case"))
    said = {"features": ["a", "b"], "outcome": "case", **parameters}
    return Plan("st-1", "A study", analysis, said, columns, keys, 2 * count // 3 + 1, secure=secure)


class Study:
    """A conductor and its sites, joined by bytes; ``tamper`` may change what one site sends."""

    def __init__(self, plan: Plan, tables: dict[str, Table]) -> None:
        self.who, self.plan = make_identities(len(plan.sites)), plan
        self.hub = Conductor(plan, session="st-1/1", combine=combiner(plan.parameters))
        self.tables = dict(zip(self.who, tables.values(), strict=True))
        draw = random.Random(5).randbytes
        self.members = {n: Member(i, plan, table=self.tables[n], entropy=draw) for n, i in self.who.items()}
        self.seen = dict.fromkeys(self.who, 0)
        for name, identity in self.who.items():
            self.hub.join(name, approve(plan, identity))

    def deliver(self, name: str, *, tamper: Callable[[list[Letter]], list[Letter]] | None = None) -> None:
        tasks = self.hub.tasks(name, self.seen[name])
        if tasks is None:
            return
        head, blobs = unpack(tasks.to_bytes())
        self.seen[name] = head["beat"]
        try:
            letters = self.members[name].do(head, dict(zip(head["blobs"], blobs, strict=True)))
            self.hub.receive(name, head["beat"], letters if tamper is None else tamper(letters))
        except (BadInput, NotPermitted, Conflict) as error:
            self.hub.refuse(name, str(error))

    def run(self, *, tamper: dict[str, Callable[[list[Letter]], list[Letter]]] | None = None) -> "Study":
        for _ in range(10_000):
            before = self.hub.beat
            for name in self.who:
                self.deliver(name, tamper=(tamper or {}).get(name))
            if self.hub.done or self.hub.beat == before:
                break
        return self

    @property
    def result(self) -> dict[str, np.ndarray]:
        assert self.hub.done, self.hub.refused
        return dict(self.hub.analysis.result(self.hub.state))


@pytest.mark.parametrize("analysis", ["regression", "training"])
def test_a_site_with_one_class_takes_part(analysis: str) -> None:
    tables = make_sites(6)
    tables["s003"]["case"][:] = 1.0
    tables["s004"]["case"][:] = 0.0
    said = {"family": "logistic", **({"rounds": 15} if analysis == "training" else {})}
    made = Study(study(analysis, **said), tables).run()
    assert not made.hub.refused
    key = "coefficients" if analysis == "regression" else "weights"
    truth = run_locally(build(made.plan), pool(tables) if analysis == "regression" else tables)[key]
    np.testing.assert_allclose(made.result[key], truth, atol=1e-5)


def test_a_site_whose_weights_are_nan_or_infinite_refuses_and_the_others_go_on() -> None:
    tables = make_sites(6)
    tables["s002"]["a"] = tables["s002"]["a"] * np.inf
    with np.errstate(all="ignore"):
        made = Study(study("training", rounds=3, noise=1e-9, minimum=5), tables).run()
    assert set(made.hub.refused) == {"s002"}
    assert "infinite" in made.hub.refused["s002"]
    assert np.isfinite(made.result["weights"]).all()


def test_a_coordinator_takes_no_nan_where_it_could_see_one() -> None:
    def poison(letters: list[Letter]) -> list[Letter]:
        body = np.full(len(letters[0].body) // 8, np.nan).tobytes()
        identity = make_identities(6)["s001"]
        return [identity.write(body, session="st-1/1", round=letters[0].round, step="plain")]

    made = Study(study("regression", secure=False, family="logistic"), make_sites(6))
    made.run(tamper={"s001": poison})
    assert "finite ones were asked" in made.hub.refused["s001"]
    assert np.isfinite(made.result["coefficients"]).all()


def test_a_letter_that_is_replayed_or_forged_puts_its_sender_out_and_changes_nothing() -> None:
    kept: list[Letter] = []

    def replay(letters: list[Letter]) -> list[Letter]:
        kept.extend(letters)
        return letters if len(kept) == len(letters) else kept[: len(letters)]

    def forge(letters: list[Letter]) -> list[Letter]:
        return [replace(letter, body=letter.body[::-1]) for letter in letters]

    def speak_for_another(letters: list[Letter]) -> list[Letter]:
        return [replace(letter, sender="s000") for letter in letters]

    for trick, what in ((replay, "round"), (forge, "signature"), (speak_for_another, "site that sends it")):
        made = Study(study("regression", family="logistic"), make_sites(6)).run(tamper={"s005": trick})
        assert what in made.hub.refused["s005"]
        others = {name: made.tables[name] for name in list(made.tables)[:5]}
        truth = run_locally(build(made.plan), pool(others))["coefficients"]
        np.testing.assert_allclose(made.result["coefficients"], truth, atol=0.3)


def test_a_coordinator_that_asks_below_the_threshold_or_twice_is_refused_also_after_a_restart() -> None:
    made = Study(study("regression", family="logistic"), make_sites(6))
    while made.hub._now is None or made.hub._now.step != "unmask":
        for name in made.who:
            made.deliver(name)
    site, round = made.members["s000"], made.hub._now.terms.round
    everyone = list(made.who)

    def ask(member: Member, survivors: list[str]) -> list[Letter]:
        task = {"session": "st-1/1", "unmask": {"round": round, "survivors": survivors}}
        return member.do(task, {})

    with pytest.raises(NotPermitted, match="the plan asks for 5"):
        ask(site, everyone[:4])
    ask(site, everyone)
    again = Member(
        made.who["s000"], made.plan, table=made.tables["s000"], entropy=random.Random(1).randbytes,
        memory=site.memory, secrets=site.secrets,
    )  # fmt: skip
    for member in (site, again):
        with pytest.raises(NotPermitted, match="another set of survivors"):
            ask(member, everyone[:5])
        with pytest.raises(NotPermitted, match="shared its secrets in this round already"):
            roster = made.hub._now.key_letters()
            member._contributor("st-1/1", round).share(roster)
        assert ask(member, everyone)  # the same question has the same answer


@pytest.mark.parametrize("rule", ["median", "trimmed_mean", "krum"])
def test_a_poisoned_site_moves_the_mean_and_not_a_robust_study(rule: str) -> None:
    tables, poisoner = make_sites(7), make_identities(7)["s006"]

    def poison(letters: list[Letter]) -> list[Letter]:
        values = np.frombuffer(letters[0].body, np.float64).copy()
        values[:3] = 40.0
        return [poisoner.write(values.tobytes(), session="st-1/1", round=letters[0].round, step="plain")]

    # noise too little to be seen: with it no rounds for means come first
    said = {"rounds": 12, "noise": 1e-9, "clip": 5.0}
    plain, robust = study("training", 7, secure=False, **said), study("training", 7, secure=False, robust=rule, **said)  # fmt: skip
    clean = Study(plain, tables).run().result["weights"]
    held, moved = (
        np.abs(Study(plan, tables).run(tamper={"s006": poison}).result["weights"] - clean).max()
        for plan in (robust, plain)
    )
    assert moved > 5 * held


def test_gradient_inversion_reads_a_row_out_of_a_network_and_nothing_out_of_masks() -> None:
    """In a layer with an intercept each unit's gradients over that of its intercept are the row itself."""
    rng, net = np.random.default_rng(8), Layers(12, hidden=6)
    row, weights = rng.normal(size=(1, 12)), net.start(rng)
    weights[net.head :] = rng.normal(size=net.size - net.head)
    _, update = net.gradient(weights, row, np.ones(1))

    def invert(seen: np.ndarray) -> np.ndarray:
        first, intercepts = seen[: 12 * 6].reshape(12, 6), seen[12 * 6 : net.head]
        unit = int(np.abs(intercepts).argmax())
        return np.asarray(first[:, unit] / intercepts[unit])

    np.testing.assert_allclose(invert(update), row[0], rtol=1e-9)
    code, misses = Bounded(10.0, 5), []
    for draw in range(200):
        words = code.encode(update)
        add_masks(words, [(random.Random(draw).randbytes(32), 1)])
        guess = invert(code.decode(words))
        misses.append(abs(np.corrcoef(guess, row[0])[0, 1]))
    # as unlike the row as any other twelve numbers are
    assert np.mean(misses) < 0.35


@settings(max_examples=40, deadline=None)
@given(
    secret=st.binary(min_size=32, max_size=32),
    other=st.binary(min_size=32, max_size=32),
    count=st.integers(2, 9),
    data=st.data(),
)
def test_fewer_shares_than_the_threshold_fit_every_secret(
    secret: bytes, other: bytes, count: int, data: st.DataObject
) -> None:
    """Whatever the secret was: for any other one there is a last share that makes these shares its own."""
    threshold = data.draw(st.integers(2, count))
    parts = split(secret, range(1, count + 1), threshold=threshold, entropy=random.Random(2).randbytes)
    held = data.draw(st.lists(st.sampled_from(sorted(parts)), min_size=threshold - 1, max_size=threshold - 1, unique=True))  # fmt: skip
    free = next(point for point in range(1, count + 2) if point not in held)
    points = [*held, free]

    def weight(at: int) -> int:
        above = below = 1
        for point in points:
            if point != at:
                above, below = above * point % PRIME, below * (point - at) % PRIME
        return above * pow(below, -1, PRIME) % PRIME

    known = sum(int.from_bytes(parts[point], "big") * weight(point) for point in held)
    last = (int.from_bytes(other, "big") - known) * pow(weight(free), -1, PRIME) % PRIME
    shares = {point: parts[point] for point in held} | {free: last.to_bytes(SHARE_BYTES, "big")}
    assert combine(shares, threshold=threshold) == other

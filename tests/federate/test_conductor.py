"""A study from end to end, without a wire: conductor and members, sites that come and go, and what is refused."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from commissure.errors import BadInput, NotPermitted
from commissure.federate.analyses import build
from commissure.federate.analysis import run_locally
from commissure.federate.conductor import Conductor
from commissure.federate.letters import Letter
from commissure.federate.member import Member
from commissure.federate.plan import Column, Plan, approve, check_table
from commissure.federate.wire import pack, pack_arrays, unpack, unpack_arrays
from commissure.testing.federation import make_identities, make_sites, pool


def study(count: int, *, analysis: str = "regression", secure: bool = True, **parameters: object) -> Plan:
    said = parameters or {"features": ["a", "b"], "outcome": "case", "family": "logistic"}
    keys = {name: identity.public.hex() for name, identity in make_identities(count).items()}
    columns = tuple(Column(name) for name in ("a", "b", "c", "case", "line"))
    return Plan("st-1", "A study", analysis, said, columns, keys, 2 * count // 3 + 1, secure=secure)


class Network:
    """A conductor and its sites, joined by function calls that carry bytes."""

    def __init__(self, plan: Plan, *, session: str = "st-1/1", **said: object) -> None:
        self.plan, self.who = plan, make_identities(len(plan.sites))
        self.hub = Conductor(plan, session=session, **said)
        self.tables = dict(zip(self.who, make_sites(len(plan.sites)).values(), strict=True))
        self.members: dict[str, Member] = {}
        self.seen: dict[str, int] = {}

    def start(self, name: str) -> None:
        draw = random.Random(name + str(len(self.seen))).randbytes
        memory = self.members[name].memory if name in self.members else b""
        self.members[name] = Member(
            self.who[name], self.plan, table=self.tables[name], entropy=draw, memory=memory
        )
        self.seen[name] = 0
        self.hub.join(name, approve(self.plan, self.who[name]))

    def kill(self, name: str) -> None:
        self.hub.lose(name)
        self.seen.pop(name)

    def deliver(self, name: str) -> bool:
        tasks = self.hub.tasks(name, self.seen[name])
        if tasks is None:
            return False
        head, blobs = unpack(tasks.to_bytes())
        self.seen[name] = head["beat"]
        letters = self.members[name].do(head, dict(zip(head["blobs"], blobs, strict=True)))
        self.hub.receive(name, head["beat"], [Letter.from_bytes(letter.to_bytes()) for letter in letters])
        return True

    def run(self, beats: int = 10_000) -> None:
        for _ in range(beats):
            moved = sum(self.deliver(name) for name in list(self.seen))  # each one, not until the first
            if self.hub.done or not moved:
                return


def test_a_study_gives_the_pooled_result() -> None:
    net = Network(study(6))
    for name in net.who:
        net.start(name)
    net.run()
    assert net.hub.done
    got, truth = net.hub.analysis.result(net.hub.state), run_locally(build(net.plan), pool(net.tables))
    np.testing.assert_allclose(got["coefficients"], truth["coefficients"], rtol=1e-10)
    # two exchanges a round, two more to begin, and none for nothing
    assert net.hub.beat == 2 * net.hub.index + 2


@pytest.mark.parametrize("moment", range(1, 9))
def test_sites_die_at_any_moment_and_come_back(moment: int) -> None:
    net = Network(study(7))
    for name in net.who:
        net.start(name)
    for _ in range(moment):
        net.deliver("s000") or net.deliver("s001")
        for name in list(net.seen)[2:5]:
            net.deliver(name)
        if len(net.seen) == 7:
            net.kill("s006")
        net.run(1)
    net.kill("s005")
    net.run(3)
    net.start("s005")
    net.start("s006")
    net.run()
    assert net.hub.done
    result, everyone = net.hub.analysis.result(net.hub.state), run_locally(build(net.plan), net.tables)
    assert result["rows"][0] <= everyone["rows"][0]
    np.testing.assert_allclose(result["coefficients"], everyone["coefficients"], atol=0.4)


def test_a_study_waits_below_its_minimum_and_goes_on_after() -> None:
    net = Network(study(6))
    for name in list(net.who)[:4]:
        net.start(name)
    net.hub.begin()
    net.run()
    assert net.hub.beat == 0
    net.start("s004")
    net.run(3)
    net.kill("s004")
    net.run()
    assert not net.hub.done
    net.start("s005")
    net.run()
    assert net.hub.done


def test_a_coordinator_that_was_killed_goes_on_from_its_save() -> None:
    net = Network(study(6))
    for name in net.who:
        net.start(name)
    net.run(8)
    assert net.hub.index > 1 and not net.hub.done
    saved = unpack_arrays(pack_arrays(dict(net.hub.state)))
    after = Network(net.plan, state=saved, index=net.hub.index, session="st-1/2")
    after.members = net.members
    for name in net.who:
        after.start(name)
    after.run()
    truth = run_locally(build(net.plan), pool(net.tables))
    got = after.hub.analysis.result(after.hub.state)
    np.testing.assert_allclose(got["coefficients"], truth["coefficients"], rtol=1e-9)


def test_only_approved_plans_are_joined() -> None:
    plan, who = study(6), make_identities(7)
    hub = Conductor(plan, session="st-1/1")
    with pytest.raises(NotPermitted, match="another version"):
        hub.join("s000", approve(replace(plan, title="Changed"), who["s000"]))
    with pytest.raises(NotPermitted, match="does not name 's006'"):
        approve(plan, who["s006"])
    with pytest.raises(NotPermitted, match="itself"):
        hub.join("s001", approve(plan, who["s000"]))
    assert Plan.from_json(plan.to_json()) == plan
    with pytest.raises(BadInput, match="more than half"):
        Plan.from_json(replace(plan, minimum=3).to_json())
    assert "only the sum over 5" in " ".join(plan.leaves({"sum": (3,)}))


def test_a_site_does_only_what_its_plan_allows() -> None:
    net = Network(study(6))
    for name in net.who:
        net.start(name)
    member, state = net.members["s000"], pack_arrays(dict(net.hub.state))
    with pytest.raises(NotPermitted, match="promises masks"):
        member.do({"session": "st-1/1", "plain": {"round": 1, "index": 0}}, {"state": state})
    with pytest.raises(NotPermitted, match="another study"):
        member.do({"session": "st-2/1", "keys": 1}, {})
    with pytest.raises(NotPermitted, match="no part in that round"):
        member.do({"session": "st-1/1", "unmask": {"round": 9, "survivors": list(net.who)}}, {})
    bare = replace(net.plan, rounds=2)
    tired = Network(bare)
    with pytest.raises(NotPermitted, match="as often as the plan allows"):
        for name in tired.who:
            tired.start(name)
        tired.run()


def test_columns_and_units_are_checked_before_a_site_joins() -> None:
    plan = study(6)
    columns = (Column("age", "a", 0, 120), Column("Height", "cm", 100, 220), Column("sex"), Column("mmse"))
    plan = replace(plan, columns=columns)
    table = {
        "age": np.array([600.0, 700.0]),
        "height": np.array([1.7, 1.8]),
        "sex": np.array([np.nan, np.nan]),
    }
    found = {f.where: f for f in check_table(plan, {**table, "mmse": np.array([29.0])}, units={"age": "mo"})}
    assert set(found) == {"age", "Height", "sex"}
    assert "Rename 'height'" in found["Height"].remedy
    assert found["sex"].check.endswith("empty")
    checks = {f.check for f in check_table(plan, {"age": table["age"]}, units={"age": "mo"})}
    assert {"federate.column.unit", "federate.column.range", "federate.column.missing"} == checks


def test_a_study_without_masks_says_so_and_runs() -> None:
    plan = study(6, secure=False)
    net = Network(plan)
    for name in net.who:
        net.start(name)
    net.run()
    truth = run_locally(build(plan), pool(net.tables))
    np.testing.assert_allclose(
        net.hub.analysis.result(net.hub.state)["coefficients"], truth["coefficients"], rtol=1e-9
    )
    assert "NOT masked" in " ".join(plan.leaves({"sum": (3,)}))


def test_messages_that_are_cut_off_are_refused() -> None:
    whole = pack({"a": 1}, [b"xyz"])
    assert unpack(whole) == ({"a": 1}, [b"xyz"])
    for wrong in (whole[:-1], whole + b"x", b"", b"\0" * 8, json.dumps({}).encode()):
        with pytest.raises(BadInput):
            unpack(wrong)

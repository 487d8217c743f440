"""Descriptors live and die with what they describe: under a Grant, and gone with a withdrawal."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from commissure.discover.alike import compare_blocks
from commissure.discover.likeness_layout import VERSION, pack
from commissure.errors import NotPermitted
from commissure.hub import Hub, open_hub
from commissure.model import Person
from commissure.testing.cohorts import Cohorts
from commissure.testing.signals import Planted, write_edf
from commissure.workflows.access import grant
from commissure.workflows.describe_release import describe_release
from commissure.workflows.describe_signals import Described, keep_descriptors, open_descriptors
from commissure.workflows.share import ShareOptions, share
from commissure.workflows.withdraw import withdraw

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = open_hub(tmp_path_factory.mktemp("hub") / "hub", actor=Person("ada"), clock=lambda: NOW)
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def shared_release(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Six people's EEG, private to ada."""
    raw, world = tmp_path_factory.mktemp("raw"), Cohorts(np.random.default_rng(5))
    lab, task = world.lab("lab"), world.paradigm("rest")
    for number in range(6):
        made = world.record(world.participant("x"), lab=lab, paradigm=task, seconds=5.0)
        who = {"id": f"MRN7{number}", "name": f"Quasten{number} Flosser"}
        truth = Planted(made.si() * 0.1, made.rate_hz, tuple(c.name for c in made.channels), identifiers=who)
        write_edf(raw, truth, name=f"visit{number}.edf")
    return share(hub, raw, options=ShareOptions(task="rest", species="Homo sapiens"), now=NOW).dataset


def test_share_describes_and_seals_each_persons_signal(hub: Hub, shared_release: str) -> None:
    kept = hub.records.descriptors.of(shared_release)
    assert len(kept) == 6
    assert all(each.asset.encrypted and each.person for each in kept)
    told = open_descriptors(hub, shared_release, now=NOW)
    assert {each.task for each in told} == {"rest"} and all(
        "covariance" in each.descriptor.blocks for each in told
    )
    said = hub.records.releases.get(shared_release).metadata["signal"]
    assert said == {"descriptor": VERSION, "sessions": {"electro": 6}}


def test_strangers_see_nothing_and_a_grant_opens(hub: Hub, shared_release: str) -> None:
    records, at = hub.records.descriptors, NOW.isoformat()
    assert records.means(viewer="", now=at, version=VERSION) == ()
    assert records.means(viewer="eve", now=at, version=VERSION) == ()
    assert [mean.subjects for mean in records.means(viewer="ada", now=at, version=VERSION)] == [6]
    with pytest.raises(NotPermitted):
        open_descriptors(hub.acting_as(Person("eve")), shared_release, now=NOW)
    grant(hub, shared_release, person="bob", now=NOW, until=NOW.replace(year=2027))
    assert len(open_descriptors(hub.acting_as(Person("bob")), shared_release, now=NOW)) == 6
    assert [mean.dataset for mean in records.means(viewer="bob", now=at, version=VERSION)] == [shared_release]


def test_a_release_that_stands_is_described_anew(hub: Hub, shared_release: str) -> None:
    before = {each.subject: each.descriptor for each in open_descriptors(hub, shared_release, now=NOW)}
    hub.records.descriptors.forget(shared_release)
    assert describe_release(hub, shared_release, now=NOW) == {"electro": 6}
    after = open_descriptors(hub, shared_release, now=NOW)
    assert {each.subject for each in after} == set(before) and {each.task for each in after} == {"rest"}
    assert all(compare_blocks(before[each.subject], each.descriptor).closeness > 0.99 for each in after)
    assert all(each.asset.encrypted and each.person for each in hub.records.descriptors.of(shared_release))
    with pytest.raises(NotPermitted):
        describe_release(hub.acting_as(Person("bob")), shared_release, now=NOW)


def test_a_withdrawal_deletes_the_descriptor_and_makes_the_mean_anew(hub: Hub, shared_release: str) -> None:
    records, at = hub.records.descriptors, NOW.isoformat()
    (before,) = records.means(viewer="ada", now=at, version=VERSION)
    gone = records.of(shared_release)[0]
    blobs = _blobs(hub)
    withdraw(hub, shared_release, subject=gone.asset.subject, reason="consent withdrawn", now=NOW)
    assert gone.asset.subject not in {each.asset.subject for each in records.of(shared_release)}
    assert _blobs(hub) < blobs
    (after,) = records.means(viewer="ada", now=at, version=VERSION)
    assert after.subjects == 5 and np.abs(after.descriptor.values - before.descriptor.values).max() > 1e-3
    assert "signal" not in hub.records.releases.get(shared_release).metadata
    withdraw(
        hub,
        shared_release,
        subject=records.of(shared_release)[0].asset.subject,
        reason="consent withdrawn",
        now=NOW,
    )
    assert records.means(viewer="ada", now=at, version=VERSION) == ()  # the mean of four people is never kept
    withdraw(hub, shared_release, reason="dataset withdrawn", now=NOW)
    assert records.of(shared_release) == ()


def _blobs(hub: Hub) -> int:
    return sum(path.is_file() for path in (hub.root / "blobs").rglob("*"))


def test_a_mean_of_two_people_is_not_kept_but_of_two_mice_is(hub: Hub, shared_release: str) -> None:
    release = hub.records.releases.get(shared_release)
    rest = [
        Described(name, "", "", pack("patch", {"rest": [1.0] * 4}), person=False) for name in ("m1", "m2")
    ]
    keep_descriptors(hub, release, described=rest)
    assert [m.subjects for m in _all_means(hub)] == [2]
    people = [Described(each.subject, "", "", each.descriptor) for each in rest]
    keep_descriptors(hub, release, described=people)
    assert _all_means(hub) == ()


def _all_means(hub: Hub) -> tuple:
    import sqlalchemy as sa

    from commissure.store.schema import likenesses

    with hub.records.database.read() as connection:
        return tuple(connection.execute(sa.select(likenesses)))

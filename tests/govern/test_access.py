"""Grants as they are asked for, given, used again and revoked, on a real hub."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commissure.errors import NotPermitted
from commissure.govern import access
from commissure.govern.consent import ANYBODY, Request
from commissure.hub import Hub, open_hub
from commissure.model import Consent, Dataset, Person, Release

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return open_hub(tmp_path / "hub", actor=Person("ada"), clock=lambda: NOW)


def _release(hub: Hub, version: str = "0.1.0", *, public: bool = False) -> Release:
    asset = hub.vault.put(io.BytesIO(version.encode()), path="x", dataset="ds-1", subject="01", encrypt=True)
    release = Release("ds-1", version, version, (asset,), "bids", public, created=NOW.isoformat())
    dataset = Dataset("ds-1", "T", "ada", public=public)
    return hub.records.releases.add(
        dataset, release, by="ada", consents={"": Consent("IRB-1", ("research",))}
    )


def test_a_stranger_is_refused_until_the_owner_gives_leave(hub: Hub) -> None:
    asset = _release(hub).assets[0]
    with pytest.raises(NotPermitted, match="ask its owner"):
        access.request(hub.records, "ds-1", person="ben", now=NOW)
    asked = Request("ben", "research", NOW, until=NOW + timedelta(days=30))
    with pytest.raises(NotPermitted, match="Only the owner"):
        access.give_leave(hub.records, "ds-1", asked=asked, by="ben")
    access.give_leave(hub.records, "ds-1", asked=asked, by="ada")
    grant = access.request(hub.records, "ds-1", person="ben", now=NOW)
    assert grant.until == NOW + timedelta(days=30)
    with hub.acting_as(Person("ben")).vault.open(asset, grant) as stream:
        assert stream.read() == b"0.1.0"
    with pytest.raises(NotPermitted):
        access.request(hub.records, "ds-1", person="ben", purpose="commercial", now=NOW)
    with pytest.raises(NotPermitted):
        access.request(hub.records, "ds-1", person="ben", now=NOW + timedelta(days=30))
    assert access.take_leave(hub.records, "ds-1", person="ben", by="ada", now=NOW) == 1
    with pytest.raises(NotPermitted):
        hub.vault.of("ben").open(asset, grant)
    with pytest.raises(NotPermitted):
        access.request(hub.records, "ds-1", person="ben", now=NOW)


def test_anybody_reads_what_is_public_by_one_recorded_grant_a_day(hub: Hub) -> None:
    release = _release(hub, public=True)
    first = access.request_release(hub.records, release, person=ANYBODY, now=NOW)
    assert access.request_release(hub.records, release, person=ANYBODY, now=NOW + timedelta(hours=3)) == first
    assert (
        access.request_release(
            hub.records, release, person=ANYBODY, now=NOW + timedelta(hours=23, minutes=30)
        )
        != first
    )
    with hub.vault.of(ANYBODY).open(release.assets[0], first) as stream:
        assert stream.read() == b"0.1.0"
    assert [line.kind for line in hub.ledger.lines()] == ["release", "grant", "grant"]


def test_what_was_public_once_is_not_leave_for_what_is_private_now(hub: Hub) -> None:
    public = _release(hub, public=True)
    grant = access.request_release(hub.records, public, person="ben", now=NOW)
    _release(hub, "0.2.0", public=False)
    with pytest.raises(NotPermitted, match="ask its owner"):
        access.request(hub.records, "ds-1", person="ben", now=NOW)
    with pytest.raises(NotPermitted, match="revoked"):
        hub.vault.of("ben").open(public.assets[0], grant)


def test_a_private_version_of_a_public_dataset_stays_private(hub: Hub) -> None:
    private = _release(hub)
    public = _release(hub, "0.2.0", public=True)
    with pytest.raises(NotPermitted, match="is private"):
        access.request_release(hub.records, private, person="ben", now=NOW)
    assert access.request_release(hub.records, public, person="ben", now=NOW).person == "ben"
    assert access.request_release(hub.records, private, person="ada", now=NOW).person == "ada"
    with pytest.raises(NotPermitted, match="was withdrawn"):
        access.request_release(hub.records, replace(public, withdrawn=True), person="ada", now=NOW)

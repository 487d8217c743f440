"""Descriptors on record, in both databases: kept, seen by who may, forgotten with their means."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from commissure.discover.likeness_layout import VERSION, pack
from commissure.model import Asset, Grant
from commissure.store.database import Database
from commissure.store.descriptors import Kept, Mean, Means
from commissure.store.ledger import Ledger
from commissure.store.records import Records
from commissure.store.revisions import means_changed
from commissure.testing.records import add, sample_release

AT = "2026-01-02T03:04:05+00:00"


def _mean(dataset: str, value: float) -> Mean:
    return Mean(dataset, pack("patch", {"rest": [value] * 4}), "ada|", 5, 6)


def test_means_come_back_and_only_to_who_may_see_them(records: Records) -> None:
    add(records, sample_release("ds-open", modalities=["eeg"]))
    add(records, sample_release("ds-shut", modalities=["eeg"], public=False))
    owner = records.releases.dataset("ds-shut").owner
    for name, value in (("ds-open", 1.0), ("ds-shut", 2.0)):
        records.descriptors.put_means(name, [_mean(name, value)])
    (seen,) = records.descriptors.means(viewer="", now=AT, version=VERSION)
    assert seen.dataset == "ds-open" and (seen.subjects, seen.sessions, seen.origin) == (5, 6, "ada|")
    assert np.array_equal(
        seen.descriptor.values, _mean("", 1.0).descriptor.values
    ) and seen.descriptor.blocks == ("rest",)
    assert len(records.descriptors.means(viewer=owner, now=AT, version=VERSION)) == 2
    assert len(records.descriptors.means(viewer="eve", now=AT, version=VERSION)) == 1
    assert records.descriptors.means(viewer=owner, now=AT, version=VERSION + 1) == ()
    records.access.add_grant(Grant("g1", "bob", "ds-shut"), by=owner, at=AT)
    assert len(records.descriptors.means(viewer="bob", now=AT, version=VERSION)) == 2
    records.access.revoke("ds-shut", person="bob", by=owner, at=AT)
    assert len(records.descriptors.means(viewer="bob", now=AT, version=VERSION)) == 1


def test_forgetting_one_subject_takes_the_mean_along(records: Records) -> None:
    add(records, sample_release("ds-1", modalities=["eeg"]))
    for subject in ("a", "b"):
        asset = Asset("descriptors.json", subject * 64, 10, subject, True, "application/json")
        records.descriptors.keep(Kept("ds-1", "0.1.0", asset, "basis", True))
        records.descriptors.keep(Kept("ds-1", "0.1.0", asset, "again", True))
    records.descriptors.put_means("ds-1", [_mean("ds-1", 1.0)])
    assert [each.basis for each in records.descriptors.of("ds-1")] == ["again", "again"]
    assert records.descriptors.without_mean(viewer="", now=AT) == ()
    (gone,) = records.descriptors.forget("ds-1", subject="a")
    assert gone.subject == "a" and not records.descriptors.has_mean("ds-1")
    assert records.descriptors.without_mean(viewer="", now=AT) == ("ds-1",)
    assert [each.subject for each in records.descriptors.forget("ds-1")] == ["b"]
    assert records.descriptors.of("ds-1") == () and records.descriptors.forget("ds-1") == ()


def _names(means: Mapping[str, Means]) -> tuple[str, ...]:
    return tuple(row[0] for each in means.values() for row in each.rows)


def _searched(records: Records, *, viewer: str = "") -> tuple[tuple[str, ...], list[str]]:
    names, own = records.descriptors.searched(viewer=viewer, now=AT, version=VERSION, make=_names)
    return names, [mean.dataset for mean in own]


@pytest.fixture
def elsewhere(records: Records, url: str, tmp_path: Path) -> Iterator[Records]:
    """Another process's records of the same database: connections and memory of its own."""
    database = Database(url)
    yield Records.of(database, ledger=Ledger(database, mirror=tmp_path / "ledger.jsonl", secret=b"s" * 32))
    database.close()


def test_what_is_kept_in_memory_follows_every_write_of_another_process(
    records: Records, elsewhere: Records
) -> None:
    for name in ("ds-a", "ds-b", "ds-c", "ds-d"):
        add(elsewhere, sample_release(name, modalities=["eeg"]))
    assert _searched(records) == ((), [])
    for name in ("ds-a", "ds-b", "ds-c", "ds-d"):
        elsewhere.descriptors.put_means(name, [_mean(name, 1.0)])
    assert _searched(records) == (("ds-a", "ds-b", "ds-c", "ds-d"), [])
    elsewhere.releases.bury("ds-a", ("0.1.0",), by="ada", at=AT, reason="x")
    assert _searched(records) == (("ds-b", "ds-c", "ds-d"), [])
    add(elsewhere, sample_release("ds-b", version="0.2.0", modalities=["eeg"], public=False))
    assert _searched(records) == (("ds-c", "ds-d"), [])
    elsewhere.descriptors.forget("ds-c")
    assert _searched(records) == (("ds-d",), [])
    elsewhere.descriptors.put_means("ds-d", [])
    assert _searched(records) == ((), [])


def test_a_private_mean_is_never_kept_in_the_memory_of_all(records: Records, elsewhere: Records) -> None:
    add(records, sample_release("ds-open", modalities=["eeg"]))
    add(records, sample_release("ds-shut", modalities=["eeg"], public=False))
    owner = records.releases.dataset("ds-shut").owner
    for name in ("ds-open", "ds-shut"):
        records.descriptors.put_means(name, [_mean(name, 1.0)])
    assert _searched(records, viewer=owner) == (("ds-open",), ["ds-shut"])
    assert _searched(records, viewer="bob") == _searched(records) == (("ds-open",), [])
    elsewhere.access.add_grant(Grant("g1", "bob", "ds-shut"), by=owner, at=AT)
    assert _searched(records, viewer="bob") == (("ds-open",), ["ds-shut"])
    elsewhere.access.revoke("ds-shut", person="bob", by=owner, at=AT)
    assert _searched(records, viewer="bob") == (("ds-open",), [])
    elsewhere.releases.bury("ds-shut", ("0.1.0",), by=owner, at=AT, reason="x")
    assert _searched(records, viewer=owner) == (("ds-open",), [])


def test_the_means_are_read_again_only_when_they_changed(records: Records, elsewhere: Records) -> None:
    add(records, sample_release("ds-a", modalities=["eeg"]))
    records.descriptors.put_means("ds-a", [_mean("ds-a", 1.0)])
    made: list[int] = []

    def make(means: Mapping[str, Means]) -> float:
        made.append(len(means))
        return float(means["patch"].values[0, 0])

    def ask() -> float:
        return records.descriptors.searched(viewer="", now=AT, version=VERSION, make=make)[0]

    before = ask()
    add(elsewhere, sample_release("ds-without-a-mean", modalities=["eeg"]))
    assert ask() == before and len(made) == 1
    with pytest.raises(ZeroDivisionError), elsewhere.database.write() as connection:
        means_changed(connection)
        raise ZeroDivisionError
    assert ask() == before and len(made) == 1
    elsewhere.descriptors.put_means("ds-a", [_mean("ds-a", 3.0)])
    assert ask() == pytest.approx(3 * before) and len(made) == 2

"""Descriptors on record, in both databases: kept, seen by who may, forgotten with their means."""

import numpy as np

from commissure.discover.likeness_layout import VERSION, pack
from commissure.model import Asset, Grant
from commissure.store.descriptors import Kept, Mean
from commissure.store.records import Records
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

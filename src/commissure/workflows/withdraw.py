"""Withdraw: a subject, or a whole dataset, is taken back; also from all that was derived.

In this order, each step safe to be done again after a crash: consent is marked as withdrawn and every Grant revoked;
the keys are destroyed, which makes the encrypted bytes unreadable in every backup; the bytes are deleted. If other
subjects are left, a new version without the subject is released, with the dataset's own tables and texts redacted.
The versions that held the subject become tombstones: their pages stay, their lists of files go. Then the Activities
are walked: a release of another dataset that was made from what is withdrawn loses every file made so, in the same
way.
"""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from commissure.certify.environment import ENVIRONMENT
from commissure.certify.rocrate import ro_crate
from commissure.errors import NotFound, NotPermitted
from commissure.govern import access
from commissure.govern.redact import names_subject, without_subject
from commissure.hub import Hub
from commissure.model import Activity, Asset, Progress, Release
from commissure.store.releases import release_digest, split
from commissure.workflows.sharing.describing import CRATE
from commissure.workflows.sharing.releasing import PUBLISHERS

__all__ = ["Withdrawal", "as_work", "withdraw"]

#: what the catalogue's record tells of the subjects together, and cannot be put right without them
_OF_SUBJECTS = ("sex", "age_years", "signal")


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal did.

    Parameters
    ----------
    release : str
        The id of the new version without the subject; empty if nothing is left.
    tombstones : tuple of str
        The ids of the releases that are withdrawn, those of other datasets included.
    derived : tuple of str
        The ids of new versions of other datasets, without what was made from the subject's bytes.
    files : int
        How many files can be had no more.
    """

    release: str
    tombstones: tuple[str, ...]
    derived: tuple[str, ...]
    files: int


def withdraw(hub: Hub, dataset: str, *, subject: str | None = None, reason: str, now: datetime) -> Withdrawal:
    """Take back a subject of a dataset, or all of it; this cannot be undone.

    Parameters
    ----------
    hub : Hub
        Where it is; ``hub.actor`` must own the dataset.
    dataset : str
        The dataset's id.
    subject : str, optional
        The subject's label in the releases, without ``sub-``; the whole dataset if None.
    reason : str
        A category for the ledger (``"consent withdrawn"``), never a name.
    now : datetime
        The instant, in UTC.

    Raises
    ------
    NotFound
        If there is no such dataset, or it has no such subject.
    NotPermitted
        If somebody else owns it.
    """
    releases = hub.records.releases
    if releases.dataset(dataset).owner != hub.actor.id:
        raise NotPermitted(f"Only the owner of dataset {dataset!r} may withdraw it or a subject of it.")
    with hub.lock(dataset):
        standing = [releases.get(dataset, version) for version in releases.versions(dataset)]
        touched = [each for each in standing if any(_is_gone(asset, subject) for asset in each.assets)]
        consents = hub.records.access.consents(dataset)
        before = consents.get(subject or "")
        if subject is not None and not touched and (before is None or not before.withdrawn):
            raise NotFound(f"Dataset {dataset!r} has no subject of that label.")
        at = now.isoformat()
        if before is None or not before.withdrawn:
            hub.records.access.withdraw(dataset, subject=subject or "", reason=reason, by=hub.actor.id, at=at)
        gone = {asset for each in touched for asset in each.assets if _is_gone(asset, subject)}
        _destroy(hub, dataset, gone, subject=subject)
        left = None if subject is None else _release_rest(hub, touched, subject=subject, now=now)
        _bury(hub, touched, reason=reason, at=at)
        tainted = {f"sha256:{asset.sha256}" for asset in gone} | {each.id for each in touched}
        derived, graves = _withdraw_derived(hub, dataset, tainted, reason=reason, now=now)
    tombstones = (*(each.id for each in touched), *graves)
    for name in sorted({dataset, *(split(id)[0] for id in (*tombstones, *derived))}):
        for tell in (plugin for _, plugin in PUBLISHERS.items()):
            tell(hub, releases.get(name))
    return Withdrawal(left.id if left else "", tombstones, derived, len(gone))


def as_work(hub: Hub, parameters: Mapping[str, Any], *, progress: Progress) -> Mapping[str, object]:
    """:func:`withdraw` as a job: parameters ``dataset``, ``reason``, and perhaps ``subject``."""
    progress.stage("withdraw")
    subject, reason = parameters.get("subject"), str(parameters["reason"])
    done = withdraw(hub, parameters["dataset"], subject=subject, reason=reason, now=hub.clock())
    return {"release": done.release, "tombstones": list(done.tombstones), "derived": list(done.derived),
            "files": done.files}  # fmt: skip


def _is_gone(asset: Asset, subject: str | None) -> bool:
    return subject is None or asset.subject == subject


def _destroy(hub: Hub, dataset: str, gone: Iterable[Asset], *, subject: str | None) -> None:
    for asset in hub.records.descriptors.forget(dataset, subject=subject):
        hub.vault.delete(asset, dataset=dataset)
    owners = {asset.subject for asset in gone if asset.encrypted}
    for owner in sorted(owners | ({subject} if subject is not None else set())):
        hub.vault.destroy(dataset, subject=owner)
    for asset in gone:
        hub.vault.delete(asset, dataset=dataset)


def _release_rest(hub: Hub, touched: list[Release], *, subject: str, now: datetime) -> Release | None:
    """The new version without the subject, if the latest held them and others are left; else the latest that stands."""
    releases = hub.records.releases
    if not touched:
        return None
    latest = releases.get(touched[0].dataset)
    if latest.id != touched[0].id:
        return None if latest.withdrawn else latest
    kept = [asset for asset in latest.assets if asset.subject != subject]
    if not any(asset.subject for asset in kept):
        return None
    grant = access.request(hub.records, latest.dataset, person=hub.actor.id, now=now)
    assets = []
    for asset in kept:
        if asset.subject or asset.path == CRATE:
            assets += [asset] if asset.subject else []
            continue
        with hub.vault.open(asset, grant) as stream:
            before = stream.read()
        after = without_subject(before, path=asset.path, label=subject)
        if after == before:
            assets.append(asset)
        elif after is not None:
            put = hub.vault.put(io.BytesIO(after), path=asset.path, dataset=latest.dataset,
                                encrypt=asset.encrypted, media_type=asset.media_type)  # fmt: skip
            assets.append(put)
    return _publish(hub, latest, tuple(assets), now=now, label=subject)


def _publish(hub: Hub, latest: Release, assets: tuple[Asset, ...], *, now: datetime, label: str) -> Release:
    releases = hub.records.releases
    at, kept = now.isoformat(), {f"sha256:{asset.sha256}" for asset in assets}
    metadata = {key: value for key, value in latest.metadata.items() if key not in _OF_SUBJECTS}
    count = metadata.get("subjects")
    if isinstance(count, int) and label:
        metadata["subjects"] = count - 1
    past = [replace(each, made=tuple(one for one in each.made if one in kept or not one.startswith("sha256:")),
                    used=tuple(one for one in each.used if one in kept or not one.startswith("sha256:")))
            for each in latest.activities]  # fmt: skip
    activity = Activity("withdraw", (latest.id,), tuple(sorted(kept)), hub.actor.id, started=at, ended=at)
    draft = replace(
        latest,
        version=releases.next_version(latest.dataset),
        digest=release_digest(assets),
        assets=assets,
        metadata=metadata,
        findings=tuple(
            each
            for each in latest.findings
            if not label or not names_subject(f"{each.where} {each.message}", label=label)
        ),
        activities=(*past, activity),
        created=at,
    )
    dataset = replace(releases.dataset(latest.dataset), public=latest.public)
    return releases.add(dataset, _with_crate(hub, latest, draft), by=hub.actor.id)


def _with_crate(hub: Hub, latest: Release, draft: Release) -> Release:
    """The draft with a crate of its own, if the release before had one."""
    if not any(asset.path == CRATE for asset in latest.assets):
        return draft
    files = tuple(asset for asset in draft.assets if asset.path != CRATE)
    data = tuple(asset for asset in files if asset.path != ENVIRONMENT)
    draft = replace(draft, assets=files, digest=release_digest(data))
    crate = json.dumps(ro_crate(draft), indent=2, ensure_ascii=False).encode()
    asset = hub.vault.put(
        io.BytesIO(crate), path=CRATE, dataset=draft.dataset, media_type="application/ld+json"
    )
    return replace(draft, assets=(*files, asset))


def _bury(hub: Hub, touched: list[Release], *, reason: str, at: str) -> None:
    """Make tombstones, and delete what only they held."""
    if not touched:
        return
    dataset = touched[0].dataset
    versions = tuple(each.version for each in touched if not each.withdrawn)
    hub.records.releases.bury(dataset, versions, by=hub.actor.id, at=at, reason=reason)
    releases = hub.records.releases
    standing = [releases.get(dataset, version) for version in releases.versions(dataset)]
    needed = {(asset.subject, asset.sha256) for each in standing for asset in each.assets}
    for asset in {asset for each in touched for asset in each.assets}:
        if (asset.subject, asset.sha256) not in needed:
            hub.vault.delete(asset, dataset=dataset)


def _withdraw_derived(
    hub: Hub, origin: str, tainted: set[str], *, reason: str, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take every file made from ``tainted`` entities out of other datasets; new versions and tombstones."""
    releases = hub.records.releases
    frontier, made_of = sorted(tainted), dict[str, set[str]]()
    while frontier:
        found = {id for entity in frontier for id in releases.find_uses(entity) if split(id)[0] != origin}
        frontier = []
        for id in sorted(found):
            release = releases.get(*split(id))
            made = {one for each in release.activities if tainted & set(each.used) for one in each.made}
            fresh = (made | {id}) - tainted
            made_of.setdefault(id, set()).update(made)
            tainted |= fresh
            frontier += sorted(fresh)
    new, graves = [], []
    for id, made in made_of.items():
        release = releases.get(*split(id))
        if release.withdrawn:
            continue
        with hub.lock(release.dataset):
            kept = tuple(asset for asset in release.assets if f"sha256:{asset.sha256}" not in made)
            latest = releases.get(release.dataset).version == release.version
            left = None
            if latest and any(asset.subject for asset in kept):
                left = _publish(hub, release, kept, now=now, label="")
                new.append(left.id)
            _bury(hub, [release], reason=f"derived: {reason}", at=now.isoformat())
        graves.append(id)
    return tuple(new), tuple(graves)

"""Access: ties the decisions of :mod:`commissure.govern.consent` to what is recorded."""

import secrets
from datetime import datetime, timedelta

from commissure.errors import NotPermitted
from commissure.govern import consent
from commissure.model import Dataset, Grant, Release
from commissure.store.records import Records

__all__ = ["give_leave", "request", "request_release", "take_leave"]

_WORTH_REUSE = timedelta(hours=1)


def request(
    records: Records, dataset: str, *, person: str, purpose: str = "research", now: datetime
) -> Grant:
    """A recorded Grant to ``dataset`` for ``person``, with which the vault opens.

    A Grant that stands for another hour or more and still accords with consent is given again.

    Parameters
    ----------
    records : Records
        The hub's.
    dataset : str
        The dataset's id.
    person : str
        Who asks; ``"anybody"`` for nobody known.
    purpose : str
        For which use.
    now : datetime
        The instant, in UTC.

    Raises
    ------
    NotFound
        If there is no such dataset.
    NotPermitted
        If consent, its purposes or its end do not allow it, or if the dataset is another's and private.
    """
    found = records.releases.dataset(dataset)
    held = [
        each
        for each in records.access.grants(dataset, person=person)
        if each.purpose == purpose and (each.until is None or now < each.until)
    ]
    given = {each.id for each in records.access.grants(dataset, person=person, by=found.owner)}
    leave = next((each for each in held if each.id in given), None)
    asked = consent.Request(
        person, purpose, now, leave=leave is not None, until=leave.until if leave else None
    )
    made = consent.grant(found, records.access.consents(dataset), request=asked, id=secrets.token_hex(16))
    for each in held:
        if (
            each.until is not None
            and made.until is not None
            and now + _WORTH_REUSE <= each.until <= made.until
        ):
            return each
    records.access.add_grant(made, by="consent", at=now.isoformat())
    return made


def request_release(
    records: Records, release: Release, *, person: str, purpose: str = "research", now: datetime
) -> Grant:
    """A recorded Grant that opens the files of one release; parameters and errors as for :func:`request`.

    What was withdrawn opens for nobody; a release that was private stays so when a later one is public.
    """
    if release.withdrawn:
        message = f"Release {release.id} was withdrawn; see whether dataset {release.dataset!r} has a newer version."
        raise NotPermitted(message)
    dataset = records.releases.dataset(release.dataset)
    if not release.public and dataset.public and person != dataset.owner:
        raise NotPermitted(f"Release {release.id} is private to its owner; ask for a public version.")
    return request(records, release.dataset, person=person, purpose=purpose, now=now)


def give_leave(records: Records, dataset: str, *, asked: consent.Request, by: str) -> Grant:
    """Let somebody else use a private dataset: the owner's decision, within what consent allows.

    Parameters
    ----------
    records : Records
        The hub's.
    dataset : str
        The dataset's id.
    asked : Request
        Who may, for which purpose, until when.
    by : str
        The owner, by id.

    Raises
    ------
    NotPermitted
        If ``by`` is not the owner, or if consent does not allow it.
    """
    found = _owned(records, dataset, by=by)
    allowed = consent.Request(asked.person, asked.purpose, asked.now, leave=True, until=asked.until)
    made = consent.grant(found, records.access.consents(dataset), request=allowed, id=secrets.token_hex(16))
    records.access.add_grant(made, by=by, at=asked.now.isoformat())
    return made


def take_leave(records: Records, dataset: str, *, person: str, by: str, now: datetime) -> int:
    """Revoke every Grant of ``person`` to ``dataset``; how many there were; only its owner ``by`` may."""
    _owned(records, dataset, by=by)
    return records.access.revoke(dataset, person=person, by=by, at=now.isoformat())


def _owned(records: Records, dataset: str, *, by: str) -> Dataset:
    found = records.releases.dataset(dataset)
    if found.owner != by:
        raise NotPermitted(f"Only the owner of dataset {dataset!r} may decide who uses it.")
    return found

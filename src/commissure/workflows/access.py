"""Access: give and end leave to use a dataset, and open one file of a release by a Grant."""

from datetime import datetime
from typing import BinaryIO

from commissure.govern import access
from commissure.govern.consent import ANYBODY, Request
from commissure.hub import Hub
from commissure.model import Asset, Grant, Person, Release
from commissure.workflows.get import permitted

__all__ = ["grant", "open_asset", "revoke"]


def grant(
    hub: Hub,
    dataset: str,
    *,
    person: str,
    purpose: str = "research",
    until: datetime | None = None,
    now: datetime,
) -> Grant:
    """Let ``person`` use ``dataset`` for ``purpose`` until ``until`` (for a day if it is None).

    Raises
    ------
    NotFound
        If there is no such dataset.
    NotPermitted
        If the hub's actor is not its owner, or consent does not cover the purpose.
    """
    asked = Request(person, purpose, now, leave=True, until=until)
    return access.give_leave(hub.records, dataset, asked=asked, by=hub.actor.id)


def revoke(hub: Hub, dataset: str, *, person: str, now: datetime) -> int:
    """End every Grant of ``person`` to ``dataset``; how many there were.

    Raises
    ------
    NotFound
        If there is no such dataset.
    NotPermitted
        If the hub's actor is not its owner.
    """
    return access.take_leave(hub.records, dataset, person=person, by=hub.actor.id, now=now)


def open_asset(
    hub: Hub, release: Release, *, asset: Asset, purpose: str = "research", now: datetime
) -> BinaryIO:
    """The plain bytes of one file, readable and seekable, by a Grant for the hub's actor.

    An actor without an id is anybody: what is public opens for them.

    Raises
    ------
    NotPermitted
        If no Grant can be made for this person and purpose, or the release or the subject was withdrawn.
    """
    asking = hub if hub.actor.id else hub.acting_as(Person(ANYBODY))
    _, leave = permitted(asking, release.id, purpose=purpose, now=now)
    return asking.vault.open(asset, leave)

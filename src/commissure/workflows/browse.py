"""Browse: pages of the catalogue, and one release, as far as whoever looks may see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from commissure.errors import NotFound
from commissure.hub import Hub
from commissure.model import Dataset, Release
from commissure.store.port import Page, Query
from commissure.store.releases import split

__all__ = ["Listing", "Shown", "datasets", "show"]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the catalogue, with how many of all matching datasets bear each value."""

    page: Page
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One release with its dataset and the versions that the viewer may see, the newest first."""

    dataset: Dataset
    release: Release
    versions: tuple[str, ...]


def datasets(hub: Hub, query: Query, *, cursor: str | None = None, limit: int = 20) -> Listing:
    """The datasets that match, from ``cursor`` on, and the counts by facet.

    Parameters
    ----------
    hub : Hub
        Where to look.
    query : Query
        What is asked, and by whom (``viewer``).
    cursor : str or None
        ``page.next`` of the page before; None for the first.
    limit : int
        How many, from 1 to 200.

    Raises
    ------
    BadInput
        If the cursor, the sort or the limit cannot be used.
    """
    catalogue = hub.records.catalogue
    return Listing(catalogue.page(query, cursor=cursor, limit=limit), catalogue.facets(query))


def show(hub: Hub, reference: str, *, viewer: str, now: datetime) -> Shown:
    """One release: ``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest that the viewer may see.

    Parameters
    ----------
    hub : Hub
        Where to look.
    reference : str
        Dataset and version.
    viewer : str
        Who looks, by id; empty for anybody.
    now : datetime
        The instant at which a Grant must hold.

    Raises
    ------
    NotFound
        If there is none, or the viewer may not know that there is one.
    """
    name, version = split(reference)
    releases = hub.records.releases
    dataset = releases.dataset(name)
    whole = _sees_all(hub, dataset, viewer=viewer, now=now)
    seen = tuple(v for v in releases.versions(name) if whole or releases.get(name, v).public)
    wanted = version or next(iter(seen), "")
    if wanted not in seen:
        raise NotFound(f"No release is called {reference!r}, or it is private: its owner can give a Grant.")
    return Shown(dataset, releases.get(name, wanted), seen)


def _sees_all(hub: Hub, dataset: Dataset, *, viewer: str, now: datetime) -> bool:
    if not viewer:
        return False
    grants = (
        ()
        if viewer == dataset.owner
        else hub.records.access.grants(dataset.id, person=viewer, by=dataset.owner)
    )
    return viewer == dataset.owner or any(grant.until is None or grant.until > now for grant in grants)

"""The Python surface: ``import commissure as cm``; each name is one workflow, with the clock put in.

>>> import tempfile
>>> import commissure as cm
>>> hub = cm.open(tempfile.mkdtemp() + "/hub")
>>> cm.datasets(hub)["total"]
0
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from commissure.faces import privacy as privacy_shapes
from commissure.faces import shapes
from commissure.hub import Hub, open_hub
from commissure.model import Grant, Job, Progress, Release, Silent
from commissure.settings import Settings
from commissure.store.port import Query
from commissure.workflows import access, browse
from commissure.workflows import audit as audit_workflow
from commissure.workflows import peers as peers_workflow
from commissure.workflows import private_release as private_workflow
from commissure.workflows.get import get as get_workflow
from commissure.workflows.partners import partners as partners_workflow
from commissure.workflows.search import search as search_workflow
from commissure.workflows.search_everywhere import search_everywhere as everywhere_workflow
from commissure.workflows.share import ShareOptions, ShareReport
from commissure.workflows.share import share as share_workflow
from commissure.workflows.similar import similar as similar_workflow
from commissure.workflows.withdraw import Withdrawal
from commissure.workflows.withdraw import withdraw as withdraw_workflow

__all__ = [
    "add_peer",
    "audit",
    "datasets",
    "get",
    "grant",
    "job",
    "open",
    "peers",
    "remove_peer",
    "partners",
    "privacy",
    "privacy_picture",
    "private_release",
    "revoke",
    "search",
    "search_everywhere",
    "set_budget",
    "share",
    "show",
    "similar",
    "withdraw",
]


def open(location: str | Path = "") -> Hub:
    """The hub in a folder, made if it does not exist; by default the one that ``COMMISSURE_HUB`` names."""
    settings = Settings.from_environment()
    return open_hub(str(location) or settings.hub, settings=settings)


def share(hub: Hub, folder: str | Path, *, progress: Progress | None = None, **options: Any) -> ShareReport:
    """Turn a raw folder into a findable release; ``options`` are those of ``ShareOptions`` (``title=``, ``public=``)."""
    said = ShareOptions(**options)
    return share_workflow(
        hub, Path(folder), options=said, now=datetime.now(UTC), progress=progress or Silent()
    )


def search(
    hub: Hub,
    words: str,
    *,
    limit: int = 10,
    offset: int = 0,
    facet: Sequence[str] = (),
    sort: str = "relevance",
) -> dict[str, Any]:
    """Datasets by what they hold: ``results`` (with ``met`` and ``missed``) and ``facets``."""
    wanted, viewer = shapes.facets(list(facet)), hub.actor.id
    found = search_workflow(hub, words, limit=limit, offset=offset, filters=wanted, sort=sort, viewer=viewer)
    return found.to_dict()


def search_everywhere(
    hub: Hub, words: str, *, limit: int = 10, source: Sequence[str] = (), within_s: float = 4.0
) -> dict[str, Any]:
    """Datasets here, at the hub's peers and in archives: ``results`` (with ``found_at``), and ``sources``, how each answered."""
    viewer = hub.actor.id
    found = everywhere_workflow(hub, words, limit=limit, sources=source, within_s=within_s, viewer=viewer)
    return found.to_dict()


def peers(hub: Hub) -> list[dict[str, str]]:
    """The hubs and archives that the hub's questions may go to."""
    return [one.to_dict() for one in peers_workflow.peers(hub)]


def add_peer(hub: Hub, url: str) -> dict[str, str]:
    """Let questions go to another hub (``"https://hub.example.org"``) or to an archive (``"openneuro"``)."""
    return peers_workflow.add_peer(hub, url, now=datetime.now(UTC)).to_dict()


def remove_peer(hub: Hub, name: str) -> dict[str, str]:
    """Send no more questions to a peer, by its name or address."""
    return peers_workflow.remove_peer(hub, name).to_dict()


def similar(hub: Hub, like: str, *, limit: int = 10, sessions: bool = False) -> dict[str, Any]:
    """Data like a dataset, by record and by signal, or like a file that nobody has released: ``results``, ``sessions``."""
    return similar_workflow(hub, like, limit=limit, viewer=hub.actor.id, sessions=sessions).to_dict()


def partners(
    hub: Hub, dataset: str, *, effect: float = 0.5, power: float = 0.8, limit: int = 10
) -> dict[str, Any]:
    """Who could replicate a dataset's study: ``partners``, each with ``grounds`` and an ``invitation`` that nobody sends."""
    viewer = hub.actor.id
    return partners_workflow(hub, dataset, effect=effect, power=power, limit=limit, viewer=viewer).to_dict()


def datasets(
    hub: Hub,
    words: str = "",
    *,
    facet: Sequence[str] = (),
    sort: str = "newest",
    limit: int = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    """A page of the catalogue: ``datasets``, ``total``, ``facets``, and ``next``, the cursor of the next page."""
    query = Query(words=words, facets=shapes.facets(list(facet)), sort=sort, viewer=hub.actor.id)
    return shapes.listing(browse.datasets(hub, query, cursor=cursor, limit=limit))


def show(hub: Hub, reference: str) -> dict[str, Any]:
    """One release (``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest): metadata, Findings, versions."""
    return shapes.release(browse.show(hub, reference, viewer=hub.actor.id, now=datetime.now(UTC)))


def get(
    hub: Hub, reference: str, *, into: str | Path, purpose: str = "research", progress: Progress | None = None
) -> Release:
    """Write a release as a plain BIDS or NWB folder; every file is checked against its hash."""
    return get_workflow(
        hub, reference, into=Path(into), purpose=purpose, now=datetime.now(UTC), progress=progress
    )


def grant(hub: Hub, dataset: str, *, person: str, purpose: str = "research", days: int = 365) -> Grant:
    """Let ``person`` use a dataset for a purpose, for so many days."""
    now = datetime.now(UTC)
    return access.grant(
        hub, dataset, person=person, purpose=purpose, until=now + timedelta(days=days), now=now
    )


def revoke(hub: Hub, dataset: str, *, person: str) -> int:
    """End every Grant of ``person`` to a dataset; how many there were."""
    return access.revoke(hub, dataset, person=person, now=datetime.now(UTC))


def withdraw(
    hub: Hub, dataset: str, *, subject: str | None = None, reason: str = "consent withdrawn"
) -> Withdrawal:
    """Take back a subject of a dataset, or all of it, and all that was made from it; this cannot be undone."""
    return withdraw_workflow(hub, dataset, subject=subject, reason=reason, now=datetime.now(UTC))


def set_budget(
    hub: Hub, dataset: str, *, epsilon: float, delta: float = 1e-5, most_auc: float = 1.0
) -> dict[str, Any]:
    """Say what all private releases of a dataset may cost together; only its owner may."""
    now = datetime.now(UTC)
    limit = private_workflow.set_budget(
        hub, dataset, epsilon=epsilon, delta=delta, most_auc=most_auc, now=now
    )
    return privacy_shapes.privacy_limit(dataset, limit)


def privacy(hub: Hub, dataset: str) -> dict[str, Any]:
    """What a dataset's private releases may cost, what each has (``spends``), and what no attack can pass (``attack_auc``)."""
    browse.show(hub, dataset, viewer=hub.actor.id, now=datetime.now(UTC))
    return privacy_shapes.privacy(dataset, private_workflow.budget_state(hub, dataset))


def privacy_picture(hub: Hub, dataset: str) -> str:
    """The same as a picture, SVG."""
    return privacy_shapes.draw_ledger(privacy(hub, dataset))


def private_release(
    hub: Hub, dataset: str, *, statistic: str, epsilon: float, table: str = "", **options: Any
) -> dict[str, Any]:
    """Release a statistic with noise, charged to the budget; ``options`` are those of ``Ask`` (``columns=``, ``lower=``)."""
    ask = private_workflow.Ask(statistic=statistic, epsilon=epsilon, **options)
    return private_workflow.private_release(
        hub, dataset, ask=ask, now=datetime.now(UTC), table=table
    ).to_dict()


def audit(hub: Hub, *, anchor: str = "") -> dict[str, Any]:
    """Whether the ledger is whole; ``findings`` tell each edit."""
    return shapes.audit(hub, audit_workflow.verify(hub, anchor=anchor))


def job(hub: Hub, id: str) -> Job:
    """How a job stands."""
    return hub.jobs.get(id)

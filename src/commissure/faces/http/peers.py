"""Routes that ask other hubs and archives too, and say which they are."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from commissure.errors import NotPermitted
from commissure.faces.http.auth import Caller, HubHere, Viewer
from commissure.faces.http.schema import Name, Short
from commissure.hub import Hub
from commissure.workflows import peers as peers_workflow
from commissure.workflows.search_everywhere import search_everywhere as everywhere_workflow

__all__ = ["router"]

router = APIRouter(tags=["discover"])


class PeerAsked(BaseModel):
    """Whom questions may go to."""

    model_config = ConfigDict(extra="forbid")

    url: Name


@router.get("/search/everywhere", operation_id="search_everywhere")
def search_everywhere(
    hub: HubHere,
    viewer: Viewer,
    words: Annotated[
        str, Query(min_length=1, max_length=10_000, description="Plain words, or `species:mouse`.")
    ],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    source: Annotated[list[Short] | None, Query(description="Only this source, as often as wanted.")] = None,
    within_s: Annotated[float, Query(gt=0, le=10, description="How long a source may take.")] = 4.0,
) -> dict[str, Any]:
    """Find datasets here, at the peers and in archives; `sources` says how each answered."""
    return everywhere_workflow(
        hub, words, limit=limit, sources=source or (), within_s=within_s, viewer=viewer
    ).to_dict()


@router.get("/peers", operation_id="peers")
def peers(hub: HubHere) -> dict[str, Any]:
    """The hubs and archives that questions may go to."""
    return {"peers": [one.to_dict() for one in peers_workflow.peers(hub)]}


@router.post("/peers", status_code=201, operation_id="add_peer")
def add_peer(hub: HubHere, caller: Caller, asked: PeerAsked) -> dict[str, str]:
    """Let questions go to another hub or to an archive; only the hub's owner may."""
    _owner(hub, caller)
    return peers_workflow.add_peer(hub, asked.url, now=datetime.now(UTC)).to_dict()


@router.delete("/peers", operation_id="remove_peer")
def remove_peer(
    hub: HubHere, caller: Caller, name: Annotated[Name, Query(description="Its name or address.")]
) -> dict[str, str]:
    """Send no more questions to a peer; only the hub's owner may."""
    _owner(hub, caller)
    return peers_workflow.remove_peer(hub, name).to_dict()


def _owner(hub: Hub, caller: str) -> None:
    """A peer is an address that this machine will call: not everybody may choose it."""
    if caller != hub.settings.actor:
        raise NotPermitted("Only the hub's owner may say whom its questions go to.")

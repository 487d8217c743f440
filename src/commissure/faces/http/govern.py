"""Routes that decide: Grants, withdrawal, and the proof that the ledger is whole."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from commissure.faces import shapes
from commissure.faces.http.answers import tagged
from commissure.faces.http.auth import Caller, HubHere
from commissure.faces.http.schema import GrantAsked, Name, WithdrawAsked
from commissure.hub import Hub
from commissure.model import Person
from commissure.workflows import access, audit
from commissure.workflows.withdraw import withdraw as withdraw_workflow

__all__ = ["router", "verified"]

router = APIRouter(tags=["govern"])
_STALE = timedelta(minutes=1)
Id = Annotated[Name, Path(description="A dataset's id.")]


def verified(request: Request) -> dict[str, Any]:
    """The ledger's check, made again at most once a minute unless the ledger grew: it reads every line."""
    hub: Hub = request.app.state.hub
    told: dict[str, Any] | None = getattr(request.app.state, "audit", None)
    now = hub.clock()
    if told is None or told["head"] != hub.ledger.head().hash or now - told["at"] > _STALE:
        told = {**shapes.audit(hub, audit.verify(hub)), "at": now}
        request.app.state.audit = told
    return {name: value for name, value in told.items() if name != "at"}


@router.post("/datasets/{dataset}/grants", status_code=201, operation_id="grant")
def grant(hub: HubHere, caller: Caller, dataset: Id, asked: GrantAsked) -> dict[str, Any]:
    """Let a person use a dataset for a purpose; only its owner may, within what consent allows."""
    now = datetime.now(UTC)
    until = now + timedelta(days=asked.days) if asked.days else None
    here = hub.acting_as(Person(caller))
    return shapes.grant(
        access.grant(here, dataset, person=asked.person, purpose=asked.purpose, until=until, now=now)
    )


@router.delete("/datasets/{dataset}/grants/{person}", operation_id="revoke")
def revoke(hub: HubHere, caller: Caller, dataset: Id, person: Annotated[Name, Path()]) -> dict[str, Any]:
    """End every Grant of a person to a dataset; only its owner may."""
    ended = access.revoke(hub.acting_as(Person(caller)), dataset, person=person, now=datetime.now(UTC))
    return {"dataset": dataset, "person": person, "revoked": ended}


@router.post("/datasets/{dataset}/withdraw", operation_id="withdraw")
def withdraw(hub: HubHere, caller: Caller, dataset: Id, asked: WithdrawAsked) -> dict[str, Any]:
    """Take back a dataset or a subject of it, and find all that was made from it; only its owner may."""
    here, subject = hub.acting_as(Person(caller)), asked.subject or None
    done = withdraw_workflow(here, dataset, subject=subject, reason=asked.reason, now=datetime.now(UTC))
    return shapes.withdrawal(done)


@router.get("/audit", operation_id="audit")
def verify(
    request: Request, hub: HubHere,
    anchor: Annotated[str, Query(pattern="^([0-9a-f]{64})?$", description="A head's hash noted elsewhere.")] = "",
) -> Response:  # fmt: skip
    """Whether the ledger is whole; if not, a Finding for each edit, gap and cut."""
    return tagged(
        request, shapes.audit(hub, audit.verify(hub, anchor=anchor)) if anchor else verified(request)
    )

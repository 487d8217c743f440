"""Routes of the privacy budget: what a dataset may spend, what it has spent, as a picture too, and private statistics."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from commissure.faces.http.auth import Caller, HubHere, Viewer
from commissure.faces.http.schema import Name
from commissure.faces.privacy import draw_ledger, privacy, privacy_limit
from commissure.hub import Hub
from commissure.model import Person
from commissure.workflows import browse, private_release

__all__ = ["router"]

router = APIRouter(tags=["protect"])
Id = Annotated[Name, Path(description="A dataset's id.")]
_MOST = 256


class BudgetAsked(BaseModel):
    """What all private releases of a dataset may cost together."""

    model_config = ConfigDict(extra="forbid")

    epsilon: Annotated[float, Field(gt=0, le=1e4)]
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    most_auc: Annotated[float, Field(gt=0.5, le=1)] = 1.0


class StatisticAsked(BaseModel):
    """What is asked of a dataset; all of it public. `table` is the file, or how the names of the files end."""

    model_config = ConfigDict(extra="forbid")

    statistic: Name
    epsilon: Annotated[float, Field(gt=0, le=1e4)]
    columns: Annotated[tuple[str, ...], Field(max_length=_MOST)] = ()
    lower: Annotated[tuple[float, ...], Field(max_length=_MOST)] = ()
    upper: Annotated[tuple[float, ...], Field(max_length=_MOST)] = ()
    categories: Annotated[tuple[str, ...], Field(max_length=_MOST)] = ()
    points: Annotated[tuple[float, ...], Field(max_length=_MOST)] = ()
    planned_n: Annotated[int, Field(ge=0)] = 0
    several: str = "refuse"
    public: Annotated[tuple[str, ...], Field(max_length=_MOST)] = ()
    regions: bool = False
    event: str = ""
    clip_v: Annotated[float, Field(ge=0)] = 0.0
    hidden: Annotated[int, Field(ge=0, le=_MOST)] = 8
    most_auc: Annotated[
        float | None,
        Field(
            gt=0.5,
            le=1,
            description="What no membership attack on this release may pass: by default 0.55 for connectivity, 1 (no limit) for others.",
        ),
    ] = None
    table: str = ""


@router.get("/datasets/{dataset}/privacy", operation_id="privacy")
def ledger(hub: HubHere, viewer: Viewer, dataset: Id) -> dict[str, Any]:
    """What a dataset's private releases may cost, what each has, and what no attack on all of them can pass."""
    return _state(hub, dataset, viewer)


@router.get("/datasets/{dataset}/privacy.svg", operation_id="privacy_picture")
def picture(hub: HubHere, viewer: Viewer, dataset: Id) -> Response:
    """The same as a picture."""
    return Response(draw_ledger(_state(hub, dataset, viewer)), media_type="image/svg+xml")


@router.put("/datasets/{dataset}/privacy", operation_id="set_budget")
def budget(hub: HubHere, caller: Caller, dataset: Id, asked: BudgetAsked) -> dict[str, Any]:
    """Say what all private releases of a dataset may cost together; only its owner may."""
    here = hub.acting_as(Person(caller))
    limit = private_release.set_budget(
        here,
        dataset,
        epsilon=asked.epsilon,
        delta=asked.delta,
        most_auc=asked.most_auc,
        now=datetime.now(UTC),
    )
    return privacy_limit(dataset, limit)


@router.post("/datasets/{dataset}/privacy/releases", status_code=201, operation_id="private_release")
def release(hub: HubHere, caller: Caller, dataset: Id, asked: StatisticAsked) -> dict[str, Any]:
    """Release a statistic with noise, charged to the dataset's budget; only its owner may."""
    values = asked.model_dump()
    table = values.pop("table")
    here = hub.acting_as(Person(caller))
    made = private_release.private_release(
        here, dataset, ask=private_release.Ask(**values), now=datetime.now(UTC), table=table
    )
    return made.to_dict()


def _state(hub: Hub, dataset: str, viewer: str) -> dict[str, Any]:
    browse.show(hub, dataset, viewer=viewer, now=datetime.now(UTC))
    return privacy(dataset, private_release.budget_state(hub, dataset))

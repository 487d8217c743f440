"""Routes to data that are alike, and to replication partners."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from commissure.faces.http.auth import HubHere, Viewer
from commissure.faces.http.schema import Name
from commissure.workflows import similar as likeness
from commissure.workflows.likeness import unwired
from commissure.workflows.partners import partners as partners_workflow

__all__ = ["router"]

router = APIRouter(tags=["discover"])
Many = Annotated[int, Query(ge=1, le=100, description="How many.")]
Sessions = Annotated[bool, Query(description="Single sessions too, where a Grant opens them.")]


class DescriptorSent(BaseModel):
    """What a signal is like, computed where the signal lies."""

    model_config = ConfigDict(extra="forbid")

    family: Name
    version: int
    blocks: Annotated[list[Name], Field(max_length=20)]
    values: Annotated[list[Annotated[float, Field(ge=-1000, le=1000)]], Field(min_length=256, max_length=256)]


class SimilarAsked(BaseModel):
    """Descriptors to find data by; the signal itself stays with whoever asks."""

    model_config = ConfigDict(extra="forbid")

    descriptors: Annotated[list[DescriptorSent], Field(min_length=1, max_length=9)]
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    sessions: bool = False


@router.get("/similar", operation_id="similar")
def similar(
    hub: HubHere,
    viewer: Viewer,
    like: Annotated[Name, Query(description="A dataset's id; files stay with the client.")],
    limit: Many = 10,
    sessions: Sessions = False,
) -> dict[str, Any]:
    """Data like a dataset's, by what records are about and by what signals are like."""
    now = datetime.now(UTC)
    return likeness.similar_to_record(
        hub, like, limit=limit, viewer=viewer, sessions=sessions, now=now
    ).to_dict()


@router.post("/similar", operation_id="similar_to_signal")
def similar_to_signal(hub: HubHere, viewer: Viewer, asked: SimilarAsked) -> dict[str, Any]:
    """Data like a signal that is not here, by its descriptors."""
    means = unwired([each.model_dump() for each in asked.descriptors])
    return likeness.similar_to_signal(
        hub, means, limit=asked.limit, viewer=viewer, sessions=asked.sessions, now=datetime.now(UTC)
    ).to_dict()


@router.get("/datasets/{dataset}/partners", operation_id="partners")
def partners(
    hub: HubHere,
    viewer: Viewer,
    dataset: Annotated[Name, Path(description="A dataset's id.")],
    effect: Annotated[float, Query(ge=-10, le=10, description="The effect to find, Cohen's d.")] = 0.5,
    power: Annotated[float, Query(gt=0, lt=1, description="The chance to find it.")] = 0.8,
    limit: Many = 10,
) -> dict[str, Any]:
    """Who could replicate a dataset's study, with the grounds of each rank and a letter that nobody sends."""
    return partners_workflow(
        hub, dataset, effect=effect, power=power, limit=limit, viewer=viewer, now=datetime.now(UTC)
    ).to_dict()

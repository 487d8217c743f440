"""Routes for MATLAB and Octave: a table or a stretch of a recording as ``.mat``."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from commissure.faces.http.auth import HubHere, Viewer
from commissure.faces.http.catalogue import Id, Version, shown_in
from commissure.faces.http.schema import Short
from commissure.model import Person
from commissure.workflows.excerpt import Stretch, excerpt_mat

__all__ = ["router"]

router = APIRouter(tags=["catalogue"])


@router.get("/datasets/{dataset}/releases/{version}/mat/{path:path}", operation_id="excerpt_mat",
            response_class=Response, responses={200: {"content": {"application/x-matlab-data": {}}}})  # fmt: skip
def mat(
    hub: HubHere, viewer: Viewer, dataset: Id, version: Version,
    path: Annotated[str, Path(description="A recording or a table inside the release.")],
    start_s: Annotated[float, Query(ge=0, le=1e9, description="From when, in seconds.")] = 0.0,
    stop_s: Annotated[float | None, Query(ge=0, le=1e9, description="Until when; to the end if absent.")] = None,
    tool: Annotated[Short, Query(description="`eeglab`, `fieldtrip`, `brainstorm`, or plain.")] = "",
) -> Response:  # fmt: skip
    """A table, or a stretch of a recording in SI units, as a `.mat` v7 file; a Grant is needed unless it is public."""
    release = shown_in(hub, dataset, version=version, viewer=viewer).release
    data = excerpt_mat(
        hub.acting_as(Person(viewer)),
        release,
        path=path,
        stretch=Stretch(start_s, stop_s),
        tool=tool,
        now=datetime.now(UTC),
    )
    return Response(data, media_type="application/x-matlab-data")

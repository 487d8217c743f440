"""Routes for long work: share a folder or an upload as a job, and follow it."""

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path as File
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.faces import shapes
from commissure.faces.http.auth import Caller, HubHere
from commissure.faces.http.schema import JobTold, Name, ShareAsked, UploadTold
from commissure.faces.http.upload import LIMITS, digest, unpack
from commissure.hub import Hub
from commissure.model import Job, JobState
from commissure.workflows.sharing.options import ShareOptions
from commissure.workflows.upload import uploads_of

__all__ = ["ENDED", "follow", "job_of", "router"]

router = APIRouter(tags=["work"])
ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
_EVERY_S = 0.4
_LISTS = frozenset({"authors", "keywords", "funding"})
_PLAIN = ShareOptions()
_FIELDS = frozenset(ShareOptions.__dataclass_fields__) - {"files"}


def job_of(hub: Hub, id: str, *, viewer: str) -> Job:
    """A job that ``viewer`` began; nobody else learns that there is one."""
    found = hub.jobs.get(id)
    if hub.records.jobs.by(id) != viewer:
        raise NotFound(f"No job has the id {id!r}.")
    return found


async def follow(hub: Hub, id: str) -> AsyncIterator[str]:
    """The job as server-sent events: one whenever it has moved, until it has ended."""
    before = ""
    while True:
        found = await run_in_threadpool(hub.jobs.get, id)
        told = json.dumps(shapes.job(found), ensure_ascii=False, default=str)
        if told != before:
            yield f"event: job\ndata: {told}\n\n"
        before = told
        if found.state in ENDED:
            return
        await asyncio.sleep(_EVERY_S)


@router.post("/uploads", status_code=201, response_model=UploadTold, operation_id="upload",
             openapi_extra={"requestBody": {"required": True, "content": {
                 "application/zip": {"schema": {"type": "string", "format": "binary"}}}}})  # fmt: skip
async def upload(request: Request, hub: HubHere, caller: Caller) -> dict[str, Any]:
    """Send a raw folder as a zip; the answer names it, for `POST /share`. The same zip is kept once."""
    top = uploads_of(hub, caller)
    await run_in_threadpool(top.mkdir, parents=True, exist_ok=True, mode=0o700)
    packed = top / f".{secrets.token_hex(16)}.zip"
    try:
        with packed.open("xb") as sink:
            written = 0
            async for block in request.stream():
                written += len(block)
                if written > LIMITS.bytes:
                    raise HTTPException(413, f"An upload has at most {LIMITS.bytes} bytes.")
                await run_in_threadpool(sink.write, block)
        return await run_in_threadpool(_keep, packed, top)
    finally:
        packed.unlink(missing_ok=True)


def _keep(packed: File, top: File) -> dict[str, Any]:
    name = digest(packed)
    making = packed.with_suffix("")
    files, count = unpack(packed, making)
    if (top / name).exists():
        shutil.rmtree(making)
    else:
        making.rename(top / name)
    return {"upload": name, "files": files, "bytes": count}


@router.post("/share", status_code=202, response_model=JobTold, operation_id="share")
def share(hub: HubHere, caller: Caller, asked: ShareAsked) -> Response:
    """Turn an upload, or a folder on the hub's machine, into a release; answers a job to follow."""
    if bool(asked.upload) == bool(asked.folder):
        raise BadInput("Name an upload or a folder, not both and not neither.")
    if asked.folder and caller != hub.settings.actor:
        raise NotPermitted("Only the hub's owner may share a folder of its machine; send an upload instead.")
    kind, parameters = "share", {"folder": asked.folder, "options": _options(asked)}
    if asked.upload:
        kind, parameters = "upload", {"upload": asked.upload, "options": _options(asked)}
        if not (uploads_of(hub, caller) / asked.upload).is_dir():
            raise NotFound("There is no such upload; send it with POST /uploads first.")
    return _accepted(hub.jobs.submit(kind, parameters, by=caller))


def _options(asked: ShareAsked) -> dict[str, Any]:
    for name, value in asked.options.items():
        right = list if name in _LISTS else type(getattr(_PLAIN, name, None))
        if name not in _FIELDS or not isinstance(value, right):
            raise BadInput(
                f"options.{name} is not known or not of its type; known: {', '.join(sorted(_FIELDS))}."
            )
    return {name: tuple(value) if isinstance(value, list) else value for name, value in asked.options.items()}


def _accepted(found: Job) -> Response:
    address = f"/api/v1/jobs/{found.id}"
    return JSONResponse(json.loads(json.dumps(shapes.job(found), default=str)), 202, {"Location": address})


@router.get("/jobs", response_model=list[JobTold], operation_id="jobs")
def jobs(hub: HubHere, caller: Caller) -> list[dict[str, Any]]:
    """Your newest jobs."""
    return [shapes.job(found) for found in hub.records.jobs.find(by=caller)]


@router.get("/jobs/{id}", response_model=JobTold, operation_id="job")
def job(hub: HubHere, caller: Caller, id: Annotated[Name, Path()]) -> dict[str, Any]:
    """How a job stands."""
    return shapes.job(job_of(hub, id, viewer=caller))


@router.delete("/jobs/{id}", response_model=JobTold, operation_id="cancel")
def cancel(hub: HubHere, caller: Caller, id: Annotated[Name, Path()]) -> dict[str, Any]:
    """Stop a job: at once if it waits, at its next step if it runs."""
    return shapes.job(hub.jobs.cancel(job_of(hub, id, viewer=caller).id))


@router.get("/jobs/{id}/events", operation_id="job_events", response_class=StreamingResponse,
            responses={200: {"content": {"text/event-stream": {}}}})  # fmt: skip
def events(hub: HubHere, caller: Caller, id: Annotated[Name, Path()]) -> Response:
    """The job as server-sent events, until it has ended."""
    found = job_of(hub, id, viewer=caller)
    return StreamingResponse(follow(hub, found.id), media_type="text/event-stream")

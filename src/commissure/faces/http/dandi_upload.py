"""The DANDI dialect's other half: ``dandi upload`` into a draft, and its publication.

Drafts have numbers from 900000 on, are seen by their owner alone, and become a release by ``publish``.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from xml.sax.saxutils import escape

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from commissure.errors import BadInput
from commissure.faces.http.auth import HubHere
from commissure.faces.http.dandi import DandiViewer, api_of
from commissure.hub import Hub
from commissure.model import JobState, Person
from commissure.store import numbers
from commissure.workflows import draft as drafts

__all__ = ["router"]

router = APIRouter(prefix="/api", include_in_schema=False)
#: what a path with a draft's number begins with; drafts are the only numbers with a nine in front
_DRAFT = "/dandisets/9{tail}"
_LARGEST_PART = 2**27


def _own(hub: HubHere, viewer: DandiViewer) -> Hub:
    if not viewer:
        raise HTTPException(
            401, "This needs a key: Authorization: token TOKEN.", {"WWW-Authenticate": "token"}
        )
    return hub.acting_as(Person(viewer))


Own = Annotated[Hub, Depends(_own)]


def _draft(hub: Hub, tail: str) -> drafts.Draft:
    if len(tail) != 5 or not tail.isdigit():
        raise HTTPException(404, "A dandiset's id is six digits.")
    return drafts.get_draft(hub, drafts.FIRST + int(tail))


@router.post("/dandisets/")
def create(hub: Own, body: dict[str, Any]) -> dict[str, Any]:
    """A new dandiset, as a draft."""
    name, metadata = body.get("name"), body.get("metadata") or {}
    if not isinstance(name, str) or not name.strip() or not isinstance(metadata, dict):
        raise BadInput("A dandiset has a name, and metadata as an object.")
    return _told(drafts.create_draft(hub, name=name, metadata=metadata, now=datetime.now(UTC)))


def _told(draft: drafts.Draft) -> dict[str, Any]:
    return {"identifier": f"{draft.number}", "created": draft.created, "modified": draft.created,
            "contact_person": draft.owner, "embargo_status": "EMBARGOED", "star_count": 0, "is_starred": False,
            "most_recent_published_version": None, "draft_version": _version(draft, "Valid")}  # fmt: skip


def _version(draft: drafts.Draft, status: str) -> dict[str, Any]:
    sizes = [known["size"] for known in draft.files.values()]
    return {"version": "draft", "name": draft.name, "asset_count": len(sizes), "active_uploads": 0,
            "size": sum(sizes), "created": draft.created, "modified": draft.created, "status": status}  # fmt: skip


def _published(hub: Hub, draft: drafts.Draft) -> str:
    """The number of the dandiset that a draft became; empty if it has not."""
    job = hub.jobs.get(draft.job) if draft.job else None
    release = (job.result or {}).get("release") if job and job.state is JobState.DONE else None
    if not isinstance(release, dict):
        return ""
    return f"{numbers.dataset_number(hub.records.database, str(release['id'])):06d}"


@router.get(_DRAFT + "/")
def dandiset(request: Request, hub: Own, tail: str) -> Any:
    """The draft, or the dandiset that it became."""
    draft = _draft(hub, tail)
    became = _published(hub, draft)
    return RedirectResponse(f"{api_of(request)}/dandisets/{became}/") if became else _told(draft)


@router.get(_DRAFT + "/versions/")
def versions(request: Request, hub: Own, tail: str) -> Any:
    """The versions of the dandiset that the draft became; none before."""
    became = _published(hub, _draft(hub, tail))
    if became:
        return RedirectResponse(f"{api_of(request)}/dandisets/{became}/versions/")
    return {"count": 0, "next": None, "previous": None, "results": []}


@router.get(_DRAFT + "/versions/draft/")
def metadata(hub: Own, tail: str) -> dict[str, Any]:
    """The metadata of the draft."""
    draft = _draft(hub, tail)
    return {"identifier": f"DANDI:{draft.number}", "name": draft.name, "version": "draft", **draft.metadata}


@router.put(_DRAFT + "/versions/draft/")
def change(hub: Own, tail: str, body: dict[str, Any]) -> dict[str, Any]:
    """Other metadata for the draft."""
    told = body.get("metadata") or {}
    if not isinstance(told, dict):
        raise BadInput("metadata must be an object.")
    name = str(body.get("name") or told.get("name") or "")
    return _version(drafts.change_draft(hub, _draft(hub, tail).number, metadata=told, name=name), "Valid")


@router.get(_DRAFT + "/versions/draft/info/")
def info(hub: Own, tail: str) -> dict[str, Any]:
    """How the draft stands: ``Published`` once it became a release, ``Invalid`` if ``share`` refused it."""
    draft = _draft(hub, tail)
    state = hub.jobs.get(draft.job).state if draft.job else None
    ended = {JobState.DONE: "Published" if _published(hub, draft) else "Invalid", JobState.FAILED: "Invalid",
             JobState.CANCELLED: "Invalid"}  # fmt: skip
    status = "Valid" if state is None else ended.get(state, "Publishing")
    return {**_version(draft, status), "asset_validation_errors": [], "version_validation_errors": [],
            "metadata": metadata(hub, tail)}  # fmt: skip


@router.get(_DRAFT + "/versions/draft/assets/")
def assets(hub: Own, tail: str, path: str = "") -> dict[str, Any]:
    """The files of the draft."""
    rows = [
        _asset(name, known)
        for name, known in sorted(_draft(hub, tail).files.items())
        if name.startswith(path)
    ]
    return {"count": len(rows), "next": None, "previous": None, "results": rows}


def _asset(path: str, known: Any) -> dict[str, Any]:
    return {"asset_id": known["id"], "blob": known["blob"], "zarr": None, "path": path, "size": known["size"],
            "created": known["created"], "modified": known["created"],
            "metadata": {"path": path, "contentSize": known["size"], "blobDateModified": known["created"],
                         "digest": {"dandi:dandi-etag": known["etag"], "dandi:sha2-256": known["sha256"]}}}  # fmt: skip


@router.post(_DRAFT + "/versions/draft/assets/")
def add(hub: Own, tail: str, body: dict[str, Any]) -> dict[str, Any]:
    """An uploaded file at its place."""
    about, blob = body.get("metadata"), body.get("blob_id")
    if not isinstance(about, dict) or not isinstance(about.get("path"), str) or not isinstance(blob, str):
        raise BadInput("An asset has metadata with a path, and a blob_id.")
    number = _draft(hub, tail).number
    known = drafts.place_file(hub, number, path=about["path"], blob=blob, now=datetime.now(UTC))
    return _asset(about["path"], known)


@router.put(_DRAFT + "/versions/draft/assets/{id}/")
def replace_file(hub: Own, tail: str, id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Another file in the place of one."""
    if id not in {known["id"] for known in _draft(hub, tail).files.values()}:
        raise HTTPException(404, "There is no such asset.")
    return add(hub, tail, body)


@router.get(_DRAFT + "/versions/draft/assets/{id}/")
@router.get(_DRAFT + "/versions/draft/assets/{id}/info/")
def asset(request: Request, hub: Own, tail: str, id: str) -> dict[str, Any]:
    """A file's metadata, or what is listed of it."""
    for path, known in _draft(hub, tail).files.items():
        if known["id"] == id:
            row = _asset(path, known)
            return row if request.url.path.endswith("/info/") else row["metadata"]
    raise HTTPException(404, "There is no such asset.")


@router.delete(_DRAFT + "/versions/draft/assets/{id}/", status_code=204)
def remove(hub: Own, tail: str, id: str) -> Response:
    """Take a file out of the draft."""
    drafts.remove_file(hub, _draft(hub, tail).number, id=id)
    return Response(status_code=204)


@router.post(_DRAFT + "/versions/draft/publish/", status_code=202)
def publish(hub: Own, tail: str) -> dict[str, Any]:
    """Make the draft a release; follow it by its ``info``."""
    number = _draft(hub, tail).number
    drafts.publish_draft(hub, number)
    return _version(drafts.get_draft(hub, number), "Publishing")


@router.get(_DRAFT + "/versions/{version}/{rest:path}")
def released(request: Request, hub: Own, tail: str, version: str, rest: str) -> RedirectResponse:
    """A published version, under the number of the dandiset that the draft became."""
    became = _published(hub, _draft(hub, tail))
    if not became:
        raise HTTPException(404, "The draft has not been published.")
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{api_of(request)}/dandisets/{became}/versions/{version}/{rest}{asked}")


@router.post("/uploads/initialize/")
def begin(request: Request, hub: Own, body: dict[str, Any]) -> dict[str, Any]:
    """Begin an upload: where each part is to be sent. The addresses are secrets, as S3's presigned ones are."""
    digest, size, number = body.get("digest") or {}, body.get("contentSize"), str(body.get("dandiset", ""))
    if not isinstance(size, int) or not isinstance(digest, dict) or not number.isdigit():
        raise BadInput("An upload has contentSize, digest and dandiset.")
    name, sizes = drafts.begin_upload(hub, number=int(number), size=size, etag=str(digest.get("value", "")))
    base = f"{api_of(request)}/uploads/{name}/parts"
    parts = [
        {"part_number": n, "size": part, "upload_url": f"{base}/{n}/"} for n, part in enumerate(sizes, 1)
    ]
    return {"upload_id": name, "parts": parts}


@router.put("/uploads/{name}/parts/{part}/")
async def put(request: Request, hub: HubHere, name: str, part: int) -> Response:
    """One part of an upload."""
    data = bytearray()
    async for block in request.stream():
        data += block
        if len(data) > _LARGEST_PART:
            raise HTTPException(413, f"A part has at most {_LARGEST_PART} bytes.")
    etag = await run_in_threadpool(drafts.put_part, hub, name, part=part, data=bytes(data))
    return Response(headers={"ETag": f'"{etag}"'})


@router.post("/uploads/{name}/complete/", dependencies=[Depends(_own)])
def complete(request: Request, name: str) -> dict[str, str]:
    """Where the end of the upload is announced."""
    return {
        "complete_url": f"{api_of(request)}/uploads/{name}/completed/",
        "body": "<CompleteMultipartUpload/>",
    }


@router.post("/uploads/{name}/completed/")
def completed(name: str) -> Response:
    """What S3 would say to the announcement; the checksum is checked by ``validate``."""
    text = f"<CompleteMultipartUploadResult><Key>{escape(name)}</Key></CompleteMultipartUploadResult>"
    return Response(text, media_type="application/xml")


@router.post("/uploads/{name}/validate/")
def validate(hub: Own, name: str) -> dict[str, Any]:
    """Check the upload; from here on it is a blob."""
    return drafts.finish_upload(hub, name)

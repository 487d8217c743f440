"""Routes that read: datasets, releases, their manifest, Findings, provenance, JSON-LD and bytes."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from commissure.certify.jsonld import dataset_jsonld
from commissure.errors import NotFound
from commissure.faces import shapes
from commissure.faces.http.answers import tagged
from commissure.faces.http.auth import HubHere, Viewer
from commissure.faces.http.ranges import send
from commissure.faces.http.schema import ListingTold, Name, ReleaseTold, Short
from commissure.hub import Hub
from commissure.model import Person
from commissure.store import port
from commissure.workflows import browse
from commissure.workflows.access import open_asset
from commissure.workflows.search import search as search_workflow

__all__ = ["jsonld_of", "router", "shown_in"]

router = APIRouter(tags=["catalogue"])
_LD = "application/ld+json"
Id = Annotated[Name, Path(description="A dataset's id.")]
Version = Annotated[Name, Path(description="A version, or `latest`.")]


def shown_in(hub: Hub, dataset: str, *, version: str, viewer: str) -> browse.Shown:
    """The release as ``viewer`` may see it."""
    reference = dataset if version == "latest" else f"{dataset}@{version}"
    return browse.show(hub, reference, viewer=viewer, now=datetime.now(UTC))


def jsonld_of(request: Request, shown: browse.Shown) -> dict[str, Any]:
    """The schema.org description of a release, with the address of its page."""
    origin = str(request.base_url).rstrip("/")
    page = f"{origin}/datasets/{shown.release.dataset}/{shown.release.version}"
    return dict(dataset_jsonld(shown.dataset, shown.release, url=page))


@router.get("/datasets", response_model=ListingTold, operation_id="datasets")
def datasets(
    request: Request,
    hub: HubHere,
    viewer: Viewer,
    words: Annotated[Short, Query(description="Words that must all be there.")] = "",
    facet: Annotated[list[Short] | None, Query(description="`key=value`, as often as wanted.")] = None,
    sort: Annotated[str, Query(pattern="^(newest|title)$")] = "newest",
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    cursor: Annotated[Short | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Datasets, the newest first, with counts by facet."""
    asked = port.Query(words=words, facets=shapes.facets(facet or []), sort=sort, viewer=viewer)
    return tagged(request, shapes.listing(browse.datasets(hub, asked, cursor=cursor, limit=limit)))


@router.get("/datasets/{dataset}", response_model=ReleaseTold, operation_id="show_latest")
def show_latest(request: Request, hub: HubHere, viewer: Viewer, dataset: Id) -> Response:
    """The newest release of a dataset; schema.org JSON-LD if `Accept` wants `application/ld+json`."""
    return _release(request, shown_in(hub, dataset, version="latest", viewer=viewer), "")


@router.get("/datasets/{dataset}/releases/{version}", response_model=ReleaseTold, operation_id="show")
def show(
    request: Request, hub: HubHere, viewer: Viewer, dataset: Id, version: Version,
    format: Annotated[str, Query(pattern="^(json|jsonld)?$")] = "",
) -> Response:  # fmt: skip
    """One release; schema.org JSON-LD if `Accept` wants `application/ld+json`, or with `format=jsonld`."""
    return _release(request, shown_in(hub, dataset, version=version, viewer=viewer), format)


def _release(request: Request, shown: browse.Shown, format: str) -> Response:
    if format == "jsonld" or (not format and _LD in request.headers.get("accept", "")):
        return tagged(request, jsonld_of(request, shown), media_type=_LD)
    return tagged(request, shapes.release(shown))


@router.get("/datasets/{dataset}/releases/{version}/manifest", operation_id="manifest")
def manifest(request: Request, hub: HubHere, viewer: Viewer, dataset: Id, version: Version) -> dict[str, Any]:
    """Every file with its hash and size."""
    return tagged(request, shapes.manifest(shown_in(hub, dataset, version=version, viewer=viewer).release))  # type: ignore[return-value]


@router.get("/datasets/{dataset}/releases/{version}/findings", operation_id="findings")
def findings(request: Request, hub: HubHere, viewer: Viewer, dataset: Id, version: Version) -> dict[str, Any]:
    """What was judged, and what to do about it."""
    found = shown_in(hub, dataset, version=version, viewer=viewer).release.findings
    return tagged(request, {"findings": [item.to_dict() for item in found]})  # type: ignore[return-value]


@router.get("/datasets/{dataset}/releases/{version}/provenance", operation_id="provenance")
def provenance(
    request: Request, hub: HubHere, viewer: Viewer, dataset: Id, version: Version
) -> dict[str, Any]:
    """The Activities that made the release: used, made, with which software and parameters."""
    done = shown_in(hub, dataset, version=version, viewer=viewer).release.activities
    return tagged(request, {"activities": [shapes.activity(item) for item in done]})  # type: ignore[return-value]


@router.head("/datasets/{dataset}/releases/{version}/files/{path:path}", include_in_schema=False)
@router.get("/datasets/{dataset}/releases/{version}/files/{path:path}", operation_id="download",
            response_class=Response, responses={200: {"content": {"application/octet-stream": {}}},
            206: {"description": "The range that was asked for"}, 416: {"description": "No such range"}})  # fmt: skip
def download(
    request: Request, hub: HubHere, viewer: Viewer, dataset: Id, version: Version,
    path: Annotated[str, Path(description="A path inside the release.")],
    purpose: Annotated[Name, Query(description="For which use.")] = "research",
) -> Response:  # fmt: skip
    """The bytes of one file, whole or by `Range`; a Grant is needed unless the release is public."""
    shown = shown_in(hub, dataset, version=version, viewer=viewer)
    return sent(request, shown, hub=hub, path=path, viewer=viewer, purpose=purpose)


def sent(
    request: Request, shown: browse.Shown, *, hub: Hub, path: str, viewer: str, purpose: str = "research"
) -> Response:
    """The bytes of the file at ``path`` inside the release."""
    asset = next((item for item in shown.release.assets if item.path == path), None)
    if asset is None:
        raise NotFound("The release has no file at that path; see its manifest.")
    now = datetime.now(UTC)
    file = open_asset(hub.acting_as(Person(viewer)), shown.release, asset=asset, purpose=purpose, now=now)
    return send(request, file, asset=asset)


@router.get("/search", operation_id="search")
def search(
    hub: HubHere,
    viewer: Viewer,
    words: Annotated[
        str, Query(max_length=10_000, description="Plain words, or `species:mouse n:>=30`.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    facet: Annotated[list[Short] | None, Query(description="`key=value`, as often as wanted.")] = None,
    sort: Annotated[str, Query(pattern="^(relevance|newest|size|title)$")] = "relevance",
) -> dict[str, Any]:
    """Find datasets by what they hold; each result says what of the question it meets, and what not."""
    wanted = shapes.facets(facet or [])
    return search_workflow(
        hub, words, limit=limit, offset=offset, filters=wanted, sort=sort, viewer=viewer
    ).to_dict()

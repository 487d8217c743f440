"""Routes for machines: every form of a release, its FAIR score, badges, feeds of the catalogue, SPARQL, ARKs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from commissure.certify.badges import LEVELS, svg
from commissure.certify.exports import EXPORTS, export
from commissure.certify.rdf import FORMATS, convert
from commissure.errors import BadInput, NotFound
from commissure.faces.http.answers import tagged
from commissure.faces.http.auth import HubHere, Viewer, hub_of
from commissure.faces.http.catalogue import Id, Version, shown_in
from commissure.hub import Hub
from commissure.workflows.browse import Shown
from commissure.workflows.certify import Certified, certify, describe, resolve
from commissure.workflows.certify_badge import issued, list_status, signed, void
from commissure.workflows.certify_feeds import answer_oai, dcat_page
from commissure.workflows.certify_sparql import ask

__all__ = ["certified", "feeds", "links", "negotiated", "origin_of", "router"]

router = APIRouter(tags=["certify"])
#: outside the API: addresses that stand in badges, feeds and identifiers
feeds = APIRouter()
Form = Literal["jsonld", "croissant", "dcat", "dcat-xml", "dcat-jsonld", "datacite", "datacite-xml", "ro-crate", "openminds",
               "citation"]  # fmt: skip
_AT_ONCE = BoundedSemaphore(2)
_WAIT_S, _BODY, _KEPT, _ITEMS = 5.0, 65_536, 500, 20
_REVOKED = "The badge is revoked: its release was superseded or withdrawn."


def origin_of(request: Request) -> str:
    """Where the hub is served."""
    return str(request.base_url).rstrip("/")


def certified(request: Request, shown: Shown, *, viewer: str) -> Certified:
    """A release's points; kept for the next page, for a release never changes."""
    hub, origin, release = hub_of(request), origin_of(request), shown.release
    kept: dict[tuple[str, ...], Certified] = request.app.state.certified
    one = describe(hub, shown, origin=origin)
    key = (release.id, str(release.withdrawn), one.doi, origin, viewer)
    if key not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = certify(hub, shown, viewer=viewer, now=datetime.now(UTC), origin=origin)
    return kept[key]


def negotiated(request: Request, shown: Shown, *, form: str) -> Response:
    """A release in the form that ``Accept`` asks for, at the address of its page."""
    told = EXPORTS[form]
    text = export(describe(hub_of(request), shown, origin=origin_of(request)), form)
    headers = {"Vary": "Accept, Authorization, Cookie", "Link": links(request, shown)}
    return Response(text, media_type=told.media_type, headers=headers)


def links(request: Request, shown: Shown) -> str:
    """Signposting (typed links) of a release's page, for an HTTP ``Link`` header.

    References
    ----------
    Van de Sompel & Nelson 2015, https://signposting.org/FAIR/.
    """
    one = describe(hub_of(request), shown, origin=origin_of(request))
    api = f"{origin_of(request)}/api/v1/datasets/{shown.release.dataset}/releases/{shown.release.version}"
    cite = f"https://doi.org/{one.doi}" if one.doi else f"{origin_of(request)}/{one.ark}"
    found = [
        f'<{cite}>; rel="cite-as"',
        '<https://schema.org/Dataset>; rel="type"',
        '<https://schema.org/AboutPage>; rel="type"',
    ]
    found += [f'<{one.licence}>; rel="license"'] if one.licence.startswith("http") else []
    found += [
        f'<{api}/metadata/{name}>; rel="describedby"; type="{told.media_type}"; profile="{told.profile}"'
        for name, told in EXPORTS.items()
    ]
    found += [
        f'<{one.file_url(asset.path)}>; rel="item"; type="{asset.media_type or "application/octet-stream"}"'
        for asset in shown.release.assets[:_ITEMS]
    ]
    return ", ".join(link for link in found if link.isascii())


@router.get("/datasets/{dataset}/releases/{version}/metadata/{form}", operation_id="certify_export",
            response_class=Response, responses={200: {"content": {one.media_type: {} for one in EXPORTS.values()}}})  # fmt: skip
def metadata(
    request: Request, hub: HubHere, viewer: Viewer, dataset: Id, version: Version,
    form: Annotated[Form, Path(description="In which form.")],
) -> Response:  # fmt: skip
    """A release in one of the forms that machines read: Croissant, DCAT, DataCite, RO-Crate, openMINDS, CITATION.cff."""
    return negotiated(request, shown_in(hub, dataset, version=version, viewer=viewer), form=form)


@router.get("/datasets/{dataset}/releases/{version}/fair", operation_id="certify_assess")
def fair(request: Request, hub: HubHere, viewer: Viewer, dataset: Id, version: Version) -> dict[str, Any]:
    """How FAIR a release is, metric by metric, with what to do for each point that is missing."""
    shown = shown_in(hub, dataset, version=version, viewer=viewer)
    return tagged(request, certified(request, shown, viewer=viewer).to_dict())  # type: ignore[return-value]


@feeds.get("/badges/criteria")
def criteria() -> dict[str, Any]:
    """What each level of a badge takes."""
    return {"levels": [{"name": level.name, "criteria": level.criteria} for level in LEVELS]}


@feeds.get("/badges/status")
def status(request: Request, hub: HubHere) -> Response:
    """The signed list of revoked badges."""
    listed = list_status(hub, url=f"{origin_of(request)}/badges/status", now=datetime.now(UTC))
    return JSONResponse(listed, media_type="application/vc")


@feeds.get("/badges/{dataset}/{version}.json")
def badge(hub: HubHere, viewer: Viewer, dataset: str, version: str) -> Response:
    """The badge of a release, as it was issued; 410 once it is revoked."""
    found = _issued(hub, dataset, version=version, viewer=viewer)
    if void(hub, str(found["release"])):
        raise HTTPException(410, _REVOKED)
    return JSONResponse(signed(hub, found), media_type="application/vc")


@feeds.get("/badges/{dataset}/{version}.svg")
def picture(hub: HubHere, viewer: Viewer, dataset: str, version: str) -> Response:
    """The badge as a picture, for READMEs; grey once it is revoked."""
    found = _issued(hub, dataset, version=version, viewer=viewer)
    score = float(found["document"]["evidence"][0]["narrative"].partition("(")[2].partition(" ")[0])
    image = svg(tuple(found["levels"]), score=score, valid=not void(hub, str(found["release"])))
    return Response(image, media_type="image/svg+xml", headers={"Cache-Control": "max-age=300"})


def _issued(hub: Hub, dataset: str, *, version: str, viewer: str) -> Mapping[str, Any]:
    shown = shown_in(hub, dataset, version=version, viewer=viewer)
    if (found := issued(hub, shown.release.id)) is None:
        raise NotFound("No badge was issued for this release; its owner can: commissure certify badge.")
    return found


@feeds.get("/catalog")
def catalog(
    request: Request, hub: HubHere, cursor: Annotated[str | None, Query(max_length=2000)] = None
) -> Response:
    """The hub's catalogue in DCAT, page by page: Turtle, RDF/XML, N-Triples or JSON-LD, as ``Accept`` asks."""
    accepted = request.headers.get("accept", "")
    form = next((name for name, kind in FORMATS.items() if kind in accepted), "turtle")
    url = f"{origin_of(request)}/catalog"
    document = dcat_page(hub, url=url, origin=origin_of(request), cursor=cursor)
    return Response(convert(document, form), media_type=FORMATS[form], headers={"Vary": "Accept"})


@feeds.get("/oai")
@feeds.post("/oai")
async def harvest(request: Request, hub: HubHere) -> Response:
    """OAI-PMH 2.0."""
    pairs = parse_qsl(request.url.query) + parse_qsl(await _body(request))
    asked = dict(pairs) if len(dict(pairs)) == len(pairs) else {"verb": ""}
    here = origin_of(request)
    text = await run_in_threadpool(
        answer_oai, hub, asked, url=f"{here}/oai", origin=here, now=datetime.now(UTC)
    )
    return Response(text, media_type="text/xml")


@feeds.get("/sparql")
def sparql(hub: HubHere, query: Annotated[str, Query(max_length=20_000)] = "") -> Response:
    """SPARQL over the public catalogue, at most five seconds a query."""
    if not _AT_ONCE.acquire(timeout=_WAIT_S):
        raise HTTPException(
            503, "Too many queries at once; ask again in a few seconds.", {"Retry-After": "5"}
        )
    try:
        kind, data = ask(hub, query)
    finally:
        _AT_ONCE.release()
    return Response(data, media_type=kind)


@feeds.post("/sparql")
async def sparql_posted(request: Request, hub: HubHere) -> Response:
    """The same, with the query in the body, as it is or as a form's field."""
    text = await _body(request)
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        text = dict(parse_qsl(text)).get("query", "")
    return await run_in_threadpool(sparql, hub, text)


@feeds.get("/ark:{name:path}")
def ark(request: Request, hub: HubHere, name: str) -> Response:
    """From an ARK to the page of its release."""
    dataset, _, version = resolve(hub, name.rstrip("/")).partition("@")
    return RedirectResponse(f"{origin_of(request)}/datasets/{dataset}/{version}", 302)


async def _body(request: Request) -> str:
    data = b""
    async for block in request.stream():
        data += block
        if len(data) > _BODY:
            raise BadInput(f"A query has at most {_BODY} bytes; this is longer.")
    return data.decode("utf-8", "replace")

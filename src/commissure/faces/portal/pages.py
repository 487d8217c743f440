"""The portal's pages: each parses, calls one workflow, and draws."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from commissure.certify.exports import wanted
from commissure.errors import BadInput
from commissure.faces import shapes
from commissure.faces.http.auth import COOKIE, hub_of, page_viewer, person_of
from commissure.faces.http.catalogue import sent, shown_in
from commissure.faces.http.certify import certified, links, negotiated, origin_of
from commissure.faces.http.docs import routes
from commissure.faces.http.govern import verified
from commissure.faces.http.work import ENDED, follow, job_of
from commissure.faces.portal import alike, budget, certificate, views
from commissure.faces.portal.draw import Pages
from commissure.store import port
from commissure.workflows import browse
from commissure.workflows.peers import peers
from commissure.workflows.search import search as search_workflow
from commissure.workflows.search_everywhere import search_everywhere

__all__ = ["problem", "router"]

router = APIRouter()
_A_MONTH_S = 30 * 86_400
_ON_A_PAGE = 20
_BODY = 4096


def _draw(request: Request, template: str, values: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    pages: Pages = request.app.state.pages
    return pages.draw(request, template, status=status, values=values)


def problem(request: Request, found: dict[str, Any]) -> Response:
    """A problem object as a page."""
    return _draw(request, "problem.html", {"problem": found}, status=found["status"])


@router.get("/")
def home(request: Request) -> Response:
    """The first page: search, the newest datasets, and ways to browse."""
    query = port.Query(viewer=page_viewer(request))
    found = shapes.listing(browse.datasets(hub_of(request), query, limit=6))
    groups = views.facet_groups(found["facets"], address="/datasets", chosen={}, extra={})
    return _draw(request, "home.html", views.listing(found) | {"groups": groups})


@router.get("/datasets")
def datasets(
    request: Request,
    q: Annotated[str, Query(max_length=2000)] = "",
    sort: Annotated[str, Query(pattern="^(newest|title)$")] = "newest",
    after: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """The catalogue with facets; a page begins where the one before ended."""
    chosen = views.chosen_in(parse_qs(request.url.query))
    query = port.Query(words=q.strip(), facets=dict(chosen), sort=sort, viewer=page_viewer(request))
    found = shapes.listing(browse.datasets(hub_of(request), query, cursor=after, limit=_ON_A_PAGE))
    return _draw(
        request, "datasets.html", views.catalogue(found, words=q, sort=sort, chosen=chosen, after=after)
    )


@router.get("/datasets/{dataset}")
def latest(request: Request, dataset: str) -> Response:
    """The newest release of a dataset."""
    return release(request, dataset, "latest")


@router.get("/datasets/{dataset}/{version}")
def release(request: Request, dataset: str, version: str) -> Response:
    """One release: what, who, quality, files, provenance, how to get and to cite it."""
    viewer = page_viewer(request)
    shown = shown_in(hub_of(request), dataset, version=version, viewer=viewer)
    if form := wanted(request.headers.get("accept", "")):
        return negotiated(request, shown, form=form)
    values = views.release(shown, origin=origin_of(request), viewer=viewer)
    found = certified(request, shown, viewer=viewer)
    values |= certificate.panel(hub_of(request), found)
    values |= alike.panel(hub_of(request), dataset, viewer=viewer)
    values |= budget.panel(hub_of(request), dataset)
    response = _draw(request, "release.html", values)
    response.headers["Link"] = links(request, shown)
    response.headers["Vary"] = "Accept, Cookie"
    return response


@router.get("/partners/{dataset}")
def partners(
    request: Request,
    dataset: str,
    effect: Annotated[float, Query(ge=0.05, le=5)] = 0.5,
    power: Annotated[float, Query(ge=0.05, le=0.95)] = 0.8,
) -> Response:
    """Who could replicate a dataset's study, with the grounds of each rank and a letter to each."""
    viewer = page_viewer(request)
    values = alike.partners_page(hub_of(request), dataset, viewer=viewer, effect=effect, power=power)
    return _draw(request, "partners.html", values)


@router.get("/datasets/{dataset}/{version}/files/{path:path}")
def file(
    request: Request, dataset: str, version: str, path: str, preview: Annotated[bool, Query()] = False
) -> Response:
    """The bytes of one file, or a look at its beginning."""
    hub, viewer = hub_of(request), page_viewer(request)
    shown = shown_in(hub, dataset, version=version, viewer=viewer)
    if not preview:
        return sent(request, shown, hub=hub, path=path, viewer=viewer)
    return _draw(
        request, "preview.html", views.preview(hub, shown, path=path, viewer=viewer, now=datetime.now(UTC))
    )


@router.get("/search")
def search(
    request: Request,
    q: Annotated[str, Query(max_length=10_000)] = "",
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """Search by meaning; each result says what of the question it meets, and what not."""
    chosen = views.chosen_in(parse_qs(request.url.query))
    if not q.strip():
        return _draw(request, "search.html", views.found({}, words="", offset=0, chosen=chosen))
    others = len(peers(hub_of(request)))
    viewer = page_viewer(request)
    told = search_workflow(
        hub_of(request), q, limit=_ON_A_PAGE, offset=offset, filters=chosen, viewer=viewer
    ).to_dict()
    return _draw(
        request, "search.html", views.found(told, words=q, offset=offset, chosen=chosen) | {"others": others}
    )


@router.get("/search/everywhere")
def everywhere(request: Request, q: Annotated[str, Query(max_length=10_000)] = "") -> Response:
    """The same question to this hub, its peers and archives; none of them holds the page."""
    hub, viewer = hub_of(request), page_viewer(request)
    known = [one.name for one in peers(hub)]
    told = search_everywhere(hub, q, limit=_ON_A_PAGE, viewer=viewer).to_dict() if q.strip() else {}
    return _draw(request, "everywhere.html", views.everywhere(told, words=q, peers=known))


@router.get("/audit")
def audit_page(request: Request) -> Response:
    """Whether the ledger is whole."""
    return _draw(request, "audit.html", {"audit": verified(request)})


@router.get("/jobs")
def jobs(request: Request) -> Response:
    """The jobs of whoever is signed in."""
    viewer = page_viewer(request)
    found = hub_of(request).records.jobs.find(by=viewer) if viewer else ()
    return _draw(request, "jobs.html", {"jobs": [shapes.job(item) for item in found]})


@router.get("/jobs/{id}")
def job(request: Request, id: str) -> Response:
    """How a job stands; it moves by itself, or by refresh where there is no JavaScript."""
    found = job_of(hub_of(request), id, viewer=page_viewer(request))
    made = (found.result or {}).get("release")
    url = f"/datasets/{quote(made['id'])}/{quote(made['version'])}" if isinstance(made, dict) else ""
    return _draw(
        request, "job.html", {"job": shapes.job(found), "ended": found.state in ENDED, "release_url": url}
    )


@router.get("/jobs/{id}/events")
def job_events(request: Request, id: str) -> Response:
    """The job as server-sent events, for its page."""
    hub = hub_of(request)
    found = job_of(hub, id, viewer=page_viewer(request))
    return StreamingResponse(follow(hub, found.id), media_type="text/event-stream")


@router.get("/api")
def api(request: Request) -> Response:
    """The API's own page."""
    return _draw(request, "api.html", {"routes": routes(request.app.openapi())})


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """Where a token is pasted."""
    return _draw(request, "sign_in.html", {"wrong": ""})


@router.post("/sign-in")
async def signed_in(request: Request) -> Response:
    """Take the token into a cookie that no script and no other site can use."""
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > _BODY:
            raise BadInput("A token has 43 letters; this is longer.")
    token = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
    try:
        person_of(hub_of(request), token)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a token, the page asks again
        values = {"wrong": getattr(error, "detail", "This token cannot be used.")}
        return _draw(request, "sign_in.html", values, status=401)
    response = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=_A_MONTH_S, httponly=True, samesite="strict", secure=secure)
    return response


@router.get("/sign-out")
def sign_out() -> Response:
    """Forget the cookie."""
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE)
    return response

"""The DANDI dialect: the routes that the ``dandi`` command and its Python client ask, answered from this hub.

``dandi download http://HUB/dandiset/000001`` works unchanged. A dataset is a dandiset by its number; a private one
answers 401 to nobody in particular, so that the client asks for its key (a token of this hub).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from commissure.errors import NotFound
from commissure.faces.http.auth import HubHere, hub_of, person_of
from commissure.faces.http.ranges import send
from commissure.hub import Hub
from commissure.model import Asset, Person, Release
from commissure.store import numbers, port
from commissure.translate import archive_dandi as dialect
from commissure.workflows import browse
from commissure.workflows.access import open_asset

__all__ = ["DandiViewer", "api_of", "router", "shown_of"]

router = APIRouter(prefix="/api", include_in_schema=False)
_PAGE, _MOST = 100, 1000
_OLDEST_CLIENT = "0.60.0"
_DRAFT = "draft"
_EARLIER = ["0.6.3", "0.6.4", "0.6.5", "0.6.6", "0.6.7", "0.6.8", "0.6.9", "0.6.10", "0.7.0", dialect.SCHEMA]
_ETAGS: dict[str, str] = {}
_MOST_ETAGS = 100_000


def _viewer(request: Request, authorization: Annotated[str | None, Header()] = None) -> str:
    if not authorization:
        return ""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in {"token", "bearer"}:
        raise HTTPException(401, "Say who you are as: Authorization: token TOKEN.")
    return person_of(hub_of(request), token.strip())


#: who looks, by DANDI's way to say it (``Authorization: token …``)
DandiViewer = Annotated[str, Depends(_viewer)]


def api_of(request: Request) -> str:
    """The address of the API as the client sees it."""
    return f"{str(request.base_url).rstrip('/')}/api"


def shown_of(hub: Hub, number: str, *, version: str, viewer: str) -> browse.Shown:
    """The release that DANDI calls ``number/version``; ``draft`` is the latest.

    Raises
    ------
    HTTPException
        401 if it is private and nobody said who asks.
    NotFound
        If there is none that the viewer may see, or it was withdrawn.
    """
    if not re.fullmatch(r"\d{6}", number):
        raise NotFound(f"A dandiset's id is six digits; got {number!r}.")
    name = numbers.dataset_numbered(hub.records.database, int(number))
    reference = name if version in {"", _DRAFT} else f"{name}@{version}"
    try:
        shown = browse.show(hub, reference, viewer=viewer, now=datetime.now(UTC))
    except NotFound:
        if not viewer and not hub.records.releases.dataset(name).public:
            raise HTTPException(401, "This dandiset needs a key.", {"WWW-Authenticate": "token"}) from None
        raise
    if shown.release.withdrawn:
        raise NotFound(f"Dandiset {number} was withdrawn.")
    return shown


@router.get("/info/")
def info(request: Request) -> dict[str, Any]:
    """What the client asks first: where things are, and which clients fit."""
    origin = str(request.base_url).rstrip("/")
    return {
        "schema_version": dialect.SCHEMA,
        "schema_url": f"https://raw.githubusercontent.com/dandi/schema/master/releases/{dialect.SCHEMA}/dandiset.json",
        "allowed_schema_versions": _EARLIER,
        "version": request.app.version,
        "cli-minimal-version": _OLDEST_CLIENT,
        "cli-bad-versions": [],
        "services": {"api": {"url": f"{origin}/api"}, "webui": {"url": origin}},
    }


@router.get("/auth/token/")
def token_stands(viewer: DandiViewer) -> dict[str, bool]:
    """Whether the key stands for somebody."""
    if not viewer:
        raise HTTPException(401, "This needs a key: Authorization: token TOKEN.")
    return {"ok": True}


@router.get("/users/me/")
def who(viewer: DandiViewer) -> dict[str, Any]:
    """Who asks."""
    if not viewer:
        raise HTTPException(401, "This needs a key: Authorization: token TOKEN.")
    return {"username": viewer, "name": viewer, "admin": False, "status": "APPROVED"}


@router.get("/dandisets/")
def dandisets(
    request: Request, hub: HubHere, viewer: DandiViewer, search: Annotated[str, Query(max_length=300)] = "",
    cursor: str | None = None, page_size: Annotated[int, Query(ge=1, le=200)] = _PAGE,
) -> dict[str, Any]:  # fmt: skip
    """The dandisets, the newest first; followed by ``next``."""
    asked = port.Query(words=search, viewer=viewer)
    page = hub.records.catalogue.page(asked, cursor=cursor, limit=page_size)
    following = request.url.include_query_params(cursor=page.next, page_size=page_size)
    found = [_card(hub, card) for card in page.cards]
    return {
        "count": page.total,
        "next": str(following) if page.next else None,
        "previous": None,
        "results": found,
    }


def _card(hub: Hub, card: port.Card) -> dict[str, Any]:
    base = {"name": card.dataset.title or card.dataset.id, "asset_count": card.files, "size": card.bytes,
            "active_uploads": 0, "created": card.released, "modified": card.released}  # fmt: skip
    return _dandiset(
        number=f"{numbers.dataset_number(hub.records.database, card.dataset.id):06d}",
        card={"created": card.dataset.created or card.released, "owner": card.dataset.owner},
        public=card.dataset.public,
        published={"version": card.version, "status": "Published", **base},
        draft={"version": _DRAFT, "status": "Valid", **base},
    )


def _dandiset(
    *, number: str, card: dict[str, str], public: bool, published: dict[str, Any], draft: dict[str, Any]
) -> dict[str, Any]:
    return {
        "identifier": number,
        "created": card["created"],
        "modified": published["modified"],
        "contact_person": card["owner"],
        "embargo_status": "OPEN" if public else "EMBARGOED",
        "star_count": 0,
        "is_starred": False,
        "most_recent_published_version": published,
        "draft_version": draft,
    }


@router.get("/dandisets/{number}/")
def dandiset(hub: HubHere, viewer: DandiViewer, number: str) -> dict[str, Any]:
    """One dandiset with its newest version."""
    shown = shown_of(hub, number, version="", viewer=viewer)
    told = {"created": shown.dataset.created or shown.release.created, "owner": shown.dataset.owner}
    return _dandiset(
        number=number, card=told, public=shown.release.public,
        published=dialect.version_record(shown.release),
        draft=dialect.version_record(shown.release, version=_DRAFT),
    )  # fmt: skip


@router.get("/dandisets/{number}/versions/")
def versions(hub: HubHere, viewer: DandiViewer, number: str) -> dict[str, Any]:
    """Every version, the newest first."""
    shown = shown_of(hub, number, version="", viewer=viewer)
    found = [hub.records.releases.get(shown.dataset.id, version) for version in shown.versions]
    told = [dialect.version_record(release) for release in found if not release.withdrawn]
    return {"count": len(told), "next": None, "previous": None, "results": told}


@router.get("/dandisets/{number}/versions/{version}/")
def version_metadata(
    request: Request, hub: HubHere, viewer: DandiViewer, number: str, version: str
) -> dict[str, Any]:
    """The metadata of a version, as ``dandiset.yaml`` holds it."""
    shown = shown_of(hub, number, version=version, viewer=viewer)
    return dialect.dandiset_record(
        shown.dataset, shown.release, number=int(number), api=api_of(request), version=version
    )


@router.get("/dandisets/{number}/versions/{version}/info/")
def version_info(
    request: Request, hub: HubHere, viewer: DandiViewer, number: str, version: str
) -> dict[str, Any]:
    """A version with its metadata and what validation said of it."""
    shown = shown_of(hub, number, version=version, viewer=viewer)
    told = dialect.version_record(shown.release, version=version)
    record = dialect.dandiset_record(
        shown.dataset, shown.release, number=int(number), api=api_of(request), version=version
    )
    return {**told, "asset_validation_errors": [], "version_validation_errors": [], "metadata": record}


@router.get("/dandisets/{number}/versions/{version}/assets/")
def assets(
    request: Request, hub: HubHere, viewer: DandiViewer, number: str, version: str,
    path: str = "", glob: str = "", order: str = "path",
    page: Annotated[int, Query(ge=1)] = 1, page_size: Annotated[int, Query(ge=1, le=_MOST)] = _PAGE,
) -> dict[str, Any]:  # fmt: skip
    """The files of a version, by the start of their path or by a pattern, in pages with their number."""
    release = shown_of(hub, number, version=version, viewer=viewer).release
    fits = _pattern(path, glob)
    found = [(place, asset) for place, asset in enumerate(release.assets) if fits(asset.path)]
    if order.startswith("-"):
        found.reverse()
    first = (page - 1) * page_size
    if first and first >= len(found):
        raise HTTPException(404, "Invalid page.")
    key = numbers.release_number(hub.records.database, release.dataset, version=release.version)
    rows = [
        dialect.asset_listing(
            asset, id=dialect.asset_id(key, place, sha256=asset.sha256), created=release.created
        )
        for place, asset in found[first : first + page_size]
    ]
    more = first + page_size < len(found)
    turn = request.url.include_query_params
    return {
        "count": len(found),
        "next": str(turn(page=page + 1)) if more else None,
        "previous": str(turn(page=page - 1)) if page > 1 else None,
        "results": rows,
    }


def _pattern(path: str, glob: str) -> Callable[[str], bool]:
    if glob:
        form = re.compile(re.escape(glob).replace(r"\*", ".*"), re.IGNORECASE)
        return lambda name: form.fullmatch(name) is not None
    return lambda name: name.startswith(path)


def _located(hub: Hub, id: str, viewer: str) -> tuple[Release, Asset]:
    number, place = dialect.asset_number(id)
    name, version = numbers.release_numbered(hub.records.database, number)
    key = f"{numbers.dataset_number(hub.records.database, name):06d}"
    release = shown_of(hub, key, version=version, viewer=viewer).release
    if (
        place >= len(release.assets)
        or dialect.asset_id(number, place, sha256=release.assets[place].sha256) != id
    ):
        raise NotFound(f"No asset has the id {id!r}.")
    return release, release.assets[place]


def _etag(hub: Hub, release: Release, asset: Asset, viewer: str) -> str:
    """The checksum, computed once a content and process; a Grant opens the bytes for it."""
    if asset.sha256 not in _ETAGS:
        if len(_ETAGS) >= _MOST_ETAGS:
            _ETAGS.clear()
        here = hub.acting_as(Person(viewer))
        with open_asset(here, release, asset=asset, now=datetime.now(UTC)) as file:
            _ETAGS[asset.sha256] = dialect.dandi_etag(file, asset.bytes)
    return _ETAGS[asset.sha256]


@router.get("/assets/{id}/")
@router.get("/dandisets/{number}/versions/{version}/assets/{id}/")
def asset_metadata(request: Request, hub: HubHere, viewer: DandiViewer, id: str) -> dict[str, Any]:
    """The metadata of a file, with its checksums."""
    release, asset = _located(hub, id, viewer)
    etag = _etag(hub, release, asset, viewer)
    return dialect.asset_record(asset, id=id, etag=etag, created=release.created, api=api_of(request))


@router.get("/assets/{id}/info/")
@router.get("/dandisets/{number}/versions/{version}/assets/{id}/info/")
def asset_info(request: Request, hub: HubHere, viewer: DandiViewer, id: str) -> dict[str, Any]:
    """A file as it is listed, with its metadata."""
    release, asset = _located(hub, id, viewer)
    told = dialect.asset_listing(asset, id=id, created=release.created)
    return {**told, "metadata": asset_metadata(request, hub, viewer, id)}


@router.head("/assets/{id}/download/")
@router.get("/assets/{id}/download/")
@router.head("/dandisets/{number}/versions/{version}/assets/{id}/download/")
@router.get("/dandisets/{number}/versions/{version}/assets/{id}/download/")
def asset_bytes(request: Request, hub: HubHere, viewer: DandiViewer, id: str) -> Response:
    """The bytes of a file, whole or by ``Range``; a Grant is needed unless the release is public."""
    release, asset = _located(hub, id, viewer)
    file = open_asset(hub.acting_as(Person(viewer)), release, asset=asset, now=datetime.now(UTC))
    return send(request, file, asset=asset)

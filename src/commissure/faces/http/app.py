"""The application: the API under ``/api/v1``, the portal beside it, over one hub."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from commissure.faces.http import (
    catalogue,
    certify,
    dandi,
    dandi_upload,
    govern,
    likeness,
    matlab,
    neurobagel,
    news,
    openneuro,
    peers,
    privacy,
    work,
)
from commissure.faces.http.answers import install
from commissure.faces.http.forms import FormPayload
from commissure.faces.http.schema import PROBLEMS, Problem
from commissure.faces.portal import pages
from commissure.faces.portal.draw import STATIC, Pages
from commissure.hub import Hub

__all__ = ["create_app"]

_ABOUT = """Everything the portal shows, as JSON. Reading what is public needs no token; all else takes
`Authorization: Bearer TOKEN`. Errors are problem objects (RFC 9457), lists are paged by cursor, answers bear an ETag."""


def create_app(hub: Hub, *, name: str = "commissure", close: bool = False) -> FastAPI:
    """The ASGI application over ``hub``.

    Parameters
    ----------
    hub : Hub
        The hub it serves, as its owner sees it.
    name : str
        What the portal is called.
    close : bool
        Whether to close the hub when the application ends.
    """

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        yield
        if close:
            hub.close()

    app = FastAPI(
        title="commissure", version=version("commissure"), description=_ABOUT, lifespan=living,
        openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None, responses=PROBLEMS,
    )  # fmt: skip
    app.state.hub = hub
    app.state.certified = {}
    app.state.pages = Pages(name=name, hub_path=hub.settings.hub)
    api = APIRouter(prefix="/api/v1")
    api.add_api_route("/health", _health, tags=["hub"], operation_id="health")
    for part in (catalogue, peers, certify, likeness, work, govern, privacy, matlab):
        api.include_router(part.router)
    app.include_router(api)
    for spoken in (dandi_upload, dandi, openneuro, neurobagel):
        app.include_router(spoken.router)
    app.include_router(certify.feeds, include_in_schema=False)
    app.include_router(news.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    install(app, draw=pages.problem)
    app.add_middleware(FormPayload)
    document = app.openapi
    app.openapi = lambda: _with_problem(document())  # type: ignore[method-assign]
    return app


def _health() -> Response:
    """Whether the hub answers."""
    return JSONResponse({"status": "ok", "version": version("commissure")})


def _with_problem(document: dict[str, object]) -> dict[str, object]:
    components = document.setdefault("components", {})
    if isinstance(components, dict):
        components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{}, {"token": []}]
    return document

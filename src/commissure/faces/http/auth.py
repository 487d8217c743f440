"""Who asks: a bearer token for programs, the same token in a cookie for pages, or nobody.

Only a token's SHA-256 is kept, in the hub's records. A page's cookie is HttpOnly and SameSite=Strict, and the API
takes no cookie, so that no other site can act through a person's browser.
"""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.exceptions import HTTPException

from commissure.errors import NotFound
from commissure.hub import Hub
from commissure.model import Person

__all__ = ["COOKIE", "Caller", "HubHere", "Viewer", "hub_of", "issue", "page_viewer", "person_of"]

COOKIE = "commissure"
_BYTES = 32


def issue(hub: Hub, person: str, *, now: datetime | None = None) -> str:
    """A new token that stands for ``person``, who is made known to the hub if they are not.

    The token itself is returned once and never kept.
    """
    try:
        hub.records.people.get(person)
    except NotFound:
        hub.records.people.put(Person(person))
    token = secrets.token_urlsafe(_BYTES)
    hub.records.people.add_token(person, token, now=(now or datetime.now(UTC)).isoformat())
    return token


def person_of(hub: Hub, token: str) -> str:
    """The id of the Person that ``token`` stands for; 401 if it stands for nobody."""
    try:
        return hub.records.people.by_token(token).id
    except NotFound as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": "Bearer"}) from error


def hub_of(request: Request) -> Hub:
    """The hub that the application serves."""
    hub: Hub = request.app.state.hub
    return hub


def _viewer(
    request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None
) -> str:
    if not authorization:
        return ""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HTTPException(
            401, "Say who you are as: Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"}
        )
    return person_of(hub_of(request), token.strip())


def _caller(viewer: Annotated[str, Depends(_viewer)]) -> str:
    if not viewer:
        raise HTTPException(
            401, "This needs a token: Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"}
        )
    return viewer


def page_viewer(request: Request) -> str:
    """Whom a page's cookie stands for; nobody if there is none, or it is old."""
    token = request.cookies.get(COOKIE, "")
    try:
        return person_of(hub_of(request), token) if token else ""
    except HTTPException:
        return ""


HubHere = Annotated[Hub, Depends(hub_of)]
#: who looks, by id; empty for anybody
Viewer = Annotated[str, Depends(_viewer)]
#: who acts; a token is needed
Caller = Annotated[str, Depends(_caller)]

"""Atom feeds: ``/feed.atom`` of the newest releases, ``/search.atom?q=…`` of the newest answers to a question."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from commissure.certify.atom import MEDIA_TYPE
from commissure.faces.http.auth import HubHere
from commissure.faces.http.certify import origin_of
from commissure.workflows.news import answers_feed, newest_feed

__all__ = ["router"]

router = APIRouter()


@router.get("/feed.atom")
def newest(request: Request, hub: HubHere) -> Response:
    """The newest public releases."""
    return _told(request, newest_feed(hub, origin=origin_of(request), now=datetime.now(UTC)))


@router.get("/search.atom")
def answers(request: Request, hub: HubHere, q: Annotated[str, Query(max_length=10_000)] = "") -> Response:
    """What answers a question, the newest first; only what everybody may find."""
    return _told(request, answers_feed(hub, q, origin=origin_of(request), now=datetime.now(UTC)))


def _told(request: Request, feed: bytes) -> Response:
    """The feed, or 304 to a reader that has it."""
    tag = f'"{hashlib.sha256(feed).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "max-age=300"}
    if request.headers.get("if-none-match", "") == tag:
        return Response(status_code=304, headers=headers)
    return Response(feed, media_type=MEDIA_TYPE, headers=headers)

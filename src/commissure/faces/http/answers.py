"""How the API answers: problems mapped once, tags so that nothing is sent twice, and headers that keep a page safe."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from commissure.errors import BadInput, CommissureError
from commissure.faces.problems import problem_of

__all__ = ["install", "problem", "tagged"]

_TITLES = {400: "The request cannot be read", 401: "Who are you?", 403: "No Grant covers this use",
           404: "Nothing is known under that name", 405: "This address does not take that method",
           406: "No such representation", 413: "Too large", 416: "No such range"}  # fmt: skip
_PLAIN = {
    "Not Found": "There is nothing at this address.",
    "Method Not Allowed": "Look at /api for what it takes.",
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
Draw = Callable[[Request, dict[str, Any]], Response]


def problem(status: int, detail: str, *, instance: str = "") -> dict[str, Any]:
    """A problem object for what the web itself refuses."""
    title = _TITLES.get(status, "The request was refused")
    told = {
        "type": f"urn:commissure:problem:http-{status}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    return told | ({"instance": instance} if instance else {})


def tagged(request: Request, content: Any, *, media_type: str = "application/json") -> Response:
    """``content`` as JSON with an ETag; 304 without a body if the client holds it already."""
    body = json.dumps(content, ensure_ascii=False, default=str).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept, Authorization, Cookie"}
    asked = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def install(app: FastAPI, *, draw: Draw) -> None:
    """Give ``app`` the one mapping of errors, and the headers of every answer.

    Parameters
    ----------
    app : FastAPI
        The application.
    draw : callable
        Draws a problem as a page, for a person's browser.
    """

    def told(request: Request, found: dict[str, Any], *, headers: dict[str, str] | None = None) -> Response:
        html = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
        if html:
            return draw(request, found)
        headers = HEADERS | (headers or {})
        return JSONResponse(found, found["status"], headers, media_type="application/problem+json")

    async def refused(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 500)
        detail = str(getattr(error, "detail", ""))
        detail = _PLAIN.get(detail, detail)
        found = problem(status, detail, instance=quote(request.url.path))
        return told(request, found, headers=getattr(error, "headers", None))

    async def malformed(request: Request, error: Exception) -> Response:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": ""}
        where = ".".join(str(part) for part in first["loc"] if part not in {"body", "query", "path"})
        found = problem_of(
            BadInput(f"{where or 'The request'}: {first['msg']}."), instance=quote(request.url.path)
        )
        return told(request, found)

    async def failed(request: Request, error: Exception) -> Response:
        return told(request, problem_of(error, instance=quote(request.url.path)))

    @app.middleware("http")
    async def guard(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(CommissureError, failed)
    app.add_exception_handler(Exception, failed)

"""JSON in a form field: Octave's ``webwrite`` cannot send a body of its own, so it sends ``payload=`` and we unwrap it.

Only the API is so lenient: it takes no cookie, so that a form on another site cannot act for a person.
"""

from typing import Any
from urllib.parse import parse_qs

__all__ = ["FormPayload"]

_FORM = b"application/x-www-form-urlencoded"
_MOST = 2**20


class FormPayload:
    """ASGI middleware: under ``prefix``, the form field ``payload`` takes the place of the body.

    Parameters
    ----------
    app : ASGI application
        What is wrapped.
    prefix : str
        Where it applies.
    """

    def __init__(self, app: Any, *, prefix: str = "/api/") -> None:
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Handle one connection."""
        headers = dict(scope.get("headers", ()))
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if scope["type"] != "http" or kind != _FORM or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=64).get("payload") if body else None
        if found:
            body = found[0].encode()
            kept = [(k, v) for k, v in scope["headers"] if k not in (b"content-type", b"content-length")]
            told = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            scope = {**scope, "headers": [*kept, *told]}
        sent = False

        async def again() -> Any:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body or b"", "more_body": False}

        await self._app(scope, again, send)


async def _whole(receive: Any) -> bytes | None:
    """The body; None where it is larger than any form that we take."""
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > _MOST:
            return None
        if not message.get("more_body"):
            return b"".join(parts)

"""The wire: one HTTP call, its answer or the error that the hub meant."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from commissure.errors import (
    Ambiguous,
    BadInput,
    CommissureError,
    Conflict,
    Fault,
    MissingExtra,
    NotFound,
    NotPermitted,
)
from commissure.extras import need

__all__ = ["Wire"]

_BY_SLUG: dict[str, type[CommissureError]] = {
    "ambiguous": Ambiguous,
    "bad-input": BadInput,
    "conflict": Conflict,
    "missing-extra": MissingExtra,
    "not-found": NotFound,
    "not-permitted": NotPermitted,
}
_BY_STATUS: dict[int, type[CommissureError]] = {
    400: BadInput, 401: NotPermitted, 403: NotPermitted, 404: NotFound, 409: Conflict, 413: BadInput, 422: BadInput,
    501: MissingExtra,
}  # fmt: skip
_REFUSED = 400


class Wire:
    """Calls to one hub.

    Parameters
    ----------
    url : str
        The hub's address (``https://hub.example.org``).
    token : str
        Who calls; empty for anybody.
    timeout_s : float
        How long to wait for an answer to begin.
    transport : httpx.BaseTransport, optional
        How calls travel; the network by default.
    """

    def __init__(self, url: str, *, token: str = "", timeout_s: float = 30.0, transport: Any = None) -> None:
        httpx = need("httpx", purpose="Calling a hub")
        if not re.match(r"https?://[^/]+", url):
            raise BadInput(f"A hub's address begins with http:// or https://; got {url!r}.")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = url.rstrip("/") + "/api/v1/"
        self._errors = httpx.HTTPError
        self._client = httpx.Client(base_url=base, headers=headers, timeout=timeout_s, transport=transport)

    def json(self, method: str, path: str, **parts: Any) -> Any:
        """The answer as JSON values; an error of :mod:`commissure.errors` if the hub refuses or cannot be reached."""
        with self._clear_errors():
            response = self._client.request(method, path, **parts)
            self._check(response)
            return response.json()

    def blocks(self, path: str, *, params: Mapping[str, str], start: int = 0) -> Iterator[bytes]:
        """The bytes at ``path`` from ``start`` on."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        with (
            self._clear_errors(),
            self._client.stream("GET", path, params=dict(params), headers=headers) as response,
        ):
            if response.status_code >= _REFUSED:
                response.read()
            self._check(response)
            yield from response.iter_raw()

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise Fault(f"The hub cannot be reached ({type(error).__name__}); check its address.") from error
        except ValueError as error:
            if isinstance(error, CommissureError):
                raise
            raise Fault("The hub's answer is not JSON; is this the address of a commissure hub?") from error

    @staticmethod
    def _check(response: Any) -> None:
        if response.status_code < _REFUSED:
            return
        try:
            told = response.json()
        except ValueError:
            told = {}
        told = told if isinstance(told, dict) else {}
        slug = str(told.get("type", "")).rpartition(":")[2]
        kind = _BY_SLUG.get(slug) or _BY_STATUS.get(response.status_code, Fault)
        raise kind(str(told.get("detail") or f"The hub answered {response.status_code}."))

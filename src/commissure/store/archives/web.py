"""JSON over HTTP from archives that may be slow, busy, broken or wrong: retries with back-off, and clear errors."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from commissure.errors import BadInput, Fault, NotFound, NotPermitted
from commissure.extras import need

__all__ = ["Late", "Web"]

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 30.0
_MOST_BYTES = 64 * 2**20


class Late(Fault):
    """What was asked took longer than it may."""


class Web:
    """Where one archive is, and how patient to be with it.

    Parameters
    ----------
    base : str
        The address of its API.
    name : str
        What messages call it.
    token : str
        Sent as a bearer token, if there is one.
    timeout_s : float
        How long one answer may take.
    tries : int
        How often one question is put before giving up.
    sleep : callable
        Waits for so many seconds.
    within_s : float
        How long all that is asked of it may take together; for ever by default.
    """

    def __init__(
        self,
        base: str,
        *,
        name: str,
        token: str = "",
        timeout_s: float = 20.0,
        tries: int = 4,
        sleep: Callable[[float], None],
        within_s: float = float("inf"),
    ) -> None:
        self.base, self.name = base.rstrip("/"), name
        self._tries, self._sleep = tries, sleep
        self._until, self._timeout_s = time.monotonic() + within_s, timeout_s
        self._httpx = need("httpx", purpose="Asking an archive")
        headers = {"Accept": "application/json", "User-Agent": "commissure"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = self._httpx.Client(
            timeout=timeout_s, headers=headers, follow_redirects=True, event_hooks={"response": [self._stays]}
        )

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The JSON at ``path`` (or at a whole address, if it is the archive's own); errors as for :meth:`post`."""
        kept = {key: value for key, value in (parameters or {}).items() if value not in (None, "")}
        return self._ask("GET", path, params=kept or None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that answers ``body``.

        Raises
        ------
        BadInput
            If the archive refuses the question.
        NotFound, NotPermitted
            If there is nothing at that address, or a token is needed.
        Fault
            If it cannot be reached, stays busy, or answers with something else than JSON.
        """
        return self._ask("POST", path, json=body)

    def _address(self, path: str) -> str:
        if not path.startswith(("http://", "https://")):
            return f"{self.base}/{path.lstrip('/')}"
        self._same_host(self._httpx.URL(path))
        return path

    def _stays(self, answer: Any) -> None:
        """Refuse a redirection that leads away: a source must not choose whom else we ask."""
        if answer.has_redirect_location:
            self._same_host(answer.url.join(answer.headers["location"]))

    def _same_host(self, url: Any) -> None:
        if url.host != self._httpx.URL(self.base).host:
            raise Fault(f"{self.name} sends us to another host; it is not followed.")

    def _left_s(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise Late(f"{self.name} did not answer in time.")
        return left

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        address, wait_s, last = self._address(path), 0.5, ""
        for attempt in range(self._tries):
            patience_s = min(self._timeout_s, self._left_s())
            try:
                with self._client.stream(method, address, timeout=patience_s, **sent) as answer:
                    if answer.status_code not in _AGAIN:
                        return self._read(answer)
                    last = f"status {answer.status_code}"
                    wait_s = _wait(answer.headers.get("retry-after", ""), wait_s)
            except self._httpx.TimeoutException:
                last = "no answer in time"
            except self._httpx.HTTPError as error:
                last = f"no connection ({type(error).__name__})"
            if attempt + 1 < self._tries:
                if wait_s >= self._left_s():
                    raise Late(f"{self.name} does not answer: {last}; there is no time to ask again.")
                self._sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        raise Fault(f"{self.name} does not answer: {last}, {self._tries} times; try again later.")

    def _read(self, answer: Any) -> Any:
        status, body = answer.status_code, bytearray()
        for block in answer.iter_bytes():
            body += block
            self._left_s()
            if len(body) > _MOST_BYTES:
                raise Fault(f"{self.name} sent more than {_MOST_BYTES} bytes for one question; ask for less.")
        if status in {401, 403}:
            raise NotPermitted(f"{self.name} wants a token for this (status {status}).")
        if status in {404, 410}:
            raise NotFound(f"{self.name} has nothing at this address (status {status}).")
        if status >= 400:
            raise BadInput(f"{self.name} refuses the question (status {status}): {_told(bytes(body))}")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            what = "an HTML page" if body.lstrip()[:1] == b"<" else "something"
            raise Fault(
                f"{self.name} answered with {what} in place of JSON (status {status}); try again later."
            ) from error


def _wait(header: str, before_s: float) -> float:
    try:
        return min(max(float(header), 0.0), _LONGEST_WAIT_S)
    except ValueError:
        return before_s


def _told(body: bytes) -> str:
    text = " ".join(body[:400].decode("utf-8", "replace").split())
    return "no reason given." if not text or text.startswith("<") else text[:200]

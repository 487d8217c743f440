"""A double of DataCite's REST API on loopback, for tests of DOIs: it checks, keeps and answers as the real one does."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Double", "datacite_double"]


class Double(ThreadingHTTPServer):
    """The server: ``url`` is its address, ``dois`` what was registered, with its state."""

    def __init__(self, *, account: str, password: str, prefix: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.expected = "Basic " + base64.b64encode(f"{account}:{password}".encode()).decode()
        self.prefix = prefix
        self.dois: dict[str, dict[str, Any]] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Double

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        doi = self.path.removeprefix("/dois/")
        attributes = body["data"]["attributes"]
        if self.headers["Authorization"] != self.server.expected or not doi.startswith(
            f"{self.server.prefix}/"
        ):
            return self._answer(
                403,
                {"errors": [{"status": "403", "title": "You are not authorized to access this resource."}]},
            )
        missing = [
            name
            for name in ("creators", "titles", "publisher", "publicationYear", "types", "url")
            if not attributes.get(name)
        ]
        if missing:
            return self._answer(
                422, {"errors": [{"source": missing[0], "title": f"{missing[0]} can't be blank"}]}
            )
        known = doi in self.server.dois
        state = {"publish": "findable", "register": "registered", "hide": "registered"}[attributes["event"]]
        self.server.dois[doi] = {**attributes, "state": state}
        return self._answer(
            200 if known else 201, {"data": {"id": doi, "type": "dois", "attributes": self.server.dois[doi]}}
        )

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.api+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def datacite_double(
    *, account: str = "LAB.HUB", password: str = "secret", prefix: str = "10.5072"
) -> Iterator[Double]:
    """A running double, stopped at the end.

    Parameters
    ----------
    account, password : str
        Whom it lets in.
    prefix : str
        Under which that account may register; 10.5072 is DataCite's own test prefix.
    """
    server = Double(account=account, password=password, prefix=prefix)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

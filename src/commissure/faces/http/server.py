"""The server: uvicorn over one hub, with a worker beside it, until it is told to stop."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import uvicorn

from commissure.faces.http.app import create_app
from commissure.faces.http.auth import issue
from commissure.hub import Hub, open_hub
from commissure.settings import Settings

__all__ = ["run"]

_GRACE_S = 3


class _Server(uvicorn.Server):
    """A server that says where it is once it listens."""

    said: Callable[[str], None]

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            self.said(f"http://{self.config.host}:{port}")


def run(settings: Settings, *, host: str = "127.0.0.1", port: int = 8000, say: Callable[[str], None]) -> None:
    """Serve the hub until SIGINT or SIGTERM; open requests get three seconds to end.

    Parameters
    ----------
    settings : Settings
        Which hub, and who owns it.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    say : callable
        Is told the address, and the owner's token.
    """
    hub = open_hub(settings.hub, settings=settings)
    token = issue(hub, settings.actor, now=datetime.now(UTC))
    config = uvicorn.Config(
        create_app(hub, close=True), host=host, port=port, log_level="warning", access_log=False,
        timeout_graceful_shutdown=_GRACE_S, server_header=False,
    )  # fmt: skip
    server = _Server(config)
    server.said = lambda address: say(
        f"The hub is at {address}\nSign in as {settings.actor}: {address}/sign-in#{token}\n"
        f"Token for programs: {token}\nStop with Ctrl-C."
    )
    # uvicorn raises the signal again once it has shut down: take it here, so that the worker is ended too
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _worker(hub), suppress(KeyboardInterrupt):
        server.run()


@contextmanager
def _worker(hub: Hub) -> Iterator[None]:
    """A worker process beside the server, where jobs wait in a queue; what it leaves, the next one goes on with."""
    if not hasattr(hub.jobs, "work"):
        yield
        return
    command = [sys.executable, "-m", "commissure", "work", "--hub", hub.settings.hub]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

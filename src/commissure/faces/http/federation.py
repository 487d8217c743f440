"""The coordinator's routes: sites call in over mutual TLS and wait for tasks; nothing is ever sent to a site unasked.

``GET /plan`` · ``POST /join`` (an approval) · ``POST /next`` (letters in, tasks out, a long poll) · ``GET /alive`` (a
byte a second, by which both ends know that the other lives).
"""

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from commissure.errors import CommissureError, NotFound, NotPermitted
from commissure.faces.problems import kind_of, message_of
from commissure.federate.wire import pack, pack_arrays
from commissure.workflows.run_study import RunningStudy

__all__ = ["Coordinator", "Patience", "serve_study"]

Message = MutableMapping[str, Any]
_POLL_S, _PULSE_S, _TICK_S, _FAREWELL_S, _UNHEARD_MS = 20.0, 1.0, 0.1, 1.0, 3500
_MOST_BYTES = 1 << 30


class _WithPeer(H11Protocol):
    """HTTP that tells the application whose certificate the other end has shown."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        shown = transport.get_extra_info("peercert") or {}
        names = [value for part in shown.get("subject", ()) for name, value in part if name == "commonName"]
        inner = self.app

        async def _named(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "site": names[0] if names else ""}, receive, send)

        self.app = _named


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a coordinator waits: for all sites at first, and for an answer, in seconds."""

    gather_s: float = 30.0
    deadline_s: float = 120.0


class Coordinator:
    """The ASGI application over a running study.

    Parameters
    ----------
    study : RunningStudy
    patience : Patience
        After it the study begins with the sites that are here, and goes on without one that does not answer.
    """

    def __init__(self, study: RunningStudy, *, patience: Patience) -> None:
        self.study, self.patience = study, patience
        self.served: set[str] = set()
        self._pulses: Counter[str] = Counter()
        self._news = asyncio.Condition()
        self._beat_at = (0, 0.0)
        self._done_at = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        try:
            site = scope.get("site", "")
            if site not in self.study.plan.sites:
                raise NotPermitted("This certificate is not of a site of the study.")
            routes = {"/plan": self._plan, "/join": self._join, "/next": self._next, "/alive": self._alive}
            if scope["path"] not in routes:
                raise NotFound("There is no such route.")
            await routes[scope["path"]](site, receive, send)
        except CommissureError as error:
            await _send(send, message_of(error).encode(), status=kind_of(error).status)

    async def _plan(self, site: str, receive: Any, send: Any) -> None:  # noqa: ARG002
        await _send(send, self.study.plan.to_json().encode())

    async def _join(self, site: str, receive: Any, send: Any) -> None:
        self.study.join(site, await _body(receive))
        await self._tell()
        await _send(send, b"")

    async def _next(self, site: str, receive: Any, send: Any) -> None:
        before = self.study.conductor.beat
        beat = self.study.receive(site, await _body(receive))
        if self.study.conductor.beat != before or self.study.conductor.done:
            await self._tell()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_S), self._news:
                await self._news.wait_for(lambda: self._has_news(site, beat))
        await self._answer(site, beat, send)

    def _has_news(self, site: str, beat: int) -> bool:
        conductor = self.study.conductor
        return conductor.done or self.study.tasks(site, beat) is not None or site not in conductor.members

    async def _answer(self, site: str, beat: int, send: Any) -> None:
        conductor = self.study.conductor
        tasks = self.study.tasks(site, beat)
        if conductor.done:
            self.served.add(site)
            await _send(send, pack({"done": True}, [pack_arrays(self.study.result)]))
        elif tasks is not None:
            await _send(send, tasks.to_bytes())
        elif site in conductor.refused:
            raise NotPermitted(conductor.refused[site])
        elif site not in conductor.members:
            await _send(send, pack({"again": True}))
        else:
            await _send(send, pack({"beat": beat}))

    async def _alive(self, site: str, receive: Any, send: Any) -> None:
        self._pulses[site] += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b".", "more_body": True})
                with contextlib.suppress(TimeoutError):
                    if await asyncio.wait_for(_gone(receive), _PULSE_S):
                        return
        finally:
            self._pulses[site] -= 1
            if self._pulses[site] <= 0 and not self.study.conductor.done:
                self.study.lose(site)
                await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def watch(self) -> None:
        """Begin when it is time to, and end beats at their deadline; returns when every site has the result."""
        clock = asyncio.get_running_loop().time
        started = clock()
        while not self._all_served(clock()):
            conductor = self.study.conductor
            if clock() - started > self.patience.gather_s:
                self.study.begin()
                await self._tell()
                started = float("inf")
            if conductor.beat != self._beat_at[0]:
                self._beat_at = (conductor.beat, clock())
            elif conductor.waiting and clock() - self._beat_at[1] > self.patience.deadline_s:
                self.study.give_up()
                await self._tell()
            await asyncio.sleep(_TICK_S)

    def _all_served(self, now: float) -> bool:
        conductor = self.study.conductor
        if not conductor.done:
            self._done_at = now
            return False
        waited = now - self._done_at
        return waited > _FAREWELL_S and (conductor.members <= self.served or waited > 5 * _FAREWELL_S)


async def _gone(receive: Any) -> bool:
    while (await receive())["type"] != "http.disconnect":
        continue
    return True


async def _body(receive: Any) -> bytes:
    parts: list[bytes] = []
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise NotPermitted("The line broke in the middle of a message.")
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > _MOST_BYTES:
            raise NotPermitted("A message is larger than any that a study needs.")
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Any, body: bytes, *, status: int = 200) -> None:
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/octet-stream")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve_study(
    study: RunningStudy,
    *,
    tls: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    patience: Patience,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Lead a study until every site that is left has its result.

    Parameters
    ----------
    study : RunningStudy
    tls : Path
        A folder with ``key.pem``, ``certificate.pem`` and ``authority.pem``.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    patience : Patience
    ready : callable
        Is told the address once it listens.
    """
    coordinator = Coordinator(study, patience=patience)
    listening = socket.create_server((host, port), backlog=512)
    # a site that is unplugged sends no farewell: the kernel breaks its line when the pulse is not acknowledged
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_MS)
    config = uvicorn.Config(
        coordinator, http=_WithPeer, log_level="error", access_log=False, lifespan="off", server_header=False,
        ssl_keyfile=str(tls / "key.pem"), ssl_certfile=str(tls / "certificate.pem"),
        ssl_ca_certs=str(tls / "authority.pem"), ssl_cert_reqs=ssl.CERT_REQUIRED, timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    server = uvicorn.Server(config)
    ready(f"https://{host}:{listening.getsockname()[1]}")
    asyncio.run(_until_done(server, coordinator, listening))


async def _until_done(server: uvicorn.Server, coordinator: Coordinator, listening: socket.socket) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    watching = asyncio.create_task(coordinator.watch())
    await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    watching.cancel()
    await asyncio.gather(serving, watching, return_exceptions=True)
    if watching.done() and not watching.cancelled() and (error := watching.exception()) is not None:
        raise error

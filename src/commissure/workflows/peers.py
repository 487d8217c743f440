"""Peers: the other hubs and the archives that a hub's questions may go to; none unless somebody adds it."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from commissure.errors import BadInput, CommissureError, Conflict, NotFound
from commissure.hub import Hub
from commissure.store import files
from commissure.store.archives.registry import CONNECTORS
from commissure.store.archives.web import Web

__all__ = ["Peer", "add_peer", "peers", "remove_peer"]

_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,253}(/[\w.~%/\-]*)?")
_MOST = 50
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A source that questions may go to.

    Attributes
    ----------
    name : str
        What it is called: a hub's host, or the archive's name.
    kind : str
        ``"hub"`` or ``"archive"``.
    url : str
        Where it is asked.
    added : str
        When it was added, ISO 8601.
    """

    name: str
    kind: str
    url: str
    added: str

    def to_dict(self) -> dict[str, str]:
        """The peer as plain values."""
        return asdict(self)


def peers(hub: Hub) -> tuple[Peer, ...]:
    """The peers of a hub, in the order in which they were added."""
    path = hub.root / "peers.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return tuple(Peer(**row) for row in rows)


def add_peer(hub: Hub, url: str, *, now: datetime, patience_s: float = _PATIENCE_S) -> Peer:
    """Let a hub's questions go to another hub, or to an archive.

    Parameters
    ----------
    hub : Hub
        Whose questions.
    url : str
        The address of a hub (``https://hub.example.org``), an archive's name (``openneuro``), or an archive at
        another address (``openneuro=http://127.0.0.1:9/crn``).
    now : datetime
        When.
    patience_s : float
        How long a hub may take to say that it is one.

    Raises
    ------
    BadInput
        If it is neither an address nor an archive, or no hub answers there.
    Conflict
        If it is a peer already.
    """
    name, sign, address = url.strip().partition("=")
    if name in CONNECTORS.names():
        made = Peer(name, "archive", address if sign else CONNECTORS.get(name).base, now.isoformat())
    else:
        made = Peer(_label(url), "hub", url.strip().rstrip("/"), now.isoformat())
    if not _URL.fullmatch(made.url):
        known = ", ".join(CONNECTORS.names())
        raise BadInput(
            f"A peer is a hub's address (https://hub.example.org) or one of {known}; got {url[:200]!r}."
        )
    if made.kind == "hub":
        _greet(made, patience_s)
    with hub.lock("peers"):
        kept = peers(hub)
        if any(made.name == one.name or made.url == one.url for one in kept):
            raise Conflict(f"{made.name} is a peer already.")
        if len(kept) >= _MOST:
            raise BadInput(f"There are {_MOST} peers already; remove one first.")
        _write(hub, (*kept, made))
    return made


def remove_peer(hub: Hub, name: str) -> Peer:
    """Send no more questions to a peer, by its name or address; NotFound if it is none."""
    with hub.lock("peers"):
        kept = peers(hub)
        gone = next((one for one in kept if name.strip().rstrip("/") in (one.name, one.url)), None)
        if gone is None:
            raise NotFound(f"No peer is called {name[:200]!r}.")
        _write(hub, tuple(one for one in kept if one is not gone))
    return gone


def _label(url: str) -> str:
    return re.sub(r"^https?://", "", url.strip()).rstrip("/")


def _greet(peer: Peer, patience_s: float) -> None:
    """Make sure that a hub answers there."""
    web = Web(
        peer.url, name=peer.name, timeout_s=patience_s, tries=1, sleep=lambda _: None, within_s=patience_s
    )
    try:
        told = web.get("api/v1/health")
    except CommissureError as error:
        raise BadInput(f"No hub answers at {peer.url}: {error}") from error
    finally:
        web.close()
    if not isinstance(told, dict) or told.get("status") != "ok":
        raise BadInput(f"What answers at {peer.url} is no hub; give the address at which its portal opens.")


def _write(hub: Hub, kept: tuple[Peer, ...]) -> None:
    text = json.dumps([one.to_dict() for one in kept], ensure_ascii=False, indent=1)
    files.replace(hub.root / "peers.json", text.encode())

"""A hub elsewhere: the Python surface's calls, carried over HTTP."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from commissure.errors import Fault
from commissure.faces.client.transfer import fetch, pack
from commissure.faces.client.wire import Wire
from commissure.model import Progress, Silent
from commissure.store.releases import split
from commissure.workflows.likeness import describe_file, wire

__all__ = ["RemoteHub", "connect"]

_ENDED = {"done", "failed", "cancelled"}
_EVERY_S = 0.3


def connect(url: str, *, token: str = "", timeout_s: float = 30.0) -> "RemoteHub":
    """A hub elsewhere, with the calls of the Python surface.

    Parameters
    ----------
    url : str
        Its address (``"https://hub.example.org"``).
    token : str
        Who calls; without one only what is public is seen.
    timeout_s : float
        How long to wait for an answer to begin.
    """
    return RemoteHub(Wire(url, token=token, timeout_s=timeout_s))


class RemoteHub:
    """A hub elsewhere; use it as a context manager, or :meth:`close` it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def __enter__(self) -> "RemoteHub":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._wire.close()

    def share(
        self, folder: str | Path, *, progress: Progress | None = None, **options: Any
    ) -> dict[str, Any]:
        """Send a raw folder, have it shared there, and wait for the report.

        The same folder is sent under the same name, so that a second call makes no second release.
        """
        watch = progress or Silent()
        with tempfile.TemporaryDirectory(prefix="commissure-") as scratch:
            watch.stage("pack")
            packed = pack(Path(folder), Path(scratch) / "raw.zip")
            watch.stage("send", packed.stat().st_size)
            with packed.open("rb") as file:
                headers = {"Content-Type": "application/zip"}
                sent = self._wire.json("POST", "uploads", content=_told(file, watch), headers=headers)
        asked = {"upload": sent["upload"], "options": _plain(options)}
        return self._wait(self._wire.json("POST", "share", json=asked), watch)

    def search(
        self,
        words: str,
        *,
        limit: int = 10,
        offset: int = 0,
        facet: Sequence[str] = (),
        sort: str = "relevance",
    ) -> dict[str, Any]:
        """Datasets by what they hold: ``results`` (with ``met`` and ``missed``) and ``facets``."""
        asked = {"words": words, "limit": limit, "offset": offset, "facet": list(facet), "sort": sort}
        found: dict[str, Any] = self._wire.json("GET", "search", params=asked)
        return found

    def search_everywhere(
        self, words: str, *, limit: int = 10, source: Sequence[str] = (), within_s: float = 4.0
    ) -> dict[str, Any]:
        """Datasets there, at its peers and in archives: ``results`` (with ``found_at``), and ``sources``, how each answered."""
        asked = {"words": words, "limit": limit, "source": list(source), "within_s": within_s}
        found: dict[str, Any] = self._wire.json("GET", "search/everywhere", params=asked)
        return found

    def peers(self) -> list[dict[str, str]]:
        """The hubs and archives that its questions may go to."""
        found: list[dict[str, str]] = self._wire.json("GET", "peers")["peers"]
        return found

    def add_peer(self, url: str) -> dict[str, str]:
        """Let its questions go to another hub or to an archive; only its owner may."""
        made: dict[str, str] = self._wire.json("POST", "peers", json={"url": url})
        return made

    def remove_peer(self, name: str) -> dict[str, str]:
        """Send no more of its questions to a peer; only its owner may."""
        gone: dict[str, str] = self._wire.json("DELETE", "peers", params={"name": name})
        return gone

    def similar(self, like: str, *, limit: int = 10, sessions: bool = False) -> dict[str, Any]:
        """Data like a dataset there, by record and by signal; or like a file here, of which only the descriptor is sent.

        A path is never sent: what is a file here, or has a slash, is read here. A bare name of a folder is an id.
        """
        asked: dict[str, Any] = {"limit": limit, "sessions": sessions}
        here = Path(like).expanduser()
        if here.is_file() or "/" in like or "\\" in like:
            body = {"descriptors": wire(describe_file(here)), **asked}
            found: dict[str, Any] = self._wire.json("POST", "similar", json=body)
        else:
            found = self._wire.json("GET", "similar", params={"like": like, **asked})
        return found

    def partners(
        self, dataset: str, *, effect: float = 0.5, power: float = 0.8, limit: int = 10
    ) -> dict[str, Any]:
        """Who could replicate a dataset's study: ``partners``, each with ``grounds`` and an ``invitation`` that nobody sends."""
        asked = {"effect": effect, "power": power, "limit": limit}
        found: dict[str, Any] = self._wire.json("GET", f"datasets/{_name(dataset)}/partners", params=asked)
        return found

    def datasets(
        self, words: str = "", *, facet: Sequence[str] = (), sort: str = "newest", limit: int = 20, cursor: str | None = None
    ) -> dict[str, Any]:  # fmt: skip
        """A page of the catalogue: ``datasets``, ``total``, ``facets``, and ``next``, the cursor of the next page."""
        asked: dict[str, Any] = {"words": words, "facet": list(facet), "sort": sort, "limit": limit}
        if cursor:
            asked["cursor"] = cursor
        found: dict[str, Any] = self._wire.json("GET", "datasets", params=asked)
        return found

    def show(self, reference: str) -> dict[str, Any]:
        """One release (``"ds-1@0.1.0"``, or ``"ds-1"`` for the latest): metadata, Findings, versions."""
        found: dict[str, Any] = self._wire.json("GET", _release(reference))
        return found

    def get(
        self, reference: str, into: str | Path, *, purpose: str = "research", progress: Progress | None = None
    ) -> dict[str, Any]:
        """Write a release as a plain folder; every file is checked, and a call that broke off goes on where it stood."""
        manifest = self._wire.json("GET", f"{_release(reference)}/manifest")
        exact = _release(f"{manifest['id']}@{manifest['version']}")
        fetch(
            self._wire,
            exact,
            files=manifest["files"],
            into=Path(into),
            purpose=purpose,
            progress=progress or Silent(),
        )
        return {
            "release": {"id": manifest["id"], "version": manifest["version"]},
            "files": len(manifest["files"]),
        }

    def grant(
        self, dataset: str, *, person: str, purpose: str = "research", days: int = 365
    ) -> dict[str, Any]:
        """Let ``person`` use a dataset for a purpose, for so many days."""
        asked = {"person": person, "purpose": purpose, "days": days}
        made: dict[str, Any] = self._wire.json("POST", f"datasets/{_name(dataset)}/grants", json=asked)
        return made

    def revoke(self, dataset: str, *, person: str) -> int:
        """End every Grant of ``person`` to a dataset; how many there were."""
        told = self._wire.json("DELETE", f"datasets/{_name(dataset)}/grants/{_name(person)}")
        return int(told["revoked"])

    def withdraw(
        self, dataset: str, *, subject: str | None = None, reason: str = "consent withdrawn"
    ) -> dict[str, Any]:
        """Take back a subject of a dataset, or all of it, and all that was made from it; this cannot be undone."""
        asked = {"subject": subject or "", "reason": reason}
        done: dict[str, Any] = self._wire.json("POST", f"datasets/{_name(dataset)}/withdraw", json=asked)
        return done

    def set_budget(
        self, dataset: str, *, epsilon: float, delta: float = 1e-5, most_auc: float = 1.0
    ) -> dict[str, Any]:
        """Say what all private releases of a dataset may cost together; only its owner may."""
        asked = {"epsilon": epsilon, "delta": delta, "most_auc": most_auc}
        made: dict[str, Any] = self._wire.json("PUT", f"datasets/{_name(dataset)}/privacy", json=asked)
        return made

    def privacy(self, dataset: str) -> dict[str, Any]:
        """What a dataset's private releases may cost, what each has (``spends``), and what no attack can pass (``attack_auc``)."""
        told: dict[str, Any] = self._wire.json("GET", f"datasets/{_name(dataset)}/privacy")
        return told

    def privacy_picture(self, dataset: str) -> str:
        """The same as a picture, SVG."""
        path = f"datasets/{_name(dataset)}/privacy.svg"
        return b"".join(self._wire.blocks(path, params={})).decode("utf-8")

    def private_release(
        self, dataset: str, *, statistic: str, epsilon: float, table: str = "", **options: Any
    ) -> dict[str, Any]:
        """Release a statistic with noise, charged to the budget; ``options`` as in the library (``columns=``, ``lower=``)."""
        asked = {"statistic": statistic, "epsilon": epsilon, "table": table, **_plain(options)}
        path = f"datasets/{_name(dataset)}/privacy/releases"
        made: dict[str, Any] = self._wire.json("POST", path, json=asked)
        return made

    def audit(self, *, anchor: str = "") -> dict[str, Any]:
        """Whether the ledger is whole; ``findings`` tell each edit."""
        told: dict[str, Any] = self._wire.json("GET", "audit", params={"anchor": anchor})
        return told

    def job(self, id: str) -> dict[str, Any]:
        """How a job stands."""
        told: dict[str, Any] = self._wire.json("GET", f"jobs/{_name(id)}")
        return told

    def _wait(self, job: dict[str, Any], watch: Progress) -> dict[str, Any]:
        stage = ""
        while job["state"] not in _ENDED:
            if job["stage"] != stage:
                stage = job["stage"]
                watch.stage(stage)
            time.sleep(_EVERY_S)
            job = self.job(job["id"])
        if job["state"] != "done":
            raise Fault(f"The hub's job {job['id']} {job['state']}: {job['error'] or 'no reason was given'}")
        return dict(job["result"])


def _told(file: Any, watch: Progress) -> Any:
    while block := file.read(1 << 20):
        yield block
        watch.advance(len(block))


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}


def _name(text: str) -> str:
    return quote(text, safe="")


def _release(reference: str) -> str:
    dataset, version = split(reference)
    return f"datasets/{_name(dataset)}/releases/{_name(version or 'latest')}"

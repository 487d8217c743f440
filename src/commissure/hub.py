"""The hub: one folder, put together from its settings; no behaviour of its own."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from commissure.errors import BadInput, NotFound
from commissure.jobs.port import EXECUTORS, Executor
from commissure.model import Person
from commissure.settings import Settings
from commissure.store import files
from commissure.store.blobs import open_blobs
from commissure.store.database import Database
from commissure.store.keyring import open_keyring
from commissure.store.ledger import Ledger
from commissure.store.port import Keyring
from commissure.store.records import Records
from commissure.store.vault import Vault

__all__ = ["Hub", "open_hub"]

_MARK = "hub.json"


@dataclass(frozen=True)
class Hub:
    """An open hub, as one Person sees it.

    Parameters
    ----------
    root : Path
        Its folder.
    id : str
        Random, the hub's own.
    settings : Settings
        How it behaves.
    actor : Person
        Who acts.
    records, vault, ledger, jobs
        Its parts.
    keyring : Keyring
        Its keys; use :meth:`secret`.
    clock : callable
        Gives the instant, in UTC.
    """

    root: Path
    id: str
    settings: Settings
    actor: Person
    records: Records
    vault: Vault
    ledger: Ledger
    jobs: Executor
    keyring: Keyring
    clock: Callable[[], datetime]

    @property
    def work_folder(self) -> Path:
        """A private folder (mode 0700) for what is not yet in the vault."""
        return self.root / "work"

    def secret(self, purpose: str) -> bytes:
        """32 bytes of this hub for one purpose: the same each time, and in no other hub."""
        return self.keyring.secret(purpose)

    def lock(self, dataset: str) -> FileLock:
        """A lock over all processes on one dataset; use it in a ``with`` statement."""
        if not dataset.replace("-", "").replace("_", "").isalnum():
            raise BadInput(f"A dataset's id is letters, digits, - and _; got {dataset!r}.")
        return FileLock(str(self.root / "locks" / f"{dataset}.lock"))

    def acting_as(self, person: Person) -> "Hub":
        """The same hub, as another Person sees it."""
        return replace(self, actor=person, vault=self.vault.of(person.id))

    def close(self) -> None:
        """Give back the database's connections."""
        self.records.database.close()


def open_hub(
    location: str | Path,
    *,
    actor: Person | None = None,
    settings: Settings | None = None,
    create: bool = True,
    clock: Callable[[], datetime] | None = None,
) -> Hub:
    """The hub in the folder ``location``; made if it does not exist.

    Parameters
    ----------
    location : str or Path
        The hub's folder.
    actor : Person, optional
        Who acts; by default the one whom the settings name.
    settings : Settings, optional
        How it behaves; by default as ``Settings()`` says.
    create : bool
        Whether to make a hub where there is none.
    clock : callable, optional
        Gives the instant, in UTC; by default the system's.

    Raises
    ------
    NotFound
        If there is no hub and ``create`` is false.
    BadInput
        If the folder holds other files.

    Examples
    --------
    >>> import tempfile
    >>> hub = open_hub(tempfile.mkdtemp() + "/hub")
    >>> hub.records.releases.versions("ds-none")
    ()
    """
    root = Path(location).resolve()
    settings = settings or Settings()
    now = clock or _now
    id = _prepare(root, create=create)
    keyring = open_keyring(settings.keyring or f"file://{root / 'keys'}")
    database = Database(settings.database or f"sqlite:///{root / 'hub.sqlite'}")
    ledger = Ledger(database, mirror=root / "ledger.jsonl", secret=keyring.secret("ledger"))
    records = Records.of(database, ledger=ledger)
    person = actor or Person(settings.actor)
    blobs = open_blobs(settings.blobs or str(root / "blobs"), spool=root / "work")
    vault = Vault(blobs, keyring, gate=records.access, person=person.id, clock=now)
    made: list[Hub] = []
    executor: Any = EXECUTORS.get(settings.jobs)
    jobs = executor(table=records.jobs, root=root, clock=now, hub=lambda: made[0])
    made.append(Hub(root, id, settings, person, records, vault, ledger, jobs, keyring, now))
    return made[0]


def _now() -> datetime:
    return datetime.now(UTC)


def _prepare(root: Path, *, create: bool) -> str:
    mark = root / _MARK
    if not mark.exists():
        if not create:
            raise NotFound(
                "There is no hub in this folder; share something into it first, or check its path."
            )
        if root.is_dir() and any(root.iterdir()):
            raise BadInput("The hub's folder holds other files; name an empty folder, or one that is a hub.")
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("work", "locks"):
            (root / name).mkdir(mode=0o700, exist_ok=True)
        files.replace(mark, json.dumps({"format": 1, "id": secrets.token_hex(8)}).encode())
    return str(json.loads(mark.read_text())["id"])

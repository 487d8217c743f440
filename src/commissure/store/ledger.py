"""The ledger: an append-only chain of hashed lines, in the database and mirrored in a JSONL file.

Each line's hash covers the hash before it, so that no line can be changed, taken out or moved alone. The chain's head
(how many lines, the last hash) is kept in both places under a seal that only the hub's keyring can make, so that
neither end can be cut off. The database's transaction is what counts; the file follows after it, and catches up
after a crash.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from commissure.store import schema
from commissure.store.database import Database, dumps
from commissure.store.files import full_disk, replace

__all__ = ["Head", "Ledger", "Line", "chain"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1 on, when, by whom, what kind, what exactly, and the hash of it and all before."""

    seq: int
    at: str
    by: str
    kind: str
    body: Mapping[str, object]
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: how many lines, the last hash, the seal over both, and the mirror's size in bytes."""

    seq: int = 0
    hash: str = ""
    seal: str = ""
    bytes: int = 0


def chain(previous: str, line: str) -> str:
    """The hash of ``line`` after ``previous``: SHA-256 over both, hex.

    >>> chain("", "{}")[:8]
    '44136fa3'
    """
    return hashlib.sha256(previous.encode() + line.encode()).hexdigest()


class Ledger:
    """The ledger of one hub.

    Parameters
    ----------
    database : Database
        Where the chain is kept.
    mirror : Path
        The JSONL file that follows it; its head lies beside it, as ``<name>.head``.
    secret : bytes
        What seals the head: ``hub.secret("ledger")``.
    """

    def __init__(self, database: Database, *, mirror: Path, secret: bytes) -> None:
        self.database = database
        self.mirror_path = mirror
        self.head_path = mirror.with_suffix(mirror.suffix + ".head")
        self._secret = secret
        if self.head().seq != self.mirror_head().seq:
            self.mirror()

    def write(
        self, connection: sa.Connection, kind: str, body: Mapping[str, object], *, at: str, by: str
    ) -> Line:
        """Append a line within a transaction of ``database.write()``; call :meth:`mirror` once it has ended.

        Parameters
        ----------
        connection : sqlalchemy.Connection
            The transaction's.
        kind : str
            What happened, as a verb: ``"release"``, ``"withdraw"``, ``"grant"``.
        body : mapping
            JSON-able values; never an identifier of a subject.
        at : str
            ISO 8601 instant in UTC.
        by : str
            The Person who did it, by id.
        """
        head = schema.ledger_head
        last = connection.execute(sa.select(head).with_for_update()).one()
        seq = last.seq + 1
        text = dumps({"seq": seq, "at": at, "by": by, "kind": kind, "body": dict(body)})
        digest = chain(last.hash, text)
        connection.execute(schema.ledger.insert().values(seq=seq, line=text, hash=digest))
        connection.execute(head.update().values(seq=seq, hash=digest, seal=self.seal(seq, digest)))
        return Line(seq, at, by, kind, dict(body), digest)

    @staticmethod
    def lock(connection: sa.Connection) -> None:
        """Let no other transaction write until this one ends; what it reads from here on stays true."""
        connection.execute(sa.select(schema.ledger_head).with_for_update())

    def append(self, kind: str, body: Mapping[str, object], *, at: str, by: str) -> Line:
        """Append one line in a transaction of its own; parameters as for :meth:`write`."""
        with self.database.write() as connection:
            line = self.write(connection, kind, body, at=at, by=by)
        self.mirror()
        return line

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction of the database after which the mirror follows."""
        with self.database.write() as connection:
            yield connection
        self.mirror()

    def lines(self, *, after: int = 0, limit: int = 100) -> tuple[Line, ...]:
        """At most ``limit`` lines that follow the line numbered ``after``."""
        with self.database.read() as connection:
            return tuple(_line(row.line, row.hash) for row in self._rows(connection, after, limit))

    def of_kind(self, *kinds: str, after: int = 0) -> tuple[Line, ...]:
        """The lines of these kinds that follow the line numbered ``after``, in order."""
        table = schema.ledger
        told = sa.or_(*(table.c.line.contains(f'"kind":{dumps(kind)}', autoescape=True) for kind in kinds))
        select = sa.select(table.c.line, table.c.hash).where(table.c.seq > after, told).order_by(table.c.seq)
        with self.database.read() as connection:
            found = [_line(row.line, row.hash) for row in connection.execute(select)]
        return tuple(line for line in found if line.kind in kinds)

    def head(self) -> Head:
        """Where the database's chain ends."""
        with self.database.read() as connection:
            row = connection.execute(sa.select(schema.ledger_head)).one()
        return Head(row.seq, row.hash, row.seal)

    def mirror_head(self) -> Head:
        """Where the mirror says that it ends; an empty Head if it says nothing that can be read."""
        try:
            found = json.loads(self.head_path.read_text())
            return Head(int(found["seq"]), str(found["hash"]), str(found["seal"]), int(found["bytes"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Head()

    def seal(self, seq: int, digest: str) -> str:
        """What only this hub can write beside a head."""
        return hmac.new(self._secret, f"{seq}:{digest}".encode(), "sha256").hexdigest()

    def mirror(self) -> None:
        """Let the mirror follow the database; safe from several processes, and after a crash in the midst of it."""
        with full_disk("the hub"), FileLock(str(self.mirror_path) + ".lock"):
            head = self.mirror_head()
            with self.database.read() as connection:
                rows = list(self._rows(connection, head.seq, None))
            if not rows:
                return
            text = "".join(dumps({"hash": row.hash, "line": json.loads(row.line)}) + "\n" for row in rows)
            size = self._extend(text.encode(), head.bytes)
            last = rows[-1]
            found = {
                "seq": last.seq,
                "hash": last.hash,
                "seal": self.seal(last.seq, last.hash),
                "bytes": size,
            }
            replace(self.head_path, dumps(found).encode(), private=True)

    def _extend(self, data: bytes, known: int) -> int:
        """Append ``data``; what a crash left of it after the ``known`` bytes is not written twice."""
        self.mirror_path.touch(mode=0o600)
        with self.mirror_path.open("r+b") as file:
            file.seek(known)
            left = file.read(len(data) + 1)
            torn = data.startswith(left) and file.seek(0, os.SEEK_END) >= known
            file.seek(known) if torn else file.seek(0, os.SEEK_END)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    @staticmethod
    def _rows(connection: sa.Connection, after: int, limit: int | None) -> Iterator[Any]:
        table = schema.ledger
        select = (
            sa.select(table.c.seq, table.c.line, table.c.hash)
            .where(table.c.seq > after)
            .order_by(table.c.seq)
        )
        yield from connection.execute(select if limit is None else select.limit(limit))


def _line(text: str, digest: str) -> Line:
    found = json.loads(text)
    return Line(found["seq"], found["at"], found["by"], found["kind"], found["body"], digest)

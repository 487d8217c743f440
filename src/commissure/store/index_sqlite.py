"""The search index in one SQLite file: words by FTS5, vectors in half precision, scanned in memory."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from commissure.store.vectors import EXACT, nearest, scan, sign_bits

__all__ = ["VERSION", "SqliteIndex"]

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
#: raised whenever the tables, the fold of words or the reading of facets change: an older index is rebuilt
VERSION = 2
_WAIT_S = 60.0
#: weight of a word in the title, the tags, the body and the names of derived facets
_BM25 = "bm25(text, 6.0, 4.0, 1.0, 2.0)"

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (
    id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, source TEXT NOT NULL, source_id TEXT NOT NULL,
    title TEXT NOT NULL, digest TEXT NOT NULL, licence TEXT NOT NULL, authors TEXT NOT NULL,
    n INTEGER, age_min REAL, age_max REAL, year INTEGER, owner TEXT NOT NULL, public INTEGER NOT NULL,
    document TEXT NOT NULL, provenance TEXT NOT NULL
);
CREATE INDEX record_by_source ON record (source, source_id);
CREATE TABLE facet (
    concept TEXT NOT NULL, record INTEGER NOT NULL, confidence REAL NOT NULL, family TEXT NOT NULL,
    source TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (concept, record)
) WITHOUT ROWID;
CREATE INDEX facet_by_record ON facet (record, family);
CREATE VIRTUAL TABLE text USING fts5 (title, tags, body, names, tokenize = 'porter unicode61');
CREATE TABLE word (word TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE meaning (record INTEGER PRIMARY KEY, half BLOB NOT NULL);
"""
#: what would end a phrase of FTS5
_MARKS = str.maketrans({'"': " ", "\0": " "})
_DROPPED = ("vector", "meaning", "word", "text", "facet", "record", "meta")


class _Cursor:
    """A transaction of SQLite's under way."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; gives its rows."""
        return self._connection.execute(sql, tuple(values)).fetchall()

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""
        self._connection.executemany(sql, rows)


class SqliteIndex:
    """The engine of an index in one file.

    Parameters
    ----------
    path : Path
        The file; made if missing, made anew if it is broken or of another version.
    reading : str
        Names the way records are read into facets.
    """

    says: Mapping[str, str] = {
        "in_ids": "IN (SELECT value FROM json_each(?))",
        "holds": "instr(lower({}), lower(?)) > 0",
        "embed": "json_extract(r.document, '$.embed')",
    }

    def __init__(self, path: Path, *, reading: str = "") -> None:
        self._connection, self.fresh = _open_index(path, reading=reading)
        self._lock = threading.RLock()
        self._kept: tuple[Ids, npt.NDArray[np.float16], npt.NDArray[np.uint64] | None] | None = None
        self._seen = -1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def changes(self) -> int:
        """A number that is another one after another connection has written."""
        with self._lock:
            now = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            if now != self._seen:
                self._seen, self._kept = now, None
            return now

    @contextmanager
    def write(self) -> Iterator[_Cursor]:
        """A transaction: all of it is kept, or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Cursor(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            self._kept = None

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    def match(self, phrases: Sequence[str], *, limit: int) -> list[int]:
        """The records that hold any of the folded phrases, best first by BM25; -1 for all, in no order."""
        query = " OR ".join(f'"{plain}"' for phrase in phrases if (plain := phrase.translate(_MARKS).strip()))
        if not query:
            return []
        order = f" ORDER BY {_BM25} LIMIT {int(limit)}" if limit >= 0 else ""
        rows = self.read(f"SELECT rowid FROM text WHERE text MATCH ?{order}", (query,))
        return [int(row[0]) for row in rows]

    def put_vectors(self, ids: Sequence[int], vectors: Floats) -> None:
        """Keep one vector of length one a record, in half precision."""
        halves = [(int(i), v.astype("<f2").tobytes()) for i, v in zip(ids, vectors, strict=True)]
        with self.write() as cursor:
            cursor.executemany("INSERT OR REPLACE INTO meaning VALUES (?, ?)", halves)

    def nearest(self, query: Floats, *, many: int) -> tuple[Ids, Floats]:
        """The records with the largest dot products, best first: exact up to 100,000, by signs first beyond."""
        ids, vectors, bits = self._vectors()
        if not len(ids):
            return ids, np.zeros(0, dtype=np.float32)
        rows = nearest(vectors, query, many=many, bits=bits)
        return ids[rows], scan(vectors[rows], query)

    def vectors_of(self, ids: Sequence[int]) -> dict[int, Floats]:
        """The vectors of these records, of those that have one."""
        known, vectors, _ = self._vectors()
        wanted = np.asarray(ids, dtype=np.int64)
        places = np.searchsorted(known, wanted)
        here = [(int(i), int(p)) for i, p in zip(wanted, places, strict=True) if p < len(known)]
        return {i: vectors[p].astype(np.float32) for i, p in here if int(known[p]) == i}

    def _vectors(self) -> tuple[Ids, npt.NDArray[np.float16], npt.NDArray[np.uint64] | None]:
        with self._lock:
            if self._kept is None:
                rows = self.read("SELECT record, half FROM meaning ORDER BY record")
                ids = np.array([row[0] for row in rows], dtype=np.int64)
                flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f2")
                halves = flat.reshape(len(rows), -1) if rows else np.zeros((0, 1), dtype=np.float16)
                self._kept = (ids, halves, sign_bits(halves) if len(rows) > EXACT else None)
            return self._kept


def _open_index(path: Path, *, reading: str = "") -> tuple[sqlite3.Connection, bool]:
    """The connection, in WAL mode, and whether the tables were made now; a broken file is set aside."""
    try:
        return _open(path, f"{VERSION}{reading}")
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise
        _set_aside(path)
        return _open(path, f"{VERSION}{reading}")


def _open(path: Path, version: str) -> tuple[sqlite3.Connection, bool]:
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -65536")
        if _version(connection) == version:
            return connection, False
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == version:
            connection.execute("COMMIT")
            return connection, False
        for table in _DROPPED:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('version', ?)", (version,))
        connection.execute("COMMIT")
    except sqlite3.DatabaseError:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        raise
    return connection, True


def _version(connection: sqlite3.Connection) -> str | None:
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "meta" not in names:
        return None
    row = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    return str(row[0]) if row is not None else None


def _set_aside(path: Path) -> None:
    """Keep the broken file beside the new one; nothing is thrown away."""
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    if path.exists():
        path.replace(path.with_name(path.name + ".broken"))

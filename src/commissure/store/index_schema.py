"""The tables of the search index, in one SQLite database, and opening it safely."""

import contextlib
import sqlite3
from pathlib import Path

__all__ = ["VERSION", "open_index"]

#: raised whenever the tables, the fold of words or the reading of facets change: an older index is rebuilt
VERSION = 1
_WAIT_S = 60.0

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
CREATE TABLE vector (record INTEGER PRIMARY KEY, half BLOB NOT NULL);
"""
_DROPPED = ("vector", "word", "text", "facet", "record", "meta")


def open_index(path: Path, *, reading: str = "") -> tuple[sqlite3.Connection, bool]:
    """Open the index at ``path``, making its tables where they are missing, old or broken.

    Parameters
    ----------
    path : Path
        The database file; its folder exists.
    reading : str
        How records were read into facets; an index of another reading counts as old.

    Returns
    -------
    connection : sqlite3.Connection
        In WAL mode, so that one process writes while others read; a writer waits up to a minute.
    fresh : bool
        Whether the tables were made now: what the index held must be read in again.
    """
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

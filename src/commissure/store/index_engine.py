"""What the search index needs of a database: SQLite with FTS5 beside the hub, or PostgreSQL with pgvector.

The index's own statements are written once, with ``?`` for values; an engine brings what the two say differently.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from commissure.extras import need
from commissure.store.index_postgres import PostgresIndex
from commissure.store.index_sqlite import SqliteIndex

__all__ = ["IndexEngine", "Writing", "open_engine"]

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Writing(Protocol):
    """A transaction that is under way."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; gives its rows."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""
        ...


class IndexEngine(Protocol):
    """A database that holds an index.

    Attributes
    ----------
    fresh : bool
        Whether the tables were made now: what the index held must be read in again.
    says : mapping of str to str
        The parts of statements that differ: ``in_ids`` (a JSON list of record ids), ``holds`` (one text within
        another), ``embed`` (the text to embed out of a document).
    """

    fresh: bool
    says: Mapping[str, str]

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        ...

    def write(self) -> AbstractContextManager[Writing]:
        """A transaction, one at a time over all processes: all of it is kept, or nothing."""
        ...

    def changes(self) -> int:
        """A number that is another one after another connection has written."""
        ...

    def match(self, phrases: Sequence[str], *, limit: int) -> list[int]:
        """The records that hold any of the folded phrases, best first; -1 for all of them, in no order."""
        ...

    def put_vectors(self, ids: Sequence[int], vectors: Floats) -> None:
        """Keep one vector of length one a record."""
        ...

    def nearest(self, query: Floats, *, many: int) -> tuple[Ids, Floats]:
        """The records whose vectors have the largest dot product with ``query``, best first, and the products."""
        ...

    def vectors_of(self, ids: Sequence[int]) -> dict[int, Floats]:
        """The vectors of these records, of those that have one."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


def open_engine(place: Path | str, *, reading: str = "") -> IndexEngine:
    """The engine for a file, or for the URL of a PostgreSQL database.

    Parameters
    ----------
    place : Path or str
        A file's path, or ``postgresql://…``.
    reading : str
        Names the way records are read into facets; an index of another reading is made anew.

    Raises
    ------
    Fault
        If the PostgreSQL server cannot be used.
    """
    if isinstance(place, str) and place.startswith("postgres"):
        need("psycopg", purpose="Keeping the search index in PostgreSQL")
        return PostgresIndex(place, reading=reading)
    return SqliteIndex(Path(place), reading=reading)

"""The search index: words (FTS5), facets, numbers and vectors of every record, in one SQLite file.

It can always be thrown away and built again from the catalogue and the harvested dumps. One process
writes at a time, others read; what is read often is kept in memory until somebody writes.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from commissure.store.index_schema import open_index
from commissure.store.vectors import sign_bits

__all__ = ["FacetRow", "IndexRow", "SearchIndex"]

T = TypeVar("T")
Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

#: weight of a word in the title, the tags, the body and the names of derived facets
_BM25 = "bm25(text, 6.0, 4.0, 1.0, 2.0)"


@dataclass(frozen=True, slots=True)
class FacetRow:
    """One derived facet of a record: its concept and family, how surely, which field and words say so."""

    concept: str
    family: str
    confidence: float
    source: str
    words: str


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One record as the index keeps it.

    Attributes
    ----------
    source, source_id, title : str
        Where it comes from, its id there, its title.
    digest : str
        Hash of the record as it was given: the same digest is not indexed twice.
    tags, body, names : str
        Folded text by weight.
    facets : tuple of FacetRow
        What it is about.
    document : mapping
        What is shown.
    licence, authors, owner, provenance : str
        As text; ``owner`` counts only where the record is not public.
    n, age_min, age_max, year : numbers or None
        Participants, years of age, year of release.
    public : bool
        Whether everybody finds it.
    """

    source: str
    source_id: str
    title: str
    digest: str
    folded_title: str = ""
    tags: str = ""
    body: str = ""
    names: str = ""
    facets: tuple[FacetRow, ...] = ()
    document: Mapping[str, object] | None = None
    licence: str = ""
    authors: str = ""
    owner: str = ""
    provenance: str = ""
    n: int | None = None
    age_min: float | None = None
    age_max: float | None = None
    year: int | None = None
    public: bool = True

    @property
    def uid(self) -> str:
        """``source:source_id``, unique in an index."""
        return f"{self.source}:{self.source_id}"


class SearchIndex:
    """The index in one SQLite file.

    Parameters
    ----------
    path : Path
        The file; made if missing, made anew if it is broken or of another version (``fresh`` is then true).
    reading : str
        Names the way records are read into facets; another one counts as another version.
    """

    def __init__(self, path: Path, *, reading: str = "") -> None:
        self.path = path
        self._connection, self.fresh = open_index(path, reading=reading)
        self.closed = False
        self._lock = threading.RLock()
        self._seen: tuple[int, int] = (-1, -1)
        self._kept: dict[str, object] = {}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
            self.closed = True

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            self._kept.clear()

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    def refresh(self) -> None:
        """Forget what is kept in memory if another process has written since."""
        with self._lock:
            now = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if (now, 0) != self._seen:
                self._seen = (now, 0)
                self._kept.clear()

    # ---- writing

    def digests(self, source: str | None = None) -> dict[str, str]:
        """The digest of every record (of one source), by uid."""
        where, values = (" WHERE source = ?", (source,)) if source is not None else ("", ())
        return {str(u): str(d) for u, d in self._read(f"SELECT uid, digest FROM record{where}", values)}

    def add(self, rows: Iterable[IndexRow], *, words: Mapping[str, int] | None = None) -> int:
        """Put records in, each in place of the one with the same uid, in one transaction.

        Parameters
        ----------
        rows : iterable of IndexRow
            The records.
        words : mapping, optional
            In how many of them each folded word occurs, for spelling correction.

        Returns
        -------
        int
            How many were put in.
        """
        count = 0
        with self._write() as connection:
            for row in rows:
                old = connection.execute("SELECT id FROM record WHERE uid = ?", (row.uid,)).fetchone()
                if old is not None:
                    self._remove(connection, int(old[0]))
                self._insert(connection, row, None if old is None else int(old[0]))
                count += 1
            connection.executemany(
                "INSERT INTO word VALUES (?, ?) ON CONFLICT (word) DO UPDATE SET records = records + excluded.records",
                (words or {}).items(),
            )
        return count

    def remove(self, uids: Iterable[str]) -> None:
        """Take records out; those that are not there do no harm."""
        with self._write() as connection:
            for uid in uids:
                found = connection.execute("SELECT id FROM record WHERE uid = ?", (uid,)).fetchone()
                if found is not None:
                    self._remove(connection, int(found[0]))

    @staticmethod
    def _remove(connection: sqlite3.Connection, record: int) -> None:
        connection.execute("DELETE FROM text WHERE rowid = ?", (record,))
        connection.execute("DELETE FROM facet WHERE record = ?", (record,))
        connection.execute("DELETE FROM vector WHERE record = ?", (record,))
        connection.execute("DELETE FROM record WHERE id = ?", (record,))

    @staticmethod
    def _insert(connection: sqlite3.Connection, row: IndexRow, record: int | None) -> None:
        cursor = connection.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record, row.uid, row.source, row.source_id, row.title, row.digest, row.licence, row.authors, row.n,
                row.age_min, row.age_max, row.year, row.owner, int(row.public),
                json.dumps(row.document or {}, ensure_ascii=False, sort_keys=True), row.provenance,
            ),
        )  # fmt: skip
        new = cursor.lastrowid
        text = (new, row.folded_title, row.tags, row.body, row.names)
        connection.execute("INSERT INTO text (rowid, title, tags, body, names) VALUES (?, ?, ?, ?, ?)", text)
        connection.executemany(
            "INSERT OR REPLACE INTO facet VALUES (?, ?, ?, ?, ?, ?)",
            [(f.concept, new, f.confidence, f.family, f.source, f.words) for f in row.facets],
        )

    def add_vectors(self, ids: Sequence[int], vectors: Floats) -> None:
        """Keep one vector of length one a record, in half precision."""
        halves = [(int(i), v.astype("<f2").tobytes()) for i, v in zip(ids, vectors, strict=True)]
        with self._write() as connection:
            connection.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", halves)

    def without_vector(self, limit: int) -> list[tuple[int, str]]:
        """Up to ``limit`` records that have no vector yet: (id, the text to embed)."""
        sql = (
            "SELECT r.id, json_extract(r.document, '$.embed') FROM record r LEFT JOIN vector v ON v.record = r.id"
            " WHERE v.record IS NULL ORDER BY r.id LIMIT ?"
        )
        return [(int(i), str(text or "")) for i, text in self._read(sql, (limit,))]

    # ---- reading

    def size(self) -> int:
        """How many records there are."""
        return self._keep("size", lambda: int(self._read("SELECT COUNT(*) FROM record")[0][0]))

    def top(self) -> int:
        """One more than the largest record id: the length of a dense array over records."""
        return self._keep("top", lambda: int(self._read("SELECT COALESCE(MAX(id), 0) + 1 FROM record")[0][0]))

    def _keep(self, key: str, make: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            return cast(T, self._kept[key])

    def having(self, concept: str) -> tuple[Ids, Floats]:
        """The records that have a facet, and how surely: two arrays of the same length."""

        def make() -> tuple[Ids, Floats]:
            rows = self._read("SELECT record, confidence FROM facet WHERE concept = ?", (concept,))
            pairs = np.array(rows, dtype=np.float64).reshape(-1, 2)
            return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.float32)

        return self._keep(f"facet {concept}", make)

    def numbers(self, field: str) -> Floats:
        """A number of every record (``n``, ``age_min``, ``age_max``, ``year``), dense, NaN where unknown."""
        if field not in {"n", "age_min", "age_max", "year", "public"}:
            raise ValueError(f"No number is called {field!r}; there are n, age_min, age_max, year.")

        def make() -> Floats:
            dense = np.full(self.top(), np.nan, dtype=np.float32)
            rows = self._read(f"SELECT id, {field} FROM record WHERE {field} IS NOT NULL")
            pairs = np.array(rows, dtype=np.float64).reshape(-1, 2)
            dense[pairs[:, 0].astype(np.int64)] = pairs[:, 1]
            return dense

        return self._keep(f"number {field}", make)

    def match(self, query: str, *, limit: int) -> list[int]:
        """Record ids that match an FTS5 query, best first by BM25.

        Parameters
        ----------
        query : str
            An FTS5 expression made of quoted words only.
        limit : int
            How many at most; -1 for all, in no order.
        """
        if not query:
            return []
        order = f" ORDER BY {_BM25} LIMIT {int(limit)}" if limit >= 0 else ""
        return [
            int(row[0]) for row in self._read(f"SELECT rowid FROM text WHERE text MATCH ?{order}", (query,))
        ]

    def where(self, column: str, value: str) -> list[int]:
        """Record ids whose ``source``, ``source_id``, ``licence``, ``authors``, ``title`` or ``owner`` holds a text."""
        if column not in {"source", "source_id", "licence", "authors", "title", "owner"}:
            raise ValueError(f"No column is called {column!r}.")
        exact = column in {"source", "source_id", "owner"}
        test = f"lower({column}) = lower(?)" if exact else f"instr(lower({column}), lower(?)) > 0"
        return [int(row[0]) for row in self._read(f"SELECT id FROM record WHERE {test}", (value,))]

    def vectors(self) -> tuple[Ids, npt.NDArray[np.float16]]:
        """All vectors: the record ids and a half-precision matrix with one row each."""

        def make() -> tuple[Ids, npt.NDArray[np.float16]]:
            rows = self._read("SELECT record, half FROM vector ORDER BY record")
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            if not rows:
                return ids, np.zeros((0, 1), dtype=np.float16)
            return ids, np.frombuffer(b"".join(row[1] for row in rows), dtype="<f2").reshape(len(rows), -1)

        return self._keep("vectors", make)

    def vector_bits(self) -> npt.NDArray[np.uint64]:
        """The signs of all vectors, packed."""
        return self._keep("bits", lambda: sign_bits(self.vectors()[1]))

    def rows(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """The records with these ids, in this order, each with its document and facets."""
        names = ("id", "uid", "source", "source_id", "title", "licence", "authors", "n", "age_min", "age_max", "year", "document", "provenance")  # fmt: skip
        places = json.dumps([int(i) for i in ids])
        sql = f"SELECT {', '.join(names)} FROM record WHERE id IN (SELECT value FROM json_each(?))"
        found = {int(row[0]): dict(zip(names, row, strict=True)) for row in self._read(sql, (places,))}
        for record in found.values():
            record["document"] = json.loads(str(record["document"]))
            record["facets"] = {}
        sql = (
            "SELECT record, concept, confidence, source, words FROM facet"
            " WHERE record IN (SELECT value FROM json_each(?)) ORDER BY record, confidence DESC, concept"
        )
        for record_id, concept, confidence, source, words in self._read(sql, (places,)):
            found[int(record_id)]["facets"][concept] = (confidence, source, words)
        return [found[int(i)] for i in ids if int(i) in found]

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """The folded text of these records: title, tags and body."""
        sql = "SELECT rowid, title || ' ' || tags || ' ' || body FROM text WHERE rowid IN (SELECT value FROM json_each(?))"
        return {int(i): str(text) for i, text in self._read(sql, (json.dumps([int(i) for i in ids]),))}

    def facet_counts(self, ids: Sequence[int], *, least: float = 0.5) -> list[tuple[str, str, int]]:
        """How many of these records have each facet: (family, concept, count), most frequent first."""
        sql = (
            "SELECT family, concept, COUNT(*) AS records FROM facet WHERE record IN (SELECT value FROM json_each(?))"
            " AND confidence >= ? GROUP BY family, concept ORDER BY records DESC, concept"
        )
        rows = self._read(sql, (json.dumps([int(i) for i in ids]), least))
        return [(str(family), str(concept), int(count)) for family, concept, count in rows]

    def column_counts(self, column: str, ids: Sequence[int]) -> list[tuple[str, int]]:
        """How many of these records have each value of ``source``, ``licence`` or ``year``."""
        if column not in {"source", "licence", "year"}:
            raise ValueError(f"No column is called {column!r}.")
        sql = (
            f"SELECT {column}, COUNT(*) AS records FROM record WHERE id IN (SELECT value FROM json_each(?))"
            f" AND {column} IS NOT NULL AND {column} != '' GROUP BY {column} ORDER BY records DESC, {column}"
        )
        return [(str(v), int(c)) for v, c in self._read(sql, (json.dumps([int(i) for i in ids]),))]

    def words(self, *, first: str, least: int) -> dict[str, int]:
        """Folded words that start with ``first`` and occur in at least ``least`` records."""
        sql = "SELECT word, records FROM word WHERE word >= ? AND word < ? AND records >= ?"
        rows = self._read(sql, (first, first + "\U0010ffff", least))
        return {str(word): int(count) for word, count in rows}

    def word_count(self, word: str) -> int:
        """In how many records a folded word occurs."""
        rows = self._read("SELECT records FROM word WHERE word = ?", (word,))
        return int(rows[0][0]) if rows else 0

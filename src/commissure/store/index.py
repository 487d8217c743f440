"""The search index: words, facets, numbers and vectors of every record, in one SQLite file or in PostgreSQL.

It can always be thrown away and built again from the catalogue and the harvested dumps. One process
writes at a time, others read; what is read often is kept in memory until somebody writes.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from commissure.store.index_engine import Writing, open_engine

__all__ = ["FacetRow", "IndexRow", "SearchIndex"]

T = TypeVar("T")
Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_COLUMNS = "uid, source, source_id, title, digest, licence, authors, n, age_min, age_max, year, owner, public, document, provenance"
_PUT_TEXT = "INSERT INTO text (rowid, title, tags, body, names) VALUES (?, ?, ?, ?, ?)"
_PUT_FACET = (
    "INSERT INTO facet (concept, record, confidence, family, source, words) VALUES (?, ?, ?, ?, ?, ?)"
)
_COUNT_WORD = "INSERT INTO word VALUES (?, ?) ON CONFLICT (word) DO UPDATE SET records = word.records + excluded.records"


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
    """The index in one SQLite file, or in a PostgreSQL database.

    Parameters
    ----------
    place : Path or str
        The file; made if missing, made anew if it is broken or of another version (``fresh`` is then true). Or the
        URL of a PostgreSQL database, ``postgresql://…``.
    reading : str
        Names the way records are read into facets; another one counts as another version.
    """

    def __init__(self, place: Path | str, *, reading: str = "") -> None:
        self.place = place
        self._engine = open_engine(place, reading=reading)
        self.fresh = self._engine.fresh
        self.closed = False
        self._lock = threading.RLock()
        self._seen = -1
        self._kept: dict[str, object] = {}

    def close(self) -> None:
        """Close the file, or give the connection back."""
        with self._lock:
            self._engine.close()
            self.closed = True

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._engine.read(sql, values)

    def refresh(self) -> None:
        """Forget what is kept in memory if another process has written since."""
        with self._lock:
            now = self._engine.changes()
            if now != self._seen:
                self._seen = now
                self._kept.clear()

    def _forget(self) -> None:
        with self._lock:
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
        latest = {row.uid: row for row in rows}
        texts, facets = [], []
        with self._engine.write() as writing:
            for row in latest.values():
                old = writing.execute("SELECT id FROM record WHERE uid = ?", (row.uid,))
                if old:
                    self._remove(writing, int(old[0][0]))
                new = self._insert(writing, row, int(old[0][0]) if old else None)
                texts.append((new, row.folded_title, row.tags, row.body, row.names))
                best = {f.concept: f for f in row.facets}
                facets += [(f.concept, new, f.confidence, f.family, f.source, f.words) for f in best.values()]
            writing.executemany(_PUT_TEXT, texts)
            writing.executemany(_PUT_FACET, facets)
            writing.executemany(_COUNT_WORD, sorted((words or {}).items()))
        self._forget()
        return len(latest)

    def remove(self, uids: Iterable[str]) -> None:
        """Take records out; those that are not there do no harm."""
        with self._engine.write() as writing:
            for uid in uids:
                for (record,) in writing.execute("SELECT id FROM record WHERE uid = ?", (uid,)):
                    self._remove(writing, int(record))
        self._forget()

    @staticmethod
    def _remove(writing: Writing, record: int) -> None:
        for table, key in (("text", "rowid"), ("facet", "record"), ("meaning", "record"), ("record", "id")):
            writing.execute(f"DELETE FROM {table} WHERE {key} = ?", (record,))

    @staticmethod
    def _insert(writing: Writing, row: IndexRow, record: int | None) -> int:
        columns, marks = (_COLUMNS, "?") if record is None else (f"id, {_COLUMNS}", "?, ?")
        known = () if record is None else (record,)
        ((new,),) = writing.execute(
            f"INSERT INTO record ({columns}) VALUES ({marks}{', ?' * 14}) RETURNING id",
            (
                *known, row.uid, row.source, row.source_id, row.title, row.digest, row.licence, row.authors, row.n,
                row.age_min, row.age_max, row.year, row.owner, int(row.public),
                json.dumps(row.document or {}, ensure_ascii=False, sort_keys=True), row.provenance,
            ),
        )  # fmt: skip
        return int(new)

    def add_vectors(self, ids: Sequence[int], vectors: Floats) -> None:
        """Keep one vector of length one a record."""
        self._engine.put_vectors(ids, vectors)
        self._forget()

    def without_vector(self, limit: int) -> list[tuple[int, str]]:
        """Up to ``limit`` records that have no vector yet: (id, the text to embed)."""
        sql = (
            f"SELECT r.id, {self._engine.says['embed']} FROM record r LEFT JOIN meaning v ON v.record = r.id"
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

    def match(self, phrases: Sequence[str], *, limit: int) -> list[int]:
        """Record ids that hold any of the phrases, best first by how often, where and how rare.

        Parameters
        ----------
        phrases : sequence of str
            Folded words, one space apart; whatever they hold, they are text and no syntax.
        limit : int
            How many at most; -1 for all, in no order.
        """
        return self._engine.match(phrases, limit=limit)

    def where(self, column: str, value: str) -> list[int]:
        """Record ids whose ``uid``, ``source``, ``source_id``, ``licence``, ``authors``, ``title`` or ``owner`` holds a text."""
        if column == "uid":
            return [int(row[0]) for row in self._read("SELECT id FROM record WHERE uid = ?", (value,))]
        if column not in {"source", "source_id", "licence", "authors", "title", "owner"}:
            raise ValueError(f"No column is called {column!r}.")
        exact = column in {"source", "source_id", "owner"}
        test = f"lower({column}) = lower(?)" if exact else self._engine.says["holds"].format(column)
        return [int(row[0]) for row in self._read(f"SELECT id FROM record WHERE {test}", (value,))]

    def nearest(self, query: Floats, *, many: int) -> tuple[Ids, Floats]:
        """The records whose vectors have the largest dot product with ``query``, best first, and the products."""
        return self._engine.nearest(query, many=many)

    def vectors_of(self, ids: Sequence[int]) -> dict[int, Floats]:
        """The vectors of these records, of those that have one."""
        return self._engine.vectors_of(ids)

    def rows(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """The records with these ids, in this order, each with its document and facets."""
        names = ("id", "uid", "source", "source_id", "title", "licence", "authors", "n", "age_min", "age_max", "year", "document", "provenance")  # fmt: skip
        places = json.dumps([int(i) for i in ids])
        sql = f"SELECT {', '.join(names)} FROM record WHERE id {self._engine.says['in_ids']}"
        found = {int(row[0]): dict(zip(names, row, strict=True)) for row in self._read(sql, (places,))}
        for record in found.values():
            record["document"] = json.loads(str(record["document"]))
            record["facets"] = {}
        sql = (
            "SELECT record, concept, confidence, source, words FROM facet"
            f" WHERE record {self._engine.says['in_ids']} ORDER BY record, confidence DESC, concept"
        )
        for record_id, concept, confidence, source, words in self._read(sql, (places,)):
            found[int(record_id)]["facets"][concept] = (confidence, source, words)
        return [found[int(i)] for i in ids if int(i) in found]

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """The folded text of these records: title, tags and body."""
        sql = f"SELECT rowid, title || ' ' || tags || ' ' || body FROM text WHERE rowid {self._engine.says['in_ids']}"
        return {int(i): str(text) for i, text in self._read(sql, (json.dumps([int(i) for i in ids]),))}

    def facet_counts(self, ids: Sequence[int], *, least: float = 0.5) -> list[tuple[str, str, int]]:
        """How many of these records have each facet: (family, concept, count), most frequent first."""
        sql = (
            f"SELECT family, concept, COUNT(*) AS records FROM facet WHERE record {self._engine.says['in_ids']}"
            " AND confidence >= ? GROUP BY family, concept ORDER BY records DESC, concept"
        )
        rows = self._read(sql, (json.dumps([int(i) for i in ids]), least))
        return [(str(family), str(concept), int(count)) for family, concept, count in rows]

    def column_counts(self, column: str, ids: Sequence[int]) -> list[tuple[str, int]]:
        """How many of these records have each value of ``source``, ``licence`` or ``year``."""
        if column not in {"source", "licence", "year"}:
            raise ValueError(f"No column is called {column!r}.")
        sql = (
            f"SELECT {column}, COUNT(*) AS records FROM record WHERE id {self._engine.says['in_ids']}"
            f" AND {column} IS NOT NULL AND CAST({column} AS TEXT) != '' GROUP BY {column} ORDER BY records DESC, {column}"
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

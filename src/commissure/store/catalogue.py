"""The catalogue: pages of datasets by facets and words, and counts, fast at a hundred thousand.

Three devices keep it fast. What a page shows is copied into ``datasets`` when a release is added, so that a page is
one scan of an index from its cursor on. Counts of values over all datasets are kept up to date by every release. And
filters are bitmaps: a filter that leaves few datasets gives their numbers, one that leaves many is tested along the
scan.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa

from commissure.errors import BadInput
from commissure.model import Dataset, Release
from commissure.store import bitmaps
from commissure.store.database import Database, dumps
from commissure.store.facets import facets_of, fold, words_of
from commissure.store.port import Card, Page, Query
from commissure.store.revisions import means_changed
from commissure.store.rows import dataset_of
from commissure.store.schema import datasets, facet_counts, facets, text_index

__all__ = ["Catalogue", "take_off", "take_on"]

_FEW = 1500
_STRIDE = 2000
_MOST = 200
_COUNT = sa.text(
    "INSERT INTO facet_counts (scope, key, value, count) VALUES (:scope, :key, :value, :change) "
    "ON CONFLICT (scope, key, value) DO UPDATE SET count = facet_counts.count + excluded.count"
)


class Catalogue:
    """Pages and counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, query: Query, *, cursor: str | None = None, limit: int = 20) -> Page:
        """The datasets that match, from ``cursor`` on.

        Parameters
        ----------
        query : Query
            What is asked.
        cursor : str or None
            ``next`` of the page before; None for the first.
        limit : int
            How many cards, from 1 to 200.

        Raises
        ------
        BadInput
            If the cursor, the sort or the limit cannot be used.
        """
        if not 1 <= limit <= _MOST:
            raise BadInput(f"limit must be from 1 to {_MOST}; got {limit}.")
        with self._database.read() as connection:
            bits = self._match(connection, query)
            if bits is None:
                where, total = _visible(query), self._total(connection, query)
            else:
                where, total = [], bitmaps.count(bits)
            order, after = _order(query.sort, cursor)
            select = sa.select(datasets).order_by(*order)
            if bits is None:
                rows = _rows(connection, select.where(*where, *after).limit(limit + 1))
            else:
                numbers = _first(connection, bits, total=total, order=order, after=after, limit=limit + 1)
                rows = _rows(connection, select.where(datasets.c.seq.in_(numbers)))
        more = len(rows) > limit
        cards = tuple(_card(row) for row in rows[:limit])
        return Page(cards, total, _cursor(query.sort, rows[limit - 1]) if more else None)

    def facets(self, query: Query) -> dict[str, dict[str, int]]:
        """How many of the matching datasets bear each value, by key; the most frequent value first.

        With words or filters, the 200 most frequent values of each key are counted.
        """
        with self._database.read() as connection:
            counts = facet_counts.c
            select = sa.select(counts.key, counts.value, sa.func.sum(counts.count)).where(
                counts.scope.in_(_scopes(query.viewer)), counts.key != ""
            )
            rows = list(connection.execute(select.group_by(counts.key, counts.value)))
            found: dict[str, dict[str, int]] = {}
            for key, value, number in sorted(rows, key=lambda row: (row[0], -row[2], row[1])):
                if number:
                    found.setdefault(key, {})[value] = int(number)
            bits = self._match(connection, query)
            return found if bits is None else _narrow(connection, bits, found)

    def _total(self, connection: sa.Connection, query: Query) -> int:
        if query.withdrawn:
            select = sa.select(sa.func.count()).select_from(datasets).where(*_visible(query))
        else:
            counts = facet_counts.c
            select = sa.select(sa.func.sum(counts.count)).where(
                counts.key == "", counts.scope.in_(_scopes(query.viewer))
            )
        return int(connection.execute(select).scalar() or 0)

    def _match(self, connection: sa.Connection, query: Query) -> bitmaps.Bits | None:
        """The datasets that words and filters leave; None if there are neither."""
        if not query.words and not query.facets:
            return None
        blocks = bitmaps.width(connection)
        bits = bitmaps.read(connection, "", values=("public",), blocks=blocks)
        if query.viewer:
            bits |= bitmaps.read(connection, "@", values=(query.viewer,), blocks=blocks)
        for key, wanted in query.facets.items():
            bits &= bitmaps.read(connection, key, values=_values(wanted), blocks=blocks)
        if query.words:
            found = connection.execute(self._matches(query.words)).scalars()
            bits &= bitmaps.of_numbers(found, blocks=blocks)
        return bits

    def _matches(self, words: str) -> sa.Select[int]:
        wanted = fold(words)
        if not wanted:
            raise BadInput("A search needs a word of letters or digits.")
        select = sa.select(text_index.c.rowid)
        if self._database.sqlite:
            terms = " ".join(f'"{word}"' for word in wanted) + "*"
            return select.where(sa.text("text_index MATCH :terms").bindparams(terms=terms))
        terms = " & ".join(wanted) + ":*"
        return select.where(sa.text("words @@ to_tsquery('simple', :terms)").bindparams(terms=terms))


def _rows(connection: sa.Connection, select: sa.Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select).mappings()]


def _first(
    connection: sa.Connection,
    bits: bitmaps.Bits,
    *,
    total: int,
    order: list[sa.ColumnElement[Any]],
    after: list[sa.ColumnElement[bool]],
    limit: int,
) -> list[int]:
    """The numbers of the first ``limit`` datasets, in order, that ``bits`` hold."""
    select = sa.select(datasets.c.seq).order_by(*order)
    if total <= _FEW:
        few = [int(number) for number in bitmaps.members(bits)]
        return list(connection.execute(select.where(*after, datasets.c.seq.in_(few)).limit(limit)).scalars())
    found: list[int] = []
    result = connection.execution_options(yield_per=_STRIDE).execute(select.where(*after))
    for block in result.scalars().partitions():
        numbers = np.fromiter(block, dtype=np.int64)
        held = numbers[(bits[numbers >> 3] >> (numbers & 7).astype(np.uint8)) & 1 == 1]
        found += held.tolist()
        if len(found) >= limit:
            break
    result.close()
    return found[:limit]


def _narrow(
    connection: sa.Connection, bits: bitmaps.Bits, counts: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """Counts of the most frequent values among the datasets that ``bits`` hold."""
    blocks = bitmaps.width(connection)
    found: dict[str, dict[str, int]] = {}
    for key, values in counts.items():
        each = bitmaps.read_each(connection, key, values=tuple(values)[:_MOST], blocks=blocks)
        numbers = {value: bitmaps.count(bits & one) for value, one in each}
        ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
        if held := {value: number for value, number in ordered if number}:
            found[key] = held
    return found


def take_on(connection: sa.Connection, release: Release, *, dataset: Dataset, rank: int) -> None:
    """Let the catalogue show ``release`` as the latest of ``dataset``, within a transaction."""
    take_off(connection, dataset.id)
    means_changed(connection, dataset=dataset.id)
    row = {
        "id": dataset.id, "title": dataset.title, "owner": dataset.owner, "created": dataset.created or release.created,
        "public": release.public, "withdrawn": release.withdrawn, "version": release.version,
        "standard": release.standard, "card": dumps(dict(release.metadata)), "released": release.created,
        "files": len(release.assets), "bytes": sum(asset.bytes for asset in release.assets), "rank": rank,
        "title_key": " ".join(fold(dataset.title)),
    }  # fmt: skip
    seq = connection.execute(sa.select(datasets.c.seq).where(datasets.c.id == dataset.id)).scalar()
    if seq is None:
        (seq,) = connection.execute(datasets.insert().values(row)).inserted_primary_key or (0,)
    else:
        del row["created"]
        connection.execute(datasets.update().where(datasets.c.seq == seq).values(row))
    if release.withdrawn:
        return
    pairs = facets_of(release)
    if pairs:
        connection.execute(
            facets.insert(), [{"key": key, "value": value, "dataset": seq} for key, value in pairs]
        )
    seen = ("", "public") if release.public else ("@", dataset.owner)
    bitmaps.flip(connection, (seen, *pairs), dataset=seq, bears=True)
    _count(connection, "" if release.public else f"@{dataset.owner}", pairs, change=1)
    values = (
        "(:seq, :words)" if connection.dialect.name == "sqlite" else "(:seq, to_tsvector('simple', :words))"
    )
    words = {"seq": seq, "words": words_of(release, title=dataset.title)}
    connection.execute(sa.text(f"INSERT INTO text_index (rowid, words) VALUES {values}"), words)


def take_off(connection: sa.Connection, dataset: str) -> None:
    """Let the catalogue neither find nor count ``dataset`` any more, within a transaction."""
    row = connection.execute(sa.select(datasets).where(datasets.c.id == dataset)).first()
    if row is None or row.withdrawn:
        return
    means_changed(connection, dataset=dataset)
    here = facets.c.dataset == row.seq
    pairs = tuple(
        (key, value) for key, value in connection.execute(sa.select(facets.c.key, facets.c.value).where(here))
    )
    seen = ("", "public") if row.public else ("@", row.owner)
    bitmaps.flip(connection, (seen, *pairs), dataset=row.seq, bears=False)
    _count(connection, "" if row.public else f"@{row.owner}", pairs, change=-1)
    connection.execute(facets.delete().where(here))
    connection.execute(text_index.delete().where(text_index.c.rowid == row.seq))
    connection.execute(datasets.update().where(datasets.c.seq == row.seq).values(withdrawn=True))


def _count(connection: sa.Connection, scope: str, pairs: tuple[tuple[str, str], ...], *, change: int) -> None:
    rows = [
        {"scope": scope, "key": key, "value": value, "change": change} for key, value in (("", ""), *pairs)
    ]
    connection.execute(_COUNT, rows)


def _scopes(viewer: str) -> tuple[str, ...]:
    return ("", f"@{viewer}") if viewer else ("",)


def _values(wanted: str | tuple[str, ...]) -> tuple[str, ...]:
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def _visible(query: Query) -> list[sa.ColumnElement[bool]]:
    public = datasets.c.public.is_(True)
    seen = public | (datasets.c.owner == query.viewer) if query.viewer else public
    return [seen] if query.withdrawn else [seen, datasets.c.withdrawn.is_(False)]


def _order(sort: str, cursor: str | None) -> tuple[list[sa.ColumnElement[Any]], list[sa.ColumnElement[bool]]]:
    after = _decode(sort, cursor) if cursor else None
    if sort == "newest":
        where = [] if after is None else [datasets.c.rank < int(after[0])]
        return [datasets.c.rank.desc()], where
    if sort == "title":
        columns = (datasets.c.title_key, datasets.c.seq)
        where = [] if after is None else [sa.tuple_(*columns) > sa.tuple_(str(after[0]), int(after[1]))]
        return list(columns), where
    raise BadInput(f"sort must be 'newest' or 'title'; got {sort!r}.")


def _cursor(sort: str, row: Mapping[str, Any]) -> str:
    values = [row["rank"]] if sort == "newest" else [row["title_key"], row["seq"]]
    return base64.urlsafe_b64encode(dumps([sort, *values]).encode()).decode().rstrip("=")


def _decode(sort: str, cursor: str) -> list[Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        right: tuple[type, ...] = (int,) if sort == "newest" else (str, int)
        if found[0] == sort and tuple(type(value) for value in found[1:]) == right:
            return list(found[1:])
    except (ValueError, LookupError, TypeError):
        found = None
    raise BadInput("The cursor was not made by this search; start again from the first page.")


def _card(row: Mapping[str, Any]) -> Card:
    return Card(
        dataset=dataset_of(row),
        version=row["version"],
        standard=row["standard"],
        metadata=json.loads(row["card"]),
        released=row["released"],
        files=row["files"],
        bytes=row["bytes"],
        withdrawn=row["withdrawn"],
    )

"""The catalogue: pages of datasets by facets and words, and counts, fast at a hundred thousand.

Three devices keep it fast. What a page shows is copied into ``datasets`` when a release is added, so that a page is
one scan of an index from its cursor on. Counts of values are kept up to date by every release. And a filter that
matches few datasets is resolved to their numbers first, whereas one that matches many is probed along the scan.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from commissure.errors import BadInput
from commissure.model import Dataset, Release
from commissure.store.database import Database, dumps
from commissure.store.facets import facets_of, fold, words_of
from commissure.store.port import Card, Page, Query
from commissure.store.rows import dataset_of
from commissure.store.schema import datasets, facet_counts, facets, text_index

__all__ = ["Catalogue", "take_off", "take_on"]

_FEW = 1500
_MOST = 200
_COUNT = sa.text(
    "INSERT INTO facet_counts (scope, key, value, count) VALUES (:scope, :key, :value, :change) "
    "ON CONFLICT (scope, key, value) DO UPDATE SET count = facet_counts.count + excluded.count"
)


class _Filter(NamedTuple):
    where: list[sa.ColumnElement[bool]]
    few: list[int] | None


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
            narrowed = self._filter(connection, query)
            order, where = _order(query.sort, cursor)
            select = sa.select(datasets).where(*narrowed.where, *where).order_by(*order).limit(limit + 1)
            rows = [dict(row) for row in connection.execute(select).mappings()]
            total = self._total(connection, query, narrowed)
        more = len(rows) > limit
        cards = tuple(_card(row) for row in rows[:limit])
        return Page(cards, total, _cursor(query.sort, rows[limit - 1]) if more else None)

    def facets(self, query: Query) -> dict[str, dict[str, int]]:
        """How many of the matching datasets bear each value, by key; the most frequent value first."""
        with self._database.read() as connection:
            if not query.words and not query.facets and not query.withdrawn:
                counts = facet_counts.c
                select = sa.select(counts.key, counts.value, sa.func.sum(counts.count)).where(
                    counts.scope.in_(_scopes(query.viewer)), counts.key != ""
                )
                rows = list(connection.execute(select.group_by(counts.key, counts.value)))
            else:
                narrowed = self._filter(connection, query)
                matching = sa.select(datasets.c.seq).where(*narrowed.where)
                select = sa.select(facets.c.key, facets.c.value, sa.func.count()).where(
                    facets.c.dataset.in_(matching if narrowed.few is None else narrowed.few)
                )
                rows = list(connection.execute(select.group_by(facets.c.key, facets.c.value)))
        found: dict[str, dict[str, int]] = {}
        for key, value, count in sorted(rows, key=lambda row: (row[0], -row[2], row[1])):
            if count:
                found.setdefault(key, {})[value] = int(count)
        return found

    def _total(self, connection: sa.Connection, query: Query, narrowed: _Filter) -> int:
        if not query.words and not query.facets and not query.withdrawn:
            return self._counted(connection, query, "", ("",))
        select = sa.select(sa.func.count()).select_from(datasets).where(*narrowed.where)
        if not query.words and not query.withdrawn and len(query.facets) == 1:
            ((key, wanted),) = query.facets.items()
            if len(_values(wanted)) == 1:
                return self._counted(connection, query, key, _values(wanted))
        return int(connection.execute(select).scalar() or 0)

    @staticmethod
    def _counted(connection: sa.Connection, query: Query, key: str, values: tuple[str, ...]) -> int:
        counts = facet_counts.c
        here = (counts.key == key) & counts.value.in_(values) & counts.scope.in_(_scopes(query.viewer))
        return int(connection.execute(sa.select(sa.func.sum(counts.count)).where(here)).scalar() or 0)

    def _filter(self, connection: sa.Connection, query: Query) -> _Filter:
        where: list[sa.ColumnElement[bool]] = [_visible(query.viewer)]
        if not query.withdrawn:
            where.append(datasets.c.withdrawn.is_(False))
        few: list[int] | None = None
        for key, wanted in query.facets.items():
            bears = (facets.c.key == key) & facets.c.value.in_(_values(wanted))
            rare = self._counted(connection, query, key, _values(wanted)) <= _FEW and not query.withdrawn
            if rare:
                select = sa.select(facets.c.dataset).where(bears).distinct()
                if few is None:
                    few = list(connection.execute(select).scalars())
                    continue
            where.append(sa.exists().where(bears & (facets.c.dataset == datasets.c.seq)))
        if query.words:
            matches = self._matches(query.words)
            first = [int(row) for row in connection.execute(matches.limit(_FEW + 1)).scalars()]
            if len(first) <= _FEW and few is None:
                few = first
            else:
                where.append(datasets.c.seq.in_(matches))
        if few is not None:
            where.append(datasets.c.seq.in_(few))
            few = [int(seq) for seq in connection.execute(sa.select(datasets.c.seq).where(*where)).scalars()]
            where = [datasets.c.seq.in_(few)]
        return _Filter(where, few)

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


def take_on(connection: sa.Connection, dataset: Dataset, release: Release, *, rank: int) -> None:
    """Let the catalogue show ``release`` as the latest of ``dataset``, within a transaction."""
    take_off(connection, dataset.id)
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
    here = facets.c.dataset == row.seq
    pairs = tuple(
        (key, value) for key, value in connection.execute(sa.select(facets.c.key, facets.c.value).where(here))
    )
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


def _visible(viewer: str) -> sa.ColumnElement[bool]:
    public = datasets.c.public.is_(True)
    return public | (datasets.c.owner == viewer) if viewer else public


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

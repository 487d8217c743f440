"""A hub elsewhere, asked as any client asks it; whatever it answers, only whole results are taken."""

from collections.abc import Iterator, Mapping
from typing import Any

from commissure.errors import Fault, NotFound
from commissure.store.archives.paging import rows_of, take
from commissure.store.archives.web import Web

__all__ = ["PeerHub", "peer"]

_TEXTS = ("id", "source", "source_id", "title")
_MOST = 100


class PeerHub:
    """The connector to a hub; its ``base`` is the hub's own address."""

    base = ""

    def search(self, asked: Mapping[str, Any], *, web: Web, limit: int) -> Iterator[Mapping[str, Any]]:
        """The hub's results, best first; after them, as a Fault, how many of its results are none.

        ``asked`` holds ``words`` in the query syntax.
        """
        answer = web.get("api/v1/search", {**asked, "limit": min(limit, _MOST)})
        rows = rows_of(answer, "results", name=web.name)
        whole = [row for row in rows if _is_whole(row)]
        yield from take(iter([whole]), limit=limit, key=lambda row: row["id"])
        told = answer.get("results") or []
        if len(told) > len(whole):
            raise Fault(f"{web.name}: {len(told) - len(whole)} of its results cannot be read.")

    def get(self, id: str, *, web: Web) -> Mapping[str, Any]:
        """One result, by its id in the hub's index."""
        source, _, source_id = id.partition(":")
        for row in self.search({"words": f'id:"{source_id}" source:"{source}"'}, web=web, limit=_MOST):
            if row["id"] == id:
                return row
        raise NotFound(f"{web.name} has no record {id!r}.")


def _is_whole(row: Mapping[str, Any]) -> bool:
    texts = all(isinstance(row.get(name), str) and len(row[name]) < 10_000 for name in _TEXTS)
    score = row.get("score")
    number = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1
    lists = all(isinstance(row.get(name, []), list) for name in ("met", "missed"))
    return (
        texts and bool(row["source_id"]) and number and lists and isinstance(row.get("record", {}), Mapping)
    )


#: the connector
peer = PeerHub()

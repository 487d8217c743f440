"""Neurobagel: a node's API, or a federation of nodes, of which some may fail while others answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from commissure.errors import Fault, NotFound
from commissure.store.archives.paging import rows_of, take
from commissure.store.archives.web import Web

__all__ = ["Neurobagel", "connector"]

_NAME = "Neurobagel"


class Neurobagel:
    """The connector; a node answers with a list, a federation with ``responses`` and ``errors``."""

    base = "https://federate.neurobagel.org"

    def search(self, asked: Mapping[str, Any], *, web: Web, limit: int) -> Iterator[Mapping[str, Any]]:
        """Datasets with subjects that match; after them, as a Fault, what nodes failed."""
        answer = web.post("datasets", dict(asked))
        rows = answer if isinstance(answer, list) else rows_of(answer, "responses", name=_NAME)
        yield from take(iter([rows]), limit=limit, key=lambda row: row.get("dataset_uuid"))
        failed = rows_of(answer, "errors", name=_NAME) if isinstance(answer, Mapping) else []
        if failed:
            names = ", ".join(str(error.get("node_name", "a node")) for error in failed)
            raise Fault(f"{_NAME}: {len(failed)} nodes did not answer ({names[:200]}).")

    def get(self, id: str, *, web: Web) -> Mapping[str, Any]:
        """One dataset, found among all."""
        for row in self.search({}, web=web, limit=10_000):
            if row.get("dataset_uuid") == id:
                return row
        raise NotFound(f"{_NAME} has no dataset {id!r}.")


#: the plugin
connector = Neurobagel()

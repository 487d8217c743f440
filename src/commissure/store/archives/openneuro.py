"""OpenNeuro: GraphQL, with both shapes of ``advancedSearch``.

Until April 2026 it took a raw search-engine query, since then a typed ``DatasetSearchInput``. The typed one is asked
first; an archive that does not know it says so in its errors, and is then asked in the old way.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from commissure.errors import BadInput, Fault, NotFound
from commissure.store.archives.paging import rows_of, take
from commissure.store.archives.web import Web

__all__ = ["OpenNeuro", "connector"]

_NODE = """id created public publishDate
metadata { species studyDesign dxStatus modalities tasksCompleted ages associatedPaperDOI }
latestSnapshot { id tag created size readme
  description { Name Authors License DatasetDOI Funding }
  summary { modalities secondaryModalities subjects tasks size totalFiles } }"""
_PAGE = f"edges {{ node {{ {_NODE} }} }} pageInfo {{ hasNextPage endCursor count }}"
_TYPED = f"""query Search($query: DatasetSearchInput!, $after: String, $first: Int) {{
  advancedSearch(query: $query, datasetType: "All Public", after: $after, first: $first) {{ {_PAGE} }} }}"""
_RAW = f"""query Search($query: JSON!, $after: String, $first: Int) {{
  advancedSearch(query: $query, datasetType: "All Public", after: $after, first: $first) {{ {_PAGE} }} }}"""
_ONE = f"query One($id: ID!) {{ dataset(id: $id) {{ {_NODE} }} }}"
_FIRST = 25
_NAME = "OpenNeuro"


class OpenNeuro:
    """The connector."""

    base = "https://openneuro.org/crn"

    def search(self, asked: Mapping[str, Any], *, web: Web, limit: int) -> Iterator[Mapping[str, Any]]:
        """Public datasets; ``asked`` is a ``DatasetSearchInput``."""
        yield from take(self._pages(asked, web, limit), limit=limit, key=lambda row: row.get("id"))

    def get(self, id: str, *, web: Web) -> Mapping[str, Any]:
        """One dataset."""
        found = _data(web.post("graphql", {"query": _ONE, "variables": {"id": id}})).get("dataset")
        if not isinstance(found, Mapping):
            raise NotFound(f"{_NAME} has no dataset {id!r}.")
        return found

    def _pages(self, asked: Mapping[str, Any], web: Web, limit: int) -> Iterator[list[Mapping[str, Any]]]:
        after: str | None = None
        query, sent = _TYPED, dict(asked)
        while True:
            variables = {"query": sent, "after": after, "first": min(limit, _FIRST)}
            try:
                data = _data(web.post("graphql", {"query": query, "variables": variables}))
            except BadInput as refused:
                if query is _RAW or "DatasetSearchInput" not in str(refused):
                    raise
                query, sent = _RAW, _raw(asked)
                continue
            found = data.get("advancedSearch")
            edges = rows_of(found or {}, "edges", name=_NAME)
            yield [edge["node"] for edge in edges if isinstance(edge.get("node"), Mapping)]
            told = (found or {}).get("pageInfo") or {}
            if not told.get("hasNextPage") or told.get("endCursor") in (None, after):
                return
            after = str(told["endCursor"])


def _data(answer: Any) -> Mapping[str, Any]:
    """The data of a GraphQL answer; what it holds beside errors is kept."""
    if not isinstance(answer, Mapping):
        raise Fault(f"{_NAME} answered in a shape that is not known.")
    data, errors = answer.get("data"), answer.get("errors")
    if isinstance(data, Mapping) and any(value is not None for value in data.values()):
        return data
    if errors:
        said = "; ".join(str(error.get("message", "")) for error in errors if isinstance(error, Mapping))
        raise BadInput(f"{_NAME} refuses the question: {said[:300]}")
    return data if isinstance(data, Mapping) else {}


def _raw(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The same question for the search engine behind the old shape."""
    must: list[dict[str, Any]] = []
    if words := asked.get("keywords"):
        text = " ".join(words) if isinstance(words, list) else str(words)
        must.append({"simple_query_string": {"query": text, "default_operator": "and"}})
    if modality := asked.get("modality"):
        must.append({"match": {"latestSnapshot.summary.modalities": modality}})
    if species := asked.get("species"):
        must.append({"match": {"metadata.species": species}})
    if tasks := asked.get("tasks"):
        must.append({"match": {"latestSnapshot.summary.tasks": tasks}})
    return {"bool": {"must": must}} if must else {"match_all": {}}


#: the plugin
connector = OpenNeuro()

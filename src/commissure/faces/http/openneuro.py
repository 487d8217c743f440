"""The OpenNeuro dialect: a subset of its GraphQL over the hub's public releases.

``POST /crn/graphql`` answers the queries that OpenNeuro's clients send: ``dataset``, ``datasets``, ``snapshot``,
``search`` and both shapes of ``advancedSearch``. Reading only; private releases are never listed here.
"""

import base64
import binascii
from functools import cache
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from commissure.errors import BadInput, CommissureError, NotFound
from commissure.extras import need
from commissure.faces.http.auth import HubHere
from commissure.faces.http.catalogue import shown_in
from commissure.hub import Hub
from commissure.model import Asset, Release
from commissure.store import numbers, port
from commissure.translate import archive_openneuro as dialect
from commissure.translate.archive_records import mapping_of

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_MOST_TOKENS, _MOST, _LONGEST, _MOST_NODES = 2000, 100, 100_000, 500
_MODALITIES = {"mri": ("anat", "func", "dwi", "fmap", "perf")}


@cache
def _schema(typed: bool) -> Any:
    return need("graphql", purpose="Answering GraphQL").build_schema(dialect.schema_text(typed=typed))


@router.get("/crn/graphql")
def graphql_get(request: Request, hub: HubHere, query: str = "") -> Response:
    """A query in the address."""
    return _answered(request, hub, query, {}, None)


@router.post("/crn/graphql")
def graphql_post(request: Request, hub: HubHere, body: dict[str, Any]) -> Response:
    """A query with its variables."""
    query, variables, name = body.get("query"), body.get("variables") or {}, body.get("operationName")
    if not isinstance(query, str) or not isinstance(variables, dict) or not isinstance(name, str | None):
        raise BadInput("A GraphQL request is an object with query, and perhaps variables and operationName.")
    return _answered(request, hub, query, variables, name)


def _answered(
    request: Request, hub: Hub, query: str, variables: dict[str, Any], name: str | None
) -> Response:
    graphql = need("graphql", purpose="Answering GraphQL")
    if len(query) > _LONGEST:
        raise BadInput(f"A query has at most {_LONGEST} letters; got {len(query)}.")
    schema = _schema("DatasetSearchInput" in query)
    try:
        document = graphql.parse(query, max_tokens=_MOST_TOKENS)
        errors = graphql.validate(schema, document, max_errors=5)
    except graphql.GraphQLError as error:
        errors = [error]
    except RecursionError:
        errors = [graphql.GraphQLError("The query nests too deeply.")]
    if errors:
        return JSONResponse({"errors": [{"message": error.message} for error in errors]}, 400)
    root = _Root(request, hub).fields()
    done = graphql.execute_sync(schema, document, root, variable_values=variables, operation_name=name)
    told: dict[str, Any] = {"data": done.data}
    if done.errors:
        told["errors"] = [{"message": _message(error), "path": error.path} for error in done.errors]
    return JSONResponse(told)


def _message(error: Any) -> str:
    cause = error.original_error
    return error.message if cause is None or isinstance(cause, CommissureError) else "A fault of ours."


class _Root:
    """The queries over one hub, as anybody sees it."""

    def __init__(self, request: Request, hub: Hub) -> None:
        self._origin, self._hub, self._left = str(request.base_url).rstrip("/"), hub, _MOST_NODES

    def _count(self) -> None:
        """Refuse a query that winds between datasets and snapshots without end."""
        self._left -= 1
        if self._left < 0:
            raise BadInput(
                f"The query asks for more than {_MOST_NODES} datasets and snapshots; ask for fewer."
            )

    def fields(self) -> dict[str, Any]:
        """The resolvers by the names of their queries."""
        return {
            "dataset": lambda info, id: self._dataset(id),
            "datasets": lambda info, **said: self._page(_facets(said), said),
            "snapshot": lambda info, datasetId, tag: self._snapshot(datasetId, tag),
            "search": lambda info, **said: self._page({"words": said["q"]}, said),
            "advancedSearch": lambda info, **said: self._page(_asked(said["query"]), said),
            "participantCount": lambda info, modality=None: self._participants(modality),
        }

    def _name(self, id: str) -> str:
        number = dialect.number_of(id)
        return numbers.dataset_numbered(self._hub.records.database, number) if number is not None else id

    def _dataset(self, id: str) -> dict[str, Any] | None:
        self._count()
        try:
            shown = shown_in(self._hub, self._name(id), version="latest", viewer="")
        except NotFound:
            return None
        if shown.release.withdrawn:
            return None
        number = numbers.dataset_number(self._hub.records.database, shown.dataset.id)
        called = dialect.accession(number)
        url = f"{self._origin}/datasets/{shown.dataset.id}"
        node = dialect.dataset_node(shown.dataset, shown.release, id=called, url=url)
        node["latestSnapshot"] = lambda info: self._snapshot(shown.dataset.id, shown.release.version)
        node["draft"] = node["latestSnapshot"]
        node["snapshots"] = lambda info: [
            self._snapshot(shown.dataset.id, v) for v in reversed(shown.versions)
        ]
        return node

    def _snapshot(self, id: str, tag: str) -> dict[str, Any] | None:
        self._count()
        try:
            shown = shown_in(self._hub, self._name(id), version=tag, viewer="")
        except NotFound:
            return None
        if shown.release.withdrawn:
            return None
        number = numbers.dataset_number(self._hub.records.database, shown.dataset.id)
        node = dialect.snapshot_node(
            shown.dataset, shown.release, id=dialect.accession(number), files=self._addresses(shown.release)
        )
        return {**node, "dataset": lambda info: self._dataset(shown.dataset.id), "modified": shown.release.created,
                "head": node["hexsha"]}  # fmt: skip

    def _addresses(self, release: Release) -> Any:
        base = f"{self._origin}/api/v1/datasets/{release.dataset}/releases/{release.version}/files/"
        return lambda asset: _address(base, asset)

    def _page(self, asked: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        query = port.Query(words=asked.get("words", ""), facets=asked.get("facets", {}), viewer="")
        limit = max(1, min(int(said.get("first") or 25), _MOST))
        found = self._hub.records.catalogue.page(query, cursor=_cursor(said.get("after")), limit=limit)
        nodes = [node for card in found.cards if (node := self._dataset(card.dataset.id)) is not None]
        return dialect.connection(nodes, count=found.total, following=found.next)

    def _participants(self, modality: str | None) -> int:
        cursor, total = None, 0
        query = port.Query(facets=_facets({"modality": modality}).get("facets", {}), viewer="")
        while True:
            page = self._hub.records.catalogue.page(query, cursor=cursor, limit=200)
            counts = [card.metadata.get("subjects") for card in page.cards]
            total += sum(count for count in counts if isinstance(count, int))
            if (cursor := page.next) is None:
                return total


def _address(base: str, asset: Asset) -> str:
    return base + quote(asset.path)


def _cursor(after: str | None) -> str | None:
    try:
        return base64.b64decode(after, validate=True).decode() if after else None
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadInput("That is no cursor of this hub; begin without one.") from error


def _facets(said: dict[str, Any]) -> dict[str, Any]:
    modality = str(said.get("modality") or "").lower()
    wanted = (modality, *_MODALITIES.get(modality, ())) if modality else ()
    return {"facets": {"modality": wanted}} if wanted else {}


def _asked(query: Any) -> dict[str, Any]:
    """The hub's question of a ``DatasetSearchInput``, or of the words and matches in a raw query."""
    if not isinstance(query, dict):
        return {}
    said = query if not {"bool", "match_all", "query_string"} & set(query) else _raw(query)
    words = [*(said.get("keywords") or ()), *(said.get("tasks") or ())]
    facets = dict(_facets(said).get("facets", {}))
    if species := said.get("species"):
        rule = next(r for r in mapping_of("openneuro")["fields"] if r["field"] == "species")
        facets["species"] = (rule["values"].get(species, species),)
    return {"words": " ".join(str(word) for word in words if word), "facets": facets}


def _raw(query: Any, *, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {"keywords": []}
    parts = query.items() if isinstance(query, dict) else enumerate(query) if isinstance(query, list) else ()
    for key, value in parts:
        if key in {"simple_query_string", "query_string"} and isinstance(value, dict):
            found["keywords"].append(str(value.get("query", "")))
        elif key in {"match", "term", "match_phrase"} and isinstance(value, dict):
            for field, wanted in value.items():
                name = "modality" if "modalit" in field else "species" if "species" in field else ""
                if name:
                    found[name] = str(
                        wanted.get("value", wanted.get("query")) if isinstance(wanted, dict) else wanted
                    )
        elif isinstance(value, dict | list) and depth < 12:
            below = _raw(value, depth=depth + 1)
            found["keywords"] += below.pop("keywords")
            found |= below
    return found

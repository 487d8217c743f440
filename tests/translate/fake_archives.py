"""Archives on loopback that answer as the real ones do, with a switch for each way in which they fail."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from graphql import build_schema, graphql_sync

_TYPES = """
scalar JSON
scalar BigInt
scalar DateTime
type PageInfo { hasNextPage: Boolean! endCursor: String count: Int }
type Description { Name: String! Authors: [String] License: String DatasetDOI: String Funding: [String] }
type Summary { modalities: [String] secondaryModalities: [String] subjects: [String] tasks: [String] size: BigInt
  totalFiles: Int }
type File { filename: String! size: BigInt }
type Snapshot { id: ID! tag: String! created: DateTime size: BigInt readme: String description: Description
  summary: Summary files: [File] }
type Metadata { species: String studyDesign: String dxStatus: String modalities: [String] tasksCompleted: [String]
  ages: [Int] associatedPaperDOI: String }
type Dataset { id: ID! created: DateTime! public: Boolean publishDate: DateTime metadata: Metadata
  latestSnapshot: Snapshot! }
type DatasetEdge { id: String! node: Dataset! cursor: String! }
type DatasetConnection { edges: [DatasetEdge] pageInfo: PageInfo! }
"""
_SEARCH = """type Query {{ dataset(id: ID!): Dataset
  advancedSearch(query: {query}, allDatasets: Boolean, datasetType: String, datasetStatus: String, sortBy: JSON,
    after: String, first: Int): DatasetConnection }}"""
_INPUT = "input DatasetSearchInput { keywords: [String] modality: String species: String tasks: [String] ageRange: [Int] }"
NEW = build_schema(_TYPES + _INPUT + _SEARCH.format(query="DatasetSearchInput!"))
OLD = build_schema(_TYPES + _SEARCH.format(query="JSON!"))
COUNT = 7


def node(number: int) -> dict[str, Any]:
    """An OpenNeuro dataset, as of the search."""
    return {
        "id": f"ds{number:06d}", "created": "2025-01-02T03:04:05.000Z", "public": True, "publishDate": None,
        "metadata": {"species": "Human", "modalities": ["eeg"], "tasksCompleted": None, "ages": [20, 30]},
        "latestSnapshot": {
            "id": f"ds{number:06d}:1.0.0", "tag": "1.0.0", "created": "2025-01-02T03:04:05.000Z", "size": 1_000_000 + number,
            "readme": "Memory of pictures.",
            "description": {"Name": f"Memory {number}", "Authors": ["Ada Lovelace", "Cajal, Santiago"], "License": "CC0",
                            "DatasetDOI": f"doi:10.18112/openneuro.ds{number:06d}.v1.0.0", "Funding": ["Grant 1"]},
            "summary": {"modalities": ["EEG"], "subjects": ["01", "02", "03"], "tasks": ["memory"], "size": 1_000_000,
                        "totalFiles": 40},
            "files": None,
        },
    }  # fmt: skip


@dataclass
class Faults:
    """What goes wrong, by archive: a kind of fault, and how often a passing one strikes."""

    kind: dict[str, str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    questions: list[dict[str, Any]] = field(default_factory=list)

    def strike(self, name: str) -> Response | None:
        """The faulty answer, if one is due."""
        self.asked[name] += 1
        kind = self.kind.get(name, "")
        if name in self.times:
            if self.times[name] <= 0:
                return None
            self.times[name] -= 1
        if kind == "429":
            return Response(status_code=429, headers={"Retry-After": "0.01"})
        if kind in {"500", "503"}:
            return Response("upstream", status_code=int(kind))
        if kind == "html":
            return HTMLResponse("<html><body><h1>We are under maintenance</h1></body></html>")
        if kind == "html403":
            return HTMLResponse("<html>Request forbidden by administrative rules.</html>", status_code=403)
        if kind == "400":
            return JSONResponse({"detail": "Malformed search."}, status_code=400)
        if kind == "slow":
            time.sleep(1.0)
        if kind == "truncated":
            return Response('{"results": [{"id": 1}, {"id"', media_type="application/json")
        if kind == "list":
            return JSONResponse(["not", "what", "was", "wanted"])
        if kind == "nothing":
            return JSONResponse(
                dict.fromkeys(("data", "results", "datasets", "responses", "errors", "hits", "next"))
            )
        if kind == "deep":
            return Response("[" * 200_000, media_type="application/json")
        return None


def make(faults: Faults) -> FastAPI:
    """The application."""
    app = FastAPI()

    @app.post("/openneuro/graphql")
    def openneuro(body: dict[str, Any]) -> Any:
        if struck := faults.strike("openneuro"):
            return struck
        kind = faults.kind.get("openneuro")
        faults.questions.append(body.get("variables", {}))

        def find(_: Any, info: Any, **said: Any) -> Any:
            assert said["datasetType"] == "All Public"
            first, after = said["first"], int(said.get("after") or 0)
            rows = [node(n) for n in range(1, COUNT + 1)][after : after + min(first, 3)]
            if kind == "null nodes":
                rows = [
                    {**row, "latestSnapshot": {**row["latestSnapshot"], "description": None}} for row in rows
                ]
            more = after + len(rows) < COUNT
            end = str(after) if kind == "same cursor" else str(after + len(rows))
            count = 9_999 if kind == "lying count" else COUNT
            edges = [{"id": row["id"], "cursor": end, "node": row} for row in rows]
            return {"edges": edges, "pageInfo": {"hasNextPage": more, "endCursor": end, "count": count}}

        root = {"advancedSearch": lambda info, **said: find(None, info, **said),
                "dataset": lambda info, id: node(1) if id == "ds000001" else None}  # fmt: skip
        done = graphql_sync(
            OLD if kind == "old" else NEW, body["query"], root, variable_values=body.get("variables")
        )
        told: dict[str, Any] = {"data": done.data}
        if done.errors:
            told["errors"] = [{"message": error.message} for error in done.errors]
            return JSONResponse(told, 400 if done.data is None else 200)
        return told

    @app.get("/dandi/dandisets/")
    def dandisets(request: Request, page: int = 1, page_size: int = 3, search: str = "") -> Any:
        if struck := faults.strike("dandi"):
            return struck
        kind, size = faults.kind.get("dandi"), min(page_size, 3)
        rows = [dandiset(n) for n in range(1, COUNT + 1)][(page - 1) * size : page * size]
        following: str | None = (
            str(request.url.include_query_params(page=page + 1)) if page * size < COUNT else None
        )
        if kind == "other host" and following:
            following = following.replace("127.0.0.1", "localhost")
        if kind == "next for ever":
            following = str(request.url.include_query_params(page=1))
        return {"count": COUNT if page == 1 else None, "next": following, "previous": None, "results": rows}

    @app.get("/dandi/dandisets/{id}/versions/{version}/")
    def metadata(id: str, version: str) -> Any:
        if faults.kind.get("dandi") == "no metadata":
            return Response(status_code=500)
        return {
            "identifier": f"DANDI:{id}", "name": f"Spikes {int(id)}", "description": "Spikes.", "version": version,
            "license": ["spdx:CC-BY-4.0"], "contributor": [
                {"schemaKey": "Person", "name": "Hodgkin, Alan", "roleName": ["dcite:Author", "dcite:ContactPerson"]},
                {"schemaKey": "Organization", "name": "Wellcome", "roleName": ["dcite:Funder"]}],
            "assetsSummary": {"numberOfBytes": 12, "numberOfFiles": 3, "numberOfSubjects": 2,
                              "species": [{"name": "Mus musculus - House mouse"}],
                              "approach": [{"name": "electrophysiological approach"}]},
        }  # fmt: skip

    @app.get("/nemar/datasets")
    def nemar(offset: int = 0, limit: int = 200) -> Any:
        if struck := faults.strike("nemar"):
            return struck
        rows = [{"dataset_id": f"nm{n:06d}", "name": f"Memory {n}", "modalities": "EEG,MEG", "participants": n,
                 "tasks": "memory, rest", "concept_doi": None} for n in range(1, COUNT + 1)]  # fmt: skip
        return {"datasets": rows[offset : offset + limit], "count": COUNT, "total_count": 594}

    @app.post("/neurobagel/datasets")
    def neurobagel(body: dict[str, Any]) -> Any:
        if struck := faults.strike("neurobagel"):
            return struck
        faults.questions.append(body)
        row = {"node_name": "one", "dataset_uuid": "http://neurobagel.org/vocab/1", "dataset_name": "Ageing",
               "dataset_portal_uri": None, "dataset_total_subjects": 30, "records_protected": True,
               "num_matching_subjects": 12, "image_modals": ["http://purl.org/nidash/nidm#T1Weighted"],
               "available_pipelines": {}}  # fmt: skip
        errors = (
            [{"node_name": "two", "error": "timeout"}] if faults.kind.get("neurobagel") == "partial" else []
        )
        return {"responses": [row], "errors": errors, "nodes_response_status": "success"}

    @app.get("/zenodo/records")
    def zenodo(page: int = 1, size: int = 25, q: str = "") -> Any:
        if struck := faults.strike("zenodo"):
            return struck
        rows = [] if page > 1 else [{
            "id": 42, "doi": "10.5281/zenodo.42", "links": {"self_html": "https://zenodo.org/records/42"}, "files": None,
            "metadata": {"title": "Sleep", "description": "<p>Sleep &amp; dreams</p>", "license": {"id": "cc-by-4.0"},
                         "creators": [{"name": "Berger, Hans"}], "publication_date": "2024-05-06", "version": "2"}}]  # fmt: skip
        return {
            "hits": {
                "hits": rows,
                "total": 1_000_000 if faults.kind.get("zenodo") == "lying count" else len(rows),
            }
        }

    @app.get("/neurovault/collections/")
    def neurovault(name: str = "", offset: int = 0) -> Any:
        if struck := faults.strike("neurovault"):
            return struck
        row = {"id": 7, "name": "Pain maps", "authors": "A. One, B. Two", "DOI": None, "number_of_images": 5}
        return {
            "count": 1,
            "next": None,
            "previous": None,
            "results": None if faults.kind.get("neurovault") == "null" else [row],
        }

    @app.get("/gin/repos/search")
    def gin(q: str = "", page: int = 1) -> Any:
        if struck := faults.strike("gin"):
            return struck
        rows = [{"full_name": "lab/spikes", "name": "", "description": None, "html_url": "https://gin.g-node.org/lab/spikes",
                 "owner": {"full_name": "The Lab"}, "updated_at": "2024-01-01T00:00:00Z"}]  # fmt: skip
        return {"ok": True, "data": rows if page == 1 else []}

    @app.get("/ebrains/groups/public/search")
    def ebrains(q: str = "", size: int = 10) -> Any:
        if struck := faults.strike("ebrains"):
            return struck
        hit = {"id": "abc", "type": "Dataset", "fields": {"id": "abc", "title": {"value": "Purkinje"},
               "description": {"value": "**Cells**"}, "contributors": [{"value": "Golgi, C."}]}}  # fmt: skip
        return {"total": 1, "hits": [hit]}

    @app.get("/alyx/sessions")
    def alyx(task_protocol: str = "") -> Any:
        if struck := faults.strike("alyx"):
            return struck
        row = {"id": "d33baf74", "task_protocol": "choiceWorld", "projects": ["ibl"], "start_time": "2021-02-03T10:00:00",
               "subject": "KS055", "number": 1, "lab": "cortexlab"}  # fmt: skip
        return {"count": 1, "next": None, "previous": None, "results": [row]}

    one(app, "/dandi/dandisets/{id}/", lambda id: dandiset(int(id)) if id.isdigit() else None)
    one(
        app,
        "/nemar/datasets/{id}",
        lambda id: {"dataset": {"dataset_id": id}} if id.startswith("nm") else None,
    )
    one(app, "/zenodo/records/{id}", lambda id: {"id": 42} if id == "42" else None)
    one(app, "/neurovault/collections/{id}/", lambda id: {"id": 7} if id == "7" else None)
    one(app, "/gin/repos/{id:path}", lambda id: {"full_name": id} if id == "lab/spikes" else None)
    one(app, "/ebrains/groups/public/documents/{id}", lambda id: {"id": "abc"} if id == "abc" else None)
    one(app, "/alyx/sessions/{id}", lambda id: {"id": id} if id == "d33baf74" else None)
    return app


def one(app: FastAPI, path: str, find: Callable[[str], Any]) -> None:
    """A route that gives one record, or 404."""

    def answer(id: str) -> Any:
        return find(id) or JSONResponse({"detail": "Not found."}, 404)

    app.add_api_route(path, answer)


def dandiset(number: int) -> dict[str, Any]:
    """A dandiset, as of the list."""
    version = {
        "version": "0.1",
        "name": f"Spikes {number}",
        "asset_count": 3,
        "size": 12,
        "modified": "2025-02-03T00:00:00Z",
    }
    return {"identifier": f"{number:06d}", "embargo_status": "EMBARGOED" if number == 2 else "OPEN",
            "most_recent_published_version": None, "draft_version": version}  # fmt: skip

"""A release as OpenNeuro's GraphQL would tell it: datasets, snapshots, the tree of files.

Field names are OpenNeuro's, so that queries of its clients run as they are; what a hub has no notion of is null.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from commissure.model import Asset, Dataset, Release
from commissure.translate.archive_records import from_common, to_common

__all__ = ["accession", "connection", "dataset_node", "number_of", "schema_text", "snapshot_node", "tree"]

_TYPES = """
scalar JSON
scalar BigInt
scalar DateTime
scalar Date
enum SortOrdering { ascending descending }
input DatasetSort { created: SortOrdering name: SortOrdering publishDate: SortOrdering downloads: SortOrdering
  views: SortOrdering stars: SortOrdering uploader: SortOrdering subscriptions: SortOrdering }
input DatasetFilter { public: Boolean shared: Boolean invalid: Boolean starred: Boolean all: Boolean }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String count: Int }
type DatasetConnection { edges: [DatasetEdge] pageInfo: PageInfo! }
type DatasetEdge { id: String! node: Dataset! cursor: String! }
type Dataset { id: ID! created: DateTime! public: Boolean publishDate: DateTime name: String draft: Draft
  snapshots: [Snapshot] latestSnapshot: Snapshot! metadata: Metadata analytics: Analytic uploader: User
  permissions: DatasetPermissions stars: [Star] followers: [Follower] }
type User { id: ID! name: String email: String orcid: String provider: String avatar: String }
type DatasetPermissions { id: ID! userPermissions: [Permission] }
type Permission { datasetId: ID! userId: String! user: User level: String! }
type Star { userId: String datasetId: String }
type Follower { userId: String datasetId: String }
type ValidationIssue { key: String code: String severity: String! reason: String
  files: [ValidationIssueFile] additionalFileCount: Int }
type ValidationIssueFile { evidence: String line: Int character: Int severity: String reason: String file: FileDetail }
type FileDetail { name: String path: String relativePath: String }
type SummaryPetField { BodyPart: [String] ScannerManufacturer: [String] ScannerManufacturersModelName: [String]
  TracerName: [String] TracerRadionuclide: [String] }
type Draft { id: ID modified: DateTime description: Description summary: Summary readme: String head: String size: BigInt
  issues: [ValidationIssue] files(tree: String, prefix: String, recursive: Boolean): [DatasetFile] }
type Snapshot { id: ID! tag: String! created: DateTime dataset: Dataset! description: Description summary: Summary
  readme: String hexsha: String size: BigInt analytics: Analytic issues: [ValidationIssue]
  files(tree: String, prefix: String, recursive: Boolean): [DatasetFile]
  downloadFiles: [DatasetFile] }
type Description { id: ID! Name: String! BIDSVersion: String! License: String Authors: [String] SeniorAuthor: String
  Acknowledgements: String HowToAcknowledge: String Funding: [String] ReferencesAndLinks: [String] DatasetDOI: String
  DatasetType: String EthicsApprovals: [String] }
type SubjectMetadata { participantId: String! age: Int sex: String group: String }
type Summary { id: ID! modalities: [String] primaryModality: String secondaryModalities: [String] sessions: [String]
  subjects: [String] subjectMetadata: [SubjectMetadata] tasks: [String] size: BigInt! totalFiles: Int!
  dataProcessed: Boolean schemaVersion: String pet: SummaryPetField }
type DatasetFile { id: ID! key: String filename: String! size: BigInt annexed: Boolean urls: [String] directory: Boolean
  objectpath: String }
type Analytic { datasetId: ID! tag: String views: Int downloads: Int }
type Metadata { datasetId: ID! datasetUrl: String datasetName: String firstSnapshotCreatedAt: DateTime
  latestSnapshotCreatedAt: DateTime dxStatus: String tasksCompleted: [String] trialCount: Int studyDesign: String
  studyDomain: String studyLongitudinal: String dataProcessed: Boolean species: String associatedPaperDOI: String
  openneuroPaperDOI: String seniorAuthor: String ages: [Int] modalities: [String] grantFunderName: String
  grantIdentifier: String affirmedDefaced: Boolean affirmedConsent: Boolean }
input DatasetSearchInput { keywords: [String] modality: String species: String tasks: [String] }
"""
_QUERY = """type Query {{
  dataset(id: ID!): Dataset
  datasets(first: Int = 25, after: String, before: String, orderBy: DatasetSort, filterBy: DatasetFilter,
    myDatasets: Boolean, modality: String): DatasetConnection
  snapshot(datasetId: ID!, tag: String!): Snapshot
  search(q: String!, after: String, first: Int = 25): DatasetConnection
  advancedSearch(query: {query}, allDatasets: Boolean, datasetType: String, datasetStatus: String, sortBy: JSON,
    after: String, first: Int = 25): DatasetConnection
  participantCount(modality: String): Int
}}"""


def schema_text(*, typed: bool) -> str:
    """The schema; ``advancedSearch`` takes a ``DatasetSearchInput``, or, as before April 2026, raw JSON."""
    return _TYPES + _QUERY.format(query="DatasetSearchInput!" if typed else "JSON!")


def accession(number: int) -> str:
    """The accession of the dataset with this number.

    >>> accession(7)
    'ds000007'
    """
    return f"ds{number:06d}"


def number_of(id: str) -> int | None:
    """The number that an accession bears; None if it is none.

    >>> number_of("ds000007"), number_of("ds-open")
    (7, None)
    """
    digits = id.removeprefix("ds")
    return (
        int(digits)
        if id.startswith("ds") and len(digits) == 6 and digits.isascii() and digits.isdigit()
        else None
    )


def dataset_node(dataset: Dataset, release: Release, *, id: str, url: str) -> dict[str, Any]:
    """A dataset, but for its snapshots, which the caller adds."""
    told = _translated(dataset, release)
    metadata = {
        "datasetId": id, "datasetUrl": url, "datasetName": dataset.title, "latestSnapshotCreatedAt": release.created,
        "tasksCompleted": told["latestSnapshot"].get("summary", {}).get("tasks"), "dataProcessed": False,
        "modalities": [m.lower() for m in told["latestSnapshot"].get("summary", {}).get("modalities", [])],
        **told.get("metadata", {}),
    }  # fmt: skip
    return {
        "id": id, "created": dataset.created or release.created, "public": release.public,
        "publishDate": release.created if release.public else None, "name": dataset.title, "metadata": metadata,
    }  # fmt: skip


def snapshot_node(
    dataset: Dataset, release: Release, *, id: str, files: Callable[[Asset], str], readme: str = ""
) -> dict[str, Any]:
    """A release as a snapshot.

    Parameters
    ----------
    dataset, release : Dataset, Release
        What is told.
    id : str
        The dataset's accession.
    files : callable
        Gives the address of a file's bytes.
    readme : str
        The text of its README.
    """
    told = _translated(dataset, release)["latestSnapshot"]
    subjects = sorted({asset.subject for asset in release.assets if asset.subject})
    size = sum(asset.bytes for asset in release.assets)
    modalities = told.get("summary", {}).get("modalities", [])
    return {
        "id": f"{id}:{release.version}", "tag": release.version, "created": release.created, "size": size,
        "hexsha": release.digest[:40], "readme": readme or str(release.metadata.get("description", "")) or None,
        "description": {"id": release.digest[:40], "Name": dataset.title, "BIDSVersion": "1.10.0", "DatasetType": "raw",
                        **told.get("description", {})},
        "summary": {"id": release.digest[:40], "subjects": subjects, "sessions": [], "size": size,
                    "totalFiles": len(release.assets), "dataProcessed": False,
                    "primaryModality": modalities[0] if modalities else None, **told.get("summary", {})},
        "files": lambda info, tree=None, prefix=None, recursive=False: _listed(
            release.assets, tree or prefix or "", files=files, recursive=recursive
        ),
        "downloadFiles": lambda info: [_file(asset, asset.path, files) for asset in release.assets],
    }  # fmt: skip


def _translated(dataset: Dataset, release: Release) -> dict[str, Any]:
    common = to_common({"title": dataset.title, "metadata": dict(release.metadata)}, archive="commissure")
    record, _ = from_common({**common, "title": dataset.title or dataset.id}, archive="openneuro")
    return record


def _file(asset: Asset, name: str, files: Callable[[Asset], str]) -> dict[str, Any]:
    return {"id": asset.sha256, "key": asset.sha256, "filename": name, "size": asset.bytes, "annexed": False,
            "urls": [files(asset)], "directory": False}  # fmt: skip


def _listed(
    assets: Sequence[Asset], below: str, *, files: Callable[[Asset], str], recursive: bool
) -> list[dict[str, Any]]:
    """What lies in a folder; with ``recursive`` every file below it, by its whole path."""
    if recursive:
        top = f"{below.strip('/')}/" if below.strip("/") else ""
        return [_file(asset, asset.path, files) for asset in assets if asset.path.startswith(top)]
    return [
        _file(entry, name, files) if isinstance(entry, Asset) else
        {"id": entry, "key": entry, "filename": name, "size": 0, "annexed": False, "urls": [], "directory": True}
        for name, entry in tree(assets, below).items()
    ]  # fmt: skip


def tree(assets: Sequence[Asset], below: str) -> dict[str, Asset | str]:
    """What lies directly in a folder, by name: a file, or the path of a folder, which asks for what is in it.

    >>> tree((Asset("a/b/c", "", 1), Asset("a/d", "", 1)), "a")
    {'b': 'a/b', 'd': Asset(path='a/d', sha256='', bytes=1, subject='', encrypted=False, media_type='')}
    """
    top = f"{below.strip('/')}/" if below.strip("/") else ""
    found: dict[str, Asset | str] = {}
    for asset in assets:
        if asset.path.startswith(top):
            parts = PurePosixPath(asset.path[len(top) :]).parts
            found.setdefault(parts[0], asset if len(parts) == 1 else top + parts[0])
    return found


def connection(nodes: Sequence[Mapping[str, Any]], *, count: int, following: str | None) -> dict[str, Any]:
    """A page of datasets; ``following`` is the hub's cursor of the next page."""
    end = base64.b64encode(following.encode()).decode() if following else None
    return {
        "edges": [{"id": node["id"], "node": node, "cursor": end or ""} for node in nodes],
        "pageInfo": {"hasNextPage": following is not None, "hasPreviousPage": False, "startCursor": None,
                     "endCursor": end, "count": count},
    }  # fmt: skip

"""The Neurobagel dialect: a node that a federation can ask, over the hub's public releases.

Register ``http://HUB/neurobagel/`` as a node. Counts come from each release's ``participants.tsv``; single subjects are
never told, though the release is public: who wants them gets the release.
"""

import csv
import io
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.faces.http.auth import HubHere
from commissure.hub import Hub
from commissure.model import Person, Release
from commissure.store import port
from commissure.translate.archive_neurobagel import (
    NIDM,
    QUESTIONS,
    dataset_row,
    find_participants,
    modal_codes,
)
from commissure.workflows.access import open_asset

__all__ = ["router"]

router = APIRouter(prefix="/neurobagel", include_in_schema=False)
_ROWS: dict[str, list[dict[str, str]]] = {}
_MOST_KEPT, _LARGEST = 10_000, 2**24
_MOST_DATASETS = 2000
_CLASSES = {
    "assessments": "nb:Assessment",
    "diagnoses": "nb:Diagnosis",
    "pipelines": "np:pipeline",
    "imaging-modalities": "nb:Image",
}


@router.get("/")
def root() -> dict[str, str]:
    """What this is."""
    return {
        "name": "commissure",
        "api": "neurobagel node",
        "datasets": "POST datasets",
        "subjects": "POST subjects",
    }


@router.post("/datasets")
def datasets(request: Request, hub: HubHere, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The public datasets with subjects that match, each with how many."""
    return _matching(request, hub, body, only=None)


@router.post("/subjects")
def subjects(request: Request, hub: HubHere, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The same for the datasets that are named, with ``subject_data`` protected."""
    named = body.get("dataset_uuids") or body.get("datasets")
    if named is not None and not isinstance(named, list):
        raise BadInput("dataset_uuids must be a list.")
    found = _matching(request, hub, body, only=set(map(str, named)) if named else None)
    return [{**row, "subject_data": "protected"} for row in found]


@router.get("/query")
def query(
    request: Request, hub: HubHere, min_age: float | None = None, max_age: float | None = None,
    sex: Annotated[str, Query(max_length=100)] = "", image_modal: Annotated[str, Query(max_length=200)] = "",
    diagnosis: Annotated[str, Query(max_length=200)] = "", is_control: Annotated[str, Query(max_length=5)] = "",
    assessment: Annotated[str, Query(max_length=200)] = "",
) -> list[dict[str, Any]]:  # fmt: skip
    """The question of federations before 2025, in the address."""
    asked = {"min_age": min_age, "max_age": max_age, "sex": sex, "image_modal": image_modal, "diagnosis": diagnosis,
             "is_control": is_control.lower() == "true", "assessment": assessment}  # fmt: skip
    return [{**row, "subject_data": "protected"} for row in _matching(request, hub, asked, only=None)]


@router.get("/attributes/{uri}")
def attribute(hub: HubHere, uri: str) -> dict[str, list[dict[str, str]]]:
    """The terms of a class, as federations asked for them before 2025."""
    return {uri: _terms(hub, uri)}


@router.get("/{name}")
def terms(hub: HubHere, name: str) -> dict[str, list[dict[str, str]]]:
    """The terms that this node can be asked for: imaging modalities; of the others a release tells none."""
    if name not in _CLASSES:
        raise NotFound(f"A node tells {', '.join(_CLASSES)}; got {name[:100]!r}.")
    return {_CLASSES[name]: _terms(hub, _CLASSES[name])}


def _terms(hub: Hub, uri: str) -> list[dict[str, str]]:
    """Each term with its name, from the public releases' modalities."""
    if uri != _CLASSES["imaging-modalities"]:
        return []
    counts = hub.records.catalogue.facets(port.Query(viewer="")).get("modality", {})
    codes = sorted({code for name in counts for code in modal_codes([name])})
    return [{"TermURL": code.replace(NIDM, "nidm:"), "Label": code.removeprefix(NIDM)} for code in codes]


def _matching(
    request: Request, hub: Hub, asked: dict[str, Any], *, only: set[str] | None
) -> list[dict[str, Any]]:
    empty = all(asked.get(name) in (None, "", False) for name in QUESTIONS)
    origin, cursor, found = str(request.base_url).rstrip("/"), None, []
    for _ in range(_MOST_DATASETS // 200):
        page = hub.records.catalogue.page(port.Query(viewer=""), cursor=cursor, limit=200)
        for card in page.cards:
            url = f"{origin}/datasets/{card.dataset.id}"
            if only is not None and url not in only:
                continue
            release = hub.records.releases.get(card.dataset.id, card.version)
            rows = _participants(hub, release)
            matching = find_participants(asked, rows, release=release)
            if matching or (empty and not rows):
                count = release.metadata.get("subjects")
                total = len(rows) or (count if isinstance(count, int) else 0)
                found.append(dataset_row(card.dataset, release, url=url, total=total, matching=matching))
        if (cursor := page.next) is None:
            break
    return found


def _participants(hub: Hub, release: Release) -> list[dict[str, str]]:
    """The rows of ``participants.tsv``, kept by its hash; none where there is no such file."""
    asset = next((one for one in release.assets if one.path.rpartition("/")[2] == "participants.tsv"), None)
    if asset is None or asset.bytes > _LARGEST:
        return []
    if asset.sha256 not in _ROWS:
        if len(_ROWS) >= _MOST_KEPT:
            _ROWS.clear()
        try:
            with open_asset(hub.acting_as(Person("")), release, asset=asset, now=datetime.now(UTC)) as file:
                text = file.read().decode("utf-8-sig", "replace")
        except NotPermitted:
            return []
        _ROWS[asset.sha256] = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    return _ROWS[asset.sha256]

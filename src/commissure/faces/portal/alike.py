"""The panels and the page of what is alike, and of who could replicate."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from commissure.errors import CommissureError
from commissure.hub import Hub
from commissure.workflows.partners import partners
from commissure.workflows.similar import similar_to_record

__all__ = ["panel", "partners_page"]

_SHOWN, _OURS = 4, "commissure"


def panel(hub: Hub, dataset: str, *, viewer: str) -> dict[str, Any]:
    """Data like a release's, each with why; empty where nothing is alike or the release is not in the index."""
    try:
        reply = similar_to_record(
            hub, dataset, limit=_SHOWN, viewer=viewer, small=False, now=datetime.now(UTC)
        ).to_dict()
    except CommissureError:
        return {"alike": []}
    rows: Any = reply["results"]
    return {
        "alike": [_row(result) for result in rows],
        "partners_url": f"/partners/{quote(dataset, safe='')}",
    }


def _row(result: Mapping[str, Any]) -> dict[str, Any]:
    signal = result.get("signal")
    ours, away = result["source"] == _OURS, str(result.get("record", {}).get("url", ""))
    return {
        "title": result["title"] or result["source_id"],
        "url": f"/datasets/{quote(str(result['source_id']), safe='')}"
        if ours
        else away
        if away.startswith("https://")
        else "",
        "away": not ours,
        "source": "this hub" if ours else result["source"],
        "percent": round(100 * float(signal["closeness"])) if signal else None,
        "sessions": signal["sessions"] if signal else 0,
        "alike": signal["alike"][:4] if signal else [],
        "unlike": signal["unlike"][:2] if signal else [],
        "about": [reason["asked"] for reason in result["met"] if reason["facet"] != "signal"][:5],
    }


def partners_page(hub: Hub, dataset: str, *, viewer: str, effect: float, power: float) -> dict[str, Any]:
    """Who could replicate a dataset's study; errors as for :func:`commissure.workflows.partners.partners`."""
    reply = partners(hub, dataset, effect=effect, power=power, viewer=viewer, now=datetime.now(UTC)).to_dict()
    for row in reply["partners"]:
        here = ":" not in row["id"]
        row["url"] = f"/datasets/{quote(row['id'], safe='')}" if here else ""
        row["percent"] = round(100 * row["score"])
    return {
        "reply": reply,
        "title": hub.records.releases.dataset(dataset).title or dataset,
        "dataset": dataset,
    }

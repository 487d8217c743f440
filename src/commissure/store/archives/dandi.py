"""DANDI: REST; ``count`` may be null after the first page, and a search it cannot read is answered with 400."""

from collections.abc import Iterator, Mapping
from typing import Any

from commissure.errors import CommissureError, Fault
from commissure.store.archives.paging import follow_next, take
from commissure.store.archives.web import Web

__all__ = ["Dandi", "connector"]

_PAGE = 50


class Dandi:
    """The connector."""

    base = "https://api.dandiarchive.org/api"

    def search(self, asked: Mapping[str, Any], *, web: Web, limit: int) -> Iterator[Mapping[str, Any]]:
        """Public dandisets that hold something, each with the metadata of its newest version."""
        plain = {"empty": "false", "page_size": min(limit, _PAGE), **asked}
        rows = take(
            follow_next(web.get, "dandisets/", parameters=plain, name="DANDI"),
            limit=limit,
            key=lambda r: r.get("identifier"),
        )
        for row in rows:
            if row.get("embargo_status", "OPEN") == "OPEN":
                yield _with_metadata(row, web)

    def get(self, id: str, *, web: Web) -> Mapping[str, Any]:
        """One dandiset, by its six digits."""
        found = web.get(f"dandisets/{id.removeprefix('DANDI:')}/")
        if not isinstance(found, Mapping):
            raise Fault("DANDI answered in a shape that is not known.")
        return _with_metadata(found, web)


def _with_metadata(row: Mapping[str, Any], web: Web) -> Mapping[str, Any]:
    """The record of the newest version; what the list says stands in where that cannot be read."""
    version = row.get("most_recent_published_version") or row.get("draft_version") or {}
    name = version.get("version", "draft") if isinstance(version, Mapping) else "draft"
    listed = {
        "identifier": f"DANDI:{row.get('identifier')}",
        "name": version.get("name"),
        "version": name,
        "dateModified": version.get("modified"),
        "assetsSummary": {"numberOfBytes": version.get("size"), "numberOfFiles": version.get("asset_count")},
    }
    try:
        found = web.get(f"dandisets/{row.get('identifier')}/versions/{name}/")
    except CommissureError:
        return listed
    return {**listed, **found} if isinstance(found, Mapping) else listed


#: the plugin
connector = Dandi()

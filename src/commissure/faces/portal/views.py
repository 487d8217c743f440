"""What each page shows, from what the workflows give: plain values, addresses included."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from commissure.certify.jsonld import dataset_jsonld
from commissure.errors import NotFound
from commissure.faces import shapes
from commissure.faces.portal.draw import script_json
from commissure.faces.portal.graph import draw_graph
from commissure.hub import Hub
from commissure.model import Asset, Person, Release
from commissure.workflows import browse
from commissure.workflows.access import open_asset

__all__ = ["catalogue", "chosen_in", "everywhere", "facet_groups", "found", "listing", "preview", "release"]

#: the source under which the hub's own releases stand in the index
OURS = "commissure"
Chosen = dict[str, tuple[str, ...]]
_FACETS_SHOWN, _FILES_SHOWN, _PREVIEW_BYTES, _PREVIEW_LINES = 12, 200, 65_536, 200
_TEXT = (".json", ".tsv", ".csv", ".md", ".txt", ".vhdr", ".vmrk", ".yaml", ".yml", ".bval", ".bvec", ".xml")
_LICENCES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "PDDL-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
}
_ABOUT = {
    "modality": "Modalities", "modalities": "Modalities", "species": "Species", "subjects": "Subjects",
    "sessions": "Sessions", "task": "Tasks", "tasks": "Tasks", "device": "Devices", "devices": "Devices", "sex": "Sex",
    "age_years": "Age, years", "duration_s": "Recorded", "authors": "Authors", "keywords": "Keywords",
    "funding": "Funding", "consent": "Consent",
}  # fmt: skip


def chosen_in(query: Mapping[str, list[str]]) -> Chosen:
    """The facets that an address names; unknown keys are left out."""
    return {key: tuple(query[key][:20]) for key in shapes.LABELS if query.get(key)}


def listing(found: dict[str, Any]) -> dict[str, Any]:
    """A page of cards with their addresses."""
    return {"cards": [_card(item) for item in found["datasets"]], "total": found["total"]}


def _card(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "url": f"/datasets/{quote(item['id'], safe='')}"}


def facet_groups(
    facets: Mapping[str, Mapping[str, int]], *, address: str, chosen: Chosen, extra: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Facets with counts, each value with the address that turns it on or off."""
    groups = []
    for key, label in shapes.LABELS.items():
        counts = facets.get(key, {})
        shown = list(counts.items())[:_FACETS_SHOWN]
        shown += [(value, counts.get(value, 0)) for value in chosen.get(key, ()) if value not in dict(shown)]
        values = []
        for value, count in shown:
            on = value in chosen.get(key, ())
            left = tuple(item for item in chosen.get(key, ()) if item != value)
            wanted = {**chosen, key: left if on else (*left, value)}
            values.append({"value": value, "count": count, "on": on, "url": _address(address, wanted, extra)})
        if values:
            more = len(counts) > _FACETS_SHOWN
            groups.append({"key": key, "label": label, "values": values, "more": more})
    return groups


def _address(path: str, chosen: Chosen, extra: Mapping[str, str]) -> str:
    pairs = [(name, value) for name, value in extra.items() if value]
    pairs += [(key, value) for key, values in chosen.items() for value in values]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def catalogue(
    found: dict[str, Any], *, words: str, sort: str, chosen: Chosen, after: str | None
) -> dict[str, Any]:
    """The page of the catalogue."""
    extra = {"q": words, "sort": "" if sort == "newest" else sort}
    other = {**extra, "sort": "title" if sort == "newest" else ""}
    further = _address("/datasets", chosen, {**extra, "after": found["next"]}) if found["next"] else ""
    return listing(found) | {
        "words": words,
        "sort": sort,
        "chosen": [(key, value) for key, values in chosen.items() for value in values],
        "groups": facet_groups(found["facets"], address="/datasets", chosen=chosen, extra=extra),
        "other_sort": _address("/datasets", chosen, other),
        "first": _address("/datasets", chosen, extra) if after else "",
        "next": further,
    }


def release(shown: browse.Shown, *, origin: str, viewer: str) -> dict[str, Any]:
    """The page of a release."""
    item, about = shown.release, shown.release.metadata
    title = str(about.get("title") or shown.dataset.title or item.dataset)
    page = f"{origin}/datasets/{quote(item.dataset, safe='')}/{quote(item.version, safe='')}"
    findings = shapes.grouped(found.to_dict() for found in item.findings)
    licence = str(about.get("licence", ""))
    return {
        "release": item,
        "dataset": shown.dataset,
        "title": title,
        "description": str(about.get("description", "")),
        "address": page,
        "card": _tags(shown),
        "facts": _facts(item),
        "findings": findings,
        "counts": dict.fromkeys(shapes.WEIGHTS, 0) | Counter(found["severity"] for found in findings),
        "validators": list(_validators(about.get("validators")).items()),
        "files": [_file(item, asset) for asset in item.assets[:_FILES_SHOWN]],
        "total_bytes": sum(asset.bytes for asset in item.assets),
        "may_read": item.public or bool(viewer),
        "graph": draw_graph(item.activities, release=item.id),
        "jsonld": script_json(dataset_jsonld(shown.dataset, item, url=page)),
        "citation": _citation(shown, title=title, page=page),
        "licence": licence,
        "licence_url": _LICENCES.get(licence, ""),
        "versions": shown.versions,
        "newer": "" if item.version == shown.versions[0] else f"/datasets/{quote(item.dataset, safe='')}",
    }


def _tags(shown: browse.Shown) -> dict[str, Any]:
    about = shown.release.metadata
    return {
        "modalities": shapes.values(about, "modalities", "modality"),
        "species": shapes.values(about, "species"),
        "withdrawn": shown.release.withdrawn,
        "public": shown.release.public,
    }


def _facts(item: Release) -> list[tuple[str, str]]:
    told = [
        (label, _words(key, item.metadata[key])) for key, label in _ABOUT.items() if item.metadata.get(key)
    ]
    standard = item.standard.upper().replace("+", " and ")
    return [*told, ("Standard", standard), ("Released", item.created[:10])]


def _words(key: str, value: object) -> str:
    if key == "duration_s" and isinstance(value, int | float):
        minutes, seconds = divmod(round(value), 60)
        if not minutes:
            return f"{seconds} s"
        return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {seconds} s"
    if key == "age_years" and isinstance(value, list | tuple):
        return " to ".join(f"{float(age):g}" for age in dict.fromkeys(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return ", ".join(
        shapes.named(str(item)) for item in (value if isinstance(value, list | tuple) else [value])
    )


def _validators(found: object) -> dict[str, Any]:
    return {str(name): count for name, count in found.items()} if isinstance(found, Mapping) else {}


def _file(item: Release, asset: Asset) -> dict[str, Any]:
    top = f"/datasets/{quote(item.dataset, safe='')}/{quote(item.version, safe='')}"
    return {
        "path": asset.path,
        "bytes": asset.bytes,
        "encrypted": asset.encrypted,
        "url": f"{top}/files/{quote(asset.path)}",
        "preview": _is_text(asset.path),
    }


def _is_text(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(_TEXT) or name in {"README", "CHANGES", "LICENSE"}


def _citation(shown: browse.Shown, *, title: str, page: str) -> str:
    authors = shapes.values(shown.release.metadata, "authors") or [shown.dataset.owner]
    year = shown.release.created[:4]
    return f"{', '.join(authors)}{f' ({year})' if year else ''}. {title} (version {shown.release.version}) [Data set]. {page}"


def preview(hub: Hub, shown: browse.Shown, *, path: str, viewer: str, now: datetime) -> dict[str, Any]:
    """The beginning of a text file: a table where it is one."""
    asset = next((item for item in shown.release.assets if item.path == path), None)
    if asset is None or not _is_text(path):
        raise NotFound("The release has no text file at that path.")
    with open_asset(hub.acting_as(Person(viewer)), shown.release, asset=asset, now=now) as stream:
        text = stream.read(_PREVIEW_BYTES).decode("utf-8", "replace")
    lines = text.splitlines()
    table = path.endswith(".tsv") and lines
    item = shown.release
    return {
        "name": path,
        "rows": [line.split("\t") for line in lines[:_PREVIEW_LINES]] if table else [],
        "text": "\n".join(lines[: 2 * _PREVIEW_LINES]),
        "cut": asset.bytes > _PREVIEW_BYTES or len(lines) > _PREVIEW_LINES,
        "file_url": _file(item, asset)["url"],
        "release_url": f"/datasets/{quote(item.dataset, safe='')}/{quote(item.version, safe='')}",
    }


def found(told: Mapping[str, Any], *, words: str, offset: int, chosen: Chosen) -> dict[str, Any]:
    """The page of a search."""
    total = int(told.get("total", 0))
    hits = [_hit(item) for item in told.get("results", ())][: max(total - offset, 0)]
    step = max(len(hits), 1)
    more = offset + len(hits) < total
    return {
        "words": words,
        "results": hits,
        "total": total,
        "message": told.get("message") or "",
        "groups": facet_groups(told.get("facets", {}), address="/search", chosen=chosen, extra={"q": words}),
        "previous": _address("/search", chosen, {"q": words, "offset": str(max(offset - 20, 0))})
        if offset
        else "",
        "next": _address("/search", chosen, {"q": words, "offset": str(offset + step)}) if more else "",
    }


def everywhere(told: Mapping[str, Any], *, words: str, peers: Sequence[str]) -> dict[str, Any]:
    """The page of a search over several hubs: its results with every place that has them, and how each source answered."""
    hits = []
    for item in told.get("results", ())[: told.get("total", 0)]:
        places = item["found_at"]
        first = next((place["url"] for place in places if place.get("url")), "")
        hits.append({**_hit(item), "url": first, "away": not first.startswith("/"), "places": places})
    return {
        "words": words,
        "peers": peers,
        "results": hits,
        "message": told.get("message") or "",
        "complete": told.get("complete", True),
        "sources": told.get("sources", ()),
    }


def _hit(item: Mapping[str, Any]) -> dict[str, Any]:
    ours, record = item["source"] == OURS, item.get("record", {})
    away = "" if ours else str(record.get("url", ""))
    return {
        "source_id": item["source_id"],
        "title": item["title"] or item["source_id"],
        "description": item.get("highlight") or "",
        "source": "this hub" if ours else item["source"],
        "score": float(item["score"]),
        "about": _about(record),
        "met": [_why(reason) for reason in item["met"]],
        "missed": [_why(reason) for reason in item["missed"]],
        "url": f"/datasets/{quote(str(item['source_id']), safe='')}"
        if ours
        else away
        if away.startswith("https://")
        else "",
        "away": not ours,
    }


def _about(record: Mapping[str, Any]) -> list[str]:
    told = [f"{record['n']:g} subjects"] if isinstance(record.get("n"), int | float) else []
    return [*told, *(str(record[name]) for name in ("year", "licence") if record.get(name))]


def _why(reason: Mapping[str, Any]) -> str:
    near = f" (has {reason['near']})" if reason.get("near") else ""
    said = str(reason.get("words", ""))
    told = f": “{said}”" if said and said.lower() != str(reason["asked"]).lower() else ""
    return f"{reason['facet']} {reason['asked']}{told}{near}"

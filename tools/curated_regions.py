"""Names of regions that no ontology gives: labels of common atlases and names in everyday use, with what they mean.

``curated/atlas_labels.tsv`` and ``curated/region_names.tsv`` are written by hand from knowledge of the field;
``curated/julich_places.tsv`` tells which region the place in brackets of a Julich label is. A name that a source already
gives to a region stays with that region alone.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commissure.terms.normal import plain

CURATED = Path(__file__).parent / "curated"
SCOPE = {"exact": "exact", "close": "related", "broad": "broad"}


def rows(name: str) -> Iterator[dict[str, str]]:
    with (CURATED / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def add(builder: Any, looks_short: Any) -> None:
    """Add all curated names to a builder's regions, and the atlases' labels to its cross-references."""
    regions = [m for m in builder.terms.values() if m.kind == "region"]
    taken = {plain(n) for m in regions for n in (m.label, *(k[0] for k in m.names))}
    by_label = {m.label: m for m in regions}
    for row in rows("region_names.tsv"):
        for name in row["names"].split("|"):
            if plain(name) not in taken:
                scope = "abbreviation" if looks_short(name) else "exact"
                by_label[row["label"]].add(name, scope, "commissure")
    for row in rows("atlas_labels.tsv"):
        _add_label(builder, taken, f"{row['atlas']}:{row['id']}", (row["label"], row["match"], row["curie"]))
    _add_parcellation(builder, taken, by_label)


def _add_label(builder: Any, taken: set[str], subject: str, label: tuple[str, str, str]) -> None:
    names, match, curie = label[0].split("|"), label[1], label[2]
    builder.xrefs.append((subject, names[0], f"skos:{match}Match", curie, "commissure"))
    made = builder.terms.get(curie)
    brodmann = subject.startswith("Brodmann")
    if made is not None and (match == "exact" or brodmann or not subject.startswith("AAL:")):
        for name in names:
            if (len(name) > 4 or brodmann) and plain(name) not in taken:
                made.add(name, SCOPE[match], "commissure")


def _add_parcellation(builder: Any, taken: set[str], by_label: dict[str, Any]) -> None:
    """The areas of the Julich atlas as openMINDS lists them: each is part of the place in its brackets."""
    places = {row["place"]: row["label"] for row in rows("julich_places.tsv")}
    known = {subject for subject, *_ in builder.xrefs}
    for line in (builder.sources / "openminds_parcellation_entities.jsonl").read_text().splitlines():
        entity = json.loads(line)
        place = re.search(r"\(([^()]*)\)$", entity["name"])
        subject = f"Julich:{entity['name']}"
        made = by_label.get(places.get(place[1], "")) if place and entity["atlas"] == "JBA" else None
        if made is not None and subject not in known:
            builder.xrefs.append((subject, entity["name"], "skos:broadMatch", made.curie, "openminds"))
            if plain(entity["name"]) not in taken:
                made.add(entity["name"], "broad", "commissure")

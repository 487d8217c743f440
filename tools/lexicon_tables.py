"""The tables of the lexicon: what a term in the making is, and how terms, names and cross-references are written."""

import csv
import gzip
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from commissure.terms.normal import plain, tokens

OUT = Path(__file__).parents[1] / "src" / "commissure" / "terms" / "data"
LICENCE = {
    "openminds": "MIT", "nifstd": "CC-BY-4.0", "mbao": "CC-BY-4.0", "hbao": "CC-BY-4.0", "uberon": "CC-BY-4.0",
    "pato": "CC-BY-3.0", "cogat": "MIT", "commissure": "CC0-1.0",
}  # fmt: skip
CODE = {"label": "L", "exact": "E", "abbreviation": "A", "narrow": "N", "broad": "B", "related": "R"}


@dataclass
class Made:
    """A term in the making."""

    curie: str
    label: str
    kind: str
    source: str
    species: str = ""
    parents: dict[str, None] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # (name, scope) -> source

    def add(self, name: str, scope: str, source: str) -> None:
        name = " ".join(name.split()).strip(" ;,")
        if 0 < len(name) <= 160:
            self.names.setdefault((name, scope), source)


def write_tables(terms: Iterable[Made], xrefs: Iterable[tuple[str, str, str, str, str]]) -> None:
    """The three tables of the lexicon: terms, their names, cross-references."""
    OUT.mkdir(parents=True, exist_ok=True)
    kinds = sorted(terms, key=lambda m: (m.kind != "region", m.kind, m.curie))
    dump("terms.tsv.gz", ["curie", "label", "kind", "species", "parents", "source", "licence"],
         [[m.curie, m.label, m.kind, m.species, "|".join(sorted(m.parents)), m.source, LICENCE[m.source]] for m in kinds])  # fmt: skip
    rows = [row for made in kinds for row in name_rows(made)]
    dump("names.tsv.gz", ["curie", "name", "scope", "source", "licence", "tokens"], rows)
    known = {made.curie: made.label for made in kinds}
    told = sorted({(s, la, p, o, known[o], "semapv:ManualMappingCuration" if src == "commissure" else
                    "semapv:MappingReview", src, LICENCE[src]) for s, la, p, o, src in xrefs if o in known})  # fmt: skip
    dump("xrefs.sssom.tsv.gz", ["subject_id", "subject_label", "predicate_id", "object_id", "object_label",
                                "mapping_justification", "source", "licence"], [list(x) for x in told])  # fmt: skip
    print(len(kinds), "terms", len(rows), "names", len(told), "cross-references")


def name_rows(made: Made) -> list[list[str]]:
    """The label, then the other names, the closest first; a name that differs in case alone is told once."""
    rows = [[made.curie, made.label, "L", made.source, LICENCE[made.source], " ".join(tokens(made.label))]]
    rank = {scope: place for place, scope in enumerate(CODE)}
    seen = {made.label.lower()}
    for (name, scope), source in sorted(
        made.names.items(), key=lambda x: (rank[x[0][1]], x[1] != "commissure", x[0][0])
    ):
        if name.lower() not in seen or (scope == "abbreviation" and name not in seen):
            seen |= {name.lower(), name}
            rows.append([made.curie, name, CODE[scope], source, LICENCE[source], " ".join(tokens(name))])
    return rows


def looks_short(name: str) -> bool:
    """An abbreviation by its shape: one short word with a capital that is not the first alone, or a digit."""
    if " " in name or len(name) > 9:
        return False
    return bool(re.search(r"[A-Z].*[A-Z]|[a-z][A-Z]|\d", name)) or (len(name) <= 3)


def bare_label(label: str) -> str:
    """A label without the words that NIFSTD adds to every protocol, and in one spelling of "functional MRI"."""
    text = re.sub(r"\s+(recording protocol|imaging protocol|protocol|assay|technique)$", "", plain(label))
    return text.replace("<genus>", "").strip()


def cogat_curie(identifier: str) -> str:
    return f"DOID:{identifier[4:]}" if re.fullmatch(r"dso_\d+", identifier) else f"COGAT:{identifier}"


def dump(name: str, head: list[str], rows: list[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n", quotechar=None)
    writer.writerow(head)
    for row in rows:
        writer.writerow([str(cell).replace("\t", " ").replace("\n", " ").replace("\r", " ") for cell in row])
    data = text.getvalue().encode()
    (OUT / name).write_bytes(gzip.compress(data, 9, mtime=0))

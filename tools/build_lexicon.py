"""Build the lexicon tables that ship with the package from the ontologies as published.

    python tools/build_lexicon.py ../shared/ontologies

Each row of each table carries its source and licence. Nothing is read from any benchmark. The region kind is
closed: the nervous-system structures of openMINDS and the spinal cord as a whole; other anatomy is kept under kind
``anatomy`` as what a name may mean instead. Terms of one kind with the same name in two sources become one term with two names.
"""

import csv
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import curated_regions
from lexicon_tables import OUT, Made, bare_label, cogat_curie, looks_short, write_tables

from commissure.terms.load import RawTerm, contract, read_ontology
from commissure.terms.normal import bag, plain, sides, tokens

CURATED = Path(__file__).parent / "curated"
ABBREVIATIONS = OUT.parents[1] / "translate" / "data" / "abbreviations.tsv"
#: the spinal cord and its canal are a region's whole and part, which openMINDS lists as an organ
ALSO_REGIONS = {"UBERON:0002240": "spinal cord", "UBERON:0002291": "central canal of spinal cord"}
OPENMINDS_KIND = {
    "nervousSystemStructure": "region", "technique": "technique", "analysisTechnique": "technique",
    "cellType": "cell type", "experimentalApproach": "technique", "species": "species", "disease": "diagnosis",
    "stimulationTechnique": "stimulus", "deviceType": "device", "diseaseModel": "diagnosis",
}  # fmt: skip
INVESTIGATION = {
    "BIRNLEX:2066": "task", "BIRNLEX:2018": "task", "BIRNLEX:2126": "technique", "BIRNLEX:2269": "technique",
    "BIRNLEX:2123": "technique", "BIRNLEX:11035": "device", "BIRNLEX:2300": "technique", "BIRNLEX:11010": "technique",
}  # fmt: skip


class Builder:
    def __init__(self, sources: Path) -> None:
        self.sources = sources
        self.terms: dict[str, Made] = {}
        self.everyday: list[tuple[str, str]] = []
        self.xrefs: list[tuple[str, str, str, str, str]] = []  # subject, label, predicate, object, source

    def term(self, curie: str, label: str, kind: str, source: str) -> Made:
        made = self.terms.get(curie)
        if made is None:
            made = self.terms[curie] = Made(curie, " ".join(label.split()), kind, source)
        return made

    # ---- openMINDS: defines the regions
    def openminds(self) -> None:
        texts: dict[str, str] = {}
        for line in (self.sources / "openminds_terminologies.jsonl").read_text().splitlines():
            row = json.loads(line)
            kind = OPENMINDS_KIND[row["kind"]]
            uri = row.get("preferredOntologyIdentifier") or ""
            curie = (
                contract(uri)
                if "obolibrary" in uri
                else f"openminds:{row['kind']}/{row['@id'].rsplit('/', 1)[1]}"
            )
            made = self.term(curie, row["name"], kind, "openminds")
            for synonym in row.get("synonym", []):
                made.add(synonym, "abbreviation" if looks_short(synonym) else "exact", "openminds")
            texts[curie] = row.get("definition", "")
        for curie, label in ALSO_REGIONS.items():
            self.term(curie, label, "region", "uberon")
        by_label = {plain(m.label): m.curie for m in self.terms.values() if m.kind == "region"}
        for curie, text in texts.items():
            for match in re.finditer(r"[Ii]s (?:a|an|part of the|part of) ([^.\[]+?)(?=\.| \[|$)", text):
                parent = by_label.get(plain(match[1])) or by_label.get(plain(match[1]).rstrip("s"))
                if parent and parent != curie and self.terms[curie].kind == "region":
                    self.terms[curie].parents[parent] = None

    # ---- the Allen/BICAN atlases, with UBERON's synonyms inside
    def allen(self, name: str, prefix: str, source: str, species: str) -> None:
        raws = read_ontology(self.sources / name)
        regions = {c for c, m in self.terms.items() if m.kind == "region"}
        for raw in raws:
            if raw.curie.startswith("UBERON:"):
                self._uberon(raw, regions)
            elif raw.curie.startswith("CL:"):
                made = self.term(raw.curie, raw.label, "cell type", "uberon")
                self._synonyms(made, raw, "uberon")
            elif raw.curie.startswith("NCBITaxon:"):
                made = self.term(raw.curie, raw.label, "species", "uberon")
                self._synonyms(made, raw, "uberon")
        by_id = {raw.curie: raw for raw in raws}
        for raw in raws:
            if raw.curie.startswith(prefix):
                self._atlas_label(raw, by_id, source)

    def _uberon(self, raw: RawTerm, regions: set[str]) -> None:
        made = self.terms.get(raw.curie) or self.term(raw.curie, raw.label, "anatomy", "uberon")
        if plain(raw.label) != plain(made.label):
            made.add(raw.label, "exact", "uberon")
        self._synonyms(made, raw, "uberon")
        for parent in raw.parents + raw.part_of:
            if parent in regions and parent != raw.curie:
                made.parents[parent] = None

    def _synonyms(self, made: Made, raw: RawTerm, source: str) -> None:
        short = {n for n, s in raw.synonyms if s == "abbreviation"}
        for name, scope in raw.synonyms:
            if scope != "abbreviation" and (name in short or looks_short(name)):
                scope = "abbreviation"
            made.add(name, scope, source)

    def _atlas_label(self, raw: RawTerm, by_id: dict[str, RawTerm], source: str) -> None:
        same = [u for u in raw.equals if u in self.terms and self.terms[u].kind == "region"]
        near = [u for u in raw.parents if u in self.terms and self.terms[u].kind == "region"]
        names = [(raw.label, "exact"), *dict.fromkeys(raw.synonyms)]
        side = re.search(r",\s*(left|right)\b", raw.label, re.IGNORECASE)
        for target in same or near:
            scope = "exact" if same else "narrow"
            made = self.terms[target]
            for name, kind in names:
                bare = sides(name)[-1][0] if side else name
                if side and made.label.lower().startswith(("left ", "right ")):
                    if kind == "abbreviation" or looks_short(name):
                        continue
                    bare = f"{side[1].lower()} {bare}"
                short = kind == "abbreviation" or looks_short(name)
                if not (short and not same):
                    made.add(bare, "abbreviation" if short else scope, source)
        if source == "mbao" or not side:
            self._xref(raw, same, near, by_id, source)

    def _xref(
        self, raw: RawTerm, same: list[str], near: list[str], by_id: dict[str, RawTerm], source: str
    ) -> None:
        if same or near:
            predicate = "skos:exactMatch" if same else "skos:broadMatch"
            self.xrefs += [(raw.curie, raw.label, predicate, u, source) for u in same or near]
            return
        seen, queue = {raw.curie}, list(raw.part_of)
        while queue:  # what no source links goes to the nearest linked ancestor
            above = by_id.get(queue.pop(0))
            if above is None or above.curie in seen:
                continue
            seen.add(above.curie)
            hits = [
                u for u in above.equals + above.parents if u in self.terms and self.terms[u].kind == "region"
            ]
            if hits:
                self.xrefs.append((raw.curie, raw.label, "skos:broadMatch", hits[0], source))
                return
            queue += above.part_of

    # ---- NIFSTD
    def nifstd(self) -> None:
        for raw in read_ontology(self.sources / "NIF-GrossAnatomy.ttl"):
            target = raw.replaced_by if raw.replaced_by.startswith("UBERON:") else ""
            target = target or (raw.curie if raw.curie.startswith("UBERON:") else "")
            made = self.terms.get(target)
            if made is not None:
                self.xrefs.append((raw.curie, raw.label, "skos:exactMatch", target, "nifstd"))
                self._nif_names(made, raw)
        self._nif_tree("NIF-Cell.ttl", {"SAO:1813327414": "cell type"})
        self._nif_tree("NIF-Dysfunction.ttl", {"BIRNLEX:11013": "diagnosis", "BIRNLEX:12822": "diagnosis"})
        self._nif_tree("NIF-Organism.ttl", {"BIRNLEX:2": "species"})
        self._nif_tree("NIF-Investigation.ttl", INVESTIGATION)

    def _nif_names(self, made: Made, raw: RawTerm) -> None:
        if plain(raw.label) != plain(made.label):
            made.add(raw.label, "exact", "nifstd")
        for name, scope in raw.synonyms:
            if plain(name) != plain(raw.label):
                made.add(name, "abbreviation" if looks_short(name) else scope, "nifstd")

    def _nif_tree(self, file: str, roots: dict[str, str]) -> None:
        raws = {r.curie: r for r in read_ontology(self.sources / file)}
        for raw in raws.values():
            chain, queue = [], [raw.curie]
            while queue:
                c = queue.pop(0)
                if c not in chain:
                    chain.append(c)
                    queue += raws[c].parents if c in raws else []
            kind = next((roots[c] for c in chain if c in roots), "")
            if not kind or raw.deprecated or re.search(r"\brole\b|obsolete", raw.label):
                continue
            above = " | ".join(raws[c].label for c in chain if c in raws).lower()
            if kind == "species" and re.search(
                r"strain|mutant|transgenic|knock|inbred|outbred|targeted|hybrid|tg\(", above
            ):
                kind = "strain"
            made = self.term(raw.curie, raw.label, kind, "nifstd")
            self._nif_names(made, raw)
            for parent in raw.parents:
                made.parents[parent] = None

    # ---- the rest
    def cognitive_atlas(self) -> None:
        for file, kind in (("Task", "task"), ("Concept", "cognitive concept"), ("Disorder", "diagnosis")):
            entries = json.loads((self.sources / "cognitive_atlas" / f"{file}Collection.json").read_text())[
                "entries"
            ]
            for row in entries:
                curie = cogat_curie(row["id"])
                label = re.sub(r"\s*\(([A-Z][A-Za-z0-9-]{1,9})\)$", "", row["name"].strip())
                if not label:
                    continue
                made = self.term(curie, label, kind, "cogat")
                if label != row["name"].strip():
                    made.add(row["name"].strip().rstrip(")").rsplit("(", 1)[1], "abbreviation", "cogat")
                for alias in re.split(r"[,;]", row.get("alias") or ""):
                    made.add(alias, "abbreviation" if looks_short(alias.strip()) else "exact", "cogat")
                for parent in row.get("kind_of") or row.get("is_a") or []:
                    made.parents[cogat_curie(str(parent))] = None

    def pato(self) -> None:
        keep = {
            "PATO:0000383",
            "PATO:0000384",
            "PATO:0001340",
            "PATO:0001827",
            "PATO:0020000",
            "PATO:0020001",
            "PATO:0020002",
        }
        for raw in read_ontology(self.sources / "pato.obo"):
            if raw.curie in keep:
                self._synonyms(self.term(raw.curie, raw.label, "sex", "pato"), raw, "pato")

    def curated(self) -> None:
        for row in csv.DictReader((CURATED / "names.tsv").open(), delimiter="\t"):
            made = self.term(row["curie"], row["label"], row["kind"], "commissure")
            for name in filter(None, (row["names"] or "").split("|")):
                made.names[name, "abbreviation" if looks_short(name) else "exact"] = "commissure"
            self.everyday += [(row["curie"], n) for n in (row["label"], *row["names"].split("|")) if n]
            if row.get("parent"):
                made.parents[row["parent"]] = None

    def customary(self) -> None:
        """Abbreviations customary in human neuroimaging, where they nearly always mean the region."""
        names = {plain(m.label): m for m in self.terms.values() if m.kind == "region"}
        for made in [m for m in self.terms.values() if m.kind == "region"]:
            for (name, scope), _ in made.names.items():
                if scope == "exact":
                    names.setdefault(plain(name), made)
        known = {n for m in names.values() for n, scope in m.names if scope == "abbreviation"}
        with ABBREVIATIONS.open() as file:
            for row in csv.DictReader(file, delimiter="\t"):
                meant = next((names[plain(n)] for n in row["names"].split("|") if plain(n) in names), None)
                if meant and float(row["prior"]) >= 0.85 and row["abbreviation"] not in known:
                    meant.add(row["abbreviation"], "abbreviation", "commissure")

    def merge(self) -> None:
        """Terms of one kind with one label become one; the better-known prefix stays."""
        groups: dict[tuple[str, str], list[Made]] = defaultdict(list)
        for made in self.terms.values():
            if made.kind not in ("region", "anatomy"):
                groups[made.kind, bag(tokens(bare_label(made.label)))].append(made)
        gone: dict[str, str] = {}
        for group in groups.values():
            self._join(group, gone)
        labels = {
            (m.kind, bare_label(m.label)): m
            for m in self.terms.values()
            if m.kind not in ("region", "anatomy")
        }
        for curie, name in self.everyday:  # a curated everyday name that is another term's label
            made = self.terms.get(gone.get(curie, curie))
            other = labels.get((made.kind, bare_label(name))) if made else None
            if made and other and other is not made and other.curie in self.terms:
                self._join([made, other], gone)
        self._own_everyday(gone)
        for made in self.terms.values():
            parents = dict.fromkeys(gone.get(gone.get(p, p), gone.get(p, p)) for p in made.parents)
            made.parents = {p: None for p in parents if p in self.terms and p != made.curie}

    def _own_everyday(self, gone: dict[str, str]) -> None:
        """A name curated by hand belongs to its term alone among those of its kind: a mouse is no genus."""
        owner = {
            (self.terms[c].kind, plain(n)): c
            for c, n in ((gone.get(c, c), n) for c, n in self.everyday)
            if c in self.terms
        }
        for made in self.terms.values():
            for name, scope in list(made.names):
                if owner.get((made.kind, plain(name)), made.curie) != made.curie:
                    del made.names[name, scope]

    def _join(self, group: list[Made], gone: dict[str, str]) -> None:
        order = {
            "UBERON": 0,
            "NCBITaxon": 0,
            "CL": 0,
            "DOID": 0,
            "PATO": 0,
            "COGAT": 1,
            "openminds": 2,
            "commissure": 4,
        }
        group.sort(key=lambda m: (order.get(m.curie.partition(":")[0], 3), m.curie))
        keep = group[0]
        for other in group[1:]:
            keep.add(other.label, "exact", other.source)
            for (name, scope), source in other.names.items():
                keep.add(name, scope, source)
            keep.parents.update(other.parents)
            gone[other.curie] = keep.curie
            self.xrefs.append((other.curie, other.label, "skos:exactMatch", keep.curie, other.source))
            del self.terms[other.curie]


def main() -> None:
    builder = Builder(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/ontologies"))
    builder.openminds()
    builder.allen("mbao-full.obo", "MBA:", "mbao", "NCBITaxon:10090")
    builder.allen("hbao-base.obo", "HBA:", "hbao", "NCBITaxon:9606")
    builder.nifstd()
    builder.cognitive_atlas()
    builder.pato()
    builder.curated()
    curated_regions.add(builder, looks_short)
    builder.customary()
    builder.merge()
    write_tables(builder.terms.values(), builder.xrefs)


if __name__ == "__main__":
    main()

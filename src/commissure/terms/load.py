"""Read any ontology file (OBO, OWL, Turtle, JSON-LD) into plain terms.

OBO is read line by line, without a library; the rest through rdflib. Cycles, missing labels and deprecated terms
are no errors: a term without a label is left out, and a deprecated one keeps only what replaced it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commissure.errors import BadInput, NotFound, Unreadable
from commissure.extras import need

__all__ = ["FORMATS", "RawTerm", "contract", "read_obo", "read_ontology", "read_rdf"]

#: file ending → rdflib's name of the format; OBO has its own reader
FORMATS: dict[str, str] = {
    ".obo": "obo", ".owl": "xml", ".rdf": "xml", ".xml": "xml", ".ttl": "turtle", ".n3": "n3", ".nt": "nt",
    ".jsonld": "json-ld", ".json": "json-ld",
}  # fmt: skip
MAX_BYTES = 2_000_000_000
_SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(EXACT|NARROW|BROAD|RELATED)?\s*([A-Za-z_:0-9]*)')
_SCOPES = {
    "hasExactSynonym": "exact", "hasNarrowSynonym": "narrow", "hasBroadSynonym": "broad",
    "hasRelatedSynonym": "related", "synonym": "exact", "altLabel": "exact", "prefLabel": "exact",
    "alternativeTerm": "exact", "IAO_0000118": "exact", "abbrev": "abbreviation", "acronym": "abbreviation",
    "IAO_0000028": "abbreviation", "hiddenLabel": "related", "alternateName": "exact",
}  # fmt: skip


@dataclass(slots=True)
class RawTerm:
    """One term as an ontology file states it."""

    curie: str
    label: str = ""
    synonyms: list[tuple[str, str]] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    part_of: list[str] = field(default_factory=list)
    equals: list[str] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    replaced_by: str = ""
    deprecated: bool = False
    definition: str = ""


def contract(uri: str) -> str:
    """A URI as a CURIE.

    >>> contract("http://purl.obolibrary.org/obo/UBERON_0002148")
    'UBERON:0002148'
    >>> contract("http://mouse.owl#MA_0000003")
    'MA:0000003'
    """
    tail = re.split(r"[#/]", uri.rstrip("/#"))[-1]
    match = re.match(r"^([A-Za-z][A-Za-z_]*?)_+(\w+)$|^([A-Za-z]{2,9})(\d+)$", tail)
    if match:
        return f"{(match[1] or match[3]).upper().replace('_', '')}:{match[2] or match[4]}"
    return tail if ":" in tail else f"LOCAL:{tail}"


def read_ontology(path: Path) -> list[RawTerm]:
    """The terms of an ontology file, by its ending.

    Raises
    ------
    NotFound, BadInput, Unreadable
        If there is no such file, its format is unknown, or it is not what its ending says.
    """
    if not path.is_file():
        raise NotFound(f"There is no ontology file called {path.name!r}.")
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise BadInput(f"An ontology file ends in {', '.join(FORMATS)}; got {path.suffix!r}.")
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(
            f"An ontology file has at most {MAX_BYTES // 10**9} GB; got {path.stat().st_size} bytes."
        )
    if kind == "obo":
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise Unreadable(f"{path.name!r} is not UTF-8 text, so it is no OBO file.") from error
        found = list(read_obo(lines))
    else:
        found = read_rdf(path, kind=kind)
    if not found:
        raise Unreadable(f"{path.name!r} holds no term with a label.")
    return found


def read_obo(lines: Iterable[str]) -> Iterator[RawTerm]:
    """The terms of an OBO document.

    >>> [t.label for t in read_obo(["[Term]", "id: X:1", "name: cortex", 'synonym: "Cx" EXACT []'])]
    ['cortex']
    """
    term: RawTerm | None = None
    for line in lines:
        if line.startswith("["):
            if term is not None and term.label:
                yield term
            term = RawTerm("") if line.strip() == "[Term]" else None
        elif term is not None and ": " in line:
            key, _, value = line.partition(": ")
            _take_obo(term, key, value.strip())
    if term is not None and term.label:
        yield term


def _take_obo(term: RawTerm, key: str, value: str) -> None:
    if key == "id":
        term.curie = value
    elif key == "name":
        term.label = value
    elif key == "synonym":
        match = _SYNONYM.match(value)
        if match:
            scope = (
                "abbreviation"
                if match[3] in ("OMO:0003000", "OMO:0003012")
                else (match[2] or "related").lower()
            )
            term.synonyms.append((match[1].replace('\\"', '"'), scope))
    elif key == "is_a":
        term.parents.append(value.split()[0])
    elif key == "relationship" and value.startswith(("part_of ", "BFO:0000050 ")):
        term.part_of.append(value.split()[1])
    elif key == "intersection_of" and len(value.split(" ! ")[0].split()) == 1:
        term.equals.append(value.split()[0])
    elif key == "xref":
        term.xrefs.append(value.split()[0])
    elif key == "property_value" and value.startswith("IAO:0000028 "):
        match = _SYNONYM.match(value.partition(" ")[2])
        term.synonyms += [(match[1], "abbreviation")] if match else []
    elif key == "is_obsolete":
        term.deprecated = value == "true"
    elif key == "replaced_by":
        term.replaced_by = value
    elif key == "def":
        match = _SYNONYM.match(value)
        term.definition = match[1] if match else ""


def read_rdf(path: Path, *, kind: str) -> list[RawTerm]:
    """The terms of an RDF document: every subject with a label, a prefLabel or a schema.org name."""
    rdflib = need("rdflib", purpose="Reading OWL, Turtle and JSON-LD ontologies")
    graph = rdflib.Graph()
    try:
        graph.parse(path, format=kind)
    except Exception as error:  # noqa: BLE001 - rdflib's parsers raise whatever their dependencies raise
        raise Unreadable(f"{path.name!r} cannot be read as {kind}: {type(error).__name__}.") from error
    found = {}
    for subject in set(graph.subjects()):
        if isinstance(subject, rdflib.URIRef) and "#genid" not in subject:
            term = _from_graph(graph, subject)
            if term.label:
                found[term.curie] = term
    return [found[curie] for curie in sorted(found)]


def _from_graph(graph: Any, subject: Any) -> RawTerm:
    term = RawTerm(contract(str(subject)))
    for predicate, value in graph.predicate_objects(subject):
        name = re.split(r"[#/]", str(predicate))[-1]
        text = " ".join(str(value).split())
        if name == "label" or (name == "name" and not term.label):
            term.label = text
        elif name in _SCOPES:
            words = _literal(graph, value)
            term.synonyms += [(word, _SCOPES[name]) for word in words]
            if name == "prefLabel" and not term.label and words:
                term.label = words[0]
        elif name == "subClassOf":
            _take_parent(graph, term, value)
        elif name in ("hasDbXref", "exactMatch"):
            term.xrefs.append(contract(text) if "/" in text else text)
        elif name == "deprecated":
            term.deprecated = text.lower() == "true"
        elif name == "IAO_0100001":
            term.replaced_by = contract(text)
        elif name in ("definition", "IAO_0000115"):
            term.definition = text
    term.synonyms.sort()
    term.parents.sort()
    return term


def _literal(graph: Any, value: Any) -> list[str]:
    """A literal's text, or the label of the node that stands for it (as in the NCI Thesaurus)."""
    if type(value).__name__ == "Literal":
        return [" ".join(str(value).split())]
    return [" ".join(str(o).split()) for p, o in graph.predicate_objects(value) if str(p).endswith("#label")]


def _take_parent(graph: Any, term: RawTerm, value: Any) -> None:
    if type(value).__name__ == "URIRef":
        term.parents.append(contract(str(value)))
        return
    rule = {re.split(r"[#/]", str(p))[-1]: o for p, o in graph.predicate_objects(value)}
    if "someValuesFrom" in rule and re.search(
        r"part_?of|BFO_0000050", str(rule.get("onProperty", "")), re.IGNORECASE
    ):
        term.part_of.append(contract(str(rule["someValuesFrom"])))

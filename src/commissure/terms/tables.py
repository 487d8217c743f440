"""The lexicon's three tables (terms, names, cross-references) as bytes and back.

Tab-separated text in gzip, one fact a row, each with its source and licence. The package ships one set; a site's
own ontologies make further sets of the same shape.
"""

import gzip
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from commissure.errors import Unreadable
from commissure.terms.load import RawTerm
from commissure.terms.normal import tokens

__all__ = ["DATA", "NAMES", "SCOPES", "TERMS", "XREFS", "from_ontology", "read_rows", "write_rows"]

DATA = Path(__file__).parent / "data"
TERMS = "terms.tsv.gz"
NAMES = "names.tsv.gz"
XREFS = "xrefs.sssom.tsv.gz"
#: one letter a scope in the names table
SCOPES: dict[str, str] = {
    "L": "label", "E": "exact", "A": "abbreviation", "N": "narrow", "B": "broad", "R": "related",
}  # fmt: skip
_CODES = {scope: code for code, scope in SCOPES.items()}
_HEADS = {
    TERMS: "curie label kind species parents source licence",
    NAMES: "curie name scope source licence tokens",
    XREFS: "subject_id subject_label predicate_id object_id object_label mapping_justification source licence",
}


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a table, without its head; :class:`Unreadable` if it is not one of ours."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise Unreadable(f"The lexicon table {path.name!r} cannot be read; build it again.") from error
    width = len(_HEADS[path.name].split())
    if len(lines[0].split("\t")) != width:
        raise Unreadable(f"The lexicon table {path.name!r} must have {width} columns; got {lines[0][:80]!r}.")
    return [line.split("\t") for line in lines[1:] if line]


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a table with its head; the same rows give the same bytes."""
    lines = ["\t".join(_HEADS[path.name].split())]
    lines += ["\t".join(" ".join(cell.split()) for cell in row) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))


def from_ontology(
    terms: Iterable[RawTerm], *, kind: str, source: str, licence: str
) -> dict[str, list[list[str]]]:
    """The three tables of an ontology's terms, deprecated ones left out.

    Parameters
    ----------
    terms : iterable of RawTerm
        As :func:`commissure.terms.load.read_ontology` gives them.
    kind : str
        What the terms are: ``"region"``, ``"diagnosis"`` …
    source, licence : str
        Written in every row.
    """
    kept = {term.curie: term for term in terms if not term.deprecated and term.label}
    tables: dict[str, list[list[str]]] = {TERMS: [], NAMES: [], XREFS: []}
    for curie, term in kept.items():
        parents = "|".join(sorted({p for p in term.parents + term.part_of if p in kept and p != curie}))
        tables[TERMS].append([curie, term.label, kind, "", parents, source, licence])
        names = [(term.label, "label"), *term.synonyms]
        for name, scope in dict.fromkeys(names):
            if name and (scope == "label" or name != term.label):
                tables[NAMES].append([curie, name, _CODES[scope], source, licence, " ".join(tokens(name))])
        for xref in term.xrefs:
            tables[XREFS].append(
                [xref, "", "skos:closeMatch", curie, term.label, "semapv:MappingReview", source, licence]
            )
    return tables

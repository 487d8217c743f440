"""JSON-LD as Turtle, RDF/XML or N-Triples, with no context fetched."""

import json
from collections.abc import Mapping

from commissure.certify.contexts import inlined
from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["FORMATS", "convert"]

#: how a serialization is called here, and its media type
FORMATS = {
    "turtle": "text/turtle",
    "rdf-xml": "application/rdf+xml",
    "n-triples": "application/n-triples",
    "json-ld": "application/ld+json",
}


def convert(document: Mapping[str, object], format: str) -> str:
    """The document in another serialization.

    Parameters
    ----------
    document : mapping
        JSON-LD; contexts that travel with the package are put in.
    format : str
        A key of :data:`FORMATS`.

    Raises
    ------
    BadInput
        If the format is unknown.

    Examples
    --------
    >>> print(convert({"@context": {"@vocab": "http://x.example/"}, "@id": "http://x.example/a", "name": "b"}, "n-triples"), end="")
    <http://x.example/a> <http://x.example/name> "b" .
    """
    if format not in FORMATS:
        raise BadInput(f"RDF is written as one of {', '.join(FORMATS)}; got {format!r}.")
    if format == "json-ld":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    ox = need("pyoxigraph", purpose="Writing RDF")
    kinds = {
        "turtle": ox.RdfFormat.TURTLE,
        "rdf-xml": ox.RdfFormat.RDF_XML,
        "n-triples": ox.RdfFormat.N_TRIPLES,
    }
    text = json.dumps(inlined(document))
    quads = ox.parse(text.encode(), format=ox.RdfFormat.JSON_LD)
    triples = [ox.Triple(quad.subject, quad.predicate, quad.object) for quad in quads]
    prefixes = {name: iri for name, iri in _prefixes(document).items() if iri.endswith(("#", "/"))}
    data = ox.serialize(triples, format=kinds[format], prefixes=prefixes if format != "n-triples" else None)
    return bytes(data).decode()


def _prefixes(document: Mapping[str, object]) -> dict[str, str]:
    context = document.get("@context")
    return (
        {k: v for k, v in context.items() if isinstance(v, str) and not k.startswith("@")}
        if isinstance(context, Mapping)
        else {}
    )

"""The JSON-LD contexts that our documents name, so that nothing has to be fetched to read them.

>>> inlined({"@context": "https://schema.org/", "name": "x"})["@context"]["@vocab"]
'http://schema.org/'
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["CRATE_CONTEXT", "context", "inlined"]

CRATE_CONTEXT = "https://w3id.org/ro/crate/1.3/context"
_SCHEMA_ORG = {"@vocab": "http://schema.org/", "url": {"@type": "@id"}, "license": {"@type": "@id"}}


@cache
def context(address: str) -> Mapping[str, object] | None:
    """The context that stands at ``address``; None if it does not travel with the package."""
    if address.rstrip("/") in {"https://schema.org", "http://schema.org"}:
        return _SCHEMA_ORG
    if address == CRATE_CONTEXT:
        text = (files(__package__) / "ro-crate-1.3.jsonld").read_text(encoding="utf-8")
        found: dict[str, object] = json.loads(text)["@context"]
        return found
    return None


def inlined(document: Mapping[str, object]) -> dict[str, object]:
    """The document with the contexts that we know put in place of their addresses.

    Parameters
    ----------
    document : mapping
        JSON-LD whose ``@context`` is an address, an object or a list of both.
    """
    named = document.get("@context")
    parts = named if isinstance(named, list) else [named]
    whole = [(context(part) or part) if isinstance(part, str) else part for part in parts]
    return {**document, "@context": whole[0] if len(whole) == 1 else whole}

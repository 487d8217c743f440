"""Every form in which a release describes itself to machines, by name, with its media type and how it is written."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from commissure.certify.croissant import croissant
from commissure.certify.datacite import datacite, datacite_xml
from commissure.certify.dcat import dcat
from commissure.certify.describe import citation_cff
from commissure.certify.described import Described
from commissure.certify.jsonld import described_jsonld
from commissure.certify.openminds import openminds
from commissure.certify.rdf import convert
from commissure.certify.rocrate import ro_crate
from commissure.errors import BadInput

__all__ = ["EXPORTS", "Export", "export", "wanted"]


@dataclass(frozen=True, slots=True)
class Export:
    """One form: its media type, the profile it follows, what a file of it is called, and who writes it."""

    media_type: str
    profile: str
    file: str
    write: Callable[[Described], str]


def _json(maker: Callable[[Described], Mapping[str, object]]) -> Callable[[Described], str]:
    return lambda one: json.dumps(maker(one), indent=2, ensure_ascii=False) + "\n"


_LD = "application/ld+json"
EXPORTS: dict[str, Export] = {
    "jsonld": Export(_LD, "https://schema.org/", "dataset.jsonld", _json(described_jsonld)),
    "croissant": Export(_LD, "http://mlcommons.org/croissant/1.1", "croissant.json", _json(croissant)),
    "dcat": Export("text/turtle", "http://www.w3.org/ns/dcat#", "dcat.ttl", lambda one: convert(dcat(one), "turtle")),
    "dcat-xml": Export("application/rdf+xml", "http://www.w3.org/ns/dcat#", "dcat.rdf", lambda one: convert(dcat(one), "rdf-xml")),
    "dcat-jsonld": Export(_LD, "http://www.w3.org/ns/dcat#", "dcat.jsonld", _json(dcat)),
    "datacite": Export("application/vnd.datacite.datacite+json", "http://datacite.org/schema/kernel-4", "datacite.json",
                       _json(datacite)),
    "datacite-xml": Export("application/vnd.datacite.datacite+xml", "http://datacite.org/schema/kernel-4", "datacite.xml",
                           datacite_xml),
    "ro-crate": Export(_LD, "https://w3id.org/ro/crate", "ro-crate-metadata.json", _json(lambda one: ro_crate(one.release))),
    "openminds": Export(_LD, "https://openminds.om-i.org/", "openminds.jsonld", _json(openminds)),
    "citation": Export("application/x-yaml", "https://citation-file-format.github.io/", "CITATION.cff",
                       lambda one: citation_cff(one.record, url=one.url)),
}  # fmt: skip
#: what a media type in ``Accept`` gets
_BY_TYPE = {
    "application/ld+json": "jsonld",
    "text/turtle": "dcat",
    "application/rdf+xml": "dcat-xml",
    "application/vnd.datacite.datacite+json": "datacite",
    "application/vnd.datacite.datacite+xml": "datacite-xml",
    "application/x-yaml": "citation",
    "application/vnd.schemaorg.ld+json": "jsonld",
}


def export(one: Described, form: str) -> str:
    """The release in one form.

    Parameters
    ----------
    one : Described
        The release.
    form : str
        A key of :data:`EXPORTS`.

    Raises
    ------
    BadInput
        If there is no such form.
    """
    if form not in EXPORTS:
        raise BadInput(f"A release is described as one of {', '.join(EXPORTS)}; got {form!r}.")
    return EXPORTS[form].write(one)


def wanted(accept: str) -> str:
    """The form that an ``Accept`` header asks for before HTML; empty where HTML does.

    >>> wanted("text/turtle"), wanted("text/html, text/turtle;q=0.5"), wanted("application/ld+json;profile=\\"http://mlcommons.org/croissant/1.1\\"")
    ('dcat', '', 'croissant')
    """
    best, form = 0.0, ""
    for part in accept.split(","):
        kind, *parameters = [piece.strip() for piece in part.split(";")]
        named = dict(p.partition("=")[::2] for p in parameters)
        weight = _weight(named.get("q", "1"))
        profile = named.get("profile", "").strip('"')
        if kind.lower() in {"text/html", "application/xhtml+xml", "*/*", "text/*"}:
            found = ""
        elif kind.lower() in _BY_TYPE:
            found = next(
                (n for n, e in EXPORTS.items() if profile and e.profile == profile), _BY_TYPE[kind.lower()]
            )
        else:
            continue
        if weight > best:
            best, form = weight, found
    return form


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0

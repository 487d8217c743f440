"""A release as DCAT 3, what catalogues of open data harvest, with shapes of our own that say what must be there.

JSON-LD whose whole context stands inside; :mod:`commissure.certify.rdf` turns it into Turtle, RDF/XML or N-Triples.
"""

from collections.abc import Iterable
from importlib.resources import files

from commissure.certify.describe import texts
from commissure.certify.described import Described
from commissure.certify.jsonld import SPECIES

__all__ = ["CONTEXT", "catalogue", "dcat", "shapes"]

_RIGHTS = "http://publications.europa.eu/resource/authority/access-right/"
_MOST = 500
CONTEXT: dict[str, object] = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#", "spdx": "http://spdx.org/rdf/terms#", "adms": "http://www.w3.org/ns/adms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}  # fmt: skip


def dcat(one: Described, *, context: bool = True) -> dict[str, object]:
    """The ``dcat:Dataset`` of a release, with one ``dcat:Distribution`` a file (the first 500).

    Parameters
    ----------
    one : Described
        The release and its page.
    context : bool
        Whether to carry the context; not for a part of a catalogue.

    References
    ----------
    W3C 2024, Data Catalog Vocabulary, version 3, https://www.w3.org/TR/vocab-dcat-3/.
    """
    record, release = one.record, one.release
    licence = {"@id": one.licence} if one.licence.startswith("http") else one.licence
    known: dict[str, object] = {
        "@context": CONTEXT if context else None,
        "@id": one.identity,
        "@type": "dcat:Dataset",
        "dct:title": one.title,
        "dct:description": one.description,
        "dct:identifier": [release.id, *(name for name in (one.doi, one.ark) if name)],
        "dct:creator": [
            {"@id": f"{one.identity}#creator-{place}", "@type": "foaf:Person", "foaf:name": name}
            for place, name in enumerate(one.authors, start=1)
        ],
        "dct:publisher": {
            "@id": f"{one.identity}#publisher",
            "@type": "foaf:Organization",
            "foaf:name": one.publisher,
        },
        "dct:issued": _date(release.created),
        "dct:license": licence,
        "dct:accessRights": {"@id": f"{_RIGHTS}{'PUBLIC' if release.public else 'RESTRICTED'}"},
        "dct:conformsTo": [
            {"@id": f"https://{_HOME[name]}"} for name in release.standard.split("+") if name in _HOME
        ],
        "dct:subject": [
            {"@id": f"http://purl.obolibrary.org/obo/NCBITaxon_{SPECIES[name]}"}
            for name in texts(record, "species")
            if name in SPECIES
        ],
        "dcat:keyword": list(one.keywords),
        "dcat:version": release.version,
        "dcat:landingPage": {"@id": one.url} if one.url else None,
        "dcat:distribution": [] if release.withdrawn else _distributions(one, licence),
        "adms:status": "withdrawn" if release.withdrawn else "published",
        "prov:wasGeneratedBy": [
            {"@id": f"{one.identity}#step-{place}", "@type": "prov:Activity", "dct:title": each.kind}
            for place, each in enumerate(release.activities, start=1)
        ],
        **_neighbours(one),
    }
    return {key: value for key, value in known.items() if value not in (None, "", [], {})}


_HOME = {"bids": "bids.neuroimaging.io", "nwb": "www.nwb.org"}


def _date(instant: str) -> object:
    return {"@value": instant[:10], "@type": "xsd:date"} if instant else None


def _distributions(one: Described, licence: object) -> list[dict[str, object]]:
    if not one.url:
        return []
    return [
        {
            "@id": one.file_url(asset.path), "@type": "dcat:Distribution", "dct:title": asset.path,
            "dcat:downloadURL": {"@id": one.file_url(asset.path)}, "dcat:accessURL": {"@id": one.url},
            "dcat:byteSize": {"@value": str(asset.bytes), "@type": "xsd:nonNegativeInteger"},
            "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{asset.media_type or 'application/octet-stream'}"},
            "spdx:checksum": {"@id": f"{one.file_url(asset.path)}#sha256", "@type": "spdx:Checksum", "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                              "spdx:checksumValue": {"@value": asset.sha256, "@type": "xsd:hexBinary"}},
            **({"dct:license": licence} if licence else {}),
        }
        for asset in one.release.assets[:_MOST]
    ]  # fmt: skip


def _neighbours(one: Described) -> dict[str, object]:
    """The version before, where there is one that has a page."""
    if not one.url or one.release.version not in one.versions:
        return {}
    older = one.versions[one.versions.index(one.release.version) + 1 :]
    return {"dcat:previousVersion": {"@id": f"{one.url.rpartition('/')[0]}/{older[0]}"}} if older else {}


def catalogue(
    releases: Iterable[Described], *, url: str, title: str, next_page: str = ""
) -> dict[str, object]:
    """The ``dcat:Catalog`` of a hub, or one page of it.

    Parameters
    ----------
    releases : iterable of Described
        What it holds.
    url : str
        The catalogue's address.
    title : str
        The hub's name.
    next_page : str
        The address of the next page (``hydra:next``); empty for the last.
    """
    held = [dcat(one, context=False) for one in releases]
    known: dict[str, object] = {
        "@context": {**CONTEXT, "hydra": "http://www.w3.org/ns/hydra/core#"},
        "@id": url,
        "@type": "dcat:Catalog",
        "dct:title": title,
        "dct:description": f"Neuroscience datasets of {title}, in community standards.",
        "dct:publisher": {"@id": f"{url}#publisher", "@type": "foaf:Organization", "foaf:name": title},
        "hydra:next": {"@id": next_page} if next_page else None,
        "dcat:dataset": held,
    }
    return {key: value for key, value in known.items() if value not in (None, "", [], {})}


def shapes() -> str:
    """The SHACL shapes that every such description meets, as Turtle."""
    return (files("commissure.certify") / "shapes.ttl").read_text(encoding="utf-8")

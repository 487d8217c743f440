"""Evidence: what can be seen of a dataset from outside, in one form, whether it is a folder, a release, a page or a record.

FAIR metrics judge this alone. What was not looked at is None and is not judged; what was looked for and is not there
is empty or False.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DataFacts", "Evidence", "from_schema_org", "is_persistent", "is_unique", "items", "text_of"]

_PERSISTENT = re.compile(
    r"(?:https?://)?(?:(?:dx\.)?doi\.org/|doi:\s?)?10\.\d{4,9}/\S+$"
    r"|(?:https?://(?:n2t\.net|arks?\.org)/)?ark:/?\d{5}/\S+$"
    r"|(?:https?://hdl\.handle\.net/|hdl:)\d[\d.]*/\S+$"
    r"|https?://(?:w3id\.org|purl\.org|identifiers\.org)/\S+$"
    r"|(?:https?://scicrunch\.org/resolver/)?RRID:\S+$",
    re.IGNORECASE,
)
_UNIQUE = re.compile(
    r"[a-z][a-z0-9+.-]*:\S+$|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|[0-9a-f]{40,}$", re.IGNORECASE
)
#: properties of schema.org that map to PROV by PROV-DC
_PROV_DC = (
    "creator",
    "contributor",
    "publisher",
    "dateCreated",
    "datePublished",
    "dateModified",
    "isBasedOn",
    "version",
)
_RELATIONS = ("isBasedOn", "isPartOf", "hasPart", "citation", "relatedLink", "subjectOf", "sameAs", "isRelatedTo",
              "workTranslation", "mentions")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What is known of the files themselves; None for what was not, or could not be, looked at.

    Parameters
    ----------
    valid : bool or None
        Whether the field's validators find no error.
    units, coordinates, hed : float or None
        Share (0 to 1) of the recordings whose channels have units, of those that have positions where positions are
        possible, of the event files that bear HED tags.
    raw, code, environment : bool or None
        Whether the raw input, the programs with their versions, and the environment they ran in are linked.
    quality : bool or None
        Whether quality control ran and found no error.
    consent : str or None
        How consent is stated: ``"machine"`` (a DUO term), ``"reference"``, ``"none"``.
    deidentified : bool or None
        Whether the search for what tells who somebody is ran, and found nothing more.
    """

    valid: bool | None = None
    units: float | None = None
    coordinates: float | None = None
    hed: float | None = None
    raw: bool | None = None
    code: bool | None = None
    environment: bool | None = None
    quality: bool | None = None
    consent: str | None = None
    deidentified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found, by the names that F-UJI gives to metadata properties.

    Parameters
    ----------
    kind : str
        What was looked at: ``"folder"``, ``"release"``, ``"page"``, ``"record"``.
    identifiers : tuple of str
        Of the dataset, the most persistent first.
    registered : bool or None
        Whether a persistent identifier is known to be registered with its authority.
    data_urls : tuple of str
        Where the bytes can be had.
    related : tuple of (str, str)
        Relation and what it leads to.
    offers : frozenset of str
        How the metadata are offered: ``json_in_html``, ``meta_tag``, ``typed_link``, ``content_negotiation``,
        ``sparql``, ``file``.
    provenance : tuple of str
        Properties that map to PROV.
    namespaces, standards, formats, variables : tuple of str
        Vocabularies used, metadata standards followed, file formats, what was measured.
    described_files : bool
        Whether sizes and types of the files are given.
    retrievable, data_retrievable : bool or None
        Whether the metadata, and the data, could be had under their identifiers.
    data : DataFacts
        What is known of the files.
    """

    kind: str
    identifiers: tuple[str, ...] = ()
    registered: bool | None = None
    title: str = ""
    summary: str = ""
    creators: tuple[str, ...] = ()
    publisher: str = ""
    published: str = ""
    keywords: tuple[str, ...] = ()
    object_type: str = ""
    access: str = ""
    licence: str = ""
    data_urls: tuple[str, ...] = ()
    related: tuple[tuple[str, str], ...] = ()
    variables: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    described_files: bool = False
    provenance: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()
    offers: frozenset[str] = frozenset()
    retrievable: bool | None = None
    data_retrievable: bool | None = None
    data: DataFacts = field(default_factory=DataFacts)


def is_persistent(identifier: str) -> bool:
    """Whether an identifier has the form of a persistent one: DOI, ARK, Handle, w3id, PURL, identifiers.org, RRID.

    >>> is_persistent("https://doi.org/10.18112/openneuro.ds000001.v1.0.0"), is_persistent("https://x.example/1")
    (True, False)
    """
    return _PERSISTENT.match(identifier.strip()) is not None


def is_unique(identifier: str) -> bool:
    """Whether an identifier has the form of a globally unique one: an IRI, a UUID or a hash."""
    return is_persistent(identifier) or _UNIQUE.match(identifier.strip()) is not None


def items(value: object) -> list[Any]:
    """A JSON-LD value as a list.

    >>> items("a"), items(None), items([1])
    (['a'], [], [1])
    """
    if value in (None, "", [], {}):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def text_of(value: object) -> str:
    """What a JSON-LD value says in words: itself, or its name, address or id."""
    if isinstance(value, Mapping):
        return next(
            (str(value[key]) for key in ("name", "url", "@id", "value", "identifier") if value.get(key)), ""
        )
    return str(value) if isinstance(value, str | int | float) else ""


def from_schema_org(document: Mapping[str, Any], *, kind: str, offers: Iterable[str]) -> Evidence:
    """The Evidence in a schema.org Dataset.

    Parameters
    ----------
    document : mapping
        The JSON-LD object.
    kind : str
        What it was found in.
    offers : iterable of str
        How it was found.
    """
    forms = [one for one in items(document.get("distribution")) if isinstance(one, Mapping)]
    links = tuple(str(one[key]) for one in forms for key in ("contentUrl", "url") if one.get(key))
    stated = [document.get("@id"), document.get("identifier"), document.get("url")]
    found = [_identifier(one) for value in stated for one in items(value)]
    names = dict.fromkeys(name for name in found if name)
    access = document.get("conditionsOfAccess", document.get("isAccessibleForFree"))
    return Evidence(
        kind=kind,
        identifiers=tuple(sorted(names, key=lambda name: (not is_persistent(name), not is_unique(name)))),
        title=text_of(document.get("name")),
        summary=text_of(document.get("description")),
        creators=tuple(text_of(one) for one in items(document.get("creator") or document.get("author"))),
        publisher=text_of(next(iter(items(document.get("publisher"))), "")),
        published=str(document.get("datePublished") or ""),
        keywords=tuple(text_of(one) for one in _keywords(document.get("keywords"))),
        object_type=text_of(next(iter(items(document.get("@type"))), "")),
        access="" if access is None else str(access),
        licence=_identifier(next(iter(items(document.get("license"))), "")),
        data_urls=links,
        related=_related(document),
        variables=tuple(text_of(one) for one in items(document.get("variableMeasured"))),
        formats=tuple(
            dict.fromkeys(str(one["encodingFormat"]) for one in forms if one.get("encodingFormat"))
        ),
        described_files=any(one.get("contentSize") and one.get("encodingFormat") for one in forms),
        provenance=tuple(name for name in _PROV_DC if document.get(name)),
        namespaces=_namespaces(document),
        offers=frozenset(offers),
        standards=("schema.org", *_conforms(document)),
    )


def _identifier(value: object) -> str:
    if isinstance(value, Mapping):
        return next((str(value[key]) for key in ("@id", "url", "value", "name") if value.get(key)), "")
    return str(value or "")


def _keywords(value: object) -> list[Any]:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return items(value)


def _related(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = []
    for relation in _RELATIONS:
        for one in items(document.get(relation)):
            target = _identifier(one)
            if target and not (relation == "citation" and not _leads_away(target, document)):
                found.append((relation, target))
    return tuple(found)


def _leads_away(target: str, document: Mapping[str, Any]) -> bool:
    """A dataset's own line of citation is no relation to another work."""
    own = {str(document.get("url") or "—"), str(document.get("@id") or "—"), f"{document.get('name')}. "}
    return not any(name in target for name in own)


def _namespaces(value: object) -> tuple[str, ...]:
    found: dict[str, None] = {}

    def walk(one: object) -> None:
        if isinstance(one, Mapping):
            for key, inner in one.items():
                note(str(key))
                if key in {
                    "@id",
                    "@type",
                    "@vocab",
                    "@context",
                    "conformsTo",
                    "inDefinedTermSet",
                } and isinstance(inner, str):
                    note(inner)
                walk(inner)
        elif isinstance(one, list | tuple):
            for inner in one:
                walk(inner)

    def note(text: str) -> None:
        if text.startswith("http") and (match := re.match(r"https?://[^/]+/(?:.*[/#])?", text)):
            found.setdefault(match[0])

    walk(value)
    context = value.get("@context") if isinstance(value, Mapping) else None
    for one in items(context):
        if isinstance(one, str):
            found.setdefault(one)
    return tuple(found)


def _conforms(document: Mapping[str, Any]) -> tuple[str, ...]:
    stated = [*items(document.get("http://purl.org/dc/terms/conformsTo")), *items(document.get("conformsTo"))]
    return tuple(_identifier(one) for one in stated)

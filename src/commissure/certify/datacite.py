"""A release as DataCite Metadata Schema 4.6, in JSON (as its API takes it) and XML, with a check of its structure."""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from commissure.certify.describe import split_name, texts
from commissure.certify.described import Described
from commissure.certify.evidence import items
from commissure.certify.licences import licence_rights
from commissure.model import Finding, Severity

__all__ = ["check_datacite", "datacite", "datacite_xml", "valid_xml"]

_KERNEL = "http://datacite.org/schema/kernel-4"
_SCHEMA = f"{_KERNEL} https://schema.datacite.org/meta/kernel-4.6/metadata.xsd"
_RELATIONS = {"IsVersionOf", "IsPreviousVersionOf", "IsNewVersionOf", "HasMetadata", "IsSupplementTo", "Cites",
              "IsCitedBy", "IsDescribedBy", "IsDerivedFrom", "References", "IsPartOf", "HasPart"}  # fmt: skip
_GENERAL = {"Dataset", "Software", "Collection", "Text", "Image", "Other"}


def datacite(one: Described) -> dict[str, Any]:
    """The attributes of a release in DataCite's JSON.

    Parameters
    ----------
    one : Described
        The release. Where nobody is credited, the creator is ``:unkn`` (DataCite's word for unknown).

    References
    ----------
    DataCite Metadata Working Group 2024, Schema 4.6, doi:10.14454/mzv1-5b55.
    """
    record, release = one.record, one.release
    rights = licence_rights(str(record.get("licence", "")))
    known: dict[str, Any] = {
        "schemaVersion": _KERNEL,
        "doi": one.doi,
        "identifiers": [{"identifierType": "ARK", "identifier": one.ark}] if one.ark else [],
        "alternateIdentifiers": [
            {"alternateIdentifierType": "commissure", "alternateIdentifier": release.id}
        ],
        "creators": [_creator(name) for name in one.authors] or [{"name": ":unkn"}],
        "titles": [{"title": one.title}],
        "publisher": {"name": one.publisher},
        "publicationYear": int(release.created[:4]) if release.created[:4].isdigit() else None,
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": f"{release.standard.upper()} dataset"},
        "subjects": [{"subject": word} for word in one.keywords],
        "dates": [{"date": release.created[:10], "dateType": "Withdrawn" if release.withdrawn else "Issued"}]
        if release.created
        else [],
        "language": "en",
        "sizes": [f"{one.bytes} bytes", f"{len(release.assets)} files"] if release.assets else [],
        "formats": [name.upper() for name in release.standard.split("+")],
        "version": release.version,
        "rightsList": [_rights(str(record.get("licence", "")), rights)] if record.get("licence") else [],
        "descriptions": [{"description": one.description, "descriptionType": "Abstract"}],
        "fundingReferences": [{"funderName": name} for name in texts(record, "funding")],
        "relatedIdentifiers": _related(one),
        "url": one.url,
    }
    return {key: value for key, value in known.items() if value not in (None, "", [], {})}


def _creator(name: str) -> dict[str, str]:
    family, given = split_name(name)
    if not given:
        return {"name": name, "nameType": "Organizational"}
    return {"name": f"{family}, {given}", "nameType": "Personal", "givenName": given, "familyName": family}


def _rights(stated: str, spdx: str) -> dict[str, str]:
    if not spdx:
        return {"rights": stated}
    return {
        "rights": spdx, "rightsUri": f"https://spdx.org/licenses/{spdx}", "rightsIdentifier": spdx,
        "rightsIdentifierScheme": "SPDX", "schemeUri": "https://spdx.org/licenses/",
    }  # fmt: skip


def _related(one: Described) -> list[dict[str, str]]:
    if not one.url:
        return []
    top = one.url.rpartition("/")[0]
    found = [{"relatedIdentifier": top, "relatedIdentifierType": "URL", "relationType": "IsVersionOf"}]
    if one.release.version in one.versions:
        older = one.versions[one.versions.index(one.release.version) + 1 :]
        found += [{"relatedIdentifier": f"{top}/{older[0]}", "relatedIdentifierType": "URL", "relationType": "IsNewVersionOf"}
                  ] if older else []  # fmt: skip
    return found


def datacite_xml(one: Described) -> str:
    """The same as XML; an ARK, or the page, stands as identifier where there is no DOI.

    Parameters
    ----------
    one : Described
        The release.
    """
    said = datacite(one)
    root = Element("resource", {
        "xmlns": _KERNEL, "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:schemaLocation": _SCHEMA,
    })  # fmt: skip
    kind = "DOI" if one.doi else "ARK" if one.ark else "URL"
    _put(root, "identifier", one.doi or one.ark or one.identity, identifierType=kind)
    _put_creators(root, said["creators"])
    _put(SubElement(root, "titles"), "title", one.title)
    _put(root, "publisher", one.publisher)
    _put(root, "publicationYear", str(said.get("publicationYear", ":unkn")))
    _put(root, "resourceType", said["types"]["resourceType"], resourceTypeGeneral="Dataset")
    for tag, each, attributes in _LISTS[:2]:
        _put_list(root, (tag, each), said.get(tag, ()), attributes)
    _put(root, "language", "en")
    for tag, each, attributes in _LISTS[2:6]:
        _put_list(root, (tag, each), said.get(tag, ()), attributes)
    _put(root, "version", one.release.version)
    for tag, each, attributes in _LISTS[6:]:
        _put_list(root, (tag, each), said.get(tag, ()), attributes)
    if funders := said.get("fundingReferences"):
        top = SubElement(root, "fundingReferences")
        for funder in funders:
            _put(SubElement(top, "fundingReference"), "funderName", funder["funderName"])
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


#: lists of the XML: element, its member, and the attributes (XML name to JSON name)
_LISTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("subjects", "subject", {}),
    ("dates", "date", {"dateType": "dateType"}),
    ("alternateIdentifiers", "alternateIdentifier", {"alternateIdentifierType": "alternateIdentifierType"}),
    ("relatedIdentifiers", "relatedIdentifier",
     {"relatedIdentifierType": "relatedIdentifierType", "relationType": "relationType"}),
    ("sizes", "size", {}),
    ("formats", "format", {}),
    ("rightsList", "rights", {"rightsURI": "rightsUri", "rightsIdentifier": "rightsIdentifier",
                              "rightsIdentifierScheme": "rightsIdentifierScheme", "schemeURI": "schemeUri"}),
    ("descriptions", "description", {"descriptionType": "descriptionType"}),
)  # fmt: skip


def _put_creators(root: Element, creators: list[dict[str, str]]) -> None:
    top = SubElement(root, "creators")
    for creator in creators:
        person = SubElement(top, "creator")
        kind = {"nameType": creator["nameType"]} if "nameType" in creator else {}
        _put(person, "creatorName", creator["name"], **kind)
        for part in ("givenName", "familyName"):
            if part in creator:
                _put(person, part, creator[part])


def _put_list(
    root: Element, tags: tuple[str, str], values: Iterable[Any], attributes: dict[str, str]
) -> None:
    rows = list(values)
    top = SubElement(root, tags[0]) if rows else root
    for row in rows:
        text = row[tags[1]] if isinstance(row, dict) else str(row)
        _put(top, tags[1], text, **{to: row[key] for to, key in attributes.items() if key in row})


def valid_xml(char: str) -> bool:
    """Whether XML 1.0 can hold a character.

    >>> valid_xml("é"), valid_xml("\\x00")
    (True, False)
    """
    return char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char >= "\U00010000"


def _put(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = "".join(c for c in text if valid_xml(c))


def check_datacite(attributes: Mapping[str, Any]) -> tuple[Finding, ...]:
    """One Finding for each rule of schema 4.6 that the attributes break; empty if they may be registered.

    The mandatory properties, their shapes, and the controlled words that we use are checked; not the whole XSD.

    Parameters
    ----------
    attributes : mapping
        DataCite's JSON, as :func:`datacite` gives it.
    """
    year = attributes.get("publicationYear")
    types = attributes.get("types") or {}
    rules = (
        ("creators", all(one.get("name") for one in items(attributes.get("creators"))) and attributes.get("creators")),
        ("titles", all(one.get("title") for one in items(attributes.get("titles"))) and attributes.get("titles")),
        ("publisher", isinstance(attributes.get("publisher"), Mapping) and attributes["publisher"].get("name")),
        ("publicationYear", isinstance(year, int) and 1000 <= year <= 9999),
        ("types.resourceTypeGeneral", types.get("resourceTypeGeneral") in _GENERAL),
        ("doi", "doi" not in attributes or str(attributes["doi"]).startswith("10.")),
        ("relatedIdentifiers", all(
            one.get("relationType") in _RELATIONS and one.get("relatedIdentifierType") and one.get("relatedIdentifier")
            for one in items(attributes.get("relatedIdentifiers")))),
        ("descriptions", all(one.get("descriptionType") and one.get("description") for one in items(attributes.get("descriptions")))),
        ("schemaVersion", attributes.get("schemaVersion") == _KERNEL),
    )  # fmt: skip
    return tuple(
        Finding(f"datacite.{name}", Severity.ERROR, f"{name} is missing, or not as DataCite 4.6 wants it.",
                remedy="See DataCite Metadata Schema 4.6.")
        for name, holds in rules
        if not holds
    )  # fmt: skip

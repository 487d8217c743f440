"""OAI-PMH 2.0: the catalogue as harvesters of libraries ask for it, as Dublin Core or DataCite."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from commissure.certify.datacite import datacite_xml, valid_xml
from commissure.certify.describe import texts
from commissure.certify.described import Described

__all__ = ["FORMATS", "VERBS", "Answer", "error", "formats", "headers", "identify", "records", "sets"]

_OAI = "http://www.openarchives.org/OAI/2.0/"
#: where a document that is XML already is put in
_PLACE = re.compile("\ue000\\d+\ue001")
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
VERBS: dict[str, frozenset[str]] = {
    "Identify": frozenset(), "ListMetadataFormats": frozenset({"identifier"}), "ListSets": frozenset({"resumptionToken"}),
    "ListIdentifiers": frozenset({"metadataPrefix", "from", "until", "set", "resumptionToken"}),
    "ListRecords": frozenset({"metadataPrefix", "from", "until", "set", "resumptionToken"}),
    "GetRecord": frozenset({"identifier", "metadataPrefix"}),
}  # fmt: skip
#: prefix: (schema, namespace)
FORMATS = {
    "oai_dc": (
        "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
        "http://www.openarchives.org/OAI/2.0/oai_dc/",
    ),
    "oai_datacite": (
        "https://schema.datacite.org/meta/kernel-4.6/metadata.xsd",
        "http://datacite.org/schema/kernel-4",
    ),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The frame of an answer: the repository's address, the instant, and what was asked."""

    url: str
    now: str
    asked: Mapping[str, str]


def _frame(answer: Answer, *, asked: bool = True) -> Element:
    root = Element("OAI-PMH", {
        "xmlns": _OAI, "xmlns:xsi": _XSI, "xsi:schemaLocation": f"{_OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd",
    })  # fmt: skip
    SubElement(root, "responseDate").text = answer.now
    told = {_clean(name): _clean(value) for name, value in answer.asked.items()} if asked else {}
    SubElement(root, "request", told).text = answer.url
    return root


def _clean(text: str) -> str:
    """``text`` without what XML cannot hold."""
    return "".join(c for c in text if valid_xml(c))


def _written(root: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def error(answer: Answer, code: str, *, message: str) -> str:
    """The answer to a wrong question: ``badVerb``, ``badArgument``, ``idDoesNotExist``, ``noRecordsMatch`` …"""
    root = _frame(answer, asked=code not in {"badVerb", "badArgument"})
    SubElement(root, "error", {"code": code}).text = message
    return _written(root)


def identify(answer: Answer, *, name: str, earliest: str) -> str:
    """Who the repository is."""
    root = _frame(answer)
    said = SubElement(root, "Identify")
    for tag, text in (
        ("repositoryName", name), ("baseURL", answer.url), ("protocolVersion", "2.0"), ("adminEmail", "hub@localhost"),
        ("earliestDatestamp", earliest), ("deletedRecord", "persistent"), ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
    ):  # fmt: skip
        SubElement(said, tag).text = text
    return _written(root)


def formats(answer: Answer) -> str:
    """In which forms records can be had."""
    root = _frame(answer)
    top = SubElement(root, "ListMetadataFormats")
    for prefix, (schema, namespace) in FORMATS.items():
        one = SubElement(top, "metadataFormat")
        for tag, text in (("metadataPrefix", prefix), ("schema", schema), ("metadataNamespace", namespace)):
            SubElement(one, tag).text = text
    return _written(root)


def sets(answer: Answer) -> str:
    """There are no sets."""
    return error(answer, "noSetHierarchy", message="This repository has no sets.")


def headers(answer: Answer, found: Iterable[Described], *, token: str = "") -> str:
    """Identifiers and dates of records."""
    root = _frame(answer)
    top = SubElement(root, "ListIdentifiers")
    for one in found:
        _header(top, one)
    _resume(top, token)
    return _written(root)


def records(
    answer: Answer, found: Iterable[Described], *, prefix: str, token: str = "", single: bool = False
) -> str:
    """Records, whole; a withdrawn release is a deleted record.

    Parameters
    ----------
    answer : Answer
        The frame.
    found : iterable of Described
        The releases.
    prefix : str
        A key of :data:`FORMATS`.
    token : str
        Where the next page begins; empty for the last.
    single : bool
        Whether one record was asked for by its identifier.
    """
    root = _frame(answer)
    top = SubElement(root, "GetRecord" if single else "ListRecords")
    whole: dict[str, str] = {}
    for number, one in enumerate(found):
        record = SubElement(top, "record")
        _header(record, one)
        if not one.release.withdrawn:
            metadata = SubElement(record, "metadata")
            if prefix == "oai_dc":
                metadata.append(_dublin(one))
            else:
                metadata.text = f"\ue000{number}\ue001"
                whole[metadata.text] = datacite_xml(one).partition("?>")[2].strip()
    _resume(top, token)
    return _PLACE.sub(lambda match: whole.get(match[0], match[0]), _written(root))


def _header(parent: Element, one: Described) -> None:
    release = one.release
    top = SubElement(parent, "header", {"status": "deleted"} if release.withdrawn else {})
    SubElement(top, "identifier").text = f"oai:commissure:{release.id}"
    SubElement(top, "datestamp").text = f"{release.created[:19]}Z"


def _resume(top: Element, token: str) -> None:
    if token:
        SubElement(top, "resumptionToken").text = token


def _dublin(one: Described) -> Element:
    root = Element("oai_dc:dc", {
        "xmlns:oai_dc": FORMATS["oai_dc"][1], "xmlns:dc": "http://purl.org/dc/elements/1.1/", "xmlns:xsi": _XSI,
        "xsi:schemaLocation": f"{FORMATS['oai_dc'][1]} {FORMATS['oai_dc'][0]}",
    })  # fmt: skip
    said: list[tuple[str, str]] = [("title", one.title)]
    said += [("creator", name) for name in one.authors]
    said += [("subject", word) for word in (*one.keywords, *texts(one.record, "species"))]
    said += [
        ("description", one.description),
        ("publisher", one.publisher),
        ("date", one.release.created[:10]),
        ("type", "Dataset"),
    ]
    said += [("format", name.upper()) for name in one.release.standard.split("+")]
    said += [("identifier", name) for name in dict.fromkeys((one.identity, one.ark, one.release.id)) if name]
    said += [("rights", one.licence)] if one.licence else []
    for tag, text in said:
        SubElement(root, f"dc:{tag}").text = _clean(text)
    return root

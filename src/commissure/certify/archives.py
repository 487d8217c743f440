"""Evidence of the records of two archives, as their APIs give them: DANDI's version metadata, OpenNeuro's snapshot."""

from collections.abc import Mapping
from typing import Any

from commissure.certify.evidence import DataFacts, Evidence, items, text_of
from commissure.certify.tree import HUMAN, consent_kind
from commissure.errors import BadInput

__all__ = ["of_record"]


def of_record(record: Mapping[str, Any]) -> Evidence:
    """The Evidence of an archive's record.

    Parameters
    ----------
    record : mapping
        DANDI's metadata of a version (``schemaKey`` is ``"Dandiset"``), or OpenNeuro's snapshot (it has ``description``
        with ``BIDSVersion`` or ``Name``).

    Raises
    ------
    BadInput
        If it is neither.
    """
    found = (
        record.get("data", {}).get("snapshot", record) if isinstance(record.get("data"), Mapping) else record
    )
    if found.get("schemaKey") == "Dandiset":
        return _dandi(found)
    description = found.get("description")
    if isinstance(description, Mapping) and ("BIDSVersion" in description or "Name" in description):
        return _openneuro(found, description)
    raise BadInput(
        "The record is neither DANDI's (schemaKey 'Dandiset') nor OpenNeuro's (description.BIDSVersion)."
    )


def _dandi(record: Mapping[str, Any]) -> Evidence:
    summary = record.get("assetsSummary") or {}
    doi = str(record.get("doi") or "")
    people = [one for one in items(record.get("contributor")) if isinstance(one, Mapping)]
    authors = [one for one in people if "dcite:Author" in items(one.get("roleName"))] or people
    access = [str(one.get("status", "")) for one in items(record.get("access")) if isinstance(one, Mapping)]
    linked = [one for one in items(record.get("relatedResource")) if isinstance(one, Mapping)]
    species = [text_of(one) for one in items(summary.get("species"))]
    human = any("human" in name.lower() or HUMAN in name for name in species)
    return Evidence(
        kind="record",
        identifiers=tuple(
            dict.fromkeys(str(one) for one in (doi and f"https://doi.org/{doi}", record.get("url"), record.get("id")) if one)
        ),
        registered=bool(doi),
        title=str(record.get("name") or ""),
        summary=str(record.get("description") or ""),
        creators=tuple(text_of(one) for one in authors),
        publisher="DANDI Archive",
        published=str(record.get("datePublished") or ""),
        keywords=tuple(str(one) for one in items(record.get("keywords"))),
        object_type="Dandiset",
        access=access[0] if access else "",
        licence=str(next(iter(items(record.get("license"))), "")),
        data_urls=tuple(str(one) for one in items(record.get("manifestLocation"))),
        related=tuple((str(o.get("relation", "related")), str(o.get("identifier") or o.get("url") or o.get("name") or "")) for o in linked),
        variables=tuple(text_of(one) for one in items(summary.get("variableMeasured"))),
        formats=tuple(text_of(one) for one in items(summary.get("dataStandard"))),
        described_files=bool(summary.get("numberOfBytes") and summary.get("dataStandard")),
        provenance=("creator", "datePublished", "publisher"),
        namespaces=("http://schema.dandiarchive.org/", *(_iri(one) for one in items(summary.get("species")))),
        standards=("dandi", "datacite", *(text_of(one).lower() for one in items(summary.get("dataStandard")))),
        # every DOI of DataCite answers content negotiation with schema.org JSON-LD
        offers=frozenset({"file", "content_negotiation"} if doi else {"file"}),
        retrievable=bool(record.get("url") or doi),
        data_retrievable=bool(record.get("manifestLocation")),
        data=DataFacts(consent=_ethics(record.get("ethicsApproval")) if human else None),
    )  # fmt: skip


def _iri(value: object) -> str:
    return str(value.get("identifier", "")) if isinstance(value, Mapping) else ""


def _ethics(value: object) -> str:
    return consent_kind(" ".join(str(one) for one in items(value)))


def _openneuro(record: Mapping[str, Any], description: Mapping[str, Any]) -> Evidence:
    summary = record.get("summary") or {}
    doi = str(description.get("DatasetDOI") or "").removeprefix("doi:").removeprefix("https://doi.org/")
    number = str(record.get("id") or "").partition(":")[0]
    page = f"https://openneuro.org/datasets/{number}" if number else ""
    errors = (record.get("validation") or {}).get("errors")
    links = [str(one) for one in items(description.get("ReferencesAndLinks"))]
    return Evidence(
        kind="record",
        identifiers=tuple(one for one in (doi and f"https://doi.org/{doi}", page) if one),
        registered=bool(doi),
        title=str(description.get("Name") or ""),
        summary=str(record.get("readme") or ""),
        creators=tuple(str(one) for one in items(description.get("Authors"))),
        publisher="OpenNeuro",
        published=str(record.get("created") or ""),
        keywords=tuple(str(one) for one in (*items(summary.get("modalities")), *items(summary.get("tasks")))),
        object_type="Dataset",
        access="public" if record.get("public", True) else "restricted",
        licence=str(description.get("License") or ""),
        data_urls=(f"s3://openneuro.org/{number}",) if number else (),
        related=tuple(("ReferencesAndLinks", one) for one in links),
        formats=("bids",),
        described_files=bool(summary.get("size")),
        provenance=("creator", "datePublished"),
        standards=("bids", "datacite") if doi else ("bids",),
        namespaces=(),
        offers=frozenset({"file", "content_negotiation"} if doi else {"file"}),
        retrievable=bool(page),
        data_retrievable=bool(number),
        data=DataFacts(
            valid=None if errors is None else not errors,
            consent=_ethics(description.get("EthicsApprovals")),
        ),
    )  # fmt: skip

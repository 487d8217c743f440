"""What the nouns look like as JSON: one shape for the command line, the API, the pages and the client."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from commissure.errors import BadInput
from commissure.hub import Hub
from commissure.model import Activity, Asset, Finding, Grant, Job, Release
from commissure.store.port import Card
from commissure.workflows.browse import Listing, Shown
from commissure.workflows.withdraw import Withdrawal

__all__ = [
    "LABELS",
    "activity",
    "asset",
    "audit",
    "card",
    "facets",
    "grant",
    "job",
    "listing",
    "manifest",
    "named",
    "release",
    "values",
    "withdrawal",
]

#: severities, the gravest first
WEIGHTS = ("error", "warning", "info")
#: how facets are called on pages, in the order in which they are shown
LABELS = {
    "modality": "Modalities",
    "species": "Species",
    "task": "Tasks",
    "technique": "Techniques",
    "condition": "Conditions",
    "region": "Brain regions",
    "standard": "Standards",
    "licence": "Licences",
    "device": "Devices",
    "keyword": "Keywords",
    "source": "Sources",
}

_NAMES = {
    "eeg": "EEG", "ieeg": "intracranial EEG", "meg": "MEG", "nirs": "fNIRS", "anat": "anatomical MRI",
    "func": "functional MRI", "dwi": "diffusion MRI", "fmap": "field maps", "perf": "perfusion MRI", "pet": "PET",
    "motion": "motion capture", "ecephys": "extracellular ephys", "icephys": "intracellular ephys",
    "ophys": "optical physiology", "behavior": "behaviour", "bids": "BIDS", "nwb": "NWB",
}  # fmt: skip


def named(value: str) -> str:
    """How a facet's value is called on pages: BIDS datatypes and NWB modalities by their names.

    >>> named("ecephys"), named("Mus musculus")
    ('extracellular ephys', 'Mus musculus')
    """
    return _NAMES.get(value, value)


def values(metadata: Mapping[str, object], *names: str) -> list[str]:
    """The strings under the first of ``names`` that says something.

    >>> values({"modality": ["eeg"]}, "modalities", "modality")
    ['eeg']
    """
    for name in names:
        found = metadata.get(name)
        if isinstance(found, str) and found:
            return [found]
        if isinstance(found, list | tuple) and found:
            return [str(item) for item in found]
    return []


def facets(pairs: list[str]) -> dict[str, str | tuple[str, ...]]:
    """Wanted facets from ``key=value`` pairs; several values of one key mean any of them.

    >>> facets(["species=Mus musculus", "species=Rattus norvegicus"])
    {'species': ('Mus musculus', 'Rattus norvegicus')}

    Raises
    ------
    BadInput
        If a pair has no key, no ``=`` or no value.
    """
    wanted: dict[str, str | tuple[str, ...]] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not (key and sign and value):
            raise BadInput(f"A facet is written key=value (species=Mus musculus); got {pair!r}.")
        wanted[key] = (*wanted.get(key, ()), value)
    return wanted


def _count(value: object) -> int:
    return value if isinstance(value, int) else len(value) if isinstance(value, list | tuple) else 0


def grouped(findings: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Findings, the gravest first; those that say the same of several places are one, with all ``places``.

    >>> row = {"check": "a.b", "severity": "info", "message": "Short.", "remedy": ""}
    >>> grouped([row | {"where": "x"}, row | {"where": "y"}])[0]["places"]
    ['x', 'y']
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in findings:
        key = (row["check"], row["severity"], row["message"], row.get("remedy", ""))
        one = found.setdefault(key, {**row, "places": []})
        if row.get("where"):
            one["places"].append(row["where"])
    return sorted(found.values(), key=lambda one: WEIGHTS.index(one["severity"]))


def card(item: Card) -> dict[str, Any]:
    """One dataset as the catalogue lists it."""
    about = item.metadata
    return {
        "id": item.dataset.id,
        "version": item.version,
        "title": item.dataset.title or item.dataset.id,
        "description": str(about.get("description", "")),
        "modalities": values(about, "modalities", "modality"),
        "species": values(about, "species"),
        "subjects": _count(about.get("subjects")),
        "licence": str(about.get("licence", "")),
        "standard": item.standard,
        "files": item.files,
        "bytes": item.bytes,
        "released": item.released,
        "owner": item.dataset.owner,
        "public": item.dataset.public,
        "withdrawn": item.withdrawn,
    }


def listing(found: Listing) -> dict[str, Any]:
    """A page of datasets, with counts by facet and the cursor of the next page, or null."""
    return {
        "datasets": [card(item) for item in found.page.cards],
        "total": found.page.total,
        "next": found.page.next,
        "facets": {key: dict(counts) for key, counts in found.facets.items()},
    }


def asset(item: Asset) -> dict[str, Any]:
    """One file of a release."""
    return asdict(item)


def activity(item: Activity) -> dict[str, Any]:
    """One step of what was done."""
    return {**asdict(item), "software": [asdict(tool) for tool in item.software]}


def release(shown: Shown) -> dict[str, Any]:
    """A release without its list of files, which :func:`manifest` gives."""
    item = shown.release
    return {
        "id": item.dataset,
        "version": item.version,
        "title": shown.dataset.title or item.dataset,
        "owner": shown.dataset.owner,
        "standard": item.standard,
        "public": item.public,
        "withdrawn": item.withdrawn,
        "created": item.created,
        "digest": item.digest,
        "files": len(item.assets),
        "bytes": sum(file.bytes for file in item.assets),
        "metadata": dict(item.metadata),
        "findings": [found.to_dict() for found in item.findings],
        "versions": list(shown.versions),
    }


def manifest(item: Release) -> dict[str, Any]:
    """Every file of a release with its hash and size."""
    files = [asset(file) for file in item.assets]
    return {"id": item.dataset, "version": item.version, "digest": item.digest, "files": files}


def grant(item: Grant) -> dict[str, Any]:
    """A Grant: who may use what for which purpose until when."""
    return {**asdict(item), "until": item.until.isoformat() if item.until else None}


def audit(hub: Hub, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Whether the ledger is whole, how many lines it has, and the hash of the newest."""
    head = hub.ledger.head()
    told = [found.to_dict() for found in findings]
    return {"whole": not findings, "lines": head.seq, "head": head.hash, "findings": told}


def withdrawal(item: Withdrawal) -> dict[str, Any]:
    """What a withdrawal did."""
    return asdict(item)


def job(item: Job) -> dict[str, Any]:
    """How a job stands; its parameters stay with the hub, as they may hold a path."""
    told = asdict(item)
    del told["parameters"]
    return {**told, "state": str(item.state)}

"""A release as the DANDI archive would tell it: dandisets, assets, checksums.

Pure: a release and where it is served go in, records of DANDI's schema 0.6 and later come out. Only what is known
stands in a record; nothing is invented to fill a field.

>>> asset_number(asset_id(7, 2, sha256="ab" * 32))
(7, 2)
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any, BinaryIO

from commissure.errors import NotFound
from commissure.model import Asset, Dataset, Release

__all__ = [
    "SCHEMA",
    "asset_id",
    "asset_listing",
    "asset_number",
    "asset_record",
    "dandi_etag",
    "dandiset_record",
    "part_sizes",
    "version_record",
]

#: the version of DANDI's schema that the records follow
SCHEMA = "0.8.0"
_LARGEST = 2**31 - 1
_PART = 64 * 2**20
_PERSON = re.compile(r"[\w\s\-.']+,\s+[\w\s\-.']+")
_MOST_PARTS = 10_000
_CONTEXT = f"https://raw.githubusercontent.com/dandi/schema/master/releases/{SCHEMA}/context.json"
_LICENCES = {"CC0-1.0", "CC-BY-4.0"}
_STANDARDS = {
    "bids": ("Brain Imaging Data Structure (BIDS)", "RRID:SCR_016124"),
    "nwb": ("Neurodata Without Borders (NWB)", "RRID:SCR_015242"),
}
_SPECIES = {
    "homo sapiens": ("Homo sapiens - Human", "NCBITaxon_9606"),
    "mus musculus": ("Mus musculus - House mouse", "NCBITaxon_10090"),
    "rattus norvegicus": ("Rattus norvegicus - Norway rat", "NCBITaxon_10116"),
    "macaca mulatta": ("Macaca mulatta - Rhesus monkey", "NCBITaxon_9544"),
    "danio rerio": ("Danio rerio - Zebra fish", "NCBITaxon_7955"),
    "drosophila melanogaster": ("Drosophila melanogaster - Fruit fly", "NCBITaxon_7227"),
    "caenorhabditis elegans": ("Caenorhabditis elegans", "NCBITaxon_6239"),
}
_APPROACHES = {
    "eeg": "electrophysiological approach", "ieeg": "electrophysiological approach",
    "meg": "electrophysiological approach", "ecephys": "electrophysiological approach",
    "icephys": "electrophysiological approach", "ophys": "microscopy approach; cell population imaging",
    "behavior": "behavioral approach", "beh": "behavioral approach", "motion": "behavioral approach",
}  # fmt: skip


def part_sizes(size: int) -> list[int]:
    """The sizes of the parts in which DANDI takes a file of ``size`` bytes: 64 MiB each, at most 10,000.

    >>> part_sizes(5), part_sizes(0)
    ([5], [])
    """
    part = _PART if -(-size // _PART) < _MOST_PARTS else -(-size // _MOST_PARTS)
    return [min(part, size - start) for start in range(0, size, part)]


def dandi_etag(file: BinaryIO, size: int) -> str:
    """The checksum that DANDI's clients check: an MD5 over the MD5s of the parts, and how many there are.

    Parameters
    ----------
    file : binary file
        Read from where it stands to its end.
    size : int
        Its length in bytes.
    """
    digests = []
    for part in part_sizes(size):
        made, left = hashlib.md5(usedforsecurity=False), part
        while left and (block := file.read(min(left, 2**20))):
            made.update(block)
            left -= len(block)
        digests.append(made.digest())
    whole = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(digests)}"


def asset_id(release: int, place: int, *, sha256: str) -> str:
    """The UUID of a file: the number of its release, its place in it, and a part of its hash.

    It bears version 4, the only one that DANDI's models take.
    """
    high = (release << 16) | 0x4000 | (int(sha256[:3], 16) & 0xFFF)
    low = 0b10 << 62 | (int(sha256[3:11], 16) & 0x3FFFFFFF) << 32 | place
    return str(uuid.UUID(int=high << 64 | low))


def asset_number(id: str) -> tuple[int, int]:
    """The number of the release and the place in it that :func:`asset_id` put into ``id``.

    Raises
    ------
    NotFound
        If it is no such UUID.
    """
    try:
        value = uuid.UUID(id)
    except ValueError as error:
        raise NotFound(f"No asset has the id {id!r}; ids are UUIDs.") from error
    number = value.int >> 80
    if value.version != 4 or number > _LARGEST:
        raise NotFound(f"No asset has the id {id!r}.")
    return number, value.int & 0xFFFFFFFF


def version_record(release: Release, *, name: str = "", version: str = "") -> dict[str, Any]:
    """A version as DANDI lists it: name, count and size of its assets, status."""
    return {
        "version": version or release.version,
        "name": name or str(release.metadata.get("title", release.dataset)),
        "asset_count": len(release.assets),
        "active_uploads": 0,
        "size": sum(asset.bytes for asset in release.assets),
        "created": release.created,
        "modified": release.created,
        "status": "Valid" if version == "draft" else "Published",
    }


def dandiset_record(
    dataset: Dataset, release: Release, *, number: int, api: str, version: str = ""
) -> dict[str, Any]:
    """The metadata of a dandiset's version, as ``dandiset.yaml`` holds it.

    Parameters
    ----------
    dataset, release : Dataset, Release
        What is told.
    number : int
        The dandiset's number.
    api : str
        The address of the API, without a slash at its end.
    version : str
        What the version is called; by default the release's own.
    """
    about, name = release.metadata, f"{number:06d}"
    called = version or release.version
    url = f"{api}/dandisets/{name}/versions/{called}/"
    licence = str(about.get("licence", ""))
    authors = _texts(about.get("authors"))
    title = str(about.get("title") or dataset.title or dataset.id)
    record = {
        "@context": _CONTEXT,
        "schemaKey": "Dandiset",
        "schemaVersion": SCHEMA,
        "id": f"DANDI:{name}/{called}",
        "identifier": f"DANDI:{name}",
        "alternateName": [release.id],
        "version": called,
        "name": title[:150],
        "description": str(about.get("description") or title)[:10_000],
        "url": url,
        "dateCreated": release.created,
        "license": [f"spdx:{licence}"] if licence in _LICENCES else [],
        "contributor": [*(_author(one) for one in authors), _contact(dataset.owner)],
        "keywords": _texts(about.get("keywords")),
        "citation": f"{', '.join(authors) or 'Anonymous'} ({release.created[:4]}) {title} (Version {called}).",
        "access": [{
            "schemaKey": "AccessRequirements",
            "status": "dandi:OpenAccess" if release.public else "dandi:EmbargoedAccess",
        }],
        "assetsSummary": _summary(release),
        "manifestLocation": [f"{url}assets/"],
    }  # fmt: skip
    return {key: value for key, value in record.items() if value not in ([], "") or key == "license"}


def asset_listing(asset: Asset, *, id: str, created: str) -> dict[str, Any]:
    """A file as DANDI lists it."""
    return {
        "asset_id": id,
        "blob": str(uuid.UUID(asset.sha256[:32])),
        "zarr": None,
        "path": asset.path,
        "size": asset.bytes,
        "created": created,
        "modified": created,
    }


def asset_record(asset: Asset, *, id: str, etag: str, created: str, api: str) -> dict[str, Any]:
    """The metadata of a file, with the checksums that a client checks.

    Parameters
    ----------
    asset : Asset
        The file.
    id, etag, created, api : str
        Its UUID, its DANDI checksum, when it was released, and the API's address.
    """
    return {
        "@context": _CONTEXT,
        "schemaKey": "Asset",
        "schemaVersion": SCHEMA,
        "id": f"dandiasset:{id}",
        "identifier": id,
        "path": asset.path,
        "contentSize": asset.bytes,
        "encodingFormat": asset.media_type or _media(asset.path),
        "digest": {"dandi:sha2-256": asset.sha256, "dandi:dandi-etag": etag},
        "dateModified": created,
        "blobDateModified": created,
        "contentUrl": [f"{api}/assets/{id}/download/"],
        "access": [{"schemaKey": "AccessRequirements", "status": "dandi:OpenAccess"}],
    }


def _media(path: str) -> str:
    return "application/x-nwb" if path.endswith(".nwb") else "application/octet-stream"


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _author(name: str) -> dict[str, Any]:
    given, _, family = name.strip().rpartition(" ")
    turned = name if "," in name else f"{family}, {given}"
    role = {"roleName": ["dcite:Author"], "includeInCitation": True}
    if not given or not _PERSON.fullmatch(turned):
        return {"schemaKey": "Organization", "name": name, **role}
    return {"schemaKey": "Person", "name": turned, **role}


def _contact(owner: str) -> dict[str, Any]:
    """Who answers for the dataset, by their id at the hub: no name or address is known that may be told."""
    return {
        "schemaKey": "Organization",
        "name": owner,
        "roleName": ["dcite:ContactPerson"],
        "includeInCitation": False,
    }


def _summary(release: Release) -> dict[str, Any]:
    about = release.metadata
    subjects = about.get("subjects")
    modalities = _texts(about.get("modality")) or _texts(about.get("modalities"))
    found: dict[str, Any] = {
        "schemaKey": "AssetsSummary",
        "numberOfBytes": sum(asset.bytes for asset in release.assets),
        "numberOfFiles": len(release.assets),
        "numberOfSubjects": subjects if isinstance(subjects, int) else None,
        "dataStandard": [
            {"schemaKey": "StandardsType", "name": _STANDARDS[name][0], "identifier": _STANDARDS[name][1]}
            for name in release.standard.split("+") if name in _STANDARDS
        ],
        "approach": [
            {"schemaKey": "ApproachType", "name": name}
            for name in dict.fromkeys(_APPROACHES[m] for m in modalities if m in _APPROACHES)
        ],
        "species": [_species(name) for name in _texts(about.get("species"))],
    }  # fmt: skip
    return {key: value for key, value in found.items() if value not in (None, [])}


def _species(name: str) -> Mapping[str, str]:
    label, taxon = _SPECIES.get(name.strip().lower(), (name, ""))
    told = {"schemaKey": "SpeciesType", "name": label}
    return told | ({"identifier": f"http://purl.obolibrary.org/obo/{taxon}"} if taxon else {})

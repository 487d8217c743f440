"""A release as a schema.org Dataset in JSON-LD, with the fields of Bioschemas' Dataset profile 1.0.

What a search engine for data reads. Only what was measured or said stands in it; a field that is not known is left
out, never filled.
"""

from collections.abc import Mapping

from commissure.certify.describe import cite_as, split_name, texts
from commissure.certify.described import Described
from commissure.certify.licences import licence_url
from commissure.model import Activity, Asset, Dataset, Release

__all__ = ["SPECIES", "described_jsonld", "dataset_jsonld", "licence_url"]

_PROFILE = "https://bioschemas.org/profiles/Dataset/1.0-RELEASE"
_PROV = "http://www.w3.org/ns/prov#"
_MOST_FILES = 20
#: NCBI Taxonomy numbers of the species that labs measure
SPECIES = {
    "Homo sapiens": 9606, "Mus musculus": 10090, "Rattus norvegicus": 10116, "Macaca mulatta": 9544,
    "Macaca fascicularis": 9541, "Callithrix jacchus": 9483, "Danio rerio": 7955, "Drosophila melanogaster": 7227,
    "Caenorhabditis elegans": 6239, "Sus scrofa": 9823, "Felis catus": 9685, "Mustela putorius furo": 9669,
    "Taeniopygia guttata": 59729, "Schistocerca gregaria": 7010, "Schistocerca americana": 7009,
}  # fmt: skip
#: measurement techniques by datatype, and what they measure
_TECHNIQUES = {
    "eeg": ("Electroencephalography", "scalp potential"),
    "ieeg": ("Intracranial electroencephalography", "intracranial potential"),
    "meg": ("Magnetoencephalography", "magnetic field of the brain"),
    "nirs": ("Functional near-infrared spectroscopy", "light attenuation"),
    "anat": ("Structural magnetic resonance imaging", "anatomy of the brain"),
    "func": ("Functional magnetic resonance imaging", "blood-oxygen-level dependent signal"),
    "dwi": ("Diffusion magnetic resonance imaging", "diffusion of water"),
    "fmap": ("Magnetic resonance field mapping", "magnetic field inhomogeneity"),
    "perf": ("Perfusion magnetic resonance imaging", "blood flow of the brain"),
    "pet": ("Positron emission tomography", "tracer concentration"),
    "motion": ("Motion capture", "body movement"),
    "ecephys": ("Extracellular electrophysiology", "extracellular potential"),
    "icephys": ("Intracellular electrophysiology", "membrane potential"),
    "ophys": ("Optical physiology", "fluorescence"),
    "behavior": ("Behavioural tracking", "behaviour"),
    "beh": ("Behavioural experiment", "behaviour"),
}  # fmt: skip
_STANDARDS = {
    "bids": ("Brain Imaging Data Structure", "https://bids.neuroimaging.io"),
    "nwb": ("Neurodata Without Borders", "https://www.nwb.org"),
}


def dataset_jsonld(dataset: Dataset | None, release: Release, *, url: str = "") -> dict[str, object]:
    """The JSON-LD object of a release, from what the release itself knows; see :func:`described_jsonld`.

    Parameters
    ----------
    dataset : Dataset or None
        What it is a release of.
    release : Release
        What is described.
    url : str
        The address of its page; becomes the object's ``@id``.
    """
    return described_jsonld(Described(dataset=dataset, release=release, url=url))


def described_jsonld(one: Described) -> dict[str, object]:
    """The JSON-LD object of a release.

    Parameters
    ----------
    one : Described
        The release, its page and its identifiers.

    Returns
    -------
    dict
        Ready for ``json.dumps``; keys in a fixed order.

    References
    ----------
    Gray, Goble & Jimenez 2017 (Bioschemas), ISWC 2017 posters.
    """
    record, release, url = one.record, one.release, one.url
    publisher = {"@type": "Organization", "name": one.publisher}
    known = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": url or one.ark or None,
        "http://purl.org/dc/terms/conformsTo": {"@type": "CreativeWork", "@id": _PROFILE},
        "name": record["title"],
        "description": _description(record),
        "identifier": [release.id, *([f"https://doi.org/{record['doi']}"] if record.get("doi") else []), *([one.ark] if one.ark else [])],
        "version": release.version,
        "url": url or None,
        "license": one.licence,
        "isAccessibleForFree": release.public,
        "conditionsOfAccess": "Anybody may read it." if release.public else "On request to the owner; a Grant is needed.",
        "creator": [_person(name) for name in one.authors],
        "publisher": publisher,
        "keywords": list(one.keywords),
        "citation": [cite_as(record, url=url), *texts(record, "references")],
        "funder": [{"@type": "Organization", "name": name} for name in texts(record, "funding")],
        "dateCreated": release.created[:10],
        "datePublished": release.created[:10] if release.public else None,
        "measurementTechnique": _from_table(record, 0),
        "variableMeasured": _from_table(record, 1),
        "taxonomicRange": [_taxon(name) for name in texts(record, "species")],
        "size": f"{one.bytes} B",
        "distribution": [*_forms(one), *_files(one)],
        "isPartOf": {"@type": "Dataset", "@id": url.rpartition("/")[0], "name": record["title"]} if url else None,
        "creativeWorkStatus": "Withdrawn" if release.withdrawn else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": one.publisher},
        f"{_PROV}wasGeneratedBy": [_step(activity) for activity in release.activities],
    }  # fmt: skip
    return {key: value for key, value in known.items() if value not in (None, "", [], {})}


def _description(record: Mapping[str, object]) -> str:
    text = str(record.get("description", "") or record["title"])
    if len(text) >= 50:
        return text
    return f"{text} A de-identified neuroscience dataset in a community standard, released as version {record['version']}."


def _person(name: str) -> dict[str, str]:
    family, given = split_name(name)
    person = {"@type": "Person", "name": name, "givenName": given, "familyName": family if given else ""}
    return {key: value for key, value in person.items() if value}


def _taxon(name: str) -> dict[str, str]:
    number = SPECIES.get(name)
    where = {"@id": f"http://purl.obolibrary.org/obo/NCBITaxon_{number}"} if number else {}
    return {"@type": "Taxon", **where, "name": name}


def _step(activity: Activity) -> dict[str, object]:
    tools = [f"{tool.name} {tool.version}" for tool in activity.software]
    step = {
        "@type": f"{_PROV}Activity", "name": activity.kind,
        f"{_PROV}endedAtTime": activity.ended, f"{_PROV}wasAssociatedWith": tools,
    }  # fmt: skip
    return {key: value for key, value in step.items() if value}


def _from_table(record: Mapping[str, object], column: int) -> list[str]:
    found = texts(record, "modality", "modalities")
    return list(dict.fromkeys(_TECHNIQUES[name][column] for name in found if name in _TECHNIQUES))


def _forms(one: Described) -> list[dict[str, str]]:
    forms = []
    standards = one.release.standard.split("+")
    for standard in standards:
        if standard in _STANDARDS:
            name, address = _STANDARDS[standard]
            size = sum(
                a.bytes
                for a in one.release.assets
                if len(standards) == 1 or a.path.startswith(f"{standard}/")
            )
            form = {"@type": "DataDownload", "name": name, "encodingFormat": standard.upper(), "usageInfo": address,
                    "contentSize": f"{size} B"}  # fmt: skip
            forms.append({**form, **({"contentUrl": f"{one.url}#files"} if one.url else {})})
    return forms


def _files(one: Described) -> list[dict[str, str]]:
    """The largest files, each with its address; the manifest has all."""
    if not one.url:
        return []
    largest = sorted(one.release.assets, key=lambda asset: (-asset.bytes, asset.path))[:_MOST_FILES]
    return [_file(one, asset) for asset in sorted(largest, key=lambda asset: asset.path)]


def _file(one: Described, asset: Asset) -> dict[str, str]:
    return {
        "@type": "DataDownload", "name": asset.path, "contentUrl": one.file_url(asset.path),
        "contentSize": f"{asset.bytes} B", "encodingFormat": asset.media_type or "application/octet-stream",
        "sha256": asset.sha256,
    }  # fmt: skip

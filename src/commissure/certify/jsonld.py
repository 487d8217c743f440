"""A release as a schema.org Dataset in JSON-LD, with the fields of Bioschemas' Dataset profile 1.0.

What a search engine for data reads. Only what was measured or said stands in it; a field that is not known is left
out, never filled.
"""

from collections.abc import Mapping, Sequence

from commissure.certify.describe import cite_as, record_of, split_name, texts
from commissure.model import Dataset, Release

__all__ = ["dataset_jsonld", "licence_url"]

_PROFILE = "https://bioschemas.org/profiles/Dataset/1.0-RELEASE"
_SPDX = "https://spdx.org/licenses/"
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
    """The JSON-LD object of a release.

    Parameters
    ----------
    dataset : Dataset or None
        What it is a release of.
    release : Release
        What is described.
    url : str
        The address of its page; becomes the object's ``@id``.

    Returns
    -------
    dict
        Ready for ``json.dumps``; keys in a fixed order.

    References
    ----------
    Gray, Goble & Jimenez 2017 (Bioschemas), ISWC 2017 posters.
    """
    record = record_of(dataset, release)
    known = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": url or None,
        "http://purl.org/dc/terms/conformsTo": {"@type": "CreativeWork", "@id": _PROFILE},
        "name": record["title"],
        "description": _description(record),
        "identifier": [release.id, *([f"https://doi.org/{record['doi']}"] if record.get("doi") else [])],
        "version": release.version,
        "url": url or None,
        "license": licence_url(str(record.get("licence", ""))),
        "isAccessibleForFree": release.public,
        "conditionsOfAccess": None if release.public else "On request to the owner; a Grant is needed.",
        "creator": [_person(name) for name in texts(record, "authors")],
        "keywords": sorted({*texts(record, "keywords"), *texts(record, "task", "tasks")}),
        "citation": cite_as(record, url=url),
        "funder": [{"@type": "Organization", "name": name} for name in texts(record, "funding")],
        "dateCreated": release.created[:10],
        "datePublished": release.created[:10] if release.public else None,
        "measurementTechnique": _from_table(record, 0),
        "variableMeasured": _from_table(record, 1),
        "taxonomicRange": list(texts(record, "species")),
        "size": f"{sum(asset.bytes for asset in release.assets)} B",
        "distribution": [{"@type": "DataDownload", **form} for form in _distribution(release, url)],
        "isPartOf": None,
        "creativeWorkStatus": "Withdrawn" if release.withdrawn else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "commissure"},
    }
    return {key: value for key, value in known.items() if value not in (None, "", [], {})}


def licence_url(licence: str) -> str:
    """The address of a licence: that of its SPDX id, or what was given if it is an address already.

    >>> licence_url("CC-BY-4.0")
    'https://spdx.org/licenses/CC-BY-4.0'
    """
    text = licence.strip()
    if not text or text.startswith(("http://", "https://")):
        return text
    return f"{_SPDX}{text}" if all(c.isalnum() or c in ".-+" for c in text) else text


def _description(record: Mapping[str, object]) -> str:
    text = str(record.get("description", "") or record["title"])
    if len(text) >= 50:
        return text
    return f"{text} A de-identified neuroscience dataset in a community standard, released as version {record['version']}."


def _person(name: str) -> dict[str, str]:
    family, given = split_name(name)
    person = {"@type": "Person", "name": name, "givenName": given, "familyName": family if given else ""}
    return {key: value for key, value in person.items() if value}


def _from_table(record: Mapping[str, object], column: int) -> list[str]:
    found = texts(record, "modality", "modalities")
    return list(dict.fromkeys(_TECHNIQUES[name][column] for name in found if name in _TECHNIQUES))


def _distribution(release: Release, url: str) -> Sequence[Mapping[str, str]]:
    forms = []
    for standard in release.standard.split("+"):
        if standard in _STANDARDS:
            name, address = _STANDARDS[standard]
            form = {"name": name, "encodingFormat": standard.upper(), "usageInfo": address}
            forms.append({**form, **({"contentUrl": f"{url}#files"} if url else {})})
    return forms

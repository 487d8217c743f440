"""A release as an openMINDS DatasetVersion (JSON-LD, version 4), what EBRAINS' knowledge graph reads.

Controlled terms are named by openMINDS' own instances where it has one; what it has none for is left out.
"""

import hashlib

from commissure.certify.describe import split_name, texts
from commissure.certify.described import Described
from commissure.certify.licences import licence_rights

__all__ = ["openminds"]

_HOME = "https://openminds.om-i.org"
_TERMS = f"{_HOME}/instances"
_SPECIES = {"Homo sapiens": "homoSapiens", "Mus musculus": "musMusculus", "Rattus norvegicus": "rattusNorvegicus",
            "Macaca mulatta": "macacaMulatta", "Macaca fascicularis": "macacaFascicularis",
            "Callithrix jacchus": "callithrixJacchus", "Danio rerio": "danioRerio", "Mustela putorius furo": "mustelaPutoriusFuro",
            "Drosophila melanogaster": "drosophilaMelanogaster"}  # fmt: skip
_APPROACH = {"eeg": "electrophysiology", "ieeg": "electrophysiology", "meg": "electrophysiology", "ecephys": "electrophysiology",
             "icephys": "electrophysiology", "anat": "neuroimaging", "func": "neuroimaging", "dwi": "neuroimaging",
             "fmap": "neuroimaging", "perf": "neuroimaging", "pet": "neuroimaging", "nirs": "neuroimaging",
             "ophys": "opticalImaging", "behavior": "behavior", "beh": "behavior", "motion": "behavior"}  # fmt: skip
_TECHNIQUE = {"eeg": "electroencephalography", "ieeg": "intracranialElectroencephalography", "meg": "magnetoencephalography",
              "nirs": "functionalNearInfraredSpectroscopy", "anat": "structuralMagneticResonanceImaging", "func": "functionalMagneticResonanceImaging",
              "dwi": "diffusionWeightedImaging", "pet": "positronEmissionTomography", "ecephys": "extracellularElectrophysiology",
              "icephys": "intracellularElectrophysiology"}  # fmt: skip


def openminds(one: Described) -> dict[str, object]:
    """The openMINDS document of a release: a DatasetVersion, its Persons, its files' repository.

    Parameters
    ----------
    one : Described
        The release and its page.

    References
    ----------
    Schlegel et al. 2025 (openMINDS), https://openminds.docs.om-i.org.
    """
    release = one.release
    people = [_person(name) for name in one.authors]
    identifier = _identifier(one)
    known: dict[str, object] = {
        "@id": one.url or "_:dataset-version",
        "@type": f"{_HOME}/types/DatasetVersion",
        "shortName": one.title[:60],
        "fullName": one.title,
        "description": one.description,
        "versionIdentifier": release.version,
        "versionInnovation": "First release."
        if release.version == "0.1.0"
        else "See the releases of the dataset.",
        "releaseDate": release.created[:10],
        **_terms_of(one),
        "digitalIdentifier": {"@id": identifier["@id"]},
        "author": [{"@id": person["@id"]} for person in people],
        "keyword": list(one.keywords),
        "homepage": one.url,
        "fullDocumentation": {"@id": "_:documentation"} if one.url else None,
        "repository": {"@id": "_:repository"} if one.url else None,
    }
    version = {key: value for key, value in known.items() if value not in (None, "", [], {})}
    graph: list[dict[str, object]] = [version, identifier, *people]
    if one.url:
        graph.append({"@id": "_:documentation", "@type": f"{_HOME}/types/WebResource", "IRI": one.url})
        graph.append(
            {
                "@id": "_:repository",
                "@type": f"{_HOME}/types/FileRepository",
                "IRI": one.url,
                "name": one.title,
            }
        )
    return {"@context": {"@vocab": f"{_HOME}/props/"}, "@graph": graph}


def _identifier(one: Described) -> dict[str, object]:
    if one.doi:
        address = f"https://doi.org/{one.doi}"
        return {"@id": address, "@type": f"{_HOME}/types/DOI", "identifier": address}
    stated = one.ark or one.identity
    return {"@id": "_:identifier", "@type": f"{_HOME}/types/IdentifiersDotOrgID", "identifier": stated}


def _terms_of(one: Described) -> dict[str, object]:
    """What openMINDS has instances for."""
    record, release = one.record, one.release
    modalities = texts(record, "modality", "modalities")
    licence = licence_rights(str(record.get("licence", "")))
    return {
        "accessibility": _term(
            "productAccessibility", "freeAccess" if release.public else "restrictedAccess"
        ),
        "dataType": [_term("semanticDataType", "experimentalData")],
        "experimentalApproach": _terms("experimentalApproach", modalities, _APPROACH),
        "technique": _terms("technique", modalities, _TECHNIQUE),
        "studyTarget": _terms("species", texts(record, "species"), _SPECIES),
        "license": _term("licenses", licence) if licence else None,
    }


def _person(name: str) -> dict[str, object]:
    family, given = split_name(name)
    label = (
        "".join(c for c in name if c.isascii() and c.isalnum())
        or hashlib.sha256(name.encode()).hexdigest()[:12]
    )
    names = {"givenName": given, "familyName": family} if given else {"givenName": family}
    return {"@id": f"_:person-{label}", "@type": f"{_HOME}/types/Person", **names}


def _term(kind: str, name: str) -> dict[str, str]:
    return {"@id": f"{_TERMS}/{kind}/{name}"}


def _terms(kind: str, found: tuple[str, ...], table: dict[str, str]) -> list[dict[str, str]]:
    names = dict.fromkeys(table[name] for name in found if name in table)
    return [_term(kind, name) for name in names]

"""F-UJI's metrics for data, version 0.8: the seventeen that are active, each with its tests, points and remedy.

Each test is asked of the Evidence alone, so that the same dataset gets the same points from a folder, a release, a
saved page or an archive's record, as far as each of them shows it. Where F-UJI asks the network (does the identifier
redirect?), we take what was seen when the Evidence was gathered; what was not seen earns nothing.

References
----------
Devaraju & Huber 2021, doi:10.1016/j.patter.2021.100370; metrics v0.8, doi:10.5281/zenodo.6461229.
"""

from collections.abc import Callable
from dataclasses import dataclass

from commissure.certify.evidence import Evidence, is_persistent, is_unique
from commissure.certify.licences import licence_rights

__all__ = ["METRICS", "Metric", "Test"]

_REGISTERED = ("purl.obolibrary.org", "w3.org/ns/prov", "purl.org/dc", "w3.org/ns/dcat", "identifiers.org", "spdx.org",
               "bioschemas.org", "ncbi.nlm.nih.gov", "purl.org/pav", "scicrunch.org", "interlex.org", "openminds",
               "hedtags.org", "schema.dandiarchive.org", "uberon", "foaf")  # fmt: skip
_COMMUNITY = ("bids", "nwb", "openminds", "dandi", "neurodata", "bioschemas", "snirf", "dicom")
_GENERIC = ("schema.org", "datacite", "dcat", "dublin")
_FORMATS = ("bids", "nwb", "hdf5", "nifti", "edf", "bdf", "brainvision", "vhdr", "fif", "snirf", "tsv", "csv", "json", "text/",
            "tiff", "zarr", "set", "gzip", "eeg")  # fmt: skip
_WEB = ("https://", "http://", "ftp://", "sftp://", "ftps://", "s3://")
_AUTHENTICATED = ("https://", "http://", "sftp://", "ftps://", "s3://")


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a metric: how many points it earns, what must hold, and what to do where it does not."""

    number: int
    points: float
    holds: Callable[[Evidence], bool]
    remedy: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: F-UJI's id, its name, the points that it can earn, and its tests."""

    id: str
    name: str
    total: float
    tests: tuple[Test, ...]

    @property
    def principle(self) -> str:
        """The letter of the FAIR principle: ``"F"``, ``"A"``, ``"I"`` or ``"R"``."""
        return self.id.removeprefix("FsF-")[0]


def _any(found: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(word in one.lower() for one in found for word in wanted)


def _links(evidence: Evidence) -> tuple[str, ...]:
    return tuple(name for name in evidence.identifiers if name.startswith(_WEB) or is_persistent(name))


def _resolves(identifier: str, schemes: tuple[str, ...]) -> bool:
    """A DOI or an ARK is followed by way of https."""
    return identifier.startswith(schemes) or is_persistent(identifier)


def _citable(one: Evidence) -> bool:
    return bool(
        one.creators and one.title and one.identifiers and one.published and one.publisher and one.object_type
    )


_PID = "Give it a persistent identifier: register a DOI (DataCite), or let a hub give it an ARK."
_CORE = "State creators, title, identifier, publication date, publisher and type in the page's JSON-LD."
_PAGE = "Share it with a hub: its pages carry schema.org JSON-LD, signposting links and content negotiation."
_LINK = "List the files with their addresses in `distribution` of the JSON-LD."

METRICS: tuple[Metric, ...] = (
    Metric("FsF-F1-01MD", "A globally unique identifier", 1, (
        Test(1, 1, lambda e: any(is_unique(name) for name in e.identifiers), "Give it an identifier that no other has: a URL, a UUID, a DOI."),)),
    Metric("FsF-F1-02MD", "A persistent identifier", 1, (
        Test(1, 0.5, lambda e: any(is_persistent(name) for name in e.identifiers), _PID),
        Test(2, 0.5, lambda e: bool(e.registered), "Register the identifier with its authority, so that it resolves."))),
    Metric("FsF-F2-01M", "Descriptive core metadata", 2, (
        Test(2, 1, _citable, _CORE),
        Test(3, 1, lambda e: _citable(e) and bool(e.summary and e.keywords), "Add a description and keywords."))),
    Metric("FsF-F3-01M", "The data's identifier stands in the metadata", 1, (Test(2, 1, lambda e: bool(e.data_urls), _LINK),)),
    Metric("FsF-F4-01M", "Search engines can take the metadata", 2, (
        Test(1, 2, lambda e: bool(e.offers & {"json_in_html", "meta_tag"}), _PAGE),)),
    Metric("FsF-A1-01M", "Access level and conditions", 1, (
        Test(1, 1, lambda e: bool(e.access), "Say whether anybody may read it, or who is to be asked (`conditionsOfAccess`)."),)),
    Metric("FsF-A1-02MD", "Metadata and data can be retrieved", 2, (
        Test(1, 1, lambda e: bool(e.retrievable), "Let the identifier lead to a page with the metadata."),
        Test(2, 1, lambda e: bool(e.data_retrievable), "Let the metadata lead to the bytes."))),
    Metric("FsF-A1.1-01MD", "A standard protocol", 2, (
        Test(1, 1, lambda e: any(_resolves(name, _WEB) for name in _links(e)), "Let the identifier be one that the web resolves (https, doi.org)."),
        Test(2, 1, lambda e: any(url.startswith(_WEB) for url in e.data_urls), "Offer the files by https, sftp or S3."))),
    Metric("FsF-A1.2-01MD", "A protocol that supports authentication", 2, (
        Test(1, 1, lambda e: any(_resolves(name, _AUTHENTICATED) for name in _links(e)), "Let the identifier lead to an https address."),
        Test(2, 1, lambda e: any(url.startswith(_AUTHENTICATED) for url in e.data_urls), "Offer the files by https, sftp or S3."))),
    Metric("FsF-I1-01M", "Metadata in a language of knowledge representation", 2, (
        Test(1, 2, lambda e: "json_in_html" in e.offers, "Put JSON-LD into the page."),
        Test(2, 2, lambda e: bool(e.offers & {"content_negotiation", "typed_link", "sparql"}),
             "Answer `Accept: application/ld+json`, or link to the RDF with rel=describedby."))),
    Metric("FsF-I2-01M", "Terms of registered vocabularies", 2, (
        Test(2, 2, lambda e: _any(e.namespaces, _REGISTERED), "Name species, regions and licences by IRIs (NCBITaxon, UBERON, SPDX)."),)),
    Metric("FsF-I3-01M", "Qualified references to related things", 2, (
        Test(1, 2, lambda e: bool(e.related), "Name the papers, datasets and code it goes with, and how (`isBasedOn`, `citation`)."),
        Test(2, 2, lambda e: any(is_unique(to) for _, to in e.related), "Give related things by DOI or URL."))),
    Metric("FsF-R1-01M", "What the data hold", 2, (
        Test(1, 1, lambda e: bool(e.object_type), "State the type of the resource (Dataset)."),
        Test(2, 1, lambda e: e.described_files, "State size and type of the files."),
        Test(3, 0, lambda e: bool(e.variables), "Say what was measured (`variableMeasured`)."))),
    Metric("FsF-R1.1-01M", "A licence", 1, (
        Test(1, 1, lambda e: bool(e.licence) and (e.licence.startswith("http") or bool(licence_rights(e.licence))),
             "Give a licence by its SPDX id, such as CC0-1.0 or CC-BY-4.0."),)),
    Metric("FsF-R1.2-01M", "Provenance", 1, (
        Test(1, 1, lambda e: bool(e.provenance), "State who created it, when, and what it is based on."),
        Test(2, 1, lambda e: _any(e.namespaces, ("w3.org/ns/prov", "purl.org/pav")), "Describe the steps in PROV."))),
    Metric("FsF-R1.3-01M", "A metadata standard of the community", 1, (
        Test(1, 1, lambda e: _any(e.standards, _COMMUNITY), "Write it in BIDS or NWB."),
        Test(3, 1, lambda e: _any(e.standards, _GENERIC), "Describe it by schema.org, DataCite or DCAT."))),
    Metric("FsF-R1.3-02D", "A file format of the community", 1, (
        Test(1, 1, lambda e: _any(e.formats, _FORMATS), "Convert the files to BIDS or NWB: commissure share FOLDER."),)),
)  # fmt: skip

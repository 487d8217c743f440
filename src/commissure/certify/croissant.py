"""A release as Croissant 1.1 with the responsible-AI fields of Croissant-RAI 1.0: what loaders of machine learning read.

The whole context stands inside, so that nothing has to be fetched. RAI fields are filled from what the release
records (devices, steps, what was removed); a question that nobody answered is left out.
"""

from commissure.certify.describe import cite_as, texts
from commissure.certify.described import Described

__all__ = ["croissant"]

_MOST = 500
_CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
_CONTEXT: dict[str, object] = {
    "@language": "en", "@vocab": "https://schema.org/", "arrayShape": "cr:arrayShape", "citeAs": "cr:citeAs",
    "column": "cr:column", "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes", "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "name": {"@container": "@language"}, "parentField": "cr:parentField", "path": "cr:path",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
_REMOVED = "De-identified: names, birth dates, identifiers, operators, places and serial numbers were taken out, dates shifted."


def croissant(one: Described) -> dict[str, object]:
    """The Croissant document of a release.

    Parameters
    ----------
    one : Described
        The release and its page. The first 500 files are listed, each with its SHA-256; the manifest has all.

    References
    ----------
    Akhtar et al. 2024, doi:10.1145/3650203.3663326; Jain et al. 2024 (Croissant-RAI), arXiv:2407.16883.
    """
    record, release = one.record, one.release
    known: dict[str, object] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "@id": one.identity,
        "conformsTo": _CONFORMS,
        "name": one.title,
        "description": one.description,
        "url": one.url or one.identity,
        "version": release.version,
        "license": one.licence,
        "citeAs": cite_as(record, url=one.url),
        "datePublished": release.created or None,
        "dateCreated": release.created or None,
        "creator": [{"@type": "sc:Person", "name": name} for name in one.authors],
        "publisher": {"@type": "sc:Organization", "name": one.publisher},
        "keywords": list(one.keywords),
        "isLiveDataset": False,
        "distribution": _files(one),
        "recordSet": _participants(one),
        **_responsible(one),
    }
    return {key: value for key, value in known.items() if value not in (None, "", [], {})}


def _files(one: Described) -> list[dict[str, object]]:
    return [
        {
            "@type": "cr:FileObject", "@id": f"file-{number}", "name": asset.path, "contentUrl": one.file_url(asset.path),
            "contentSize": f"{asset.bytes} B", "encodingFormat": asset.media_type or "application/octet-stream",
            "sha256": asset.sha256,
        }
        for number, asset in enumerate(one.release.assets[:_MOST], start=1)
    ]  # fmt: skip


def _participants(one: Described) -> list[dict[str, object]]:
    """The one table whose column is known without opening it: BIDS demands ``participant_id``."""
    for number, asset in enumerate(one.release.assets[:_MOST], start=1):
        if asset.path.rpartition("/")[2] == "participants.tsv":
            source = {"fileObject": {"@id": f"file-{number}"}, "extract": {"column": "participant_id"}}
            column = {
                "@type": "cr:Field", "@id": "participants/participant_id", "name": "participant_id",
                "description": "The label under which a participant's files lie.", "dataType": "sc:Text", "source": source,
            }  # fmt: skip
            return [
                {"@type": "cr:RecordSet", "@id": "participants", "name": "participants", "field": [column]}
            ]
    return []


def _responsible(one: Described) -> dict[str, object]:
    record, release = one.record, one.release
    devices = ", ".join(texts(record, "device"))
    steps = [
        f"{each.kind} with {', '.join(f'{tool.name} {tool.version}' for tool in each.software)}"
        for each in release.activities
        if each.software
    ]
    grave = sorted({found.message for found in release.findings if found.severity != "info"})
    return {
        "rai:dataCollection": f"{one.description}{f' Devices: {devices}.' if devices else ''}",
        "rai:dataPreprocessingProtocol": steps,
        "rai:personalSensitiveInformation": [_REMOVED] if "identifiers_removed" in record else None,
        "rai:dataLimitations": grave,
        "rai:dataReleaseMaintenancePlan": "A release never changes; what is corrected comes out as a new version.",
    }

"""Repairs what a folder lacks to be FAIR, out of what is known of it; nothing is invented, nothing overwritten."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from commissure.certify.describe import citation_cff
from commissure.certify.licences import licence_rights, licence_url
from commissure.certify.readme import readme

__all__ = ["Said", "repairs"]

_DESCRIPTION = "dataset_description.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the owner says of the folder; it wins over what the files say."""

    title: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str = ""
    keywords: tuple[str, ...] = ()
    consent: str = ""


def repairs(files: Mapping[str, int], texts: Mapping[str, str], *, said: Said) -> dict[str, str]:
    """The files to write, by path, with their text.

    Parameters
    ----------
    files : mapping of str to int
        What is there: POSIX paths and sizes.
    texts : mapping of str to str
        The text of ``dataset_description.json``, the README and the like, where they are there.
    said : Said
        What the owner says.

    Returns
    -------
    dict
        A file that is there already is among them only if it gains a field that it had not:
        ``dataset_description.json`` and ``.bidsignore``.
    """
    described = _parsed(texts.get(_DESCRIPTION, ""))
    record = _record(described, said, files=files)
    found: dict[str, str] = {}
    bids = "BIDSVersion" in described
    if bids and (grown := _grown(described, said)) != described:
        found[_DESCRIPTION] = json.dumps(grown, indent=2, ensure_ascii=False) + "\n"
    tops = {path for path in files if "/" not in path}
    if "CITATION.cff" not in tops and record["authors"] and record["title"]:
        found["CITATION.cff"] = citation_cff(record)
    if not any(name.upper().startswith("README") for name in tops) and record["title"]:
        standard = "bids" if bids else "nwb" if any(path.endswith(".nwb") for path in files) else ""
        found["README.md"] = _readme(record, standard)
    if not any(name.upper().startswith(("LICENSE", "LICENCE")) for name in tops) and record["licence"]:
        found["LICENSE"] = f"{record['licence']}\n{licence_url(str(record['licence']))}\n"
    if "dataset.jsonld" not in tops and record["title"]:
        found["dataset.jsonld"] = json.dumps(_jsonld(record, files), indent=2, ensure_ascii=False) + "\n"
        if bids:
            _ignore(texts, found)
    return found


def _readme(record: Mapping[str, object], standard: str) -> str:
    """The README without the part on how a hub made it, which is not so here."""
    return readme(record, standard=standard).partition("\n## How it was made")[0].rstrip() + "\n"


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _record(described: Mapping[str, Any], said: Said, *, files: Mapping[str, int]) -> dict[str, object]:
    authors = said.authors or tuple(str(one) for one in described.get("Authors", ()) or ())
    stated = said.licence or str(described.get("License", "") or "")
    subjects = {path.partition("/")[0] for path in files if path.startswith("sub-") and "/" in path}
    doi = str(described.get("DatasetDOI", "") or "").removeprefix("doi:").removeprefix("https://doi.org/")
    return {
        "title": said.title or str(described.get("Name", "") or ""),
        "description": said.description,
        "authors": list(authors),
        "licence": licence_rights(stated) or stated,
        "keywords": list(said.keywords or described.get("Keywords", ()) or ()),
        "funding": list(described.get("Funding", ()) or ()),
        "references": list(described.get("ReferencesAndLinks", ()) or ()),
        "doi": doi,
        "subjects": len(subjects) or None,
        "bids": "BIDSVersion" in described,
    }


def _grown(described: Mapping[str, Any], said: Said) -> dict[str, Any]:
    """The description with what was said and it had not."""
    fields = {
        "License": licence_rights(said.licence) or said.licence,
        "Authors": list(said.authors),
        "Keywords": list(said.keywords),
        "EthicsApprovals": [said.consent] if said.consent else [],
    }
    return {**described, **{key: value for key, value in fields.items() if value and not described.get(key)}}


def _jsonld(record: Mapping[str, Any], files: Mapping[str, int]) -> dict[str, object]:
    data = [
        (path, size)
        for path, size in sorted(files.items())
        if PurePosixPath(path).suffix not in {".md", ".cff", ".jsonld"}
    ]
    kinds = {
        ".nwb": "NWB",
        ".edf": "EDF",
        ".nii": "NIfTI",
        ".gz": "NIfTI",
        ".vhdr": "BrainVision",
        ".set": "EEGLAB",
        ".fif": "FIF",
    }
    present = sorted(
        {kinds[PurePosixPath(path).suffix] for path, _ in data if PurePosixPath(path).suffix in kinds}
    )
    formats = [*(["BIDS"] if record["bids"] else []), *present]
    total = sum(size for _, size in data)
    known: dict[str, object] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": record["title"],
        "description": record["description"],
        "identifier": f"https://doi.org/{record['doi']}" if record["doi"] else None,
        "creator": [{"@type": "Person", "name": name} for name in record["authors"]],
        "license": licence_url(str(record["licence"])),
        "keywords": record["keywords"],
        "citation": record["references"],
        "funder": [{"@type": "Organization", "name": name} for name in record["funding"]],
        "size": f"{total} B",
        "distribution": [
            {"@type": "DataDownload", "name": name, "encodingFormat": name, "contentSize": f"{total} B"} for name in formats
        ],
    }  # fmt: skip
    return {key: value for key, value in known.items() if value not in (None, "", [], {})}


def _ignore(texts: Mapping[str, str], found: dict[str, str]) -> None:
    lines = texts.get(".bidsignore", "").splitlines()
    if "dataset.jsonld" not in lines:
        found[".bidsignore"] = "\n".join([*lines, "dataset.jsonld"]) + "\n"

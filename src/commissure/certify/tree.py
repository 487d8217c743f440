"""What the names and the small text files of a BIDS or NWB tree tell of the data: units, positions, tags, links."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from commissure.certify.environment import ENVIRONMENT
from commissure.certify.evidence import DataFacts

__all__ = ["HUMAN", "consent_kind", "facts_of_tree", "wanted_text"]

HUMAN = "Homo sapiens"
_DUO = re.compile(r"\bDUO[:_]\d{7}\b")
_SIGNAL = re.compile(r"_(eeg|ieeg|meg|nirs|emg|motion)\.(edf|bdf|vhdr|set|fif|snirf|nwb|con|sqd|kit|tsv|ds)$")
_PLACED = {"eeg", "ieeg", "nirs"}
_IMAGE = re.compile(r"\.nii(\.gz)?$")
_LOCKS = {"requirements.txt", "environment.yml", "environment.yaml", "uv.lock", "poetry.lock", "conda-lock.yml", "Dockerfile",
          "Apptainer", "Singularity", "renv.lock", "flake.lock", "Manifest.toml", "pixi.lock"}  # fmt: skip
_MOST_EVENTS, _MOST_BYTES = 40, 1 << 20


def wanted_text(path: str, size: int) -> bool:
    """Whether a file's text is needed for the judgement: descriptions, channels, events; small ones only."""
    name = PurePosixPath(path).name
    small = size <= _MOST_BYTES
    return small and (
        name
        in {"dataset_description.json", "dataset.jsonld", "ro-crate-metadata.json", "CITATION.cff", "LICENSE"}
        or path == ENVIRONMENT
        or name.startswith("README")
        or name.endswith(("_channels.tsv", "_events.tsv", "_events.json"))
        or name == "events.json"
    )


def consent_kind(stated: str) -> str:
    """How consent is stated.

    >>> consent_kind("DUO:0000042"), consent_kind("IRB-2026-17"), consent_kind("")
    ('machine', 'reference', 'none')
    """
    return "machine" if _DUO.search(stated) else "reference" if stated.strip() else "none"


def facts_of_tree(paths: Iterable[str], texts: Mapping[str, str], *, human: bool) -> DataFacts:
    """What the tree tells.

    Parameters
    ----------
    paths : iterable of str
        All files, POSIX paths.
    texts : mapping of str to str
        The text of those that :func:`wanted_text` names, as far as they could be read.
    human : bool
        Whether persons were measured: then consent is asked for.
    """
    known = tuple(paths)
    described = _json(texts, "dataset_description.json")
    names = {PurePosixPath(path).name for path in known}
    made_by = [one for one in described.get("GeneratedBy", ()) if isinstance(one, Mapping)]
    tops = {PurePosixPath(path).parts[0] for path in known if "/" in path}
    ethics = json.dumps([described.get("EthicsApprovals", []), described.get("DataUse", "")])
    stated = "" if ethics == '[[], ""]' else ethics
    return DataFacts(
        units=_units(known, texts),
        coordinates=_coordinates(known),
        hed=_hed(known, texts),
        raw="sourcedata" in tops or bool(described.get("SourceDatasets")),
        code="code" in tops or any(one.get("Version") for one in made_by),
        environment=bool(names & _LOCKS) or any(one.get("Container") for one in made_by),
        consent=consent_kind(stated) if human or stated else None,
    )


def _json(texts: Mapping[str, str], name: str) -> dict[str, Any]:
    for path, text in sorted(texts.items(), key=lambda pair: len(pair[0])):
        if PurePosixPath(path).name == name:
            try:
                found = json.loads(text)
            except ValueError:
                return {}
            return found if isinstance(found, dict) else {}
    return {}


def _recordings(paths: tuple[str, ...]) -> list[tuple[str, str]]:
    """(path without suffix and extension, datatype) of each signal recording."""
    found = {}
    for path in paths:
        if match := _SIGNAL.search(path):
            found[path[: match.start()]] = match[1]
    return sorted(found.items())


def _units(paths: tuple[str, ...], texts: Mapping[str, str]) -> float | None:
    shares: list[float] = [1.0 for path in paths if _IMAGE.search(path) or path.endswith(".nwb")]
    for stem, _ in _recordings(paths):
        name = f"{stem}_channels.tsv"
        bare = re.sub(r"_(run|split)-[^_]+", "", stem) + "_channels.tsv"
        found = next((one for one in (name, bare) if one in paths), "")
        if found in texts:
            rows = list(csv.DictReader(io.StringIO(texts[found]), delimiter="\t"))
            filled = [row for row in rows if (row.get("units") or "n/a") != "n/a"]
            shares.append(len(filled) / len(rows) if rows else 0.0)
        elif not found:
            shares.append(0.0)
    return sum(shares) / len(shares) if shares else None


def _coordinates(paths: tuple[str, ...]) -> float | None:
    folders = {str(PurePosixPath(p).parent) for p in paths if p.endswith(("_electrodes.tsv", "_optodes.tsv"))}
    folders &= {str(PurePosixPath(p).parent) for p in paths if p.endswith("_coordsystem.json")}
    shares: list[float] = [1.0 for path in paths if _IMAGE.search(path)]
    for stem, kind in _recordings(paths):
        if kind in _PLACED:
            shares.append(float(str(PurePosixPath(stem).parent) in folders))
        elif kind == "meg":
            shares.append(1.0)
    return sum(shares) / len(shares) if shares else None


def _hed(paths: tuple[str, ...], texts: Mapping[str, str]) -> float | None:
    tables = [path for path in paths if path.endswith("_events.tsv")]
    read = [path for path in tables if path in texts][:_MOST_EVENTS]
    if not read:
        return None
    sidecar = any(
        isinstance(column, Mapping) and "HED" in column
        for path, text in texts.items()
        if path.endswith("events.json")
        for column in _columns(text)
    )
    tagged = [path for path in read if sidecar or "HED" in texts[path].partition("\n")[0].split("\t")]
    return len(tagged) / len(read)


def _columns(text: str) -> list[object]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return list(found.values()) if isinstance(found, dict) else []

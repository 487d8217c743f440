"""Read BIDS and NWB trees as they are into records: what the tree says about itself, never a subject's row.

Titles and text come from ``dataset_description.json``, ``dandiset.yaml`` and the README; participants are
counted, their ages and sexes summed up, group names kept where several share them; tasks and modalities come
from the names of files, the rest from sidecars.
"""

import csv
import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from commissure.errors import BadInput, NotFound
from commissure.extras import has, need

__all__ = ["read_trees"]

_DATATYPES = {
    "anat": "mri_structural", "func": "mri_functional", "dwi": "mri_diffusion", "perf": "mri_perfusion", "eeg": "eeg",
    "meg": "meg", "ieeg": "ieeg", "nirs": "nirs", "pet": "pet", "micr": "microscopy", "mrs": "mrs", "emg": "emg",
    "motion": "motion capture", "beh": "beh",
}  # fmt: skip
_TASK = re.compile(r"_task-([A-Za-z0-9]+)")
_SUBJECT = re.compile(r"^sub-[A-Za-z0-9]+$")
_GROUP_COLUMNS = ("group", "diagnosis", "dx", "pathology", "condition", "patient_group", "clinical_group")
_SIDECAR_FIELDS = ("TaskName", "TaskDescription", "Instructions", "CogPOID", "CogAtlasID", "Manufacturer",
                   "ManufacturersModelName", "PulseSequenceType", "EEGPlacementScheme", "TracerName")  # fmt: skip
_MOST_FILES, _MOST_SIDECARS, _LONGEST = 20_000, 60, 20_000
_SHARED_BY = 2
_MOST_GROUPS = 12


def read_trees(folder: str | Path) -> list[dict[str, object]]:
    """Give one record for each BIDS or NWB dataset in a folder: the folder itself, or its subfolders.

    Parameters
    ----------
    folder : str or Path
        The tree.

    Raises
    ------
    NotFound
        If there is no such folder.
    BadInput
        If it holds neither.
    """
    top = Path(folder)
    if not top.is_dir():
        raise NotFound("There is no folder at that path.")
    places = [top, *sorted(p for p in top.iterdir() if p.is_dir())] if not _is_dataset(top) else [top]
    found = [record for place in places if (record := _read(place)) is not None]
    if not found:
        raise BadInput("The folder holds no BIDS dataset (dataset_description.json) and no NWB files.")
    return found


def _is_dataset(place: Path) -> bool:
    return any((place / name).is_file() for name in ("dataset_description.json", "dandiset.yaml"))


def _read(place: Path) -> dict[str, object] | None:
    if (place / "dataset_description.json").is_file():
        return _read_bids(place)
    nwb = sorted(itertools.islice(place.glob("**/*.nwb"), _MOST_FILES))
    return _read_nwb(place, nwb) if nwb or (place / "dandiset.yaml").is_file() else None


def _json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _ident(said: Mapping[str, object], place: Path) -> str:
    doi = str(said.get("DatasetDOI") or said.get("doi") or "")
    if doi:
        return re.sub(r"^(doi:|https?://(dx\.)?doi\.org/)", "", doi.strip())
    token = json.dumps(said, sort_keys=True, default=str) if said else place.name
    return f"tree-{hashlib.sha256(token.encode()).hexdigest()[:12]}"


def _readme(place: Path) -> str:
    for path in sorted(place.glob("README*")):
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")[:_LONGEST]
    return ""


def _read_bids(place: Path) -> dict[str, object]:
    said = _json(place / "dataset_description.json")
    files = list(itertools.islice(_files(place), _MOST_FILES))
    tasks = sorted({match.group(1) for path in files if (match := _TASK.search(path.name))})
    modality = sorted({_DATATYPES[path.parent.name] for path in files if path.parent.name in _DATATYPES})
    subjects = {part for path in files for part in path.relative_to(place).parts[:1] if _SUBJECT.match(part)}
    record: dict[str, object] = {
        "id": _ident(said, place), "source": "tree", "standard": "BIDS", "title": said.get("Name"),
        "description": " ".join([_readme(place), *_sidecars(files)]), "modality": modality, "tasks": tasks,
        "authors": said.get("Authors"), "licence": said.get("License"), "keywords": said.get("Keywords"),
        "references_and_links": said.get("ReferencesAndLinks"), "n_subjects": len(subjects) or None,
        "doi": said.get("DatasetDOI"), "provenance": "BIDS tree",
    }  # fmt: skip
    record |= {k: v for k, v in _participants(place / "participants.tsv").items() if v not in (None, [], "")}
    return record


def _files(place: Path) -> Iterator[Path]:
    return (path for path in place.glob("sub-*/**/*") if path.is_file() or path.suffix in {".ds", ".zarr"})


def _sidecars(files: list[Path]) -> list[str]:
    said: dict[str, None] = {}
    for path in [p for p in files if p.suffix == ".json"][:_MOST_SIDECARS]:
        values = _json(path)
        for name in _SIDECAR_FIELDS:
            if isinstance(values.get(name), str):
                said[str(values[name])[:500]] = None
        tesla = values.get("MagneticFieldStrength")
        if isinstance(tesla, int | float) and tesla > 0:
            said[f"{tesla:g}T"] = None
    return list(said)


def _participants(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = list(itertools.islice(csv.DictReader(file, delimiter="\t"), 100_000))
    rows = [{(k or "").strip().lower(): (v or "").strip() for k, v in row.items() if isinstance(v, str | None)} for row in rows]  # fmt: skip
    ages = [float(row["age"]) for row in rows if re.fullmatch(r"\d{1,3}(\.\d+)?", row.get("age", ""))]
    groups: Counter[str] = Counter(
        row[c] for row in rows for c in _GROUP_COLUMNS if row.get(c) and not row[c].replace(".", "").isdigit()
    )
    shared = [
        name for name, count in groups.most_common(_MOST_GROUPS) if count >= _SHARED_BY and len(name) < 60
    ]
    species = sorted({row["species"] for row in rows if row.get("species") not in (None, "", "n/a")})
    return {
        "n_subjects": len(rows) or None, "age_min": min(ages, default=None), "age_max": max(ages, default=None),
        "diagnosis": [name for name in shared if name != "n/a"], "species": species,
    }  # fmt: skip


def _read_nwb(place: Path, files: list[Path]) -> dict[str, object]:
    path = place / "dandiset.yaml"
    said: dict[str, object] = {}
    if path.is_file():
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8", errors="replace"))
        except yaml.YAMLError:
            loaded = None
        said = loaded if isinstance(loaded, dict) else {}
    subjects = {m.group() for f in files if (m := re.match(r"sub-[A-Za-z0-9-]+", f.name))}
    texts, species = _inside(files[:5])
    title = said.get("name") or (texts[0][:120] if texts else "NWB files")
    return {
        "id": str(said.get("identifier") or _ident(said or {"title": title, "files": len(files)}, place)),
        "source": "tree", "standard": "NWB", "title": title,
        "description": " ".join([str(said.get("description") or ""), _readme(place), *texts]),
        "keywords": said.get("keywords"), "licence": said.get("license"), "species": species,
        "modality": said.get("assetsSummary"), "n_subjects": len(subjects) or None, "provenance": "NWB tree",
    }  # fmt: skip


def _inside(files: list[Path]) -> tuple[list[str], list[str]]:
    """What a few files say about themselves: texts and species; nothing of a subject but the species."""
    if not files or not has("h5py"):
        return [], []
    h5py = need("h5py", purpose="Reading NWB files")
    texts: dict[str, None] = {}
    species: dict[str, None] = {}
    for path in files:
        try:
            with h5py.File(path, "r") as file:
                for name in (
                    "session_description",
                    "general/experiment_description",
                    "general/keywords",
                    "general/virus",
                ):
                    if name in file:
                        texts[_said(file[name][()])[:2_000]] = None
                for group in ("general", "acquisition", "processing"):
                    texts[" ".join(_kinds(file, group))] = None
                if "general/subject/species" in file:
                    species[_said(file["general/subject/species"][()])] = None
        except OSError:
            continue
    return [text for text in texts if text], list(species)


def _kinds(file: Mapping[str, object], group: str) -> list[str]:
    """The neurodata types directly inside a group: TwoPhotonSeries, ElectricalSeries …"""
    members = file.get(group)
    if not isinstance(members, Mapping):
        return []
    kinds = [str(getattr(member, "attrs", {}).get("neurodata_type", "")) for member in members.values()]
    return sorted({kind for kind in kinds if kind})


def _said(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    listed = getattr(value, "tolist", None)
    return (
        "; ".join(map(_said, listed())) if listed is not None and isinstance(listed(), list) else str(value)
    )

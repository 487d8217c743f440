"""BIDS datasets that exist already: the whole tree is one Source, and is taken over as it stands."""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from commissure.errors import Unreadable
from commissure.formats.listing import Entry, Listing
from commissure.formats.port import Noun
from commissure.model import About, Fact, Finding, Identifier, Origin, Severity, Source, Subject, Tree

__all__ = ["BidsReader", "reader"]

_DESCRIPTION = "dataset_description.json"
#: above what proves a single file: the tree knows best what its files are
_CONFIDENCE = 2.0
_DATATYPE_FOLDERS = (
    "anat",
    "func",
    "dwi",
    "fmap",
    "perf",
    "meg",
    "eeg",
    "ieeg",
    "nirs",
    "motion",
    "beh",
    "pet",
    "micr",
)
#: folders that hold what was made from the recordings, or the scanner's own files: not part of a raw BIDS release
_LEFT_OUT = ("derivatives", "sourcedata", "code", ".git", ".datalad", ".heudiconv")


class BidsReader:
    """Finds BIDS datasets by their ``dataset_description.json`` and gives each as a Tree."""

    def find(self, listing: Listing) -> Iterable[Source]:
        """One Source a dataset, with all of its files; datasets inside a dataset belong to it."""
        tops: list[str] = []
        found = []
        for entry in sorted(listing.files, key=lambda e: e.path.count("/")):
            inside = any(entry.folder == top or entry.folder.startswith(f"{top}/") or not top for top in tops)
            if entry.name != _DESCRIPTION or inside or not _says_bids(listing, entry):
                continue
            members = [e.path for e in listing.below(entry.folder) if e.path != entry.path]
            if not any(_is_recording(path, entry.folder) for path in members):
                continue
            tops.append(entry.folder)
            note = f"a BIDS dataset of {len(members) + 1} files"
            found.append(Source("bids", (entry.path, *members), "bids", confidence=_CONFIDENCE, note=note))
        return found

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Noun]:
        """The dataset as one Tree, without its derivatives, sourcedata and code.

        Raises
        ------
        Unreadable
            If ``dataset_description.json`` is no JSON object.
        """
        del scratch
        folder = listing.by_path[source.primary].folder
        root = listing.absolute(folder) if folder else listing.root
        prefix = f"{folder}/" if folder else ""
        description = _description(listing.absolute(source.primary))
        if description is None:
            raise Unreadable("dataset_description.json is not a JSON object; correct it and share again.")
        inner = [path.removeprefix(prefix) for path in source.files]
        kept = tuple(sorted(path for path in inner if path.split("/")[0] not in _LEFT_OUT))
        return [Tree("bids", root, kept, _about(root, kept, len(inner) - len(kept), description))]


def _says_bids(listing: Listing, entry: Entry) -> bool:
    return (
        b'"BIDSVersion"' in listing.head(entry.path)
        and _description(listing.absolute(entry.path)) is not None
    )


def _description(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) and "BIDSVersion" in value else None


def _is_recording(path: str, folder: str) -> bool:
    inner = path.removeprefix(f"{folder}/") if folder else path
    return bool(re.match(r"sub-[^/]+/.+", inner))


def _about(root: Path, files: Sequence[str], left_out: int, description: dict[str, Any]) -> About:
    labels = sorted({match.group(1) for path in files if (match := re.match(r"sub-([0-9A-Za-z]+)/", path))})
    datatypes = {part for path in files for part in path.split("/")[1:-1] if part in _DATATYPE_FOLDERS}
    datatype = next((name for name in _DATATYPE_FOLDERS if name in datatypes), "beh")
    people = _participants(root / "participants.tsv")
    first = people.get(f"sub-{labels[0]}", {}) if labels else {}
    findings = []
    if left_out:
        message = f"{left_out} files of derivatives, sourcedata or code are not part of the release."
        findings.append(
            Finding("bids.left_out", Severity.INFO, message, remedy="Share them on their own if they matter.")
        )
    return About(
        datatype,
        Subject(labels[0] if len(labels) == 1 else "", species=first.get("species", "")),
        facts=(
            Fact("BIDSVersion", description["BIDSVersion"], Origin.SIDECAR, _DESCRIPTION),
            Fact("subjects", len(labels), Origin.NAME),
            *(Fact("datatype", name, Origin.NAME) for name in sorted(datatypes)),
        ),
        identifiers=tuple(_identifiers(people)),
        findings=tuple(findings),
    )


def _participants(path: Path) -> dict[str, dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return {}
    rows = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {str(row.get("participant_id")): {k: v for k, v in row.items() if k and v} for row in rows}


#: columns of participants.tsv that BIDS does not know and that tell who somebody is
_COLUMNS = {
    "name": "name", "first_name": "name", "last_name": "name", "surname": "name", "full_name": "name",
    "birth_date": "birth_date", "birthdate": "birth_date", "dob": "birth_date", "date_of_birth": "birth_date",
    "mrn": "id", "patient_id": "id", "email": "contact", "phone": "contact", "address": "address", "hospital": "institution",
}  # fmt: skip


def _identifiers(people: dict[str, dict[str, str]]) -> Iterable[Identifier]:
    for row in people.values():
        for column, value in row.items():
            category = _COLUMNS.get(column.strip().lower())
            if category and value not in ("", "n/a"):
                yield Identifier(category, value)


reader = BidsReader()

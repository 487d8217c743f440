"""Certify what is not in a hub: a local folder, a saved landing page, an archive's record; and repair a folder."""

import json
from dataclasses import dataclass
from pathlib import Path

from commissure.certify.archives import of_record
from commissure.certify.fair import Assessment, assess
from commissure.certify.repair import Said, repairs
from commissure.certify.sources import of_folder, of_page
from commissure.certify.tree import wanted_text
from commissure.errors import BadInput, NotFound
from commissure.standardize.bids_validate import validate_bids
from commissure.standardize.nwb_validate import validate_nwb
from commissure.store.files import replace

__all__ = ["Repaired", "assess_path", "fix_folder"]

_MOST_FILES = 200_000
_MOST_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair wrote, and how the folder stood before and stands after."""

    written: tuple[str, ...]
    before: Assessment
    after: Assessment

    def to_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {
            "written": list(self.written),
            "before": self.before.score.percent,
            "after": self.after.score.percent,
            "left": [finding.to_dict() for finding in self.after.findings],
        }


def assess_path(path: Path, *, validate: bool = True) -> Assessment:
    """Assess a folder, a saved page (``.html``) or an archive's record (``.json``).

    Parameters
    ----------
    path : Path
        What to look at.
    validate : bool
        Whether to run the field's validators on a folder, which takes seconds.

    Raises
    ------
    NotFound
        If it is not there.
    BadInput
        If it is a file of another kind.
    """
    if path.is_dir():
        return _assess_folder(path, validate=validate)
    if not path.is_file():
        raise NotFound(
            "There is no such release, folder or file; name ds-…, a folder, PAGE.html or RECORD.json."
        )
    if path.stat().st_size > _MOST_BYTES:
        raise BadInput("A landing page or a record has less than 32 MB; this file is larger.")
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix.lower() in {".html", ".htm"}:
        return assess(of_page(text))
    if path.suffix.lower() != ".json":
        raise BadInput(f"A landing page ends in .html, a record in .json; got {path.suffix!r}.")
    try:
        record = json.loads(text)
    except ValueError as error:
        raise BadInput("The record is not JSON.") from error
    if not isinstance(record, dict):
        raise BadInput(f"A record is a JSON object; got a {type(record).__name__}.")
    return assess(of_record(record))


def _assess_folder(folder: Path, *, validate: bool) -> Assessment:
    files = _files(folder)
    return assess(of_folder(files, _texts(folder, files), valid=_valid(folder, files) if validate else None))


def _files(folder: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith((".git/", ".datalad/")) and path.is_file():
            found[name] = path.stat().st_size
        if len(found) > _MOST_FILES:
            raise BadInput(f"The folder holds more than {_MOST_FILES} files; assess a part of it.")
    if not found:
        raise BadInput("The folder holds no file.")
    return found


def _texts(folder: Path, files: dict[str, int]) -> dict[str, str]:
    wanted = [name for name, size in files.items() if wanted_text(name, size) or name == ".bidsignore"]
    return {name: (folder / name).read_text(encoding="utf-8", errors="replace") for name in wanted}


def _valid(folder: Path, files: dict[str, int]) -> bool | None:
    if "dataset_description.json" in files:
        return validate_bids(folder).valid
    if any(name.endswith(".nwb") for name in files):
        return all(verdict.valid for verdict in validate_nwb(folder))
    return None


def fix_folder(folder: Path, *, said: Said, dry_run: bool = False, validate: bool = False) -> Repaired:
    """Write what a folder lacks and what is known: licence, citation, README, JSON-LD; never over what is there.

    Parameters
    ----------
    folder : Path
        The folder.
    said : Said
        What the owner says of it.
    dry_run : bool
        Whether only to say what would be written.
    validate : bool
        Whether the field's validators count in both scores.

    Raises
    ------
    NotFound
        If there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound("There is no such folder.")
    files = _files(folder)
    texts = _texts(folder, files)
    valid = _valid(folder, files) if validate else None
    before = assess(of_folder(files, texts, valid=valid))
    wanted = repairs(files, texts, said=said)
    for name, text in wanted.items():
        if not dry_run:
            replace(folder / name, text.encode())
    grown = files | {name: len(text.encode()) for name, text in wanted.items()}
    after = assess(of_folder(grown, texts | wanted, valid=valid))
    return Repaired(tuple(sorted(wanted)), before, after)

"""What a tree that is public already still tells, without knowing beforehand whom it is about.

Where :func:`commissure.protect.scan.scan_tree` looks for known values, this looks for fields that name somebody and
for texts that have the shape of an identifier, in every header, sidecar and table it can open.
"""

import gzip
from collections import Counter
from pathlib import Path

import numpy as np

from commissure.formats.quiet import quietly
from commissure.model import Finding, Severity
from commissure.protect.files.dicom_file import is_dicom
from commissure.protect.files.fields import fields_of
from commissure.protect.files.gather import category_of
from commissure.protect.files.hdf5_types import is_hdf5
from commissure.protect.files.kinds import suffix_of
from commissure.protect.files.numbers import head_in
from commissure.protect.files.scripts import SCRIPTS
from commissure.protect.files.sheet_parts import SHEETS, closed_parts
from commissure.protect.files.sidecar import SCIENCE_FIELDS
from commissure.protect.quasi import check_participants
from commissure.protect.text.known import is_generic
from commissure.protect.text.names import recognize

__all__ = ["check_exposure"]

_HEAD = 4096
#: kinds whose fields are read, and those that hold samples or numbers alone
_READ = {
    ".json",
    ".tsv",
    ".csv",
    ".edf",
    ".bdf",
    ".fif",
    ".fif.gz",
    ".nii",
    ".nii.gz",
    ".hdr",
    ".img",
    ".par",
    ".dcm",
    ".ima",
    ".gdf",
    ".trc",
    ".inf",
    *SHEETS,
}
_NO_FIELDS = {".eeg", ".fdt", ".bval", ".bvec", ".tsv.gz", ".npy", ".annot", ".rec", ".bidsignore", ".md", ".rst", ".yml", ".yaml",
              ".wl1", ".wl2", ".evt", ".tpl", ".avg"}  # fmt: skip
_PARTICIPANTS = "participants.tsv"
_TEXTS = {".vhdr", ".vmrk", ".txt", ".tri", ".ipynb", *SCRIPTS}
_PUBLIC_FILES = {"dataset_description.json", "README", "README.md", "CHANGES", "CITATION.cff", "LICENSE"}
#: labels and the tokens that stand for ids are meant to be there
_LABELS = {"participant_id", "sample_id", "session_id", "subject_id", "subjectid", "his_id", "identifier", "object_id",
           "patient", "id", "uid", "sopclassuid", "referencedsopclassuid", "recording"}  # fmt: skip
_REMEDY = "Share the folder through commissure, which removes it, and release a new version."


def check_exposure(folder: Path, *, k: int = 5, l_values: int = 2) -> tuple[Finding, ...]:
    """A WARNING for each file and category that tells, or has the shape of telling, who somebody is.

    Tables of participants are also looked at as a whole: how few rows share what an outsider may know.

    Parameters
    ----------
    folder : Path
        Any BIDS, NWB or DICOM tree; it is only read.
    k, l_values : int
        How many rows of ``participants.tsv`` must agree in what outsiders may know, and how many values of what is
        sensitive such a class must show (:func:`~commissure.protect.quasi.check_participants`).

    Returns
    -------
    findings : tuple of Finding
        Named ``protect.exposed.<category>``, ``protect.k_anonymity`` and ``protect.l_diversity``, sorted by path. The
        value itself is never told.
    """
    findings: list[Finding] = []
    unseen: Counter[str] = Counter()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        if path.name in _PUBLIC_FILES:
            continue
        if not _can_be_read(path):
            unseen[path.suffix.lower() or "without extension"] += 1
        where = path.relative_to(folder).as_posix()
        try:
            with quietly():
                seen = _exposed(path)
        except Exception:  # noqa: BLE001 - a file of any bytes may come along, and each library has errors of its own
            message = "The file cannot be opened, so that nobody knows what it tells."
            findings.append(Finding("protect.unscanned", Severity.WARNING, message, where))
            continue
        seen.update(span.category for span in recognize(path.name) if span.category != "date")
        shown = f"a file *{path.suffix}" if recognize(where) else where
        findings += [_finding(category, count, shown) for category, count in sorted(seen.items())]
        if path.name == _PARTICIPANTS:
            findings += check_participants(_rows(path), k=k, l_values=l_values, where=shown)
    return (*findings, *(_not_looked_into(kind, count) for kind, count in sorted(unseen.items())))


def _can_be_read(path: Path) -> bool:
    """Whether the fields of such a file are known, or it holds none."""
    suffix = suffix_of(path.name)
    if not path.stat().st_size or suffix in _READ | _TEXTS | _NO_FIELDS:
        return True
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    return is_dicom(head) or is_hdf5(head)


def _not_looked_into(kind: str, count: int) -> Finding:
    called = "*" + kind if kind.startswith(".") else kind
    many, headers = ("1 file", "its header") if count == 1 else (f"{count} files", "their headers")
    message = f"{many} {called} could not be looked into: {headers} may tell who somebody is."
    return Finding(
        "protect.unread_kind",
        Severity.WARNING,
        message,
        remedy="Clean a copy by commissure protect clean, or share it.",
    )


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table that have all its columns."""
    head, *rest = [
        line.split("\t") for line in path.read_text("utf-8-sig", "replace").splitlines() if line.strip()
    ] or [[]]
    return [dict(zip(head, cells, strict=True)) for cells in rest if len(cells) == len(head)]


def _exposed(path: Path) -> Counter[str]:
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if suffix == ".gz":
        suffix = path.with_suffix("").suffix.lower()
        with gzip.open(path) as packed:
            head = packed.read(_HEAD)
    seen: Counter[str] = Counter()
    for name, text in fields_of(path, suffix=suffix, head=head):
        category = _category(name, text)
        if category:
            seen[category] += 1
    if suffix in {".npy", ".npz"} and _shows_a_head(path, suffix):
        seen["face"] += 1
    if suffix in SHEETS:
        seen.update("face" if part == "pictures" else "comment" for part in closed_parts(path))
    if suffix in _TEXTS:
        seen.update(span.category for span in recognize(path.read_text("utf-8", "replace")))
    return seen


def _shows_a_head(path: Path, suffix: str) -> bool:
    """Whether an array looks like a head; pickled objects are an error, as nobody can look into them."""
    held = np.load(path, allow_pickle=False)
    arrays = {name: held[name] for name in held.files} if suffix == ".npz" else {"": held}
    return any(head_in(array, name=f"{path.name} {name}") for name, array in arrays.items())


def _category(name: str, text: str) -> str:
    key = name.casefold()
    if not text.strip() or is_generic(text) or key in _LABELS:
        return ""
    category = category_of(name)
    if category is not None:
        return category
    # dates may have been shifted; a date in a field that is not declared to hold one is told all the same
    spans = [] if key in SCIENCE_FIELDS else [span for span in recognize(text) if span.category != "uid"]
    return spans[0].category if spans else ""


def _finding(category: str, count: int, where: str) -> Finding:
    one, more = ("array or text", "arrays or texts") if category == "face" else ("text", "texts")
    message = f"{count} {one if count == 1 else more} of the category {category!r} may tell who somebody is."
    return Finding(f"protect.exposed.{category}", Severity.WARNING, message, where, _REMEDY)

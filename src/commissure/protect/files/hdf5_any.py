"""HDF5 files of no schema (analyses, netCDF4, PyTables, AnnData) and MATLAB's of version 7.3: texts, names and links are cleaned."""

import json
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.model import Finding
from commissure.protect.files.gather import category_of
from commissure.protect.files.hdf5 import DAMAGED, Edits, rewrite_hdf5
from commissure.protect.files.hdf5_values import LEAST_TELLING
from commissure.protect.files.matlab import edited_text
from commissure.protect.files.matlab_hdf5 import is_char, matlab_fields
from commissure.protect.files.numbers import head_in
from commissure.protect.heads.face_surfaces import kept_face
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates

__all__ = ["is_nwb", "rewrite_any_hdf5", "rewrite_matlab_hdf5"]

_HEAD = 512
#: fields that are names of things as often as of persons
_OF_THINGS = frozenset(
    {"name", "id", "uid", "identifier", "object_id", "namespace", "recording", "lab", "title"}
)
_LABELS = frozenset({"subject_id", "subjectid", "participant_id", "subject", "participant", "patient"})
_HIDDEN = frozenset({"id", "contact", "birth_date", "serial"})
_NOTES = re.compile(r"comments?|notes?|remarks?|subject_description", re.I)
#: larger arrays are looked at in steps
_LARGEST_BYTES = 128 << 20
_MOST_COLUMNS = 9
_LONGEST_ENTRY = 100


def is_nwb(path: Path) -> bool:
    """Whether an HDF5 file is NWB by what it says, whatever it is called."""
    h5py = need("h5py", purpose="Cleaning HDF5 files")
    try:
        with h5py.File(path, "r") as file:
            return "nwb_version" in file.attrs
    except OSError:
        return False


def rewrite_any_hdf5(
    source: Path, target: Path, *, cleaner: Cleaner, where: str, relabel: Callable[[str], str] = str
) -> tuple[Finding, ...]:
    """Write a clean copy of any HDF5 file, or say why it stays back.

    Attributes, texts, columns and names are cleaned; so are texts spelled by rows of letters or of whole numbers. Numbers stay bit by
    bit, except those that a field like ``mrn`` calls somebody's. A link to another file follows that file's new name; one to a place
    outside keeps the file's name alone.

    Parameters
    ----------
    source, target : Path
        From where, and where to.
    cleaner : Cleaner
        The subject's.
    where : str
        A safe name to speak of the file.
    relabel : callable
        The new name of a part of a path, as the tree renames files.

    Raises
    ------
    Unreadable
        If the file is damaged, or holds pickled objects.
    """
    why = _head_within(source) if cleaner.is_person else ""
    if why:
        return kept_face(why, where=where, cleaner=cleaner)

    def outside(path: str) -> str:
        return _outside(path, relabel, cleaner)

    rewrite_hdf5(
        source,
        target,
        edit=Edits(
            lambda path, text: _edited(path, text, cleaner),
            lambda name: _renamed(name, cleaner, relabel),
            outside,
            _is_octave_text,
            spelled=True,
            hidden=_is_hidden,
        ),
    )
    return ()


def rewrite_matlab_hdf5(
    source: Path, target: Path, *, cleaner: Cleaner, where: str, label: str
) -> tuple[Finding, ...]:
    """Write a clean copy of a MATLAB file of version 7.3, or say why it stays back; ``label`` becomes EEGLAB's ``subject``.

    Raises
    ------
    Unreadable
        If the file is damaged, or holds objects (``string``, ``table``, ``datetime``), whose texts MATLAB alone can read.
    """
    with source.open("rb") as stream:
        head = stream.read(_HEAD)
    fields = matlab_fields(source)
    why = _head_within(source, fields) if cleaner.is_person else ""
    if why:
        return kept_face(why, where=where, cleaner=cleaner)

    def edit(path: str, text: str) -> Any:
        place, _, attribute = path.partition("@")
        if attribute == "H5PATH":
            return "/".join(_renamed(part, cleaner, str) for part in text.split("/"))
        if attribute or path == "link":
            return cleaner.known_only(text)
        field = fields.get(place, place.rpartition("/")[2])
        return edited_text(field, text, cleaner=cleaner, label=label) if text else text

    edits = Edits(edit, lambda name: _renamed(name, cleaner, str), lambda path: _outside(path, str, cleaner), is_char,
                  hidden=lambda path: _is_hidden(fields.get(path, path)))  # fmt: skip
    block = b"MATLAB 7.3 MAT-file, cleaned HDF5 schema 1.00 .".ljust(116) + head[116:128]
    rewrite_hdf5(source, target, edit=edits, userblock=block.ljust(_HEAD, b"\x00"))
    return ()


def _renamed(name: str, cleaner: Cleaner, relabel: Callable[[str], str]) -> str:
    return cleaner.tag(relabel(name)) if name else name


def _outside(path: str, relabel: Callable[[str], str], cleaner: Cleaner) -> str:
    """A path to another file: a relative one follows the new names, of any other the file's name stays."""
    parts = PureWindowsPath(path).parts if "\\" in path else PurePosixPath(path).parts
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute() or ".." in parts:
        cleaner.count("path")
        parts = parts[-1:]
    return "/".join(cleaner.tag(relabel(part)) for part in parts)


def _is_octave_text(dataset: Any) -> bool:
    """Whether a dataset is a text as Octave saves it in HDF5."""
    if not dataset.name.endswith("/value") or "type" not in dataset.parent:
        return False
    return dataset.parent["type"][()] in {b"string", b"sq_string"}


def _is_hidden(path: str) -> bool:
    field = re.split(r"[/@]", path)[-1]
    return field.casefold() not in _OF_THINGS | _LABELS and category_of(field) in _HIDDEN


def _edited(path: str, text: str, cleaner: Cleaner) -> str:
    field = re.split(r"[/@]", path)[-1]
    key = field.casefold()
    if not text.strip():
        return text
    if text.lstrip()[:1] in {"{", "["} and (told := _json(text)) is not None:
        clean = _within(path, told, cleaner)
        return text if clean == told else json.dumps(clean, ensure_ascii=False)
    if key in _LABELS:
        return cleaner.pseudonyms.label(text) if re.search(r"\w", text) else text
    category = None if key in _OF_THINGS else category_of(field)
    if category == "date" or (category == "birth_date" and find_dates(text)):
        cleaner.count(category)
        return f"[{category}]" if category == "birth_date" else cleaner.text(text)
    if category not in {None, "comment"} and not (
        cleaner.keeps_staff and category in {"operator", "institution"}
    ):
        cleaner.count(str(category))
        return f"[{category}]"
    # what is said of a whole file or array is a description; an entry of a list of texts is a note, as in a table of events
    entry = "@" not in path and len(text) <= _LONGEST_ENTRY
    return (
        cleaner.note(text)
        if entry or category == "comment" or _NOTES.fullmatch(field)
        else cleaner.text(text)
    )


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _within(path: str, told: Any, cleaner: Cleaner) -> Any:
    """A text that is JSON, as programs keep their settings in attributes: field by field."""
    if isinstance(told, dict):
        return {cleaner.key(key): _within(f"{path}@{key}", value, cleaner) for key, value in told.items()}
    if isinstance(told, list):
        return [_within(path, value, cleaner) for value in told]
    if isinstance(told, int | float) and not isinstance(told, bool):
        return 0 if _is_hidden(path) and abs(told) >= LEAST_TELLING else told
    return _edited(path, told, cleaner) if isinstance(told, str) else told


def _head_within(path: Path, fields: dict[str, str] | None = None) -> str:
    """Why an array of the file may show a head; empty if none does."""
    h5py = need("h5py", purpose="Cleaning HDF5 files")
    found: list[str] = []

    def look(name: str, item: Any) -> bool | None:
        if not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in "fiu":
            return None
        if (
            item.ndim > 3
            or (item.ndim != 3 and item.nbytes > _LARGEST_BYTES)
            or (item.ndim == 2 and min(item.shape) > _MOST_COLUMNS)
        ):
            return None  # no surface has so many points, nor so many columns
        step = int(np.ceil((item.nbytes / _LARGEST_BYTES) ** (1 / 3))) if item.nbytes > _LARGEST_BYTES else 1
        array = item[(slice(None, None, step),) * item.ndim] if item.ndim else item[()]
        called = (fields or {}).get(item.name, name)
        why = head_in(np.asarray(array), name=called)
        found.extend([why] if why else [])
        return True if why else None

    try:
        with h5py.File(path, "r") as file:
            file.visititems(look)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(DAMAGED) from error
    return found[0] if found else ""

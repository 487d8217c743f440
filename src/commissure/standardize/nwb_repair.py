"""Repairs what existing NWB files leave empty or write in a way that DANDI's checks refuse."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from commissure.extras import need
from commissure.model import About, Finding, Severity
from commissure.standardize.nwb_file import AGE, BINOMIAL, UNIDENTIFIED, description_of

__all__ = ["repair"]

_SEX = {"male": "M", "m": "M", "female": "F", "f": "F", "other": "O", "o": "O"}
_UNTOLD = {"", "na", "n/a", "none", "unknown", "null", "nan"}
_WEIGHT = re.compile(r"\d+(\.\d+)? ?(kg|g|mg|ug|μg|ng|pg)")
_NAMESPACE = UUID("5e0f3c0e-7f0b-5d7e-9a63-0c6f1d5a7b11")


def repair(path: Path, *, about: About, where: str) -> tuple[Finding, ...]:
    """Mend the subject and empty fields of the NWB file ``path`` in place; one Finding for all that was done.

    Parameters
    ----------
    path : Path
        A private copy.
    about : About
        Its subject's label becomes ``subject_id``.
    where : str
        What the file is called in the release.
    """
    h5py = need("h5py", purpose="Repairing NWB")
    done: list[str] = []
    with h5py.File(path, "r+") as file:
        subject = _subject(file, done)
        _put(subject, "subject_id", about.subject.label or "unknown")
        if about.session.label and "general/session_id" in file:
            _put(file["general"], "session_id", about.session.label)
        _mend_subject(subject, about, done)
        _mend_fields(file, about, done)
    if not done:
        return ()
    message = f"Missing or malformed metadata were repaired or dropped: {', '.join(sorted(set(done)))}."
    remedy = "Give subject.species, subject.sex and subject.age in commissure.yaml if you know them."
    return (Finding("nwb.repaired", Severity.INFO, message, where, remedy),)


def _subject(file: Any, done: list[str]) -> Any:
    if "general/subject" not in file:
        group = file.require_group("general/subject")
        identifier = str(file["identifier"].asstr()[()])
        group.attrs["namespace"], group.attrs["neurodata_type"] = "core", "Subject"
        group.attrs["object_id"] = str(uuid5(_NAMESPACE, f"{identifier}/general/subject"))
        done.append("subject")
    return file["general/subject"]


def _mend_subject(subject: Any, about: About, done: list[str]) -> None:
    told = about.subject
    species, sex, age = (_read(subject, key) for key in ("species", "sex", "age"))
    if not BINOMIAL.fullmatch(species):
        _put(subject, "species", told.species if BINOMIAL.fullmatch(told.species) else UNIDENTIFIED)
        done.append("subject.species")
    if sex not in ("M", "F", "O", "U"):
        _put(subject, "sex", _SEX.get(sex.lower(), told.sex if told.sex in ("M", "F", "O") else "U"))
        done.append("subject.sex")
    if not AGE.fullmatch(age):
        _put(subject, "age", told.age_iso if AGE.fullmatch(told.age_iso) else "P0D/")
        done.append("subject.age")
    if "weight" in subject and not _WEIGHT.fullmatch(_read(subject, "weight")):
        del subject["weight"]
        done.append("subject.weight")
    for key in ("description", "genotype", "strain"):
        if key in subject and _read(subject, key).lower() in _UNTOLD:
            del subject[key]
            done.append(f"subject.{key}")


def _mend_fields(file: Any, about: About, done: list[str]) -> None:
    if not _read(file, "session_description"):
        _put(file, "session_description", description_of(about.datatype))
        done.append("session_description")
    for key in ("lab", "institution", "experiment_description", "keywords", "notes"):
        item = file["general"].get(key)
        if item is not None and item.shape == () and not _read(file["general"], key):
            del file["general"][key]
            done.append(key)
    for name, item in (file["general"].get("devices") or {}).items():
        for key in ("manufacturer", "description"):
            if key in item.attrs and not str(item.attrs[key]).strip():
                del item.attrs[key]
                done.append(f"devices/{name}.{key}" if name.isascii() else f"device.{key}")


def _read(group: Any, key: str) -> str:
    if key not in group or not hasattr(group[key], "asstr"):
        return ""
    item = group[key]
    try:
        return str(item.asstr()[()]).strip() if item.shape == () else "given"
    except TypeError:
        return ""


def _put(group: Any, key: str, value: str) -> None:
    h5py = need("h5py", purpose="Repairing NWB")
    if key in group:
        if _read(group, key) == value:
            return
        del group[key]
    group.create_dataset(key, data=value, dtype=h5py.string_dtype("utf-8"))

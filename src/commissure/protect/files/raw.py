"""The header of an ``mne.io.Raw``: who, where, when and by whom go; channels, filters and geometry stay, but for the face."""

import re
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.protect.heads.deface_points import deface_raw_points
from commissure.protect.text.cleaner import Cleaner

__all__ = ["clean_raw", "is_raw"]

_SUBJECT_SCIENCE = ("sex", "hand", "weight", "height")
_SUBJECT_CATEGORY = {
    "his_id": "id", "id": "id", "first_name": "name", "last_name": "name", "middle_name": "name", "birthday": "birth_date",
}  # fmt: skip
_ID_VERSION = 65540
_MACHINE = np.zeros(2, dtype=np.int32)


def is_raw(native: object) -> bool:
    """Whether an object is an MNE Raw, told without importing MNE."""
    return any(
        cls.__module__.startswith("mne.") and cls.__name__ == "BaseRaw" for cls in type(native).__mro__
    )


def clean_raw(raw: Any, *, cleaner: Cleaner, label: str) -> None:
    """Clean the header and the annotations of ``raw`` in place; no sample changes.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        What the library read.
    cleaner : Cleaner
        The subject's.
    label : str
        The pseudonym, put in place of ``his_id``.
    """
    _annotations(raw, cleaner)
    cleaner.removed["face"] += deface_raw_points(raw)
    info = raw.info
    # MNE forbids setting fields of a live Info, because most of them describe the samples; these do not
    with info._unlock():
        _person(info, cleaner, label)
        _staff(info, cleaner)
        _devices(info, cleaner)
        info["meas_date"] = _moved(info["meas_date"], cleaner)
        _history(info, cleaner)
        info["utc_offset"] = None
        for key in ("file_id", "meas_id"):
            info[key] = _stamp(info)
    if raw.annotations is not None:
        raw.annotations._orig_time = info["meas_date"]
    _channels(raw, cleaner)


def _annotations(raw: Any, cleaner: Cleaner) -> None:
    annotations = raw.annotations
    if annotations is None or not len(annotations):
        return
    if not cleaner.policy.keep_annotations:
        for _ in range(len(annotations)):
            cleaner.count("comment")
        annotations.delete(range(len(annotations)))
        return
    texts = cleaner.descriptions([str(text) for text in annotations.description])
    annotations.description = np.array(texts, dtype=str)
    if getattr(annotations, "extras", None) is not None and any(annotations.extras):
        annotations.extras = [cleaner.value(dict(extra)) if extra else extra for extra in annotations.extras]


def _person(info: Any, cleaner: Cleaner, label: str) -> None:
    old = info.get("subject_info")
    if old is None:
        return
    for key, category in _SUBJECT_CATEGORY.items():
        value = old.get(key)
        if value not in (None, "", 0):
            cleaner.count(category)
    new = {key: old[key] for key in _SUBJECT_SCIENCE if old.get(key) is not None}
    info["subject_info"] = {**new, "his_id": label}


def _staff(info: Any, cleaner: Cleaner) -> None:
    if info.get("experimenter") and not cleaner.keeps_staff:
        cleaner.count("operator")
        info["experimenter"] = None
    if info.get("description"):
        info["description"] = cleaner.free(str(info["description"])) or None
    if info.get("proj_name"):
        cleaner.count("comment")
    info["proj_name"] = None
    info["proj_id"] = None
    if info.get("xplotter_layout"):
        info["xplotter_layout"] = cleaner.text(str(info["xplotter_layout"]))
    for key in ("acq_pars", "acq_stim"):
        if info.get(key):
            info[key] = _without_marked_lines(str(info[key]), cleaner)
    for key in ("working_dir", "command_line"):
        if info.get(key):
            cleaner.count("path")
            info[key] = None


def _without_marked_lines(text: str, cleaner: Cleaner) -> str:
    """Acquisition parameters are key-value lines; one that identifies somebody goes whole."""
    kept = []
    for line in text.splitlines():
        spans = cleaner.shaped(re.sub(r"^\S+\s", "", line))
        if spans:
            cleaner.count(spans[0].category)
        else:
            kept.append(line)
    return "\n".join(kept)


def _devices(info: Any, cleaner: Cleaner) -> None:
    device = info.get("device_info")
    if device is not None:
        for key, category in (("serial", "serial"), ("site", "institution")):
            if device.get(key):
                cleaner.count(category)
        info["device_info"] = {key: device[key] for key in ("type", "model") if device.get(key) is not None}
    helium = info.get("helium_info")
    if helium is not None:
        kept = {key: value for key, value in helium.items() if key not in {"orig_file_guid", "meas_date"}}
        moved = _moved(helium.get("meas_date"), cleaner)
        if helium.get("orig_file_guid"):
            cleaner.count("uid")
        info["helium_info"] = {**kept, "orig_file_guid": "", "meas_date": moved}


def _history(info: Any, cleaner: Cleaner) -> None:
    """Blocks within blocks (SSS, cross-talk, HPI fits) carry machines, dates and people of their own."""
    for name in ("proc_history", "hpi_results", "hpi_meas", "cross_talk", "fine_calibration", "events"):
        if info.get(name):
            _wipe(info[name], _stamp(info), cleaner)


def _wipe(value: Any, stamp: dict[str, Any], cleaner: Cleaner) -> None:
    if isinstance(value, list | tuple):
        for item in value:
            _wipe(item, stamp, cleaner)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if isinstance(item, dict) and "machid" in item:
            value[key] = dict(stamp)
        elif key in {"meas_date", "date"} and item is not None:
            value[key] = np.zeros(2, dtype=np.int32)
        elif key == "experimenter" and item:
            cleaner.count("operator")
            value[key] = ""
        else:
            _wipe(item, stamp, cleaner)


def _moved(moment: Any, cleaner: Cleaner) -> Any:
    return None if moment is None else cleaner.day(moment)


def _stamp(info: Any) -> dict[str, Any]:
    """A FIFF id that names no machine and no other moment than the (shifted) beginning."""
    moment = info.get("meas_date")
    seconds = 0 if moment is None else int(moment.timestamp())
    return {"version": _ID_VERSION, "machid": _MACHINE.copy(), "secs": max(seconds, 0), "usecs": 0}


def _channels(raw: Any, cleaner: Cleaner) -> None:
    renamed = {}
    for index, name in enumerate(raw.ch_names):
        if cleaner.known.holds(name):
            cleaner.count(cleaner.known.spans(name)[0].category)
            renamed[name] = f"ch{index + 1:03d}"
    if renamed:
        mne = need("mne", purpose="Renaming channels")
        mne.rename_channels(raw.info, renamed)
        if hasattr(raw, "_orig_units"):
            raw._orig_units = {renamed.get(name, name): unit for name, unit in raw._orig_units.items()}

"""Digitized head shapes inside of MATLAB files: Brainstorm's ``HeadPoints`` and FieldTrip's ``headshape`` lose the face."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.heads.deface_points import find_face_points
from commissure.protect.text.cleaner import Cleaner

__all__ = ["drop_face_points"]

_NASION, _LEFT, _RIGHT = (
    {"na", "nas", "nz", "nasion"},
    {"lpa", "left", "al", "lp"},
    {"rpa", "right", "ar", "rp"},
)


def drop_face_points(
    fields: dict[str, Any], words: str, *, put: Callable[[str, Any], None], cleaner: Cleaner
) -> bool:
    """Take the points on the face off one structure, if it is a digitized head shape; says whether it is one.

    Parameters
    ----------
    fields : dict
        The structure: ``Loc`` (3 × point), ``Label`` and ``Type`` of Brainstorm; ``pos`` (point × 3), ``label`` and ``fid`` of
        FieldTrip.
    words : str
        The names around it.
    put : callable
        Sets a field.
    cleaner : Cleaner
        Counts what goes as ``face``. Where no landmarks are marked, all points that are none go.

    Raises
    ------
    BadInput
        If labels and points do not fit each other.
    """
    if "HeadPoints" in words and {"Loc", "Label", "Type"} <= set(fields) and np.ndim(fields["Loc"]) == 2:
        gone = _of_brainstorm(fields, put)
    elif (
        "headshape" in words.casefold()
        and "pos" in fields
        and not {"tri", "tet", "hex"} & set(fields)
        and np.ndim(fields["pos"]) == 2
    ):
        gone = _of_fieldtrip(fields, put)
    else:
        return False
    cleaner.removed["face"] += gone
    return True


def _of_brainstorm(fields: dict[str, Any], put: Callable[[str, Any], None]) -> int:
    places = np.asarray(fields["Loc"], dtype=float).T
    labels = [_word(item) for item in np.reshape(fields["Label"], -1)]
    extra = np.array([_word(item) == "extra" for item in np.reshape(fields["Type"], -1)])
    if not len(labels) == len(extra) == len(places):
        raise BadInput("A digitized head shape has not one label and one type for each point.")
    gone = _on_face(places, labels, extra)
    for name in ("Loc", "Label", "Type"):
        put(name, np.asarray(fields[name])[:, ~gone])
    return int(gone.sum())


def _of_fieldtrip(fields: dict[str, Any], put: Callable[[str, Any], None]) -> int:
    places = np.asarray(fields["pos"], dtype=float)
    marks, names = _fiducials(fields.get("fid"))
    whole = np.concatenate([marks, places])
    extra = np.arange(len(whole)) >= len(marks)
    gone = _on_face(whole, [*names, *[""] * len(places)], extra)[len(marks) :]
    put("pos", places[~gone].astype(fields["pos"].dtype))
    if np.size(fields.get("label", ())) == len(places):
        put("label", np.reshape(fields["label"], -1)[~gone][:, None])
    return int(gone.sum())


def _on_face(places: NDArray[np.float64], labels: list[str], extra: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = [
        [
            place
            for place, label, more in zip(places, labels, extra, strict=True)
            if label in names and not more
        ]
        for names in (_NASION, _LEFT, _RIGHT)
    ]
    if not all(found):
        return extra.copy()
    nasion, left, right = (marks[0] for marks in found)
    span = float(np.linalg.norm(left - right))
    unit_mm = next((unit for unit in (1.0, 10.0, 1000.0) if 90.0 < span * unit < 220.0), 0.0)
    if not unit_mm:
        return extra.copy()
    face = find_face_points(
        places * unit_mm, nasion_mm=nasion * unit_mm, lpa_mm=left * unit_mm, rpa_mm=right * unit_mm
    )
    return np.asarray(face & extra)


def _fiducials(fid: Any) -> tuple[NDArray[np.float64], list[str]]:
    named = isinstance(fid, np.ndarray) and fid.dtype.names and {"pos", "label"} <= set(fid.dtype.names)
    if not named or not fid.size:
        return np.zeros((0, 3)), []
    one = fid.reshape(-1)[0]
    return np.asarray(one["pos"], dtype=float).reshape(-1, 3), [
        _word(item) for item in np.reshape(one["label"], -1)
    ]


def _word(item: Any) -> str:
    while isinstance(item, np.ndarray) and item.size == 1:
        item = item.reshape(-1)[0]
    return str(item).strip().casefold()

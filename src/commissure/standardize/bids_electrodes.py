"""Where the sensors sit: ``electrodes.tsv``, ``optodes.tsv`` and ``coordsystem.json``."""

from collections.abc import Mapping
from pathlib import Path

from commissure.model import Channel, Recording
from commissure.standardize.bids_channels import unique_names
from commissure.standardize.bids_names import bids_path
from commissure.standardize.bids_text import write_json, write_tsv

__all__ = ["write_places"]

_ELECTRODES = {"eeg": {"EEG", "REF"}, "ieeg": {"ECOG", "SEEG", "DBS", "EEG"}}
_HEAD = (
    "X runs from the left to the right preauricular point, Y through the nasion, Z upwards; the origin lies on the "
    "line between the ears where the normal through the nasion meets it."
)
_UNKNOWN = "The recording gives coordinates and does not name their frame."
_NOWHERE = "The recording has no electrode positions."


def write_places(recording: Recording, root: Path) -> tuple[str, ...]:
    """Write the positions that the recording has, and the frame they are in; return the paths below ``root``.

    iEEG always gets both files, as BIDS demands; where nothing is known its coordinates are ``n/a``.
    """
    datatype = recording.about.datatype
    if datatype in _ELECTRODES:
        return _electrodes(recording, root)
    if datatype == "nirs":
        return _optodes(recording, root)
    return _meg(recording, root) if datatype == "meg" else ()


def _entities(recording: Recording, *keys: str) -> dict[str, str]:
    return {key: value for key, value in recording.about.entities.items() if key in keys}


def _electrodes(recording: Recording, root: Path) -> tuple[str, ...]:
    about, datatype = recording.about, recording.about.datatype
    sited = [
        (name, one)
        for name, one in zip(unique_names(recording), recording.channels, strict=True)
        if one.type in _ELECTRODES[datatype]
    ]
    known = any(one.position_mm is not None for _, one in sited)
    if not sited or (not known and datatype == "eeg"):
        return ()
    entities = _entities(recording, "acq")
    path = bids_path(about, suffix="electrodes", extension=".tsv", entities=entities)
    rows: list[list[object]]
    if datatype == "eeg":
        rows = [[name, *_xyz(one)] for name, one in sited]
        write_tsv(root / path, columns=("name", "x", "y", "z"), rows=rows)
    else:
        rows = [[name, *_xyz(one), one.details.get("size"), one.group or None] for name, one in sited]
        write_tsv(root / path, columns=("name", "x", "y", "z", "size", "group"), rows=rows)
    side = bids_path(about, suffix="coordsystem", extension=".json", entities=entities)
    write_json(root / side, _frame(recording, known=known))
    return (path, side)


def _xyz(channel: Channel) -> tuple[float | None, float | None, float | None]:
    return channel.position_mm or (None, None, None)


def _frame(recording: Recording, *, known: bool) -> dict[str, object]:
    prefix = "EEG" if recording.about.datatype == "eeg" else "iEEG"
    space = recording.space or "Other"
    frame: dict[str, object] = {
        f"{prefix}CoordinateSystem": space,
        f"{prefix}CoordinateUnits": "mm" if known else "n/a",
    }
    text = _HEAD if space == "CapTrak" else (_UNKNOWN if known else _NOWHERE)
    frame[f"{prefix}CoordinateSystemDescription"] = text
    landmarks = recording.about.sidecar.get("AnatomicalLandmarkCoordinates")
    if landmarks and prefix == "EEG":
        frame |= _landmarks(landmarks, space)
    return frame


def _landmarks(landmarks: object, space: str) -> dict[str, object]:
    found: dict[str, object] = {
        "AnatomicalLandmarkCoordinates": landmarks,
        "AnatomicalLandmarkCoordinateSystem": space,
        "AnatomicalLandmarkCoordinateUnits": "mm",
    }
    if space in {"Other", "CapTrak"}:
        found["AnatomicalLandmarkCoordinateSystemDescription"] = _HEAD
    return found


def _optodes(recording: Recording, root: Path) -> tuple[str, ...]:
    places: dict[tuple[str, str], object] = {}
    for channel in recording.channels:
        for kind in ("source", "detector"):
            if name := channel.details.get(kind):
                places.setdefault((kind, str(name)), channel.details.get(f"{kind}_mm"))
    if not places:
        return ()
    rows: list[list[object]] = [
        [name, kind, *_triple(place)] for (kind, name), place in sorted(places.items(), key=_natural)
    ]
    about, entities = recording.about, _entities(recording, "acq")
    path = bids_path(about, suffix="optodes", extension=".tsv", entities=entities)
    if any(row[2] is None for row in rows):
        columns: tuple[str, ...] = ("name", "type", "x", "y", "z", "template_x", "template_y", "template_z")
        rows = [[*row, None, None, None] for row in rows]
    else:
        columns = ("name", "type", "x", "y", "z")
    write_tsv(root / path, columns=columns, rows=rows)
    side = bids_path(about, suffix="coordsystem", extension=".json", entities=entities)
    frame: dict[str, object] = {
        "NIRSCoordinateSystem": recording.space or "Other",
        "NIRSCoordinateUnits": "mm",
    }
    frame["NIRSCoordinateSystemDescription"] = _UNKNOWN
    write_json(root / side, frame)
    return (path, side)


def _natural(item: tuple[tuple[str, str], object]) -> tuple[str, int, str]:
    kind, name = item[0]
    digits = "".join(char for char in name if char.isdigit())
    return (kind, int(digits or 0), name)


def _triple(place: object) -> tuple[float | None, float | None, float | None]:
    if not isinstance(place, tuple) or len(place) != 3:
        return (None, None, None)
    x, y, z = (float(value) for value in place)
    return (x, y, z) if all(value == value for value in (x, y, z)) else (None, None, None)


def _meg(recording: Recording, root: Path) -> tuple[str, ...]:
    frame: dict[str, object] = {
        "MEGCoordinateSystem": "ElektaNeuromag",
        "MEGCoordinateUnits": "m",
        "MEGCoordinateSystemDescription": f"Neuromag head coordinates, as FIF files have them. {_HEAD}",
    }
    landmarks = recording.about.sidecar.get("AnatomicalLandmarkCoordinates")
    if isinstance(landmarks, Mapping) and landmarks:
        frame |= _landmarks(landmarks, "ElektaNeuromag")
    entities = _entities(recording, "acq")
    path = bids_path(recording.about, suffix="coordsystem", extension=".json", entities=entities)
    write_json(root / path, frame)
    return (path,)

"""``events.tsv`` and its dictionary: what happened when, as the noun's Annotations say."""

from collections.abc import Mapping
from pathlib import Path

from commissure.model import Annotation, Recording
from commissure.standardize.bids_names import bids_path
from commissure.standardize.bids_text import write_json, write_tsv

__all__ = ["write_events"]

_DESCRIPTIONS: Mapping[str, Mapping[str, object]] = {
    "onset": {"Description": "Onset of the event, from the first sample of the recording", "Units": "s"},
    "duration": {"Description": "Duration of the event; 0 for an instant", "Units": "s"},
    "trial_type": {"LongName": "Event", "Description": "The event as the recording marks it"},
    "value": {"Description": "The code on the trigger channel, or the length of a gap in seconds"},
    "sample": {"Description": "Index of the event's first sample, from 0"},
    "channel": {"Description": "The channels that the event is about; all where there are none"},
    "HED": {},
}


def write_events(recording: Recording, root: Path) -> tuple[str, ...]:
    """Write ``…_events.tsv`` and ``…_events.json``, where there are events; return their paths below ``root``."""
    marks = [one for one in recording.annotations if one.onset_s is not None]
    marks += [_gap(index, seconds, recording.rate_hz) for index, seconds in recording.gaps]
    if not marks:
        return ()
    marks.sort(key=lambda one: (one.onset_s or 0.0, one.label))
    rows = [_row(one, recording.rate_hz) for one in marks]
    columns = [name for name in _DESCRIPTIONS if name in {"onset", "duration", "trial_type", "sample"} or any(row.get(name) is not None for row in rows)]  # fmt: skip
    path = bids_path(recording.about, suffix="events", extension=".tsv")
    write_tsv(root / path, columns=columns, rows=([row.get(column) for column in columns] for row in rows))
    described = {name: dict(_DESCRIPTIONS[name]) for name in columns if name != "HED"}
    side = bids_path(recording.about, suffix="events", extension=".json")
    write_json(root / side, described)
    return (path, side)


def _gap(index: int, seconds: float, rate_hz: float) -> Annotation:
    return Annotation(
        "gap", index / rate_hz, 0.0, by="clock", details={"value": float(seconds), "sample": index}
    )


def _row(mark: Annotation, rate_hz: float) -> dict[str, object]:
    onset = float(mark.onset_s or 0.0)
    sample = mark.details.get("sample")
    return {
        "onset": round(onset, 9),
        "duration": None if mark.duration_s is None else round(float(mark.duration_s), 9),
        "trial_type": mark.label,
        "value": mark.details.get("value"),
        "sample": round(onset * rate_hz) if sample is None else sample,
        "channel": ",".join(mark.channels) or None,
        "HED": mark.details.get("HED"),
    }

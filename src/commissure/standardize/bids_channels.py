"""``channels.tsv``: one row a channel."""

from collections.abc import Mapping
from pathlib import Path

from commissure.model import Channel, Recording
from commissure.standardize.bids_names import bids_path
from commissure.standardize.bids_text import write_tsv

__all__ = ["unique_names", "write_channels", "written_unit"]

#: the columns that every table of a datatype has, in the standard's order
_FIRST: Mapping[str, tuple[str, ...]] = {
    "eeg": ("name", "type", "units"),
    "meg": ("name", "type", "units"),
    "ieeg": ("name", "type", "units", "low_cutoff", "high_cutoff"),
    "nirs": ("name", "type", "source", "detector", "wavelength_nominal", "units"),
    "motion": ("name", "component", "type", "tracked_point", "units"),
}
#: further columns, written where a channel has a value
_MORE: Mapping[str, tuple[str, ...]] = {
    "eeg": ("description", "reference", "low_cutoff", "high_cutoff", "notch"),
    "meg": ("description", "low_cutoff", "high_cutoff", "notch", "software_filters"),
    "ieeg": ("reference", "group", "description", "notch"),
    "nirs": ("component", "wavelength_actual", "low_cutoff", "high_cutoff", "description", "short_channel"),
    "motion": ("placement", "reference_frame", "description"),
}
_UNIT_WORDS = {"1": "n/a", "mol/l": "M", "": "n/a"}


def write_channels(recording: Recording, root: Path) -> str:
    """Write ``…_channels.tsv`` and return its path below ``root``."""
    datatype = recording.about.datatype
    names = unique_names(recording)
    tables = [_row(channel, name, datatype) for channel, name in zip(recording.channels, names, strict=True)]
    more = [column for column in _MORE[datatype] if any(row.get(column) not in (None, "") for row in tables)]
    columns = [*_FIRST[datatype], *more, "sampling_frequency", "status"]
    path = bids_path(recording.about, suffix="channels", extension=".tsv")
    for row in tables:
        row["sampling_frequency"] = row.get("sampling_frequency") or float(recording.rate_hz)
    write_tsv(root / path, columns=columns, rows=([row.get(column) for column in columns] for row in tables))
    return path


def unique_names(recording: Recording) -> tuple[str, ...]:
    """The channels' names, the second of the same name with a number: ``Cz``, ``Cz-2``."""
    seen: dict[str, int] = {}
    names = []
    for index, channel in enumerate(recording.channels):
        name = " ".join(channel.name.split()) or f"channel{index + 1}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return tuple(names)


def written_unit(channel: Channel, datatype: str) -> str:
    """The unit a channel is written in: microvolts in EEG and iEEG, SI elsewhere."""
    if datatype in {"eeg", "ieeg"} and channel.unit == "V":
        return "µV"
    return _UNIT_WORDS.get(channel.unit, channel.unit)


def _row(channel: Channel, name: str, datatype: str) -> dict[str, object]:
    details = channel.details
    row: dict[str, object] = {
        "name": name,
        "type": channel.type,
        "units": written_unit(channel, datatype),
        "group": channel.group,
        "status": "bad" if channel.bad else "good",
    }
    columns = {*_FIRST[datatype], *_MORE[datatype], "sampling_frequency"} - set(row)
    row.update({key: value for key, value in details.items() if key in columns})
    row.setdefault("component", "n/a" if datatype == "motion" else None)
    return row

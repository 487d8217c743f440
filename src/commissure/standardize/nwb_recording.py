"""A Recording into NWB: electrodes, ElectricalSeries, and the other channels as TimeSeries."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.formats.lazy import BlockSignal
from commissure.model import Annotation, Channel, Recording, Severity, Signal
from commissure.standardize.nwb_file import Draft
from commissure.standardize.nwb_store import empty

__all__ = ["ELECTRODE_TYPES", "add_annotations", "add_recording"]

#: channel types that are electrodes
ELECTRODE_TYPES = frozenset({"EXT", "HP", "LFP", "MUA", "EEG", "ECOG", "SEEG", "DBS"})
_SERIES = {"HP": "ElectricalSeriesAP", "LFP": "ElectricalSeriesLF"}
_STRETCH = 1 << 13
_UNIT = {"V": "volts", "A": "amperes", "1": "n/a", "s": "seconds", "m/s^2": "m/s^2", "oC": "degrees Celsius"}


def add_recording(draft: Draft, recording: Recording) -> None:
    """Add all channels of ``recording`` to the acquisition, samples to be poured in."""
    kinds = [channel.type in ELECTRODE_TYPES for channel in recording.channels]
    electrodes = [index for index, yes in enumerate(kinds) if yes]
    if electrodes:
        _add_electrical(draft, recording, electrodes)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, channel in enumerate(recording.channels):
        if not kinds[index]:
            groups.setdefault((channel.type, channel.unit, channel.gain, channel.offset), []).append(index)
    used: dict[str, int] = {}
    for (kind, *_), columns in groups.items():
        used[kind] = used.get(kind, 0) + 1
        name = f"TimeSeries{kind.title().replace('_', '')}" + (str(used[kind]) if used[kind] > 1 else "")
        _add_series(draft, recording, columns=columns, name=name)
    add_annotations(draft, recording.annotations)


def _add_electrical(draft: Draft, recording: Recording, columns: list[int]) -> None:
    pynwb = need("pynwb", purpose="Writing NWB")
    channels = [recording.channels[index] for index in columns]
    rows = _add_electrodes(draft, channels, probe=recording.space in ("probe", ""))
    gains = np.array([channel.gain for channel in channels])
    offsets = {channel.offset for channel in channels}
    scaling: dict[str, Any] = {"conversion": float(gains[0])}
    signal: Signal = _columns(recording.signal, columns)
    if len(offsets) > 1:
        signal = _scaled(signal, gains, np.array([channel.offset for channel in channels]))
        scaling = {"conversion": 1.0}
    else:
        scaling["offset"] = float(offsets.pop())
        if len(set(gains.tolist())) > 1:
            scaling = {"conversion": 1.0, "offset": scaling["offset"], "channel_conversion": gains}
    name = _SERIES.get(channels[0].type, "ElectricalSeries")
    if any(channel.unit != "V" for channel in channels):
        scaling["comments"] = "The gain is not known: samples are the stored counts, not volts."
        draft.say("gain", "Nothing tells the gain; samples are written as the stored counts, not volts.",
                  remedy="Give gain_to_uV in the side file.", severity=Severity.WARNING)  # fmt: skip
    series = pynwb.ecephys.ElectricalSeries(
        name=name,
        description="Extracellular voltage; see the electrodes table for the channels.",
        data=empty(signal),
        electrodes=nwb_region(draft, rows),
        **_clock(draft, recording, name),
        **scaling,
        **_filters(channels),
    )
    draft.nwbfile.add_acquisition(series)
    draft.pours.append((f"/acquisition/{name}/data", signal))


def nwb_region(draft: Draft, rows: list[int]) -> Any:
    """A region of the electrodes table."""
    return draft.nwbfile.create_electrode_table_region(region=rows, description="The recorded channels.")


def _add_electrodes(draft: Draft, channels: Sequence[Channel], *, probe: bool) -> list[int]:
    nwbfile = draft.nwbfile
    groups: dict[str, Any] = {}
    placed = any(channel.position_mm is not None for channel in channels)
    contacts = any("contact" in channel.details for channel in channels)
    impedances = any("impedance_ohm" in channel.details for channel in channels)
    nwbfile.add_electrode_column("channel_name", "Name of the channel, as the device calls it.")
    if contacts:
        nwbfile.add_electrode_column("contact_id", "Name of the contact on the probe.")
    if any(channel.bad for channel in channels):
        nwbfile.add_electrode_column("bad", "Whether the recording already calls the channel bad.")
    bad = any(channel.bad for channel in channels)
    for channel in channels:
        label = (channel.group or "electrodes").replace("/", "-")
        if label not in groups:
            groups[label] = nwbfile.create_electrode_group(
                name=label,
                description="Contacts that sit together."
                if channel.group
                else "All electrodes of the recording.",
                location=str(channel.details.get("location") or "unknown"),
                device=draft.device,
            )
        row: dict[str, Any] = {"location": str(channel.details.get("location") or "unknown")}
        if placed:
            x, y, z = channel.position_mm or (np.nan, np.nan, np.nan)
            names = ("rel_x", "rel_y", "rel_z") if probe else ("x", "y", "z")
            row |= dict(zip(names, (x * 1e3, y * 1e3, z * 1e3), strict=True))
        row |= {"imp": float(str(channel.details.get("impedance_ohm", np.nan)))} if impedances else {}
        row |= {"contact_id": str(channel.details.get("contact", ""))} if contacts else {}
        row |= {"bad": channel.bad} if bad else {}
        nwbfile.add_electrode(group=groups[label], channel_name=channel.name, **row)
    return list(range(len(channels)))


def _add_series(draft: Draft, recording: Recording, *, columns: list[int], name: str) -> None:
    pynwb = need("pynwb", purpose="Writing NWB")
    channels = [recording.channels[index] for index in columns]
    signal = _columns(recording.signal, columns)
    series = pynwb.TimeSeries(
        name=name,
        description=f"Channels, in order: {', '.join(channel.name for channel in channels)}.",
        data=empty(signal),
        unit=_UNIT.get(channels[0].unit, channels[0].unit),
        conversion=float(channels[0].gain),
        offset=float(channels[0].offset),
        **_clock(draft, recording, name),
    )
    draft.nwbfile.add_acquisition(series)
    draft.pours.append((f"/acquisition/{name}/data", signal))


def _clock(draft: Draft, recording: Recording, name: str) -> dict[str, Any]:
    start_s = float(str(recording.about.sidecar.get("starting_time_s", 0.0)))
    if not recording.gaps:
        return {"starting_time": start_s, "rate": float(recording.rate_hz)}
    where = np.array([index for index, _ in recording.gaps])
    lost = np.concatenate([[0.0], np.cumsum([length for _, length in recording.gaps])])

    def block(start: int, stop: int) -> NDArray[Any]:
        samples = np.arange(start, stop)
        return np.asarray(
            start_s + samples / recording.rate_hz + lost[np.searchsorted(where, samples, side="right")]
        )

    times = BlockSignal(block, shape=(recording.signal.shape[0],), dtype=np.float64)
    draft.pours.append((f"/acquisition/{name}/timestamps", times))
    draft.say("gaps", f"The clock jumped {len(recording.gaps)} times; every sample has its own time stamp.")
    return {"timestamps": empty(times)}


def _filters(channels: Sequence[Channel]) -> dict[str, str]:
    told = {str(channel.details.get("filtering", "")) for channel in channels}
    return {"filtering": told.pop()} if len(told) == 1 and "" not in told else {}


def _columns(signal: Signal, columns: list[int]) -> Signal:
    width = signal.shape[1]
    if columns == list(range(width)):
        return signal
    contiguous = columns == list(range(columns[0], columns[-1] + 1))
    pick: Any = slice(columns[0], columns[-1] + 1) if contiguous else columns

    def block(start: int, stop: int) -> NDArray[Any]:
        # few columns make long chunks: read them in short stretches, so that all columns never stand in memory
        edges = range(start, stop, _STRETCH)
        parts = [np.array(signal[edge : min(edge + _STRETCH, stop)][:, pick]) for edge in edges]
        return np.concatenate(parts) if parts else np.empty((0, len(columns)), dtype=signal.dtype)

    return BlockSignal(block, shape=(signal.shape[0], len(columns)), dtype=signal.dtype)


def _scaled(signal: Signal, gains: NDArray[Any], offsets: NDArray[Any]) -> Signal:
    def block(start: int, stop: int) -> NDArray[Any]:
        scaled = np.asarray(signal[start:stop], dtype=np.float64) * gains + offsets
        return np.asarray(scaled, dtype=np.float32)

    return BlockSignal(block, shape=signal.shape, dtype=np.float32)


def add_annotations(draft: Draft, annotations: Sequence[Annotation]) -> None:
    """Events and marks as a TimeIntervals table ``events``."""
    timed = sorted(
        (a for a in annotations if a.onset_s is not None), key=lambda a: (a.onset_s or 0.0, a.label)
    )
    if not timed:
        return
    pynwb = need("pynwb", purpose="Writing NWB")
    table = pynwb.epoch.TimeIntervals(name="events", description="Events and marks of the recording.")
    table.add_column("label", "What happened.")
    for annotation in timed:
        onset = float(annotation.onset_s or 0.0)
        table.add_row(
            start_time=onset, stop_time=onset + float(annotation.duration_s or 0.0), label=annotation.label
        )
    draft.nwbfile.add_time_intervals(table)

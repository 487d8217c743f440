"""Sweeps into NWB: stimulus and response a sweep, tied by the intracellular tables."""

from typing import Any

import numpy as np

from commissure.extras import need
from commissure.model import Sweep, Sweeps
from commissure.standardize.nwb_file import Draft
from commissure.standardize.nwb_store import packed

__all__ = ["add_sweeps"]

_RESPONSE = {"V": "CurrentClampSeries", "A": "VoltageClampSeries"}
_STIMULUS = {"V": "CurrentClampStimulusSeries", "A": "VoltageClampStimulusSeries"}
#: the unit of the stimulus that goes with a response in volts (current is injected) or amperes (voltage is held)
_COMMAND = {"V": "A", "A": "V"}


def add_sweeps(draft: Draft, sweeps: Sweeps) -> None:
    """Add every sweep of every channel; channels that are neither volts nor amperes become TimeSeries."""
    clamped = [index for index, channel in enumerate(sweeps.channels) if channel.unit in _RESPONSE]
    electrodes = {
        index: draft.nwbfile.create_icephys_electrode(
            name=f"electrode{order}",
            description=f"Intracellular electrode of channel {sweeps.channels[index].name}.",
            device=draft.device,
            cell_id=f"cell{order}",
            location="unknown",
        )
        for order, index in enumerate(clamped)
    }
    simultaneous = []
    for number, sweep in enumerate(sweeps.sweeps):
        rows = [
            _add(draft, sweeps, sweep, number=number, index=i, electrode=e) for i, e in electrodes.items()
        ]
        if rows:
            simultaneous.append(draft.nwbfile.add_icephys_simultaneous_recording(recordings=rows))
        for index, channel in enumerate(sweeps.channels):
            if index not in electrodes:
                _add_other(draft, sweeps, sweep, number=number, index=index)
                draft.say(
                    "unit",
                    f"A channel is measured in {channel.unit!r}, neither volts nor amperes; it became a TimeSeries.",
                )
    if simultaneous:
        row = draft.nwbfile.add_icephys_sequential_recording(
            simultaneous_recordings=simultaneous,
            stimulus_type=str(sweeps.about.sidecar.get("stimulus_type") or "unknown"),
        )
        repetition = draft.nwbfile.add_icephys_repetition(sequential_recordings=[row])
        draft.nwbfile.add_icephys_experimental_condition(repetitions=[repetition])
    draft.findings[:] = list(dict.fromkeys(draft.findings))


def _add(draft: Draft, sweeps: Sweeps, sweep: Sweep, *, number: int, index: int, electrode: Any) -> int:
    pynwb = need("pynwb", purpose="Writing NWB")
    channel = sweeps.channels[index]
    izero = sweeps.mode == "izero" and channel.unit == "V"
    kind = "IZeroClampSeries" if izero else _RESPONSE[channel.unit]
    stem = f"{number:04d}" if len(sweeps.channels) == 1 else f"{number:04d}_{index}"
    timing = {"starting_time": float(sweep.start_s), "rate": float(sweeps.rate_hz)}
    response = getattr(pynwb.icephys, kind)(
        name=f"{kind}{stem}",
        data=_data(sweep.response, index),
        electrode=electrode,
        gain=float("nan"),
        sweep_number=np.uint32(number),
        **timing,
    )
    stimulus = None
    told = sweep.stimulus is not None and index < sweep.stimulus.shape[1] and not izero
    if told and index < len(sweeps.commands) and sweeps.commands[index].unit == _COMMAND[channel.unit]:
        name = _STIMULUS[channel.unit]
        stimulus = getattr(pynwb.icephys, name)(
            name=f"{name}{stem}",
            data=_data(sweep.stimulus, index),
            electrode=electrode,
            gain=float("nan"),
            sweep_number=np.uint32(number),
            **timing,
        )
    return int(
        draft.nwbfile.add_intracellular_recording(electrode=electrode, stimulus=stimulus, response=response)
    )


def _add_other(draft: Draft, sweeps: Sweeps, sweep: Sweep, *, number: int, index: int) -> None:
    pynwb = need("pynwb", purpose="Writing NWB")
    channel = sweeps.channels[index]
    draft.nwbfile.add_acquisition(
        pynwb.TimeSeries(
            name=f"TimeSeries{number:04d}_{index}",
            description=f"Channel {channel.name}.",
            data=_data(sweep.response, index),
            unit=channel.unit,
            starting_time=float(sweep.start_s),
            rate=float(sweeps.rate_hz),
        )
    )


def _data(samples: Any, index: int) -> Any:
    return packed(np.asarray(samples)[:, index].astype(np.float32))

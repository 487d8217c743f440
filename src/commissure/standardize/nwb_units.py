"""Units into NWB: spike times with the sorter's columns."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from commissure.extras import need
from commissure.model import Severity, Units
from commissure.standardize.nwb_file import Draft
from commissure.standardize.nwb_store import packed

__all__ = ["add_units"]

_WORDS = {
    "quality": "Quality label of the unit, by the sorter or a person.",
    "amplitude": "Mean amplitude of the unit's spikes, in the sorter's scale.",
    "depth_um": "Distance of the peak channel from the probe's tip, micrometers.",
    "peak_channel": "Index of the channel where the unit is largest.",
    "template": "The unit's template on its peak channel, in the sorter's whitened scale.",
    "unit_name": "Name of the unit in the source.",
    "waveform_mean": "Mean spike waveform.",
}


def add_units(draft: Draft, units: Units) -> None:
    """Add the ``units`` table; a ragged column of spike times is written as a whole, not unit by unit."""
    if not units.ids:
        draft.say(
            "units", "The sorting holds no unit; the file has no units table.", severity=Severity.WARNING
        )
        return
    pynwb = need("pynwb", purpose="Writing NWB")
    hdmf = need("hdmf.common", purpose="Writing NWB")
    counts = (
        np.cumsum([times.size for times in units.times_s], dtype=np.int64)
        if units.times_s
        else np.zeros(0, np.int64)
    )
    spikes = np.concatenate(units.times_s) if units.times_s else np.zeros(0)
    times = hdmf.VectorData(
        name="spike_times", description="the spike times for each unit in seconds", data=packed(spikes)
    )
    index = hdmf.VectorIndex(name="spike_times_index", data=counts, target=times)
    columns: list[Any] = [times, index]
    for name, values in units.columns.items():
        data = _column(cast(Sequence[Any], values), len(units.ids))
        if data is not None:
            columns.append(
                hdmf.VectorData(name=name, description=_WORDS.get(name, f"{name} of the unit."), data=data)
            )
    draft.nwbfile.units = pynwb.misc.Units(
        name="units",
        description="Units and their spike times.",
        id=hdmf.ElementIdentifiers(name="id", data=np.asarray(units.ids, dtype=np.int64)),
        columns=columns,
        **_resolution(units),
    )


def _resolution(units: Units) -> dict[str, float]:
    rates = [fact.value for fact in units.about.facts if fact.key == "rate_hz"]
    rate = rates[0] if rates else None
    return {"resolution": 1.0 / float(rate)} if isinstance(rate, int | float) and rate > 0 else {}


def _column(values: Sequence[Any], count: int) -> Any:
    if len(values) != count or count == 0:
        return None
    if isinstance(values[0], np.ndarray):
        shapes = {value.shape for value in values}
        return packed(np.stack(list(values))) if len(shapes) == 1 else None
    return [str(value) for value in values] if isinstance(values[0], str) else np.asarray(values)

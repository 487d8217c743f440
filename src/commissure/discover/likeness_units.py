"""What sorted spike trains and intracellular sweeps are like: rates, intervals, regularity, waveforms, responses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.discover.likeness_layout import pack
from commissure.discover.likeness_traces import quantiles
from commissure.errors import BadInput
from commissure.model import Descriptor, Sweeps, Units

__all__ = ["describe_sweeps", "describe_units"]

Array = NDArray[np.floating[Any]]
_NINE = (5, 15, 25, 35, 50, 65, 75, 85, 95)
_EDGES_S = np.geomspace(1e-3, 10.0, 25)
_BIN_S, _MOST_SPIKES, _MOST_UNITS, _MOST_SWEEPS = 0.05, 20_000, 200, 60


def describe_units(units: Units) -> Descriptor:
    """The descriptor of sorted spike trains.

    Raises
    ------
    BadInput
        If no unit has two spikes or more.
    """
    trains = [np.asarray(times, dtype=np.float64)[:_MOST_SPIKES] for times in units.times_s]
    trains = [times[np.isfinite(times)] for times in trains]
    trains = [times for times in trains if len(times) >= 2]
    if not trains:
        raise BadInput("No unit has two spikes or more; nothing can be described.")
    first, last = min(times[0] for times in trains), max(times[-1] for times in trains)
    seconds = max(float(last - first), 1e-3)
    rates = np.array([len(times) / seconds for times in trains])
    intervals = [np.maximum(np.diff(times), 1e-5) for times in trains]
    parts = {"rates": quantiles(np.log(rates), shares=_NINE)}
    shares = np.array(
        [np.histogram(np.clip(each, 1.01e-3, 9.99), _EDGES_S)[0] / len(each) for each in intervals]
    )
    parts["intervals"] = np.sqrt(shares.mean(axis=0))
    if long := [each for each in intervals if len(each) >= 10]:
        # local variation tells bursts from clocks whatever the rate does (Shinomoto et al. 2003)
        local = np.array([3 * np.mean(((a := e[1:]) - (b := e[:-1])) ** 2 / (a + b) ** 2) for e in long])
        parts["regularity"] = quantiles(local, shares=_NINE)
    parts["together"] = _together(trains, first, last)
    if (shapes := _waveforms(units.columns.get("waveform_mean"))) is not None:
        parts["waveforms"] = shapes
    return pack("units", parts)


def _together(trains: Sequence[Array], first: float, last: float) -> Array:
    """The correlations of spike counts in bins of 50 ms."""
    edges = np.arange(first, min(last, first + 600.0) + _BIN_S, _BIN_S)
    if len(edges) < 20 or len(trains) < 3:
        return np.full(5, np.nan)
    counts = np.array([np.histogram(times, edges)[0] for times in trains[:_MOST_UNITS]])
    counts = counts[counts.std(axis=1) > 0]
    if len(counts) < 3:
        return np.full(5, np.nan)
    return quantiles(np.corrcoef(counts)[np.triu_indices(len(counts), 1)])


def _waveforms(found: object) -> Array | None:
    """How long and how lopsided mean waveforms are, on each unit's largest channel; None where there are none."""
    if not isinstance(found, Sequence | np.ndarray) or not len(found):
        return None
    widths, sides, halves = [], [], []
    for one in found:
        wave = np.asarray(one, dtype=np.float64)
        if wave.ndim == 2:
            wave = wave[:, np.ptp(wave, axis=0).argmax()]
        if wave.ndim != 1 or len(wave) < 8 or not np.ptp(wave) > 0:
            continue
        trough = int(wave.argmin())
        after = wave[trough:]
        widths.append(np.log((int(after.argmax()) + 1) / len(wave)))
        sides.append(wave.max() / np.abs(wave.min()) if wave.min() < 0 else 2.0)
        halves.append(np.log((wave < wave.min() / 2).sum() / len(wave) + 1e-3))
    if not widths:
        return None
    return np.concatenate(
        [quantiles(np.array(each), shares=(15, 50, 85)) for each in (widths, sides, halves)]
    )


def describe_sweeps(sweeps: Sweeps) -> Descriptor:
    """The descriptor of an intracellular recording.

    Raises
    ------
    BadInput
        If no sweep holds numbers.
    """
    chosen = sweeps.sweeps[:: max(1, len(sweeps.sweeps) // _MOST_SWEEPS)]
    traces = [
        np.asarray(each.response, dtype=np.float64)[:, 0] for each in chosen if each.response.size >= 16
    ]
    traces = [trace for trace in traces if np.isfinite(trace).all()]
    if not traces:
        raise BadInput("No sweep holds numbers throughout; nothing can be described.")
    unit = 1e-3 if sweeps.channels and sweeps.channels[0].unit == "V" else 1e-12
    rest = np.array([np.median(trace[: max(8, len(trace) // 20)]) for trace in traces]) / unit
    noise = np.array([np.abs(np.diff(trace)).mean() for trace in traces]) / unit
    size = np.array(
        [np.median(np.abs(trace / unit - base)) for trace, base in zip(traces, rest, strict=True)]
    )
    high = np.array(
        [np.percentile(trace / unit - base, 99.9) for trace, base in zip(traces, rest, strict=True)]
    )
    low = np.array(
        [np.percentile(trace / unit - base, 0.1) for trace, base in zip(traces, rest, strict=True)]
    )
    bands = [quantiles(np.log1p(np.abs(each)), shares=(15, 50, 85)) for each in (size, high, low)]
    parts: dict[str, Array] = {
        "rest": np.array([np.arcsinh(np.median(rest) / 20), np.arcsinh(np.std(rest) / 10), np.log(np.median(noise) + 1e-6), float(sweeps.mode == "voltage_clamp") * 2]),
        "response": np.concatenate(bands),
    }  # fmt: skip
    if sweeps.mode != "voltage_clamp":
        parts["spikes"] = _spikes(traces, sweeps.rate_hz)
    return pack("patch", parts)


def _spikes(traces: Sequence[Array], rate_hz: float) -> Array:
    """Spikes a second, their height and their width, by crossings of -10 mV."""
    counts, heights, widths = [], [], []
    for trace in traces:
        above = trace > -0.01
        up, down = np.flatnonzero(above[1:] & ~above[:-1]), np.flatnonzero(~above[1:] & above[:-1])
        counts.append(np.log1p(len(up) * rate_hz / len(trace)))
        for start in up[:50]:
            end = down[down > start]
            if len(end):
                heights.append(trace[start : end[0] + 1].max() * 20)
                widths.append(np.log((end[0] - start) / rate_hz * 1e3 + 0.05))
    none = np.zeros(1)
    told = [np.array(each) if each else none for each in (counts, heights, widths)]
    return np.concatenate([quantiles(each, shares=(15, 50, 85)) for each in told])

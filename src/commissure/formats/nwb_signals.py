"""The signals inside an NWB file, as nouns whose samples stay in the file while it is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.model import About, Cells, Channel, Movie, Pose, Recording, Sweep, Sweeps, Units

__all__ = ["open_signals"]

_CLAMPS = {
    "CurrentClampSeries": "current_clamp",
    "IZeroClampSeries": "izero",
    "VoltageClampSeries": "voltage_clamp",
}
_MOST_SWEEPS, _MOST_UNITS, _MOST_POINTS = 60, 500, 1_000_000


@contextmanager
def open_signals(path: Path, about: About) -> Iterator[list[Any]]:
    """The electrical series, spike trains, sweeps, films, cells and places in an NWB 2 file.

    Parameters
    ----------
    path : Path
        The file.
    about : About
        What is known of it; every noun bears it.

    Yields
    ------
    list
        Nouns that can be read while the file is open; what cannot be understood is left out.
    """
    h5py = need("h5py", purpose="Reading NWB")
    with h5py.File(path, "r") as file:
        series: list[tuple[str, Any]] = []
        for top in ("acquisition", "processing"):
            if top in file:
                file[top].visititems(
                    lambda _, item: series.append((_kind(item), item)) if _kind(item) else None
                )
        yield [
            noun for noun in (*_single(series, about), *_units(file, about), *_sweeps(series, about)) if noun
        ]


def _kind(item: Any) -> str:
    kind = item.attrs.get("neurodata_type", "") if hasattr(item, "keys") else ""
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def _rate_hz(item: Any) -> float:
    if "starting_time" in item:
        return float(item["starting_time"].attrs.get("rate", np.nan))
    times = item["timestamps"][:1000] if "timestamps" in item else np.empty(0)
    steps = np.diff(times)
    return float(1 / np.median(steps)) if len(steps) and np.median(steps) > 0 else float("nan")


def _single(series: list[tuple[str, Any]], about: About) -> Iterator[Any]:
    for kind, item in series:
        data = item.get("data")
        if data is None or not data.shape or data.dtype.kind not in "iuf":
            continue
        if kind == "ElectricalSeries" and data.ndim == 2:
            gain = float(data.attrs.get("conversion", 1.0))
            channels = tuple(Channel(f"ch{i}", "EXT", "V", gain) for i in range(data.shape[1]))
            yield Recording(data, _rate_hz(item), channels, about)
        elif kind in {"TwoPhotonSeries", "OnePhotonSeries"} and data.ndim >= 3:
            yield Movie(data, _rate_hz(item), about)
        elif kind == "RoiResponseSeries" and data.ndim == 2:
            yield Cells((), {"fluorescence": data}, _rate_hz(item), about)
        elif kind == "SpatialSeries" and data.ndim == 2 and data.shape[1] >= 2:
            places = np.asarray(data[:_MOST_POINTS, :2], dtype=np.float64)
            yield Pose(("place",), places[:, None, :], None, np.arange(len(places)) / _rate_hz(item), about)


def _units(file: Any, about: About) -> Iterator[Units]:
    group = file.get("units")
    if group is None or "spike_times" not in group or "spike_times_index" not in group:
        return
    ends = np.asarray(group["spike_times_index"][:_MOST_UNITS], dtype=np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    times = tuple(
        np.asarray(group["spike_times"][a:b], dtype=np.float64) for a, b in zip(starts, ends, strict=True)
    )
    shapes = group.get("waveform_mean")
    columns = {} if shapes is None else {"waveform_mean": np.asarray(shapes[: len(ends)], dtype=np.float64)}
    yield Units(tuple(range(len(times))), times, about, columns)


def _sweeps(series: list[tuple[str, Any]], about: About) -> Iterator[Sweeps]:
    for kind, mode in _CLAMPS.items():
        mine = [item for found, item in series if found == kind and "data" in item][:_MOST_SWEEPS]
        if not mine:
            continue
        unit = "A" if mode == "voltage_clamp" else "V"
        sweeps = []
        for item in mine:
            gain = float(item["data"].attrs.get("conversion", 1.0))
            sweeps.append(
                Sweep(0.0, np.asarray(item["data"][:_MOST_POINTS], dtype=np.float64).reshape(-1, 1) * gain)
            )
        yield Sweeps(tuple(sweeps), _rate_hz(mine[0]), (Channel("electrode", "VM", unit),), mode, about)

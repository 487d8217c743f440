"""NWB 1 files: their sweeps and units as nouns, since today's library cannot read that version."""

import re
from collections import defaultdict
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.model import About, Channel, Sweep, Sweeps, Units

__all__ = ["read_old"]

_SWEEP = re.compile(r"(?:Sweep|sweep)[_ -]?(\d+)")


def read_old(file: Any, about: About) -> list[Sweeps | Units]:
    """The nouns of an open NWB 1 file.

    Raises
    ------
    Unreadable
        If it holds neither sweeps nor units.
    """
    nouns: list[Sweeps | Units] = [*_sweeps(file, about), *_units(file, about)]
    if not nouns:
        raise Unreadable(
            "This NWB 1 file holds neither sweeps nor units; convert it to NWB 2 with its maker's tool."
        )
    return nouns


def _sweeps(file: Any, about: About) -> list[Sweeps]:
    groups: dict[float, list[tuple[Sweep, str]]] = defaultdict(list)
    responses = file.get("acquisition/timeseries", {})
    stimuli = {_number(name): item for name, item in file.get("stimulus/presentation", {}).items()}
    for name in sorted(responses, key=lambda n: (_number(n), n)):
        item = responses[name]
        if "data" not in item or "starting_time" not in item or not _SWEEP.search(name):
            continue
        rate = float(item["starting_time"].attrs["rate"])
        unit = "A" if str(_text(item["data"].attrs.get("unit", "V"))).lower().startswith("a") else "V"
        stimulus = stimuli.get(_number(name))
        told = _scaled(stimulus) if stimulus is not None and "data" in stimulus else None
        response = _scaled(item)
        same = told is not None and told.shape == response.shape
        groups[rate].append((Sweep(float(item["starting_time"][()]), response, told if same else None), unit))
    found = []
    for rate, pairs in groups.items():
        for unit in sorted({unit for _, unit in pairs}):
            chosen = tuple(sweep for sweep, of in pairs if of == unit)
            mode = "current_clamp" if unit == "V" else "voltage_clamp"
            other = "A" if unit == "V" else "V"
            channels, commands = (
                (Channel("electrode", "VM" if unit == "V" else "IM", unit),),
                (Channel("command", "DAC", other),),
            )
            found.append(Sweeps(chosen, rate, channels, mode, about, commands))
    return found


def _scaled(item: Any) -> Any:
    data = item["data"]
    return (np.asarray(data[:], dtype=np.float64) * float(data.attrs.get("conversion", 1.0))).reshape(-1, 1)


def _units(file: Any, about: About) -> list[Units]:
    found = []
    for module in file.get("processing", {}).values():
        times = module.get("UnitTimes")
        if times is None:
            continue
        names = sorted(name for name in times if "times" in times[name] if hasattr(times[name], "keys"))
        if names:
            spikes = tuple(np.sort(np.asarray(times[name]["times"][:], dtype=np.float64)) for name in names)
            found.append(Units(tuple(range(len(names))), spikes, about, {"unit_name": names}))
    return found


def _number(name: str) -> int:
    match = _SWEEP.search(name) or re.search(r"(\d+)", name)
    return int(match.group(1)) if match else -1


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

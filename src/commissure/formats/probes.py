"""Where a probe's channels sit, asked of probeinterface."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commissure.extras import has, need

__all__ = ["Site", "sites_from", "sites_of"]


@dataclass(frozen=True, slots=True)
class Site:
    """One contact: position on the probe (millimetres), shank, probe name and further columns."""

    position_mm: tuple[float, float, float]
    group: str
    probe: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


def sites_of(function: str, path: Path, **options: object) -> dict[int, Site]:
    """The contacts by channel index, read by a function of probeinterface; empty if it cannot tell.

    Parameters
    ----------
    function : str
        Its name (``"read_spikeglx"``, ``"read_openephys"``).
    path : Path
        The header.
    """
    if not has("probeinterface"):
        return {}
    probeinterface = need("probeinterface", purpose="Reading probe geometry")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            probe = getattr(probeinterface, function)(path, **options)
    except Exception:  # noqa: BLE001 - geometry is an extra; a probe that the library does not know is not an error
        return {}
    return sites_from(probe)


def sites_from(probe: Any) -> dict[int, Site]:
    """The contacts of a ``probeinterface.Probe`` by device channel index (or by order where that is not set)."""
    indices = probe.device_channel_indices
    positions = probe.contact_positions * _to_mm(str(probe.si_units))
    shanks = probe.shank_ids if probe.shank_ids is not None else [""] * len(positions)
    ids = probe.contact_ids if probe.contact_ids is not None else range(len(positions))
    name = str(probe.annotations.get("model_name") or probe.model_name or "")
    sites = {}
    for order, (position, shank, contact) in enumerate(zip(positions, shanks, ids, strict=True)):
        index = order if indices is None else int(indices[order])
        if index < 0:
            continue
        place = (*(float(value) for value in position), 0.0)[:3]
        group = f"shank{shank}" if str(shank) else "probe"
        sites[index] = Site((place[0], place[1], place[2]), group, name, {"contact": str(contact)})
    return sites


def _to_mm(unit: str) -> float:
    return {"um": 1e-3, "mm": 1.0, "m": 1e3}.get(unit, 1e-3)

"""Sweeps: intracellular recordings, stimulus and response by sweep."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.model.about import About
from commissure.model.recording import Channel

__all__ = ["Sweep", "Sweeps"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep: ``response`` (time, channel) in SI units, ``stimulus`` the same or None, from ``start_s`` on."""

    start_s: float
    response: NDArray[np.float64]
    stimulus: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Sweeps:
    """An intracellular recording.

    Parameters
    ----------
    sweeps : tuple of Sweep
        In the order they were taken.
    rate_hz : float
        Samples a second.
    channels : tuple of Channel
        What was measured; ``unit`` ``V`` for current clamp, ``A`` for voltage clamp.
    commands : tuple of Channel
        What was injected or held.
    mode : str
        ``"current_clamp"``, ``"voltage_clamp"`` or ``"izero"``.
    about : About
        Whose, when, with what.
    """

    sweeps: tuple[Sweep, ...]
    rate_hz: float
    channels: tuple[Channel, ...]
    mode: str
    about: About
    commands: tuple[Channel, ...] = ()
    native: Any = field(default=None, compare=False, repr=False)

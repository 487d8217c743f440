"""Recordings: signals over time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commissure.model.about import About
from commissure.model.annotation import Annotation

__all__ = ["Channel", "Recording", "Signal"]


class Signal(Protocol):
    """Samples that need not be in memory: shape (time, channel), sliced along time.

    A NumPy array, a memory map and an h5py dataset are Signals.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(time, channel)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """The stored type."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Samples of a slice of time, as an array of shape (time, channel)."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of a Recording.

    Parameters
    ----------
    name : str
        As the device calls it.
    type : str
        The BIDS channel type in capitals (``EEG``, ``EOG``, ``MEGMAG``, ``SEEG``, ``TRIG``, ``MISC`` …).
    unit : str
        The SI unit of ``gain * sample + offset`` (``V``, ``T``, ``T/m``, ``A``, ``mol/l``, ``1``).
    gain, offset : float
        From stored sample to ``unit``.
    position_mm : tuple of float or None
        Where it sits, in the recording's ``space``.
    group : str
        Shank, grid, strip or lead.
    bad : bool
        Whether the recording already calls it bad.
    details : mapping
        Filters, impedance, reference …, by BIDS column name.
    """

    name: str
    type: str = "MISC"
    unit: str = "V"
    gain: float = 1.0
    offset: float = 0.0
    position_mm: tuple[float, float, float] | None = None
    group: str = ""
    bad: bool = False
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """A signal, time × channel, sampled evenly.

    Parameters
    ----------
    signal : Signal
        Stored samples, shape (time, channel); read with :meth:`si` for SI units.
    rate_hz : float
        Samples a second.
    channels : tuple of Channel
        One a column.
    about : About
        Whose, when, with what.
    annotations : tuple of Annotation
        Events and marks, onsets from the first sample.
    gaps : tuple of (int, float)
        Where the device's clock jumped: sample index and the gap's length in seconds.
    space : str
        The coordinate space of the channels' positions (``CapTrak``, ``ACPC``, ``probe`` …).
    native : object or None
        The reading library's own object (an ``mne.io.Raw``), for a writer that can carry more than this noun does.
    """

    signal: Signal
    rate_hz: float
    channels: tuple[Channel, ...]
    about: About
    annotations: tuple[Annotation, ...] = ()
    gaps: tuple[tuple[int, float], ...] = ()
    space: str = ""
    native: Any = field(default=None, compare=False, repr=False)

    @property
    def duration_s(self) -> float:
        """How long, in seconds."""
        return self.signal.shape[0] / self.rate_hz

    def si(self, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """Samples ``start`` to ``stop`` in SI units, shape (time, channel)."""
        gain = np.array([channel.gain for channel in self.channels])
        offset = np.array([channel.offset for channel in self.channels])
        block = np.asarray(self.signal[start:stop], dtype=np.float64)
        return np.asarray(block * gain + offset)

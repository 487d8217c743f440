"""Samples of an ``mne.io.Raw`` as a Signal, (time, channel), read from disk when sliced; and Signals side by side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.formats.quiet import quietly
from commissure.model import Signal

__all__ = ["JoinedSignal", "RawSignal"]


@dataclass(frozen=True, slots=True)
class RawSignal:
    """The samples of a Raw in SI units, transposed and left on disk.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Loaded or not.
    """

    raw: Any

    @property
    def shape(self) -> tuple[int, int]:
        """(time, channel)."""
        return (int(self.raw.n_times), len(self.raw.ch_names))

    @property
    def dtype(self) -> np.dtype[Any]:
        """What MNE gives: float64."""
        return np.dtype(np.float64)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.float64]:
        """Samples of a slice of time, and optionally of some channels: ``signal[10:20]``, ``signal[:, 3]``."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if isinstance(rows, slice):
            start, stop, step = rows.indices(self.shape[0])
            if step < 1:
                return np.asarray(self[:, columns][rows])
            return self._read(columns, start, max(start, stop))[::step]
        if isinstance(rows, int | np.integer):
            index = int(rows) + (self.shape[0] if rows < 0 else 0)
            if not 0 <= index < self.shape[0]:
                raise IndexError(f"Sample {int(rows)} is out of range for {self.shape[0]} samples.")
            return np.asarray(self._read(columns, index, index + 1)[0])
        return np.asarray(self[:, columns][np.asarray(rows)])

    def _read(self, columns: Any, start: int, stop: int) -> NDArray[np.float64]:
        if start == stop:
            return np.empty((0, len(self.raw.ch_names)))[:, columns]
        with quietly():
            return self._samples(columns, start, stop)

    def _samples(self, columns: Any, start: int, stop: int) -> NDArray[np.float64]:
        if isinstance(columns, int | np.integer):
            return np.asarray(self.raw[int(columns), start:stop][0][0])
        if isinstance(columns, list | tuple | np.ndarray):
            columns = np.arange(len(self.raw.ch_names))[np.asarray(columns)]
        return np.asarray(self.raw[columns, start:stop][0].T)


@dataclass(frozen=True, slots=True)
class JoinedSignal:
    """Signals of one length, their channels side by side.

    Parameters
    ----------
    parts : tuple of Signal
        All of the same number of samples.

    Examples
    --------
    >>> JoinedSignal((np.zeros((4, 2)), np.ones((4, 1))))[1:3].tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    """

    parts: tuple[Signal, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """(time, channel)."""
        return (int(self.parts[0].shape[0]), sum(int(part.shape[1]) for part in self.parts))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that holds all parts."""
        return np.result_type(*(part.dtype for part in self.parts))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Samples of a slice of time, and optionally of some channels."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        block = np.concatenate([np.asarray(part[rows]) for part in self.parts], axis=-1)
        return np.asarray(block[..., columns])

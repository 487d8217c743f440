"""Signals that stay on disk: read by slices of time, with bounded memory.

A memory map would count every page it touched against the process; plain reads do not.

>>> import tempfile, pathlib, numpy as np
>>> file = pathlib.Path(tempfile.mkdtemp()) / "x.bin"
>>> np.arange(12, dtype="<i2").tofile(file)
>>> signal = FileSignal(file, dtype="<i2", channels=3)
>>> signal.shape, signal[1:3].tolist(), signal[-1, [0, 2]].tolist()
((4, 3), [[3, 4, 5], [6, 7, 8]], [9, 11])
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable

__all__ = ["BlockSignal", "FileSignal"]


class BlockSignal:
    """A signal given by a function from ``(start, stop)`` to an array (time, channel).

    Parameters
    ----------
    block : callable
        Reads the samples from ``start`` up to ``stop``, shape (stop - start, channel).
    shape : tuple of int
        (time, channel), or (time, …) for frames.
    dtype : dtype
        What ``block`` gives.
    """

    def __init__(
        self, block: Callable[[int, int], NDArray[Any]], *, shape: tuple[int, ...], dtype: Any
    ) -> None:
        self._block = block
        self._shape = tuple(int(size) for size in shape)
        self._dtype: np.dtype[Any] = np.dtype(dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """(time, channel)."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The stored type."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self._shape)

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, key: Any, /) -> Any:
        """Samples of a slice of time (and, as a second key, of channels)."""
        rows, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(rows, slice):
            start, stop, step = rows.indices(self._shape[0])
            if step < 0:
                raise IndexError("A signal on disk is read forward only; got a negative step.")
            block = self._block(start, max(start, stop))[::step]
            return block[(slice(None), *rest)] if rest else block
        index = int(rows) + (self._shape[0] if int(rows) < 0 else 0)
        if not 0 <= index < self._shape[0]:
            raise IndexError(f"Sample {int(rows)} is outside of {self._shape[0]} samples.")
        block = self._block(index, index + 1)[0]
        return block[tuple(rest)] if rest else block

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All samples, in memory."""
        return np.asarray(self[:], dtype=dtype)


class FileSignal(BlockSignal):
    """Interleaved samples in a plain binary file.

    Parameters
    ----------
    path : Path
        The file.
    dtype : str or dtype
        Type and byte order of one sample.
    channels : int
        How many samples a frame has.
    offset_bytes : int
        Where the samples begin.

    Raises
    ------
    Unreadable
        If the file is shorter than one frame.
    """

    def __init__(self, path: Path, *, dtype: Any, channels: int, offset_bytes: int = 0) -> None:
        kind = np.dtype(dtype)
        frame = kind.itemsize * channels
        size = path.stat().st_size - offset_bytes
        frames = size // frame if channels > 0 else 0
        if frames < 1:
            raise Unreadable(
                f"The samples' file holds {max(size, 0)} bytes, less than one frame of {frame}; copy it again from its source."
            )
        self.path = path
        #: bytes after the last whole frame; not 0 in a file that was cut off
        self.left_over_bytes = size % frame

        def block(start: int, stop: int) -> NDArray[Any]:
            count = (stop - start) * channels
            samples = np.fromfile(path, dtype=kind, count=count, offset=offset_bytes + start * frame)
            if samples.size != count:
                raise Unreadable(
                    f"The samples' file became shorter while it was read: {samples.size} of {count} samples were left."
                )
            return samples.reshape(-1, channels)

        super().__init__(block, shape=(frames, channels), dtype=kind)

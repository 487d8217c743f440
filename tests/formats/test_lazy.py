"""Signals on disk are read by slices and never as a whole."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissure.errors import Unreadable
from commissure.formats.lazy import BlockSignal, FileSignal

DATA = np.arange(60).reshape(20, 3)
SIGNAL = BlockSignal(lambda start, stop: DATA[start:stop], shape=DATA.shape, dtype=DATA.dtype)
EDGE = st.none() | st.integers(-25, 25)


@given(EDGE, EDGE, st.none() | st.integers(1, 5), st.sampled_from([slice(None), slice(1, 3), [0, 2], 1]))
def test_slices_are_numpys(start: int | None, stop: int | None, step: int | None, columns: object) -> None:
    assert np.array_equal(SIGNAL[start:stop:step, columns], DATA[start:stop:step, columns])


def test_indices_outside_are_refused() -> None:
    for key in (20, -21):
        with pytest.raises(IndexError, match="outside"):
            SIGNAL[key]
    with pytest.raises(IndexError, match="forward"):
        SIGNAL[::-1]


def test_a_file_that_is_too_short_or_shrinks_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(5))
    with pytest.raises(Unreadable, match="5 bytes, less than one frame of 6"):
        FileSignal(path, dtype="<i2", channels=3)
    path.write_bytes(bytes(65))
    signal = FileSignal(path, dtype="<i2", channels=3, offset_bytes=4)
    assert (signal.shape, signal.left_over_bytes) == ((10, 3), 1)
    path.write_bytes(bytes(20))
    with pytest.raises(Unreadable, match="became shorter"):
        signal[:]

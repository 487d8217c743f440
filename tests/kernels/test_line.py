"""The grid's hum: 50 and 60 Hz are told apart, noise has none."""

import numpy as np
import pytest

from commissure.kernels.line import line_frequency_hz


@pytest.mark.parametrize("line_hz", [50.0, 60.0])
@pytest.mark.parametrize("rate_hz", [200.0, 1000.0])
def test_the_planted_grid_is_found(line_hz: float, rate_hz: float) -> None:
    time = np.arange(int(20 * rate_hz)) / rate_hz
    noise = np.random.default_rng(2).normal(size=(len(time), 3)).cumsum(axis=0) / 20
    assert line_frequency_hz(noise + np.sin(2 * np.pi * line_hz * time)[:, None], rate_hz=rate_hz) == line_hz
    assert line_frequency_hz(noise, rate_hz=rate_hz) is None


def test_too_short_too_slow_and_flat_signals_tell_nothing() -> None:
    assert line_frequency_hz(np.zeros((10, 1)), rate_hz=500.0) is None
    assert line_frequency_hz(np.zeros((5000, 1)), rate_hz=500.0) is None
    assert line_frequency_hz(np.random.default_rng(0).normal(size=(800, 1)), rate_hz=80.0) is None

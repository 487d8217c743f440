"""The power grid's frequency, told by the hum in a signal."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["line_frequency_hz"]

_GRIDS_HZ = (50.0, 60.0)
_SEGMENT_S = 4.0


def line_frequency_hz(
    signal: NDArray[np.float64], *, rate_hz: float, least_ratio: float = 3.0
) -> float | None:
    """50 or 60 Hz where the spectrum has that peak, or None where it has neither.

    The power within half a hertz of each grid frequency is held against that of its neighbours (1.5 to 4 Hz away),
    channel by channel; the median over channels decides.

    Parameters
    ----------
    signal : array, shape (time, channel)
        Any unit.
    rate_hz : float
        Samples a second.
    least_ratio : float
        How far the peak must stand above its neighbours.

    Examples
    --------
    >>> time = np.arange(4096) / 512
    >>> noise = np.random.default_rng(0).normal(size=(4096, 2))
    >>> line_frequency_hz(noise + np.sin(2 * np.pi * 50 * time)[:, None], rate_hz=512.0)
    50.0
    >>> line_frequency_hz(noise, rate_hz=512.0) is None
    True
    """
    length = int(_SEGMENT_S * rate_hz)
    if length < 8 or signal.shape[0] < length or signal.size == 0:
        return None
    count = signal.shape[0] // length
    blocks = np.nan_to_num(signal[: count * length]).reshape(count, length, -1)
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    power = (np.abs(np.fft.rfft(blocks * np.hanning(length)[None, :, None], axis=1)) ** 2).mean(axis=0)
    frequency = np.fft.rfftfreq(length, 1 / rate_hz)
    ratios = {
        grid: _ratio(np.asarray(power, dtype=np.float64), np.asarray(frequency, dtype=np.float64), grid)
        for grid in _GRIDS_HZ
        if grid + 4 < rate_hz / 2
    }
    best = max(ratios, key=ratios.__getitem__, default=None)
    return best if best is not None and ratios[best] >= least_ratio else None


def _ratio(power: NDArray[np.float64], frequency: NDArray[np.float64], grid_hz: float) -> float:
    away = np.abs(frequency - grid_hz)
    peak = power[away <= 0.5].mean(axis=0)
    around = power[(away >= 1.5) & (away <= 4.0)].mean(axis=0)
    alive = around > 0
    return float(np.median(peak[alive] / around[alive])) if alive.any() else 0.0

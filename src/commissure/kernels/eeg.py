"""Measures of EEG windows: band power, line length, rhythm, bursts and suppression, synchrony.

References
----------
Line length: Esteller et al. 2001, doi:10.1109/IEMBS.2001.1020545; burst suppression: Westover et al. 2013,
doi:10.1016/j.jneumeth.2013.07.003.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BANDS_HZ",
    "band_power",
    "cut_windows",
    "line_length",
    "rhythm",
    "slow_share",
    "suppression",
    "synchrony",
]

Array = NDArray[np.float64]
#: the field's bands
BANDS_HZ: Mapping[str, tuple[float, float]] = {
    "delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 45.0),
}  # fmt: skip


def cut_windows(signal: Array, *, length: int) -> Array:
    """Whole windows one after the other, shape (window, time, channel), of a signal (time, channel)."""
    count = len(signal) // length
    return signal[: count * length].reshape(count, length, -1)


def band_power(windows: Array, *, rate_hz: float, low_hz: float, high_hz: float) -> Array:
    """The power between two frequencies, shape (window, channel), in the square of the signal's unit.

    Parameters
    ----------
    windows : array, shape (window, time, channel)
    rate_hz, low_hz, high_hz : float

    Examples
    --------
    >>> time = np.arange(512) / 128
    >>> alpha = np.sin(2 * np.pi * 10 * time)[None, :, None]
    >>> float(band_power(alpha, rate_hz=128.0, low_hz=8.0, high_hz=13.0)[0, 0].round(2))
    0.5
    """
    length = windows.shape[1]
    taper = np.hanning(length)[:, None]
    spectrum = np.abs(np.fft.rfft((windows - windows.mean(axis=1, keepdims=True)) * taper, axis=1)) ** 2
    frequency = np.fft.rfftfreq(length, 1 / rate_hz)
    inside = (frequency >= low_hz) & (frequency < high_hz)
    return np.asarray(2 * spectrum[:, inside].sum(axis=1) / (length * float((taper**2).sum())))


def line_length(windows: Array) -> Array:
    """The mean size of a step, shape (window, channel): high in seizures, which are both large and fast."""
    return np.asarray(np.abs(np.diff(windows, axis=1)).mean(axis=1))


def rhythm(windows: Array, *, rate_hz: float, low_hz: float, high_hz: float) -> Array:
    """The highest autocorrelation at a period between two frequencies, shape (window, channel); 1 for a pure rhythm."""
    length = windows.shape[1]
    apart = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(apart, n=2 * length, axis=1)) ** 2
    alike = np.fft.irfft(spectrum, axis=1)[:, :length]
    lags = slice(int(rate_hz / high_hz), min(int(rate_hz / low_hz) + 1, length - 1))
    counted = length / (length - np.arange(length))[:, None]
    scaled = alike * counted / np.maximum(alike[:, :1], 1e-300)
    return np.asarray(scaled[:, lags].max(axis=1))


def suppression(windows: Array, *, rate_hz: float, threshold_uv: float = 5.0, least_s: float = 0.5) -> Array:
    """The share of time in suppressions, shape (window, channel): runs of ``least_s`` or more below a size.

    Parameters
    ----------
    windows : array, shape (window, time, channel)
        Microvolts.
    rate_hz, threshold_uv, least_s : float
    """
    quiet = np.abs(windows - np.median(windows, axis=1, keepdims=True)) < threshold_uv
    width = max(int(least_s * rate_hz), 1)
    total = np.cumsum(np.pad(quiet, ((0, 0), (1, 0), (0, 0))).astype(float), axis=1)
    whole = (total[:, width:] - total[:, :-width]) > 0.95 * width  # a run may hold a few larger samples
    mark = np.zeros(quiet.shape)
    for step in range(0, width, max(width // 8, 1)):
        mark[:, step : step + whole.shape[1]] = np.maximum(mark[:, step : step + whole.shape[1]], whole)
    return np.asarray(mark.mean(axis=1))


def slow_share(windows: Array, *, rate_hz: float) -> Array:
    """Power below 4 Hz as a share of that from 1 to 30 Hz, shape (window, channel)."""
    low = band_power(windows, rate_hz=rate_hz, low_hz=1.0, high_hz=4.0)
    return np.asarray(
        low / np.maximum(band_power(windows, rate_hz=rate_hz, low_hz=1.0, high_hz=30.0), 1e-300)
    )


def synchrony(windows: Array) -> Array:
    """The mean size of the correlation of two channels, shape (window,)."""
    apart = windows - windows.mean(axis=1, keepdims=True)
    apart = apart / np.maximum(np.sqrt((apart**2).sum(axis=1, keepdims=True)), 1e-300)
    alike = np.abs(np.einsum("wtc,wtd->wcd", apart, apart))
    size = windows.shape[2]
    return np.asarray((alike.sum(axis=(1, 2)) - size) / max(size * (size - 1), 1))

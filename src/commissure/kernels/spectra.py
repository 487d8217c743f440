"""Robust spectra of long signals from a bounded number of windows, and what is read off them.

The spectrum of a channel is the median over windows (Allen et al. 2012, doi:10.1103/PhysRevD.85.122006, for the median
in Welch's method): a blink, a movement or a pop in a few windows leaves it as it is. The aperiodic part is a straight
line in log-log, fitted to what lies below the peaks (Donoghue et al. 2020, doi:10.1038/s41593-020-00744-x).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["aperiodic", "bin_log_power", "fourier", "log_bins", "spread_windows"]

Array = NDArray[np.floating[Any]]
_ROUNDS = 6


def spread_windows(samples: int, *, length: int, most: int) -> list[int]:
    """Where at most ``most`` windows of ``length`` samples begin, spread evenly; half overlapped where all fit.

    Examples
    --------
    >>> spread_windows(10, length=4, most=9)
    [0, 2, 4, 6]
    >>> spread_windows(1000, length=4, most=3)
    [0, 498, 996]
    """
    if samples < length:
        return []
    half = max(length // 2, 1)
    count = (samples - length) // half + 1
    if count <= most:
        return [index * half for index in range(count)]
    return [int(start) for start in np.linspace(0, samples - length, most)]


def fourier(window: Array) -> NDArray[np.complex128]:
    """The Fourier transform of a window of shape (time, channel), its straight line taken out, tapered (Hann)."""
    count = len(window)
    time = np.linspace(-1.0, 1.0, count)[:, None]
    straight = window.mean(axis=0) + time * ((time * window).sum(axis=0) / (time**2).sum())
    return np.asarray(np.fft.rfft((window - straight) * np.hanning(count + 2)[1:-1, None], axis=0))


def log_bins(low_hz: float, high_hz: float, *, count: int) -> Array:
    """``count + 1`` edges from ``low_hz`` to ``high_hz``, evenly spaced on a logarithmic scale."""
    return np.geomspace(low_hz, high_hz, count + 1)


def bin_log_power(power: Array, *, frequencies_hz: Array, edges_hz: Sequence[float] | Array) -> Array:
    """The natural logarithm of the mean power density in each bin; a bin between two lines is interpolated.

    Parameters
    ----------
    power : array, shape (frequency, ...)
        Not negative.
    frequencies_hz : array, shape (frequency,)
        Ascending.
    edges_hz : sequence of float
        The bins' edges.

    Returns
    -------
    array, shape (bin, ...)

    Examples
    --------
    >>> lines = np.arange(1.0, 9.0)
    >>> bin_log_power(np.exp(lines), frequencies_hz=lines, edges_hz=(2.9, 3.1, 5.0)).round(2).tolist()
    [3.0, 4.0]
    """
    tiny = np.finfo(float).tiny
    log = np.log(np.maximum(power, tiny))
    rows = []
    for low, high in zip(edges_hz[:-1], edges_hz[1:], strict=True):
        inside = (frequencies_hz >= low) & (frequencies_hz < high)
        if inside.any():
            rows.append(np.log(np.maximum(power[inside].mean(axis=0), tiny)))
            continue
        middle = float(np.sqrt(low * high)) if low > 0 else high / 2
        above = int(np.clip(np.searchsorted(frequencies_hz, middle), 1, len(frequencies_hz) - 1))
        left, right = frequencies_hz[above - 1], frequencies_hz[above]
        share = np.clip((middle - left) / (right - left), 0.0, 1.0)
        rows.append((1 - share) * log[above - 1] + share * log[above])
    return np.stack(rows)


def aperiodic(log_power: Array, *, frequencies_hz: Array) -> tuple[float, float, Array]:
    """Offset and exponent of the line below the peaks, and what stands above it.

    Parameters
    ----------
    log_power : array, shape (frequency,)
        Natural logarithms.
    frequencies_hz : array, shape (frequency,)
        Above zero.

    Returns
    -------
    offset, exponent : float
        ``log_power ~ offset - exponent * log(frequency)``.
    above : array, shape (frequency,)
        The rest.

    Examples
    --------
    >>> hz = np.arange(2.0, 41.0)
    >>> bump = 2 * np.exp(-0.5 * (hz - 10) ** 2)
    >>> offset, exponent, above = aperiodic(3 - 1.5 * np.log(hz) + bump, frequencies_hz=hz)
    >>> round(exponent, 1), float(hz[above.argmax()])
    (1.5, 10.0)
    """
    design = np.stack([np.ones_like(frequencies_hz), -np.log(frequencies_hz)], axis=1)
    weight = np.ones(len(log_power))
    found = np.zeros(2)
    for _ in range(_ROUNDS):
        root = np.sqrt(weight)[:, None]
        found = np.linalg.lstsq(design * root, log_power * root[:, 0], rcond=None)[0]
        rest = log_power - design @ found
        scale = max(float(np.median(np.abs(rest))) * 1.5, 1e-6)
        # what stands above the line is a peak and hardly counts; what lies below counts in full
        weight = np.where(rest > 0, 1 / (1 + (rest / scale) ** 2) ** 2, 1.0)
    return float(found[0]), float(found[1]), np.asarray(log_power - design @ found)

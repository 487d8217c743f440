"""Made EEG with known truth: seizures, what comes before them, burst suppression, and imagined movements.

Signals are microvolts, shape (time, channel). Background is 1/f noise with an alpha rhythm that waxes and wanes, shared
in part by neighbours; blinks, muscle and line noise are in it as they are in life. What is planted is said by each maker.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Montage", "make_background", "make_coma", "make_imagery", "make_preictal", "make_seizures"]

Array = NDArray[np.float64]
_SHARED = 0.45


@dataclass(frozen=True, slots=True)
class Montage:
    """How a laboratory records.

    Parameters
    ----------
    rate_hz : float
    channels : int
    line_hz, line_uv : float
        Of the grid's noise.
    gain : float
        What its amplifier makes of a microvolt.
    dirt : float
        Blinks and bursts of muscle a minute.
    """

    rate_hz: float = 128.0
    channels: int = 6
    line_hz: float = 50.0
    line_uv: float = 1.0
    gain: float = 1.0
    dirt: float = 4.0


def make_background(
    seconds: float, *, montage: Montage, rng: np.random.Generator, size_uv: float = 18.0
) -> Array:
    """Waking EEG: 1/f noise, alpha, blinks, muscle and line noise; microvolts, shape (time, channel)."""
    count, channels = int(seconds * montage.rate_hz), montage.channels
    own = _pink(count, channels, montage.rate_hz, rng)
    common = _pink(count, 1, montage.rate_hz, rng)
    mixed = np.sqrt(1 - _SHARED) * own + np.sqrt(_SHARED) * common
    time = np.arange(count) / montage.rate_hz
    waxes = np.clip(1 + np.cumsum(rng.normal(0, 0.02, count)), 0.2, 2.0)
    alpha = np.sin(2 * np.pi * rng.uniform(8.5, 11.5) * time + rng.uniform(0, 6)) * waxes
    signal = size_uv * mixed + 0.45 * size_uv * alpha[:, None] * np.linspace(0.3, 1.0, channels)
    for _ in range(rng.poisson(montage.dirt * seconds / 60)):
        _soil(signal, montage, rng)
    signal += montage.line_uv * np.sin(2 * np.pi * montage.line_hz * time)[:, None]
    return np.asarray(signal)


def make_seizures(
    seconds: float, *, seizures: int, montage: Montage, rng: np.random.Generator
) -> tuple[Array, list[tuple[float, float]]]:
    """A record with seizures, and when they begin and end, seconds.

    A seizure is a sharp rhythm that slows from 5-8 Hz to 2-3 Hz, grows, and spreads from one channel to the others, for
    18 to 45 s; a quiet stretch follows it.
    """
    signal = make_background(seconds, montage=montage, rng=rng)
    when = []
    for place in range(seizures):
        long = rng.uniform(18, 45)
        begin = seconds * (place + rng.uniform(0.15, 0.55)) / seizures
        end = min(begin + long, seconds - 2)
        rows = slice(int(begin * montage.rate_hz), int(end * montage.rate_hz))
        signal[rows] += _ictal(rows.stop - rows.start, montage, rng)
        after = slice(rows.stop, min(rows.stop + int(6 * montage.rate_hz), len(signal)))
        signal[after] *= 0.5
        when.append((begin, end))
    return signal * montage.gain, when


def make_preictal(
    seconds: float, *, nearness: float, montage: Montage, rng: np.random.Generator, sign: float
) -> Array:
    """A stretch ``nearness`` (0 far, 1 at the onset) before a seizure: channels more alike, more beta, or less alike.

    ``sign`` is the patient's own: in some synchrony rises before a seizure, in others it falls (Mormann et al. 2007,
    doi:10.1093/brain/awl241); the rise of fast activity is common to all.
    """
    signal = make_background(seconds, montage=montage, rng=rng)
    more = _pink(len(signal), 1 if sign > 0 else montage.channels, montage.rate_hz, rng)
    signal += nearness * 7 * more
    signal += (
        (0.3 + 0.75 * nearness) * rng.lognormal(0, 0.35) * _band(len(signal), montage, (16.0, 28.0), rng)
    )
    return np.asarray(signal * rng.lognormal(0, 0.2) * montage.gain)


def make_coma(
    seconds: float,
    *,
    suppressed: float,
    discharges: float,
    size_uv: float,
    montage: Montage,
    rng: np.random.Generator,
) -> Array:
    """EEG of coma: slow background, suppressed for a share of the time, with periodic discharges at about 1 Hz.

    Parameters
    ----------
    suppressed : float
        The share of time in suppressions of 1 to 6 s.
    discharges : float
        Their height as a multiple of ``size_uv``; 0 for none.
    """
    quiet = Montage(
        montage.rate_hz, montage.channels, montage.line_hz, montage.line_uv * 0.4, montage.gain, 0.5
    )
    signal = make_background(seconds, montage=quiet, rng=rng, size_uv=size_uv)
    count, rate = len(signal), montage.rate_hz
    signal += 0.8 * size_uv * _band(count, montage, (0.8, 3.0), rng)
    at, on = 0, False
    while suppressed > 0 and at < count:
        long = rng.uniform(1.0, 6.0)
        stretch = int(long * rate) if on else int(long * rate * (1 - suppressed) / max(suppressed, 1e-3))
        if on:
            signal[at : at + stretch] *= 0.06
        at, on = at + max(stretch, 1), not on
    if discharges > 0:
        shape = _spike(int(0.25 * rate))
        for begin in np.arange(0.5, seconds - 1, 1.0) + rng.normal(0, 0.06, int(np.ceil(seconds - 1.5))):
            first = int(begin * rate)
            signal[first : first + shape.size] += discharges * size_uv * shape[:, None]
    return np.asarray(signal * montage.gain)


def make_imagery(
    side: NDArray[np.bool_],
    *,
    mu_hz: float,
    depth: float,
    mixing: Array,
    rng: np.random.Generator,
    rate_hz: float = 128.0,
) -> Array:
    """Trials of imagined movement of the left or right hand, shape (trial, time, channel), 3 s each.

    The mu rhythm over the hemisphere across from the hand falls by ``depth`` (event-related desynchronization,
    Pfurtscheller & Lopes da Silva 1999, doi:10.1016/S1388-2457(99)00141-8). ``mixing`` (source, channel) is the person's
    own head and cap: sources are left mu, right mu, and an occipital alpha that tells nothing.
    """
    count = int(3 * rate_hz)
    montage = Montage(rate_hz, mixing.shape[1], line_uv=0.3, dirt=0.0)
    out = np.empty((len(side), count, mixing.shape[1]))
    for trial, right in enumerate(side):
        weights = np.array([1 - depth if right else 1.0, 1.0 if right else 1 - depth, 1.3])
        weights = weights * rng.lognormal(0, 0.25, 3)
        sources = _band(count, montage, (mu_hz - 1.2, mu_hz + 1.2), rng, channels=3) * weights
        noise = _pink(count, mixing.shape[1], rate_hz, rng)
        out[trial] = 6 * sources @ mixing + 5 * noise
    return out


def _pink(count: int, channels: int, rate_hz: float, rng: np.random.Generator) -> Array:
    frequency = np.fft.rfftfreq(count, 1 / rate_hz)
    shape = 1 / np.maximum(frequency, 0.7)
    phase = np.exp(2j * np.pi * rng.uniform(size=(frequency.size, channels)))
    made = np.fft.irfft(shape[:, None] * phase * (frequency > 0.3)[:, None], n=count, axis=0)
    return np.asarray(made / made.std(axis=0))


def _band(
    count: int,
    montage: Montage,
    edges_hz: tuple[float, float],
    rng: np.random.Generator,
    *,
    channels: int = 0,
) -> Array:
    """Noise in a band with a spread of one, shape (time, channel)."""
    frequency = np.fft.rfftfreq(count, 1 / montage.rate_hz)
    inside = (frequency >= edges_hz[0]) & (frequency <= edges_hz[1])
    spectrum = np.zeros((frequency.size, channels or montage.channels), complex)
    spectrum[inside] = rng.normal(size=(int(inside.sum()), spectrum.shape[1], 2)) @ [1, 1j]
    made = np.fft.irfft(spectrum, n=count, axis=0)
    return np.asarray(made / made.std(axis=0))


def _soil(signal: Array, montage: Montage, rng: np.random.Generator) -> None:
    """A blink on the front channels, a second of muscle on one, or some seconds of chewing, which is rhythmic as seizures are."""
    rate, count = montage.rate_hz, len(signal)
    at = int(rng.integers(0, max(count - int(rate), 1)))
    if rng.uniform() < 0.6:
        bump = np.hanning(int(0.35 * rate))
        signal[at : at + bump.size, :2] += rng.uniform(60, 140) * bump[:, None]
        return
    if rng.uniform() < 0.3:
        rows = signal[at : at + int(rng.uniform(3, 9) * rate)]
        beat = np.sin(2 * np.pi * rng.uniform(1.5, 3) * np.arange(len(rows)) / rate)
        rows += rng.uniform(10, 28) * beat[:, None] + 12 * np.maximum(beat, 0)[:, None] * rng.normal(
            size=rows.shape
        )
        return
    rows = signal[at : at + int(rate)]
    rows[:, rng.integers(signal.shape[1])] += rng.uniform(15, 40) * rng.normal(size=len(rows))


def _ictal(count: int, montage: Montage, rng: np.random.Generator) -> Array:
    share = np.linspace(0, 1, count)
    pace = rng.uniform(5, 8) * (1 - share) + rng.uniform(2, 3) * share
    phase = 2 * np.pi * np.cumsum(pace) / montage.rate_hz
    sharp = np.sin(phase) + 0.5 * np.sin(2 * phase + 0.6) + 0.25 * np.sin(3 * phase + 1.1)
    origin = int(rng.integers(montage.channels))
    away = np.abs(np.arange(montage.channels) - origin) / montage.channels
    spread = np.clip((share[:, None] - 0.6 * away) / 0.25, 0, 1)
    height = rng.uniform(9, 48)
    return np.asarray(height * (0.35 + 0.65 * share[:, None]) * spread * sharp[:, None])


def _spike(count: int) -> Array:
    time = np.linspace(-1, 1, count)
    return np.asarray(np.exp(-(((time + 0.4) / 0.12) ** 2)) - 0.6 * np.exp(-(((time - 0.2) / 0.35) ** 2)))

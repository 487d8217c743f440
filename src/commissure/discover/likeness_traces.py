"""What near-infrared spectroscopy and raw probes record is like: the same kernels at other frequencies."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.discover.likeness_layout import pack
from commissure.errors import BadInput
from commissure.kernels.spectra import bin_log_power, fourier, log_bins, spread_windows
from commissure.model import Descriptor, Recording

__all__ = ["describe_nirs", "describe_probe", "quantiles"]

Array = NDArray[np.floating[Any]]
_NIRS = "NIRS"
_PROBE = frozenset({"ECEPHYS", "EXT", "AP", "LF", "ELECTRODE", "HP", "LFP", "INT"})
_NIRS_EDGES, _LFP_EDGES, _AP_EDGES = (
    log_bins(0.02, 3.0, count=16),
    log_bins(2.0, 250.0, count=16),
    log_bins(250.0, 6000.0, count=16),
)
_WINDOWS, _VALUES = 24, 8_000_000
_SHARES = (10, 30, 50, 70, 90)
_TINY = 1e-30


def quantiles(values: Array, *, shares: tuple[float, ...] = _SHARES) -> Array:
    """Percentiles of what is finite; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return np.percentile(known, shares) if len(known) else np.full(len(shares), np.nan)


def _windows(recording: Recording, *, seconds: float, columns: list[int]) -> Iterator[Array]:
    count, wide = int(recording.signal.shape[0]), max(int(recording.signal.shape[1]), 1)
    length = min(int(round(seconds * recording.rate_hz)), count, max(_VALUES // (4 * wide), 64))
    gain = np.array([recording.channels[place].gain for place in columns])
    most = max(4, min(_WINDOWS, _VALUES // (length * wide)))
    for start in spread_windows(count, length=length, most=most):
        block = np.asarray(recording.signal[start : start + length])[:, columns].astype(np.float64) * gain
        if np.isfinite(block).all():
            yield block


def _no_numbers() -> BadInput:
    return BadInput("No stretch of the recording holds numbers in every channel; it cannot be described.")


def _coupling(blocks: list[Array]) -> tuple[Array, Array]:
    """The correlations of all pairs of channels, and the shares of the principal components, both over windows."""
    found = [np.corrcoef(block.T) for block in blocks if block.shape[1] > 1 and (block.std(axis=0) > 0).all()]
    if not found:
        return np.full(0, np.nan), np.full(0, np.nan)
    middle = np.median(np.array(found), axis=0)
    pairs = middle[np.triu_indices(len(middle), 1)]
    shares = np.sort(np.maximum(np.linalg.eigvalsh(middle), 0))[::-1]
    return pairs, shares / max(shares.sum(), _TINY)


def describe_nirs(recording: Recording) -> Descriptor:
    """The descriptor of a recording of near-infrared spectroscopy; at least eight seconds.

    Raises
    ------
    BadInput
        If there is no such channel, or too little of it.
    """
    columns = [i for i, channel in enumerate(recording.channels) if channel.type.upper().startswith(_NIRS)]
    if not columns:
        raise BadInput("The recording has no channel of near-infrared spectroscopy to describe.")
    if recording.duration_s < 8 or recording.rate_hz < 2:
        raise BadInput(
            f"NIRS is described from 8 s at 2 Hz on; got {recording.duration_s:.3g} s at {recording.rate_hz:g} Hz."
        )
    seconds = float(min(60.0, max(8.0, recording.duration_s / 2)))
    blocks = [_moving(block) for block in _windows(recording, seconds=seconds, columns=columns)]
    blocks = [block for block in blocks if block.shape[1]]
    if not blocks:
        raise _no_numbers()
    lines = [np.abs(fourier(block)) ** 2 for block in blocks]
    median = np.median(np.array([each.mean(axis=1) for each in lines]), axis=0)[:, None]
    hz = np.fft.rfftfreq(len(blocks[0]), 1 / recording.rate_hz)
    own = bin_log_power(median, frequencies_hz=hz, edges_hz=_NIRS_EDGES)[:, 0]
    own -= bin_log_power(median, frequencies_hz=hz, edges_hz=(0.1, 1.0))[0, 0]
    channels = bin_log_power(lines[0], frequencies_hz=hz, edges_hz=(0.1, 0.3, 0.7, 1.5, 3.0))
    channels -= channels.mean(axis=0)
    pairs, shares = _coupling(blocks)
    coupling = np.concatenate(
        [quantiles(pairs, shares=(5, 15, 25, 35, 50, 65, 75, 85, 95, 99)), _first(shares, 6)]
    )
    rhythms = np.array([_peak(median[:, 0], hz, 0.7, 1.8), _peak(median[:, 0], hz, 0.12, 0.5)])
    spread = (
        np.subtract(*np.percentile(channels, [80, 20], axis=1))
        if channels.shape[1] > 3
        else np.full(4, np.nan)
    )
    return pack("nirs", {"spectrum": own if recording.rate_hz >= 6 else np.full(16, np.nan), "rhythms": rhythms,
                         "spread": spread, "coupling": coupling})  # fmt: skip


def _moving(block: Array) -> Array:
    """The channels that move, each against its own mean (optical density), scaled to one."""
    mean = np.abs(block.mean(axis=0))
    usable = (block.std(axis=0) > 0) & (mean > 0)
    moved = block[:, usable] / mean[usable]
    return np.asarray(moved / moved.std(axis=0))


def _first(shares: Array, count: int) -> Array:
    return np.pad(shares[:count], (0, max(0, count - len(shares)))) if len(shares) else np.full(count, np.nan)


def _peak(power: Array, hz: Array, low: float, high: float) -> float:
    """Where the power of a band is, as the logarithm of the frequency, against the middle of the band."""
    inside = (hz >= low) & (hz <= high)
    if inside.sum() < 3:
        return float("nan")
    mass = (power[inside] * hz[inside]) ** 2
    return 3 * float((mass * np.log(hz[inside] / np.sqrt(low * high))).sum() / max(mass.sum(), _TINY))


def describe_probe(recording: Recording) -> Descriptor:
    """The descriptor of a raw extracellular recording: field potential, spike band, noise, crossings, coupling.

    Raises
    ------
    BadInput
        If there is no electrode channel, or less than a quarter of a second.
    """
    columns = [
        i
        for i, channel in enumerate(recording.channels)
        if channel.type.upper() in _PROBE and not channel.bad
    ]
    if not columns:
        raise BadInput("The recording has no electrode to describe.")
    if recording.duration_s < 0.25 or recording.rate_hz < 500:
        raise BadInput(
            f"A probe is described from 0.25 s at 500 Hz on; got {recording.duration_s:.3g} s at {recording.rate_hz:g} Hz."
        )
    seconds = 1.0 if recording.duration_s >= 2 else recording.duration_s / 2
    blocks = [b for b in _windows(recording, seconds=seconds, columns=columns) if (b.std(axis=0) > 0).any()]
    if not blocks:
        raise _no_numbers()
    hz = np.fft.rfftfreq(len(blocks[0]), 1 / recording.rate_hz)
    alive = np.median([block.std(axis=0) for block in blocks], axis=0) > 0
    blocks = [block[:, alive] for block in blocks]
    median = np.median([np.abs(fourier(block)) ** 2 for block in blocks], axis=0)
    top, parts = recording.rate_hz / 2.5, dict[str, Array]()
    if top >= 250:
        own = bin_log_power(median, frequencies_hz=hz, edges_hz=_LFP_EDGES)
        parts["lfp"] = np.median(own - own.mean(axis=0), axis=1)
    if top >= 5900:
        own = bin_log_power(median, frequencies_hz=hz, edges_hz=_AP_EDGES)
        parts["spectrum"] = np.median(own - own.mean(axis=0), axis=1)
        parts |= _spike_band(blocks, recording.rate_hz)
    pairs, shares = _coupling(blocks)
    parts["coupling"] = np.concatenate([quantiles(pairs), _first(shares, 3)])
    return pack("probe", parts)


def _spike_band(blocks: list[Array], rate_hz: float) -> dict[str, Array]:
    """Noise, tails and threshold crossings (Quiroga et al. 2004, doi:10.1162/089976604774201631) from 300 Hz to 6 kHz."""
    noise, tails, sizes, rates = [], [], [], []
    for block in blocks:
        lines = np.fft.rfft(block - block.mean(axis=0), axis=0)
        hz = np.fft.rfftfreq(len(block), 1 / rate_hz)
        lines[(hz < 300) | (hz > 6000)] = 0
        band = np.fft.irfft(lines, n=len(block), axis=0)
        level = np.maximum(np.median(np.abs(band), axis=0) / 0.6745, _TINY)
        below = band < -4.5 * level
        starts = below[1:] & ~below[:-1]
        rates.append(starts.sum(axis=0) * rate_hz / len(block))
        noise.append(np.log(level / np.maximum(block.std(axis=0), _TINY)))
        tails.append(
            np.log(np.maximum((band**4).mean(axis=0) / np.maximum((band**2).mean(axis=0) ** 2, _TINY), 1e-3))
        )
        sizes.append(np.log(np.abs(band.min(axis=0)) / level))
    told = [np.median(np.array(each), axis=0) for each in (noise, tails, sizes)]
    spread = np.concatenate([[np.median(each), np.subtract(*np.percentile(each, [80, 20]))] for each in told])
    crossing = np.log(np.mean(rates, axis=0) + 0.1)
    return {"noise": spread, "crossings": np.append(quantiles(crossing), crossing.mean())}

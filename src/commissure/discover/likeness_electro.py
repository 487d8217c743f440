"""What an EEG, MEG or intracranial recording is like, whatever the amplifier, the montage and the reference.

Each channel's power is told against its own total, so that gain and unit drop out; channels of a scalp or a grid are
put to their common average, so that the reference drops out; channels come down to eleven regions, so that the montage
drops out. Covariances of the regions are taken window by window, each against its own trace, and mapped to the tangent
space (Barachant et al. 2012, doi:10.1109/TBME.2011.2172210): there the mean of a site can be taken out by a
subtraction. Reads at most 120 windows of two seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.discover.likeness_layout import pack
from commissure.errors import BadInput
from commissure.kernels.embedding import mean_embedding
from commissure.kernels.montage import NEIGHBOURS, REGIONS, region_of_name, region_of_position
from commissure.kernels.spectra import aperiodic, bin_log_power, fourier, log_bins, spread_windows
from commissure.model import Channel, Descriptor, Recording

__all__ = ["describe_electro"]

Array = NDArray[np.floating[Any]]
_TYPES = ("EEG", "ECOG", "SEEG", "DBS", "MEGMAG", "MEGGRADPLANAR", "MEGGRADAXIAL", "MEGOTHER", "MEG")
_REFERENCED = frozenset({"EEG", "ECOG", "SEEG", "DBS"})
_WINDOW_S, _SHORTEST_S, _WINDOWS, _VALUES = 1.0, 0.4, 160, 12_000_000
_SLOW, _SPECTRUM = log_bins(1.0, 4.0, count=4), log_bins(4.0, 40.0, count=20)
#: between the hums of both grids and their first harmonics
_FAST = ((40.0, 46.0), (53.0, 57.0), (63.0, 78.0), (78.0, 97.0))
_BANDS = (4.0, 7.0, 10.0, 14.0, 20.0, 40.0)
_PEAKS = ((4.0, 7.5), (7.5, 14.0), (14.0, 30.0))
_LEAST_REGIONS, _SHRINK, _OUTLIER, _LEAST_ELECTRODES = 7, 0.05, 4.0, 6
_SPREAD_OF_CHANGE, _LEAST_WINDOWS = 0.5, 24


@dataclass(frozen=True, slots=True)
class _Spectra:
    """Power of each window: (window, frequency, channel), the regions' cross-spectra in two bands, the channels' own."""

    hz: Array
    power: Array
    broad: Array
    alpha: Array
    pairs: Array


def describe_electro(recording: Recording) -> Descriptor:
    """The descriptor of an EEG, MEG or intracranial recording.

    Raises
    ------
    BadInput
        If it has no such channel, is shorter than 0.4 s, slower than 50 samples a second, or holds no number.
    """
    columns = [place for place, channel in enumerate(recording.channels) if _wanted(channel)]
    if not columns:
        raise BadInput("The recording has no channel of EEG, MEG or intracranial EEG to describe.")
    if recording.rate_hz < 50 or recording.duration_s < _SHORTEST_S:
        raise BadInput(
            f"A signal is described from 0.4 s and 50 samples a second on; got {recording.duration_s:.3g} s at "
            f"{recording.rate_hz:g} Hz."
        )
    columns = _alive(recording, columns)
    types = np.array([recording.channels[place].type.upper() for place in columns])
    regions = _regions([recording.channels[place] for place in columns], types)
    found = _spectra(recording, columns, types=types, regions=regions)
    median = np.median(found.power, axis=0)
    top = float(recording.rate_hz) / 2.5
    parts: dict[str, Array] = _montage_free(found, median, top=top)
    parts |= _on_head(found, median, types=types, regions=regions)
    return pack("electro", parts)


def _wanted(channel: Channel) -> bool:
    return channel.type.upper() in _TYPES and not channel.bad


def _windows(recording: Recording) -> tuple[int, list[int]]:
    count, channels = int(recording.signal.shape[0]), max(len(recording.channels), 1)
    seconds = (
        _WINDOW_S if recording.duration_s >= 1.5 * _WINDOW_S else max(recording.duration_s / 2, _SHORTEST_S)
    )
    length = min(int(round(seconds * recording.rate_hz)), count)
    most = int(max(4, min(_WINDOWS, _VALUES // (length * channels))))
    return length, spread_windows(count, length=length, most=most)


def _blocks(recording: Recording, columns: list[int]) -> Iterator[Array]:
    gain = np.array([recording.channels[place].gain for place in columns])
    length, starts = _windows(recording)
    for start in starts:
        block = np.asarray(recording.signal[start : start + length])
        block = block[:, columns].astype(np.float64) * gain
        if np.isfinite(block).all():
            yield block


def _alive(recording: Recording, columns: list[int]) -> list[int]:
    """The channels that move, and not far more than their peers."""
    length, starts = _windows(recording)
    gain = np.array([recording.channels[place].gain for place in columns])
    spreads = []
    for start in starts[:: max(1, len(starts) // 8)]:
        block = np.asarray(recording.signal[start : start + length])[:, columns].astype(np.float64) * gain
        spreads.append(np.where(np.isfinite(block).all(axis=0), np.diff(block, axis=0).std(axis=0), np.nan))
    known = np.array(spreads)
    usable = np.isfinite(known).any(axis=0)
    if not usable.any():
        raise BadInput("No channel holds numbers throughout; a signal of NaN cannot be described.")
    size = np.nanmax(np.where(usable, known, 0.0), axis=0)
    still = usable & (size <= 1e-30)
    kept = [place for place, moves, good in zip(columns, size > 1e-30, usable, strict=True) if moves and good]
    electrodes = [p for p in columns if recording.channels[p].type.upper() in _REFERENCED]
    flat = [p for p, quiet in zip(columns, still, strict=True) if quiet and p in electrodes]
    if len(flat) == 1 and len(electrodes) > _LEAST_ELECTRODES:
        # one electrode that stands still among many that move is the reference: the common average brings it back
        kept = sorted([*kept, *flat])
    if not kept:
        raise BadInput("No channel changes over time; a flat signal cannot be described.")
    return kept


def _regions(channels: list[Channel], types: NDArray[np.str_]) -> NDArray[np.intp]:
    """The region of each channel; -1 where neither name nor place tells it, or the channel is inside the head."""
    found = np.array([-1 if (r := region_of_name(c.name)) is None else r for c in channels], dtype=np.intp)
    found[np.isin(types, ["ECOG", "SEEG", "DBS"])] = -1
    scalp = [
        i
        for i, c in enumerate(channels)
        if c.position_mm is not None and types[i] not in {"ECOG", "SEEG", "DBS"}
    ]
    if (found >= 0).sum() < _LEAST_REGIONS and len(scalp) >= 2 * len(REGIONS):
        places = np.array([channels[i].position_mm for i in scalp], dtype=np.float64)
        if np.isfinite(places).all():
            found[scalp] = region_of_position(places)
    return found


def _referenced(block: Array, types: NDArray[np.str_]) -> Array:
    """Potentials put to their common average; channels that swing far more than their peers do not count.

    All kinds of electrodes together: what is exported to another format often loses which is which.
    """
    mine = np.flatnonzero(np.isin(types, list(_REFERENCED)))
    if len(mine) < 2:
        return block
    moved = block[:, mine] - np.median(block[:, mine], axis=1, keepdims=True)
    swing = np.log(np.maximum(moved.std(axis=0), 1e-30))
    middle = np.median(swing)
    calm = mine[swing <= middle + max(_OUTLIER * 1.4826 * np.median(np.abs(swing - middle)), 1.2)]
    block[:, mine] -= block[:, calm].mean(axis=1, keepdims=True)
    return block


def _spectra(
    recording: Recording, columns: list[int], *, types: NDArray[np.str_], regions: NDArray[np.intp]
) -> _Spectra:
    powers, broads, alphas, pairs = [], [], [], []
    hz = np.fft.rfftfreq(_windows(recording)[0], 1 / recording.rate_hz)
    wide, narrow = (hz >= 3) & (hz <= min(40.0, recording.rate_hz / 2.5)), (hz >= 7) & (hz <= 14)
    mixing = _mixing(regions, types)
    for block in _blocks(recording, columns):
        lines = fourier(_referenced(block, types))
        powers.append(np.abs(lines) ** 2)
        pairs.append(_cross(lines[wide]))
        if mixing is not None:
            scale = np.sqrt(powers[-1][wide].sum(axis=0).mean())
            regional = lines @ mixing / max(scale, 1e-30)
            broads.append(_cross(regional[wide]))
            alphas.append(_cross(regional[narrow]))
    if not powers:
        raise BadInput("No stretch of the recording holds numbers in every channel; it cannot be described.")
    return _Spectra(hz, np.array(powers), np.array(broads), np.array(alphas), np.mean(pairs, axis=0))


def _cross(lines: NDArray[np.complex128]) -> Array:
    found = (lines.conj().T @ lines).real
    return np.asarray(found / max(np.trace(found), 1e-30))


def _mixing(regions: NDArray[np.intp], types: NDArray[np.str_]) -> Array | None:
    """From channels to regions, shape (channel, region); None where too few regions are seen."""
    kinds = types[regions >= 0]
    if not len(kinds):
        return None
    names, counts = np.unique(kinds, return_counts=True)
    mine = (regions >= 0) & (types == names[counts.argmax()])
    mixing = np.zeros((len(regions), len(REGIONS)))
    seen = np.unique(regions[mine])
    if len(seen) < _LEAST_REGIONS:
        return None
    for region in range(len(REGIONS)):
        sources = (region,) if region in seen else tuple(n for n in NEIGHBOURS[region] if n in seen)
        if not sources:
            return None
        for source in sources:
            at = mine & (regions == source)
            mixing[at, region] += 1 / (at.sum() * len(sources))
    return mixing


def _montage_free(found: _Spectra, median: Array, *, top: float) -> dict[str, Array]:
    """What needs no place: spectra against each channel's own total, their spread, rhythms, changes over time."""
    hz, longest_s = found.hz, 1 / (found.hz[1] - found.hz[0])
    high = float(min(40.0, top))
    total = bin_log_power(median, frequencies_hz=hz, edges_hz=(4.0, high))[0]
    parts: dict[str, Array] = {}
    if high >= 40.0:
        own = bin_log_power(median, frequencies_hz=hz, edges_hz=_SPECTRUM) - total
        spectrum = np.median(own, axis=1)
        parts["spectrum"] = spectrum
        parts["rhythms"] = _rhythms(spectrum)
        bands = bin_log_power(median, frequencies_hz=hz, edges_hz=_BANDS) - total
        if bands.shape[1] >= 4:
            parts["spread"] = np.subtract(*np.percentile(bands, [80, 20], axis=1))
        if len(found.power) >= _LEAST_WINDOWS:
            windows = bin_log_power(np.swapaxes(found.power, 0, 1), frequencies_hz=hz, edges_hz=_BANDS)
            course = np.median(windows - total, axis=2).T
            course = (course - np.median(course, axis=0)) / _SPREAD_OF_CHANGE
            parts["dynamics"] = mean_embedding(course, features=14)
    parts["array"] = _array(found.pairs)
    if longest_s >= 0.99 and len(found.power) >= 3:
        parts["slow"] = np.median(bin_log_power(median, frequencies_hz=hz, edges_hz=_SLOW) - total, axis=1)
    if top >= 97.0:
        rows = [bin_log_power(median, frequencies_hz=hz, edges_hz=edges)[0] - total for edges in _FAST]
        parts["fast"] = np.median(np.array(rows), axis=1)
    return parts


def _rhythms(spectrum: Array) -> Array:
    """The exponent, the heights of theta, alpha and beta above the line, and where alpha and beta peak (log Hz)."""
    middles = np.sqrt(_SPECTRUM[:-1] * _SPECTRUM[1:])
    _, exponent, above = aperiodic(spectrum, frequencies_hz=middles)
    heights, places = [], []
    for low, high in _PEAKS:
        inside = (middles >= low) & (middles < high)
        heights.append(above[inside].max())
        mass = np.exp(2 * above[inside])
        places.append(float((mass * np.log(middles[inside])).sum() / mass.sum()))
    return np.array([exponent, *heights, 3 * places[1], 3 * places[2]])


def _array(pairs: Array) -> Array:
    """Quantiles of the channels' correlations and amplitudes, and the shares of the principal components: no names."""
    if len(pairs) < 3:
        return np.full(16, np.nan)
    size = np.sqrt(np.maximum(np.diag(pairs), 1e-30))
    tied = (pairs / (size[:, None] * size))[np.triu_indices(len(pairs), 1)]
    shares = np.sort(np.maximum(np.linalg.eigvalsh(pairs), 0))[::-1][:4]
    level = np.log(size) - np.log(np.median(size))
    return np.concatenate([
        np.percentile(tied, [5, 20, 40, 60, 80, 95]), np.pad(shares / np.trace(pairs), (0, 4 - len(shares))) * 2,
        np.clip(np.percentile(level, [5, 20, 40, 60, 80, 95]), -2, 2),
    ])  # fmt: skip


def _on_head(
    found: _Spectra, median: Array, *, types: NDArray[np.str_], regions: NDArray[np.intp]
) -> dict[str, Array]:
    """What needs places: rhythms over regions, and how regions vary together."""
    mixing = _mixing(regions, types)
    if mixing is None or not len(found.broad):
        return {}
    bands = bin_log_power(median, frequencies_hz=found.hz, edges_hz=_BANDS)
    regional = bands @ mixing
    regional = regional - regional.mean(axis=1, keepdims=True)
    return {
        "topography": regional.ravel(),
        "covariance": _tangent(found.broad),
        "alpha": _tangent(found.alpha),
    }


def _tangent(crosses: Array) -> Array:
    """The upper triangle of the logarithm of the mean covariance, off-diagonals times the root of two."""
    middle = crosses.mean(axis=0)
    size = len(middle)
    shrunk = (1 - _SHRINK) * middle / np.trace(middle) + _SHRINK * np.eye(size) / size
    values, vectors = np.linalg.eigh(shrunk * size)
    log = (vectors * np.log(np.maximum(values, 1e-6))) @ vectors.T
    log -= np.eye(size) * np.trace(log) / size
    rows, columns = np.triu_indices(size)
    return np.asarray(np.where(rows == columns, 1.0, np.sqrt(2.0)) * log[rows, columns])

"""What optical imaging and behaviour are like: traces and images, poses and gaze."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.discover.likeness_layout import pack
from commissure.discover.likeness_traces import quantiles
from commissure.errors import BadInput
from commissure.kernels.spectra import bin_log_power, fourier, log_bins, spread_windows
from commissure.model import Cells, Descriptor, Gaze, Movie, Pose

__all__ = ["describe_cells", "describe_gaze", "describe_movie", "describe_pose"]

Array = NDArray[np.floating[Any]]
_FOUR, _NINE = (10, 35, 65, 90), (5, 15, 25, 35, 50, 65, 75, 85, 95)
_FRAMES, _MOST_CELLS, _MOST_SAMPLES = 120, 300, 20_000
_TINY = 1e-12


def describe_movie(movie: Movie) -> Descriptor:
    """The descriptor of a film of optical imaging, from at most 120 frames.

    Raises
    ------
    BadInput
        If it has fewer than four frames, or does not change.
    """
    count = int(movie.frames.shape[0])
    if count < 4:
        raise BadInput(f"A film is described from four frames on; got {count}.")
    frames = np.stack([_plane(movie.frames[i]) for i in spread_windows(count, length=1, most=_FRAMES)])
    if not np.isfinite(frames).all() or not np.ptp(frames) > 0:
        raise BadInput(
            "The film does not change, or holds values that are no numbers; it cannot be described."
        )
    mean = frames.mean(axis=0)
    pixels = frames.reshape(len(frames), -1)[:, :: max(1, mean.size // 4000)]
    return pack(
        "optical", {"image": _image(mean), "traces": _distribution(pixels), "together": _pairs(pixels)}
    )


def _plane(frame: object) -> Array:
    found = np.asarray(frame, dtype=np.float64)
    return found if found.ndim == 2 else found.reshape(found.shape[0], found.shape[1], -1)[..., 0]


def describe_cells(cells: Cells) -> Descriptor:
    """The descriptor of cells and their traces.

    Raises
    ------
    BadInput
        If there is no trace that changes.
    """
    name = next((each for each in ("fluorescence", "dff", *cells.traces) if each in cells.traces), "")
    if not name:
        raise BadInput("The cells have no traces; nothing can be described.")
    signal = cells.traces[name]
    accepted = np.ones(signal.shape[1], bool) if cells.accepted is None else np.asarray(cells.accepted, bool)
    traces = np.asarray(signal[:_MOST_SAMPLES], dtype=np.float64)[
        :, accepted if accepted.any() else slice(None)
    ]
    traces = traces[:, :_MOST_CELLS]
    traces = traces[:, np.isfinite(traces).all(axis=0) & (np.nan_to_num(traces).std(axis=0) > 0)]
    if not traces.size or len(traces) < 8:
        raise BadInput("No trace of eight samples or more changes over time; nothing can be described.")
    parts = {"traces": _distribution(traces), "together": _pairs(traces), "spectrum": _speed(traces)}
    if cells.mean_image is not None and np.ptp(cells.mean_image) > 0:
        parts["image"] = _image(np.asarray(cells.mean_image, dtype=np.float64))
    areas = np.array([len(pixels) for pixels in cells.pixels], dtype=float)
    if len(areas) and cells.size_px[0]:
        parts["cells"] = quantiles(np.log(np.maximum(areas, 1)), shares=_NINE)
    return pack("optical", parts)


def _image(mean: Array) -> Array:
    level = mean - np.percentile(mean, 1)
    level = level / max(float(np.percentile(level, 99)), _TINY)
    lines = np.abs(np.fft.rfft2(level - level.mean())) ** 2
    rows, columns = np.fft.fftfreq(len(level))[:, None], np.fft.rfftfreq(level.shape[1])[None]
    radius, edges = np.hypot(rows, columns), log_bins(0.01, 0.5, count=7)
    texture = np.array(
        [lines[(radius >= a) & (radius < b)].sum() for a, b in zip(edges[:-1], edges[1:], strict=True)]
    )
    return np.concatenate([quantiles(level) * 2, np.log(texture / max(texture.sum(), _TINY) + 1e-5)])


def _distribution(traces: Array) -> Array:
    """Over traces: skewness, tails, sample-to-sample noise and how long a transient lasts, four quantiles each."""
    scaled = (traces - np.median(traces, axis=0)) / np.maximum(traces.std(axis=0), _TINY)
    skew = np.log1p(np.abs((scaled**3).mean(axis=0)))
    tails = np.log((scaled**4).mean(axis=0) + 1e-3)
    noise = np.log(np.abs(np.diff(scaled, axis=0)).mean(axis=0) + 1e-3)
    high = np.log((scaled > 2).mean(axis=0) + 1e-3)
    return np.concatenate([quantiles(each, shares=_FOUR) for each in (skew, tails, noise, high)])


def _pairs(traces: Array) -> Array:
    chosen = traces[:, :: max(1, traces.shape[1] // 200)]
    chosen = chosen[:, chosen.std(axis=0) > 0]
    if chosen.shape[1] < 3:
        return np.full(9, np.nan)
    return quantiles(np.corrcoef(chosen.T)[np.triu_indices(chosen.shape[1], 1)], shares=_NINE)


def _speed(traces: Array) -> Array:
    """Power against a cycle's share of the frame rate; the rate itself may not be known."""
    power = (np.abs(fourier(traces / traces.std(axis=0))) ** 2).mean(axis=1)[:, None]
    shares = np.fft.rfftfreq(len(traces))
    own = bin_log_power(power, frequencies_hz=shares, edges_hz=log_bins(0.004, 0.5, count=8))[:, 0]
    return np.asarray(own - own.mean())


def describe_pose(pose: Pose) -> Descriptor:
    """The descriptor of tracked body parts; lengths are told against the body's own.

    Raises
    ------
    BadInput
        If fewer than sixteen frames are tracked.
    """
    places = np.asarray(pose.position_px, dtype=np.float64)[:_MOST_SAMPLES]
    times = np.asarray(pose.times_s, dtype=np.float64)[:_MOST_SAMPLES]
    middle = _ignoring_nan(places)
    spans = np.sqrt(((places - middle[:, None]) ** 2).sum(axis=2))
    body = float(np.nanmedian(spans)) if np.isfinite(spans).any() and places.shape[1] > 1 else 1.0
    parts = _course(middle / max(body, 1e-6), times)
    if places.shape[1] > 1:
        parts["pose"] = np.log(quantiles(spans / max(body, 1e-6), shares=_NINE) + 0.05)
    return pack("behaviour", parts)


def _ignoring_nan(places: Array) -> Array:
    seen: NDArray[np.bool_] = np.asarray(np.isfinite(places).all(axis=2))
    total = np.where(seen[..., None], places, 0.0).sum(axis=1)
    count = np.asarray(seen.sum(axis=1, dtype=np.int64)).reshape(-1, 1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def describe_gaze(gaze: Gaze) -> Descriptor:
    """The descriptor of eye movements; distances are told against the spread of gaze.

    Raises
    ------
    BadInput
        If no two columns hold a place, or fewer than sixteen samples do.
    """
    names = [name.lower() for name in gaze.columns]
    x = next((i for i, name in enumerate(names) if name.startswith("x")), None)
    y = next((i for i, name in enumerate(names) if name.startswith("y")), None)
    if x is None or y is None:
        raise BadInput("The gaze has no columns of x and y; nothing can be described.")
    places = np.asarray(gaze.samples[:_MOST_SAMPLES], dtype=np.float64)[:, [x, y]]
    spread = float(np.nanstd(places)) if np.isfinite(places).any() else 1.0
    return pack("behaviour", _course(places / max(spread, _TINY), np.arange(len(places)) / gaze.rate_hz))


def _course(places: Array, times_s: Array) -> dict[str, Array]:
    seen = np.isfinite(places).all(axis=1) & np.isfinite(times_s)
    places, times_s = places[seen], times_s[seen]
    if len(places) < 16:
        raise BadInput(f"Behaviour is described from 16 tracked samples on; got {len(places)}.")
    speed = np.sqrt((np.diff(places, axis=0) ** 2).sum(axis=1)) / np.maximum(np.diff(times_s), 1e-6)
    power = (np.abs(fourier(speed[:, None])) ** 2).clip(_TINY)
    own = bin_log_power(
        power, frequencies_hz=np.fft.rfftfreq(len(speed)), edges_hz=log_bins(0.004, 0.5, count=8)
    )[:, 0]
    low, high = np.percentile(places, [2, 98], axis=0)
    cell = np.clip(((places - low) / np.maximum(high - low, _TINY) * 4).astype(int), 0, 3)
    stays = np.bincount(cell[:, 0] * 4 + cell[:, 1], minlength=16) / len(cell)
    return {
        "speed": np.log(quantiles(speed, shares=_NINE) + 1e-2),
        "rhythm": own - own.mean(),
        "space": np.sqrt(stays),
    }

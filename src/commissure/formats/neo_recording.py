"""A thin bridge: every stream of a neo ``RawIO`` as a Recording whose samples stay on disk."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.lazy import BlockSignal
from commissure.model import Annotation, Channel, Units

__all__ = ["NeoStream", "neo_annotations", "neo_open", "neo_streams", "neo_units"]

_SCALE = {
    "v": ("V", 1.0), "volt": ("V", 1.0), "mv": ("V", 1e-3), "uv": ("V", 1e-6), "µv": ("V", 1e-6), "nv": ("V", 1e-9),
    "a": ("A", 1.0), "ma": ("A", 1e-3), "ua": ("A", 1e-6), "na": ("A", 1e-9), "pa": ("A", 1e-12),
    "": ("1", 1.0), "dimensionless": ("1", 1.0), "a.u.": ("1", 1.0), "bits": ("1", 1.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NeoStream:
    """One stream of one segment: ``name``, samples, rate, channels as named by the file, and its start in seconds."""

    name: str
    signal: BlockSignal
    rate_hz: float
    channels: tuple[Channel, ...]
    start_s: float
    segment: int
    details: Mapping[str, object] = field(default_factory=dict)


def neo_open(reader: str, path: Path, **options: object) -> Any:
    """A neo ``RawIO`` called ``reader`` with its header parsed.

    Raises
    ------
    Unreadable
        If neo cannot parse the file.
    """
    rawio = need("neo.rawio", purpose="Reading neurophysiology recordings")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = getattr(rawio, reader)(str(path), **options)
            opened.parse_header()
    except MemoryError:
        raise
    except Exception as error:
        raise Unreadable(
            f"neo's {reader} cannot read the file ({type(error).__name__}); it is truncated or not of that format."
        ) from error
    return opened


def neo_streams(raw: Any, *, kind: Callable[[str, str], str]) -> Iterator[NeoStream]:
    """Every stream of every segment; ``kind`` maps (stream name, channel name) to a channel type."""
    for segment in range(raw.segment_count(0)):
        for index, stream in enumerate(raw.header["signal_streams"]):
            rows = raw.header["signal_channels"]
            rows = rows[rows["stream_id"] == stream["id"]]
            length = raw.get_signal_size(0, segment, index)
            if length < 1:
                continue
            name = str(stream["name"])
            channels = tuple(_channel(row, kind(name, str(row["name"]))) for row in rows)
            yield NeoStream(
                name,
                _signal(raw, segment, index, shape=(length, len(rows))),
                float(raw.get_signal_sampling_rate(index)),
                channels,
                float(raw.get_signal_t_start(0, segment, index)),
                segment,
            )


def _signal(raw: Any, segment: int, stream: int, *, shape: tuple[int, int]) -> BlockSignal:
    def block(start: int, stop: int) -> NDArray[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(raw.get_analogsignal_chunk(0, segment, start, stop, stream_index=stream))

    dtype = block(0, 1).dtype
    return BlockSignal(block, shape=shape, dtype=dtype)


def _channel(row: Any, kind: str) -> Channel:
    unit, scale = _SCALE.get(str(row["units"]).strip().lower(), (str(row["units"]), 1.0))
    return Channel(str(row["name"]), kind, unit, float(row["gain"]) * scale, float(row["offset"]) * scale)


def neo_annotations(raw: Any, *, segment: int = 0, start_s: float = 0.0) -> tuple[Annotation, ...]:
    """Events and epochs of a segment, onsets from ``start_s``."""
    found = []
    for index, channel in enumerate(raw.header["event_channels"]):
        times, durations, labels = raw.get_event_timestamps(
            block_index=0, seg_index=segment, event_channel_index=index
        )
        onsets = raw.rescale_event_timestamp(times, dtype="float64", event_channel_index=index)
        lasts = (
            raw.rescale_epoch_duration(durations, dtype="float64", event_channel_index=index)
            if durations is not None
            else None
        )
        for number, onset in enumerate(onsets):
            found.append(
                Annotation(
                    f"{channel['name']}: {labels[number]}" if str(labels[number]) else str(channel["name"]),
                    onset_s=float(onset) - start_s,
                    duration_s=float(lasts[number]) if lasts is not None else 0.0,
                    by="device",
                )
            )
    return tuple(sorted(found, key=lambda a: a.onset_s or 0.0))


def neo_units(raw: Any, about: Any, *, segment: int = 0, start_s: float = 0.0) -> Units | None:
    """Sorted spikes that the file holds; None if there are none."""
    times, names = [], []
    for index, channel in enumerate(raw.header["spike_channels"]):
        stamps = raw.get_spike_timestamps(block_index=0, seg_index=segment, spike_channel_index=index)
        if len(stamps) == 0:
            continue
        times.append(np.sort(raw.rescale_spike_timestamp(stamps, dtype="float64") - start_s))
        names.append(str(channel["name"]))
    if not times:
        return None
    return Units(tuple(range(len(times))), tuple(times), about, {"unit_name": names})

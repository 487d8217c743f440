"""Plain binary samples that a side file explains (``info.json``, ``<name>.json``, ``<name>.yaml``), or their name.

A name such as ``test-4ch-1s.dat`` tells channels and duration, and so the rate; it is believed softly.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml

from commissure.errors import Unreadable
from commissure.formats.clues import Clues
from commissure.formats.lazy import FileSignal
from commissure.formats.listing import Listing
from commissure.formats.probes import Site, sites_of
from commissure.model import Channel, Device, Origin, Recording, Source

__all__ = ["Binary", "Layout", "layout_of", "plain_recording", "reader"]

_SUFFIXES = (".raw", ".dat", ".bin", ".i16")
_RATE = (
    "sample_rate",
    "sampling_rate",
    "sampling_frequency",
    "fs",
    "rate_hz",
    "samplerate",
    "sample_rate_hz",
)
_CHANNELS = (
    "n_channels",
    "num_channels",
    "nchannels",
    "n_channels_dat",
    "channel_count",
    "num_chan",
    "channels",
)
_GAIN_UV = ("gain_to_uv", "gain_uv", "uv_per_bit", "bit_volts", "microvolts_per_bit")
_DTYPES = {"i": (1, 2, 4, 8), "u": (1, 2, 4), "f": (4, 8)}
_NAMED = re.compile(
    r"(?<![A-Za-z0-9])(\d{1,4})ch(?:an(?:nels)?)?[-_](\d{1,6})s(?![A-Za-z0-9])", re.IGNORECASE
)
_RATE_RANGE_HZ = (100.0, 100_000.0)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a plain binary is laid out: rate, channels, type, where samples begin, and volts a count (None if untold)."""

    rate_hz: float
    channels: int
    dtype: str = "<i2"
    offset_bytes: int = 0
    gain_v: float | None = None
    origin: Origin = Origin.SIDECAR


class Binary:
    """Reads plain binaries with a side file."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a binary whose layout is told, with its side files."""
        claimed: set[str] = set()
        for entry in listing.with_suffix(*_SUFFIXES):
            if entry.bytes == 0:
                continue
            sides = [path for path in _sides(listing, entry.path) if _told(listing, path) is not None]
            probes = [e.path for e in listing.in_folder(entry.folder) if _is_probe(listing, e.path)]
            extra = tuple(path for path in dict.fromkeys([*sides[:1], *probes]) if path not in claimed)
            if sides:
                claimed.update(extra)
                yield Source("binary", (entry.path, *extra), "nwb", confidence=0.8)
            elif _from_name(entry.name, entry.bytes) is not None:
                note = "rate and channels by the file's name alone"
                yield Source("binary", (entry.path,), "nwb", confidence=0.4, note=note)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording, samples left in the file."""
        entry = listing.by_path[source.primary]
        sides = (_told(listing, path) for path in _sides(listing, source.primary))
        layout = next((told for told in sides if told is not None), None) or _from_name(
            entry.name, entry.bytes
        )
        if layout is None:
            raise Unreadable(
                "Nothing tells the rate and the channels of this binary; put them in info.json beside it."
            )
        probe = next((path for path in source.files[1:] if _is_probe(listing, path)), None)
        sites = sites_of("read_probeinterface", listing.absolute(probe)) if probe else {}
        return [plain_recording(source, listing, path=source.primary, layout=layout, sites=sites)]


def plain_recording(
    source: Source, listing: Listing, *, path: str, layout: Layout, sites: Mapping[int, Site] | None = None
) -> Recording:
    """A Recording of a plain binary; channels are electrodes, in counts where no gain is told."""
    signal = FileSignal(
        listing.absolute(path), dtype=layout.dtype, channels=layout.channels, offset_bytes=layout.offset_bytes
    )
    clues = Clues(source)
    clues.fact("rate_hz", layout.rate_hz, layout.origin)
    clues.fact("channels", layout.channels, layout.origin)
    unit, gain = ("V", layout.gain_v) if layout.gain_v else ("1", 1.0)
    channels = []
    for index in range(layout.channels):
        site = (sites or {}).get(index)
        place = site.position_mm if site else None
        details = dict(site.details) if site else {}
        channels.append(
            Channel(f"ch{index}", "EXT", unit, gain, 0.0, place, site.group if site else "", details=details)
        )
    left = signal.left_over_bytes
    sidecar = {"bytes_left_over": left} if left else {}
    about = clues.about("ecephys", device=Device(), sidecar=sidecar)
    return Recording(signal, layout.rate_hz, tuple(channels), about, space="probe" if sites else "")


def layout_of(told: Mapping[str, Any]) -> Layout | None:
    """The layout that a side file's fields tell; None if rate or channels are missing.

    >>> layout_of({"sample_rate": 15000.0, "shape": [-1, 4], "dtype": "int16"})
    Layout(rate_hz=15000.0, channels=4, dtype='<i2', offset_bytes=0, gain_v=None, origin=<Origin.SIDECAR: 'sidecar'>)
    """
    low = {str(key).lower(): value for key, value in told.items()}
    rate = next((low[key] for key in _RATE if isinstance(low.get(key), int | float)), None)
    channels = next((low[key] for key in _CHANNELS if isinstance(low.get(key), int)), None)
    shape = low.get("shape")
    if channels is None and isinstance(shape, list) and len(shape) == 2 and isinstance(shape[1], int):
        channels = shape[1]
    if not rate or not channels or channels < 1 or rate <= 0:
        return None
    try:
        dtype = np.dtype(str(low.get("dtype", "int16")))
    except TypeError:
        return None
    if dtype.itemsize not in _DTYPES.get(dtype.kind, ()):
        return None
    gain = next((float(low[key]) * 1e-6 for key in _GAIN_UV if isinstance(low.get(key), int | float)), None)
    if gain is None and isinstance(low.get("gain_v"), int | float):
        gain = float(low["gain_v"])
    offset = low.get("offset_bytes", low.get("file_offset", 0))
    order = dtype if dtype.byteorder == ">" else dtype.newbyteorder("<")
    return Layout(float(rate), int(channels), order.str, int(offset) if isinstance(offset, int) else 0, gain)


def _sides(listing: Listing, path: str) -> list[str]:
    stem = PurePosixPath(path).stem
    names = [f"{stem}.json", f"{stem}.yaml", f"{stem}.yml", "info.json", "info.yaml", "recording.json"]
    return [found for name in names if (found := listing.beside(path, name)) is not None]


def _told(listing: Listing, path: str) -> Layout | None:
    text = listing.head(path)
    try:
        told = json.loads(text) if path.lower().endswith(".json") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError):
        return None
    return layout_of(told) if isinstance(told, dict) else None


def _is_probe(listing: Listing, path: str) -> bool:
    return path.lower().endswith(".json") and b'"probeinterface"' in listing.head(path, 512)


def _from_name(name: str, size: int) -> Layout | None:
    match = _NAMED.search(name)
    if match is None:
        return None
    channels, seconds = int(match.group(1)), int(match.group(2))
    if channels < 1 or seconds < 1 or size % (2 * channels):
        return None
    rate_hz = size / 2 / channels / seconds
    if not _RATE_RANGE_HZ[0] <= rate_hz <= _RATE_RANGE_HZ[1]:
        return None
    return Layout(rate_hz, channels, origin=Origin.NAME)


reader = Binary()

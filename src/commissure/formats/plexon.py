"""Plexon ``.plx``: sampled streams, sorted units and events."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.formats.clues import Clues
from commissure.formats.lazy import BlockSignal
from commissure.formats.listing import Listing
from commissure.formats.names import label_of
from commissure.formats.neo_recording import neo_annotations, neo_open, neo_streams, neo_units
from commissure.model import About, Channel, Device, Recording, Source, Units

__all__ = ["Plexon", "reader"]

_MAGIC = b"PLEX"
#: the header tells bit depths from this version on
_BITS_SINCE = 103


class Plexon:
    """Reads Plexon's ``.plx`` files."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a file that begins with Plexon's mark."""
        for entry in listing.files:
            if listing.head(entry.path, 4) == _MAGIC and entry.suffix in (".plx", ""):
                yield Source("plexon", (entry.path,), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording | Units]:  # noqa: ARG002
        """One Recording a stream (wide band, spike band, field potential, auxiliary); Units for sorted spikes."""
        raw = neo_open("PlexonRawIO", listing.absolute(source.primary), progress_bar=False)
        head = listing.head(source.primary, 204)
        scale = _scale(head)
        nouns: list[Recording | Units] = []
        for index, stream in enumerate(neo_streams(raw, kind=_kind)):
            about = _about(source, raw, head=head, desc=label_of(stream.name).lower() or f"stream{index}")
            marks = neo_annotations(raw, start_s=stream.start_s) if index == 0 else ()
            signal = _signal(raw, index, length=stream.signal.shape[0])
            nouns.append(
                Recording(
                    signal, stream.rate_hz, tuple(_volts(c, scale) for c in stream.channels), about, marks
                )
            )
        units = neo_units(raw, _about(source, raw, head=head, desc="spikes"))
        return [*nouns, units] if units is not None else nouns


def _about(source: Source, raw: Any, *, head: bytes, desc: str) -> About:
    clues = Clues(source)
    told = raw.raw_annotations["blocks"][0]
    start = told.get("rec_datetime")
    clues.hide("comment", head[8:136].split(b"\x00")[0].decode("latin-1"))
    return clues.about(
        "ecephys",
        start=start if isinstance(start, datetime) else None,
        device=Device("Plexon", "Multichannel Acquisition Processor"),
        entities={"desc": desc},
    )


def _signal(raw: Any, stream: int, *, length: int) -> BlockSignal:
    """The stream's samples, gathered from the file's blocks.

    neo (to 0.14.6) gives zeros for the last block where a read ends with the recording, so its blocks are joined
    here.
    """
    rows = raw.header["signal_channels"]
    rows = rows[rows["stream_id"] == raw.header["signal_streams"][stream]["id"]]
    tables = [raw._data_blocks[5][np.int32(row["id"])] for row in rows]

    def block(start: int, stop: int) -> NDArray[Any]:
        out = np.zeros((stop - start, len(tables)), dtype="<i2")
        for column, table in enumerate(tables):
            first = max(int(np.searchsorted(table["cumsum"], start, side="right")) - 1, 0)
            for part in table[first:]:
                begin = int(part["cumsum"])
                if begin >= stop:
                    break
                data = raw._memmap[int(part["pos"]) : int(part["pos"]) + int(part["size"])].view("<i2")
                low, high = max(start, begin), min(stop, begin + data.size)
                out[low - start : high - start, column] = data[low - begin : high - begin]
        return out

    return BlockSignal(block, shape=(length, len(tables)), dtype="<i2")


def _scale(head: bytes) -> float:
    """From neo's gain, which takes the spikes' bit depth for that of the sampled channels, to millivolts."""
    version, spike_bits, slow_bits = int.from_bytes(head[4:8], "little"), head[202], head[203]
    return 2.0 ** (spike_bits - slow_bits) if version >= _BITS_SINCE and spike_bits and slow_bits else 1.0


def _volts(channel: Channel, scale: float) -> Channel:
    """Plexon's scale gives millivolts; neo leaves the unit empty."""
    factor = scale * 1e-3 if channel.unit == "1" else 1.0
    return replace(channel, unit="V", gain=channel.gain * factor, offset=channel.offset * factor)


def _kind(stream: str, channel: str) -> str:
    name = f"{stream} {channel}".upper()
    if "FP" in name:
        return "LFP"
    if "SPKC" in name:
        return "HP"
    return "ADC" if "AI" in channel.upper() or "AUX" in name else "EXT"


reader = Plexon()

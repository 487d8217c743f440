"""Plexon ``.plx``: sampled streams, sorted units and events."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.formats.names import label_of
from commissure.formats.neo_recording import neo_annotations, neo_open, neo_streams, neo_units
from commissure.model import About, Device, Recording, Source, Units

__all__ = ["Plexon", "reader"]

_MAGIC = b"XELP"


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
        nouns: list[Recording | Units] = []
        for index, stream in enumerate(neo_streams(raw, kind=_kind)):
            about = _about(source, raw, desc=label_of(stream.name).lower() or f"stream{index}")
            marks = neo_annotations(raw, start_s=stream.start_s) if index == 0 else ()
            nouns.append(Recording(stream.signal, stream.rate_hz, stream.channels, about, marks))
        units = neo_units(raw, _about(source, raw, desc="spikes"))
        return [*nouns, units] if units is not None else nouns


def _about(source: Source, raw: Any, *, desc: str) -> About:
    clues = Clues(source)
    told = raw.raw_annotations["blocks"][0]
    start = told.get("rec_datetime")
    header = getattr(raw, "_global_header", {})
    comment = header.get("Comment", b"") if isinstance(header, dict) else b""
    clues.hide("comment", comment.decode("latin-1") if isinstance(comment, bytes) else comment)
    return clues.about(
        "ecephys",
        start=start if isinstance(start, datetime) else None,
        device=Device("Plexon", "Multichannel Acquisition Processor"),
        entities={"desc": desc},
    )


def _kind(stream: str, channel: str) -> str:
    name = f"{stream} {channel}".upper()
    if "FP" in name:
        return "LFP"
    if "SPKC" in name:
        return "HP"
    return "ADC" if "AI" in channel.upper() or "AUX" in name else "EXT"


reader = Plexon()

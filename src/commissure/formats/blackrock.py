"""Blackrock ``.nev`` and ``.ns1`` to ``.ns6``: sampled streams, spikes and digital events of one session."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.formats.neo_recording import NeoStream, neo_annotations, neo_open, neo_streams, neo_units
from commissure.model import Device, Recording, Source, Units

__all__ = ["Blackrock", "reader"]

_MAGIC = (b"NEURALSG", b"NEURALCD", b"BRSMPGRP", b"NEURALEV", b"BREVENTS")
_SAMPLED = tuple(f".ns{number}" for number in range(1, 7))


class Blackrock:
    """Reads Blackrock's Neural Signal Processor files."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a base name, with all its ``.nsX``, ``.nev`` and ``.ccf``."""
        groups: dict[str, list[str]] = defaultdict(list)
        for entry in listing.with_suffix(*_SAMPLED, ".nev"):
            if listing.head(entry.path, 8) in _MAGIC:
                groups[entry.path[: -len(entry.suffix)]].append(entry.path)
        for base, paths in groups.items():
            paths.sort(key=lambda path: (path.lower().endswith(".nev"), path))
            extra = [base + ".ccf"] if listing.has(base + ".ccf") else []
            yield Source("blackrock", (*paths, *extra), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording | Units]:  # noqa: ARG002
        """One Recording a stream and segment; Units where the ``.nev`` holds spikes."""
        base = listing.absolute(source.primary).with_suffix("")
        raw = neo_open("BlackrockRawIO", base)
        nouns: list[Recording | Units] = []
        first = True
        for stream in neo_streams(raw, kind=_kind):
            about = _about(source, raw, entities=_entities(stream, raw.segment_count(0)))
            marks = neo_annotations(raw, segment=stream.segment, start_s=stream.start_s) if first else ()
            first = False
            nouns.append(Recording(stream.signal, stream.rate_hz, stream.channels, about, marks))
        units = neo_units(raw, _about(source, raw, entities={"desc": "spikes"}))
        return [*nouns, units] if units is not None else nouns


def _about(source: Source, raw: Any, *, entities: dict[str, str]) -> Any:
    clues = Clues(source)
    header = raw.raw_annotations["blocks"][0]["segments"][0]
    start = header.get("rec_datetime") or raw.raw_annotations["blocks"][0].get("rec_datetime")
    nsx = getattr(raw, "_nsx_basic_header", None) or {}
    nev = getattr(raw, "_nev_basic_header", None)
    for basic in [*nsx.values(), *([nev] if nev is not None else [])]:
        if "comment" in (basic.dtype.names or ()):
            clues.hide("comment", _text(basic["comment"]))
    return clues.about(
        "ecephys",
        start=start,
        device=Device("Blackrock Neurotech", "Neural Signal Processor"),
        entities=entities,
    )


def _text(value: Any) -> str:
    raw = value.tobytes() if hasattr(value, "tobytes") and not isinstance(value, bytes) else value
    return raw.split(b"\x00")[0].decode("latin-1").strip() if isinstance(raw, bytes) else str(value)


def _entities(stream: NeoStream, segments: int) -> dict[str, str]:
    entities = {"desc": f"{round(stream.rate_hz)}hz"}
    return entities | ({"run": f"{stream.segment + 1:02d}"} if segments > 1 else {})


def _kind(_: str, channel: str) -> str:
    name = channel.lower()
    return "ADC" if name.startswith(("ainp", "analog", "audio")) else "EXT"


reader = Blackrock()

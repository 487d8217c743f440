"""Intan ``.rhd`` and ``.rhs``: amplifier, auxiliary, supply, converter and digital streams, each at its rate."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from commissure.errors import Unreadable
from commissure.formats.clues import Clues
from commissure.formats.listing import Listing
from commissure.formats.names import label_of
from commissure.formats.neo_recording import NeoStream, neo_open, neo_streams
from commissure.model import Channel, Device, Recording, Source

__all__ = ["Intan", "reader"]

_MAGIC = {b"\x02\x27\x91\xc6": "RHD2000", b"\xac\x27\x91\xd6": "RHS2000"}
_KINDS = (
    ("auxiliary", "AUX"), ("supply", "MISC"), ("temperature", "MISC"), ("digital", "TRIG"), ("stim", "MISC"),
    ("dc amplifier", "MISC"), ("board adc", "ADC"), ("analog input", "ADC"), ("analog output", "MISC"),
    ("adc", "ADC"), ("dac", "MISC"), ("amplifier", "EXT"),
)  # fmt: skip
_SHORT = {"EXT": "amplifier", "AUX": "aux", "ADC": "adc", "TRIG": "digital"}


class Intan:
    """Reads Intan's one-file, one-file-per-signal and one-file-per-channel layouts."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a header; ``.dat`` files beside an ``info.rhd`` belong to it."""
        for entry in listing.with_suffix(".rhd", ".rhs"):
            if listing.head(entry.path, 4) not in _MAGIC:
                continue
            if entry.name.lower() in ("info.rhd", "info.rhs"):
                parts = tuple(e.path for e in listing.in_folder(entry.folder) if e.suffix == ".dat")
                if not parts:
                    yield Source(
                        "intan", (entry.path,), "nwb", note="header only, no samples", complete=False
                    )
                    continue
                yield Source("intan", (entry.path, *parts), "nwb")
            else:
                yield Source("intan", (entry.path,), "nwb")

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:  # noqa: ARG002
        """One Recording a stream."""
        raw = neo_open("IntanRawIO", listing.absolute(source.primary))
        model = _MAGIC[listing.head(source.primary, 4)]
        recordings = [self._recording(stream, source, raw, model) for stream in neo_streams(raw, kind=_kind)]
        if not recordings:
            raise Unreadable("The Intan file has a header and no samples; copy it again from its source.")
        return recordings

    def _recording(self, stream: NeoStream, source: Source, raw: object, model: str) -> Recording:
        clues = Clues(source)
        info = getattr(raw, "_global_info", {})
        for key in ("note1", "note2", "note3", "notes"):
            value = info.get(key)
            clues.hide("comment", *(value.values() if isinstance(value, dict) else [value]))
        clues.fact("rate_hz", stream.rate_hz)
        entities = {} if stream.channels[0].type == "EXT" else {"desc": _desc(stream)}
        about = clues.about(
            "ecephys",
            device=Device("Intan Technologies", model),
            entities=entities,
            sidecar={"starting_time_s": 0.0},
        )
        return Recording(stream.signal, stream.rate_hz, _named(stream.channels, info), about)


def _named(channels: tuple[Channel, ...], info: dict[str, object]) -> tuple[Channel, ...]:
    low, high = info.get("actual_lower_bandwidth"), info.get("actual_upper_bandwidth")
    if low is None or high is None:
        return channels
    band = f"Band-pass {float(str(low)):.2f} Hz to {float(str(high)):.1f} Hz (hardware)."
    return tuple(
        Channel(
            c.name, c.type, c.unit, c.gain, c.offset, group="Port " + c.name[0], details={"filtering": band}
        )
        if c.type == "EXT"
        else c
        for c in channels
    )


def _kind(stream: str, _: str) -> str:
    name = stream.lower()
    return next((kind for word, kind in _KINDS if word in name), "MISC")


def _desc(stream: NeoStream) -> str:
    kind = stream.channels[0].type
    word = next(
        (w for w in ("supply", "temperature", "stim", "dc amplifier") if w in stream.name.lower()), ""
    )
    return label_of(word) or _SHORT.get(kind) or label_of(stream.name).lower()


reader = Intan()

"""The bridge from an ``mne.io.Raw`` to a Recording, and the reader that every MNE format shares."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from commissure.errors import CommissureError, Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_channels import channels_of, datatype_of, landmarks_of
from commissure.formats.mne_events import annotations_of
from commissure.formats.mne_header import Header, about_of
from commissure.formats.mne_signal import RawSignal
from commissure.formats.names import facts_of
from commissure.formats.quiet import quietly
from commissure.kernels.line import line_frequency_hz
from commissure.model import Channel, Fact, Identifier, Origin, Recording, Source

__all__ = ["MneReader", "Opened", "Opener", "link_as", "recording_of"]

_PROBE_S = 60.0
_PROBE_CHANNELS = 8
_VOLTAGE_TYPES = {"EEG", "SEEG", "ECOG", "DBS", "MEGMAG", "MEGGRADAXIAL", "MEGGRADPLANAR"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A Raw with what its format's header tells beyond it.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Not loaded.
    header : Header
        What MNE does not pass on.
    gaps : tuple of (int, float)
        Sample index and seconds of each jump of the clock.
    local_clock : bool
        Whether the format writes local time, which MNE labels as UTC.
    codes : bool
        Whether codes on trigger channels are events; False where the annotations hold the same events by name.
    """

    raw: Any
    header: Header = Header()
    gaps: tuple[tuple[int, float], ...] = ()
    local_clock: bool = True
    codes: bool = True


class Opener(Protocol):
    """Opens the files of one Source."""

    def __call__(self, source: Source, listing: Listing, *, scratch: Path) -> Iterable[Opened]:
        """The Raws in it, each with its header."""
        ...


@dataclass(frozen=True)
class MneReader:
    """A reader made of two functions: one that finds, one that opens.

    Parameters
    ----------
    format : str
        The name in the registry.
    finder : callable
        ``(listing) -> iterable of Source``.
    opener : callable
        ``(source, listing, *, scratch) -> iterable of Opened``; whatever it raises becomes Unreadable.
    """

    format: str
    finder: Callable[[Listing], Iterable[Source]]
    opener: Opener

    def find(self, listing: Listing) -> Iterable[Source]:
        """The Sources of this format."""
        return list(self.finder(listing))

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:
        """The Recordings of one Source, samples left on disk; :class:`Unreadable` if its bytes are not right."""
        if not source.complete:
            raise Unreadable(f"A {self.format} recording is not complete: {source.note}.")
        need("mne", purpose=f"Reading {self.format} recordings")
        size = sum(listing.by_path[path].bytes for path in source.files if path in listing.by_path)
        with quietly(), _readable(self.format, size):
            return [
                recording_of(opened, path=source.primary)
                for opened in self.opener(source, listing, scratch=scratch)
            ]


def recording_of(opened: Opened, *, path: str) -> Recording:
    """A Raw as a Recording: channels, events, who, when, with what.

    Parameters
    ----------
    opened : Opened
        The Raw and its header.
    path : str
        The primary file's path below the raw folder, for what names tell.

    Raises
    ------
    Unreadable
        If it has no samples or no channels.
    """
    raw, header = opened.raw, opened.header
    if raw.n_times < 1 or not raw.ch_names:
        raise Unreadable(
            f"The recording holds {raw.n_times} samples of {len(raw.ch_names)} channels; it must have some."
        )
    if opened.local_clock and raw.info["meas_date"] is not None and header.start is None:
        header = replace(header, start=raw.info["meas_date"].replace(tzinfo=None))
    datatype = _datatype(raw, header, path)
    channels = channels_of(raw, details=header.details, datatype=datatype)
    signal = RawSignal(raw)
    rate_hz = float(raw.info["sfreq"])
    line, facts = _line(raw, signal, channels)
    about = about_of(raw.info, header=header, path=path, datatype=datatype, facts=facts)
    sidecar = dict(about.sidecar)
    sidecar.setdefault("PowerLineFrequency", line)
    if landmarks := landmarks_of(raw):
        sidecar.setdefault("AnatomicalLandmarkCoordinates", landmarks)
    annotations, free_text = annotations_of(raw, channels if opened.codes else ())
    identifiers = tuple(
        dict.fromkeys([*about.identifiers, *(Identifier("comment", text) for text in free_text)])
    )
    located = any(channel.position_mm for channel in channels)
    return Recording(
        signal=signal,
        rate_hz=rate_hz,
        channels=channels,
        about=replace(about, sidecar=sidecar, identifiers=identifiers),
        annotations=annotations,
        gaps=opened.gaps,
        space=_space(raw, datatype, landmarks=bool(landmarks)) if located else "",
        native=raw,
    )


def link_as(path: Path, *, scratch: Path, name: str) -> Path:
    """A link in ``scratch`` to ``path`` under another name, for libraries that insist on an extension."""
    target = scratch / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.symlink_to(path.resolve())
    return target


@contextlib.contextmanager
def _readable(format_: str, size: int) -> Iterator[None]:
    try:
        yield
    except CommissureError:
        raise
    except Exception as error:
        message = f"The {format_} recording cannot be read ({type(error).__name__}; {size} bytes in all): it is truncated, damaged or of a kind that the library does not know."
        raise Unreadable(message) from error


def _datatype(raw: Any, header: Header, path: str) -> str:
    by_channels = datatype_of(raw)
    if header.datatype:
        return header.datatype
    named = facts_of(path).datatype
    return "ieeg" if by_channels == "eeg" and named == "ieeg" else by_channels


def _line(raw: Any, signal: RawSignal, channels: tuple[Channel, ...]) -> tuple[object, list[Fact]]:
    if raw.info["line_freq"]:
        value = float(raw.info["line_freq"])
        return value, [Fact("PowerLineFrequency", value, Origin.HEADER)]
    columns = [index for index, one in enumerate(channels) if one.type in _VOLTAGE_TYPES and not one.bad]
    if not columns:
        return "n/a", []
    spread = columns[:: max(1, len(columns) // _PROBE_CHANNELS)][:_PROBE_CHANNELS]
    stop = min(signal.shape[0], int(_PROBE_S * raw.info["sfreq"]))
    found = line_frequency_hz(signal[:stop, spread], rate_hz=float(raw.info["sfreq"]))
    if found is None:
        return "n/a", []
    return found, [Fact("PowerLineFrequency", found, Origin.CONTENT, "a peak in the spectrum")]


def _space(raw: Any, datatype: str, *, landmarks: bool) -> str:
    frames = {
        int(record["coord_frame"]) for record in raw.info["chs"] if np.any(np.nan_to_num(record["loc"][:3]))
    }
    if datatype == "eeg" and frames == {4} and landmarks:
        return "CapTrak"
    return "Other"

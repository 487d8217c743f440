"""SNIRF: near-infrared recordings in HDF5.

References
----------
Tucker et al. 2022, doi:10.1117/1.NPh.10.1.013507.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.formats.mne_signal import JoinedSignal
from commissure.model import Channel, Device, Finding, Identifier, Recording, Severity, Source

__all__ = ["SnirfReader", "find", "open_snirf", "reader"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_AUXILIARY = (("accel", "ACCEL"), ("gyro", "GYRO"), ("magnet", "MAGN"))
_HARMLESS = {"LengthUnit", "TimeUnit", "FrequencyUnit", "MeasurementTime", "AppName"}
_CATEGORIES = {
    "SubjectID": "id",
    "MeasurementDate": "date",
    "SubjectName": "name",
    "DateOfBirth": "birth_date",
}


def find(listing: Listing) -> Iterator[Source]:
    """HDF5 files with a group ``/nirs``."""
    for entry in listing.with_suffix(".snirf", ".h5", ".hdf5", ".nirs", ""):
        if listing.head(entry.path, 8) != _HDF5:
            continue
        if entry.suffix == ".snirf":
            yield Source("snirf", (entry.path,), "bids")
        elif _holds_nirs(listing.absolute(entry.path)):
            yield Source("snirf", (entry.path,), "bids", note="a SNIRF file under another extension")


def open_snirf(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of the first measurement, optical channels only."""
    mne_io = need("mne.io", purpose="Reading SNIRF")
    path = listing.absolute(source.primary)
    if path.suffix != ".snirf":
        path = link_as(path, scratch=scratch, name="recording.snirf")
    tags = _tags(path)
    raw = mne_io.read_raw_snirf(path)
    found = [
        Identifier(_CATEGORIES.get(key, "comment"), text)
        for key, text in tags.items()
        if key not in _HARMLESS and text
    ]
    device = Device(tags.get("ManufacturerName", ""), tags.get("Model", ""))
    birth = _day(tags.get("DateOfBirth", ""))
    yield Opened(raw, Header(tuple(found), device, subject_id=tags.get("SubjectID", ""), birth=birth))


def _holds_nirs(path: Path) -> bool:
    try:
        with need("h5py", purpose="Reading SNIRF").File(path, "r") as file:
            return any(str(key).startswith("nirs") for key in file)
    except OSError:
        return False


def _tags(path: Path) -> dict[str, str]:
    try:
        file = need("h5py", purpose="Reading SNIRF").File(path, "r")
    except OSError as error:
        raise Unreadable(
            "The SNIRF file is no HDF5 file that can be opened: it is truncated or damaged."
        ) from error
    with file:
        group = next((file[key] for key in file if str(key).startswith("nirs")), None)
        if group is None:
            raise Unreadable("The HDF5 file holds no group '/nirs', as SNIRF demands.")
        return {str(key): _text(value[()]) for key, value in group.get("metaDataTags", {}).items()}


def _with_auxiliary(recording: Recording, path: Path) -> Recording:
    """The recording with the accelerometers and the like that are sampled as it is; a Fact for those that are not."""
    channels, columns, other = [], [], 0
    with need("h5py", purpose="Reading SNIRF").File(path, "r") as file:
        group = file[next(key for key in file if str(key).startswith("nirs"))]
        for key in sorted(
            (one for one in group if str(one).startswith("aux")), key=lambda one: (len(one), one)
        ):
            series = np.asarray(group[key]["dataTimeSeries"], dtype=np.float64).reshape(
                len(group[key]["dataTimeSeries"]), -1
            )
            if series.shape != (recording.signal.shape[0], 1):
                other += 1
                continue
            unit = _text(group[key]["dataUnit"][()]) if "dataUnit" in group[key] else "1"
            columns.append(series)
            channels.append(
                _auxiliary(_text(group[key]["name"][()]) if "name" in group[key] else str(key), unit)
            )
    about = recording.about
    if other:
        message = (
            f"{other} auxiliary channels are sampled at other times than the optical ones; they are left out."
        )
        found = Finding(
            "read.auxiliary", Severity.WARNING, message, remedy="Share them as a recording of their own."
        )
        about = replace(about, findings=(*about.findings, found))
    if not columns:
        return replace(recording, about=about)
    signal = JoinedSignal((recording.signal, np.hstack(columns)))
    return replace(recording, signal=signal, channels=(*recording.channels, *channels), about=about)


def _auxiliary(name: str, unit: str) -> Channel:
    type_ = next((kind for word, kind in _AUXILIARY if word in name.lower()), "MISC")
    axis = name.lower()[-1:]
    details = {"component": axis} if type_ != "MISC" and axis in "xyz" else {}
    return Channel(name, type_, unit=unit or "1", details=details)


def _text(value: Any) -> str:
    first = value.ravel()[0] if getattr(value, "size", 0) else value
    return first.decode("utf-8", "replace").strip("\0 ") if isinstance(first, bytes) else str(first)


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return None


@dataclass(frozen=True)
class SnirfReader:
    """Reads SNIRF files: what MNE reads, and the auxiliary channels beside it."""

    optical: MneReader

    def find(self, listing: Listing) -> Iterable[Source]:
        """The Sources of this format."""
        return self.optical.find(listing)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Recording]:
        """One Recording; :class:`Unreadable` if its bytes are not right."""
        found = self.optical.read(source, listing, scratch=scratch)
        try:
            return [_with_auxiliary(one, listing.absolute(source.primary)) for one in found]
        except (OSError, KeyError, ValueError, TypeError) as error:
            message = f"The auxiliary channels of the SNIRF file cannot be read ({type(error).__name__}); the file is damaged."
            raise Unreadable(message) from error


#: the plugin
reader = SnirfReader(MneReader("snirf", find, open_snirf))

"""SNIRF: near-infrared recordings in HDF5.

References
----------
Tucker et al. 2022, doi:10.1117/1.NPh.10.1.013507.
"""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Fact, Identifier, Origin, Source

__all__ = ["find", "open_snirf", "reader"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
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
    """The Raw of the first measurement; auxiliary channels that MNE leaves out are told as a Fact."""
    mne_io = need("mne.io", purpose="Reading SNIRF")
    path = listing.absolute(source.primary)
    if path.suffix != ".snirf":
        path = link_as(path, scratch=scratch, name="recording.snirf")
    tags, auxiliary = _tags(path)
    raw = mne_io.read_raw_snirf(path)
    found = [
        Identifier(_CATEGORIES.get(key, "comment"), text)
        for key, text in tags.items()
        if key not in _HARMLESS and text
    ]
    facts: tuple[Fact, ...] = ()
    if auxiliary:
        note = "auxiliary channels are not carried over: " + ", ".join(auxiliary)
        facts = (Fact("auxiliary_channels", len(auxiliary), Origin.HEADER, note),)
    device = Device(tags.get("ManufacturerName", ""), tags.get("Model", ""))
    birth = _day(tags.get("DateOfBirth", ""))
    yield Opened(
        raw, Header(tuple(found), device, subject_id=tags.get("SubjectID", ""), birth=birth, facts=facts)
    )


def _holds_nirs(path: Path) -> bool:
    try:
        with need("h5py", purpose="Reading SNIRF").File(path, "r") as file:
            return any(str(key).startswith("nirs") for key in file)
    except OSError:
        return False


def _tags(path: Path) -> tuple[dict[str, str], list[str]]:
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
        tags = {str(key): _text(value[()]) for key, value in group.get("metaDataTags", {}).items()}
        auxiliary = [
            _text(group[key]["name"][()])
            for key in group
            if str(key).startswith("aux") and "name" in group[key]
        ]
    return tags, sorted(auxiliary)


def _text(value: Any) -> str:
    first = value.ravel()[0] if getattr(value, "size", 0) else value
    return first.decode("utf-8", "replace").strip("\0 ") if isinstance(first, bytes) else str(first)


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return None


#: the plugin
reader = MneReader("snirf", find, open_snirf)

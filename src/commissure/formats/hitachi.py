"""Hitachi ETG: one ``.csv`` for each probe, a header of lines by key and a table of samples."""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_hitachi", "reader"]

_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?Header[,\r\n].{0,400}?File Version,", re.S)
_PROBE = re.compile(r"(?:_|-)?Probe\d+(?=\.csv$)", re.I)
_CATEGORIES = {"ID": "id", "Name": "name", "Comment": "comment", "Date": "date"}
_SEXES = {"male": "M", "female": "F"}
_DATES = ("%m/%d/%y %H:%M", "%Y/%m/%d %H:%M", "%m/%d/%Y %H:%M", "%Y/%m/%d %H:%M:%S")


def find(listing: Listing) -> Iterator[Source]:
    """Tables that begin with Hitachi's header; probes of one name are one recording."""
    probes: dict[str, list[str]] = {}
    for entry in listing.with_suffix(".csv"):
        if _HEAD.match(listing.head(entry.path)):
            probes.setdefault(_PROBE.sub("", entry.path), []).append(entry.path)
    for files in probes.values():
        yield Source("hitachi", tuple(sorted(files)), "bids")


def open_hitachi(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:  # noqa: ARG001
    """The Raw of all probes of one recording."""
    mne_io = need("mne.io", purpose="Reading Hitachi")
    told = _keys(listing.absolute(source.primary))
    raw = mne_io.read_raw_hitachi([listing.absolute(path) for path in source.files])
    raw.set_meas_date(None)
    with raw.info._unlock():
        raw.info["subject_info"] = None  # MNE makes a birthday out of the age
    found = [Identifier(category, told[key]) for key, category in _CATEGORIES.items() if told.get(key)]
    found += [Identifier("name", part) for part in re.split(r"[ _,;]+", told.get("Name", "")) if len(part) > 1]  # fmt: skip
    years = re.fullmatch(r"(\d{1,3})y?", told.get("Age", ""))
    header = Header(
        tuple(found),
        Device("Hitachi", "ETG"),
        subject_id=told.get("ID", ""),
        sex=_SEXES.get(told.get("Sex", "").lower(), ""),
        age_years=float(years[1]) if years else None,
        start=_start(told.get("Date", "")),
    )
    yield Opened(raw, header)


def _keys(path: Path) -> dict[str, str]:
    """The header's keys and values, up to the table."""
    told: dict[str, str] = {}
    with path.open(encoding="latin-1", newline=None) as stream:
        for row in csv.reader(stream):
            if row[:1] == ["Data"]:
                break
            if len(row) > 1 and row[0]:
                told.setdefault(row[0], row[1].strip())
    return told


def _start(text: str) -> datetime | None:
    for form in _DATES:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the device tells no zone
        except ValueError:
            continue
    return None


#: the plugin
reader = MneReader("hitachi", find, open_hitachi)

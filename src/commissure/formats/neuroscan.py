"""Neuroscan ``.cnt``: a 900-byte setup, 75 bytes a channel, samples of 16 or 32 bits, an event table."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Fact, Identifier, Origin, Source

__all__ = ["find", "open_neuroscan", "reader"]

_SETUP, _ELECTRODE = 900, 75
_MOST_CHANNELS = 2048
#: averages and epochs begin in the same way
_OTHER_KINDS = {".avg", ".eeg", ".asc"}
#: where the setup keeps what tells of people: offset, length, category
_PEOPLE = ((21, 20, "id"), (41, 20, "operator"), (61, 20, "operator"), (81, 20, "operator"), (101, 20, "institution"),
           (121, 20, "name"), (145, 20, "comment"), (165, 20, "comment"), (185, 20, "comment"), (205, 20, "comment"))  # fmt: skip


def find(listing: Listing) -> Iterator[Source]:
    """Files that begin with ``Version 3`` and have a setup of the right shape."""
    for entry in listing.files:
        head = listing.head(entry.path)
        channels = int.from_bytes(head[370:372], "little")
        whole = head.startswith(b"Version 3") and len(head) >= _SETUP and 0 < channels < _MOST_CHANNELS
        if whole and entry.suffix not in _OTHER_KINDS:
            yield Source("neuroscan", (entry.path,), "bids")


def open_neuroscan(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw; where the header does not tell 16 from 32 bits, the smoother reading is taken, with a Fact."""
    mne_io = need("mne.io", purpose="Reading Neuroscan")
    path = listing.absolute(source.primary)
    size = path.stat().st_size
    with path.open("rb") as stream:
        setup = stream.read(_SETUP)
        channels = int.from_bytes(setup[370:372], "little")
        first = _SETUP + _ELECTRODE * channels
        table = int.from_bytes(setup[886:890], "little")
        announced = int.from_bytes(setup[864:868], "little")
        if size <= first:
            raise Unreadable(
                f"The Neuroscan file ends in its header ({size} bytes; samples begin at {first})."
            )
        if not first < table <= size:
            raise Unreadable(
                f"The Neuroscan file is truncated: its event table is at byte {table} of {size}."
            )
        stream.seek(first)
        block = stream.read(min(table - first, 4 * 256 * channels))
    bits, facts = _bits(block, channels, announced=announced, stored=table - first)
    if path.suffix.lower() != ".cnt":
        path = link_as(path, scratch=scratch, name="recording.cnt")
    start = _start(setup)
    raw = mne_io.read_raw_cnt(
        path, data_format=f"int{bits}", eog="auto", ecg="auto", emg="auto", date_format="mm/dd/yy"
    )
    found = [(category, _string(setup, offset, length)) for offset, length, category in _PEOPLE]
    identifiers = [Identifier(category, text) for category, text in found if text.lower() != "unspecified"]
    subject = _string(setup, 21, 20)
    age = int.from_bytes(setup[141:143], "little")
    header = Header(
        tuple(identifiers),
        Device(manufacturer="Compumedics Neuroscan"),
        subject_id="" if subject.lower() == "unspecified" else subject,
        sex=chr(setup[143]) if chr(setup[143]) in "MF" else "",
        age_years=float(age) if 0 < age <= 120 else None,
        start=start,
        facts=facts,
    )
    yield Opened(raw, header)


def _string(setup: bytes, offset: int, length: int) -> str:
    return setup[offset : offset + length].split(b"\0")[0].decode("latin-1").strip()


def _bits(block: bytes, channels: int, *, announced: int, stored: int) -> tuple[int, tuple[Fact, ...]]:
    if announced and stored == announced * channels * 4:
        return 32, ()
    if announced and stored == announced * channels * 2:
        return 16, ()
    rough = {bits: _roughness(block, channels, bits) for bits in (16, 32)}
    bits = min(rough, key=rough.__getitem__)
    return bits, (Fact("stored_bits", bits, Origin.CONTENT, "the smoother of the two readings"),)


def _roughness(block: bytes, channels: int, bits: int) -> float:
    """The variance of steps over the variance of samples, near 2 for noise: the median over channels."""
    width = channels * bits // 8
    rows = len(block) // width
    samples = (
        np.frombuffer(block[: rows * width], dtype=f"<i{bits // 8}").reshape(rows, channels).astype(float)
    )
    spread = samples.var(axis=0)
    alive = spread > 0
    if rows < 3 or not alive.any():
        return np.inf
    return float(np.median(np.diff(samples, axis=0).var(axis=0)[alive] / spread[alive]))


def _start(setup: bytes) -> datetime.datetime | None:
    day, time = _string(setup, 225, 10), _string(setup, 235, 12)
    numbers = [int(text) for text in re.findall(r"\d+", f"{day} {time}")[:6]]
    if len(numbers) < 5:
        return None
    first, second, year, *clock = numbers
    month, day_number = (first, second) if first <= 12 else (second, first)
    if year < 200:
        year += 2000 if year < 70 else 1900
    try:
        hour, minute, second_ = (*clock, 0, 0, 0)[:3]
        return datetime.datetime(year, month, day_number, hour, minute, second_) if year > 1900 else None
    except ValueError:
        return None


#: the plugin
reader = MneReader("neuroscan", find, open_neuroscan)

"""BOXY: recordings of ISS Imagent, frequency-domain optical imaging, as text.

BIDS has no type for amplitude and phase in the frequency domain: they become ``MISC`` beside the mean intensity (DC), and
auxiliary series of the SNIRF file.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened
from commissure.model import Device, Fact, Origin, Source

__all__ = ["find", "open_boxy", "reader"]

_MARK = b"BOXY.EXE:"
_END = b"#DATA ENDS"
_WAVELENGTH = re.compile(r"^(\d+)\t(\d[\d.e+]*)\t", re.M)
_OF_SOURCES = re.compile(r"^wavelength ind\.\t([\d\t]+)$", re.M)


def find(listing: Listing) -> Iterator[Source]:
    """Texts that begin with the name of BOXY's program, whatever their extension."""
    for entry in listing.files:
        if _MARK in listing.head(entry.path, 200):
            yield Source("boxy", (entry.path,), "bids")


def open_boxy(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:  # noqa: ARG001
    """The Raw; wavelengths are those that the header gives for each source."""
    mne_io = need("mne.io", purpose="Reading BOXY")
    path = listing.absolute(source.primary)
    with path.open("rb") as stream:
        stream.seek(-min(path.stat().st_size, 4096), 2)
        whole = _END in stream.read()
    if not whole:
        raise Unreadable(
            f"The BOXY file is truncated: no line '#DATA ENDS' closes its {path.stat().st_size} bytes."
        )
    raw = mne_io.read_raw_boxy(path)
    raw.annotations.description = [str(label).removesuffix(".0") for label in raw.annotations.description]
    head = listing.head(source.primary).decode("latin-1")
    waves = _wavelengths(head)
    for record in raw.info["chs"]:
        number = int(re.match(r"S(\d+)_", record["ch_name"])[1])  # type: ignore[index]
        if number in waves:
            record["loc"][9] = waves[number]
    fact = Fact("frequency domain", "amplitude and phase as MISC", Origin.HEADER, "BIDS has no type for them")
    yield Opened(raw, Header(device=Device("ISS", "Imagent"), facts=(fact,)))


def _wavelengths(head: str) -> dict[int, float]:
    """Nanometres by the number of the source."""
    table = {
        int(index): float(value) for index, value in _WAVELENGTH.findall(head.split("#AUX CALIBRATION")[0])
    }
    of_sources = _OF_SOURCES.search(head)
    if of_sources is None:
        return {}
    indices = [int(text) + 1 for text in of_sources[1].split("\t") if text]
    return {
        number: table[index] for number, index in enumerate(indices, start=1) if table.get(index, 0.0) > 0
    }


#: the plugin
reader = MneReader("boxy", find, open_boxy)

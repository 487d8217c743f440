"""Nihon Kohden: samples (``.EEG``) with electrode names (``.21E``), log (``.LOG``) and patient (``.PNT``)."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_nihon_kohden", "reader"]

_MAGIC = re.compile(rb"\A(?:EEG-1[12]00[ABC] V|EEG-2100  V|QI-403A   V|DAE-2100D V)\d\d\.\d\d")
_WAVEFORM = 0x17FE
_SIDE = (".21e", ".log", ".pnt", ".cmt", ".cn2", ".edf2", ".reg", ".egf")
#: what these devices write into the patient file by themselves
_OWN_WORDS = re.compile(rb"EEG-|QI-|DAE-|NIHON|KOHDEN", re.IGNORECASE)
_PRINTABLE = re.compile(rb"[\x20-\x7e\x80-\xff]{4,}")


def find(listing: Listing) -> Iterator[Source]:
    """Sample files by their device block, with the side files of the same name."""
    for entry in listing.files:
        if entry.suffix in _SIDE or not _MAGIC.match(listing.head(entry.path, 32)):
            continue
        stem = PurePosixPath(entry.path).stem
        beside = [found for suffix in _SIDE if (found := listing.beside(entry.path, stem + suffix))]
        yield Source("nihon_kohden", (entry.path, *beside), "bids")


def open_nihon_kohden(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw, through links with the extensions in the case that the library looks for."""
    mne_io = need("mne.io", purpose="Reading Nihon Kohden")
    path = listing.absolute(source.primary)
    size = path.stat().st_size
    if size <= _WAVEFORM:
        raise Unreadable(
            f"The Nihon Kohden file is truncated: {size} bytes, and its samples begin after {_WAVEFORM}."
        )
    for name in source.files:
        suffix = PurePosixPath(name).suffix.upper() if name != source.primary else ".EEG"
        link_as(listing.absolute(name), scratch=scratch, name=f"recording{suffix}")
    raw = mne_io.read_raw_nihon(scratch / "recording.EEG", encoding="latin1")
    header = raw._raw_extras[0]["header"]
    announced = sum(
        2 * int(block["n_samples"]) * (int(block["n_channels"]) + 1)
        for block in header["controlblocks"][0]["datablocks"]
    )
    if announced > size:
        raise Unreadable(
            f"The Nihon Kohden file is truncated: it has {size} bytes and announces {announced} of samples."
        )
    model = path.open("rb").read(16).decode("latin-1").split(" ")[0]
    device = Device(manufacturer="Nihon Kohden", model=model)
    yield Opened(raw, Header(tuple(_patient(source, listing)), device))


def _patient(source: Source, listing: Listing) -> Iterator[Identifier]:
    """Every text in the patient file: it holds nothing but the patient and the visit."""
    for name in source.files[1:]:
        if PurePosixPath(name).suffix.lower() != ".pnt":
            continue
        content = listing.absolute(name).read_bytes()[:65536]
        for text in _PRINTABLE.findall(content):
            if not _OWN_WORDS.search(text):
                yield Identifier("name", text.decode("shift_jis", "replace").strip())


#: the plugin
reader = MneReader("nihon_kohden", find, open_nihon_kohden)

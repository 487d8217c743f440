"""Curry 7 to 9: samples (``.cdt`` or ``.dat``) with parameters (``.cdt.dpa``, ``.cdt.dpo`` or ``.dap`` and ``.rs3``)."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_curry", "reader"]

_PARAMETERS = re.compile(r"\.(?:cdt\.dp[ao]|dap)$", re.IGNORECASE)
_EVENTS = (".cdt.cef", ".cdt.ceo", ".cef", ".ceo", ".rs3")
_MARK = b"START"
_PERSONAL = re.compile(
    r"^\s*(Patient\w*|Subject\w*|Operator|Physician|Comment\w*|Institution|Instrument)\s*=\s*(\S.*)$", re.M
)
_CATEGORIES = {"operator": "operator", "physician": "operator", "institution": "institution"}


def find(listing: Listing) -> Iterator[Source]:
    """Parameter files by their name and sections, with their samples and events."""
    for entry in listing.files:
        if not _PARAMETERS.search(entry.name) or _MARK not in listing.head(entry.path):
            continue
        stem = _PARAMETERS.sub("", PurePosixPath(entry.path).name)
        new = ".cdt." in entry.name.lower()
        samples = listing.beside(entry.path, stem + (".cdt" if new else ".dat"))
        beside = [found for suffix in _EVENTS if (found := listing.beside(entry.path, stem + suffix))]
        if samples:
            yield Source("curry", (samples, entry.path, *beside), "bids")
        else:
            note = "the parameters are there, the samples (.cdt or .dat) are not"
            yield Source("curry", (entry.path, *beside), "bids", complete=False, note=note)


def open_curry(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw, through links where the names differ in case."""
    mne_io = need("mne.io", purpose="Reading Curry")
    samples = listing.absolute(source.files[0])
    text = listing.absolute(source.files[1]).read_text(encoding="latin-1")
    suffix = samples.suffix.lower()
    for name in source.files:
        lower = PurePosixPath(name).name.lower()
        ending = next(
            (
                one
                for one in (".cdt.dpa", ".cdt.dpo", *_EVENTS, ".cdt", ".dap", ".dat")
                if lower.endswith(one)
            ),
            "",
        )
        link_as(listing.absolute(name), scratch=scratch, name=f"recording{ending}")
    raw = mne_io.read_raw_curry(scratch / f"recording{suffix}")
    found = [
        Identifier(_CATEGORIES.get(key.lower(), "comment"), value.strip())
        for key, value in _PERSONAL.findall(text)
    ]
    yield Opened(raw, Header(tuple(found), Device(manufacturer="Compumedics Neuroscan")))


#: the plugin
reader = MneReader("curry", find, open_curry)

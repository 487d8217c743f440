"""The contract of a reader, as a check that any plugin can run on a folder of its own files.

>>> from commissure.formats.listing import Listing
>>> from commissure.formats.registry import READERS
>>> import tempfile, pathlib
>>> empty = Listing.of(pathlib.Path(tempfile.mkdtemp()))
>>> [finding.check for finding in check_reader(READERS.get("edf"), empty, scratch=empty.root)]
['contract.found']
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from commissure.errors import CommissureError
from commissure.formats.listing import Listing
from commissure.formats.port import Noun, Reader
from commissure.model import Fact, Finding, Identifier, Recording, Severity, Source

__all__ = ["check_hostile", "check_reader"]


def check_reader(reader: Reader, listing: Listing, *, scratch: Path) -> tuple[Finding, ...]:
    """Every clause of the contract that ``reader`` breaks on a folder of good files; empty if it keeps them all.

    Parameters
    ----------
    reader : Reader
        The plugin.
    listing : Listing
        A folder with at least one complete recording of its format.
    scratch : Path
        An empty folder outside of the listing.
    """
    before = _digest(listing)
    sources = list(reader.find(listing))
    broken = list(_sources(sources, listing))
    for number, source in enumerate(one for one in sources if one.complete):
        first, second = scratch / f"first{number}", scratch / f"second{number}"
        first.mkdir(parents=True)
        second.mkdir(parents=True)
        nouns = reader.read(source, listing, scratch=first)
        if not nouns:
            broken.append(_broken("read", "read gave no noun for a complete Source"))
        for noun, again in zip(nouns, reader.read(source, listing, scratch=second), strict=True):
            broken += _noun(noun)
            if noun.about != again.about:
                broken.append(_broken("repeat", "two reads of the same files differ in what they say"))
            if isinstance(noun, Recording) and isinstance(again, Recording):
                broken += _recording(noun, again)
    if _digest(listing) != before:
        broken.append(_broken("untouched", "the raw folder was changed"))
    return tuple(broken)


def check_hostile(reader: Reader, listing: Listing, *, scratch: Path) -> tuple[Finding, ...]:
    """What ``reader`` does wrong on damaged files: it may find nothing, or raise one of our own errors, no other.

    Parameters
    ----------
    reader : Reader
        The plugin.
    listing : Listing
        A folder with truncated, empty or random files.
    scratch : Path
        An empty folder outside of the listing.
    """
    try:
        sources = list(reader.find(listing))
    except Exception as error:  # noqa: BLE001 - that any error escapes is what is looked for
        return (_broken("find", f"find raised {type(error).__name__}"),)
    broken: list[Finding] = []
    for number, source in enumerate(sources):
        folder = scratch / f"hostile{number}"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for noun in reader.read(source, listing, scratch=folder):
                broken += _noun(noun)
        except CommissureError as error:
            if "\n" in str(error):
                broken.append(_broken("message", "an error's message has more than one line"))
        except Exception as error:  # noqa: BLE001 - that any other error escapes is what is looked for
            broken.append(
                _broken("error", f"read raised {type(error).__name__}, not one of commissure's errors")
            )
    return tuple(broken)


def _broken(clause: str, message: str) -> Finding:
    return Finding(f"contract.{clause}", Severity.ERROR, f"The reader breaks its contract: {message}.")


def _digest(listing: Listing) -> str:
    whole = hashlib.sha256()
    for entry in listing.files:
        whole.update(entry.path.encode() + b"\0" + listing.absolute(entry.path).read_bytes())
    return whole.hexdigest()


def _sources(sources: Sequence[Source], listing: Listing) -> Iterator[Finding]:
    if not sources:
        yield _broken("found", "it finds nothing in a folder of its own files")
    for source in sources:
        if not source.files or not all(listing.has(path) for path in source.files):
            yield _broken("files", "a Source names files that are not in the folder")
        if source.standard not in {"bids", "nwb"}:
            yield _broken(
                "standard", f"a Source belongs to {source.standard!r}, which is neither 'bids' nor 'nwb'"
            )
        if not 0 < source.confidence <= 1:
            yield _broken("confidence", f"a Source has the confidence {source.confidence}")
        if not source.complete and not source.note:
            yield _broken("note", "an incomplete Source does not say what is missing")
    claimed = [path for source in sources for path in source.files]
    if len(set(claimed)) < len(claimed):
        yield _broken("once", "one file is in two Sources")


def _noun(noun: Noun) -> Iterator[Finding]:
    about = noun.about
    if not about.subject.label or not about.datatype:
        yield _broken("about", "a noun has no subject label or no datatype")
    if not all(isinstance(one, Fact) for one in about.facts) or not about.facts:
        yield _broken("facts", "a noun does not say where its values came from")
    if not all(isinstance(one, Identifier) and one.value.strip() for one in about.identifiers):
        yield _broken("identifiers", "an identifier is empty or of another type")


def _recording(one: Recording, again: Recording) -> Iterator[Finding]:
    shape = one.signal.shape
    if len(shape) != 2 or shape[1] != len(one.channels) or shape[0] < 1:
        yield _broken("shape", f"a signal of shape {shape} has {len(one.channels)} channels")
        return
    if not one.rate_hz > 0:
        yield _broken("rate", f"a rate of {one.rate_hz} Hz")
    whole = one.si()
    start, stop = shape[0] // 3, shape[0] // 3 + max(1, shape[0] // 4)
    if not np.array_equal(one.si(start, stop), whole[start:stop], equal_nan=True):
        yield _broken("slices", "a slice differs from the same part of the whole")
    if not np.array_equal(whole, again.si(), equal_nan=True):
        yield _broken("repeat", "two reads of the same files differ in their samples")
    late = one.duration_s + 1 / one.rate_hz
    if any(mark.onset_s is not None and not -late <= mark.onset_s <= late for mark in one.annotations):
        yield _broken("events", "an event lies outside of the recording")
    if not np.isfinite([channel.gain for channel in one.channels]).all():
        yield _broken("gain", "a channel's gain is not finite")

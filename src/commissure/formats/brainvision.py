"""BrainVision: a header (``.vhdr``), markers (``.vmrk``) and samples (``.eeg``), which point at each other by name.

A triplet that somebody renamed, so that the pointers inside no longer hold, is read by the names of its files.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Identifier, Source

__all__ = ["find", "open_brainvision", "reader"]

_MAGIC = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*Brain ?Vision(?: V-Amp)? Data Exchange Header", re.IGNORECASE)
_SERIAL = re.compile(r"(?:S/N|serial(?: (?:no|number|nr))?)\W{0,4}([A-Za-z0-9-]{4,})", re.IGNORECASE)
_CHANNEL = re.compile(r"^Ch\d+\s*=\s*([^,]*),([^,]*)", re.MULTILINE)
_SAMPLES, _MARKERS = (".eeg", ".dat", ".avg", ".seg"), (".vmrk",)


def find(listing: Listing) -> Iterator[Source]:
    """Headers by their first line, with the files they point to or, where those are missing, their namesakes."""
    for entry in listing.files:
        head = listing.head(entry.path)
        if not _MAGIC.match(head):
            continue
        text = head.decode("utf-8", "replace")
        samples = _partner(listing, entry.path, _pointer(text, "DataFile"), _SAMPLES)
        markers = _partner(listing, entry.path, _pointer(text, "MarkerFile"), _MARKERS)
        files = tuple(path for path in (entry.path, samples, markers) if path)
        if samples is None:
            note = "the header (.vhdr) is there, its samples (.eeg) are not"
            yield Source("brainvision", files, "bids", complete=False, note=note)
        else:
            note = "" if markers else "no marker file (.vmrk): events are not known"
            yield Source("brainvision", files, "bids", note=note)


def open_brainvision(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw of a triplet, through a copy of its header in ``scratch`` where the pointers do not hold."""
    mne_io = need("mne.io", purpose="Reading BrainVision")
    path = listing.absolute(source.primary)
    text = _text(path)
    samples = listing.absolute(source.files[1])
    if samples.stat().st_size == 0:
        raise Unreadable("The samples file of the BrainVision recording is empty (0 bytes).")
    markers = next((listing.absolute(name) for name in source.files[2:]), None)
    held = _pointer(text, "DataFile") == samples.name and samples.parent == path.parent
    held = (
        held
        and markers is not None
        and _pointer(text, "MarkerFile") == markers.name
        and path.suffix == ".vhdr"
    )
    if not held:
        path = _repaired(text, samples, markers, scratch)
    raw = mne_io.read_raw_brainvision(path, ignore_marker_types=False)
    found = [Identifier("serial", serial) for serial in _SERIAL.findall(text)]
    found += [Identifier("comment", line) for line in _free_lines(text)]
    references = {
        name.strip(): reference.strip() for name, reference in _CHANNEL.findall(text) if reference.strip()
    }
    sidecar = {"EEGReference": next(iter(references.values()))} if len(set(references.values())) == 1 else {}
    details = {name: {"reference": reference} for name, reference in references.items()}
    device = Device(manufacturer="Brain Products")
    yield Opened(raw, Header(tuple(found), device, sidecar=sidecar, details=details))


def _pointer(text: str, key: str) -> str:
    match = re.search(rf"^{key}\s*=\s*(.*?)\s*$", text, re.MULTILINE)
    return PurePosixPath(match[1].replace("\\", "/")).name if match else ""


def _partner(listing: Listing, path: str, pointer: str, suffixes: tuple[str, ...]) -> str | None:
    stem = PurePosixPath(path).stem
    pointer = pointer.replace("$b", stem)
    if pointer and (found := listing.beside(path, pointer)):
        return found
    for suffix in suffixes:
        if found := listing.beside(path, stem + suffix):
            return found
    return None


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _repaired(text: str, samples: Path, markers: Path | None, scratch: Path) -> Path:
    """A header in ``scratch`` that points at the files that are there."""
    link_as(samples, scratch=scratch, name="recording.eeg")
    marks = scratch / "recording.vmrk"
    if markers is not None:
        link_as(markers, scratch=scratch, name=marks.name)
    elif not marks.exists():
        marks.write_text("Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
                         "DataFile=recording.eeg\n\n[Marker Infos]\nMk1=New Segment,,1,1,0\n", encoding="utf-8")  # fmt: skip
    text = re.sub(r"^(DataFile\s*=).*$", r"\1recording.eeg", text, flags=re.MULTILINE)
    if re.search(r"^MarkerFile\s*=", text, re.MULTILINE):
        text = re.sub(r"^(MarkerFile\s*=).*$", r"\1recording.vmrk", text, flags=re.MULTILINE)
    else:
        text = re.sub(r"^(DataFile\s*=.*)$", r"\1\nMarkerFile=recording.vmrk", text, flags=re.MULTILINE)
    text = re.sub(r"^(Codepage\s*=).*$", r"\1UTF-8", text, flags=re.MULTILINE)
    path = scratch / "recording.vhdr"
    path.write_text(text, encoding="utf-8")
    return path


def _free_lines(text: str) -> list[str]:
    """Lines of the comment section that somebody may have typed: those that are no table and no setting."""
    _, _, comment = text.partition("[Comment]")
    lines = [line.strip() for line in comment.splitlines()]
    named = re.compile(
        r"^(?:patient|subject|name|operator|technician|experimenter|comment|birth)\w*\b.*[:=]\s*\S", re.I
    )
    return [re.split(r"[:=]", line, maxsplit=1)[1].strip() for line in lines if named.match(line)]


#: the plugin
reader = MneReader("brainvision", find, open_brainvision)

"""Artemis 123, the infants' MEG: samples (``.bin``) with a header of text (``.txt``) and, where there is one, head points (``.pos``)."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.listing import Listing
from commissure.formats.mne_header import Header
from commissure.formats.mne_recording import MneReader, Opened, link_as
from commissure.model import Device, Finding, Identifier, Severity, Source

__all__ = ["find", "open_artemis123", "reader"]

_MARK = b"<start main header>"
_LINE = re.compile(r"^([A-Z][^\t\r\n]*)\t([^\r\n]*)$", re.M)
_COMMENTS = re.compile(r"(?<=<start comments>)(.*?)(?=<end comments>)", re.S)
_LENGTH = re.compile(r"<start length>\s*(\d+)")
_CATEGORIES = {"Subject ID": "id", "Project Name": "comment", "Purpose": "comment", "Notes": "comment"}
#: a recording's name as the scanner gives it
_NAMED = re.compile(r"_(\d{4})-(\d\d)-(\d\d)-(\d\d)h-(\d\d)m(?:-(\d\d)s)?(?=_|\.|$)")
_COILS_NEEDED = 3


def find(listing: Listing) -> Iterator[Source]:
    """Headers by their first line, with samples and head points of the same name."""
    for entry in listing.with_suffix(".txt"):
        if not listing.head(entry.path, 64).lstrip().startswith(_MARK):
            continue
        stem = PurePosixPath(entry.path).stem
        samples = listing.beside(entry.path, f"{stem}.bin")
        points = next((found for name in (f"{stem}.pos", f"{stem}_mc.pos") if (found := listing.beside(entry.path, name))), None)  # fmt: skip
        beside = [points] if points else []
        if samples:
            yield Source("artemis123", (samples, entry.path, *beside), "bids")
        else:
            note = "the header (.txt) is there, the samples (.bin) are not"
            yield Source("artemis123", (entry.path, *beside), "bids", complete=False, note=note)


def open_artemis123(source: Source, listing: Listing, *, scratch: Path) -> Iterator[Opened]:
    """The Raw, through links with plain names and a header without what tells of the child."""
    samples, header = (listing.absolute(path) for path in source.files[:2])
    text = header.read_text(encoding="latin-1")
    told = dict(_LINE.findall(text.split("<end main header>")[0]))
    comments = _COMMENTS.search(text)
    _whole(text, samples)
    plain = _COMMENTS.sub("\n", text)
    for key in _CATEGORIES:
        plain = re.sub(rf"^{key}\t.*$", f"{key}\t{'0' if key == 'Subject ID' else ''}", plain, flags=re.M)
    (scratch / "recording.txt").write_text(plain, encoding="latin-1", errors="replace")
    link = link_as(samples, scratch=scratch, name="recording.bin")
    points = link_as(listing.absolute(source.files[2]), scratch=scratch, name="recording.pos") if len(source.files) > 2 else None  # fmt: skip
    raw, findings = _read(link, points, told)
    with raw.info._unlock():
        raw.info["description"] = raw.info["subject_info"] = None  # made of the fields that were emptied
    found = [Identifier(category, told[key].strip()) for key, category in _CATEGORIES.items() if told.get(key, "").strip()]  # fmt: skip
    if comments and comments[1].strip():
        found += [Identifier("comment", line.strip()) for line in comments[1].splitlines() if line.strip()]
    device = Device("Tristan Technologies", "Artemis 123")
    yield Opened(
        raw,
        Header(tuple(found), device, subject_id=told.get("Subject ID", "").strip(), start=_start(samples.name), findings=findings),
    )  # fmt: skip


def _whole(text: str, samples: Path) -> None:
    announced = _LENGTH.search(text)
    block = re.search(r"<start per channel header>(.*?)<end per channel header>", text, re.S)
    channels = len(re.findall(r"^[A-Z]{3}_\d+\t", block[1], re.M)) if block else 0
    size = samples.stat().st_size
    if announced is None or not channels:
        raise Unreadable(
            "The header of the Artemis 123 recording is cut short: it has no channels or no length."
        )
    if size < 4 * channels * int(announced[1]):
        raise Unreadable(f"The samples of the Artemis 123 recording are truncated: {size} bytes of {4 * channels * int(announced[1])}.")  # fmt: skip


def _read(path: Path, points: Path | None, told: dict[str, str]) -> tuple[Any, tuple[Finding, ...]]:
    """The Raw with the head's place where enough coils were on and MNE finds it, or without."""
    mne_io = need("mne.io", purpose="Reading Artemis 123")
    on = sum(told.get(f"Head Tracking Channel {number}", "OFF") != "OFF" for number in range(1, 5))
    if on >= _COILS_NEEDED:
        with suppress(Exception):  # the fit raises whatever its parts do
            return mne_io.read_raw_artemis123(path, pos_fname=points), ()
        message = (
            "The head could not be located from its coils; the recording is without its place in the helmet."
        )
        finding = Finding(
            "read.head_position", Severity.WARNING, message, remedy="Locate it, and share again."
        )
        return mne_io.read_raw_artemis123(path, add_head_trans=False), (finding,)
    return mne_io.read_raw_artemis123(path, pos_fname=points, add_head_trans=False), ()


def _start(name: str) -> datetime | None:
    match = _NAMED.search(name)
    with suppress(ValueError):
        return datetime(*(int(text or 0) for text in match.groups())) if match else None  # type: ignore[arg-type]  # noqa: DTZ001 - the name tells no zone
    return None


#: the plugin
reader = MneReader("artemis123", find, open_artemis123)

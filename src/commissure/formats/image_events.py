"""Events of a functional run: the table beside the images, and whether it fits them."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from commissure.formats.listing import Listing
from commissure.model import Finding, Image, Severity, Source

__all__ = ["attach_events", "events_beside"]

_FUNCTIONAL_WORDS = ("bold", "func", "fmri", "task", "epfid", "ep2d", "epi")


def events_beside(named: Iterable[tuple[str, Source]], listing: Listing) -> list[Source]:
    """The Sources, each functional one with the events table that can only be its own.

    Parameters
    ----------
    named : iterable of (str, Source)
        Each Source with its names (protocol, series description), in which a functional run is recognized.
    listing : Listing
        The raw folder.
    """
    pairs = list(named)
    functional = [
        source
        for name, source in pairs
        if source.complete and any(w in name.lower() for w in _FUNCTIONAL_WORDS)
    ]
    claimed: dict[str, str] = {}
    for entry in listing.files:
        if entry.name.lower().endswith("events.tsv") and _is_events(listing.head(entry.path)):
            prefix = f"{entry.folder}/" if entry.folder else ""
            below = [source for source in functional if source.primary.startswith(prefix)]
            if len(below) == 1:
                claimed.setdefault(below[0].primary, entry.path)
    return [
        replace(source, files=(*source.files, claimed[source.primary]))
        if source.primary in claimed
        else source
        for _, source in pairs
    ]


def _is_events(head: bytes) -> bool:
    columns = head.split(b"\n", 1)[0].strip().split(b"\t")
    return columns[:2] == [b"onset", b"duration"]


def attach_events(image: Image, tables: Sequence[Path]) -> Image:
    """``image`` with its events (``extra["events.tsv"]``), if it is a functional run that has a table.

    Rows that begin after the last volume are left out; a Finding counts them. The column ``stim_file`` is renamed
    ``stimulus``, for the files that it names are not in the release.
    """
    about = image.about
    if not tables or about.suffix != "bold":
        return image
    text = tables[0].read_text(encoding="utf-8-sig", errors="replace")
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    end_s = (image.repetition_s or 0.0) * image.array.shape[3]
    fitting = [row for row in rows if 0.0 <= _seconds(row.get("onset")) < end_s]
    findings = list(about.findings)
    if len(fitting) < len(rows):
        message = (
            f"{len(rows) - len(fitting)} of {len(rows)} events begin outside the {end_s:g} s of the run; "
            "they are left out."
        )
        findings.append(
            Finding(
                "image.events",
                Severity.WARNING,
                message,
                remedy="Check that all volumes of the run are there.",
            )
        )
    if not fitting:
        return replace(image, about=replace(about, findings=tuple(findings)))
    columns = [name for name in rows[0] if name]
    renamed = ["stimulus" if name == "stim_file" else name for name in columns]
    lines = ["\t".join(renamed)]
    lines += ["\t".join(_cell(row.get(name), name) for name in columns) for row in fitting]
    extra = {**image.extra, "events.tsv": "\n".join(lines) + "\n"}
    return replace(image, extra=extra, about=replace(about, findings=tuple(findings)))


def _seconds(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _cell(value: str | None, column: str) -> str:
    text = (value or "").strip() or "n/a"
    return PurePosixPath(text).name if column == "stim_file" else text

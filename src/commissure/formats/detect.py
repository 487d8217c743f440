"""Detection: which Sources a raw folder holds, and what nobody knows.

A reader that proves a file by its content beats one that goes by the name. Two readers that are equally sure
of one file are an error that lists both; a file that no reader and no side-file rule knows is a Finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from commissure.formats.listing import Entry, Listing
from commissure.formats.port import Reader
from commissure.model import Finding, Severity, Source

__all__ = ["Detection", "detect", "safe_name"]

#: files that speak about the data, or about nothing; they are not recordings
_ASIDE_NAMES = {
    "readme",
    "license",
    "licence",
    "copying",
    "changes",
    "changelog",
    "citation",
    "commissure",
    "authors",
    "notes",
    "dicomdir",
}
_ASIDE_SUFFIXES = {".md", ".rst", ".bib", ".cff", ".pdf", ".docx", ".html", ".m", ".sh", ".ipynb", ".log"}


@dataclass(frozen=True, slots=True)
class Detection:
    """What a folder holds.

    Parameters
    ----------
    sources : tuple of Source
        Each recording once, in the order of its first file.
    aside : tuple of str
        Paths of files that speak about the data (README, LICENSE, ``commissure.yaml``).
    findings : tuple of Finding
        Unknown, empty, doubly claimed and unreadable files.
    """

    sources: tuple[Source, ...]
    aside: tuple[str, ...]
    findings: tuple[Finding, ...]


def detect(listing: Listing, readers: Iterable[tuple[str, Reader]]) -> Detection:
    """Ask every reader what it finds in ``listing``, and settle who gets which file.

    Parameters
    ----------
    listing : Listing
        The raw folder.
    readers : iterable of (str, Reader)
        Usually ``READERS.items()``.
    """
    findings = list(listing.findings)
    claims = [source for _, reader in readers for source in _claims(reader, listing, findings)]
    sources, lost = _settle(claims, findings)
    taken = {path for source in sources for path in source.files} | lost
    aside = tuple(entry.path for entry in listing.files if entry.path not in taken and _is_aside(entry))
    for entry in listing.files:
        if entry.path not in taken and entry.path not in aside:
            findings.append(_unknown(entry))
    for source in sources:
        if not source.complete:
            findings.append(_incomplete(source))
    return Detection(tuple(sources), aside, tuple(findings))


def _claims(reader: Reader, listing: Listing, findings: list[Finding]) -> list[Source]:
    try:
        return list(reader.find(listing))
    except Exception as error:  # noqa: BLE001 - one broken plugin must not end the detection of the rest
        name = type(reader).__name__
        message = f"The reader {name} failed while it looked for its files ({type(error).__name__}); it was left out."
        findings.append(
            Finding("detect.reader", Severity.WARNING, message, remedy="Report this to the reader's makers.")
        )
        return []


def _settle(claims: list[Source], findings: list[Finding]) -> tuple[list[Source], set[str]]:
    kept: list[Source] = []
    owner: dict[str, Source] = {}
    lost: set[str] = set()
    for source in sorted(claims, key=lambda s: (-s.confidence, -len(s.files), s.primary, s.format)):
        rivals = {owner[path].format: owner[path] for path in source.files if path in owner}
        equals = [
            r for r in rivals.values() if r.confidence == source.confidence and r.primary == source.primary
        ]
        if equals:
            names = sorted({source.format, *(r.format for r in equals)})
            findings.append(_ambiguous(names, source))
            for rival in equals:
                kept.remove(rival)
                lost.update(rival.files)
            lost.update(source.files)
        elif not rivals and not lost.intersection(source.files):
            kept.append(source)
            owner.update(dict.fromkeys(source.files, source))
    return sorted(kept, key=lambda s: s.primary), lost


def _ambiguous(names: list[str], source: Source) -> Finding:
    message = f"Two readers claim the same file: {' and '.join(repr(name) for name in names)}."
    remedy = "Say which in commissure.yaml: files: [{match: …, format: …}]."
    return Finding(
        "detect.ambiguous", Severity.ERROR, message, where=safe_name(source.primary), remedy=remedy
    )


def _incomplete(source: Source) -> Finding:
    message = f"{source.format}: {source.note or 'a part of the recording is missing'}; it was not converted."
    remedy = "Add the missing file beside it and share again."
    return Finding(
        "detect.incomplete", Severity.ERROR, message, where=safe_name(source.primary), remedy=remedy
    )


def _unknown(entry: Entry) -> Finding:
    where = safe_name(entry.path)
    if entry.bytes == 0:
        return Finding(
            "detect.empty",
            Severity.WARNING,
            "The file is empty (0 bytes).",
            where,
            "Copy it again from its source.",
        )
    message = f"No reader knows this file ({entry.suffix or 'no extension'}, {entry.bytes} bytes); it is not in the release."
    remedy = "If it holds data, see the table of formats; if not, leave it out of the folder."
    return Finding("detect.unknown", Severity.WARNING, message, where, remedy)


def _is_aside(entry: Entry) -> bool:
    stem = entry.name.split(".")[0].lower().split("-")[0].split("_")[0]
    return stem in _ASIDE_NAMES or entry.suffix in _ASIDE_SUFFIXES


def safe_name(path: str) -> str:
    """How a raw file is called in messages: its extension and a short mark, never its name, which may tell a person."""
    pure = PurePosixPath(path)
    mark = sum((index + 1) * byte for index, byte in enumerate(path.encode())) % 16**4
    return f"raw file #{mark:04x}{pure.suffix.lower()}"

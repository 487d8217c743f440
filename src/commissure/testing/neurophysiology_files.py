"""From a raw folder to NWB files and their verdicts, as the tests and the benchmark go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commissure.formats.listing import Listing
from commissure.formats.registry import READERS
from commissure.model import Finding, Source
from commissure.standardize.nwb_validate import validate_nwb
from commissure.standardize.registry import writer_for

__all__ = ["Released", "find_sources", "read_folder", "write_all"]


@dataclass(frozen=True, slots=True)
class Released:
    """What was written: files below ``root``, the writers' Findings, the validators' errors."""

    root: Path
    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    errors: tuple[Finding, ...]

    @property
    def nwb(self) -> list[Path]:
        """The NWB files."""
        return [self.root / name for name in self.files if name.endswith(".nwb")]


def find_sources(folder: Path, reader: str) -> list[Source]:
    """The Sources that one reader finds in ``folder``."""
    return list(READERS.get(reader).find(Listing.of(folder)))


def read_folder(folder: Path, reader: str, *, scratch: Path) -> list[Any]:
    """All nouns that one reader gives for ``folder``."""
    listing = Listing.of(folder)
    found = READERS.get(reader).find(listing)
    return [
        noun for s in found if s.complete for noun in READERS.get(reader).read(s, listing, scratch=scratch)
    ]


def write_all(nouns: Sequence[Any], root: Path, *, label: str = "01") -> Released:
    """Write every noun for the subject ``label`` below ``root`` and validate the tree."""
    files: list[str] = []
    findings: list[Finding] = []
    for noun in nouns:
        about = replace(noun.about, subject=replace(noun.about.subject, label=label))
        written = writer_for(noun).write(replace(noun, about=about), root=root)
        files += written.files
        findings += written.findings
    errors = [f for verdict in validate_nwb(root) for f in verdict.findings if f.severity == "error"]
    return Released(root, tuple(files), tuple(findings), tuple(errors))

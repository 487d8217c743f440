"""What a writer is: one Protocol, one method."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from commissure.model import Finding, Software

__all__ = ["Writer", "Written"]


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer wrote.

    Parameters
    ----------
    files : tuple of str
        POSIX paths below the root it was given.
    findings : tuple of Finding
        What could not be carried over, and what was assumed.
    software : tuple of Software
        The libraries that wrote.
    ignore : tuple of str
        Lines for ``.bidsignore``: files that carry a BIDS name but lack metadata that BIDS demands; a Finding says which.
    """

    files: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    software: tuple[Software, ...] = ()
    ignore: tuple[str, ...] = ()


@runtime_checkable
class Writer(Protocol):
    """Writes one noun into a standard's tree."""

    def write(self, noun: Any, *, root: Path) -> Written:
        """Write ``noun`` below ``root``, a private and empty folder that becomes the top of a BIDS or NWB tree.

        Names come from ``noun.about`` alone (subject label, session label, entities, suffix: all de-identified and
        made unique before). Writes only the recording's own files, not the dataset's (``participants.tsv``,
        ``dataset_description.json``, README …). The same noun gives the same bytes. Streams; signals are not
        loaded whole.
        """
        ...

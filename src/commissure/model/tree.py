"""Trees: data that stands in a standard already."""

from dataclasses import dataclass
from pathlib import Path

from commissure.model.about import About

__all__ = ["Tree"]


@dataclass(frozen=True, slots=True)
class Tree:
    """Files that are BIDS or NWB already, taken over as they are (but for what de-identification changes).

    Parameters
    ----------
    standard : str
        ``"bids"`` or ``"nwb"``.
    root : Path
        The folder the files are relative to.
    files : tuple of str
        POSIX paths below ``root``.
    about : About
        What is known of the tree; for an NWB file its subject and session.
    """

    standard: str
    root: Path
    files: tuple[str, ...]
    about: About

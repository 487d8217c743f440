"""Datasets, their assets and their immutable releases."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from commissure.model.activity import Activity
from commissure.model.finding import Finding

__all__ = ["Asset", "Dataset", "Release"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of a release, known by what it holds.

    Parameters
    ----------
    path : str
        POSIX path inside the release.
    sha256 : str
        Hex digest of the plain bytes.
    bytes : int
        Size of the plain bytes.
    subject : str
        The label of the subject whose bytes they are; empty for what belongs to nobody (README, tables of counts).
    encrypted : bool
        Whether the vault holds it under that subject's key.
    media_type : str
        IANA media type, if known.
    """

    path: str
    sha256: str
    bytes: int
    subject: str = ""
    encrypted: bool = False
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What grows through releases: an id, a title and who answers for it."""

    id: str
    title: str
    owner: str
    created: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """One immutable version of a Dataset.

    Parameters
    ----------
    dataset : str
        The Dataset's id.
    version : str
        ``0.1.0``, ``0.2.0`` …
    digest : str
        Hash over all assets (path and hash): the same data give the same digest.
    assets : tuple of Asset
        Every file.
    standard : str
        ``"bids"``, ``"nwb"`` or ``"bids+nwb"``.
    public : bool
        Whether anybody may read it; otherwise its owner and those with a Grant.
    metadata : mapping
        The catalogue's record: title, description, modalities, species, subjects, licence, keywords …
    findings, activities : tuple
        What was judged and what was done.
    created : str
        ISO 8601 instant in UTC.
    withdrawn : bool
        True for a tombstone: the page stays, the bytes are gone.
    """

    dataset: str
    version: str
    digest: str
    assets: tuple[Asset, ...]
    standard: str
    public: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    activities: tuple[Activity, ...] = ()
    created: str = ""
    withdrawn: bool = False

    @property
    def id(self) -> str:
        """``dataset@version``."""
        return f"{self.dataset}@{self.version}"

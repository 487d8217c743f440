"""What is known about one piece of data, and where each value came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from commissure.model.finding import Finding
from commissure.model.people import Session, Subject

__all__ = ["About", "Device", "Fact", "Identifier", "Origin"]


class Origin(StrEnum):
    """Where a value came from, the strongest last."""

    DEFAULT = "default"
    CONTENT = "content"
    NAME = "name"
    HEADER = "header"
    SIDECAR = "sidecar"
    CONFIG = "commissure.yaml"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Fact:
    """One inferred value and its origin.

    >>> Fact("rate_hz", 512.0, Origin.HEADER).key
    'rate_hz'
    """

    key: str
    value: object
    origin: Origin
    where: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """A value that may tell who somebody is, seen in a header, a name or a side file.

    It lives in memory only, so that it can be removed and looked for; neither ``repr`` nor any message shows
    the value.

    Parameters
    ----------
    category : str
        One of: ``"name"``, ``"id"``, ``"birth_date"``, ``"date"``, ``"operator"``, ``"institution"``,
        ``"address"``, ``"host"``, ``"path"``, ``"serial"``, ``"uid"``, ``"comment"``, ``"age"``, ``"contact"``.
    value : str
        What was seen, as it was written.
    """

    category: str
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.category!r}, …)"


@dataclass(frozen=True, slots=True)
class Device:
    """What measured: maker and model stay; the serial number is an Identifier and goes."""

    manufacturer: str = ""
    model: str = ""
    software: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What is known about one recording, image or track, before it is written.

    Parameters
    ----------
    datatype : str
        The BIDS datatype (``eeg``, ``ieeg``, ``meg``, ``nirs``, ``anat``, ``func``, ``dwi``, ``fmap``, ``perf``,
        ``motion``) or the NWB modality (``ecephys``, ``icephys``, ``ophys``, ``behavior``).
    subject, session : Subject, Session
        Whose, and at which visit.
    entities : mapping of str to str
        Other BIDS entities by their short key (``task``, ``acq``, ``run``, ``dir``, ``echo`` …).
    suffix : str
        The BIDS suffix (``bold``, ``T1w``, ``eeg`` …), where it is not the datatype.
    start : datetime or None
        When the recording began; None if not known. Naive values are local time.
    device : Device
        What measured.
    sidecar : mapping
        Fields of the standard's sidecar by the standard's name (``PowerLineFrequency``, ``RepetitionTime``).
    facts : tuple of Fact
        Every inferred value with its origin, for the plan that a person reads.
    identifiers : tuple of Identifier
        All that must not be found in what is released.
    findings : tuple of Finding
        What the reader noticed and the writer shall pass on: parts that are missing, doubts about a value.
    """

    datatype: str
    subject: Subject
    session: Session = Session()
    entities: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""
    start: datetime | None = None
    device: Device = Device()
    sidecar: Mapping[str, object] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    findings: tuple[Finding, ...] = ()

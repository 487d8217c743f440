"""Activities: what every change leaves behind (W3C PROV)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Activity", "Software"]


@dataclass(frozen=True, slots=True)
class Software:
    """A program and its version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done: used what, made what, by whom, with which software and parameters.

    Parameters
    ----------
    kind : str
        The verb: ``"standardize"``, ``"deidentify"``, ``"release"``, ``"withdraw"``.
    used, made : tuple of str
        Entities, as asset hashes (``sha256:…``) or release ids (``ds-…@0.1.0``).
    by : str
        The Person who answers for it, by id.
    software : tuple of Software
        What did it.
    parameters : mapping
        How; JSON-able values, never an identifier of a subject.
    started, ended : str
        ISO 8601 instants in UTC.
    """

    kind: str
    used: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    by: str = ""
    software: tuple[Software, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    started: str = ""
    ended: str = ""

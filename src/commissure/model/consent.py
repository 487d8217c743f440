"""Consent and Grants: who may use what for which purpose until when."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Consent", "Grant"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a subject, or an ethics board for them, has allowed.

    Parameters
    ----------
    reference : str
        A document's id (``"IRB-2026-17"``) or a DUO term (``"DUO:0000042"``).
    purposes : tuple of str
        For what: ``"research"``, ``"health"``, ``"teaching"``, ``"commercial"``; empty for any.
    until : datetime or None
        When it ends; None for never.
    withdrawn : bool
        True once taken back.
    """

    reference: str
    purposes: tuple[str, ...] = ()
    until: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """The right of one Person to read one dataset's bytes; made by ``govern.consent`` only.

    Parameters
    ----------
    id : str
        Random.
    person : str
        Who may.
    dataset : str
        What; a Dataset's id.
    purpose : str
        For which use.
    until : datetime or None
        When it ends, in UTC; None for never.
    """

    id: str
    person: str
    dataset: str
    purpose: str = "research"
    until: datetime | None = None

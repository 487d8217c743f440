"""Consent: decides who may use what for which purpose until when, and is the only maker of Grants.

Pure functions over the recorded Consents. The rules, in order: what is withdrawn opens for nobody; the owner may always
read what is theirs; anybody else needs a dataset that is public, or the owner's leave, and a consent that has not ended
and that covers the purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from commissure.errors import NotPermitted
from commissure.model import Consent, Dataset, Grant

__all__ = ["ANYBODY", "Request", "covers", "grant"]

#: who asks when nobody has signed in
ANYBODY = "anybody"
_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks to use data: who, for which purpose, when, and, where the owner gave leave, until when.

    Parameters
    ----------
    person : str
        A Person's id, or :data:`ANYBODY`.
    purpose : str
        ``"research"``, ``"health"``, ``"teaching"``, ``"commercial"`` …
    now : datetime
        The instant, in UTC.
    leave : bool
        Whether the owner gave this person leave.
    until : datetime or None
        When the leave ends; None for a day from now.
    """

    person: str
    purpose: str
    now: datetime
    leave: bool = False
    until: datetime | None = None


def covers(consent: Consent, *, purpose: str, now: datetime) -> bool:
    """Whether ``consent`` allows ``purpose`` at the instant ``now``.

    >>> from datetime import UTC, datetime
    >>> covers(Consent("IRB-1", purposes=("research",)), purpose="commercial", now=datetime(2026, 1, 1, tzinfo=UTC))
    False
    """
    in_time = consent.until is None or now < consent.until
    return not consent.withdrawn and in_time and (not consent.purposes or purpose in consent.purposes)


def grant(dataset: Dataset, consents: Mapping[str, Consent], *, request: Request, id: str) -> Grant:
    """A Grant for whoever asks, or the reason why not.

    Parameters
    ----------
    dataset : Dataset
        What is asked for.
    consents : mapping of str to Consent
        By subject, the dataset's own under the empty string. A single subject's withdrawal does not stop the Grant:
        the vault refuses that subject's bytes.
    request : Request
        Who asks, for what.
    id : str
        The Grant's id: random.

    Raises
    ------
    NotPermitted
        With the one reason.
    """
    whole = consents.get("")
    if whole is not None and whole.withdrawn:
        raise NotPermitted(
            f"Consent for dataset {dataset.id!r} was withdrawn: nobody can get its bytes any more."
        )
    end = request.until or request.now + _LIFETIME
    if request.person == dataset.owner and request.person != ANYBODY:
        return Grant(id, request.person, dataset.id, request.purpose, end)
    if not dataset.public and not request.leave:
        raise NotPermitted(f"Dataset {dataset.id!r} is private; ask its owner for leave.")
    if whole is None:
        return Grant(id, request.person, dataset.id, request.purpose, end)
    if whole.until is not None and request.now >= whole.until:
        raise NotPermitted(f"Consent for dataset {dataset.id!r} ended at {whole.until.isoformat()}.")
    if not covers(whole, purpose=request.purpose, now=request.now):
        allowed = ", ".join(repr(purpose) for purpose in whole.purposes)
        raise NotPermitted(
            f"Consent for dataset {dataset.id!r} is for {allowed}; got purpose {request.purpose!r}."
        )
    return Grant(
        id, request.person, dataset.id, request.purpose, min(end, whole.until) if whole.until else end
    )

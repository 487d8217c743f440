"""People and places: who measures, who is measured, where."""

from dataclasses import dataclass

__all__ = ["Person", "Session", "Site", "Subject"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works with data (never a subject).

    >>> Person("ada", name="Ada L.", orcid="0000-0002-1825-0097").id
    'ada'
    """

    id: str
    name: str = ""
    orcid: str = ""
    email: str = ""
    affiliation: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A place that measures: a lab, a hospital, a scanner room."""

    id: str
    name: str = ""
    ror: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose brain it is: a label and what science needs to know, no identity.

    Parameters
    ----------
    label : str
        The BIDS label, without ``sub-``. Before de-identification it may be the lab's own id.
    species : str
        A Latin binomial (``"Homo sapiens"``); empty if not known.
    sex : str
        ``"F"``, ``"M"``, ``"O"``, or ``"U"`` for unknown.
    age_years : float or None
        Age at the recording; None if not known.
    age_iso : str
        Age as an ISO 8601 duration (``"P90D"``) where years are too coarse (animals).
    handedness, strain, genotype, group : str
        Empty if not known.
    """

    label: str
    species: str = ""
    sex: str = "U"
    age_years: float | None = None
    age_iso: str = ""
    handedness: str = ""
    strain: str = ""
    genotype: str = ""
    group: str = ""

    @property
    def is_person(self) -> bool:
        """Whether the subject is, or may be, a human being: true unless a species says otherwise."""
        return self.species.strip().lower() in {"", "homo sapiens", "human"}


@dataclass(frozen=True, slots=True)
class Session:
    """One visit of one subject; ``label`` without ``ses-``, empty where a dataset has no sessions."""

    label: str = ""

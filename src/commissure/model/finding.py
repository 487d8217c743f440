"""Findings: what every judgement returns."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Finding", "Severity", "worst"]


class Severity(StrEnum):
    """How much a Finding weighs, from a remark to what stops a release."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_ORDER = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement: which check, how grave, where, what was got, what to do.

    Parameters
    ----------
    check : str
        A dotted name, the judge first: ``"bids.EVENTS_TSV_MISSING"``, ``"quality.flat"``, ``"detect.unknown"``.
    severity : Severity
        ``INFO``, ``WARNING`` or ``ERROR``.
    message : str
        One line: what is wrong and what was got. Never a subject's identifier.
    where : str
        A path inside the release or a safe name of the raw file; empty for the whole dataset.
    remedy : str
        What to do about it.

    Examples
    --------
    >>> f = Finding("quality.flat", Severity.WARNING, "Channel Cz is flat.", where="sub-01", remedy="Mark it bad.")
    >>> f.to_dict()["severity"]
    'warning'
    """

    check: str
    severity: Severity
    message: str
    where: str = ""
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """The Finding as plain strings, for JSON."""
        return {key: str(value) for key, value in asdict(self).items()}


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The gravest severity among ``findings``; None if there are none."""
    return max((f.severity for f in findings), key=_ORDER.__getitem__, default=None)

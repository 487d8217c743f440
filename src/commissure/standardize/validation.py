"""What a field's own validator said, in our words: one result type for every validator."""

from collections.abc import Iterable
from dataclasses import dataclass

from commissure.model import Finding, Severity

__all__ = ["Validation"]


@dataclass(frozen=True, slots=True)
class Validation:
    """The verdict of one validator on one tree.

    Parameters
    ----------
    validator : str
        Its name: ``"bids-validator"``, ``"nwbinspector"``, ``"pynwb"``, ``"hed"``.
    version : str
        Its version; empty if it does not say.
    findings : tuple of Finding
        All that it said, mapped.

    Examples
    --------
    >>> Validation("pynwb", "3.0", (Finding("pynwb.schema", Severity.ERROR, "No such type."),)).errors
    1
    """

    validator: str
    version: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> int:
        """How many Findings are errors."""
        return _count(self.findings, Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many Findings are warnings."""
        return _count(self.findings, Severity.WARNING)

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return self.errors == 0


def _count(findings: Iterable[Finding], severity: Severity) -> int:
    return sum(finding.severity is severity for finding in findings)

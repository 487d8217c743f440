"""What ``share`` tells at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from commissure.model import Finding

__all__ = ["NOTHING_RELEASED", "ShareReport"]

NOTHING_RELEASED = 3


@dataclass(frozen=True, slots=True)
class ShareReport:
    """The outcome of one ``share``.

    Parameters
    ----------
    dataset, version : str
        The release; empty where nothing was released.
    standard : str
        ``"bids"``, ``"nwb"``, ``"bids+nwb"``, or empty.
    files : tuple of str
        Paths inside the release.
    validators : mapping
        ``{name: {"errors": n, "warnings": n}}``.
    findings : tuple of Finding
        All that was judged.
    identifiers_removed : mapping of str to int
        How many of each category were taken out.
    seconds : mapping of str to float
        Time by stage.
    plan : tuple of mapping
        For each recording: format, the raw files (how many), where each value came from, the target path.
    public, unchanged, dry_run : bool
        Whether anybody may read it; whether the release existed already; whether this was only a plan.
    """

    dataset: str = ""
    version: str = ""
    standard: str = ""
    files: tuple[str, ...] = ()
    validators: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    identifiers_removed: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    plan: tuple[Mapping[str, object], ...] = ()
    public: bool = False
    unchanged: bool = False
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        """0 where a release stands (or a dry run went through), 3 where nothing could be released."""
        return 0 if self.version or (self.dry_run and self.files) else NOTHING_RELEASED

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-able values."""
        release = {"id": self.dataset, "version": self.version} if self.version else None
        return {
            "release": release,
            "standard": self.standard,
            "files": list(self.files),
            "validators": {name: dict(counts) for name, counts in self.validators.items()},
            "findings": [finding.to_dict() for finding in self.findings],
            "identifiers_removed": dict(self.identifiers_removed),
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "plan": [dict(row) for row in self.plan],
            "public": self.public,
            "unchanged": self.unchanged,
            "dry_run": self.dry_run,
        }

"""Stage ``likeness``: what each session's signal is like, so that data like it is found."""

from commissure.discover.likeness_layout import VERSION
from commissure.model import Finding, Release, Severity
from commissure.workflows.describe_signals import counted, describe_nouns, keep_descriptors
from commissure.workflows.sharing.work import Work

__all__ = ["find_likeness", "keep_likeness"]


def find_likeness(work: Work) -> None:
    """Describe the standing items; where none can be described a remark says why, and nothing stops."""
    scratch = work.staging.scratch / "likeness"
    work.described, refused = describe_nouns((item.noun for item in work.standing), scratch=scratch)
    if refused and not work.described:
        work.findings.append(Finding("likeness.none", Severity.INFO, refused[0]))
    if work.described:
        work.metadata["signal"] = {"descriptor": VERSION, "sessions": dict(counted(work.described))}


def keep_likeness(work: Work, made: Release) -> None:
    """Keep the descriptors beside the release that was made."""
    if work.unchanged and work.hub.records.descriptors.of(made.dataset):
        return
    encrypt = work.options.encrypt_animals or work.hub.settings.policy.encrypt_animals
    keep_descriptors(work.hub, made, described=work.described, encrypt_animals=encrypt)

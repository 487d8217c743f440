"""Jobs and studies: work that takes a while."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Job", "JobState", "Study"]


class JobState(StrEnum):
    """Where a Job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work: a workflow's name, its parameters, how far it is, what came out."""

    id: str
    kind: str
    state: JobState = JobState.QUEUED
    parameters: Mapping[str, object] = field(default_factory=dict)
    progress: float = 0.0
    stage: str = ""
    result: Mapping[str, object] | None = None
    error: str = ""
    created: str = ""
    updated: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """A named analysis with a plan that every site sees and approves before anything leaves it."""

    id: str
    title: str
    analysis: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    sites: tuple[str, ...] = ()

"""The jobs' port: who runs long work, and what long work is.

A job's kind is a line of :data:`WORK`, a plugin like any other: a function that takes the hub, the job's
parameters and a Progress (by its name), and gives a JSON-able result. It may be run twice when a machine dies, so its effect must
be the same as if it were run once.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from commissure.model import Job, Progress
from commissure.plugins import Registry

__all__ = ["EXECUTORS", "WORK", "Executor", "Work"]


class Work(Protocol):
    """What a kind of job does."""

    def __call__(
        self, hub: Any, parameters: Mapping[str, Any], *, progress: Progress
    ) -> Mapping[str, object]:
        """Do it on ``hub``, and give a JSON-able result."""
        ...


class Executor(Protocol):
    """Who runs long work."""

    def submit(self, kind: str, parameters: Mapping[str, object], *, by: str) -> Job:
        """Take on a job of a kind of :data:`WORK` for the Person ``by``; NotFound if no such kind is known."""
        ...

    def get(self, id: str) -> Job:
        """How the job stands; NotFound if there is none."""
        ...

    def cancel(self, id: str) -> Job:
        """Stop a job: at once if it waits, at its next step if it runs, not at all if it has ended."""
        ...


#: the kinds of long work: the workflow that does it
WORK: Registry[Work] = Registry(
    "work",
    {
        "share": "commissure.workflows.share:as_work",
        "upload": "commissure.workflows.upload:as_work",
        "get": "commissure.workflows.get:as_work",
        "withdraw": "commissure.workflows.withdraw:as_work",
    },
)

#: the executors: ``factory(table=, root=, clock=, hub=)``
EXECUTORS: Registry[Callable[..., Executor]] = Registry(
    "executor",
    {"inline": "commissure.jobs.inline:InlineExecutor", "local": "commissure.jobs.local:LocalExecutor"},
)

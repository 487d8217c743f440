"""The inline executor: a job is run at once, in the process that submits it."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from commissure.jobs.port import WORK
from commissure.jobs.run import run
from commissure.model import Job
from commissure.store.jobtable import JobTable

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """Runs each job where it is submitted; ``submit`` returns when it has ended.

    Parameters
    ----------
    table : JobTable
        Where jobs are recorded.
    root : Path
        The hub's folder.
    clock : callable
        Gives the instant, in UTC.
    hub : callable
        Gives the hub that the work is done on.
    """

    def __init__(
        self, *, table: JobTable, root: Path, clock: Callable[[], datetime], hub: Callable[[], Any]
    ) -> None:
        self._table, self._root, self._clock, self._hub = table, root, clock, hub

    def submit(self, kind: str, parameters: Mapping[str, object], *, by: str) -> Job:
        """Run a job of a kind of :data:`commissure.jobs.port.WORK`, and give back how it ended."""
        WORK.get(kind)
        now = self._clock().isoformat()
        job = Job(secrets.token_hex(12), kind, parameters=dict(parameters), created=now, updated=now)
        self._table.add(job, by=by)
        run(job.id, table=self._table, hub=self._hub(), clock=self._clock, tries=1)
        return self._table.get(job.id)

    def get(self, id: str) -> Job:
        """How the job stands."""
        return self._table.get(id)

    def cancel(self, id: str) -> Job:
        """Stop a job that another thread runs."""
        return self._table.stop(id, now=self._clock().isoformat())

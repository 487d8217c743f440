"""The local executor: a durable queue in the hub's folder, which a worker process empties.

The queue is huey's on SQLite; how each job stands is in the records. A job that runs holds a lock that the system lets
go when the process dies, however it dies: so that a worker that starts, or idles, finds what was left and queues it
again. A job is begun at most :data:`TRIES` times.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from commissure.extras import need
from commissure.jobs.port import WORK
from commissure.jobs.run import run
from commissure.model import Job, JobState
from commissure.store.jobtable import JobTable

__all__ = ["TRIES", "LocalExecutor"]

#: how often a job may be begun in all
TRIES = 4
_POLL_S = 0.25
_MANY = 10_000


class LocalExecutor:
    """Queues jobs; :meth:`work`, in a process of its own, runs them.

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
        """Queue a job of a kind of :data:`commissure.jobs.port.WORK`."""
        WORK.get(kind)
        now = self._clock().isoformat()
        job = Job(secrets.token_hex(12), kind, parameters=dict(parameters), created=now, updated=now)
        self._table.add(job, by=by)
        self._queue(job.id)
        return job

    def get(self, id: str) -> Job:
        """How the job stands."""
        return self._table.get(id)

    def cancel(self, id: str) -> Job:
        """Stop a job: at once if it waits, at its next step if it runs."""
        return self._table.stop(id, now=self._clock().isoformat())

    def work(self, *, idle_s: float | None = None) -> int:
        """Run queued jobs one after the other; several workers may do so side by side.

        Parameters
        ----------
        idle_s : float or None
            After how many seconds without a job to return; None for never.

        Returns
        -------
        int
            How many jobs were run.
        """
        done, idle_since = 0, time.monotonic()
        self._recover()
        while True:
            task = self._tasks[0].dequeue()
            if task is not None:
                done += bool(self._tasks[0].execute(task))
                idle_since = time.monotonic()
                continue
            if self._recover():
                continue
            if idle_s is not None and time.monotonic() - idle_since >= idle_s:
                return done
            time.sleep(_POLL_S)

    @cached_property
    def _tasks(self) -> tuple[Any, Callable[[str], object]]:
        """The queue, and the task that it must know before anything is taken from it."""
        huey = need("huey", purpose="Queueing jobs")
        where = str(self._root / "queue.sqlite")
        queue = huey.SqliteHuey("commissure", filename=where, results=False, fsync=True, timeout=60)
        return queue, queue.task(name="run_job")(self._run)

    def _queue(self, id: str) -> None:
        self._tasks[1](id)

    def _recover(self) -> int:
        """Queue again what a worker left when it died; how many jobs those were."""
        waiting = {task.args[0] for task in self._tasks[0].pending(_MANY)}
        left = self._table.find(states=(JobState.QUEUED, JobState.RUNNING), limit=_MANY)
        lost = [job.id for job in reversed(left) if job.id not in waiting and self._is_free(job.id)]
        for id in lost:
            self._queue(id)
        return len(lost)

    def _lock(self, id: str) -> FileLock:
        return FileLock(str(self._root / "locks" / f"job-{id}.lock"), timeout=0)

    def _is_free(self, id: str) -> bool:
        try:
            with self._lock(id):
                return True
        except Timeout:
            return False

    def _run(self, id: str) -> bool:
        try:
            with self._lock(id):
                if run(id, table=self._table, hub=self._hub(), clock=self._clock, tries=TRIES):
                    self._queue(id)
        except Timeout:
            return False
        (self._root / "locks" / f"job-{id}.lock").unlink(missing_ok=True)
        return True

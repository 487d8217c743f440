"""Running one job: progress recorded as it goes, and the one place where its errors end."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from commissure.errors import BadInput, CommissureError, Conflict, MissingExtra, NotFound, NotPermitted
from commissure.jobs.port import WORK
from commissure.model import JobState, Person
from commissure.store.jobtable import JobTable

__all__ = ["JobProgress", "Stopped", "run"]

#: errors that come again however often one tries
_LASTING = (BadInput, NotFound, NotPermitted, Conflict, MissingExtra)
_PAUSE_S = 0.3


class Stopped(CommissureError):
    """Somebody cancelled the job."""


class JobProgress:
    """A Progress that is written into the jobs' table, at most three times a second.

    Parameters
    ----------
    id : str
        The job.
    table : JobTable
        Where it is recorded.
    clock : callable
        Gives the instant, in UTC.
    """

    def __init__(self, id: str, *, table: JobTable, clock: Callable[[], datetime]) -> None:
        self._id, self._table, self._clock = id, table, clock
        self._stage, self._total, self._done, self._told_s = "", 0.0, 0.0, 0.0

    def stage(self, name: str, total: float | None = None) -> None:
        """A stage begins; raises :class:`Stopped` if the job was cancelled."""
        self._stage, self._total, self._done = name, total or 0.0, 0.0
        self._tell()

    def advance(self, amount: float = 1.0) -> None:
        """So much more is done; raises :class:`Stopped` if the job was cancelled."""
        self._done += amount
        if time.monotonic() - self._told_s >= _PAUSE_S:
            self._tell()

    def _tell(self) -> None:
        self._told_s = time.monotonic()
        share = min(1.0, self._done / self._total) if self._total else 0.0
        if self._table.tell(self._id, progress=share, stage=self._stage, now=self._clock().isoformat()):
            raise Stopped("The job was cancelled.")


def run(id: str, *, table: JobTable, hub: Any, clock: Callable[[], datetime], tries: int) -> bool:
    """Run one job to its end; True if it broke in a way that may pass, and waits to be run again.

    Parameters
    ----------
    id : str
        The job.
    table : JobTable
        Where it is recorded.
    hub : Hub
        What the work is done on; it acts as whoever wanted the job.
    clock : callable
        Gives the instant, in UTC.
    tries : int
        How often it may be begun in all.
    """
    if not table.start(id, now=clock().isoformat(), tries=tries):
        return False
    job, actor = table.get(id), hub.acting_as(Person(table.by(id)))
    try:
        result = WORK.get(job.kind)(actor, job.parameters, progress=JobProgress(id, table=table, clock=clock))
    except Stopped:
        table.end(id, state=JobState.CANCELLED, now=clock().isoformat())
    except _LASTING as error:
        table.end(id, state=JobState.FAILED, error=str(error), now=clock().isoformat())
    except CommissureError as error:
        return table.retry(id, error=str(error), now=clock().isoformat(), tries=tries)
    except Exception as error:  # noqa: BLE001 - a job's fault must not end the worker; its kind is told, never its text
        message = f"The work broke with {type(error).__name__}; see the worker's log."
        return table.retry(id, error=message, now=clock().isoformat(), tries=tries)
    else:
        table.end(id, state=JobState.DONE, result=result, now=clock().isoformat())
    return False

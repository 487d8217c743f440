"""The jobs' table: how each piece of long work stands, for every process that asks."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from commissure.errors import NotFound
from commissure.model import Job, JobState
from commissure.store.database import Database, dumps
from commissure.store.schema import jobs

__all__ = ["JobTable"]

_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobTable:
    """Jobs by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job, *, by: str) -> None:
        """Add a job that the Person ``by`` wants done."""
        row = {
            "id": job.id, "kind": job.kind, "state": str(job.state), "by": by, "parameters": dumps(dict(job.parameters)),
            "progress": job.progress, "stage": job.stage, "result": "", "error": "", "attempts": 0, "stop": False,
            "created": job.created, "updated": job.updated,
        }  # fmt: skip
        with self._database.write() as connection:
            connection.execute(jobs.insert().values(row))

    def get(self, id: str) -> Job:
        """The job; :class:`NotFound` if there is none."""
        return _job(self._row(id))

    def by(self, id: str) -> str:
        """Who wanted the job."""
        return str(self._row(id)["by"])

    def find(self, *, states: tuple[JobState, ...] = (), by: str = "", limit: int = 100) -> tuple[Job, ...]:
        """The newest jobs in one of ``states`` (any if empty), of the Person ``by`` (anybody's if empty)."""
        select = sa.select(jobs).order_by(jobs.c.seq.desc()).limit(limit)
        if states:
            select = select.where(jobs.c.state.in_([str(state) for state in states]))
        if by:
            select = select.where(jobs.c.by == by)
        with self._database.read() as connection:
            return tuple(_job(row) for row in connection.execute(select).mappings())

    def start(self, id: str, *, now: str, tries: int) -> bool:
        """Mark the job as running; False if it has ended, or fails now, having been begun ``tries`` times."""
        with self._database.write() as connection:
            row = connection.execute(sa.select(jobs).where(jobs.c.id == id)).mappings().one()
            if row["state"] in _ENDED:
                return False
            values: dict[str, object] = {
                "state": str(JobState.RUNNING),
                "attempts": row["attempts"] + 1,
                "stage": "",
            }
            if row["attempts"] >= tries:
                message = f"It was begun {tries} times and never ended; the machine may lack memory or disk."
                values = {"state": str(JobState.FAILED), "error": message}
            connection.execute(jobs.update().where(jobs.c.id == id).values(updated=now, **values))
            return bool(row["attempts"] < tries)

    def tell(self, id: str, *, progress: float, stage: str, now: str) -> bool:
        """Note how far the job is; True if somebody wants it stopped."""
        with self._database.write() as connection:
            values = {"progress": progress, "stage": stage, "updated": now}
            connection.execute(jobs.update().where(jobs.c.id == id).values(values))
            return bool(connection.execute(sa.select(jobs.c.stop).where(jobs.c.id == id)).scalar())

    def retry(self, id: str, *, error: str, now: str, tries: int) -> bool:
        """Put a job that broke back into the queue; False, and failed, once it was begun ``tries`` times."""
        again = int(self._row(id)["attempts"]) < tries
        self.end(id, state=JobState.QUEUED if again else JobState.FAILED, error=error, now=now)
        return again

    def end(
        self,
        id: str,
        *,
        state: JobState,
        now: str,
        error: str = "",
        result: Mapping[str, object] | None = None,
    ) -> None:
        """Note how the job ended, with its result or its error."""
        values: dict[str, object] = {"state": str(state), "error": error, "updated": now}
        if result is not None:
            values |= {"result": dumps(dict(result)), "progress": 1.0}
        with self._database.write() as connection:
            connection.execute(jobs.update().where(jobs.c.id == id).values(values))

    def stop(self, id: str, *, now: str) -> Job:
        """Cancel a waiting job, ask a running one to stop; one that has ended stays as it is."""
        with self._database.write() as connection:
            here = jobs.update().where(jobs.c.id == id)
            waiting = here.where(jobs.c.state == str(JobState.QUEUED))
            connection.execute(waiting.values(state=str(JobState.CANCELLED), updated=now))
            connection.execute(here.where(jobs.c.state == str(JobState.RUNNING)).values(stop=True))
        return self.get(id)

    def _row(self, id: str) -> Mapping[str, Any]:
        with self._database.read() as connection:
            row = connection.execute(sa.select(jobs).where(jobs.c.id == id)).mappings().first()
        if row is None:
            raise NotFound(f"No job has the id {id!r}.")
        return dict(row)


def _job(row: Mapping[Any, Any]) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        state=JobState(row["state"]),
        parameters=json.loads(row["parameters"]),
        progress=row["progress"],
        stage=row["stage"],
        result=json.loads(row["result"]) if row["result"] else None,
        error=row["error"],
        created=row["created"],
        updated=row["updated"],
    )

"""Usage: which dataset was viewed, fetched or cited by whom; what recommendations and statistics stand on."""

import sqlalchemy as sa

from commissure.store.database import Database
from commissure.store.schema import events

__all__ = ["Usage"]


class Usage:
    """Events of use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, dataset: str, *, person: str, now: str) -> None:
        """Note that ``person`` did ``kind`` (``"view"``, ``"get"``) with ``dataset`` at the instant ``now``."""
        with self._database.write() as connection:
            connection.execute(events.insert().values(at=now, kind=kind, dataset=dataset, person=person))

    def forget(self, person: str) -> int:
        """Delete every event of ``person``; gives how many there were."""
        with self._database.write() as connection:
            return int(connection.execute(events.delete().where(events.c.person == person)).rowcount)

    def counts(self, dataset: str) -> dict[str, int]:
        """How often each kind of use happened to ``dataset``."""
        select = sa.select(events.c.kind, sa.func.count()).where(events.c.dataset == dataset)
        with self._database.read() as connection:
            rows = connection.execute(select.group_by(events.c.kind)).all()
            return {str(row[0]): int(row[1]) for row in rows}

    def pairs(self) -> tuple[tuple[str, str, int], ...]:
        """Every (person, dataset, times used), sorted: the matrix that recommendations learn from."""
        columns = (events.c.person, events.c.dataset)
        select = sa.select(*columns, sa.func.count()).group_by(*columns).order_by(*columns)
        with self._database.read() as connection:
            return tuple((person, dataset, count) for person, dataset, count in connection.execute(select))

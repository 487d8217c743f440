"""The database: one engine, transactions that write or read, and the migrations run on opening.

SQLite (WAL, foreign keys, a busy timeout) by default, PostgreSQL by URL. Nothing else in the house makes an engine.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from commissure.errors import Conflict, Fault
from commissure.extras import need

__all__ = ["HEAD", "Database", "dumps"]

#: the newest migration in ``store/migrations/versions``
HEAD = "0005"
_MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x636F6D6D


def dumps(value: object) -> str:
    """``value`` as canonical JSON: sorted keys, no spaces, UTF-8 as it is.

    >>> dumps({"b": 1, "a": "é"})
    '{"a":"é","b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Database:
    """An open database at the newest schema.

    Parameters
    ----------
    url : str
        An SQLAlchemy URL: ``sqlite:///…/hub.sqlite`` or ``postgresql://…``.

    Raises
    ------
    Fault
        If the database cannot be reached or is newer than this program.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.sqlite = self.engine.dialect.name == "sqlite"
        if self._revision() != HEAD:
            self._upgrade()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the data throughout."""
        with _clear_errors(), self.engine.connect() as connection:
            yield (
                connection if self.sqlite else connection.execution_options(isolation_level="REPEATABLE READ")
            )

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: all of it is kept, or, if anything is raised, nothing."""
        with _clear_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(commissure_write=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def _revision(self) -> str | None:
        with _clear_errors(), self.engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.execute(
                sa.text("SELECT version_num FROM alembic_version")
            ).scalar()
        if found is not None and found > HEAD:
            raise Fault(
                f"The hub's database has schema {found}, this program knows up to {HEAD}: update commissure."
            )
        return found

    def _upgrade(self) -> None:
        command, config = (
            need("alembic.command", purpose="Migrating"),
            need("alembic.config", purpose="Migrating"),
        )
        with self.write() as connection:
            if not self.sqlite:
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})"))
            script = config.Config()
            script.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            script.attributes["connection"] = connection
            command.upgrade(script, "head")


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        need("psycopg", purpose="Using PostgreSQL")
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": 60})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000",
                   "cache_size=-32000", "temp_store=MEMORY"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    options: Mapping[str, object] = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("commissure_write") else "BEGIN")


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise Conflict("The hub's records changed meanwhile, or hold this already; try again.") from error
    except OperationalError as error:
        raise Fault(_explain(str(error.orig))) from error
    except DBAPIError as error:
        raise Fault(f"The hub's database refused: {type(error.orig).__name__}.") from error


def _explain(said: str) -> str:
    if "full" in said or "No space" in said:
        return "The disk that holds the hub's database is full; free some space and run it again: nothing is lost."
    if "locked" in said:
        return "The hub's database is locked by another program for over a minute; end that program and try again."
    if "readonly" in said or "unable to open" in said:
        return "The hub's database cannot be opened for writing; check the folder's permissions."
    return "The hub's database cannot be used; check that it is running and that its URL is right."

"""The records on SQLite and PostgreSQL: one contract, and the migrations."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from commissure.errors import Conflict, Fault
from commissure.store.database import HEAD, Database
from commissure.store.ledger import Ledger
from commissure.store.port import Query
from commissure.store.records import Records
from commissure.store.schema import metadata
from commissure.testing.records import RecordsContract, add, sample_release


class TestRecords(RecordsContract):
    """The contract."""


def test_migrations_make_the_tables_that_the_program_uses(url: str) -> None:
    database = Database(url)
    options = {
        "include_object": lambda thing, name, kind, *_: (
            not (kind == "table" and name.startswith("text_index"))
        )
    }
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)
    assert differences == []
    database.close()


def test_migrations_run_once_also_when_many_open_at_once(url: str) -> None:
    errors: list[Exception] = []

    def open_it() -> None:
        try:
            Database(url).close()
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    database = Database(url)
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all() == [
            HEAD
        ]
    database.close()


def test_a_newer_database_is_refused(url: str) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(Fault, match="update commissure"):
        Database(url)


def test_writers_at_once_give_each_release_its_version(records: Records) -> None:
    made: list[str] = []

    def write(number: int) -> None:
        for version in ("0.1.0", "0.2.0", "0.3.0"):
            try:
                made.append(add(records, sample_release(f"ds-{number % 2}", version)).id)
            except Conflict:
                continue

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for dataset in ("ds-0", "ds-1"):
        assert records.releases.versions(dataset) == ("0.3.0", "0.2.0", "0.1.0")
    assert records.catalogue.page(Query()).total == 2
    assert records.catalogue.facets(Query()) == {"standard": {"bids": 2}}


def test_an_error_amid_a_release_leaves_nothing(records: Records, ledger: Ledger) -> None:
    add(records, sample_release("ds-1"))
    before = ledger.head()
    bad = sample_release("ds-1", "0.2.0")
    object.__setattr__(bad, "created", None)
    with pytest.raises((Conflict, Fault)):
        add(records, bad)
    assert ledger.head() == before
    assert records.releases.versions("ds-1") == ("0.1.0",)
    assert records.catalogue.page(Query()).cards[0].version == "0.1.0"


def test_a_full_disk_is_told_clearly(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    records = Records.of(database, ledger=Ledger(database, mirror=tmp_path / "l.jsonl", secret=b"s"))
    add(records, sample_release("ds-1"))
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Fault, match="is full; free some space"):
        for number in range(200):
            add(records, sample_release(f"ds-x{number}", description="x" * 4000))
    assert records.releases.get("ds-1").version == "0.1.0"
    database.close()

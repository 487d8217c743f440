"""The databases and buckets that the store's tests run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commissure.store.database import Database
from commissure.store.ledger import Ledger
from commissure.store.records import Records

SECRET = b"s" * 32


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.sqlite'}"
    return str(request.getfixturevalue("empty_postgres"))


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger in an empty database."""
    database = Database(url)
    yield Ledger(database, mirror=tmp_path / "ledger.jsonl", secret=SECRET)
    database.close()


@pytest.fixture
def records(ledger: Ledger) -> Records:
    """Empty records."""
    return Records.of(ledger.database, ledger=ledger)

"""A hub with the sample session in it, shared once for all tests of this folder."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from commissure.certify.described import Described
from commissure.hub import Hub, open_hub
from commissure.settings import Settings
from commissure.testing.samples import write_sample_session
from commissure.workflows.browse import show
from commissure.workflows.certify import describe
from commissure.workflows.share import share

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "https://hub.example"


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    top = tmp_path_factory.mktemp("certify")
    found = open_hub(top / "hub", settings=Settings(hub=str(top / "hub"), jobs="inline"), clock=lambda: NOW)
    share(found, write_sample_session(top / "raw", seconds=6.0), now=NOW)
    yield found
    found.close()


@pytest.fixture(scope="session")
def dataset(hub: Hub) -> str:
    (id,) = hub.records.releases.ids()
    return id


@pytest.fixture(scope="session")
def one(hub: Hub, dataset: str) -> Described:
    return describe(hub, show(hub, dataset, viewer=hub.actor.id, now=NOW), origin=ORIGIN)

"""Numbers for datasets and releases, for the dialects that know no names.

A dataset keeps its number for life and no other dataset gets it, since both are rows that are never deleted.
"""

import sqlalchemy as sa

from commissure.errors import NotFound
from commissure.store.database import Database
from commissure.store.schema import datasets, releases

__all__ = ["dataset_number", "dataset_numbered", "release_number", "release_numbered"]


def dataset_number(database: Database, id: str) -> int:
    """The number of the dataset called ``id``; :class:`NotFound` if there is none."""
    with database.read() as connection:
        found = connection.execute(sa.select(datasets.c.seq).where(datasets.c.id == id)).scalar()
    if found is None:
        raise NotFound(f"No dataset has the id {id!r}.")
    return int(found)


def dataset_numbered(database: Database, number: int) -> str:
    """The id of the dataset with this number; :class:`NotFound` if there is none."""
    with database.read() as connection:
        found = connection.execute(sa.select(datasets.c.id).where(datasets.c.seq == number)).scalar()
    if found is None:
        raise NotFound(f"No dataset has the number {number:06d}.")
    return str(found)


def release_number(database: Database, dataset: str, *, version: str) -> int:
    """The number of a release; :class:`NotFound` if there is none."""
    here = (releases.c.dataset == dataset) & (releases.c.version == version)
    with database.read() as connection:
        found = connection.execute(sa.select(releases.c.seq).where(here)).scalar()
    if found is None:
        raise NotFound(f"No release is called {f'{dataset}@{version}'!r}.")
    return int(found)


def release_numbered(database: Database, number: int) -> tuple[str, str]:
    """Dataset and version of the release with this number; :class:`NotFound` if there is none."""
    with database.read() as connection:
        row = connection.execute(
            sa.select(releases.c.dataset, releases.c.version).where(releases.c.seq == number)
        ).first()
    if row is None:
        raise NotFound("No release has that number.")
    return str(row.dataset), str(row.version)

"""The records: everything a hub knows but the bytes, as small tables of one purpose each."""

from dataclasses import dataclass

from commissure.store.access import Access
from commissure.store.budgets import Budgets
from commissure.store.catalogue import Catalogue
from commissure.store.database import Database
from commissure.store.descriptors import Descriptors
from commissure.store.jobtable import JobTable
from commissure.store.ledger import Ledger
from commissure.store.people import People
from commissure.store.releases import Releases
from commissure.store.usage import Usage

__all__ = ["Records"]


@dataclass(frozen=True, slots=True)
class Records:
    """What a hub knows.

    Parameters
    ----------
    database : Database
        Where it is kept.
    releases : Releases
        Datasets and their releases.
    catalogue : Catalogue
        Pages and facet counts.
    access : Access
        Consents and Grants.
    people : People
        Who works with the hub.
    jobs : JobTable
        Long work.
    usage : Usage
        What was used by whom.
    budgets : Budgets
        What private releases may cost and have cost.
    descriptors : Descriptors
        What signals are like.
    """

    database: Database
    releases: Releases
    catalogue: Catalogue
    access: Access
    people: People
    jobs: JobTable
    usage: Usage
    budgets: Budgets
    descriptors: Descriptors

    @classmethod
    def of(cls, database: Database, *, ledger: Ledger) -> "Records":
        """The records in ``database``, which write their lines into ``ledger``."""
        return cls(
            database=database,
            releases=Releases(database, ledger=ledger),
            catalogue=Catalogue(database),
            access=Access(database, ledger=ledger),
            people=People(database),
            jobs=JobTable(database),
            usage=Usage(database),
            budgets=Budgets(database, ledger=ledger),
            descriptors=Descriptors(database),
        )

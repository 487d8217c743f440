"""Privacy budgets: what each dataset may spend, and what it has; safe with several processes at once.

The store knows no privacy arithmetic: whoever spends brings the rule, and the rule is asked within the transaction in
which the spend is written, so that two processes never spend the same rest.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from commissure.errors import NotFound
from commissure.store.database import Database, dumps
from commissure.store.ledger import Ledger
from commissure.store.schema import budgets, spends

__all__ = ["Budgets"]


class Budgets:
    """The budgets of a hub's datasets."""

    def __init__(self, database: Database, *, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def limit(self, dataset: str) -> Mapping[str, Any]:
        """What a dataset may spend; :class:`NotFound` if nobody has said so."""
        with self._database.read() as connection:
            return _limit(connection, dataset)

    def spent(self, dataset: str) -> tuple[Mapping[str, Any], ...]:
        """Every spend of a dataset, in order, each with ``at`` and ``by``."""
        with self._database.read() as connection:
            return _spent(connection, dataset)

    def set_limit(self, dataset: str, limit: Mapping[str, Any], *, at: str, by: str) -> None:
        """Say what all releases of a dataset may cost together; what is spent stays spent."""
        with self._ledger.transaction() as connection:
            self._ledger.write(connection, "privacy budget", {"dataset": dataset, **limit}, at=at, by=by)
            connection.execute(budgets.delete().where(budgets.c.dataset == dataset))
            connection.execute(budgets.insert().values(dataset=dataset, limits=dumps(dict(limit))))

    def spend(
        self,
        dataset: str,
        spend: Mapping[str, Any],
        *,
        admit: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], object],
        at: str,
        by: str,
    ) -> None:
        """Write a spend if ``admit``, given the limit and all earlier spends, does not raise.

        Call it before anything of a release is shown: what was shown is then always paid for, whatever fails later.

        Raises
        ------
        NotFound
            If the dataset has no budget.
        Exception
            Whatever ``admit`` raises; nothing is written then.
        """
        with self._ledger.transaction() as connection:
            self._ledger.lock(connection)
            admit(_limit(connection, dataset), _spent(connection, dataset))
            self._ledger.write(connection, "privacy spend", {"dataset": dataset, **spend}, at=at, by=by)
            connection.execute(
                spends.insert().values(dataset=dataset, at=at, by=by, spend=dumps(dict(spend)))
            )


def _limit(connection: sa.Connection, dataset: str) -> Mapping[str, Any]:
    text = connection.execute(sa.select(budgets.c.limits).where(budgets.c.dataset == dataset)).scalar()
    if text is None:
        raise NotFound(
            f"Dataset {dataset!r} has no privacy budget; its owner sets one with `commissure protect dp budget`."
        )
    return dict(json.loads(text))


def _spent(connection: sa.Connection, dataset: str) -> tuple[Mapping[str, Any], ...]:
    rows = connection.execute(sa.select(spends).where(spends.c.dataset == dataset).order_by(spends.c.seq))
    return tuple({**json.loads(row.spend), "at": row.at, "by": row.by} for row in rows)

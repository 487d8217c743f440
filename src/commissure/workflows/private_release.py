"""Private release: a statistic of a dataset that may be published, charged to the dataset's privacy budget."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from commissure.errors import BadInput, NotPermitted
from commissure.hub import Hub
from commissure.protect.private.budget import (
    Limit,
    Neighbours,
    Spend,
    ceiling_auc,
    check_spend,
    total_epsilon,
)
from commissure.protect.private.noise import NoiseSource
from commissure.protect.private.statistic import PrivateStatistic
from commissure.workflows.private_ask import STATISTICS, Ask
from commissure.workflows.private_compute import compute, cost, price
from commissure.workflows.private_source import Source

__all__ = ["Account", "Ask", "BudgetState", "budget_state", "charge", "private_release", "set_budget"]


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A dataset's limit, its spends in order, and the epsilon after each.

    Parameters
    ----------
    limit : Limit
        What may be spent.
    spends : tuple of Spend
        In order.
    totals : tuple of float
        The epsilon after each.
    attack_auc : float
        What no membership attack on all of them together can pass; 0.5 for none.
    """

    limit: Limit
    spends: tuple[Spend, ...]
    totals: tuple[float, ...]
    attack_auc: float = 0.5


def set_budget(
    hub: Hub, dataset: str, *, epsilon: float, delta: float, most_auc: float = 1.0, now: datetime
) -> Limit:
    """Say what all private releases of a dataset may cost together; for one subject added or removed.

    Parameters
    ----------
    hub : Hub
        Where the dataset is.
    dataset : str
        Its id.
    epsilon, delta : float
        The limit.
    most_auc : float
        A second limit, in an attacker's terms: the area under the ROC curve that no membership attack on all releases
        together may be able to pass. 1 for none.
    now : datetime
        The instant, in UTC.

    Raises
    ------
    NotPermitted
        If the hub's actor is not the owner.
    """
    _owned(hub, dataset)
    limit = Limit(epsilon, delta, most_auc=most_auc)
    values = {"epsilon": epsilon, "delta": delta, "neighbours": str(limit.neighbours), "most_auc": most_auc}
    hub.records.budgets.set_limit(dataset, values, at=now.isoformat(), by=hub.actor.id)
    return limit


def budget_state(hub: Hub, dataset: str) -> BudgetState:
    """What a dataset may spend and has spent."""
    limit = _limit(hub.records.budgets.limit(dataset))
    spends = tuple(_spends(hub.records.budgets.spent(dataset)))
    totals = tuple(_total(spends[: i + 1], limit.delta) for i in range(len(spends)))
    return BudgetState(limit, spends, totals, ceiling_auc(spends))


@functools.lru_cache(maxsize=1024)
def _total(spends: tuple[Spend, ...], delta: float) -> float:
    """What spends cost together, worked out once: a ledger only grows, and pages and pictures ask again and again."""
    return total_epsilon(spends, delta=delta)


def private_release(
    hub: Hub, reference: str, *, ask: Ask, now: datetime, table: str = "", noise: NoiseSource | None = None
) -> PrivateStatistic:  # fmt: skip
    """A statistic of a release's data, with noise for its price.

    Nothing is shown before the price is in the ledger; what is refused costs nothing. Subjects for whom a value is missing
    are left out, which changes nothing for others.

    Parameters
    ----------
    hub : Hub
        Where it is; its actor must own the dataset.
    reference : str
        ``"ds-…"`` or ``"ds-…@0.1.0"``.
    ask : Ask
        What is wanted.
    now : datetime
        The instant, in UTC.
    table : str
        The file, or its end: ``"participants.tsv"``, ``"_timeseries.tsv"``; by default what the statistic is mostly made of.

    Raises
    ------
    NotFound
        If there is no such release, table, or budget.
    NotPermitted
        If the actor is not the owner, the budget does not allow it, or it would say no more than a public reference.
    BadInput
        If what is asked does not fit the data, or there are too few subjects for it.
    """
    dataset, _, version = reference.partition("@")
    _owned(hub, dataset)
    limit = _limit(hub.records.budgets.limit(dataset))
    named = table or STATISTICS[ask.statistic]
    paid = price(ask, delta=limit.delta, references=_references(hub, ask, now=now), table=named)
    check_spend(_spends(hub.records.budgets.spent(dataset)), paid.spend, limit=limit)
    source = Source(hub, hub.records.releases.get(dataset, version or None), now)
    made = compute(source, ask, table=named, paid=paid, noise=noise)
    made = replace(
        made,
        spend=replace(made.spend, asked_mu=paid.spend.asked_mu),
        notes=(paid.note, *made.notes) if paid.note else made.notes,
        cost=cost(made.spend, ask, delta=limit.delta),
    )
    charge(hub, dataset, spend=made.spend, now=now)
    return made


def charge(hub: Hub, dataset: str, *, spend: Spend, now: datetime) -> None:
    """Write what a release costs into the ledger, in one step with the check that the budget allows it.

    Raises
    ------
    NotPermitted
        If the actor is not the owner, or the budget does not allow it; nothing is written then.
    NotFound
        If the dataset has no budget.
    """
    _owned(hub, dataset)

    def admit(now_limit: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> None:
        check_spend(_spends(before), spend, limit=_limit(now_limit))

    hub.records.budgets.spend(dataset, spend.to_dict(), admit=admit, at=now.isoformat(), by=hub.actor.id)


@dataclass(frozen=True, slots=True)
class Account:
    """A dataset's budget, for what is made from a copy of its data: synthetic brains.

    Parameters
    ----------
    hub : Hub
        Where the dataset is; its actor must own it.
    dataset : str
        Its id.
    now : datetime
        The instant, in UTC.
    """

    hub: Hub
    dataset: str
    now: datetime

    def check(self, spends: Sequence[Spend]) -> None:
        """Refuse before the work what could not be paid after it."""
        _owned(self.hub, self.dataset)
        limit = _limit(self.hub.records.budgets.limit(self.dataset))
        before = _spends(self.hub.records.budgets.spent(self.dataset))
        for number, spend in enumerate(spends):
            check_spend([*before, *spends[:number]], spend, limit=limit)

    def charge(self, spends: Sequence[Spend]) -> None:
        """Write all of them into the ledger, before anything is shown."""
        for spend in spends:
            charge(self.hub, self.dataset, spend=spend, now=self.now)


def _references(hub: Hub, ask: Ask, *, now: datetime) -> tuple[Source, ...]:
    """The public datasets that a release is told as a distance from."""
    found = []
    for name in ask.public:
        dataset, _, version = name.partition("@")
        release = hub.records.releases.get(dataset, version or None)
        if not release.public:
            raise BadInput(f"A public reference is public to all; release {release.id} is not.")
        found.append(Source(hub, release, now))
    return tuple(found)


def _owned(hub: Hub, dataset: str) -> None:
    if hub.records.releases.dataset(dataset).owner != hub.actor.id:
        raise NotPermitted(f"Only the owner of dataset {dataset!r} may spend its privacy budget.")


def _limit(values: Mapping[str, Any]) -> Limit:
    neighbours, most = Neighbours(values["neighbours"]), float(values.get("most_auc", 1.0))
    return Limit(float(values["epsilon"]), float(values["delta"]), neighbours, most)


def _spends(rows: Sequence[Mapping[str, Any]]) -> list[Spend]:
    return [Spend.from_dict({k: v for k, v in row.items() if k not in {"at", "by"}}) for row in rows]

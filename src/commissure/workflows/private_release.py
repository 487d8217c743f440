"""Private release: a statistic of a dataset's table that may be published, charged to the dataset's privacy budget."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, NotFound, NotPermitted
from commissure.hub import Hub
from commissure.model import Release
from commissure.protect.budget import Limit, Neighbours, Spend, check_spend, gaussian_mu, total_epsilon
from commissure.protect.noise import NoiseSource
from commissure.protect.private_counts import release_count, release_histogram, release_quantiles
from commissure.protect.private_curves import release_survival
from commissure.protect.private_moments import release_correlation, release_mean, release_regression
from commissure.protect.statistic import Bounds, PrivateStatistic, check_size, one_row_a_subject
from commissure.workflows.access import open_asset

__all__ = ["Ask", "BudgetState", "budget_state", "private_release", "set_budget"]

Array = NDArray[np.float64]
_STATISTICS = ("count", "histogram", "mean", "quantiles", "correlation", "regression", "survival")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of a table; all of it public.

    Parameters
    ----------
    statistic : str
        ``count``, ``histogram``, ``mean``, ``quantiles``, ``correlation``, ``regression`` (the last column on the others) or
        ``survival`` (time, event).
    columns : tuple of str
        The table's columns it is about.
    lower, upper : tuple of float
        Public limits, one a column.
    categories : tuple of str
        What may occur, for a histogram.
    points : tuple of float
        Probabilities of quantiles, or edges of a survival curve.
    epsilon : float
        What this one release may cost.
    planned_n : int
        The announced number of subjects; 0 to leave out the check of size.
    """

    statistic: str
    epsilon: float
    columns: tuple[str, ...] = ()
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    points: tuple[float, ...] = ()
    planned_n: int = 0


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A dataset's limit, its spends in order, and the epsilon after each."""

    limit: Limit
    spends: tuple[Spend, ...]
    totals: tuple[float, ...]


def set_budget(hub: Hub, dataset: str, *, epsilon: float, delta: float, now: datetime) -> Limit:
    """Say what all private releases of a dataset may cost together; for one subject added or removed.

    Raises
    ------
    NotPermitted
        If the hub's actor is not the owner.
    """
    _owned(hub, dataset)
    limit = Limit(epsilon, delta)
    values = {"epsilon": epsilon, "delta": delta, "neighbours": str(limit.neighbours)}
    hub.records.budgets.set_limit(dataset, values, at=now.isoformat(), by=hub.actor.id)
    return limit


def budget_state(hub: Hub, dataset: str) -> BudgetState:
    """What a dataset may spend and has spent."""
    limit = _limit(hub.records.budgets.limit(dataset))
    spends = tuple(_spends(hub.records.budgets.spent(dataset)))
    totals = tuple(total_epsilon(spends[: i + 1], delta=limit.delta) for i in range(len(spends)))
    return BudgetState(limit, spends, totals)


def private_release(
    hub: Hub, reference: str, *, ask: Ask, now: datetime, table: str = "participants.tsv", noise: NoiseSource | None = None
) -> PrivateStatistic:  # fmt: skip
    """A statistic of a release's table, with noise for its price.

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
        The file, or its end: ``"participants.tsv"``.

    Raises
    ------
    NotFound
        If there is no such release, table, or budget.
    NotPermitted
        If the actor is not the owner, or the budget does not allow it.
    BadInput
        If what is asked does not fit the table.
    """
    if ask.statistic not in _STATISTICS:
        raise BadInput(f"A statistic is one of {', '.join(_STATISTICS)}; got {ask.statistic!r}.")
    dataset, _, version = reference.partition("@")
    _owned(hub, dataset)
    limit = _limit(hub.records.budgets.limit(dataset))
    mu = gaussian_mu(ask.epsilon, limit.delta)
    if ask.planned_n:
        check_size(ask.statistic, columns=max(1, len(ask.columns)), planned_n=ask.planned_n, mu=mu)
    wanted = Spend(what=ask.statistic, mu=mu)
    check_spend(_spends(hub.records.budgets.spent(dataset)), wanted, limit=limit)
    rows = _read(hub, hub.records.releases.get(dataset, version or None), table=table, now=now)
    made = _compute(rows, ask, mu, noise)

    def admit(now_limit: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> None:
        check_spend(_spends(before), made.spend, limit=_limit(now_limit))

    hub.records.budgets.spend(dataset, made.spend.to_dict(), admit=admit, at=now.isoformat(), by=hub.actor.id)
    return made


def _owned(hub: Hub, dataset: str) -> None:
    if hub.records.releases.dataset(dataset).owner != hub.actor.id:
        raise NotPermitted(f"Only the owner of dataset {dataset!r} may spend its privacy budget.")


def _limit(values: Mapping[str, Any]) -> Limit:
    return Limit(float(values["epsilon"]), float(values["delta"]), Neighbours(values["neighbours"]))


def _spends(rows: Sequence[Mapping[str, Any]]) -> list[Spend]:
    return [Spend.from_dict({k: v for k, v in row.items() if k not in {"at", "by"}}) for row in rows]


def _read(hub: Hub, release: Release, *, table: str, now: datetime) -> list[dict[str, str]]:
    asset = next((a for a in release.assets if a.path == table or a.path.endswith(f"/{table}")), None)
    if asset is None:
        raise NotFound(f"Release {release.id} has no table called {table!r}.")
    with open_asset(hub, release, asset=asset, now=now) as stream:
        text = io.StringIO(stream.read().decode("utf-8-sig"))
    return list(csv.DictReader(text, delimiter="\t" if table.endswith(".tsv") else ","))


def _compute(rows: list[dict[str, str]], ask: Ask, mu: float, noise: NoiseSource | None) -> PrivateStatistic:
    if rows and "participant_id" in rows[0]:
        one_row_a_subject([row["participant_id"] for row in rows], rows=len(rows))
    name = ", ".join(ask.columns)
    if ask.statistic == "count":
        return release_count(len(rows), mu=mu, noise=noise)
    if not ask.columns:
        raise BadInput(f"A {ask.statistic} needs the names of its columns.")
    if ask.statistic == "histogram":
        values = [row.get(ask.columns[0], "") for row in rows]
        return release_histogram(values, categories=ask.categories, mu=mu, name=name, noise=noise)
    table = _numbers(rows, ask.columns)
    if ask.statistic == "quantiles":
        limits = (ask.lower or (0.0,))[0], (ask.upper or (0.0,))[0]
        return release_quantiles(
            table[:, 0], bounds=limits, probabilities=ask.points, mu=mu, name=name, noise=noise
        )
    if ask.statistic == "survival":
        if table.shape[1] != 2:
            raise BadInput(f"A survival curve needs two columns, time and event; got {table.shape[1]}.")
        return release_survival(
            table[:, 0], (table[:, 1] > 0).astype(float), edges=ask.points, mu=mu, noise=noise
        )
    bounds = Bounds(ask.lower, ask.upper)
    if ask.statistic == "mean":
        return release_mean(table, bounds=bounds, mu=mu, name=name, noise=noise)
    if ask.statistic == "correlation":
        return release_correlation(table, bounds=bounds, mu=mu, name=name, noise=noise)
    return release_regression(table[:, :-1], table[:, -1], bounds=bounds, mu=mu, name=name, noise=noise)


def _numbers(rows: list[dict[str, str]], columns: tuple[str, ...]) -> Array:
    """The rows without a missing value in the columns, as numbers."""
    absent = [name for name in columns if rows and name not in rows[0]]
    if absent:
        raise BadInput(f"The table has no columns {absent}; it has {list(rows[0])}.")
    kept = []
    for row in rows:
        values = [row[name].strip() for name in columns]
        if any(value.lower() in {"", "n/a", "na", "nan"} for value in values):
            continue
        try:
            kept.append([float(value) for value in values])
        except ValueError:
            raise BadInput(
                f"Columns {list(columns)} must hold numbers only, n/a where missing; one row does not."
            ) from None
    return np.array(kept, dtype=float).reshape(len(kept), len(columns))

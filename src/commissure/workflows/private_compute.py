"""One function a statistic: from a release's data and what was asked of it to numbers that may be published."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, NotPermitted
from commissure.protect.private.budget import Spend, ceiling_auc, gaussian_mu, total_epsilon, within_auc
from commissure.protect.private.connectivity import check_plan, release_connectivity
from commissure.protect.private.connectivity_plan import ConnectivityPlan, plan_connectivity
from commissure.protect.private.counts import release_count, release_histogram, release_quantiles
from commissure.protect.private.curves import release_erp, release_survival
from commissure.protect.private.model import train_logistic
from commissure.protect.private.moments import release_correlation, release_mean, release_regression
from commissure.protect.private.network import TrainingPlan, train_network
from commissure.protect.private.noise import NoiseSource
from commissure.protect.private.statistic import Bounds, PrivateStatistic, baseline
from commissure.workflows.private_ask import Ask
from commissure.workflows.private_source import Source

__all__ = ["Paid", "compute", "cost", "price"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Paid:
    """What a release will do and cost, decided from public numbers alone.

    Parameters
    ----------
    spend : Spend
        The price.
    mu : float
        The Gaussian budget; 0 for a network.
    note : str
        The release beside its public baseline.
    plan : ConnectivityPlan, TrainingPlan or None
        Where the statistic has one.
    """

    spend: Spend
    mu: float
    note: str = ""
    plan: ConnectivityPlan | TrainingPlan | None = None


def price(ask: Ask, *, delta: float, references: tuple[Source, ...], table: str) -> Paid:
    """What ``ask`` costs, and why it is worth it.

    Raises
    ------
    BadInput, NotPermitted
        If the release would say no more than what is public; with the numbers.
    """
    if ask.statistic == "network":
        plan = ask.training(delta=delta)
        _check_ceiling(plan.spend, most_auc=ask.auc_limit)
        step_mu = plan.rate * plan.steps**0.5 / plan.noise_multiplier
        note = baseline(ask.statistic, columns=ask.width, planned_n=ask.planned_n, mu=step_mu)
        return Paid(plan.spend, 0.0, note, plan)
    asked = gaussian_mu(ask.epsilon, delta)
    if ask.statistic == "connectivity":
        if not references:
            raise BadInput(
                "Connectivity is released as a distance from a public reference; name public datasets."
            )
        public = [source.matrices(table, ask=ask) for source in references]
        found = plan_connectivity(public, planned_n=ask.planned_n, mu=asked, most_auc=ask.auc_limit)
        check_plan(found)
        return Paid(found.spend(ask.statistic), found.mu, plan=found)
    mu = within_auc(asked, ask.auc_limit)
    spend = Spend(what=ask.statistic, mu=mu, asked_mu=asked if mu < asked else 0.0)
    if ask.statistic == "count":
        return Paid(spend, mu)
    note = baseline(ask.statistic, columns=ask.width, planned_n=ask.planned_n, mu=mu)
    return Paid(spend, mu, note)


def cost(spend: Spend, ask: Ask, *, delta: float) -> dict[str, float]:
    """What was asked for and what is spent, as ``epsilon`` at ``delta`` and as an attack's AUC."""
    return {
        "asked_epsilon": ask.epsilon,
        "epsilon": total_epsilon([spend], delta=delta),
        "delta": delta,
        "most_auc": ask.auc_limit,
        "attack_auc": ceiling_auc([spend]),
    }


def _check_ceiling(spend: Spend, *, most_auc: float) -> None:
    if most_auc < 1 and (auc := ceiling_auc([spend])) > most_auc:
        raise NotPermitted(
            f"On a network of this price an attack could pass an AUC of {most_auc:g} (up to {auc:.3f}); ask for a smaller epsilon."
        )


def compute(
    source: Source, ask: Ask, *, table: str, paid: Paid, noise: NoiseSource | None
) -> PrivateStatistic:
    """The statistic, noise and all."""
    return _HOW[ask.statistic](_Given(source, ask, table, paid, noise))


@dataclass(frozen=True, slots=True)
class _Given:
    source: Source
    ask: Ask
    table: str
    paid: Paid
    noise: NoiseSource | None

    @property
    def name(self) -> str:
        return ", ".join(self.ask.columns)

    def rows(self) -> list[dict[str, str]]:
        return self.source.rows(self.table, ask=self.ask)

    def numbers(self) -> Array:
        return self.source.numbers(self.table, ask=self.ask)


def _count(given: _Given) -> PrivateStatistic:
    people = {row.get("participant_id") or str(n) for n, row in enumerate(given.rows())}
    return release_count(len(people), mu=given.paid.mu, noise=given.noise)


def _histogram(given: _Given) -> PrivateStatistic:
    rows = given.rows()
    seen = {row.get("participant_id") or str(n): row[given.ask.columns[0]] for n, row in enumerate(rows)}
    if len(seen) < len(rows):
        raise BadInput(
            f"A subject's categories have no mean: {len(rows)} rows of {len(seen)} subjects; give one row each."
        )
    return release_histogram(
        list(seen.values()),
        categories=given.ask.categories,
        mu=given.paid.mu,
        name=given.ask.columns[0],
        noise=given.noise,
    )


def _quantiles(given: _Given) -> PrivateStatistic:
    if len(given.ask.columns) != 1 or len(given.ask.lower) != 1 or len(given.ask.upper) != 1:
        raise BadInput(f"Quantiles take one column and its two limits; got {len(given.ask.columns)} columns.")
    values = given.numbers()[:, 0]
    limits = given.ask.lower[0], given.ask.upper[0]
    return release_quantiles(
        values,
        bounds=limits,
        probabilities=given.ask.points,
        mu=given.paid.mu,
        name=given.ask.columns[0],
        noise=given.noise,
    )


def _survival(given: _Given) -> PrivateStatistic:
    if len(given.ask.columns) != 2:
        raise BadInput(f"A survival curve needs two columns, time and event; got {len(given.ask.columns)}.")
    values = given.numbers()
    return release_survival(
        values[:, 0],
        (values[:, 1] > 0).astype(float),
        edges=given.ask.points,
        mu=given.paid.mu,
        noise=given.noise,
    )


def _mean(given: _Given) -> PrivateStatistic:
    bounds, values = Bounds(given.ask.lower, given.ask.upper), given.numbers()
    return release_mean(values, bounds=bounds, mu=given.paid.mu, name=given.name, noise=given.noise)


def _correlation(given: _Given) -> PrivateStatistic:
    bounds, values = Bounds(given.ask.lower, given.ask.upper), given.numbers()
    return release_correlation(values, bounds=bounds, mu=given.paid.mu, name=given.name, noise=given.noise)


def _regression(given: _Given) -> PrivateStatistic:
    bounds, values = Bounds(given.ask.lower, given.ask.upper), given.numbers()
    return release_regression(
        values[:, :-1], values[:, -1], bounds=bounds, mu=given.paid.mu, name=given.name, noise=given.noise
    )


def _classifier(given: _Given) -> PrivateStatistic:
    features = len(given.ask.columns) - 1
    bounds, values = Bounds(given.ask.lower[:features], given.ask.upper[:features]), given.numbers()
    made = train_logistic(
        values[:, :-1],
        values[:, -1],
        bounds=bounds,
        mu=given.paid.mu,
        planned_n=given.ask.planned_n,
        noise=given.noise,
    )
    return made.statistic(given.ask.columns[-1])


def _network(given: _Given) -> PrivateStatistic:
    features = len(given.ask.columns) - 1
    bounds, values = Bounds(given.ask.lower[:features], given.ask.upper[:features]), given.numbers()
    if not isinstance(given.paid.plan, TrainingPlan):
        raise BadInput("A network is trained by a plan; ask for its price first.")
    made = train_network(
        values[:, :-1], values[:, -1], bounds=bounds, plan=given.paid.plan, noise=given.noise
    )
    return made.statistic(given.ask.columns[-1])


def _connectivity(given: _Given) -> PrivateStatistic:
    if not isinstance(given.paid.plan, ConnectivityPlan):
        raise BadInput("Connectivity is released by a plan; ask for its price first.")
    return release_connectivity(
        given.source.matrices(given.table, ask=given.ask), plan=given.paid.plan, noise=given.noise
    )


def _erp(given: _Given) -> PrivateStatistic:
    waves, rate_hz = given.source.waves(given.table, ask=given.ask)
    return release_erp(waves, rate_hz=rate_hz, clip_v=given.ask.clip_v, mu=given.paid.mu, noise=given.noise)


_HOW: dict[str, Callable[[_Given], PrivateStatistic]] = {
    "count": _count,
    "histogram": _histogram,
    "mean": _mean,
    "quantiles": _quantiles,
    "correlation": _correlation,
    "regression": _regression,
    "survival": _survival,
    "classifier": _classifier,
    "network": _network,
    "connectivity": _connectivity,
    "erp": _erp,
}

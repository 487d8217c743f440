"""Cox regression by sums, on a grid of times that the plan names, with Breslow's rule for ties.

Exact times of events would show single people; a grid (days, months) is what leaves a site. Each round a site adds, a
time of the grid, the sums over those whose time it is; the coordinator runs them up to the sums over those at risk.

References
----------
Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Breslow 1974, doi:10.2307/2529620.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Exactly, State, Table, stacked

__all__ = ["CoxRegression"]

_MOST_STEPS, _SETTLED = 40, 1e-10


@dataclass(frozen=True)
class CoxRegression(Exactly):
    """Log hazard ratios and their standard errors, as from the pooled rows on the same grid.

    Parameters
    ----------
    features : sequence of str
    time, event : str
        Columns of times and of 1 where the event came (0 where follow-up ended).
    step, count : float, int
        The grid: ``count`` times, ``step`` apart; a time is moved up to the next of them.
    """

    features: Sequence[str]
    time: str
    event: str
    step_size: float
    count: int

    def first(self) -> State:
        """All log hazard ratios at zero."""
        if self.step_size <= 0 or self.count < 1:
            raise BadInput("The grid of times needs a step above zero and one time or more.")
        start = np.zeros(len(self.features))
        return {
            "beta": start,
            "best": start,
            "value": np.array([-np.inf]),
            "steps": np.zeros(1),
            "halved": np.zeros(1),
        }

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:  # noqa: ARG002
        """Sums a time of the grid, and over events."""
        size, times = len(self.features), self.count
        return {
            "risk": (times,),
            "first": (times, size),
            "second": (times, size, size),
            "events": (times,),
            "at_events": (size,),
        }

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's sums at the log hazard ratios asked about."""
        values = stacked(table, [*self.features, self.time, self.event])
        values = values[~np.isnan(values).any(axis=1)]
        x, times, events = values[:, :-2], values[:, -2], values[:, -1]
        if (times < 0).any() or not np.isin(events, (0.0, 1.0)).all():
            raise BadInput("Times must not be negative, and events must be 0 or 1, at every site.")
        at = np.maximum(np.ceil(times / self.step_size - 1e-9).astype(int) - 1, 0)
        if at.max(initial=0) >= self.count:
            raise BadInput(
                f"A time lies beyond the plan's grid, which ends at {self.step_size * self.count:g}."
            )
        risk = np.exp(np.clip(x @ state["beta"], -50, 50))
        ones = np.zeros((self.count, len(x)))
        ones[at, np.arange(len(x))] = 1.0
        weighted = ones * risk
        return {
            "risk": weighted.sum(axis=1),
            "first": weighted @ x,
            "second": np.einsum("tn,nk,nl->tkl", weighted, x, x, optimize=True),
            "events": ones @ events,
            "at_events": events @ x,
        }, memory

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """A Newton step on the partial likelihood."""
        events = sums["events"]
        if events.sum() < 1:
            raise BadInput("No event happened at any site.")
        beta = state["beta"]
        risk, first, second = (_at_risk(sums[name]) for name in ("risk", "first", "second"))
        seen = events > 0
        mean = first[seen] / risk[seen, None]
        value = float(sums["at_events"] @ beta - (events[seen] * np.log(risk[seen])).sum())
        if value < state["value"][0] - 1e-9 * abs(value) and state["halved"][0] < 30:
            return {**state, "beta": 0.5 * (beta + state["best"]), "halved": state["halved"] + 1}
        score = sums["at_events"] - events[seen] @ mean
        inside = second[seen] / risk[seen, None, None] - np.einsum("tk,tl->tkl", mean, mean)
        information = np.einsum("t,tkl->kl", events[seen], inside)
        move = np.linalg.lstsq(information, score, rcond=1e-12)[0]
        steps = state["steps"] + 1
        kept = {
            "beta": beta + move, "best": beta, "value": np.array([value]), "steps": steps, "halved": np.zeros(1),
            "information": information, "hazard": np.where(seen, events / np.maximum(risk, 1e-300), 0.0),
        }  # fmt: skip
        settled = np.abs(move).max(initial=0.0) < _SETTLED or steps[0] >= _MOST_STEPS
        return {**kept, "done": np.ones(1)} if settled else kept

    def result(self, state: State) -> Mapping[str, Array]:
        """``coefficients``, ``errors``, ``value`` (log partial likelihood), ``hazard`` (cumulative, a time of the grid)."""
        covariance = np.linalg.pinv(state["information"], hermitian=True)
        return {
            "coefficients": state["beta"],
            "errors": np.sqrt(np.maximum(np.diag(covariance), 0.0)),
            "value": state["value"],
            "hazard": np.cumsum(state["hazard"]),
        }


def _at_risk(sums: Array) -> Array:
    """Sums over all whose time is this one or later."""
    return np.asarray(sums[::-1].cumsum(axis=0)[::-1])

"""How good a model is, by sums: discrimination with its interval, calibration, and error, of all rows and of subgroups.

Each site predicts its own held-out rows. What leaves it are counts of predictions in fine bins, sums a coarse bin for
calibration, and in a second round squared deviations a person, from which comes the variance when one person gives many
rows. The area under the curve is that of the pooled rows but for ties within a bin of the fine grid.

References
----------
DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595; rows of the same person: Obuchowski 1997,
doi:10.2307/2533958.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.federate.analysis import Array, Exactly, State, Table, stacked
from commissure.federate.predictor import Predictor

__all__ = ["Assessment", "Subgroup"]

_FINE, _COARSE, _SPREAD = 1000, 10, 1.959964


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Rows whose ``column`` lies from ``low`` up to, not with, ``high``."""

    name: str
    column: str
    low: float = -np.inf
    high: float = np.inf

    def holds(self, table: Table) -> NDArray[np.bool_]:
        """Which rows are of it."""
        values = stacked(table, [self.column])[:, 0]
        return np.asarray((values >= self.low) & (values < self.high))


@dataclass(frozen=True)
class Assessment(Exactly):
    """A model judged on the rows of each site, by sums.

    Parameters
    ----------
    predictor : Predictor
    subgroups : sequence of Subgroup
        Judged beside all rows.
    person : str
        A column that tells which rows are of one person; empty if each row is.
    limits : tuple of float
        The range of a number that is predicted; chances are from 0 to 1.
    """

    predictor: Predictor
    subgroups: Sequence[Subgroup] = field(default_factory=tuple)
    person: str = ""
    limits: tuple[float, float] = (0.0, 1.0)

    @property
    def names(self) -> list[str]:
        """Everyone, then the subgroups."""
        return ["all", *(group.name for group in self.subgroups)]

    @property
    def _chance(self) -> bool:
        return self.predictor.family == "logistic"

    def first(self) -> State:
        """Counts come first."""
        return {}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """Counts in fine bins, sums in coarse ones; then what persons deviate."""
        many = len(self.names)
        if "fine" in state:
            return {"deviations": (many,), "persons": (many,)}
        return {"fine": (many, 2, _FINE), "coarse": (many, _COARSE, 3), "moments": (many, 7)}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's sums."""
        y = stacked(table, [self.predictor.outcome])[:, 0]
        there = ~np.isnan(y)
        rows = {name: np.asarray(values)[there] for name, values in table.items()}
        y, told = y[there], self.predictor.predict(rows)
        members = [np.ones(len(y), bool), *(group.holds(rows) for group in self.subgroups)]
        if "fine" in state:
            people: Any = rows[self.person] if self.person else np.arange(len(y))
            found = [self._deviation(state, n, (y, told, people), m) for n, m in enumerate(members)]
            return {
                "deviations": np.array([a for a, _ in found]),
                "persons": np.array([b for _, b in found]),
            }, memory
        parts = [self._counted(y[m], told[m]) for m in members]
        return {name: np.stack([part[name] for part in parts]) for name in parts[0]}, memory

    def _place(self, told: Array, bins: int) -> NDArray[np.intp]:
        low, high = self.limits if not self._chance else (0.0, 1.0)
        return np.clip(((told - low) / (high - low) * bins).astype(int), 0, bins - 1)

    def _counted(self, y: Array, told: Array) -> dict[str, Array]:
        fine, place = np.zeros((2, _FINE)), self._place(told, _FINE)
        if self._chance:
            for case in (0, 1):
                fine[case] = np.bincount(place[y == case], minlength=_FINE)
        wide = self._place(told, _COARSE)
        coarse = np.stack(
            [np.bincount(wide, weights=w, minlength=_COARSE) for w in (np.ones_like(y), told, y)], axis=1
        )
        error = told - y
        moments = [
            len(y),
            np.abs(error).sum(),
            (error**2).sum(),
            y.sum(),
            (y**2).sum(),
            told.sum(),
            (told * y).sum(),
        ]
        return {"fine": fine, "coarse": coarse, "moments": np.array(moments, float)}

    def _deviation(
        self, state: State, number: int, rows: tuple[Array, Array, Array], member: NDArray[np.bool_]
    ) -> tuple[float, float]:
        """The sum of squares of what each person adds beyond the mean, and how many persons there are."""
        y, told, people = (values[member] for values in rows)
        if not len(y):
            return 0.0, 0.0
        if self._chance:
            below, above = state["placed"][number]
            place = self._place(told, _FINE)
            area, (others, cases) = state["area"][number], state["fine"][number].sum(axis=1)
            each = np.where(
                y == 1, (below[place] - area) / max(cases, 1), (above[place] - area) / max(others, 1)
            )
        else:
            total = state["moments"][number]
            each = (np.abs(told - y) - total[1] / total[0]) / total[0]
        _, index = np.unique(people, return_inverse=True)
        sums = np.bincount(index, weights=each)
        return float((sums**2).sum()), float(len(sums))

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """Areas or errors; then their intervals."""
        if "fine" in state:
            persons = np.maximum(sums["persons"], 2.0)
            error = np.sqrt(sums["deviations"] * persons / (persons - 1))
            return {**state, "error": error, "persons": sums["persons"], "done": np.ones(1)}
        after = dict(sums)
        if self._chance:
            area, placed = zip(*(_ranked(counts) for counts in sums["fine"]), strict=True)
            return {**after, "area": np.array(area), "placed": np.stack(placed)}
        return after

    def result(self, state: State) -> Mapping[str, Array]:
        """Of all and each subgroup: ``score`` (area, or mean error) with ``low`` and ``high``; ``rows``, ``persons``,
        ``cases``; ``coarse`` (bin: rows, sum of predictions, sum of outcomes); ``brier`` or ``rmse``; ``slope``.
        """
        moments = state["moments"]
        rows = np.maximum(moments[:, 0], 1.0)
        score = state["area"] if self._chance else moments[:, 1] / rows
        wide = _SPREAD * state["error"]
        top = 1.0 if self._chance else np.inf
        squares = moments[:, 2] / rows
        share = moments[:, 6] - moments[:, 3] * moments[:, 5] / rows
        spread = np.maximum(moments[:, 4] - moments[:, 3] ** 2 / rows, 1e-300)
        return {
            "score": score, "low": np.maximum(score - wide, 0.0), "high": np.minimum(score + wide, top),
            "rows": moments[:, 0], "persons": state["persons"], "cases": moments[:, 3], "coarse": state["coarse"],
            "squares": squares, "follows": share / spread, "fine": state["fine"],
        }  # fmt: skip


def _ranked(counts: Array) -> tuple[float, Array]:
    """The area under the curve from counts (class, bin), and each bin's share of the other class that it beats."""
    others, cases = counts.sum(axis=1)
    below = (np.cumsum(counts[0]) - counts[0] / 2) / max(others, 1.0)
    above = 1 - (np.cumsum(counts[1]) - counts[1] / 2) / max(cases, 1.0)
    area = float(below @ counts[1] / cases) if cases and others else float("nan")
    return area, np.stack([below, above])

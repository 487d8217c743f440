"""Counts, means, variances, histograms, quantiles and principal components, by sums.

Quantiles come from a sketch with buckets that grow by a constant ratio: the sketch of a pooled sample is the sum of the
sites' sketches, and each quantile of it is right to a given share of its value.

References
----------
Masson, Rim & Lee 2019 (DDSketch), doi:10.14778/3352063.3352135.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Exactly, State, Table, stacked

__all__ = ["Components", "Histogram", "Moments", "Quantiles"]

_ONE = np.ones(1)


@dataclass(frozen=True)
class Moments(Exactly):
    """Count, mean and variance of each column; missing values are left out column by column.

    Parameters
    ----------
    columns : sequence of str

    Examples
    --------
    >>> from commissure.federate.analysis import run_locally
    >>> found = run_locally(Moments(["age"]), {"a": {"age": np.array([1.0, 2])}, "b": {"age": np.array([6.0])}})
    >>> found["count"].item(), found["mean"].item(), found["variance"].item()
    (3.0, 3.0, 7.0)
    """

    columns: Sequence[str]

    def first(self) -> State:
        """Counts and sums come first."""
        return {}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """One number a column."""
        size = (len(self.columns),)
        return {"squares": size} if "mean" in state else {"count": size, "sum": size}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """Counts and sums; then squares about the mean of all."""
        values = stacked(table, self.columns)
        there = ~np.isnan(values)
        if "mean" in state:
            return {"squares": np.where(there, values - state["mean"], 0.0).__pow__(2).sum(axis=0)}, memory
        return {
            "count": there.sum(axis=0).astype(float),
            "sum": np.where(there, values, 0.0).sum(axis=0),
        }, memory

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """Means, then variances."""
        if "mean" not in state:
            count = sums["count"]
            return {"count": count, "mean": np.where(count > 0, sums["sum"] / np.maximum(count, 1), np.nan)}
        spread = sums["squares"] / np.maximum(state["count"] - 1, 1)
        return {**state, "variance": np.where(state["count"] > 1, spread, np.nan), "done": _ONE}

    def result(self, state: State) -> Mapping[str, Array]:
        """``count``, ``mean``, ``variance``, one a column."""
        return {name: state[name] for name in ("count", "mean", "variance")}


@dataclass(frozen=True)
class Histogram(Exactly):
    """How many values of a column fall between given edges; what is outside is counted in two more bins.

    Parameters
    ----------
    column : str
    edges : sequence of float
        Rising.
    """

    column: str
    edges: Sequence[float]

    def first(self) -> State:
        """There is one question."""
        if len(self.edges) < 2 or not np.all(np.diff(self.edges) > 0):
            raise BadInput(f"edges must be two or more rising numbers; got {list(self.edges)[:6]}.")
        return {}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:  # noqa: ARG002
        """Below, each bin, above."""
        return {"counts": (len(self.edges) + 1,)}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:  # noqa: ARG002
        """Counts."""
        values = stacked(table, [self.column])[:, 0]
        bins = np.searchsorted(np.asarray(self.edges, float), values[~np.isnan(values)], side="right")
        return {"counts": np.bincount(bins, minlength=len(self.edges) + 1).astype(float)}, memory

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The sum is the result."""
        return {**state, "counts": sums["counts"], "done": _ONE}

    def result(self, state: State) -> Mapping[str, Array]:
        """``counts``: below the first edge, between each two, at the last or above."""
        return {"counts": state["counts"]}


@dataclass(frozen=True)
class Quantiles(Exactly):
    """Quantiles of a column, each within a share ``accuracy`` of its value.

    Parameters
    ----------
    column : str
    levels : sequence of float
        Between 0 and 1.
    accuracy : float
        .01 for 1 %.
    smallest, largest : float
        Sizes below the one count as zero, above the other as it.
    """

    column: str
    levels: Sequence[float] = (0.25, 0.5, 0.75)
    accuracy: float = 0.01
    smallest: float = 1e-6
    largest: float = 1e9

    @property
    def _ratio(self) -> float:
        return (1 + self.accuracy) / (1 - self.accuracy)

    @property
    def _side(self) -> int:
        return int(np.ceil(np.log(self.largest / self.smallest) / np.log(self._ratio))) + 1

    def first(self) -> State:
        """There is one question."""
        if not 0 < self.accuracy < 0.5 or not 0 < self.smallest < self.largest:
            raise BadInput("accuracy must be between 0 and .5, and 0 < smallest < largest.")
        return {}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:  # noqa: ARG002
        """Buckets of negative numbers, zero, buckets of positive numbers."""
        return {"buckets": (2 * self._side + 1,)}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:  # noqa: ARG002
        """The site's sketch."""
        values = stacked(table, [self.column])[:, 0]
        values = values[~np.isnan(values)]
        size = np.clip(np.abs(values), self.smallest, self.largest)
        rank = np.ceil(np.log(size / self.smallest) / np.log(self._ratio)).astype(int)
        rank = np.where(np.abs(values) < self.smallest, 0, np.clip(rank + 1, 1, self._side))
        index = self._side + np.sign(values).astype(int) * rank
        return {"buckets": np.bincount(index, minlength=2 * self._side + 1).astype(float)}, memory

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """Where the running count reaches each level."""
        running = np.cumsum(sums["buckets"])
        wanted = np.asarray(self.levels) * (running[-1] - 1) + 1
        rank = np.searchsorted(running, np.maximum(wanted, 1) - 1e-9) - self._side
        size = self.smallest * self._ratio ** (np.abs(rank) - 1.0) * 2 / (1 + self._ratio)
        return {
            **state,
            "quantiles": np.where(rank == 0, 0.0, np.sign(rank) * size),
            "count": running[-1:],
            "done": _ONE,
        }

    def result(self, state: State) -> Mapping[str, Array]:
        """``quantiles``, one a level, and ``count``."""
        return {"quantiles": state["quantiles"], "count": state["count"]}


@dataclass(frozen=True)
class Components(Exactly):
    """Principal components of columns, from the sums of their products; rows with a missing value are left out.

    Parameters
    ----------
    columns : sequence of str
    count : int
        How many components.
    """

    columns: Sequence[str]
    count: int = 2

    def first(self) -> State:
        """Means come first."""
        return {}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """Sums; then products."""
        size = len(self.columns)
        return {"products": (size, size)} if "mean" in state else {"count": (1,), "sum": (size,)}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """Sums; then products about the means of all."""
        values = stacked(table, self.columns)
        values = values[~np.isnan(values).any(axis=1)]
        if "mean" not in state:
            return {"count": np.array([float(len(values))]), "sum": values.sum(axis=0)}, memory
        apart = values - state["mean"]
        return {"products": apart.T @ apart}, memory

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """Means; then the leading eigenvectors."""
        if "mean" not in state:
            if sums["count"][0] < 2:
                raise BadInput("Principal components need two complete rows or more over all sites.")
            return {"count": sums["count"], "mean": sums["sum"] / sums["count"]}
        variance, axes = np.linalg.eigh(sums["products"] / (state["count"] - 1))
        axes = axes[:, ::-1].T[: self.count]
        axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
        total = np.array([variance.sum()])
        return {**state, "axes": axes, "variance": variance[::-1][: self.count], "total": total, "done": _ONE}

    def result(self, state: State) -> Mapping[str, Array]:
        """``mean``, ``axes`` (component, column), ``variance`` of each, ``total`` variance, ``count`` of rows."""
        return {name: state[name] for name in ("mean", "axes", "variance", "total", "count")}

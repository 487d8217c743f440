"""Gradient-boosted trees by sums: sites add histograms of gradients, the coordinator splits, nobody sees a row.

Features are standardized over all sites, so that bins with the edges of a normal distribution suit every site without
another round. Each round grows all nodes of one level: a tree of depth d costs d + 1 rounds.

References
----------
Friedman 2001, doi:10.1214/aos/1013203451; Chen & Guestrin 2016, doi:10.1145/2939672.2939785.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Exactly, State, Table, stacked
from commissure.federate.networks import sigmoid

__all__ = ["Boosting"]


@dataclass(frozen=True)
class Boosting(Exactly):
    """Boosted trees; rows with a missing outcome are left out, missing features count as the mean.

    Parameters
    ----------
    features : sequence of str
        Standardized columns: the analysis ``trees`` does that.
    outcome : str
    family : str
        ``"logistic"`` or ``"linear"``.
    trees, depth, bins : int
    rate : float
        How much of each tree is taken.
    ridge : float
        Of the leaves.
    smallest : float
        The least sum of weights (rows, for ``"linear"``) in a leaf.
    """

    features: Sequence[str]
    outcome: str
    family: str = "logistic"
    trees: int = 60
    depth: int = 3
    bins: int = 24
    rate: float = 0.15
    ridge: float = 1.0
    smallest: float = 3.0

    @property
    def edges(self) -> Array:
        """What lies between bins, for each feature the same, shape (bins - 1,)."""
        return np.array([NormalDist().inv_cdf(n / self.bins) for n in range(1, self.bins)])

    @property
    def _nodes(self) -> int:
        return int(2 ** (self.depth + 1) - 1)

    def first(self) -> State:
        """No tree yet."""
        if self.family not in ("linear", "logistic"):
            raise BadInput(f"family must be 'linear' or 'logistic'; got {self.family!r}.")
        if not (self.trees > 0 and self.depth > 0 and self.bins > 1 and self.rate > 0):
            raise BadInput("trees, depth and rate must be above zero, and bins above one.")
        shape = (self.trees, self._nodes)
        return {
            "feature": np.full(shape, -1.0), "cut": np.zeros(shape), "value": np.zeros(shape),
            "tree": np.zeros(1), "level": np.zeros(1), "base": np.zeros(0),
        }  # fmt: skip

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """The outcome's sum and count; then gradients and weights a node, feature and bin."""
        if not state["base"].size:
            return {"outcome": (1,), "rows": (1,)}
        nodes = int(2 ** state["level"][0])
        return {
            "gradient": (nodes, len(self.features), self.bins),
            "weight": (nodes, len(self.features), self.bins),
        }

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's histograms of the level that is grown."""
        values = stacked(table, [*self.features, self.outcome])
        values = values[~np.isnan(values[:, -1])]
        x, y = np.nan_to_num(values[:, :-1]), values[:, -1]
        if self.family == "logistic" and not np.isin(y, (0.0, 1.0)).all():
            raise BadInput(f"The outcome {self.outcome!r} must be 0 or 1 at every site.")
        if not state["base"].size:
            return {"outcome": np.array([y.sum()]), "rows": np.array([float(len(y))])}, memory
        binned = np.searchsorted(self.edges, x, side="right")
        eta = self._remembered(state, binned, memory)
        gradient, weight = (y - eta, np.ones_like(y)) if self.family == "linear" else _logistic(eta, y)
        shape = self.shapes(state)["gradient"]
        level, tree = int(state["level"][0]), int(state["tree"][0])
        node = self._walked(state, binned, tree=tree, levels=level)
        inside = node >= 2**level - 1
        place = node - (2**level - 1)
        out = {"gradient": np.zeros(shape), "weight": np.zeros(shape)}
        for column in range(shape[1]):
            flat = place[inside] * shape[2] + binned[inside, column]
            for name, values in (("gradient", gradient), ("weight", weight)):
                sums = np.bincount(flat, weights=values[inside], minlength=shape[0] * shape[2])
                out[name][:, column] = sums.reshape(shape[0], shape[2])
        return out, {"margin": eta, "trees": np.array([float(tree)])}

    def _remembered(self, state: State, binned: NDArray[np.intp], memory: State) -> Array:
        """The margin, from what the site remembers of the trees before."""
        tree, known = int(state["tree"][0]), int(memory.get("trees", np.array([-1.0]))[0])
        if not 0 <= known <= tree or len(memory.get("margin", ())) != len(binned):
            return self._margin(state, binned)
        eta = np.array(memory["margin"])
        for number in range(known, tree):
            node = self._walked(state, binned, tree=number, levels=self.depth)
            eta += self.rate * state["value"][number, node]
        return eta

    def _walked(self, state: State, binned: NDArray[np.intp], *, tree: int, levels: int) -> NDArray[np.intp]:
        node = np.zeros(len(binned), int)
        rows = np.arange(len(binned))
        for _ in range(levels):
            feature = state["feature"][tree, node].astype(int)
            goes = binned[rows, np.maximum(feature, 0)] > state["cut"][tree, node]
            node = np.where(feature >= 0, 2 * node + 1 + goes, node)
        return np.asarray(node)

    def _margin(self, state: State, binned: NDArray[np.intp]) -> Array:
        eta = np.full(len(binned), float(state["base"][0]))
        for tree in range(int(state["tree"][0])):
            node = self._walked(state, binned, tree=tree, levels=self.depth)
            eta += self.rate * state["value"][tree, node]
        return eta

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The next level of the tree, or the next tree."""
        if not state["base"].size:
            return {
                **state,
                "base": np.array([self._base(float(sums["outcome"][0]), float(sums["rows"][0]))]),
            }
        level, tree = int(state["level"][0]), int(state["tree"][0])
        grown = {name: state[name].copy() for name in ("feature", "cut", "value")}
        split = False
        for place in range(2**level):
            gradient, weight = sums["gradient"][place], sums["weight"][place]
            node = 2**level - 1 + place
            total, mass = gradient[0].sum(), weight[0].sum()
            grown["value"][tree, node] = total / (mass + self.ridge)
            if level < self.depth and (found := self._best(gradient, weight)) is not None:
                grown["feature"][tree, node], grown["cut"][tree, node] = found
                split = True
        if split:
            return {**state, **grown, "level": state["level"] + 1}
        after = {**state, **grown, "level": np.zeros(1), "tree": state["tree"] + 1}
        return {**after, "done": np.ones(1)} if tree + 1 >= self.trees else after

    def _base(self, total: float, rows: float) -> float:
        if rows < 1 or (self.family == "logistic" and total in (0.0, rows)):
            raise BadInput(f"The outcome {self.outcome!r} has no rows, or one class only, over all sites.")
        mean = total / rows
        return mean if self.family == "linear" else float(np.log(mean / (1 - mean)))

    def _best(self, gradient: Array, weight: Array) -> tuple[float, float] | None:
        left, mass = gradient.cumsum(axis=1)[:, :-1], weight.cumsum(axis=1)[:, :-1]
        right, other = gradient.sum(axis=1)[:, None] - left, weight.sum(axis=1)[:, None] - mass
        both = (gradient[0].sum()) ** 2 / (weight[0].sum() + self.ridge)
        gain = left**2 / (mass + self.ridge) + right**2 / (other + self.ridge) - both
        gain = np.where((mass >= self.smallest) & (other >= self.smallest), gain, -np.inf)
        feature, cut = np.unravel_index(int(gain.argmax()), gain.shape)
        return (float(feature), float(cut)) if gain[feature, cut] > 1e-9 else None

    def result(self, state: State) -> Mapping[str, Array]:
        """``feature`` (-1 in a leaf), ``cut`` (a bin), ``value``, each (tree, node), and ``base``."""
        return {name: state[name] for name in ("feature", "cut", "value", "base")}

    def output(self, found: Mapping[str, Array], x: Array) -> Array:
        """The linear predictor of standardized rows ``x`` (n, feature), shape (n,)."""
        state = {**found, "tree": np.array([float(self.trees)])}
        return self._margin(state, np.searchsorted(self.edges, np.nan_to_num(x), side="right"))

    def passed(self, found: Mapping[str, Array], x: Array) -> Array:
        """How many of the standardized rows ``x`` pass each node, shape (tree, node)."""
        binned = np.searchsorted(self.edges, np.nan_to_num(x), side="right")
        out = np.zeros((self.trees, self._nodes))
        rows = np.arange(len(binned))
        for tree in range(self.trees):
            node = np.zeros(len(binned), int)
            out[tree, 0] = len(binned)
            for _ in range(self.depth):
                feature = found["feature"][tree, node].astype(int)
                goes = binned[rows, np.maximum(feature, 0)] > found["cut"][tree, node]
                moves = feature >= 0
                node = np.where(moves, 2 * node + 1 + goes, node)
                out[tree] += np.bincount(node[moves], minlength=self._nodes)
        return out


def _logistic(eta: Array, y: Array) -> tuple[Array, Array]:
    mean = sigmoid(eta)
    return y - mean, np.maximum(mean * (1 - mean), 1e-9)

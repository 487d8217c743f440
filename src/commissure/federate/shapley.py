"""SHAP values found where the rows are: only means over rows leave a site, and the background is made of sums.

A linear model's values need the means of all sites, a tree's how many rows pass each node, a network's draws from the
normal distribution with the means and covariances of all sites (a pretended background, the same at every site). Each is
exact for its background but the network's, which is averaged over draws and over points between them and the row.

References
----------
Lundberg & Lee 2017, arXiv:1705.07874; TreeSHAP: Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9; expected
gradients: Erion et al. 2021, doi:10.1038/s42256-021-00343-w.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from commissure.federate.analysis import Array, Exactly, State, Table
from commissure.federate.boosting import Boosting
from commissure.federate.predictor import Predictor
from commissure.federate.training import Training

__all__ = ["Explanation", "background", "gradient_shap", "linear_shap", "shap_values", "tree_shap"]

_DRAWS, _POINTS, _EDGE = 100, 7, 2.5


def linear_shap(coefficients: Array, z: Array) -> Array:
    """The values of rows ``z`` (n, feature) of a model with an intercept in front, about features of mean 0."""
    return np.asarray(z * coefficients[1:])


def tree_shap(model: Boosting, found: Mapping[str, Array], *, z: Array, cover: Array) -> Array:
    """The values of rows ``z`` (n, feature), features outside a set taken as the rows that pass each node have them.

    Parameters
    ----------
    model : Boosting
    found : mapping of str to array
        Its trees.
    z : array, shape (row, feature)
        Standardized.
    cover : array, shape (tree, node)
        How many rows pass each node, over all sites.
    """
    binned = np.searchsorted(model.edges, np.nan_to_num(z), side="right")
    out = np.zeros(z.shape)
    for tree in range(len(found["feature"])):
        for leaf, path in _leaves(found["feature"][tree]):
            _add_leaf(
                out, binned, (found["cut"][tree], cover[tree]), path, model.rate * found["value"][tree][leaf]
            )
    return out


def _leaves(features: Array) -> list[tuple[int, list[tuple[int, int, int]]]]:
    """Each leaf, and its path: node, feature, and whether it goes right."""
    found, open_ = [], [(0, [])]  # type: ignore[var-annotated]
    while open_:
        node, path = open_.pop()
        feature = int(features[node])
        if feature < 0:
            found.append((node, path))
            continue
        open_ += [(2 * node + 1 + side, [*path, (node, feature, side)]) for side in (0, 1)]
    return found


def _add_leaf(
    out: Array,
    binned: NDArray[np.intp],
    tree: tuple[Array, Array],
    path: list[tuple[int, int, int]],
    value: float,
) -> None:
    """A leaf's part: a product over the features of its path, each either met by the row or by a share of all rows."""
    cuts, cover = tree
    met: dict[int, Array] = {}
    share: dict[int, float] = {}
    for node, feature, side in path:
        goes = (binned[:, feature] > cuts[node]) == bool(side)
        met[feature] = met.get(feature, np.ones(len(binned))) * goes
        child = 2 * node + 1 + side
        share[feature] = share.get(feature, 1.0) * (cover[child] / cover[node] if cover[node] else 0.5)
    names = list(met)
    for number, feature in enumerate(names):
        others = names[:number] + names[number + 1 :]
        worth = np.zeros(len(binned))
        for size in range(len(others) + 1):
            weight = factorial(size) * factorial(len(others) - size) / factorial(len(names))
            for inside in combinations(others, size):
                part = np.full(len(binned), weight)
                for other in others:
                    part = part * (met[other] if other in inside else share[other])
                worth += part
        out[:, feature] += value * worth * (met[feature] - share[feature])


@lru_cache(maxsize=4)
def _normal(draws: int, features: int) -> Array:
    return np.random.default_rng(20170507).normal(size=(draws, features))


def background(covariance: Array, *, draws: int = _DRAWS) -> Array:
    """Draws of standardized rows with a covariance over all sites, the same wherever they are made, (draw, feature)."""
    values, axes = np.linalg.eigh(covariance)
    made = _normal(draws, len(covariance))
    made = (made - made.mean(axis=0)) * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(made @ axes.T)


def gradient_shap(predictor: Predictor, z: Array, *, draws: Array) -> Array:
    """Expected gradients of a network on rows ``z`` (n, feature) about background ``draws`` (m, feature)."""
    network, weights = predictor.inner.network, predictor.found["weights"]
    nodes, shares = np.polynomial.legendre.leggauss(_POINTS)
    out = np.zeros(z.shape)
    for begin in range(0, len(z), 64):
        rows = z[begin : begin + 64]
        away = (rows[:, None, :] - draws).reshape(-1, z.shape[1])
        start = np.broadcast_to(draws, (len(rows), *draws.shape)).reshape(-1, z.shape[1])
        for node, share in zip((nodes + 1) / 2, shares / 2, strict=True):
            slope = network.slope(weights, np.ascontiguousarray(start + node * away))
            out[begin : begin + 64] += share * (away * slope).reshape(len(rows), len(draws), -1).mean(axis=1)
    return out * predictor.unit[0]


def shap_values(predictor: Predictor, z: Array, *, about: Array) -> Array:
    """The values of standardized rows, ``about`` what :class:`Explanation` found in its first round."""
    inner = predictor.inner
    if isinstance(inner, Boosting):
        return tree_shap(inner, predictor.found, z=z, cover=about)
    if isinstance(inner, Training):
        return gradient_shap(predictor, z, draws=background(about))
    return linear_shap(predictor.found["coefficients"], z)


@dataclass(frozen=True)
class Explanation(Exactly):
    """How much each feature moves a model, and which way, by sums: first the background, then the values' own sums.

    Parameters
    ----------
    predictor : Predictor
    bins : int
        Into how many parts a feature's range of ± 2.5 standard deviations is cut for its curve.
    most : int
        The most rows that a site explains; beyond, each so-many-th.
    """

    predictor: Predictor
    bins: int = 10
    most: int = 400

    @property
    def edges(self) -> Array:
        """Between bins, in standard deviations."""
        return np.linspace(-_EDGE, _EDGE, self.bins + 1)[1:-1]

    def first(self) -> State:
        """The background comes first."""
        return {}

    def _about(self) -> tuple[int, ...]:
        inner = self.predictor.inner
        if isinstance(inner, Boosting):
            return (inner.trees, 2 ** (inner.depth + 1) - 1)
        size = len(self.predictor.features)
        return (size, size)

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """Covers or products; then sizes, and sums and counts in bins."""
        if "about" not in state:
            return {"about": self._about(), "rows": (1,)}
        size = len(self.predictor.features)
        return {"size": (size,), "rows": (1,), "sums": (size, self.bins), "counts": (size, self.bins)}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's sums."""
        z = self.predictor.standardized(table)
        if "about" not in state:
            return {"about": self._passed(z), "rows": np.array([float(len(z))])}, memory
        z = z[:: max(1, -(-len(z) // self.most))]
        values = shap_values(self.predictor, z, about=np.asarray(state["about"]))
        sums, counts = np.zeros((2, z.shape[1], self.bins))
        place = np.searchsorted(self.edges, z, side="right")
        for column in range(z.shape[1]):
            sums[column] = np.bincount(place[:, column], weights=values[:, column], minlength=self.bins)
            counts[column] = np.bincount(place[:, column], minlength=self.bins)
        size = np.abs(values).sum(axis=0)
        return {"size": size, "rows": np.array([float(len(z))]), "sums": sums, "counts": counts}, memory

    def _passed(self, z: Array) -> Array:
        inner = self.predictor.inner
        if not isinstance(inner, Boosting):
            return z.T @ z
        return inner.passed(self.predictor.found, z)

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The background, then the means."""
        if "about" not in state:
            trees = isinstance(self.predictor.inner, Boosting)
            return {"about": sums["about"] if trees else sums["about"] / max(float(sums["rows"][0]), 1.0)}
        rows = max(float(sums["rows"][0]), 1.0)
        curve = np.where(sums["counts"] > 0, sums["sums"] / np.maximum(sums["counts"], 1), np.nan)
        return {
            **state,
            "importance": sums["size"] / rows,
            "curve": curve,
            "counts": sums["counts"],
            "done": np.ones(1),
        }

    def result(self, state: State) -> Mapping[str, Array]:
        """``importance`` (feature,): mean size of the values; ``curve``, ``counts`` (feature, bin); ``about``."""
        return {name: state[name] for name in ("importance", "curve", "counts", "about")}

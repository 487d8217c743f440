"""A linear mixed model with a random intercept a site, by restricted maximum likelihood and sums.

Each site is one cluster. For a given ratio of variances its part of the likelihood is a sum of products in closed
form; sites add these for a grid of ratios, and the coordinator closes the grid around the best one.

References
----------
Laird & Ware 1982, doi:10.2307/2529876.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Exactly, State, Table, stacked

__all__ = ["MixedModel"]

_GRID, _ROUNDS, _LOW, _HIGH = 25, 9, -16.0, 12.0


@dataclass(frozen=True)
class MixedModel(Exactly):
    """Fixed effects, and the variances between and within sites, as from the pooled rows.

    Parameters
    ----------
    features : sequence of str
        An intercept is added in front.
    outcome : str
    """

    features: Sequence[str]
    outcome: str

    @property
    def _size(self) -> int:
        return len(self.features) + 2

    def first(self) -> State:
        """A wide grid of the logarithm of the ratio of variances."""
        return {"grid": np.linspace(_LOW, _HIGH, _GRID), "round": np.zeros(1)}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:  # noqa: ARG002
        """Products of intercept, features and outcome under each ratio; determinants; rows."""
        return {"products": (_GRID, self._size, self._size), "determinant": (_GRID,), "rows": (1,)}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The site's part under each ratio."""
        values = stacked(table, [*self.features, self.outcome])
        values = values[~np.isnan(values).any(axis=1)]
        rows = len(values)
        x = np.column_stack([np.ones(rows), values])
        ratio = np.exp(state["grid"])
        total, sums = x.T @ x, x.sum(axis=0)
        taken = (ratio / (1 + rows * ratio))[:, None, None] * np.outer(sums, sums)
        return {
            "products": total - taken,
            "determinant": np.log1p(rows * ratio),
            "rows": np.array([float(rows)]),
        }, memory

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """A narrower grid around the best ratio; at the end the fit."""
        rows, fixed = sums["rows"][0], self._size - 1
        if rows <= fixed:
            raise BadInput(f"A mixed model of {fixed} fixed effects needs more than {rows:g} complete rows.")
        fits = [self._fit(products, rows) for products in sums["products"]]
        freedom = rows - fixed
        values = [
            -0.5 * (freedom * np.log(rest / freedom) + determinant + logdet)
            for (_, rest, logdet, _), determinant in zip(fits, sums["determinant"], strict=True)
        ]
        best, grid = int(np.argmax(values)), state["grid"]
        if state["round"][0] < _ROUNDS:
            narrow = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)], _GRID)
            return {"grid": narrow, "round": state["round"] + 1}
        beta, rest, _, inverse = fits[best]
        within = rest / freedom
        return {
            "coefficients": beta,
            "errors": np.sqrt(np.maximum(np.diag(inverse) * within, 0.0)),
            "within": np.array([within]),
            "between": np.array([within * np.exp(grid[best]) if grid[best] > _LOW + 1e-6 else 0.0]),
            "done": np.ones(1),
        }

    def _fit(self, products: Array, rows: float) -> tuple[Array, float, float, Array]:
        a, b, q = products[:-1, :-1], products[:-1, -1], products[-1, -1]
        inverse = np.asarray(np.linalg.pinv(a, hermitian=True), np.float64)
        beta = inverse @ b
        rest = max(float(q - b @ beta), 1e-300 * rows)
        return beta, rest, float(np.linalg.slogdet(a)[1]), inverse

    def result(self, state: State) -> Mapping[str, Array]:
        """``coefficients`` (intercept first), ``errors``, variances ``between`` and ``within`` sites."""
        return {name: state[name] for name in ("coefficients", "errors", "between", "within")}

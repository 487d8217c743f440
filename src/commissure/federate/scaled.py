"""Columns brought to mean 0 and spread 1 over all sites, and missing ones filled, before another analysis sees them.

Two rounds of sums come before those of the analysis itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Analysis, Array, State, Table, is_done, stacked
from commissure.federate.fixed_point import Code, Exact
from commissure.federate.summaries import Moments

__all__ = ["Scaled"]


@dataclass(frozen=True)
class Scaled:
    """``inner`` on standardized columns.

    Parameters
    ----------
    columns : sequence of str
        What is standardized.
    inner : Analysis
        Sees them standardized; all other columns as they are.
    fill : bool
        Whether a missing value becomes the mean; if not, it stays missing.
    unfilled : sequence of str
        Columns in which it stays missing all the same: an outcome, last among ``columns``.
    """

    columns: Sequence[str]
    inner: Analysis
    fill: bool = True
    unfilled: Sequence[str] = ()

    @property
    def _moments(self) -> Moments:
        return Moments(self.columns)

    def first(self) -> State:
        """The moments' first."""
        return {f"moments.{name}": value for name, value in self._moments.first().items()}

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """The moments', then the inner analysis'."""
        if "centre" in state:
            return self.inner.shapes(_part(state, "inner."))
        return self._moments.shapes(_part(state, "moments."))

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The moments', then the inner analysis' on standardized columns."""
        if "centre" not in state:
            return self._moments.answer(_part(state, "moments."), table, memory)
        return self.inner.answer(_part(state, "inner."), self.standardized(state, table), memory)

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The moments', then the inner analysis'."""
        if "centre" in state:
            after = self.inner.step(_part(state, "inner."), sums)
            done = {"done": np.ones(1)} if is_done(after) else {}
            kept = {"centre": state["centre"], "scale": state["scale"]}
            return {**kept, **done, **{f"inner.{name}": value for name, value in after.items()}}
        moments = self._moments.step(_part(state, "moments."), sums)
        if not is_done(moments):
            return {f"moments.{name}": value for name, value in moments.items()}
        found = self._moments.result(moments)
        empty = found["count"] < 1
        if empty.any():
            raise BadInput(f"Column {self.columns[int(empty.argmax())]!r} is empty at every site.")
        scale = np.sqrt(np.nan_to_num(found["variance"]))
        scale = np.where(scale > 1e-12 * np.maximum(np.abs(found["mean"]), 1e-280), scale, 1.0)
        start = self.inner.first()
        return {
            "centre": found["mean"],
            "scale": scale,
            **{f"inner.{name}": value for name, value in start.items()},
        }

    def standardized(self, state: State, table: Table) -> Table:
        """``table`` as the inner analysis sees it."""
        values = (stacked(table, self.columns) - state["centre"]) / state["scale"]
        if self.fill:
            filled = [n for n, name in enumerate(self.columns) if name not in self.unfilled]
            values[:, filled] = np.nan_to_num(values[:, filled])
        return {**table, **dict(zip(self.columns, values.T, strict=True))}

    def result(self, state: State) -> Mapping[str, Array]:
        """The inner analysis', with the ``centre`` and ``scale`` of the columns."""
        found = dict(self.inner.result(_part(state, "inner.")))
        return {**found, "centre": state["centre"], "scale": state["scale"]}

    def code(self, state: State, *, sites: int) -> Code:
        """Exact for the moments, the inner analysis' from then on."""
        return self.inner.code(_part(state, "inner."), sites=sites) if "centre" in state else Exact()


def _part(state: State, prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}

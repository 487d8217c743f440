"""Columns of a mixed table: numbers, few-valued columns and missing values, to normal scores and back.

References
----------
van der Waerden 1952 (normal scores); Nowok, Raab & Dibben 2016, doi:10.18637/jss.v074.i11.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["Column", "Table", "checked_columns"]

Array = NDArray[np.float64]
_FEW = 12
_DECIMALS = 4
_FEWEST_ROWS = 50
#: a value that so many people share may be given out as it stands; a rarer one is only interpolated between
_SHARED = 3


@dataclass(frozen=True, slots=True)
class Table:
    """A table of one row a subject.

    Parameters
    ----------
    names : tuple of str
        The columns' names.
    values : array, shape (subject, column)
        Numbers; NaN where missing. Words are coded by :attr:`levels`.
    levels : tuple of tuple of str
        For each column the words that 0, 1, 2 … stand for; empty for a column of numbers.
    """

    names: tuple[str, ...]
    values: Array
    levels: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of one column: its sorted values, the share missing, whether they are few, and their decimals."""

    ordered: Array
    missing: float
    few: bool
    decimals: int | None

    @classmethod
    def of(cls, values: Array) -> "Column":
        """The column of ``values``, NaN where missing."""
        known = np.sort(values[~np.isnan(values)])
        exact = (k for k in range(_DECIMALS) if np.allclose(known, np.round(known, k), rtol=0, atol=1e-9))
        return cls(known, float(np.isnan(values).mean()), len(np.unique(known)) <= _FEW, next(exact, None))

    def scores(self, values: Array, *, rng: np.random.Generator | None = None) -> Array:
        """Normal scores; ties in the middle, or spread at random if there is an ``rng``; 0 where missing."""
        special: Any = need("scipy.special", purpose="Synthesizing a table")
        low = np.searchsorted(self.ordered, values, side="left")
        high = np.searchsorted(self.ordered, values, side="right")
        share = np.full(len(values), 0.5) if rng is None else rng.uniform(size=len(values))
        rank = np.clip(low + share * (high - low), 0.5, len(self.ordered) - 0.5)
        return np.where(np.isnan(values), 0.0, np.asarray(special.ndtri(rank / len(self.ordered))))

    def values(self, scores: Array) -> Array:
        """Values of normal scores: those that several people share as they are, others between their neighbours."""
        special: Any = need("scipy.special", purpose="Synthesizing a table")
        rank = np.clip(special.ndtr(scores) * len(self.ordered) - 0.5, 0, len(self.ordered) - 1)
        near = self.ordered[np.rint(rank).astype(int)]
        shared = (
            np.searchsorted(self.ordered, near, side="right")
            - np.searchsorted(self.ordered, near, side="left")
        ) >= _SHARED
        # the rarest ends are drawn inwards: the oldest person's very age is theirs
        last = len(self.ordered) - 1
        inner = np.interp(np.clip(rank, 0.5, max(last - 0.5, 0.5)), np.arange(last + 1), self.ordered)
        made = np.where(shared, near, inner)
        return made if self.decimals is None else np.round(made, self.decimals)


def checked_columns(table: Table) -> tuple[Column, ...]:
    """The columns of a table that may be synthesized.

    Raises
    ------
    BadInput
        If the table is too small, or a column is constant or has hardly a value; the message has the numbers.
    """
    rows = table.values
    if rows.ndim != 2 or rows.shape[1] != len(table.names) or len(rows) < _FEWEST_ROWS:
        raise BadInput(
            f"Synthesizing takes {_FEWEST_ROWS} subjects at least and a name for each column; got shape {rows.shape} "
            f"and {len(table.names)} names."
        )
    known = (~np.isnan(rows)).sum(axis=0)
    empty = [table.names[j] for j in range(rows.shape[1]) if known[j] < _FEWEST_ROWS // 2]
    if empty:
        raise BadInput(f"Columns {empty} have under {_FEWEST_ROWS // 2} values; leave them out.")
    flat = [table.names[j] for j in range(rows.shape[1]) if np.nanmin(rows[:, j]) == np.nanmax(rows[:, j])]
    if flat:
        raise BadInput(f"Columns {flat} are constant; leave them out, they say nothing.")
    return tuple(Column.of(rows[:, j]) for j in range(rows.shape[1]))

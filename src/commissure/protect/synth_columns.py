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
#: deviations by which a heap stands out of its neighbourhood
_SIGNIFICANT = 2.5
#: the width of the kernel, as a share of spread times n to the power of -1/5
_SMOOTH = 1.0


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
    """What is known of one column: its sorted values, the share missing, whether they are few, their decimals and heaps."""

    ordered: Array
    missing: float
    few: bool
    decimals: int | None
    heaps: Array

    @classmethod
    def of(cls, values: Array) -> "Column":
        """The column of ``values``, NaN where missing."""
        known = np.sort(values[~np.isnan(values)])
        exact = (k for k in range(_DECIMALS) if np.allclose(known, np.round(known, k), rtol=0, atol=1e-9))
        decimals = next(exact, None)
        few = len(np.unique(known)) <= _FEW
        heaps = np.ones(len(known)) if few else _heaps(known, decimals)
        return cls(known, float(np.isnan(values).mean()), few, decimals, heaps)

    def scores(self, values: Array, *, rng: np.random.Generator | None = None) -> Array:
        """Normal scores; ties in the middle, or spread at random if there is an ``rng``; 0 where missing."""
        special: Any = need("scipy.special", purpose="Synthesizing a table")
        low = np.searchsorted(self.ordered, values, side="left")
        high = np.searchsorted(self.ordered, values, side="right")
        share = np.full(len(values), 0.5) if rng is None else rng.uniform(size=len(values))
        rank = np.clip(low + share * (high - low), 0.5, len(self.ordered) - 0.5)
        return np.where(np.isnan(values), 0.0, np.asarray(special.ndtri(rank / len(self.ordered))))

    @property
    def blur(self) -> float:
        """How far values are moved at random when they are drawn, as a share of their spread; 0 if they are not."""
        real = self.ordered[~self.heap_mask()]
        spread = float(real.std()) if len(real) >= _FEW else 0.0
        return _width(real) / spread if spread > 0 else 0.0

    def values(self, scores: Array, *, rng: np.random.Generator, blur: float | None = None) -> Array:
        """Values of normal scores: heaps as they are, others from a smooth curve through the real ones.

        A value that many more people share than its neighbourhood explains (0, or a round number) is a heap. Elsewhere
        how often each value is met in one cohort is chance, and would be no other cohort's; and the oldest person's very
        age is theirs. With a ``blur`` the scores leave room for it (their spread is short by as much); without one, the
        values are shrunk by what :attr:`blur` adds.
        """
        special: Any = need("scipy.special", purpose="Synthesizing a table")
        last = len(self.ordered) - 1
        rank = np.clip(special.ndtr(scores) * len(self.ordered) - 0.5, 0, last)
        near = np.rint(rank).astype(int)
        smooth = np.interp(np.clip(rank, 0.5, max(last - 0.5, 0.5)), np.arange(last + 1), self.ordered)
        smooth = _jittered(smooth, self.ordered[~self.heap_mask()], rng, blur)
        made = np.where(rng.uniform(size=len(rank)) < self.heaps[near], self.ordered[near], smooth)
        return made if self.decimals is None else np.round(made, self.decimals)

    def heap_mask(self) -> NDArray[np.bool_]:
        """Which of the sorted values lie on a heap for the most part."""
        return np.asarray(self.heaps > 0.5)


def _width(real: Array) -> float:
    """The width of the kernel that smooths ``real``."""
    spread = float(real.std())
    inner = float(np.subtract(*np.quantile(real, [0.75, 0.25]))) / 1.349
    return _SMOOTH * (min(spread, inner) if inner > 0 else spread) * float(len(real) ** -0.2)


def _jittered(values: Array, real: Array, rng: np.random.Generator, blur: float | None) -> Array:
    """Values of a smoothed curve: moved a little at random, spread kept, turned back at the ends."""
    if len(real) < _FEW:
        return values
    spread, middle = max(float(real.std()), 1e-300), float(real.mean())
    width = _width(real) if blur is None else blur * spread
    shrink = (1 + (width / spread) ** 2) ** -0.5 if blur is None else 1.0
    moved = middle + shrink * (values - middle + width * rng.normal(size=len(values)))
    low, high = float(real[0]), float(real[-1])
    moved = np.where(moved < low, 2 * low - moved, moved)
    return np.clip(np.where(moved > high, 2 * high - moved, moved), low, high)


def _heaps(ordered: Array, decimals: int | None) -> Array:
    """For each sorted value the chance that it is met as a heap, beyond what the values about it explain."""
    value, count = np.unique(ordered, return_counts=True)
    if decimals is None or len(value) <= 2:
        shared = np.where(count >= _SHARED, 1.0, 0.0)
        return np.repeat(shared, count)
    reach = max(float(np.subtract(*np.quantile(ordered, [0.75, 0.25]))) / 3, 3 * 10.0**-decimals)
    low = np.searchsorted(ordered, value - reach, side="left")
    high = np.searchsorted(ordered, value + reach, side="right")
    first, end = np.maximum(value - reach, ordered[0]), np.minimum(value + reach, ordered[-1])
    steps = np.maximum((end - first) * 10.0**decimals, 1.0)
    expected = (high - low - count) / steps
    beyond = count - expected
    heap = (count >= _SHARED) & (beyond > _SIGNIFICANT * np.sqrt(expected + 1.0))
    return np.repeat(np.where(heap, beyond / count, 0.0), count)


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

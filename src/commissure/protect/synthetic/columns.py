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
from commissure.protect.synthetic.lattice import Lattice, find_lattice

__all__ = ["FEWEST_ROWS", "SHARED", "Column", "Table", "checked_columns", "lean_columns"]

Array = NDArray[np.float64]
_FEW = 12
FEWEST_ROWS = 50
_FEWEST_VALUES = 25
_TRUSTED_ROWS = 100
_WIDER = 1.1
#: a value that fewer people have is drawn for nobody
SHARED = 3
_LARGEST = 1e100
_CATEGORIES = 6
#: the share of people on a heap from which on it is drawn as a class
_OFTEN = 0.04
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
    """What is known of one column: its sorted values, the share missing, whether they are few, their lattice and heaps."""

    ordered: Array
    missing: float
    few: bool
    lattice: Lattice | None
    heaps: Array

    @classmethod
    def of(cls, values: Array, *, words: bool = False) -> "Column":
        """The column of ``values``, NaN where missing; codes of ``words`` are of few values, however many."""
        known = np.sort(values[~np.isnan(values)])
        lattice, heaps = find_lattice(known)
        few = words or len(np.unique(known)) <= _FEW
        return cls(known, float(np.isnan(values).mean()), few, lattice, np.ones(len(known)) if few else heaps)

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

    def apart(self) -> Array:
        """Heaps that many people share: whether somebody is on one is a question of its own, as with few-valued columns."""
        value, count = np.unique(self.ordered[self.heap_mask()], return_counts=True)
        often = count >= max(_OFTEN * len(self.ordered), _FEW)
        left = len(self.ordered) - int(count[often].sum())
        return np.asarray(value[often] if not self.few and left >= _FEWEST_VALUES else value[:0])

    def categories(self) -> list[float]:
        """The values of a column of so few that each may have an effect of its own, without the first."""
        found = np.unique(self.ordered)
        return [float(value) for value in found[1:]] if 2 < len(found) <= _CATEGORIES else []

    def kinds(self, values: Array, apart: Array) -> Array:
        """What kind of value each is: its own value if few or on a heap ``apart``, else 1 if rounded, 0 if not; NaN missing.

        Kinds are codes: 0 and 1, then 2 … for the heaps; or the values themselves in a few-valued column.
        """
        if self.few:
            value, count = np.unique(self.ordered, return_counts=True)
            shared = value[count >= SHARED] if (count >= SHARED).any() else value
            near = shared[np.abs(np.nan_to_num(values)[:, None] - shared).argmin(axis=1)]
            return np.where(np.isnan(values), np.nan, near)
        code = np.zeros(len(values))
        if self.lattice is not None and self.lattice.rounded:
            code = (self.lattice.steps(np.nan_to_num(values)) % 10 == 0).astype(float)
        for number, heap in enumerate(apart):
            code[values == heap] = 2 + number
        return np.where(np.isnan(values), np.nan, code)

    def values(
        self,
        scores: Array,
        *,
        rng: np.random.Generator,
        blur: float | None = None,
        rounded: Array | None = None,
    ) -> Array:
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
        if blur is not None:
            smooth = self._spread_as_real(smooth)
        if self.lattice is None or rounded is None or not self.lattice.rounded:
            drawn = smooth if self.lattice is None else self._within(self.lattice.draw(smooth, rng=rng))
            return np.where(rng.uniform(size=len(rank)) < self.heaps[near], self.ordered[near], drawn)
        tens, units = (
            lattice.draw(smooth, rng=rng) for lattice in (self.lattice.tens(), self.lattice.units())
        )
        return self._within(np.where(rounded > 0, tens, units))

    def _within(self, values: Array) -> Array:
        """Not beyond the real ones: a digit that is liked lies to either side."""
        return np.clip(values, self.ordered[0], self.ordered[-1])

    def _spread_as_real(self, values: Array) -> Array:
        """Many values, with the real spread: room for the blur is left in scores, and a long tail is short of it in values."""
        trust = len(values) / (len(values) + _TRUSTED_ROWS)
        middle, spread = float(values.mean()), max(float(values.std()), 1e-300)
        wider = (float(self.ordered.std()) / spread) ** trust
        # a few far values make most of a very long tail's spread, and stretching all would move everybody
        return self._within(middle + wider * (values - middle)) if 1 / _WIDER < wider < _WIDER else values

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


def checked_columns(table: Table) -> tuple[Column, ...]:
    """The columns of a table that may be synthesized.

    Raises
    ------
    BadInput
        If the table is too small, or a column is constant or has hardly a value; the message has the numbers.
    """
    rows = table.values
    if rows.ndim != 2 or rows.shape[1] != len(table.names) or len(rows) < FEWEST_ROWS:
        raise BadInput(
            f"Synthesizing takes {FEWEST_ROWS} subjects at least and a name for each column; got shape {rows.shape} "
            f"and {len(table.names)} names."
        )
    twice = sorted({name for name in table.names if table.names.count(name) > 1})
    if twice:
        raise BadInput(f"Every column needs a name of its own; {', '.join(twice)} are there twice.")
    beyond = (np.abs(np.nan_to_num(rows, nan=0.0, posinf=np.inf, neginf=-np.inf)) > _LARGEST).sum(axis=0)
    wrong = {table.names[j]: int(beyond[j]) for j in np.flatnonzero(beyond)}
    if wrong:
        raise BadInput(f"Values are infinite or beyond {_LARGEST:g}, so many in a column: {wrong}; write n/a, or another unit.")  # fmt: skip
    known = (~np.isnan(rows)).sum(axis=0)
    empty = {table.names[j]: int(known[j]) for j in range(rows.shape[1]) if known[j] < _FEWEST_VALUES}
    if empty:
        raise BadInput(f"Columns have under {_FEWEST_VALUES} values: {empty}; leave them out.")
    flat = [table.names[j] for j in range(rows.shape[1]) if np.nanmin(rows[:, j]) == np.nanmax(rows[:, j])]
    if flat:
        raise BadInput(f"Columns {flat} are constant; leave them out, they say nothing.")
    worded = [bool(words) for words in table.levels] or [False] * rows.shape[1]
    return tuple(Column.of(rows[:, j], words=worded[j]) for j in range(rows.shape[1]))


def lean_columns(rows: Array) -> NDArray[np.bool_]:
    """Which columns are constant, or have too few values to be learned."""
    few = (~np.isnan(rows)).sum(axis=0) < _FEWEST_VALUES
    low, high = np.nan_to_num(rows, nan=np.inf).min(axis=0), np.nan_to_num(rows, nan=-np.inf).max(axis=0)
    return np.asarray(few | (low >= high))

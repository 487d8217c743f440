"""Synthetic tables: a forest that goes from column to column, a Gaussian copula as the floor, and the bootstrap as a foil.

References
----------
Nowok, Raab & Dibben 2016 (synthpop), doi:10.18637/jss.v074.i11; Patki, Wedge & Veeramachaneni 2016 (copula),
doi:10.1109/DSAA.2016.49.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.protect.synthetic.columns import Column, Table, checked_columns
from commissure.protect.synthetic.table_choice import choose_rows

__all__ = ["Bootstrap", "Copula", "SequentialForest"]

Array = NDArray[np.float64]
_FEW = 12
_TRUSTED_ROWS = 100
#: how much of a residual's spread may be random moves, where the columns before tell nearly all
_MOST_BLUR = 0.9
#: inverse strength of the penalty on a multinomial regression: at 0.1 a classifier tells the rows, at 1 members are told
_LOOSE = 0.5
#: how many times as many rows are drawn as are kept, how many at least, and how many are chosen at once
_TIMES, _LEAST_POOL, _BLOCK = 3, 300, 2000
#: the penalty on slopes, and those on bends of which the one is taken that foretells the left-out best
_HOLD, _HOLDS_BENDS = 2.0, (20.0, 100.0, 500.0, 2500.0, 1e5)


class Bootstrap:
    """Rows drawn again from the real ones: useful, and no protection at all; for comparison only."""

    def fit(self, cohort: Table) -> Self:
        """Keep the rows."""
        checked_columns(cohort)
        self.table_ = cohort
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Table:
        """``n`` rows of real people."""
        rows = self.table_.values[rng.integers(0, len(self.table_.values), n)]
        return Table(self.table_.names, rows, self.table_.levels)


class Copula:
    """A Gaussian copula: each column's own distribution, and one correlation matrix of normal scores.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> made = Copula().fit(Table(("a", "b"), rng.normal(size=(80, 2)))).sample(5, rng)
    >>> made.values.shape
    (5, 2)
    """

    def fit(self, cohort: Table) -> Self:
        """Learn from a table; missing values are a value of their own."""
        self.columns_ = checked_columns(cohort)
        self.table_ = Table(cohort.names, np.empty((0, len(cohort.names))), cohort.levels)
        scores = [self._score(cohort.values[:, j], column) for j, column in enumerate(self.columns_)]
        self.root_ = np.linalg.cholesky(np.corrcoef(scores) + 1e-9 * np.eye(len(scores)))
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Table:
        """``n`` synthetic rows."""
        special: Any = need("scipy.special", purpose="Synthesizing a table")
        share = special.ndtr(rng.normal(size=(n, len(self.columns_))) @ self.root_.T)
        made = np.empty(share.shape)
        for j, column in enumerate(self.columns_):
            above = (share[:, j] - column.missing) / max(1 - column.missing, 1e-9)
            value = column.values(np.asarray(special.ndtri(np.clip(above, 1e-9, 1 - 1e-9))), rng=rng)
            made[:, j] = np.where(share[:, j] < column.missing, np.nan, value)
        return Table(self.table_.names, made, self.table_.levels)

    @staticmethod
    def _score(values: Array, column: Column) -> Array:
        """Normal scores with all missing ones at the lower end."""
        special: Any = need("scipy.special", purpose="Synthesizing a table")
        known = special.ndtr(column.scores(values))
        share = np.where(np.isnan(values), column.missing / 2, column.missing + (1 - column.missing) * known)
        return np.asarray(special.ndtri(np.clip(share, 1e-6, 1 - 1e-6)))


class SequentialForest:
    """Column after column: what a quadratic model of normal scores says, plus a residual of somebody like that.

    Whether a value is missing, on a heap, or rounded, and which of few values it has, are drawn from a multinomial
    regression on the columns before (a forest's probabilities were told from real rows more easily, and gave away more of
    who was in). A number is a quadratic prediction from the synthetic columns before it, plus the residual of a real person
    from the same leaf of a tree that was grown on *other* people; so no row, and no rare value, is anybody's. What residuals
    have in common with the columns before by chance is taken out of them. Three times as many rows are drawn as are asked
    for, and kept by :func:`~commissure.protect.synthetic.table_choice.choose_rows`.

    Parameters
    ----------
    leaf : int
        Fewest people in a leaf of the residuals' trees.
    trees : int
        How many trees share the residuals of a column.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> made = SequentialForest(trees=4).fit(Table(("a", "b"), rng.normal(size=(80, 2)))).sample(5, rng)
    >>> made.values.shape
    (5, 2)
    """

    def __init__(self, *, leaf: int = 60, trees: int = 20) -> None:
        self.leaf, self.trees = leaf, trees

    def fit(self, cohort: Table) -> Self:
        """Learn from a table; the trees themselves are grown when rows are drawn, from the generator's own ``rng``."""
        self.columns_ = checked_columns(cohort)
        self.table_ = cohort
        self.apart_ = [column.apart() for column in self.columns_]
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Table:
        """``n`` synthetic rows."""
        made = [self._block(min(_BLOCK, n - start), rng) for start in range(0, n, _BLOCK)]
        return Table(self.table_.names, np.concatenate(made), self.table_.levels)

    def _block(self, n: int, rng: np.random.Generator) -> Array:
        pool, real = self._drawn(max(_TIMES * n, _LEAST_POOL), rng), self.table_.values
        return np.asarray(pool[choose_rows(pool, real=real, count=n, rng=rng)])

    def _drawn(self, n: int, rng: np.random.Generator) -> Array:
        """``n`` rows, column after column."""
        real = self.table_.values
        made, kinds = np.full((n, real.shape[1]), np.nan), np.full((n, real.shape[1]), np.nan)
        known = np.column_stack([c.kinds(real[:, j], self.apart_[j]) for j, c in enumerate(self.columns_)])
        for j, column in enumerate(self.columns_):
            before, now = self._features(real, known, j), self._features(made, kinds, j)
            kinds[:, j] = self._classes(before, known[:, j], now, rng)
            if column.few:
                made[:, j] = kinds[:, j]
                continue
            for number, heap in enumerate(self.apart_[j]):
                made[kinds[:, j] == 2 + number, j] = heap
            have, ok = known[:, j] < 2, kinds[:, j] < 2
            if not ok.any():
                continue
            body = Column.of(real[have, j])
            before = np.column_stack([before, known[:, j]])
            now = np.column_stack([now, kinds[:, j]])
            drawn, blur = self._numbers(
                before[have], body.scores(real[have, j], rng=rng), now[ok], rng, blur=body.blur
            )
            made[ok, j] = body.values(drawn, rng=rng, blur=blur, rounded=kinds[ok, j])
        return made

    def _features(self, rows: Array, kinds: Array, before: int) -> Array:
        """What is known of the columns before: scores, and whether a value is missing, rounded or on a heap."""
        found = [self.columns_[k].scores(rows[:, k]) for k in range(before)]
        for k, column in enumerate(self.columns_[:before]):
            codes = column.categories() if column.few else list(range(1, 2 + len(self.apart_[k])))
            found += [(kinds[:, k] == code).astype(float) for code in codes]
            if column.missing > 0:
                found.append(np.isnan(rows[:, k]).astype(float))
        return np.column_stack(found) if found else np.zeros((len(rows), 1))

    def _classes(self, before: Array, seen: Array, now: Array, rng: np.random.Generator) -> Array:
        levels, code = np.unique(seen, return_inverse=True)
        if len(levels) == 1 or not before.any() or not now.size:
            return np.asarray(rng.choice(seen, len(now)))
        linear: Any = need("sklearn.linear_model", purpose="Synthesizing a table")
        model = linear.LogisticRegression(C=_LOOSE, max_iter=300).fit(_bent(before, before), code)
        chance = model.predict_proba(_bent(now, before))
        steps = np.cumsum(chance, axis=1)
        drawn = (rng.uniform(size=(len(now), 1)) > steps).sum(axis=1)
        return np.asarray(levels[np.minimum(drawn, len(levels) - 1)])

    def _numbers(
        self, before: Array, scores: Array, now: Array, rng: np.random.Generator, *, blur: float
    ) -> tuple[Array, float]:
        """Scores of new people, and how far their values may be moved: what is moved is taken from the residuals.

        So the random move hides whose residual it was, and does not blur what the columns before tell.
        """
        design, wanted = (np.column_stack([np.ones(len(r)), _bent(r, before)]) for r in (before, now))
        curved = design.shape[1] - 1 - before.shape[1]
        hold = _penalty(design, scores, curved)
        slope = np.linalg.solve(design.T @ design + hold, design.T @ scores)
        rest = scores - design @ slope
        made, own = wanted @ slope, np.zeros(len(now))
        turn = rng.integers(0, self.trees, len(now))
        for tree in range(self.trees):
            rows = np.flatnonzero(turn == tree)
            if len(rows):
                own[rows] = self._residuals(before, rest, now[rows], rng)
        if len(now) > 2 * len(hold):
            left = np.linalg.solve(design.T @ design + hold, design.T @ rest)
            chance = np.linalg.solve(wanted.T @ wanted + hold, wanted.T @ own)
            own = _rescaled(own - wanted @ (chance - left), own)
        made += own
        # a ridge and residuals of others let the spread drift from column to column; many draws can be brought back
        trust = len(now) / (len(now) + _TRUSTED_ROWS)
        middle, spread = float(made.mean()), max(float(made.std()), 1e-9)
        back = (float(scores.std()) / spread) ** trust
        made = (made - middle) * back + middle + trust * (float(scores.mean()) - middle)
        alone = float(own.std()) * back
        blur = min(blur, _MOST_BLUR * alone)
        kept = max(1 - (blur / max(alone, 1e-9)) ** 2, 0.0) ** 0.5
        return np.asarray(made - (1 - kept) * back * (own - own.mean())), blur

    def _residuals(self, before: Array, rest: Array, now: Array, rng: np.random.Generator) -> Array:
        tree_module: Any = need("sklearn.tree", purpose="Synthesizing a table")
        order = rng.permutation(len(rest))
        grown, donors = np.split(order, [int(0.6 * len(order))])
        tree = tree_module.DecisionTreeRegressor(
            min_samples_leaf=self.leaf, max_features=0.7, random_state=int(rng.integers(1 << 31))
        ).fit(before[grown], rest[grown])
        at, have, own = tree.apply(now), tree.apply(before[donors]), tree.apply(before[grown])
        made = np.empty(len(now))
        for leaf in np.unique(at):
            pool = donors[have == leaf]
            if len(pool) < 4:
                pool = np.concatenate([pool, grown[own == leaf]])
            made[at == leaf] = rest[rng.choice(pool, int((at == leaf).sum()))]
        return made


def _penalty(design: Array, scores: Array, curved: int) -> Array:
    """The penalty of a ridge whose last ``curved`` columns are bends: they cost little only where they tell much.

    Bends that tell nothing of others still bring what is drawn nearer to the very people who were learned from.
    """
    missed, holds = [], []
    for bends in _HOLDS_BENDS if curved else _HOLDS_BENDS[:1]:
        hold = np.diag([*np.full(design.shape[1] - curved, _HOLD), *np.full(curved, bends)])
        solved = np.linalg.solve(design.T @ design + hold, design.T)
        own = np.einsum("ij,ji->i", design, solved)
        missed.append(((scores - design @ (solved @ scores)) / np.maximum(1 - own, 0.1)) ** 2)
        holds.append(hold)
    return np.asarray(holds[int(np.argmin([error.mean() for error in missed]))])


def _rescaled(values: Array, by: Array) -> Array:
    """``values`` with the spread of ``by``."""
    return np.asarray(values * (float(by.std()) / max(float(values.std()), 1e-9)))


def _bent(rows: Array, by: Array) -> Array:
    """Features and the squares of those that are numbers, as ``by`` tells."""
    return np.column_stack([rows, rows[:, [len(np.unique(column)) > _FEW for column in by.T]] ** 2])

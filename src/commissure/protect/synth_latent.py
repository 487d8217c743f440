"""The space in which brains are generated: latents of a codec, with what age, sex and diagnosis explain taken off.

What is left of a latent is a residual, in which a net has only to learn how people differ. After training, the brains that
net and codec make are measured: what covariates explain is set to what they explain in real brains, and what is left is
moved, as little as can be, to the covariance of real brains in the leading directions (optimal transport between
Gaussians). A net that saw few subjects shows their variances less well than they do themselves.

References
----------
Peyré & Cuturi 2019, sec. 2.6 (transport between Gaussians), doi:10.1561/2200000073.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.synth_codec import LATENT, Codec, finished
from commissure.protect.synth_columns import Table
from commissure.protect.synth_table import Copula
from commissure.protect.synth_volumes import Volumes

__all__ = ["Conditions", "LatentSpace", "explained"]

Array = NDArray[np.float64]
Voxels = NDArray[np.float32]
#: from conditions, shape (subject, condition), and an rng to residuals
Draw = Callable[[Array, np.random.Generator], Array]
_RIDGE = 2.0
_LEADING = 60
_CALIBRATION = 256


@dataclass(frozen=True, slots=True)
class Conditions:
    """How covariates become numbers a net can take: ages standardized, words as one column a level.

    Parameters
    ----------
    table : Table
        Without rows: names and levels.
    centre, scale : array, shape (column,)
        Of the columns of numbers.
    """

    table: Table
    centre: Array
    scale: Array

    @classmethod
    def of(cls, table: Table) -> Self:
        """The conditions of a cohort's covariates."""
        levels = table.levels or ((),) * len(table.names)
        empty = Table(table.names, np.empty((0, len(table.names))), levels)
        return cls(empty, table.values.mean(axis=0), np.maximum(table.values.std(axis=0), 1e-9))

    def rows(self, table: Table) -> Array:
        """One row a subject; the words' first level is the reference.

        Raises
        ------
        BadInput
            If the columns or a word's code are not those that were learned.
        """
        if table.names != self.table.names:
            raise BadInput(f"Covariates must be {list(self.table.names)}; got {list(table.names)}.")
        parts = []
        for j, words in enumerate(self.table.levels):
            column = table.values[:, j]
            if not words:
                parts.append(((column - self.centre[j]) / self.scale[j])[:, None])
                continue
            if not np.isin(column, np.arange(len(words))).all():
                raise BadInput(f"Column {self.table.names[j]!r} holds codes beyond its {len(words)} words.")
            parts.append((column[:, None] == np.arange(1, len(words))[None]).astype(float))
        return np.column_stack(parts)

    def design(self, rows: Array) -> Array:
        """Conditions with an intercept and squares of what has more than two values."""
        bent = [j for j in range(rows.shape[1]) if self._number(j)]
        return np.column_stack([np.ones(len(rows)), rows, rows[:, bent] ** 2])

    def _number(self, column: int) -> bool:
        widths = [len(words) - 1 if words else 1 for words in self.table.levels]
        which = int(np.searchsorted(np.cumsum(widths), column, side="right"))
        return not self.table.levels[which]


class LatentSpace:
    """Latents of a cohort as residuals beyond its covariates, and the way back.

    Parameters
    ----------
    codec : Codec
        Fitted.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def fit(self, cohort: Volumes) -> Self:
        """Learn covariates, what they explain, and the scale of what is left."""
        self.conditions_ = Conditions.of(cohort.covariates)
        self.people_ = Copula().fit(cohort.covariates)
        latents = self.codec.encode(cohort.voxels)
        design = self.conditions_.design(self.conditions_.rows(cohort.covariates))
        flat = latents.reshape(len(latents), -1)
        self.effects_ = explained(design, flat)
        left = (flat - design @ self.effects_).reshape(latents.shape)
        self.scale_ = np.maximum(left.std(axis=(0, 2, 3, 4), keepdims=True), 1e-6)
        self.mend_: _Mend | None = None
        return self

    def residuals(self, cohort: Volumes) -> tuple[Array, Array]:
        """Residuals, shape (subject, 4, 8, 8, 8), and conditions, shape (subject, condition)."""
        rows = self.conditions_.rows(cohort.covariates)
        explained = (self.conditions_.design(rows) @ self.effects_).reshape(-1, *LATENT)
        return (self.codec.encode(cohort.voxels) - explained) / self.scale_, rows

    def calibrate(self, cohort: Volumes, draw: Draw, rng: np.random.Generator) -> None:
        """Learn how to move the brains that come of ``draw`` to the effects and the covariance of real ones."""
        self.mend_ = None
        leading = min(_LEADING, len(cohort.voxels) // 4)
        asked = cohort.covariates.values[rng.integers(0, len(cohort.voxels), min(_CALIBRATION, 4 * leading))]
        table = Table(cohort.covariates.names, asked, cohort.covariates.levels)
        rows = self.conditions_.rows(table)
        made = self.volumes(draw(rows, rng), table, rng)
        known = self.conditions_.design(self.conditions_.rows(cohort.covariates))
        self.mend_ = _Mend.of(
            cohort.voxels, known, made.voxels, self.conditions_.design(rows), leading=leading
        )

    def volumes(self, residuals: Array, table: Table, rng: np.random.Generator) -> Volumes:
        """The brains of residuals for the covariates of ``table``."""
        design = self.conditions_.design(self.conditions_.rows(table))
        latents = residuals * self.scale_ + (design @ self.effects_).reshape(-1, *LATENT)
        brains = self.codec.decode(latents, rng=rng)
        return Volumes(brains if self.mend_ is None else self.mend_(brains, design), table)

    def people(self, n: int, rng: np.random.Generator, wanted: Table | None) -> Table:
        """Covariates of ``n`` synthetic people: those wanted, or as they go together in the cohort."""
        if wanted is None:
            return self.people_.sample(n, rng)
        if len(wanted.values) != n:
            raise BadInput(f"Covariates are given for {len(wanted.values)} subjects, and {n} are asked for.")
        return wanted


@dataclass(frozen=True, slots=True)
class _Mend:
    """What is wrong with made brains on the whole, and how it is put right."""

    false: Array
    change: Array
    directions: Array
    turn: Array
    rest: Array

    @classmethod
    def of(cls, real: Voxels, known: Array, made: Voxels, asked: Array, *, leading: int) -> Self:
        flat, own = (each.reshape(len(each), -1).astype(float) for each in (real, made))
        true, false = explained(known, flat), explained(asked, own)
        left, own_left = flat - known @ true, own - asked @ false
        values, vectors = np.linalg.eigh(left @ left.T)
        order = np.argsort(values)[::-1][:leading]
        directions = (left.T @ vectors[:, order] / np.sqrt(np.maximum(values[order], 1e-12))).T
        inside, own_inside = left @ directions.T, own_left @ directions.T
        turn = _transport(_shrunk(own_inside), _shrunk(inside))
        spread = (left - inside @ directions).std(axis=0)
        own_spread = (own_left - own_inside @ directions).std(axis=0)
        rest = np.clip((spread + 1e-3) / (own_spread + 1e-3), 0.5, 2.0)
        return cls(false, true - false, directions, turn, rest)

    def __call__(self, brains: Voxels, design: Array) -> Voxels:
        flat = brains.reshape(len(brains), -1).astype(float)
        left = flat - design @ self.false
        inside = left @ self.directions.T
        moved = (inside @ self.turn.T) @ self.directions + (left - inside @ self.directions) * self.rest
        return finished((design @ (self.false + self.change) + moved).reshape(brains.shape))


def explained(design: Array, flat: Array) -> Array:
    """What the columns of ``design`` explain of ``flat``, by a slight ridge; shape (column, value)."""
    hold = _RIDGE * np.diag([0.0, *np.ones(design.shape[1] - 1)])
    return np.asarray(np.linalg.solve(design.T @ design + hold, design.T @ flat))


def _shrunk(rows: Array) -> Array:
    """Covariance with off-diagonals drawn to 0 by the share that so few rows deserve."""
    covariance = np.cov(rows.T).reshape(rows.shape[1], -1)
    keep = len(rows) / (len(rows) + 0.5 * rows.shape[1])
    return np.asarray(keep * covariance + (1 - keep) * np.diag(np.diag(covariance)))


def _transport(start: Array, end: Array) -> Array:
    """The symmetric matrix that takes a Gaussian of covariance ``start`` to one of ``end``, moving least."""
    root, back = _power(start, 0.5), _power(start, -0.5)
    return np.asarray(back @ _power(root @ end @ root, 0.5) @ back)


def _power(matrix: Array, exponent: float) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    kept = np.maximum(values, 1e-8 * max(float(values.max()), 1e-300))
    return np.asarray((vectors * kept**exponent) @ vectors.T)

"""The space in which brains are generated: latents of a codec as whitened numbers beyond age, sex and diagnosis.

What covariates explain of the latents is taken off by regression. The leading directions of what is left, in the metric
in which a latent's length is the change of the image, are scaled to unit variance: in these numbers a cohort is near a
standard Gaussian, and a net has only to learn in what it is not one. What lies beyond the leading directions is drawn by
its spread at each knot and its spectrum, so that no direction of few people's is kept.

What a net draws is brought back to mean 0 and unit covariance on a large sample of its own, given the covariates; so
means, variances and correlations of latents are those of the cohort, whatever the net adds to shape. Then brains are
decoded and measured, and the numbers are turned until regions and tissues have the cohort's moments as well.

References
----------
Tipping & Bishop 1999 (leading directions and a noise beyond), doi:10.1111/1467-9868.00196.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.synthetic.codec import Codec
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.mend import Mend, Moments, explained
from commissure.protect.synthetic.table import Copula
from commissure.protect.synthetic.texture import Texture
from commissure.protect.synthetic.tissue import Tissue
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volumes import Volumes, checked_volumes

__all__ = ["Conditions", "Draw", "LatentGenerator", "LatentSpace", "Measure", "most_ways"]

Array = NDArray[np.float64]
#: from conditions, shape (subject, condition), and an rng to whitened numbers
Draw = Callable[[Array, np.random.Generator], Array]
#: from brains to what is measured on each
Measure = Callable[[NDArray[np.float32]], Array]
_LEADING = 128
_LEADING_SHARE = 3
_CALIBRATION = 8192
#: brains that are decoded and measured for each that was fitted, at most, and at once; and in each round what part of them
_DRAWS_A_PERSON, _MOST_DRAWS, _AT_ONCE = 8, 2048, 128
_ROUNDS, _LAST_ROUNDS = (0.5, 0.5), (0.5, 1.0)


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
    """Latents of a cohort as whitened numbers beyond its covariates, and the way back.

    Parameters
    ----------
    codec : Codec
        Fitted.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def fit(self, cohort: Volumes) -> Array:
        """Learn covariates, what they explain, and the leading directions of what is left.

        Returns
        -------
        array, shape (subject, direction)
            The cohort's whitened numbers.
        """
        self.conditions_ = Conditions.of(cohort.covariates)
        self.people_ = Copula().fit(cohort.covariates)
        rows = self.codec.weighed(self.codec.encode(cohort.voxels))
        design = self.conditions_.design(self.conditions_.rows(cohort.covariates))
        self.effects_ = explained(design, rows)
        left = rows - design @ self.effects_
        free = len(left) - design.shape[1]
        values, vectors = np.linalg.eigh(left @ left.T)
        order = np.argsort(values)[::-1][: most_ways(len(left))]
        self.ways_ = (left.T @ vectors[:, order] / np.sqrt(values[order])).T
        self.spread_ = np.sqrt(values[order] / free)
        beyond = left - (left @ self.ways_.T) @ self.ways_
        self._fit_beyond(beyond * np.sqrt(len(left) / free))
        self.mend_ = Mend.none(design.shape[1], len(order))
        return np.asarray(left @ self.ways_.T / self.spread_)

    def calibrate(self, cohort: Volumes, draw: Draw, rng: np.random.Generator) -> None:
        """Learn how to bring what comes of ``draw`` to the moments of the cohort, given the covariates.

        First the numbers themselves to mean 0 and unit covariance, then regions and tissues of decoded brains, at last regions
        alone: among hundreds of places a small region is not heard.
        """
        known = self.conditions_.design(self.conditions_.rows(cohort.covariates))
        tissue = Tissue.of(cohort.voxels, known)
        self.turned_ = Mend.none(known.shape[1], len(self.spread_))
        white = self._whitened(cohort.covariates, draw, rng)
        for measure, rounds in ((tissue, _ROUNDS), (tissue.regions, _LAST_ROUNDS)):
            wanted = Moments.of(measure(cohort.voxels), known)
            self.turned_ = self._matched(wanted, measure, self._drawn(cohort.covariates, draw, rng), rounds, rng)  # fmt: skip
        self.mend_ = white.then(self.turned_)

    def match(
        self, wanted: Moments, *, measure: Measure, table: Table, draw: Draw, rng: np.random.Generator
    ) -> None:
        """Turn what comes of ``draw`` on from how it is turned already, until decoded brains have moments wanted.

        Parameters
        ----------
        wanted : Moments
            Of what ``measure`` gives, given the covariates.
        measure : callable
            From brains, shape (subject, x, y, z), to quantities, shape (subject, quantity).
        table : Table
            Covariates of people who are to be drawn for.
        draw : callable
            From conditions and an rng to whitened numbers.
        rng : numpy.random.Generator
            Draws.
        """
        white = self._whitened(table, draw, rng)
        self.turned_ = self._matched(wanted, measure, self._drawn(table, draw, rng), (*_ROUNDS, *_LAST_ROUNDS), rng)  # fmt: skip
        self.mend_ = white.then(self.turned_)

    def volumes(self, whitened: Array, table: Table, rng: np.random.Generator) -> Volumes:
        """The brains of whitened numbers for the covariates of ``table``."""
        design = self.conditions_.design(self.conditions_.rows(table))
        return Volumes(self._decoded(self.mend_(whitened, design), design, rng), table)

    def _decoded(self, numbers: Array, design: Array, rng: np.random.Generator) -> NDArray[np.float32]:
        rows = design @ self.effects_ + (numbers * self.spread_) @ self.ways_
        return self.codec.decode(self.codec.unweighed(rows) + self._beyond(len(rows), rng), rng=rng)

    def _whitened(self, table: Table, draw: Draw, rng: np.random.Generator) -> Mend:
        """What brings numbers to mean 0 and unit covariance, given the covariates."""
        rows = self.conditions_.rows(_again(table, _CALIBRATION, rng))
        return Mend.whitening(draw(rows, rng), self.conditions_.design(rows))

    def _drawn(self, table: Table, draw: Draw, rng: np.random.Generator) -> tuple[Array, Array]:
        """Numbers of mean 0 and unit covariance on their own, and the design they were drawn for."""
        rows = self.conditions_.rows(_again(table, min(_DRAWS_A_PERSON * len(table.values), _MOST_DRAWS), rng))  # fmt: skip
        design, drawn = self.conditions_.design(rows), draw(rows, rng)
        return Mend.whitening(drawn, design)(drawn, design), design

    def _matched(
        self, wanted: Moments, measure: Measure, drawn: tuple[Array, Array], rounds: tuple[float, ...], rng: np.random.Generator
    ) -> Mend:  # fmt: skip
        """What turns unit numbers so that decoded brains, measured, have the moments wanted, in rounds of parts of what is drawn."""
        numbers, design = drawn
        found, seed = self.turned_, int(rng.integers(2**32))
        for share in rounds:
            # the same texture in each round, so that only the turn makes a difference
            again, some = np.random.default_rng(seed), slice(0, math.ceil(share * len(numbers)))
            turned, measured = found(numbers[some], design[some]), []
            for at in range(0, len(turned), _AT_ONCE):
                part = slice(at, at + _AT_ONCE)
                measured.append(measure(self._decoded(turned[part], design[some][part], again)))
            step = wanted.mend(numbers[some], measured=np.concatenate(measured), design=design[some])
            found = step.then(found)
        return found

    def people(self, n: int, rng: np.random.Generator, wanted: Table | None) -> Table:
        """Covariates of ``n`` synthetic people: those wanted, or as they go together in the cohort."""
        if wanted is None:
            return self.people_.sample(n, rng)
        if len(wanted.values) != n:
            raise BadInput(f"Covariates are given for {len(wanted.values)} subjects, and {n} are asked for.")
        return wanted

    def _fit_beyond(self, rows: Array) -> None:
        latents, at = self.codec.unweighed(rows), 0
        self.textures_: list[list[Texture]] = []
        for grid in self.codec.grids_:
            fields = grid.at_knots(latents[:, at : at + grid.length])
            self.textures_.append([Texture.of(fields[:, j]) for j in range(fields.shape[1])])
            at += grid.length
        self.rest_ = latents[:, at:].std(axis=0)

    def _beyond(self, count: int, rng: np.random.Generator) -> Array:
        """Latents beyond the leading directions, drawn anew."""
        parts = []
        for grid, textures in zip(self.codec.grids_, self.textures_, strict=True):
            parts.append(grid.of_knots(np.stack([each.draw(count, rng) for each in textures], axis=1)))
        return np.concatenate([*parts, rng.normal(size=(count, len(self.rest_))) * self.rest_], axis=1)


class LatentGenerator(ABC):
    """What generators in the latent space of a codec share: all but the net that draws whitened numbers.

    Parameters
    ----------
    training : Training, optional
        Steps, width, device, checkpoints.
    codec : Codec, optional
        A fitted codec, of public brains for example; by default one is fitted to the cohort.
    """

    def __init__(self, *, training: Training | None = None, codec: Codec | None = None) -> None:
        self.training, self.codec = training or Training(), codec

    def fit(self, cohort: Volumes) -> Self:
        """Learn from brains on the standard grid."""
        checked_volumes(cohort)
        codec = self.codec or Codec(training=self.training).fit(cohort.voxels)
        self.space_ = LatentSpace(codec)
        whitened = self.space_.fit(cohort)
        self.learn(whitened, self.space_.conditions_.rows(cohort.covariates))
        self.space_.calibrate(cohort, self.draw, np.random.default_rng(self.training.seed))
        return self

    def sample(self, n: int, rng: np.random.Generator, *, covariates: Table | None = None) -> Volumes:
        """``n`` synthetic brains, for the covariates given or such as go together in the cohort."""
        table = self.space_.people(n, rng, covariates)
        return self.space_.volumes(self.draw(self.space_.conditions_.rows(table), rng), table, rng)

    @abstractmethod
    def learn(self, whitened: Array, conditions: Array) -> None:
        """Train the net on whitened numbers, shape (subject, direction), and conditions, shape (subject, condition)."""

    @abstractmethod
    def draw(self, conditions: Array, rng: np.random.Generator) -> Array:
        """Whitened numbers for conditions, shape (subject, direction)."""


def _again(table: Table, count: int, rng: np.random.Generator) -> Table:
    """So many rows of a table, each equally often."""
    rows = np.resize(rng.permutation(len(table.values)), count)
    return Table(table.names, table.values[rows], table.levels)


def most_ways(people: int) -> int:
    """How many leading directions so many people can show."""
    return min(_LEADING, people // _LEADING_SHARE)

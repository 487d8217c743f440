"""The lattice that a column's numbers lie on, the digits people like, and the values that stand out of both.

People round: a blood pressure ends in 0, a slope in 0 or 5. How much each last digit is liked is learned from the whole
column, so it says nothing of a single value; only what stands out of the density *and* of the digits is a heap of its own.

References
----------
Heitjan & Rubin 1991 (heaping), doi:10.1214/aos/1176348396; Camarda, Eilers & Gampe 2008 (digit preference),
doi:10.1177/1471082X0800800404.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lattice", "find_heaps", "find_lattice"]

Array = NDArray[np.float64]
#: from whole millions to a millionth
_PLACES = range(-6, 7)
#: a value that so many people share may be given out as it stands; a rarer one is only interpolated between
_SHARED = 3
#: deviations by which a heap stands out of its neighbourhood, and a column's digits out of equal shares
_SIGNIFICANT = 3.5
#: how far a number is moved to a digit that is liked more, in steps of the lattice
_REACH = 2.5
_SIDE = 7
#: how much the digit 0 is liked where rounding is a habit, whose share is drawn for each person
_ROUNDED = 1.8
#: people a digit who say that all are liked alike, and a digit that none of so many had is never written
_EVEN, _NEVER = 1.0, 10.0
#: how many steps all but a tenth at either end must span for digits to be told from sizes
_MOST, _TENS = 0.1, 30


@dataclass(frozen=True, slots=True)
class Lattice:
    """Decimal places that all numbers of a column have, and how much each last digit is liked (mean 1).

    Parameters
    ----------
    places : int
        2 for hundredths, -3 for thousands.
    liked : array, shape (10,)
        For each last digit.
    """

    places: int
    liked: Array

    @property
    def even(self) -> bool:
        """Whether all digits are liked alike."""
        return bool((self.liked == 1.0).all())

    def steps(self, values: Array) -> NDArray[np.int64]:
        """The numbers in steps of the lattice."""
        return np.rint(values * 10.0**self.places).astype(np.int64)

    @property
    def rounded(self) -> bool:
        """Whether people round to tens of steps: some do, others do not, and who does may go with all else."""
        return bool(self.liked[0] >= _ROUNDED)

    def tens(self) -> "Lattice":
        """The lattice of those who round."""
        return Lattice(self.places, np.array([10.0, *np.zeros(9)]))

    def units(self) -> "Lattice":
        """The lattice of those who do not."""
        kept = np.where(np.arange(10) > 0, self.liked, 0.0)
        return Lattice(self.places, kept / kept.mean())

    def draw(self, values: Array, *, rng: np.random.Generator) -> Array:
        """Numbers on the lattice, near ``values``, with the digits that people like.

        Examples
        --------
        >>> tens = Lattice(0, np.array([10.0] + [0.0] * 9))
        >>> tens.draw(np.array([118.7, 141.2]), rng=np.random.default_rng(0)).tolist()
        [120.0, 140.0]
        """
        if self.even:
            return np.round(values, self.places)
        near = self.steps(values)
        side = np.arange(-_SIDE, _SIDE + 1)
        steps = near[:, None] + side
        gap = steps - values[:, None] * 10.0**self.places
        chance = self._pull()[steps % 10] * np.exp(-((gap / _REACH) ** 2) / 2)
        rise = np.cumsum(chance, axis=1)
        place = (rng.uniform(size=(len(values), 1)) * rise[:, -1:] > rise).sum(axis=1)
        chosen = steps[np.arange(len(values)), np.minimum(place, len(side) - 1)]
        return np.asarray(np.round(chosen * 10.0**-self.places, max(self.places, 0)))

    def _pull(self) -> Array:
        """Weights with which a draw near evenly spread numbers has each digit as often as it is liked."""
        gap = np.arange(-_SIDE, _SIDE + 1)
        near = np.zeros((10, 10))
        for digit in range(10):
            np.add.at(near[digit], (digit + gap) % 10, np.exp(-((gap / _REACH) ** 2) / 2))
        pull = self.liked.copy()
        for _ in range(50):
            drawn = (near * pull / (near * pull).sum(axis=1, keepdims=True)).sum(axis=0)
            pull = pull * self.liked / np.maximum(drawn, 1e-12)
            pull /= pull.max()
        return np.asarray(pull)


def find_lattice(ordered: Array) -> tuple[Lattice | None, Array]:
    """The lattice of sorted values (None for real numbers), and for each the chance that it is met as a heap."""
    places = next((k for k in _PLACES if _lies_on(ordered, k)), None)
    if places is None:
        return None, find_heaps(ordered, None)
    lattice, heaps = Lattice(places, np.ones(10)), np.zeros(len(ordered))
    for _ in range(3):
        # a heap says nothing of digits, and digits explain what else would seem a heap
        lattice = Lattice(places, _liked(lattice.steps(ordered), 1 - heaps))
        heaps = find_heaps(ordered, lattice)
    return lattice, heaps


def _lies_on(ordered: Array, places: int) -> bool:
    rounded = np.round(ordered, places)
    near = np.allclose(ordered, rounded, rtol=1e-12, atol=1e-9 * min(1.0, 10.0**-places))
    return near and len(np.unique(rounded)) == len(np.unique(ordered))


def find_heaps(ordered: Array, lattice: Lattice | None) -> Array:
    """For each sorted value the chance that it is met as a heap, beyond what density and digits about it explain."""
    value, count = np.unique(ordered, return_counts=True)
    if lattice is None or len(value) <= 2:
        return np.repeat(np.where(count >= _SHARED, 1.0, 0.0), count)
    spread = float(np.subtract(*np.quantile(ordered, [0.75, 0.25]))) * 10.0**lattice.places
    reach = max(round(spread / 3), 3 if lattice.even else 10)
    step = lattice.steps(value)
    first, last = np.maximum(step - reach, step[0]), np.minimum(step + reach, step[-1])
    others = np.searchsorted(step, last, side="right"), np.searchsorted(step, first, side="left")
    upto = np.concatenate([[0], np.cumsum(count)])
    own = lattice.liked[step % 10]
    rest = _sums(lattice.liked, last) - _sums(lattice.liked, first - 1) - own
    expected = (upto[others[0]] - upto[others[1]] - count) * own / np.maximum(rest, 1e-9)
    expected = np.where(rest > 1e-9, expected, 0.0)
    beyond = count - expected
    heap = (count >= _SHARED) & (beyond > _SIGNIFICANT * np.sqrt(expected + 1.0))
    return np.repeat(np.where(heap, beyond / count, 0.0), count)


def _liked(steps: NDArray[np.int64], weight: Array) -> Array:
    """How often each last digit is met over equal shares; all 1 where chance explains the differences."""
    seen = np.bincount(steps % 10, weights=weight, minlength=10)
    equal = float(seen.mean())
    chi = float(((seen - equal) ** 2).sum()) / max(equal, 1e-9)
    # where most people share two tens or three, a digit is met often because numbers of that size are
    low, high = np.quantile(steps, [_MOST, 1 - _MOST])
    if equal < 2 or high - low < _TENS or chi < 9 + _SIGNIFICANT * 18**0.5:
        return np.ones(10)
    kept = np.where((seen == 0) & (equal >= _NEVER), 0.0, seen + _EVEN)
    return np.asarray(kept / kept.mean())


def _sums(liked: Array, step: NDArray[np.int64]) -> Array:
    """The sum of the digits' weights over all steps up to and with ``step``."""
    whole, digit = np.divmod(step, 10)
    return np.asarray(whole * liked.sum() + np.cumsum(liked)[digit])

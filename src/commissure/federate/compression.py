"""Fewer bytes a round, in a form whose sum is still the sum: numbers of 16 bits after a common rotation, and parts by turns.

Both work under masks, which add integers of a ring. A rotation that all sites know (random signs and a Hadamard
transform, block by block) spreads each site's change evenly over its numbers, so that few levels do for all of them;
stochastic rounding keeps the mean right. With ``keep`` below 1 only a random part of the numbers travels in a round, the
same part at every site, and each site adds what it has not sent to its next change.

References
----------
Suresh et al. 2017 (rotated, stochastically rounded means), arXiv:1611.00429; Konečný et al. 2016 (random parts),
arXiv:1610.05492; Karimireddy et al. 2019 (error feedback), arXiv:1901.09847.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.federate.analysis import Analysis, Array, State, Table
from commissure.federate.fixed_point import Bounded, Code, as_finite
from commissure.federate.masks import add_masks

__all__ = ["Compressed", "Quantized", "chosen"]

_SIDES = (256, 128, 64, 32, 16, 8, 4, 2, 1)
_PADDED = 1.05
_REACH = 6.0  # in standard deviations of a rotated number
_LIMBS, _HALF = 4, 1 << 15


def _drawn(seed: bytes, count: int) -> NDArray[np.uint32]:
    words = np.zeros(count, np.uint32)
    add_masks(words, [(hashlib.sha256(seed).digest(), 1)])
    return words


def chosen(size: int, count: int, *, seed: bytes) -> NDArray[np.int64]:
    """The places of ``count`` of ``size`` numbers, the same for all that know the seed, in order.

    >>> chosen(5, 2, seed=b"round 1").tolist() == chosen(5, 2, seed=b"round 1").tolist()
    True
    """
    keys = _drawn(seed + b"/part", size)
    return np.sort(np.argpartition(keys, count - 1)[:count])


@dataclass(frozen=True, slots=True)
class Quantized:
    """One word of 16 bits a number, for a vector of a bounded length; a few numbers behind it in full.

    Parameters
    ----------
    size : int
        How many numbers the vector has.
    norm : float
        The largest length that a site may send; the nearer to the usual one, the finer the levels.
    sites : int
        How many may be summed: 256 at most.
    scale : float
        The largest size of the numbers behind the vector.
    seed : bytes
        Of the rotation; known to all, another one each round.
    """

    size: int
    norm: float
    sites: int
    scale: float = 1.0
    seed: bytes = b""

    def __post_init__(self) -> None:
        if not (self.norm > 0 and self.size > 0 and 1 <= self.sites <= 256):
            raise BadInput("Words of 16 bits need a vector, a norm above zero, and 256 sites at most.")

    @property
    def bits(self) -> int:
        """Of the ring."""
        return 16

    @property
    def _side(self) -> int:
        # the largest blocks that add next to nothing: the larger, the more evenly a change is spread
        return next(side for side in _SIDES if -(-self.size // side**2) * side**2 <= _PADDED * self.size)

    @property
    def _blocks(self) -> int:
        return -(-self.size // self._side**2)

    @property
    def step(self) -> float:
        """The difference between neighbouring levels."""
        usual = self.norm / float(np.sqrt(self._blocks * self._side**2))
        return _REACH * usual / self._levels

    @property
    def _levels(self) -> int:
        return (_HALF - 1) // self.sites

    @property
    def _rest(self) -> Bounded:
        return Bounded(self.scale, self.sites, 32)

    def encode(self, values: Array, *, draw: bytes = b"") -> NDArray[np.uint16]:
        """Words for the vector and the numbers behind it.

        Parameters
        ----------
        values : array, shape (size + behind,)
        draw : bytes
            Secret and fresh: decides which way each number is rounded.

        Raises
        ------
        BadInput
            If a number is missing or infinite, or one behind the vector is larger than ``scale``.
        """
        values = as_finite(values)
        turned = self._turned(values[: self.size])
        turned /= self.step
        chance = _drawn(draw + b"/round", turned.size) * 2.0**-32
        levels = np.clip(np.floor(turned + chance), -self._levels, self._levels)
        rest = self._rest.encode(values[self.size :]).view(np.int32).astype(np.int64) + (1 << 31)
        limbs = [(rest >> (8 * n)) & 0xFF for n in range(_LIMBS)]
        words = np.concatenate([levels.astype(np.int64), *limbs, np.ones(1, np.int64)])
        return np.asarray(words.astype(np.uint16))

    def decode(self, words: NDArray[Any]) -> Array:
        """The numbers of a sum; its last word says of how many."""
        padded = self._blocks * self._side**2
        turned = words[:padded].view(np.int16).astype(np.float64) * self.step
        count = int(words[-1])
        limbs = words[padded:-1].astype(np.int64).reshape(_LIMBS, -1)
        rest = sum(limb << (8 * n) for n, limb in enumerate(limbs)) - (count << 31)
        behind = np.asarray(rest, np.float64) * self._rest.step
        return np.concatenate([self._back(turned)[: self.size], behind])

    def _turned(self, vector: Array) -> Array:
        side, blocks = self._side, self._blocks
        padded = np.zeros(blocks * side * side)
        padded[: self.size] = vector
        padded *= self._signs(padded.size)
        # neighbours go to different blocks: a layer that moves more than others is spread over all
        squares = padded.reshape(side * side, blocks).T.reshape(blocks, side, side)
        matrix = _hadamard(side)
        return np.asarray(matrix @ squares @ matrix).reshape(-1) / side

    def _back(self, turned: Array) -> Array:
        side, blocks = self._side, self._blocks
        matrix = _hadamard(side)
        squares = matrix @ turned.reshape(blocks, side, side) @ matrix / side
        padded = squares.reshape(blocks, side * side).T.reshape(-1)
        return np.asarray(padded * self._signs(padded.size))

    def _signs(self, count: int) -> Array:
        bits = np.unpackbits(_drawn(self.seed + b"/signs", -(-count // 32)).view(np.uint8))[:count]
        return np.asarray(1.0 - 2.0 * bits, np.float64)


def _hadamard(side: int) -> Array:
    matrix = np.ones((1, 1))
    while len(matrix) < side:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix


@dataclass(frozen=True)
class Compressed:
    """``inner``, a training whose ``change`` travels in fewer bytes.

    Parameters
    ----------
    inner : Analysis
        Answers with a ``change`` and some single numbers of ``scale`` at most.
    norm : float
        The largest length of a change.
    bits : int
        16 or 32 a number.
    keep : float
        The share of the numbers that travels in a round.
    """

    inner: Analysis
    norm: float
    bits: int = 16
    keep: float = 1.0

    def first(self) -> State:
        """The inner analysis' first, and a count of rounds."""
        if self.bits not in (16, 32) or not 0 < self.keep <= 1:
            raise BadInput("Compression takes bits of 16 or 32, and a keep above 0 and of 1 at most.")
        state = self.inner.first()
        if "control" in state:
            raise BadInput(
                "SCAFFOLD sends control variates, which compression does not cover; take another strategy."
            )
        return {**state, "turn": np.zeros(1)}

    def _count(self, size: int) -> int:
        return max(1, int(np.ceil(self.keep * size)))

    def _places(self, state: State, size: int) -> Any:
        if self.keep == 1:
            return slice(None)
        return chosen(size, self._count(size), seed=_seed(state))

    def shapes(self, state: State) -> Mapping[str, tuple[int, ...]]:
        """The inner analysis', with a part of the change."""
        shapes = dict(self.inner.shapes(state))
        return {"change": (self._count(shapes.pop("change")[0]),), **shapes}

    def answer(self, state: State, table: Table, memory: State) -> tuple[Mapping[str, Array], State]:
        """The part of the change whose turn it is; the rest is remembered."""
        inner = {name: value for name, value in memory.items() if name != "unsent"}
        answer, after = self.inner.answer(state, table, inner)
        change = np.asarray(answer["change"], np.float64)
        if self.keep == 1:
            return answer, after
        change = change + memory["unsent"] if "unsent" in memory else change.copy()
        places = self._places(state, change.size)
        part = change[places]
        length = float(np.linalg.norm(part))
        if length > self.norm:
            part *= self.norm / length
        change[places] -= part
        return {**answer, "change": part}, {**after, "unsent": change}

    def step(self, state: State, sums: Mapping[str, Array]) -> State:
        """The inner analysis' step with what came."""
        size = self.inner.shapes(state)["change"][0]
        change = np.zeros(size)
        change[self._places(state, size)] = sums["change"]
        return {**self.inner.step(state, {**sums, "change": change}), "turn": state["turn"] + 1}

    def result(self, state: State) -> Mapping[str, Array]:
        """The inner analysis'."""
        return self.inner.result(state)

    def code(self, state: State, *, sites: int) -> Code:
        """Rotated words of 16 bits, or the inner analysis'."""
        if self.bits == 32:
            return self.inner.code(state, sites=sites)
        size = self.shapes(state)["change"][0]
        return Quantized(size, self.norm, sites, seed=_seed(state))


def _seed(state: State) -> bytes:
    return b"commissure/federate/compress/" + str(int(state["turn"][0])).encode()

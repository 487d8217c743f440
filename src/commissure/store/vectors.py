"""Nearest vectors: exact up to 100,000; beyond, a first choice by the signs of the numbers, then exact.

The signs of a vector's numbers are packed into bits; the vectors that differ from the query in the fewest bits
are compared exactly (Charikar 2002, https://doi.org/10.1145/509907.509965). No further index is kept: the bits are
made once when the vectors are read.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["EXACT", "BlockTable", "nearest", "scan", "sign_bits"]

Halves = npt.NDArray[np.float16]
#: up to so many vectors all are compared
EXACT = 100_000
_CHOSEN = 4_000


def scan(vectors: Halves, query: npt.NDArray[np.float32], *, block: int = 8192) -> npt.NDArray[np.float32]:
    """The dot product of every vector with a query, block by block.

    Parameters
    ----------
    vectors : array of float16, shape (vectors, size)
        The rows.
    query : array of float32, shape (size,)
        What they are compared with.
    block : int
        Rows widened at a time.
    """
    found = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), block):
        found[start : start + block] = vectors[start : start + block].astype(np.float32) @ query
    return found


def sign_bits(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.uint64]:
    """The signs of the numbers as bits, in words of 64; sizes that are no multiple of 64 are filled with zeros."""
    packed = np.packbits(np.asarray(vectors) > 0, axis=-1)
    spare = -packed.shape[-1] % 8
    wide = np.concatenate([packed, np.zeros((*packed.shape[:-1], spare), dtype=np.uint8)], axis=-1)
    return np.ascontiguousarray(wide).view(np.uint64)


def nearest(
    vectors: Halves, query: npt.NDArray[np.float32], *, many: int, bits: npt.NDArray[np.uint64] | None = None
) -> npt.NDArray[np.intp]:
    """The rows with the largest dot product, best first.

    Parameters
    ----------
    vectors : array of float16, shape (vectors, size)
        Rows of length one.
    query : array of float32, shape (size,)
        Of length one.
    many : int
        How many.
    bits : array of uint64, optional
        :func:`sign_bits` of the vectors; given, only the likeliest rows are compared exactly.

    Examples
    --------
    >>> import numpy as np
    >>> nearest(np.eye(3, dtype=np.float16), np.array([0.1, 0.9, 0.3], dtype=np.float32), many=2).tolist()
    [1, 2]
    """
    rows: npt.NDArray[np.intp] = np.arange(len(vectors))
    if bits is not None and len(rows) > _CHOSEN:
        differ = np.bitwise_count(bits ^ sign_bits(query)).sum(axis=1, dtype=np.int32)
        rows = np.sort(np.argpartition(differ, _CHOSEN)[:_CHOSEN])
    likeness = scan(vectors[rows] if bits is not None else vectors, query)
    many = min(many, len(rows))
    best = np.argpartition(-likeness, many)[:many] if many < len(rows) else np.arange(len(rows))
    return rows[best[np.argsort(-likeness[best], kind="stable")]]


class BlockTable:
    """Vectors made of blocks, some of which may be missing: exact distances to all of them in one product.

    The squared distance over the blocks that both have is ``-2 x.y + |x|^2 + |y|^2`` block by block, so that a row that
    holds ``-2 x``, its blocks' squared lengths and its mask gives it by one dot product. A block that only one of the two
    has counts as its weight: what is not known is taken to be as unlike as strangers are.

    Parameters
    ----------
    values : array, shape (rows, size)
        Zero where a block is missing.
    present : array of bool, shape (rows, blocks)
        Which blocks there are.
    slices : sequence of slice
        Where each block lies.
    weights : sequence of float
        What a missing block counts.

    Examples
    --------
    >>> table = BlockTable(np.eye(3), np.ones((3, 1), bool), slices=[slice(0, 3)], weights=[1.0])
    >>> table.distances(np.array([1.0, 0.0, 0.0]), np.array([True])).tolist()
    [0.0, 2.0, 2.0]
    """

    def __init__(
        self,
        values: npt.NDArray[np.floating],
        present: npt.NDArray[np.bool_],
        *,
        slices: Sequence[slice],
        weights: Sequence[float],
    ) -> None:
        size, blocks = values.shape[1], len(slices)
        self._size, self._slices = size, tuple(slices)
        self._weights = np.asarray(weights, dtype=np.float32)
        self._table = np.empty((len(values), size + 2 * blocks), dtype=np.float32)
        self._table[:, :size] = -2 * values
        for place, where in enumerate(slices):
            self._table[:, size + place] = (values[:, where].astype(np.float32) ** 2).sum(axis=1)
        self._table[:, size + blocks :] = present
        self._mask = np.asfortranarray(present, dtype=np.float32)
        self._known = self._mask @ self._weights

    def __len__(self) -> int:
        return len(self._table)

    def values(self, rows: npt.NDArray[np.intp] | slice = slice(None)) -> npt.NDArray[np.float32]:
        """The rows that were given, as they were."""
        return self._table[rows, : self._size] * np.float32(-0.5)

    def distances(
        self, query: npt.NDArray[np.floating], present: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float32]:
        """The mean squared distance over all blocks that the query or the row has.

        Parameters
        ----------
        query : array, shape (size,)
        present : array of bool, shape (blocks,)
            Which blocks the query has; one at least.
        """
        have = present.astype(np.float32)
        lengths = np.array([(query[where] ** 2).sum() for where in self._slices], dtype=np.float32)
        asked = np.zeros(self._size, dtype=np.float32)
        for place in np.flatnonzero(present):
            asked[self._slices[place]] = query[self._slices[place]]
        apart = self._table @ np.concatenate([asked, have, have * lengths])
        shared = self._mask @ (have * self._weights)
        union = self._known + float(have @ self._weights) - shared
        return np.asarray(np.maximum((apart + union - shared) / union, 0.0), dtype=np.float32)

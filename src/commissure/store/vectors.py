"""Nearest vectors: exact up to 100,000; beyond, a first choice by the signs of the numbers, then exact.

The signs of a vector's numbers are packed into bits; the vectors that differ from the query in the fewest bits
are compared exactly (Charikar 2002, https://doi.org/10.1145/509907.509965). No further index is kept: the bits are
made once when the vectors are read.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["EXACT", "nearest", "scan", "sign_bits"]

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

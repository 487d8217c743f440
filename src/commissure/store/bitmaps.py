"""Bitmaps: which datasets bear a value, one bit a dataset, so that filters and counts are a few operations on words.

A bitmap is kept in blocks of 32,768 datasets, each compressed, so that a rare value costs some thirty bytes. A release
flips the bits of its own values within its transaction. The bitmap of key ``""`` and value ``"public"`` says which
datasets anybody sees, that of key ``"@"`` and a Person's id which private ones that Person owns.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from commissure.store.schema import bitmaps, datasets

__all__ = ["BLOCK", "Bits", "count", "flip", "members", "of_numbers", "read", "read_each", "width"]

#: datasets a block
BLOCK = 1 << 15
_BYTES = BLOCK // 8
_MOST = 500

_PUT = sa.text(
    "INSERT INTO bitmaps (key, value, block, bits) VALUES (:key, :value, :block, :bits) "
    "ON CONFLICT (key, value, block) DO UPDATE SET bits = excluded.bits"
)

Bits = NDArray[np.uint8]


def width(connection: sa.Connection) -> int:
    """How many blocks hold all datasets."""
    last = connection.execute(sa.select(sa.func.max(datasets.c.seq))).scalar()
    return int(last or 0) // BLOCK + 1


def read(connection: sa.Connection, key: str, *, values: Sequence[str], blocks: int) -> Bits:
    """The datasets that bear one of ``values``, as ``blocks`` blocks of bits."""
    found = np.zeros(blocks * _BYTES, dtype=np.uint8)
    for _, one in read_each(connection, key, values=values, blocks=blocks):
        found |= one
    return found


def read_each(
    connection: sa.Connection, key: str, *, values: Sequence[str], blocks: int
) -> Iterator[tuple[str, Bits]]:
    """The datasets that bear each of ``values``: (value, bits); a value that none bears is left out."""
    for start in range(0, len(values), _MOST):
        here = (bitmaps.c.key == key) & bitmaps.c.value.in_(values[start : start + _MOST])
        select = sa.select(bitmaps.c.value, bitmaps.c.block, bitmaps.c.bits).where(here)
        found: dict[str, Bits] = {}
        for value, block, packed in connection.execute(select):
            bits = found.setdefault(value, np.zeros(blocks * _BYTES, dtype=np.uint8))
            if block < blocks:
                bits[block * _BYTES : (block + 1) * _BYTES] = np.frombuffer(zlib.decompress(packed), np.uint8)
        yield from found.items()


def flip(connection: sa.Connection, names: Iterable[tuple[str, str]], *, dataset: int, bears: bool) -> None:
    """Set, or clear, the bit of one dataset in the bitmaps of ``names``, pairs of key and value."""
    wanted = set(names)
    if not wanted:
        return
    block, within = divmod(dataset, BLOCK)
    mask = 1 << (within & 7)
    here = (bitmaps.c.block == block) & bitmaps.c.key.in_({key for key, _ in wanted})
    select = sa.select(bitmaps.c.key, bitmaps.c.value, bitmaps.c.bits)
    found = connection.execute(select.where(here, bitmaps.c.value.in_({value for _, value in wanted})))
    packed = {(row.key, row.value): row.bits for row in found}
    rows = []
    for key, value in sorted(wanted):
        old = packed.get((key, value))
        bits = bytearray(zlib.decompress(old) if old else _BYTES)
        bits[within >> 3] = bits[within >> 3] | mask if bears else bits[within >> 3] & ~mask
        rows.append({"key": key, "value": value, "block": block, "bits": zlib.compress(bits, 1)})
    connection.execute(_PUT, rows)


def of_numbers(numbers: Iterable[int], *, blocks: int) -> Bits:
    """Bits set at ``numbers``.

    >>> members(of_numbers([3, 9], blocks=1)).tolist()
    [3, 9]
    """
    flags = np.zeros(blocks * BLOCK, dtype=np.uint8)
    flags[np.fromiter(numbers, dtype=np.int64)] = 1
    return np.packbits(flags, bitorder="little")


def members(bits: Bits) -> NDArray[np.int64]:
    """The numbers at which ``bits`` are set, ascending."""
    return np.flatnonzero(np.unpackbits(bits, bitorder="little")).astype(np.int64)


def count(bits: Bits) -> int:
    """How many bits are set.

    >>> count(of_numbers([3, 9], blocks=1))
    2
    """
    return int(np.bitwise_count(bits.view(np.uint64)).sum())

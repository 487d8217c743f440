"""Real numbers as integers of a ring, so that their sum is exact and a mask can hide them; overflow is checked.

Two codes. :class:`Bounded` takes one word a number: for weights, whose size is bounded and whose last digits do not
matter. :class:`Exact` takes four words of 40 bits each, from 2**-100 to 2**59: for statistics, where the sum must be
that of the pooled rows. The 24 bits above each word of 40 hold the carries of up to 2**23 sites.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["Bounded", "Code", "Exact", "as_finite"]

Array = NDArray[np.float64]
Words = NDArray[Any]
_LIMB, _MASK = 40, (1 << 40) - 1
_UNITS = (2.0**20, 2.0**-20, 2.0**-60, 2.0**-100)


class Code(Protocol):
    """Numbers to words of a ring and back; the words of a sum are the sum of the words."""

    @property
    def bits(self) -> int:
        """Of the ring: 16, 32 or 64."""
        ...

    def encode(self, values: Array, *, draw: bytes = b"") -> Words:
        """Words for ``values``, shape (n,); ``draw`` is secret and fresh, for a code that rounds at random."""
        ...

    def decode(self, words: Words) -> Array:
        """The numbers that a sum of words stands for."""
        ...


@dataclass(frozen=True, slots=True)
class Exact:
    """Four words a number: sums are exact to 2**-101 a site, for numbers below 2**59.

    Examples
    --------
    >>> code = Exact()
    >>> total = code.encode(np.array([1e9, 1e-12])) + code.encode(np.array([-1e9, 2e-12]))
    >>> code.decode(total).tolist()
    [0.0, 3e-12]
    """

    @property
    def bits(self) -> int:
        """Of the ring."""
        return 64

    def encode(self, values: Array, *, draw: bytes = b"") -> Words:  # noqa: ARG002
        """Words for ``values`` (n,), shape (4 n,).

        Raises
        ------
        BadInput
            If a value is missing or infinite, or 2**59 or more.
        """
        values = as_finite(values)
        if _size(values) >= 2.0**59:
            raise BadInput("A number to be summed is 2**59 or more in size; give it in a larger unit.")
        limbs, rest = [], values
        for unit in _UNITS:
            limb = np.trunc(rest / unit) if unit > _UNITS[-1] else np.rint(rest / unit)
            rest = rest - limb * unit
            limbs.append(limb)
        return np.asarray(np.concatenate(limbs).astype(np.int64).view(np.uint64))

    def decode(self, words: Words) -> Array:
        """The numbers of a sum."""
        limbs = _carried(words.view(np.int64).reshape(len(_UNITS), -1))
        sign = np.where(limbs[0] < 0, -1, 1)
        limbs = _carried(limbs * sign)
        return np.asarray(
            sign * sum(limb * unit for limb, unit in zip(limbs[::-1], _UNITS[::-1], strict=True))
        )


def _carried(limbs: Words) -> Words:
    out = limbs.copy()
    for at in range(len(out) - 1, 0, -1):
        out[at - 1] += out[at] >> _LIMB
        out[at] &= _MASK
    return out


@dataclass(frozen=True, slots=True)
class Bounded:
    """One word a number: for numbers of at most ``bound`` in size, summed over at most ``sites`` sites.

    Parameters
    ----------
    bound : float
        The largest size that a site may send.
    sites : int
        How many may be summed.
    bits : int
        32 or 64. With 32 bits and 40 sites a step is bound / 5e7.
    """

    bound: float
    sites: int
    bits: int = 32

    def __post_init__(self) -> None:
        if self.bits not in (32, 64):
            raise BadInput(f"bits must be 32 or 64; got {self.bits}.")
        if not (np.isfinite(self.bound) and self.bound > 0) or self.sites < 1:
            raise BadInput("bound and sites must be above zero.")

    @property
    def step(self) -> float:
        """The difference between neighbouring numbers."""
        return float(
            self.bound * self.sites / (2.0 ** min(self.bits - 1, 53 + self.sites.bit_length()) - self.sites)
        )

    def encode(self, values: Array, *, draw: bytes = b"") -> Words:  # noqa: ARG002
        """Words for ``values``, shape (n,).

        Raises
        ------
        BadInput
            If a value is missing, infinite, or larger than the bound.
        """
        values = as_finite(values)
        largest = _size(values)
        if largest > self.bound:
            raise BadInput(
                f"A number of size {largest:.4g} exceeds the agreed bound {self.bound:.4g}: it would overflow."
            )
        whole, ring = (np.int32, np.uint32) if self.bits == 32 else (np.int64, np.uint64)
        scaled = values * (1.0 / self.step)
        return np.rint(scaled, out=scaled).astype(whole).view(ring)

    def decode(self, words: Words) -> Array:
        """The numbers of a sum."""
        whole: Any = np.int32 if self.bits == 32 else np.int64
        return np.asarray(words.view(whole) * self.step)


def as_finite(values: Array) -> Array:
    """``values`` in double precision.

    Raises
    ------
    BadInput
        If one is missing or infinite.
    """
    values = np.asarray(values, np.float64)
    # a lowest and a highest number tell of missing and infinite ones without an array beside
    if values.size and not (np.isfinite(values.min()) and np.isfinite(values.max())):
        count = int((~np.isfinite(values)).sum())
        raise BadInput(f"{count} of {values.size} numbers to be summed are missing or infinite.")
    return values


def _size(values: Array) -> float:
    return float(max(-values.min(), values.max())) if values.size else 0.0

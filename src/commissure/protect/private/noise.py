"""Noise that protects: discrete Gaussian on a grid, from a cryptographic source.

Each subject's contribution is clipped, rounded *towards zero* to a grid of 2^-30 of the clip norm and summed as integers,
so that the sensitivity is exact: no sum of floats, whose rounding errors betray their order and size, is ever protected.
The noise is OpenDP's exact discrete Gaussian on the integers.

References
----------
Canonne, Kamath & Steinke 2020, arXiv:2004.00010; Mironov 2012, doi:10.1145/2382196.2382264.
"""

import math
import secrets
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["GRID", "NoiseSource", "RehearsalNoise", "SecureNoise", "clip_rows", "noisy_sum", "secure_uniform"]

Array = NDArray[np.float64]
#: steps from zero to the clip norm
GRID = 1 << 30
_MOST_ROWS = 1 << 30
_LARGEST_SCALE = float(1 << 55)


class NoiseSource(Protocol):
    """Where noise comes from."""

    def gaussian(self, count: int, *, scale: float) -> NDArray[np.int64]:
        """``count`` whole numbers of a discrete Gaussian whose parameter sigma is ``scale``."""
        ...

    def laplace(self, *, scale: float) -> int:
        """A whole number of a discrete Laplace distribution."""
        ...


class SecureNoise:
    """OpenDP's exact samplers, fed by the operating system's cryptographic generator; for every real release."""

    def gaussian(self, count: int, *, scale: float) -> NDArray[np.int64]:
        """``count`` whole numbers, exactly discrete Gaussian."""
        dp: Any = need("opendp.prelude", purpose="Drawing private noise")
        dp.enable_features("contrib")
        # i64 by name: OpenDP's plain ``int`` has 32 bits, where large noise would end at the rim
        space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64")
        return np.array(dp.m.make_gaussian(*space, scale)([0] * count), dtype=np.int64)

    def laplace(self, *, scale: float) -> int:
        """A whole number, exactly discrete Laplace."""
        dp: Any = need("opendp.prelude", purpose="Drawing private noise")
        dp.enable_features("contrib")
        space = dp.atom_domain(T="i64"), dp.absolute_distance(T="i64")
        return int(dp.m.make_laplace(*space, scale)(0))


class RehearsalNoise:
    """Noise of a seeded generator, for simulations and attacks on made data; it protects nobody."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def gaussian(self, count: int, *, scale: float) -> NDArray[np.int64]:
        """``count`` rounded normal numbers."""
        return np.rint(self._rng.normal(scale=scale, size=count)).astype(np.int64)

    def laplace(self, *, scale: float) -> int:
        """A rounded Laplace number."""
        return int(np.rint(self._rng.laplace(scale=scale)))


def clip_rows(rows: Array, *, norm: float) -> Array:
    """``rows`` with every Euclidean length brought to at most ``norm``.

    >>> clip_rows(np.array([[3.0, 4.0], [0.3, 0.4]]), norm=1.0).round(3).tolist()
    [[0.6, 0.8], [0.3, 0.4]]
    """
    # by the largest value first: the square of a huge one would overflow
    peak = np.maximum(np.abs(rows).max(axis=1, keepdims=True, initial=0.0), norm)
    length = np.linalg.norm(rows / peak, axis=1, keepdims=True)
    return np.asarray(rows / peak * np.minimum(peak, norm / np.maximum(length, norm / peak)))


def noisy_sum(rows: Array, *, norm: float, mu: float, noise: NoiseSource | None = None) -> Array:
    """The sum over subjects of clipped rows, ``mu``-Gaussian differentially private when one subject comes or goes.

    Parameters
    ----------
    rows : array, shape (subject, value)
        One row a subject.
    norm : float
        The clip norm: a public number, never learned from ``rows``.
    mu : float
        Clip norm over noise deviation.
    noise : NoiseSource, optional
        By default :class:`SecureNoise`.

    Returns
    -------
    array, shape (value,)
        The sum, with noise of deviation ``norm / mu`` in every value.

    Raises
    ------
    BadInput
        If a value is not finite, or the numbers cannot be met.
    """
    if rows.ndim != 2 or rows.shape[0] > _MOST_ROWS:
        raise BadInput(f"rows must have shape (subject, value); got {rows.shape}.")
    if not np.isfinite(rows).all():
        raise BadInput(
            f"{int((~np.isfinite(rows)).sum())} values are missing or not finite; decide on them first."
        )
    if not (math.isfinite(norm) and norm > 0 and math.isfinite(mu) and 0 < GRID / mu < _LARGEST_SCALE):
        raise BadInput(f"The clip norm and mu must be finite and above 0; got {norm!r} and {mu!r}.")
    # a hair below the grid's rim: what rounding of floats adds to a length never passes it
    whole = np.trunc(clip_rows(rows / norm, norm=1.0 - 2.0**-40) * GRID).astype(np.int64)
    total = whole.sum(axis=0) + (noise or SecureNoise()).gaussian(rows.shape[1], scale=GRID / mu)
    return np.asarray(total.astype(np.float64) * (norm / GRID))


def secure_uniform(count: int) -> Array:
    """``count`` numbers from 0 to below 1, 53 bits each, from the cryptographic source."""
    raw = np.frombuffer(secrets.token_bytes(8 * count), dtype=np.uint64)
    return np.asarray((raw >> np.uint64(11)).astype(np.float64) * 2.0**-53)

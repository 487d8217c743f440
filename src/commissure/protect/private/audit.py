"""An audit of a mechanism: run it many times with and without a canary, and bound the epsilon that the runs betray.

A lower bound above the claimed epsilon proves a bug. One half of the runs chooses the threshold, the other half is
counted, with Clopper-Pearson limits on both error rates.

References
----------
Jagielski, Ullman & Oprea 2020, arXiv:2006.07709; Nasr et al. 2021, doi:10.1109/SP40001.2021.00069.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.private.noise import SecureNoise

__all__ = ["BlockNoise", "audit_epsilon", "epsilon_lower_bound"]

Array = NDArray[np.float64]
_FEWEST, _BLOCK = 100, 8192


class BlockNoise(SecureNoise):
    """The noise of real releases, drawn many at a time: an audit runs a mechanism some ten thousand times."""

    def __init__(self) -> None:
        self._left: dict[float, NDArray[np.int64]] = {}

    def gaussian(self, count: int, *, scale: float) -> NDArray[np.int64]:
        """The next ``count`` of a block."""
        left = self._left.get(scale, np.zeros(0, dtype=np.int64))
        if len(left) < count:
            left = super().gaussian(max(_BLOCK, count), scale=scale)
        self._left[scale] = left[count:]
        return left[:count]


def audit_epsilon(
    released: Callable[[bool], float], *, runs: int = 10_000, delta: float, confidence: float = 0.95
) -> float:
    """The epsilon that a mechanism has at least, as seen from outside.

    Parameters
    ----------
    released : callable
        Runs the mechanism with (True) or without (False) the canary and gives the number in which it shows.
    runs : int
        How often, of each kind.
    delta : float
        At which the mechanism claims its epsilon.
    confidence : float
        Of the bound.
    """
    inside = np.array([released(True) for _ in range(runs)])
    outside = np.array([released(False) for _ in range(runs)])
    return epsilon_lower_bound(inside, outside, delta=delta, confidence=confidence)


def epsilon_lower_bound(inside: Array, outside: Array, *, delta: float, confidence: float = 0.95) -> float:
    """What two samples of scores prove of epsilon; 0 if nothing.

    >>> epsilon_lower_bound(np.zeros(500), np.zeros(500), delta=1e-5)
    0.0
    """
    if min(len(inside), len(outside)) < _FEWEST:
        raise BadInput(
            f"An audit takes {_FEWEST} runs of each kind at least; got {len(inside)} and {len(outside)}."
        )
    best, threshold = 0.0, math.inf
    for candidate in np.quantile(outside[::2], np.linspace(0.5, 0.995, 60)):
        bound = _bound(inside[::2], outside[::2], float(candidate), delta, confidence)
        if bound > best:
            best, threshold = bound, float(candidate)
    return (
        _bound(inside[1::2], outside[1::2], threshold, delta, confidence) if math.isfinite(threshold) else 0.0
    )


def _bound(inside: Array, outside: Array, threshold: float, delta: float, confidence: float) -> float:
    beta: Any = need("scipy.stats", purpose="Auditing privacy").beta
    tail = (1 - confidence) / 2
    hit, false = int((inside > threshold).sum()), int((outside > threshold).sum())
    least = float(beta.ppf(tail, hit, len(inside) - hit + 1)) if hit else 0.0
    most = float(beta.ppf(1 - tail, false + 1, len(outside) - false)) if false < len(outside) else 1.0
    return max(0.0, math.log((least - delta) / most)) if least > delta else 0.0

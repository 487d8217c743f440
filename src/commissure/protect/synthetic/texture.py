"""What smooth models leave over, by its spread in each place and its spectrum, drawn anew.

References
----------
Galerne, Gousseau & Morel 2011 (random phase textures), doi:10.1109/TIP.2010.2052822.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = ["Texture"]

Array = NDArray[np.float64]
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Texture:
    """A random field on a grid.

    Parameters
    ----------
    middle, spread : array, shape (x, y, z)
        Mean and standard deviation in each place.
    spectrum : array, shape (x, y, z)
        The amplitude of each wave when the spread is 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> made = Texture.of(2 * rng.normal(size=(50, 4, 4, 4)) + 1).draw(2000, rng)
    >>> made.shape, round(float(made.mean()), 1), round(float(made.std()), 1)
    ((2000, 4, 4, 4), 1.0, 2.0)
    """

    middle: Array
    spread: Array
    spectrum: Array

    @classmethod
    def of(cls, seen: Array) -> Self:
        """The texture of ``seen``, shape (subject, x, y, z)."""
        middle, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-8
        power = np.abs(np.fft.fftn((seen - middle) / spread, axes=(1, 2, 3))) ** 2
        return cls(middle, spread, np.sqrt(power.mean(axis=0) / spread.size))

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """``count`` new fields, shape (subject, x, y, z)."""
        fft: Any = need("scipy.fft", purpose="Drawing texture")
        made, grid = np.empty((count, *self.middle.shape)), self.middle.shape
        half = self.spectrum[..., : grid[-1] // 2 + 1].astype(np.float32)
        for at in range(0, count, _AT_ONCE):
            some = made[at : at + _AT_ONCE]
            grain = fft.rfftn(rng.standard_normal(some.shape, dtype=np.float32), axes=(1, 2, 3))
            some[:] = fft.irfftn(grain * half, s=grid, axes=(1, 2, 3)) * self.spread + self.middle
        return made

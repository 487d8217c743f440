"""What smooth models leave over, by its spread in each place and its spectrum, drawn anew.

References
----------
Galerne, Gousseau & Morel 2011 (random phase textures), doi:10.1109/TIP.2010.2052822.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Texture"]

Array = NDArray[np.float64]


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
        made = np.empty((count, *self.middle.shape))
        for each in made:
            grain = np.fft.fftn(rng.normal(size=self.middle.shape)) * self.spectrum
            each[:] = np.fft.ifftn(grain).real * self.spread + self.middle
        return made

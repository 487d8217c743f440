"""Made populations of functional connectivity and more, from a known generative truth.

People differ from a population's connectivity along a few strong and many weak directions of the matrix logarithm; a
site's people share an offset of the same kind, smaller; what is measured has the noise of finitely many volumes.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Population"]

Array = NDArray[np.float64]


class Population:
    """A population of correlation matrices.

    Parameters
    ----------
    regions : int
        How many regions or networks.
    rng : numpy.random.Generator
        Draws the truth and the people.
    site_share : float
        How far sites differ, as a share of how far people do.
    volumes : int
        Independent volumes a scan: fewer, more noise.

    Examples
    --------
    >>> Population(5, np.random.default_rng(0)).cohort(3).shape
    (3, 5, 5)
    """

    def __init__(
        self, regions: int, rng: np.random.Generator, *, site_share: float = 0.32, volumes: int = 200
    ) -> None:
        self._rng, self._regions, self._site, self._volumes = rng, regions, site_share, volumes
        loads = rng.normal(size=(regions, 7)) * 0.5
        loads[np.arange(regions), rng.integers(0, 7, regions)] += 1.2
        values, vectors = np.linalg.eigh(_scaled(loads @ loads.T + np.eye(regions) * 0.8))
        self.truth = (vectors * np.log(values)) @ vectors.T
        modes = []
        for index in range(12):
            a, b = rng.normal(size=(2, regions))
            mode = np.outer(a, b) + np.outer(b, a)
            modes.append(mode / np.linalg.norm(mode) / np.sqrt(1 + index))
        self._modes = np.array(modes) / np.sqrt((1 / (1 + np.arange(12))).sum())

    def traits(self, count: int) -> Array:
        """How ``count`` people differ from the truth, as symmetric matrices."""
        size = self._regions
        strong = np.tensordot(self._rng.normal(size=(count, 12)), self._modes, 1)
        weak = self._rng.normal(size=(count, size, size))
        weak = (weak + np.swapaxes(weak, 1, 2)) / 2 / (size / 2**0.5)
        return np.asarray(0.35 * size**0.5 * (0.75**0.5 * strong + 0.5 * weak))

    def site(self) -> Array:
        """What one site's people share."""
        return np.asarray(self._site * self.traits(1)[0])

    def cohort(self, count: int, *, site: Array | None = None) -> Array:
        """Measured correlation matrices of ``count`` people of one site, a new one if none is given."""
        values, vectors = np.linalg.eigh(
            self.truth + (self.site() if site is None else site) + self.traits(count)
        )
        return self.measured((vectors * np.exp(values)[..., None, :]) @ np.swapaxes(vectors, 1, 2))

    def measured(self, covariances: Array) -> Array:
        """Correlations as a scan of each would give them."""
        root = np.linalg.cholesky(_scaled(covariances) + 1e-9 * np.eye(self._regions))
        series = self._rng.normal(size=(len(root), self._volumes, self._regions)) @ np.swapaxes(root, 1, 2)
        return _scaled(np.swapaxes(series, 1, 2) @ series / self._volumes)


def _scaled(matrices: Array) -> Array:
    scale = np.sqrt(np.diagonal(matrices, axis1=-2, axis2=-1))
    return np.asarray(matrices / (scale[..., :, None] * scale[..., None, :]))

"""The floor and the foil for brain volumes: Gaussian principal components, and brains drawn again.

References
----------
Jolliffe & Cadima 2016 (principal components), doi:10.1098/rsta.2015.0202.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.fields import finished
from commissure.protect.synthetic.latent import Conditions
from commissure.protect.synthetic.mend import explained
from commissure.protect.synthetic.table import Copula
from commissure.protect.synthetic.volumes import Volumes, checked_volumes

__all__ = ["VolumeBootstrap", "VolumeComponents"]

Array = NDArray[np.float64]
_MOST = 60


class VolumeBootstrap:
    """Brains of real people drawn again: useful, and no protection at all; for comparison only."""

    def fit(self, cohort: Volumes) -> Self:
        """Keep the brains."""
        self.cohort_ = checked_volumes(cohort)
        return self

    def sample(self, n: int, rng: np.random.Generator) -> Volumes:
        """``n`` brains of real people."""
        return self.cohort_.take(rng.integers(0, len(self.cohort_.voxels), n))


class VolumeComponents:
    """Brains as a mean, what age, sex and diagnosis explain, and Gaussian principal components of the rest.

    Needs no net: the floor that a GAN or a diffusion model has to beat.

    Parameters
    ----------
    components : int
        At most so many; a third of the subjects at most.

    Examples
    --------
    >>> from commissure.testing.brains import made_brains
    >>> cohort, _ = made_brains(60, rng=np.random.default_rng(0), size=16)
    >>> VolumeComponents().fit(cohort).sample(3, np.random.default_rng(1)).voxels.shape
    (3, 16, 16, 16)
    """

    def __init__(self, *, components: int = _MOST) -> None:
        if components < 1:
            raise BadInput(f"components must be 1 at least; got {components!r}.")
        self.components = components

    def fit(self, cohort: Volumes) -> Self:
        """Learn from brains on the standard grid."""
        checked_volumes(cohort)
        count, size = len(cohort.voxels), cohort.size
        self.shape_ = (size,) * 3
        self.conditions_ = Conditions.of(cohort.covariates)
        self.people_ = Copula().fit(cohort.covariates)
        design = self.conditions_.design(self.conditions_.rows(cohort.covariates))
        flat = cohort.voxels.reshape(count, -1).astype(float)
        self.effects_ = explained(design, flat)
        left = flat - design @ self.effects_
        # by the small matrix of subjects: voxels are many
        values, vectors = np.linalg.eigh(left @ left.T)
        kept = min(self.components, count // 3)
        order = np.argsort(values)[::-1][:kept]
        self.parts_ = (left.T @ vectors[:, order]).T / np.sqrt(max(count - design.shape[1], 1))
        beyond = left - (vectors[:, order] @ (vectors[:, order].T @ left))
        self.rest_ = beyond.std(axis=0)
        return self

    def sample(self, n: int, rng: np.random.Generator, *, covariates: Table | None = None) -> Volumes:
        """``n`` synthetic brains, for the covariates given or such as go together in the cohort."""
        table = self.people_.sample(n, rng) if covariates is None else covariates
        if len(table.values) != n:
            raise BadInput(f"Covariates are given for {len(table.values)} subjects, and {n} are asked for.")
        flat = self.conditions_.design(self.conditions_.rows(table)) @ self.effects_
        flat += rng.normal(size=(n, len(self.parts_))) @ self.parts_
        flat += rng.normal(size=flat.shape) * self.rest_
        return Volumes(finished(flat.reshape(n, *self.shape_)), table)

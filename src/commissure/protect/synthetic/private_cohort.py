"""What is taken of a private cohort of brains, and what is believed by it beside public ones: two noisy sums, no more.

The first is of covariates (:mod:`commissure.protect.synthetic.private_people`), the second of volumes of regions
(:mod:`commissure.protect.synthetic.private_moments`). Both are kept as they were released, since whoever is promised privacy
may assume that an attacker has them.

References
----------
Dong, Roth & Su 2022 (Gaussian differential privacy), doi:10.1111/rssb.12454.
"""

import math
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend, gaussian_mu
from commissure.protect.private.noise import NoiseSource
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.latent import Conditions
from commissure.protect.synthetic.mend import Moments, explained
from commissure.protect.synthetic.private_moments import PrivateMoments, PublicKnowledge
from commissure.protect.synthetic.private_people import PrivatePeople
from commissure.protect.synthetic.rois import measure_rois
from commissure.protect.synthetic.volumes import Volumes

__all__ = ["PrivateCohort", "cohort_spends"]

Array = NDArray[np.float64]
_PEOPLE_SHARE = 0.5
_MOST_NOISE = 0.25
_DRAWN = 8192


def cohort_spends(epsilon: float, delta: float) -> tuple[Spend, Spend]:
    """What the two sums cost, which together cost (``epsilon``, ``delta``)."""
    mu = gaussian_mu(epsilon, delta)
    return (Spend(what="covariates of synthetic brains", mu=mu * math.sqrt(_PEOPLE_SHARE)),
            Spend(what="regions of synthetic brains", mu=mu * math.sqrt(1 - _PEOPLE_SHARE)))  # fmt: skip


class PrivateCohort:
    """Covariates and region moments of a cohort, (``epsilon``, ``delta``)-differentially private for one subject.

    Parameters
    ----------
    public : Volumes
        Brains that may be used freely, with the same covariates; never a part of the private cohort.
    epsilon, delta : float
        What the fit may cost.
    seed : int
        Draws candidates from public people.
    noise : NoiseSource, optional
        By default the secure one.

    Examples
    --------
    >>> from commissure.protect.private.noise import RehearsalNoise
    >>> from commissure.testing.brains import made_brains
    >>> public, cohort = (made_brains(200, rng=np.random.default_rng(seed), size=16)[0] for seed in (0, 1))
    >>> found = PrivateCohort(public, epsilon=3.0, noise=RehearsalNoise(np.random.default_rng(2))).fit(cohort)
    >>> found.people_.sample(2, np.random.default_rng(3)).names, found.moments().covariance.shape
    (('age', 'sex', 'diagnosis'), (13, 13))
    """

    def __init__(
        self, public: Volumes, *, epsilon: float, delta: float = 1e-5, seed: int = 0, noise: NoiseSource | None = None
    ) -> None:  # fmt: skip
        self.epsilon, self.delta, self.seed, self.noise = epsilon, delta, seed, noise
        self.spends = cohort_spends(epsilon, delta)
        self.public = public.covariates
        self.people_ = PrivatePeople(self.public, mu=self.spends[0].mu, seed=seed, noise=noise)
        self.conditions = Conditions.of(self.public)
        self.design = self.conditions.design(self.conditions.rows(self.public))
        volumes = measure_rois(public.voxels)
        self.effects = explained(self.design, volumes)
        left = volumes - self.design @ self.effects
        #: millilitres of one public deviation beyond covariates
        self.scale = np.sqrt((left**2).sum(axis=0) / (len(left) - self.design.shape[1]))
        self.together = np.asarray(np.corrcoef(left.T), dtype=float)

    def fit(self, cohort: Volumes) -> Self:
        """Take the two sums.

        Raises
        ------
        BadInput
            If the cohort is too small for this privacy; the message has how many it would take.
        """
        self._check_size(len(cohort.voxels))
        return self.fit_measured(measure_rois(cohort.voxels), cohort.covariates)

    def fit_measured(self, volumes: Array, table: Table) -> Self:
        """Take the two sums of people whose regions are measured already, shape (subject, region) in millilitres."""
        self.people_.fit(table)
        self.count_ = self.people_.count_
        anyone = self.people_.sample(_DRAWN, np.random.default_rng(self.seed))
        known = PublicKnowledge.of(self.design, self._designed(anyone))
        self.asked_ = PrivateMoments(mu=self.spends[1].mu, known=known, together=self.together, noise=self.noise)  # fmt: skip
        self.released_ = self.asked_.release(*self.numbers(volumes, table))
        self.more_, self.spread_ = self.asked_.believed(self.released_, count=self.count_)
        return self

    def numbers(self, volumes: Array, table: Table) -> tuple[Array, Array]:
        """Regions beyond what public people's covariates explain, over public deviations, and the design; one row a subject."""
        design = self._designed(table)
        # each subject alone, since products of matrices are rounded otherwise when a row comes or goes
        beyond = [(seen - told @ self.effects) / self.scale for seen, told in zip(volumes, design, strict=True)]  # fmt: skip
        return np.array(beyond), design

    def moments(self) -> Moments:
        """What is believed of regions over public deviations: effects of covariates, and the covariance beyond them."""
        root = np.sqrt(self.spread_)
        return Moments(
            self.effects / self.scale + self.more_, np.asarray(self.together * np.outer(root, root))
        )

    def learned(self) -> tuple[float, float]:
        """Of a region's squared error with public effects: how much is expected to be taken off, and all of it."""
        return self.asked_.known.gain(self.asked_.error(self.count_))

    def _designed(self, table: Table) -> Array:
        return self.conditions.design(self.conditions.rows(table))

    def _check_size(self, count: int) -> None:
        """Refuse where the noise in a mean is more than a fourth of what public people differ by."""
        share = self.people_.noise_share(count)
        if share > _MOST_NOISE:
            needed = math.ceil(share / _MOST_NOISE * count)
            raise BadInput(
                f"{count} subjects are too few for epsilon {self.epsilon:g} (delta {self.delta:g}): the noise in their means "
                f"would be {share:.1f} times what people differ by, and the brains no better than the public ones; it takes "
                f"{needed} subjects, or a larger epsilon."
            )

"""Synthetic brains with formal privacy: diffusion that learned on public brains, moved by a private cohort's noisy moments.

Codec, directions, scales and the net come from a *public* cohort (made brains, or an open one). Of the private cohort two
noisy sums are taken (:mod:`commissure.protect.synthetic.private_cohort`): moments of age, sex and diagnosis, by which public
people are weighed anew, and moments of regions beyond what is true of public ones. Nothing else depends on a private row.
Both are weighed against public knowledge by the noise they bear, so that a small budget gives the public brains, not
noise. Brains are drawn for such people, measured, and turned until their regions have these moments.

Left out is tuning the net by noisy gradients (DP-SGD): with 300 people it told age worse at epsilon 3 than two sums do at
epsilon 1. Left out is a sum over the latents of brains, too: their effects, decoded, made regions vary more than they
should even without noise (``docs/rooms/protect.md`` has the figures of both).

References
----------
Dong, Roth & Su 2022 (Gaussian differential privacy), doi:10.1111/rssb.12454; Bernstein & Sheldon 2019 (Bayesian regression
of noisy sufficient statistics), arXiv:1910.13424; Rombach et al. 2022 (latent diffusion), doi:10.1109/CVPR52688.2022.01042.
"""

import copy
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.model import Finding, Severity
from commissure.protect.private.budget import Spend, total_epsilon
from commissure.protect.private.noise import NoiseSource
from commissure.protect.synthetic.codec import Codec
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.diffusion import LatentDiffusion
from commissure.protect.synthetic.private_cohort import PrivateCohort, cohort_spends
from commissure.protect.synthetic.rois import measure_rois
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volumes import Volumes, checked_volumes

__all__ = ["PrivateDiffusion"]

Array = NDArray[np.float64]
_LEAST_LEARNED = 0.1


class PrivateDiffusion:
    """A generator of brain volumes that is (``epsilon``, ``delta``)-differentially private for one subject.

    Parameters
    ----------
    public : Volumes
        Brains that may be used freely, with the same covariates; never a part of the private cohort.
    epsilon, delta : float
        What the fit may cost.
    training : Training, optional
        How the public part is trained.
    codec : Codec, optional
        A fitted codec of public brains; by default one is fitted to ``public``.
    model : LatentDiffusion, optional
        One fitted to ``public`` already; by default it is fitted.
    noise : NoiseSource, optional
        By default the secure one.
    """

    def __init__(
        self, *, public: Volumes, epsilon: float, delta: float = 1e-5, training: Training | None = None,
        codec: Codec | None = None, model: LatentDiffusion | None = None, noise: NoiseSource | None = None,
    ) -> None:  # fmt: skip
        self.public, self.epsilon, self.delta = public, epsilon, delta
        self.training, self.codec, self.noise = training or Training(), codec, noise
        self.model = model

    def fit(self, cohort: Volumes) -> Self:
        """Learn from brains on the standard grid.

        Raises
        ------
        BadInput
            If the cohort is too small for this privacy; the message has how many it would take.
        """
        checked_volumes(cohort)
        checked_volumes(self.public)
        if cohort.size != self.public.size or cohort.covariates.names != self.public.covariates.names:
            raise BadInput(f"Public and private brains must be on one grid with the same covariates; got {self.public.size} and {cohort.size} voxels a side, {list(self.public.covariates.names)} and {list(cohort.covariates.names)}.")  # fmt: skip
        count = len(cohort.voxels)
        if self.delta >= 1 / count:
            raise BadInput(f"delta must be below 1/{count}, one over the number of subjects; got {self.delta:g}.")  # fmt: skip
        self.spends_ = self.spends()
        self.total_epsilon_ = total_epsilon(self.spends_, delta=self.delta)
        self.cohort_ = PrivateCohort(
            self.public, epsilon=self.epsilon, delta=self.delta, seed=self.training.seed, noise=self.noise
        ).fit(cohort)
        self._turn()
        return self

    def spends(self) -> tuple[Spend, Spend]:
        """What a fit costs, from public numbers alone: covariates, and regions of brains."""
        return cohort_spends(self.epsilon, self.delta)

    def sample(self, n: int, rng: np.random.Generator, *, covariates: Table | None = None) -> Volumes:
        """``n`` synthetic brains, for the covariates given or such as go together in the cohort."""
        table = self.cohort_.people_.sample(n, rng) if covariates is None else self.space_.people(n, rng, covariates)  # fmt: skip
        return self.space_.volumes(self.model_.draw(self.space_.conditions_.rows(table), rng), table, rng)

    def findings(self) -> tuple[Finding, ...]:
        """What the fit can be expected to be worth beside the public brains alone: from public facts and what was released."""
        learned, whole = self.cohort_.learned()
        people = self.cohort_.people_
        share = people.noise_share(round(people.count_))
        said = (f"Beside the public brains alone: means of covariates bear noise of {share:.2f} of what public people differ by, "
                f"and {learned / whole:.0%} of what public effects on regions are expected to be off is taken off.")  # fmt: skip
        little = learned < _LEAST_LEARNED * whole
        remedy = "Release the public brains for the cohort's covariates, ask for a larger epsilon, or add subjects." if little else ""  # fmt: skip
        return (Finding("privacy.synthetic_public", Severity.WARNING if little else Severity.INFO, said, remedy=remedy),)  # fmt: skip

    def _turn(self) -> None:
        """Turn drawn brains until they have the moments that are believed: post-processing, it costs nothing more."""
        self.model_ = self.model or LatentDiffusion(training=self.training, codec=self.codec).fit(self.public)
        self.space_ = copy.copy(self.model_.space_)
        rng, scale = np.random.default_rng(self.training.seed), self.cohort_.scale
        anyone = self.cohort_.people_.sample(max(round(self.cohort_.count_), len(self.public.voxels)), rng)

        def measure(voxels: NDArray[np.float32]) -> Array:
            return np.asarray(measure_rois(voxels) / scale)

        self.space_.match(self.cohort_.moments(), measure=measure, table=anyone, draw=self.model_.draw, rng=rng)  # fmt: skip

"""Synthetic brains with formal privacy: diffusion that learned on public brains, moved by a private cohort's noisy moments.

Codec, directions, scales and the net come from a *public* cohort (made brains, or an open one). Of the private cohort two
noisy sums are taken: moments of age, sex and diagnosis, by which public people are weighed anew, and what these explain of
the brains beyond what is true of public ones, in some directions. Nothing else depends on a private row. Both are weighed
against public knowledge by the noise they bear, so that a small budget gives the public brains, not noise.

Tuning the net itself by noisy gradients (DP-SGD) is left out: measured with 300 people (``benchmarks/protect_brains.py``), it
told age worse at epsilon 3 than two sums do at epsilon 1.

References
----------
Dong, Roth & Su 2022 (Gaussian differential privacy), doi:10.1111/rssb.12454; Bernstein & Sheldon 2019 (Bayesian regression
of noisy sufficient statistics), arXiv:1910.13424; Rombach et al. 2022 (latent diffusion), doi:10.1109/CVPR52688.2022.01042.
"""

import math
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.model import Finding, Severity
from commissure.protect.budget import Spend, gaussian_mu, total_epsilon
from commissure.protect.noise import NoiseSource
from commissure.protect.synth_codec import Codec
from commissure.protect.synth_columns import Table
from commissure.protect.synth_diffusion import LatentDiffusion
from commissure.protect.synth_latent import LatentSpace
from commissure.protect.synth_private_moments import PrivateEffects, PublicKnowledge, leading_ways
from commissure.protect.synth_private_people import PrivatePeople
from commissure.protect.synth_training import Training
from commissure.protect.synth_volumes import Volumes, checked_volumes

__all__ = ["PrivateDiffusion"]

Array = NDArray[np.float64]
_PEOPLE_SHARE = 0.5
_MOST_NOISE = 0.25
_DRAWN = 8192
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
    noise : NoiseSource, optional
        By default the secure one.
    """

    def __init__(
        self, *, public: Volumes, epsilon: float, delta: float = 1e-5, training: Training | None = None,
        codec: Codec | None = None, noise: NoiseSource | None = None,
    ) -> None:  # fmt: skip
        self.public, self.epsilon, self.delta = public, epsilon, delta
        self.training, self.codec, self.noise = training or Training(), codec, noise

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
        people, effects = self.spends_
        known = PrivatePeople(self.public.covariates, mu=people.mu, seed=self.training.seed, noise=self.noise)
        self._check_size(count, known)
        self.model_ = LatentDiffusion(training=self.training, codec=self.codec).fit(self.public)
        self.people_ = known.fit(cohort.covariates)
        # one brain at a time: among others, rounding could make a subject's numbers depend on who else is there
        alone = [self.model_.space_.whitened(cohort.take(np.array([who]))) for who in range(count)]
        self.effects_ = self._moved(np.concatenate(alone), cohort.covariates, effects)
        return self

    def spends(self) -> tuple[Spend, Spend]:
        """What a fit costs, from public numbers alone: covariates, and their effects on brains."""
        mu = gaussian_mu(self.epsilon, self.delta)
        return (Spend(what="covariates of synthetic brains", mu=mu * math.sqrt(_PEOPLE_SHARE)),
                Spend(what="effects in synthetic brains", mu=mu * math.sqrt(1 - _PEOPLE_SHARE)))  # fmt: skip

    def sample(self, n: int, rng: np.random.Generator, *, covariates: Table | None = None) -> Volumes:
        """``n`` synthetic brains, for the covariates given or such as go together in the cohort."""
        space = self.model_.space_
        table = self.people_.sample(n, rng) if covariates is None else space.people(n, rng, covariates)
        rows = space.conditions_.rows(table)
        drawn = self.model_.draw(rows, rng) + space.conditions_.design(rows) @ self.effects_
        return space.volumes(drawn, table, rng)

    def findings(self) -> tuple[Finding, ...]:
        """What the fit can be expected to be worth beside the public brains alone: from public facts and what was released."""
        learned, whole = self.learned_
        share = self.people_.noise_share(round(self.people_.count_))
        said = (f"Beside the public brains alone: means of covariates bear noise of {share:.2f} of what public people differ by, "
                f"and {learned / whole:.0%} of what public effects on brains are expected to be off is taken off.")  # fmt: skip
        little = learned < _LEAST_LEARNED * whole
        remedy = "Release the public brains for the cohort's covariates, ask for a larger epsilon, or add subjects." if little else ""  # fmt: skip
        return (Finding("privacy.synthetic_public", Severity.WARNING if little else Severity.INFO, said, remedy=remedy),)  # fmt: skip

    def _check_size(self, count: int, people: PrivatePeople) -> None:
        """Refuse where the noise in a mean is more than a fourth of what public people differ by."""
        share = people.noise_share(count)
        if share > _MOST_NOISE:
            needed = math.ceil(share / _MOST_NOISE * count)
            raise BadInput(
                f"{count} subjects are too few for epsilon {self.epsilon:g} (delta {self.delta:g}): the noise in their means "
                f"would be {share:.1f} times what people differ by, and the brains no better than the public ones; it takes "
                f"{needed} subjects, or a larger epsilon."
            )

    def _moved(self, numbers: Array, table: Table, spend: Spend) -> Array:
        """What is added to whitened numbers for the columns of a design, shape (column, number)."""
        space = self.model_.space_
        design = _designed(space, self.public.covariates)
        anyone = self.people_.sample(_DRAWN, np.random.default_rng(self.training.seed))
        known = PublicKnowledge.of(design, _designed(space, anyone))
        effects = PrivateEffects(mu=spend.mu, known=known, noise=self.noise)
        count = self.people_.count_
        directions = effects.directions(count, most=numbers.shape[1])
        error = effects.error(directions, count)
        self.learned_ = known.gain(error)
        public = (space.effects_ @ space.ways_.T / space.spread_)[1:] * design.std(axis=0)[1:, None]
        ways = leading_ways(public, count=directions)
        return effects.fit(numbers, _designed(space, table), ways=ways, count=count)


def _designed(space: LatentSpace, table: Table) -> Array:
    return space.conditions_.design(space.conditions_.rows(table))

"""Synthetic brains with formal privacy: diffusion that learned on public brains, tuned to a private cohort by DP-SGD.

Codec, effects, scales and the net's weights come from a *public* cohort (made brains, or an open one). Of the private
cohort two things are learned, both with noise: how age, sex and diagnosis are distributed (a private copula), and the
net's biases and scales of normalization alone, by clipped and noised gradients of single subjects. So few numbers are
tuned that the noise, which grows with the root of their number, does not drown them.

References
----------
Abadi et al. 2016, doi:10.1145/2976749.2978318; Dockhorn et al. 2023 (private diffusion, several noises a subject),
arXiv:2210.09929; Bu et al. 2024 (tuning biases alone), arXiv:2210.00036; Yousefpour et al. 2021 (opacus), arXiv:2109.12298.
"""

import math
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.budget import Spend, gaussian_mu, total_epsilon
from commissure.protect.noise import NoiseSource, clip_rows, noisy_sum, secure_uniform
from commissure.protect.synth_codec import Codec
from commissure.protect.synth_columns import Table
from commissure.protect.synth_diffusion import Denoiser, LatentDiffusion
from commissure.protect.synth_latent import Conditions, most_ways
from commissure.protect.synth_private import PrivateCopula
from commissure.protect.synth_training import Training, torch_module
from commissure.protect.synth_volumes import Volumes, checked_volumes

__all__ = ["PrivateDiffusion"]

Array = NDArray[np.float64]
_TABLE_SHARE = 0.25
_NOISES = 4
_MOST_NOISE = 1.0
_BINS = 12
_RATE = 0.1


class PrivateDiffusion:
    """A generator of brain volumes that is (``epsilon``, ``delta``)-differentially private for one subject.

    Parameters
    ----------
    public : Volumes
        Brains that may be used freely, with the same covariates; never a part of the private cohort.
    epsilon, delta : float
        What the fit may cost.
    training : Training, optional
        How the public part is trained; device and width hold for the private part as well.
    codec : Codec, optional
        A fitted codec of public brains; by default one is fitted to ``public``.
    private_steps : int
        Steps of private tuning; a tenth of the subjects are in one, by chance.
    noise : NoiseSource, optional
        By default the secure one.
    """

    def __init__(
        self, *, public: Volumes, epsilon: float, delta: float = 1e-5, training: Training | None = None,
        codec: Codec | None = None, private_steps: int = 60, noise: NoiseSource | None = None,
    ) -> None:  # fmt: skip
        self.public, self.epsilon, self.delta = public, epsilon, delta
        self.training, self.codec, self.noise = training or Training(), codec, noise
        self.private_steps = private_steps

    def fit(self, cohort: Volumes) -> Self:
        """Learn from brains on the standard grid.

        Raises
        ------
        BadInput
            If the cohort is too small for this privacy; the message has how many it would take.
        """
        checked_volumes(cohort)
        if cohort.size != self.public.size or cohort.covariates.names != self.public.covariates.names:
            raise BadInput(f"Public and private brains must be on one grid with the same covariates; got {self.public.size} and {cohort.size} voxels a side, {list(self.public.covariates.names)} and {list(cohort.covariates.names)}.")  # fmt: skip
        count = len(cohort.voxels)
        if self.delta >= 1 / count:
            raise BadInput(f"delta must be below 1/{count}, one over the number of subjects; got {self.delta:g}.")  # fmt: skip
        self._check_size(count, gaussian_mu((1 - _TABLE_SHARE) * self.epsilon, self.delta / 2))
        self.spends_ = self.spends()
        tuning, table = self.spends_
        self.model_ = LatentDiffusion(training=self.training, codec=self.codec).fit(self.public)
        # what is tuned has to be heard, whatever the public people say of it
        self.model_.denoiser_.trust = 1.0
        self.model_.space_.calibrate(self.public, self.model_.draw, np.random.default_rng(self.training.seed))
        self.total_epsilon_ = total_epsilon(self.spends_, delta=self.delta)
        edges = [_edges(self.public.covariates, j).tolist() for j in range(len(cohort.covariates.names))]
        self.people_ = PrivateCopula(mu=table.mu, edges=edges, noise=self.noise).fit(cohort.covariates)
        self._tune(cohort, tuning.noise_multiplier)
        return self

    def spends(self) -> tuple[Spend, Spend]:
        """What a fit costs, from public numbers alone: the tuning of the net, and the covariates."""
        table_mu = gaussian_mu(_TABLE_SHARE * self.epsilon, self.delta / 2)
        # opacus's accountant is quick and on the safe side; what it really costs is told by the exact one below
        accountants: Any = need("opacus.accountants.utils", purpose="Training with privacy")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Optimal order", category=UserWarning)
            multiplier = float(accountants.get_noise_multiplier(
                target_epsilon=(1 - _TABLE_SHARE) * self.epsilon, target_delta=self.delta / 2,
                sample_rate=_RATE, steps=self.private_steps, accountant="rdp"))  # fmt: skip
        tuning = Spend(what="synthetic brains", kind="sampled-gaussian", noise_multiplier=multiplier, rate=_RATE,
                       steps=self.private_steps)  # fmt: skip
        return tuning, Spend(what="covariates of synthetic brains", mu=table_mu)

    def sample(self, n: int, rng: np.random.Generator, *, covariates: Table | None = None) -> Volumes:
        """``n`` synthetic brains, for the covariates given or such as go together in the cohort."""
        table = covariates or self._people(n, rng)
        return self.model_.sample(n, rng, covariates=table)

    def _people(self, n: int, rng: np.random.Generator) -> Table:
        """Covariates of the private copula; the bin of a word is the word."""
        drawn = self.people_.sample(n, rng)
        levels = self.public.covariates.levels
        values = np.column_stack([np.clip(np.rint(column), 0, len(words) - 1) if words else column
                                  for column, words in zip(drawn.values.T, levels, strict=True)])  # fmt: skip
        known = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
        return Table(drawn.names, known, levels)

    def _check_size(self, count: int, mu: float) -> None:
        """Refuse where the noise in the sum of all gradients is longer than that sum can be."""
        told = Conditions.of(self.public.covariates).rows(self.public.covariates).shape[1]
        net = Denoiser(most_ways(len(self.public.voxels)), told, self.training).net
        size = math.sqrt(sum(each.numel() for each in _tuned(net)))
        if size / (count * mu) > _MOST_NOISE:
            needed = math.ceil(size / (mu * _MOST_NOISE))
            raise BadInput(
                f"{count} subjects are too few for epsilon {self.epsilon:g} (delta {self.delta:g}): the noise would be "
                f"{size / (count * mu):.1f} times all they can say; it takes {needed} subjects, or a larger epsilon."
            )

    def _tune(self, cohort: Volumes, multiplier: float) -> None:
        torch = torch_module()
        denoiser = self.model_.denoiser_
        net = denoiser.net.double().train()
        tuned = _tuned(net)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opacus: Any = need("opacus", purpose="Training with privacy")
            denoiser.net = opacus.GradSampleModule(net, loss_reduction="sum")
        generator = torch.Generator().manual_seed(self.training.seed)
        known = self._rows(self.public.take(np.arange(min(64, len(self.public.voxels)))))
        private = self._rows(cohort)
        limit = float(np.median(np.linalg.norm(self._gradients(known, np.arange(len(known[0])), generator), axis=1)))  # fmt: skip
        optimizer = torch.optim.Adam(tuned, lr=self.training.learning_rate / 5)
        kept: list[Any] = []
        try:
            for step in range(self.private_steps):
                who = np.flatnonzero(secure_uniform(len(cohort.voxels)) < _RATE)
                rows = self._gradients(private, who, generator)
                whole = noisy_sum(
                    clip_rows(rows, norm=limit), norm=limit, mu=1 / multiplier, noise=self.noise
                )
                _put(tuned, whole / (_RATE * len(cohort.voxels)))
                optimizer.step()
                if step >= self.private_steps // 2:
                    kept.append([each.detach().clone() for each in tuned])
        finally:
            denoiser.net = denoiser.net.to_standard_module().float().eval()
        with torch.no_grad():
            for place, each in enumerate(tuned):
                each.copy_(torch.stack([now[place] for now in kept]).mean(dim=0))

    def _rows(self, people: Volumes) -> tuple[Array, Array]:
        space = self.model_.space_
        return space.whitened(people), space.conditions_.rows(people.covariates)

    def _gradients(self, rows: tuple[Array, Array], who: NDArray[np.int64], generator: Any) -> Array:
        """One gradient a subject, over several noises, shape (subject, tuned number)."""
        torch = torch_module()
        denoiser = self.model_.denoiser_
        tuned = _tuned(denoiser.net)
        if not len(who):
            return np.zeros((0, sum(each.numel() for each in tuned)))
        whitened, conditions = rows[0][who], rows[1][who]
        clean, told = (torch.as_tensor(np.repeat(each, _NOISES, axis=0)).to(self.training.device) for each in (whitened, conditions))  # fmt: skip
        denoiser.net.zero_grad()
        with warnings.catch_warnings():
            # opacus's hooks see that no input asks for a gradient, and need none
            warnings.filterwarnings("ignore", message="Full backward hook", category=UserWarning)
            denoiser.losses(clean, told, generator).sum().backward()
        slopes = torch.cat([each.grad_sample.reshape(len(clean), -1) for each in tuned], dim=1)
        denoiser.net.zero_grad()
        return np.asarray(slopes.reshape(len(who), _NOISES, -1).mean(dim=1).cpu().numpy(), dtype=float)


def _tuned(net: Any) -> list[Any]:
    """Biases and scales of normalization, which alone are tuned; all else is frozen."""
    found = []
    for each in net.parameters():
        each.requires_grad_(each.ndim == 1)
        if each.ndim == 1:
            found.append(each)
    return found


def _put(tuned: list[Any], whole: Array) -> None:
    torch = torch_module()
    at = 0
    for each in tuned:
        part = whole[at : at + each.numel()].reshape(each.shape)
        each.grad = torch.as_tensor(part, dtype=each.dtype, device=each.device)
        at += each.numel()


def _edges(table: Table, column: int) -> Array:
    """Public bin edges: about each word's code, or even over the public range."""
    words = table.levels[column] if table.levels else ()
    if words:
        return np.arange(len(words) + 1, dtype=float) - 0.5
    values = table.values[:, column]
    return np.asarray(np.linspace(values.min(), values.max(), _BINS + 1), dtype=float)

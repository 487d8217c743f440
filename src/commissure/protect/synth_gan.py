"""Synthetic brains by a generative adversarial net in the latent space of an autoencoder, for age, sex and diagnosis.

A generator turns noise and conditions into residual latents; a critic with normalized spectra learns to tell them from
real ones, seeing the conditions as well (hinge loss); an average of the generator over training is kept.

References
----------
Kwon, Han & Kim 2019 (auto-encoding GAN for brains), doi:10.1007/978-3-030-32248-9_14; Miyato et al. 2018 (spectral
normalization), arXiv:1802.05957; Mirza & Osindero 2014 (conditions), arXiv:1411.1784.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.protect.synth_codec import LATENT, Codec
from commissure.protect.synth_columns import Table
from commissure.protect.synth_latent import LatentSpace
from commissure.protect.synth_training import Training, mark_of, pick, run_training, tensor, torch_module
from commissure.protect.synth_volumes import Volumes, checked_volumes

__all__ = ["LatentGAN"]

Array = NDArray[np.float64]
_NOISE = 64
_KEEP = 0.995
_CHUNK = 256


class LatentGAN:
    """A generator of brain volumes by an adversarial game in the latent space of an autoencoder.

    Parameters
    ----------
    training : Training, optional
        Steps, width, device, checkpoints.
    codec : Codec, optional
        A fitted autoencoder; by default one is trained on the cohort.

    Examples
    --------
    >>> from commissure.protect.synth_training import Training
    >>> from commissure.testing.brains import made_brains
    >>> cohort, _ = made_brains(60, rng=np.random.default_rng(0), size=16)
    >>> LatentGAN(training=Training().tiny()).fit(cohort).sample(2, np.random.default_rng(1)).voxels.shape
    (2, 16, 16, 16)
    """

    def __init__(self, *, training: Training | None = None, codec: Codec | None = None) -> None:
        self.training, self.codec = training or Training(), codec

    def fit(self, cohort: Volumes) -> Self:
        """Learn from brains on the standard grid."""
        checked_volumes(cohort)
        codec = self.codec or Codec(training=self.training).fit(cohort.voxels)
        self.space_ = LatentSpace(codec).fit(cohort)
        residuals, conditions = self.space_.residuals(cohort)
        self._train(residuals, conditions)
        self.space_.calibrate(cohort, self._draw, np.random.default_rng(self.training.seed))
        return self

    def sample(self, n: int, rng: np.random.Generator, *, covariates: Table | None = None) -> Volumes:
        """``n`` synthetic brains, for the covariates given or such as go together in the cohort."""
        table = self.space_.people(n, rng, covariates)
        return self.space_.volumes(self._draw(self.space_.conditions_.rows(table), rng), table, rng)

    def _draw(self, conditions: Array, rng: np.random.Generator) -> Array:
        torch = torch_module()
        made = []
        with torch.no_grad():
            for at in range(0, len(conditions), _CHUNK):
                asked = conditions[at : at + _CHUNK]
                seed = np.column_stack([rng.normal(size=(len(asked), _NOISE)), asked])
                made.append(self.generator_(tensor(seed, self.training)).cpu().numpy())
        return np.asarray(np.concatenate(made), dtype=float)

    def _train(self, residuals: Array, conditions: Array) -> None:
        torch = torch_module()
        torch.manual_seed(self.training.seed)
        count = conditions.shape[1]
        maker = _generator(count, self.training.width).to(self.training.device)
        critic = _critic(count, self.training.width).to(self.training.device)
        steady = torch.optim.swa_utils.AveragedModel(
            maker, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_KEEP)
        )
        rate = self.training.learning_rate / 10
        first = torch.optim.Adam(maker.parameters(), lr=rate, betas=(0.0, 0.9))
        second = torch.optim.Adam(critic.parameters(), lr=2 * rate, betas=(0.0, 0.9))
        data, told = tensor(residuals, self.training), tensor(conditions, self.training)

        def made(who: Any, generator: Any) -> Any:
            seed = torch.randn((len(who), _NOISE), generator=generator).to(data.device)
            return maker(torch.cat([seed, told[who]], dim=1))

        def step(generator: Any) -> float:
            who, other = (pick(len(data), self.training, generator=generator) for _ in range(2))
            real = critic(_seen(data[who], told[who]))
            false = critic(_seen(made(other, generator).detach(), told[other]))
            loss = torch.relu(1 - real).mean() + torch.relu(1 + false).mean()
            second.zero_grad()
            loss.backward()
            second.step()
            wish = -critic(_seen(made(other, generator), told[other])).mean()
            first.zero_grad()
            wish.backward()
            first.step()
            steady.update_parameters(maker)
            return float(loss.detach())

        keep = {"maker": maker, "critic": critic, "steady": steady, "first": first, "second": second}
        run_training("gan", step, keep=keep, steps=self.training.steps, training=self.training,
                     mark=mark_of(self.training, residuals, conditions))  # fmt: skip
        self.generator_ = steady.module.eval()


def _generator(conditions: int, width: int) -> Any:
    nn = torch_module().nn
    return nn.Sequential(
        nn.Linear(_NOISE + conditions, 64 * 4 * width), nn.Unflatten(1, (4 * width, 4, 4, 4)),
        nn.GroupNorm(8, 4 * width), nn.SiLU(),
        nn.ConvTranspose3d(4 * width, 2 * width, 2, 2), nn.GroupNorm(8, 2 * width), nn.SiLU(),
        nn.Conv3d(2 * width, 2 * width, 3, padding=1), nn.SiLU(),
        nn.Conv3d(2 * width, LATENT[0], 3, padding=1),
    )  # fmt: skip


def _critic(conditions: int, width: int) -> Any:
    nn = torch_module().nn
    sharp = nn.utils.parametrizations.spectral_norm
    return nn.Sequential(
        sharp(nn.Conv3d(LATENT[0] + conditions, 2 * width, 3, padding=1)), nn.LeakyReLU(0.2),
        sharp(nn.Conv3d(2 * width, 4 * width, 4, stride=2, padding=1)), nn.LeakyReLU(0.2),
        sharp(nn.Conv3d(4 * width, 4 * width, 4, stride=2, padding=1)), nn.LeakyReLU(0.2),
        nn.Flatten(), sharp(nn.Linear(32 * width, 1)),
    )  # fmt: skip


def _seen(latents: Any, conditions: Any) -> Any:
    torch = torch_module()
    spread = conditions[:, :, None, None, None].expand(-1, -1, *latents.shape[2:])
    return torch.cat([latents, spread], dim=1)

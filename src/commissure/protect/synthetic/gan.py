"""Synthetic brains by a generative adversarial net in the latent space of a codec, for age, sex and diagnosis.

A generator adds to noise what conditions and noise ask for, which is nothing at first: it starts at the Gaussian with the
cohort's moments. A critic with normalized spectra learns to tell its whitened latents from real ones, seeing the
conditions as well (hinge loss); an average of the generator over training is kept.

References
----------
Kwon, Han & Kim 2019 (auto-encoding GAN for brains), doi:10.1007/978-3-030-32248-9_14; Miyato et al. 2018 (spectral
normalization), arXiv:1802.05957; Mirza & Osindero 2014 (conditions), arXiv:1411.1784.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.protect.synthetic.latent import LatentGenerator
from commissure.protect.synthetic.nets import layered
from commissure.protect.synthetic.training import mark_of, pick, run_training, tensor, torch_module

__all__ = ["LatentGAN"]

Array = NDArray[np.float64]
_KEEP = 0.995
_SLOWER = 4


class LatentGAN(LatentGenerator):
    """A generator of brain volumes by an adversarial game in the latent space of a codec.

    Parameters
    ----------
    training : Training, optional
        Steps, width, device, checkpoints.
    codec : Codec, optional
        A fitted codec; by default one is fitted to the cohort.

    Examples
    --------
    >>> from commissure.protect.synthetic.training import Training
    >>> from commissure.testing.brains import made_brains
    >>> cohort, _ = made_brains(60, rng=np.random.default_rng(0), size=16)
    >>> LatentGAN(training=Training().tiny()).fit(cohort).sample(2, np.random.default_rng(1)).voxels.shape
    (2, 16, 16, 16)
    """

    def draw(self, conditions: Array, rng: np.random.Generator) -> Array:
        """Whitened latents for conditions, shape (subject, number)."""
        noise = tensor(rng.normal(size=(len(conditions), self.numbers_)), self.training)
        with torch_module().no_grad():
            made = _made(self.generator_, noise, tensor(conditions, self.training))
        return np.asarray(made.cpu().numpy(), dtype=float)

    def learn(self, whitened: Array, conditions: Array) -> None:
        """Play the game."""
        torch = torch_module()
        torch.manual_seed(self.training.seed)
        self.numbers_, told_by = whitened.shape[1], conditions.shape[1]
        maker = layered(self.numbers_ + told_by, self.numbers_, width=16 * self.training.width).to(self.training.device)  # fmt: skip
        critic = _critic(self.numbers_ + told_by, 16 * self.training.width).to(self.training.device)
        steady = torch.optim.swa_utils.AveragedModel(
            maker, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_KEEP)
        )
        rate = self.training.learning_rate / _SLOWER
        first = torch.optim.Adam(maker.parameters(), lr=rate, betas=(0.0, 0.9))
        second = torch.optim.Adam(critic.parameters(), lr=2 * rate, betas=(0.0, 0.9))
        data, told = tensor(whitened, self.training), tensor(conditions, self.training)

        def made(who: Any, generator: Any) -> Any:
            return _made(
                maker, torch.randn((len(who), self.numbers_), generator=generator).to(data.device), told[who]
            )

        def judged(latents: Any, who: Any) -> Any:
            return critic(torch.cat([latents, told[who]], dim=1))

        def step(generator: Any) -> float:
            who, other = (pick(len(data), self.training, generator=generator) for _ in range(2))
            false = judged(made(other, generator).detach(), other)
            loss = torch.relu(1 - judged(data[who], who)).mean() + torch.relu(1 + false).mean()
            second.zero_grad()
            loss.backward()
            second.step()
            wish = -judged(made(other, generator), other).mean()
            first.zero_grad()
            wish.backward()
            first.step()
            steady.update_parameters(maker)
            return float(loss.detach())

        keep = {"maker": maker, "critic": critic, "steady": steady, "first": first, "second": second}
        run_training("gan", step, keep=keep, steps=self.training.steps, training=self.training,
                     mark=mark_of(self.training, whitened, conditions))  # fmt: skip
        self.generator_ = steady.module.eval()


def _made(maker: Any, noise: Any, conditions: Any) -> Any:
    return noise + maker(torch_module().cat([noise, conditions], dim=1))


def _critic(numbers: int, width: int) -> Any:
    nn = torch_module().nn
    sharp = nn.utils.parametrizations.spectral_norm
    return nn.Sequential(
        sharp(nn.Linear(numbers, width)), nn.LeakyReLU(0.2),
        sharp(nn.Linear(width, width)), nn.LeakyReLU(0.2),
        sharp(nn.Linear(width, 1)),
    )  # fmt: skip

"""Synthetic brains by latent diffusion, for the age, sex and diagnosis that are asked for.

A U-Net (MONAI) learns to take noise off residual latents, told age, sex and diagnosis as extra channels; brains are made
from pure noise in 25 steps (DDIM).

References
----------
Rombach et al. 2022, doi:10.1109/CVPR52688.2022.01042; Pinaya et al. 2022, doi:10.1007/978-3-031-18576-2_12; Song, Meng &
Ermon 2021 (DDIM), arXiv:2010.02502; Salimans & Ho 2022 (v-prediction), arXiv:2202.00512.
"""

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.protect.synth_codec import LATENT, Codec
from commissure.protect.synth_columns import Table
from commissure.protect.synth_latent import LatentSpace
from commissure.protect.synth_training import Training, mark_of, pick, run_training, tensor, torch_module
from commissure.protect.synth_volumes import Volumes, checked_volumes

__all__ = ["Denoiser", "LatentDiffusion"]

Array = NDArray[np.float64]
_NOISE_STEPS = 1000
_SAMPLING_STEPS = 25
_KEEP = 0.995
_CHUNK = 128


class Denoiser:
    """The net that takes noise off residual latents, and the schedule of noise.

    Parameters
    ----------
    conditions : int
        How many numbers tell age, sex and diagnosis.
    training : Training
        Width, device, seed.
    """

    def __init__(self, conditions: int, training: Training) -> None:
        torch = torch_module()
        torch.manual_seed(training.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nets: Any = need("monai.networks.nets", purpose="Training a generator of volumes")
            schedulers: Any = need("monai.networks.schedulers", purpose="Training a generator of volumes")
        self.training = training
        self.net = nets.DiffusionModelUNet(
            spatial_dims=3, in_channels=LATENT[0] + conditions, out_channels=LATENT[0], num_res_blocks=1,
            channels=(training.width, 2 * training.width), attention_levels=(False, False), norm_num_groups=8,
            num_head_channels=8,
        ).to(training.device)  # fmt: skip
        self.scheduler = schedulers.DDIMScheduler(
            num_train_timesteps=_NOISE_STEPS,
            schedule="cosine",
            prediction_type="v_prediction",
            clip_sample=False,
        )

    def losses(self, clean: Any, conditions: Any, generator: Any) -> Any:
        """The squared error of each of a batch, at random amounts of noise."""
        torch = torch_module()
        noise = torch.randn(clean.shape, generator=generator).to(clean.device)
        time = torch.randint(_NOISE_STEPS, (len(clean),), generator=generator).to(clean.device)
        noisy = self.scheduler.add_noise(clean, noise, time)
        wanted = self.scheduler.get_velocity(clean, noise, time)
        said = self.net(_told(noisy, conditions), time)
        return ((said - wanted) ** 2).flatten(1).mean(dim=1)

    def draw(self, conditions: Array, rng: np.random.Generator) -> Array:
        """Residual latents for conditions, shape (subject, 4, 8, 8, 8), from pure noise."""
        torch = torch_module()
        self.scheduler.set_timesteps(_SAMPLING_STEPS)
        made = []
        with torch.no_grad():
            for at in range(0, len(conditions), _CHUNK):
                asked = tensor(conditions[at : at + _CHUNK], self.training)
                now = tensor(rng.normal(size=(len(asked), *LATENT)), self.training)
                for time in self.scheduler.timesteps:
                    step = torch.full((len(asked),), int(time), device=now.device)
                    now, _ = self.scheduler.step(self.net(_told(now, asked), step), int(time), now)
                made.append(now.cpu().numpy())
        return np.asarray(np.concatenate(made), dtype=float)


class LatentDiffusion:
    """A generator of brain volumes by diffusion in the latent space of an autoencoder.

    Parameters
    ----------
    training : Training, optional
        Steps, width, device, checkpoints.
    codec : Codec, optional
        A fitted autoencoder, of public brains for example; by default one is trained on the cohort.

    Examples
    --------
    >>> from commissure.protect.synth_training import Training
    >>> from commissure.testing.brains import made_brains
    >>> cohort, _ = made_brains(60, rng=np.random.default_rng(0), size=16)
    >>> model = LatentDiffusion(training=Training().tiny()).fit(cohort)
    >>> model.sample(2, np.random.default_rng(1)).voxels.shape
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
        self.denoiser_ = Denoiser(conditions.shape[1], self.training)
        self._train(residuals, conditions)
        self.space_.calibrate(cohort, self.denoiser_.draw, np.random.default_rng(self.training.seed))  # fmt: skip
        return self

    def sample(self, n: int, rng: np.random.Generator, *, covariates: Table | None = None) -> Volumes:
        """``n`` synthetic brains, for the covariates given or such as go together in the cohort."""
        table = self.space_.people(n, rng, covariates)
        drawn = self.denoiser_.draw(self.space_.conditions_.rows(table), rng)
        return self.space_.volumes(drawn, table, rng)

    def _train(self, residuals: Array, conditions: Array) -> None:
        torch = torch_module()
        net = self.denoiser_.net
        steady = torch.optim.swa_utils.AveragedModel(
            net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_KEEP)
        )
        optimizer = torch.optim.Adam(net.parameters(), lr=self.training.learning_rate)
        data, told = tensor(residuals, self.training), tensor(conditions, self.training)

        def step(generator: Any) -> float:
            who = pick(len(data), self.training, generator=generator)
            loss = self.denoiser_.losses(data[who], told[who], generator).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steady.update_parameters(net)
            return float(loss.detach())

        net.train()
        run_training("diffusion", step, keep={"net": net, "steady": steady, "optimizer": optimizer}, steps=self.training.steps,
                     training=self.training, mark=mark_of(self.training, residuals, conditions))  # fmt: skip
        net.load_state_dict(steady.module.state_dict())
        net.eval()


def _told(noisy: Any, conditions: Any) -> Any:
    """The noisy latents with the conditions as constant channels."""
    torch = torch_module()
    spread = conditions[:, :, None, None, None].expand(-1, -1, *noisy.shape[2:])
    return torch.cat([noisy, spread], dim=1)

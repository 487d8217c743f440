"""Synthetic brains by latent diffusion, for the age, sex and diagnosis that are asked for.

A net learns to take noise off whitened latents, told age, sex and diagnosis; brains are made from pure noise in 50 steps
(DDIM, MONAI's schedule). It predicts the velocity, whose best guess for a standard Gaussian is 0, and starts at 0: so
untrained it draws the Gaussian with the cohort's moments, and what it learns is only how people differ from that. A tenth
of the cohort is kept back, and what the net says counts only as far as it helps with people it has not seen: a net that
learned its people by heart is not listened to.

References
----------
Rombach et al. 2022, doi:10.1109/CVPR52688.2022.01042; Pinaya et al. 2022, doi:10.1007/978-3-031-18576-2_12; Song, Meng &
Ermon 2021 (DDIM), arXiv:2010.02502; Salimans & Ho 2022 (v-prediction), arXiv:2202.00512.
"""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.protect.synthetic.latent import LatentGenerator
from commissure.protect.synthetic.nets import layered
from commissure.protect.synthetic.training import Training, mark_of, pick, run_training, tensor, torch_module

__all__ = ["Denoiser", "LatentDiffusion"]

Array = NDArray[np.float64]
_NOISE_STEPS = 1000
_SAMPLING_STEPS = 50
_WAVES = 8
_KEEP = 0.995
_CHUNK = 1024
_KEPT_BACK = 0.1
_ROUNDS = 50


class Denoiser:
    """The net that takes noise off whitened latents, and the schedule of noise.

    Parameters
    ----------
    numbers, conditions : int
        How many numbers a latent has, and how many tell age, sex and diagnosis.
    training : Training
        Width, device, seed.
    """

    def __init__(self, numbers: int, conditions: int, training: Training) -> None:
        torch = torch_module()
        torch.manual_seed(training.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schedulers: Any = need("monai.networks.schedulers", purpose="Training a generator of volumes")
        self.training, self.numbers = training, numbers
        self.trust = 1.0
        self.net = layered(numbers + conditions + 2 * _WAVES, numbers, width=16 * training.width).to(training.device)  # fmt: skip
        self.scheduler = schedulers.DDIMScheduler(
            num_train_timesteps=_NOISE_STEPS,
            schedule="cosine",
            prediction_type="v_prediction",
            clip_sample=False,
        )

    def losses(self, clean: Any, conditions: Any, generator: Any) -> Any:
        """The squared error of each of a batch, at random amounts of noise."""
        wanted, said = self._compared(clean, conditions, generator)
        return ((said - wanted) ** 2).mean(dim=1)

    def weigh(self, clean: Any, conditions: Any, generator: Any) -> None:
        """Listen to the net only as far as it helps with these people."""
        torch = torch_module()
        top, bottom = 0.0, 1e-12
        with torch.no_grad():
            for _ in range(_ROUNDS):
                wanted, said = self._compared(clean, conditions, generator)
                top, bottom = top + float((wanted * said).sum()), bottom + float((said**2).sum())
        self.trust = min(max(top / bottom, 0.0), 1.0)

    def draw(self, conditions: Array, rng: np.random.Generator) -> Array:
        """Whitened latents for conditions, shape (subject, number), from pure noise."""
        torch = torch_module()
        self.scheduler.set_timesteps(_SAMPLING_STEPS)
        made = []
        with torch.no_grad():
            for at in range(0, len(conditions), _CHUNK):
                asked = tensor(conditions[at : at + _CHUNK], self.training)
                now = tensor(rng.normal(size=(len(asked), self.numbers)), self.training)
                for time in self.scheduler.timesteps:
                    step = torch.full((len(asked),), int(time), device=now.device)
                    # a net that is not listened to need not be asked
                    said = (
                        self.trust * self.net(_told(now, asked, step))
                        if self.trust
                        else torch.zeros_like(now)
                    )
                    now, _ = self.scheduler.step(said, int(time), now)
                made.append(now.cpu().numpy())
        return np.asarray(np.concatenate(made), dtype=float)

    def _compared(self, clean: Any, conditions: Any, generator: Any) -> tuple[Any, Any]:
        """The velocity that is wanted, and what the net says."""
        torch = torch_module()
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        time = torch.randint(_NOISE_STEPS, (len(clean),), generator=generator).to(clean.device)
        noisy = self.scheduler.add_noise(clean, noise, time)
        return self.scheduler.get_velocity(clean, noise, time), self.net(_told(noisy, conditions, time))


class LatentDiffusion(LatentGenerator):
    """A generator of brain volumes by diffusion in the latent space of a codec.

    Parameters
    ----------
    training : Training, optional
        Steps, width, device, checkpoints.
    codec : Codec, optional
        A fitted codec, of public brains for example; by default one is fitted to the cohort.

    Examples
    --------
    >>> from commissure.protect.synthetic.training import Training
    >>> from commissure.testing.brains import made_brains
    >>> cohort, _ = made_brains(60, rng=np.random.default_rng(0), size=16)
    >>> model = LatentDiffusion(training=Training().tiny()).fit(cohort)
    >>> model.sample(2, np.random.default_rng(1)).voxels.shape
    (2, 16, 16, 16)
    """

    def learn(self, whitened: Array, conditions: Array) -> None:
        """Train the net on nine tenths of the people, and weigh it by the others."""
        torch = torch_module()
        self.denoiser_ = Denoiser(whitened.shape[1], conditions.shape[1], self.training)
        order = np.random.default_rng(self.training.seed).permutation(len(whitened))
        back, own = np.split(order, [math.ceil(_KEPT_BACK * len(order))])
        data, told = tensor(whitened, self.training), tensor(conditions, self.training)
        self._train(data[own], told[own], mark_of(self.training, whitened, conditions))
        self.denoiser_.weigh(data[back], told[back], torch.Generator().manual_seed(self.training.seed))

    def draw(self, conditions: Array, rng: np.random.Generator) -> Array:
        """Whitened latents for conditions, shape (subject, number), from pure noise."""
        return self.denoiser_.draw(conditions, rng)

    def _train(self, data: Any, told: Any, mark: str) -> None:
        torch = torch_module()
        net = self.denoiser_.net
        steady = torch.optim.swa_utils.AveragedModel(
            net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_KEEP)
        )
        optimizer = torch.optim.Adam(net.parameters(), lr=self.training.learning_rate)

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
                     training=self.training, mark=mark)  # fmt: skip
        net.load_state_dict(steady.module.state_dict())
        net.eval()


def _told(noisy: Any, conditions: Any, time: Any) -> Any:
    """The noisy latents with the conditions, and waves of the noise step."""
    torch = torch_module()
    waves = 2.0 ** torch.arange(_WAVES, device=noisy.device) * math.pi / 2 / _NOISE_STEPS
    turn = (time[:, None] * waves).to(noisy)
    return torch.cat([noisy, conditions.to(noisy), turn.sin(), turn.cos()], dim=1)

"""A codec of brains: a convolutional autoencoder from a volume to a latent of 8 x 8 x 8 and back.

What is coded is the distance from the mean brain. Brains differ from it mostly as if it were warped, that is by its own
slope times a smooth displacement; so the decoder gives, beside plain intensities, smooth fields that are multiplied with
the mean brain and its slopes, and the encoder is shown the products of both. Eight neighbouring voxels are the channels of
one, so that the costly first layers work on an eighth of the grid. What the codec loses (fine texture) is described by its spread in each voxel
and its spectrum, and drawn anew when a brain is decoded with an ``rng``.

References
----------
Kingma & Welling 2014, arXiv:1312.6114; Rombach et al. 2022 (latent diffusion), doi:10.1109/CVPR52688.2022.01042;
Pinaya et al. 2022 (brains), doi:10.1007/978-3-031-18576-2_12.
"""

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.synth_training import Training, mark_of, pick, run_training, tensor, torch_module

__all__ = ["LATENT", "Codec", "finished"]

Array = NDArray[np.float64]
Voxels = NDArray[np.float32]
#: channels and side of the latent
LATENT = (4, 8, 8, 8)
_PATTERNS = 4
_KL = 1e-7
_EDGE = 0.04
_CHUNK = 64
_TEXTURE_SUBJECTS = 200


class Codec:
    """An autoencoder of brain volumes.

    Parameters
    ----------
    training : Training
        Steps, width, device, checkpoints.
    """

    def __init__(self, *, training: Training | None = None) -> None:
        self.training = training or Training()

    def fit(self, voxels: Voxels) -> Self:
        """Learn from volumes, shape (subject, x, y, z), of 16, 32 or 64 voxels a side."""
        torch = torch_module()
        self.mean_ = voxels.mean(axis=0)
        inner = voxels - self.mean_
        self.scale_ = max(float(inner.std()), 1e-6)
        self.patterns_ = tensor(_patterns(self.mean_), self.training)
        self.net_ = _net(voxels.shape[-1], self.training)
        optimizer = torch.optim.Adam(self.net_.parameters(), lr=self.training.learning_rate)
        data = tensor(inner / self.scale_, self.training)[:, None]

        def step(generator: Any) -> float:
            batch = data[pick(len(data), self.training, generator=generator)]
            made, centre, spread = self.net_(self._shown(batch))
            kl = (centre**2 + spread**2 - torch.log(spread**2 + 1e-12) - 1).mean()
            loss = ((self._composed(made) - batch) ** 2).mean() + _KL * kl
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        self.net_.train()
        run_training("codec", step, keep={"net": self.net_, "optimizer": optimizer}, steps=self.training.codec_steps,
                     training=self.training, mark=mark_of(self.training, voxels))  # fmt: skip
        self.net_.eval()
        self._fit_texture(voxels[:_TEXTURE_SUBJECTS])
        return self

    def encode(self, voxels: Voxels) -> Array:
        """The latents of volumes, shape (subject, 4, 8, 8, 8)."""
        if voxels.shape[1:] != self.mean_.shape:
            raise BadInput(f"This codec is for volumes of {self.mean_.shape}; got {voxels.shape[1:]}.")
        torch = torch_module()
        found = []
        with torch.no_grad():
            for at in range(0, len(voxels), _CHUNK):
                batch = tensor((voxels[at : at + _CHUNK] - self.mean_) / self.scale_, self.training)[:, None]
                found.append(self.net_.encode(self._shown(batch))[0].cpu().numpy())
        return np.asarray(np.concatenate(found), dtype=float)

    def decode(self, latents: Array, *, rng: np.random.Generator | None = None) -> Voxels:
        """The volumes of latents; with an ``rng`` they get texture, without it they are smooth."""
        torch = torch_module()
        made = []
        with torch.no_grad():
            for at in range(0, len(latents), _CHUNK):
                smooth = self._composed(self.net_.decode(tensor(latents[at : at + _CHUNK], self.training)))
                made.append(smooth[:, 0].cpu().numpy())
        voxels = np.concatenate(made) * self.scale_ + self.mean_
        return finished(voxels if rng is None else voxels + self._texture(len(voxels), rng))

    def _shown(self, batch: Any) -> Any:
        """What the encoder sees: voxels folded, and how much each pattern is in them round about."""
        torch = torch_module()
        return torch.cat([_folded(batch), torch.nn.functional.avg_pool3d(batch * self.patterns_, 2)], dim=1)

    def _composed(self, made: Any) -> Any:
        """The volume of what the decoder gives: unfolded voxels, and smooth fields times the patterns."""
        torch = torch_module()
        fields = torch.nn.functional.interpolate(made[:, 8:], scale_factor=2, mode="trilinear")
        return _unfolded(made[:, :8]) + (fields * self.patterns_).sum(dim=1, keepdim=True)

    def _fit_texture(self, voxels: Voxels) -> None:
        lost = voxels - self.decode(self.encode(voxels))
        self.spread_ = lost.std(axis=0) + 1e-8
        power = np.abs(np.fft.fftn((lost - lost.mean(axis=0)) / self.spread_, axes=(1, 2, 3))) ** 2
        self.spectrum_ = np.sqrt(power.mean(axis=0) / self.spread_.size)
        self.shift_ = lost.mean(axis=0)

    def _texture(self, count: int, rng: np.random.Generator) -> Array:
        made = np.empty((count, *self.mean_.shape))
        for each in made:
            grain = np.fft.fftn(rng.normal(size=self.mean_.shape)) * self.spectrum_
            each[:] = np.fft.ifftn(grain).real * self.spread_ + self.shift_
        return made


def finished(voxels: NDArray[Any]) -> Voxels:
    """No intensities below 0, and nothing outside the brain."""
    return np.where(voxels > _EDGE, np.minimum(voxels, 1.5), 0.0).astype(np.float32)


def _patterns(mean: Voxels) -> Array:
    """The mean brain and its three slopes, each of unit mean square where it is not 0; shape (1, 4, x, y, z)."""
    found = np.array([mean, *np.gradient(mean.astype(float))])
    size = np.sqrt((found**2).sum(axis=(1, 2, 3)) / max(int((mean > _EDGE).sum()), 1))
    return np.asarray(found / np.maximum(size, 1e-6)[:, None, None, None])[None]


def _net(size: int, training: Training) -> Any:
    """MONAI's autoencoder on folded volumes, halved until 8 voxels a side are left."""
    torch = torch_module()
    torch.manual_seed(training.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nets: Any = need("monai.networks.nets", purpose="Training a generator of volumes")
    levels = {16: 1, 32: 2, 64: 3}[size]
    widths = tuple(training.width * min(2**level, 2) for level in range(levels))
    net = nets.AutoencoderKL(
        spatial_dims=3, in_channels=8 + _PATTERNS, out_channels=8 + _PATTERNS, channels=widths, latent_channels=LATENT[0], num_res_blocks=1,
        norm_num_groups=8, attention_levels=(False,) * levels, with_encoder_nonlocal_attn=False, with_decoder_nonlocal_attn=False,
    )  # fmt: skip
    return net.to(training.device)


def _folded(batch: Any) -> Any:
    """Eight neighbouring voxels as channels of one: (n, 1, s, s, s) to (n, 8, s/2, s/2, s/2)."""
    n, half = batch.shape[0], batch.shape[-1] // 2
    parts = batch.reshape(n, half, 2, half, 2, half, 2)
    return parts.permute(0, 2, 4, 6, 1, 3, 5).reshape(n, 8, half, half, half)


def _unfolded(batch: Any) -> Any:
    n, half = batch.shape[0], batch.shape[-1]
    parts = batch.reshape(n, 2, 2, 2, half, half, half).permute(0, 4, 1, 5, 2, 6, 3)
    return parts.reshape(n, 1, 2 * half, 2 * half, 2 * half)

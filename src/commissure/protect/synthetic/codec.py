"""A codec of brains: a template that is bent and shaded by smooth fields, from a volume to those fields and back.

Brains differ from one another mostly as if one were warped into the other, and beside that in how bright tissue is here
and there (less grey matter in a voxel is a darker voxel). So a brain is coded by six smooth fields on a grid of 8 x 8 x 8
knots: three displacements of a sharp template, and three shades (its intensity and two polynomials of it) that are added.
Fields drawn at random bend edges where a sum of images would blur them. A brain's fields are the most probable ones
under a weak prior of smoothness, found by a few preconditioned steps on any device. Of what fields leave over, the
leading principal components are coded as well; the rest (texture, noise) is drawn anew when a brain is decoded with an
``rng``.

References
----------
Rueckert, Frangi & Schnabel 2003 (statistical deformation models), doi:10.1109/TMI.2003.815865; Cootes, Edwards & Taylor
2001 (shape and appearance), doi:10.1109/34.927467; Joshi et al. 2004 (templates), doi:10.1016/j.neuroimage.2004.07.068.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.synthetic.fields import Grid, crossed, finished
from commissure.protect.synthetic.texture import Texture
from commissure.protect.synthetic.training import Training, tensor, torch_module
from commissure.protect.synthetic.volumes import FIELD_MM

__all__ = ["Codec"]

Array = NDArray[np.float64]
Voxels = NDArray[np.float32]
#: a field's height and how much neighbouring knots differ: three displacements (of 6 mm), three shades
_BENDS, _BEND_KNOTS, _BEND_STEP = (1.2, 1.2, 1.2), 8, (0.4, 0.4, 0.4)
_SHADE, _SHADE_KNOTS, _SHADE_STEP = (0.15, 0.3, 0.6), 12, (0.08, 0.16, 0.32)
_UNIT_MM = 6.0
#: from large to small deviations of an image from its fields: what is coarse is found first
_NOISE = (0.15, 0.05, 0.015)
_STEPS = (3, 3, 5)
_FIRST_STEP = 0.7
_TEMPLATE_SUBJECTS = 60
_TEMPLATE_ROUNDS = 2
_FINER = 3
_VOXELS_AT_ONCE = 1 << 19
_LEFT_SUBJECTS = 200
_LEFT_SHARE, _MOST_LEFT = 6, 40
_MARGIN = 2


class Codec:
    """Brain volumes as smooth fields that bend and shade a template.

    Parameters
    ----------
    training : Training
        Only its device is used: nothing here is drawn at random.
    """

    def __init__(self, *, training: Training | None = None) -> None:
        self.training = training or Training()

    def fit(self, voxels: Voxels) -> Self:
        """Learn the template and the texture of volumes, shape (subject, x, y, z), of 16, 32 or 64 voxels a side."""
        self.size_ = voxels.shape[-1]
        self.mean_ = voxels.mean(axis=0)
        self.template_ = self.mean_.astype(float)
        self.grids_ = (
            Grid.over(self.template_, knots=_BEND_KNOTS, heights=_BENDS, steps=_BEND_STEP),
            Grid.over(
                self.template_, knots=min(_SHADE_KNOTS, self.size_ // 2), heights=_SHADE, steps=_SHADE_STEP
            ),
        )
        self.box_ = _box(self.template_)
        some = voxels[:_TEMPLATE_SUBJECTS]
        for _ in range(_TEMPLATE_ROUNDS):
            self._prepare()
            self._sharpen(some, self._fields(some))
        self._prepare()
        self._fit_left(voxels[:_LEFT_SUBJECTS])
        return self

    def encode(self, voxels: Voxels) -> Array:
        """The latents of volumes, shape (subject, number): their most probable fields, and components of what is left."""
        if voxels.shape[1:] != self.mean_.shape:
            raise BadInput(f"This codec is for volumes of {self.mean_.shape}; got {voxels.shape[1:]}.")
        fields = self._fields(voxels)
        left = (voxels - self._smooth(fields)).reshape(len(voxels), -1)
        return np.concatenate([fields, left @ self.parts_.T], axis=1)

    def decode(self, latents: Array, *, rng: np.random.Generator | None = None) -> Voxels:
        """The volumes of latents; with an ``rng`` they get texture, without it they are smooth."""
        cut = latents.shape[1] - len(self.parts_)
        voxels = self._smooth(latents[:, :cut]) + (latents[:, cut:] @ self.parts_).reshape(
            -1, *self.mean_.shape
        )
        return finished(voxels if rng is None else voxels + self.texture_.draw(len(voxels), rng))

    def weighed(self, latents: Array) -> Array:
        """Latents turned so that their length is how much they change an image, shape (subject, number)."""
        cut = len(self.root_)
        return np.concatenate([latents[:, :cut] @ self.root_.T, latents[:, cut:]], axis=1)

    def unweighed(self, rows: Array) -> Array:
        """Back from :meth:`weighed`."""
        linalg: Any = need("scipy.linalg", purpose="Decoding brain volumes")
        cut = len(self.root_)
        return np.concatenate([linalg.solve_triangular(self.root_, rows[:, :cut].T).T, rows[:, cut:]], axis=1)

    def _fields(self, voxels: Voxels) -> Array:
        return np.concatenate([self._found(voxels[part]) for part in self._parts(len(voxels))])

    def _smooth(self, fields: Array) -> Array:
        """The volumes of fields alone."""
        torch = torch_module()
        made = np.zeros((len(fields), *self.mean_.shape))
        with torch.no_grad():
            for part in self._parts(len(fields)):
                made[(part, *self.box_)] = self._composed(tensor(fields[part], self.training)).cpu().numpy()
        return made

    def _fit_left(self, voxels: Voxels) -> None:
        """Components and texture of what fields leave over."""
        left = (voxels - self._smooth(self._fields(voxels))).reshape(len(voxels), -1)
        own = left - left.mean(axis=0)
        values, vectors = np.linalg.eigh(own @ own.T)
        order = np.argsort(values)[::-1][: min(_MOST_LEFT, len(voxels) // _LEFT_SHARE)]
        self.parts_ = (own.T @ vectors[:, order] / np.sqrt(np.maximum(values[order], 1e-12))).T
        rest = left - (left @ self.parts_.T) @ self.parts_
        self.texture_ = Texture.of(rest.reshape(voxels.shape))

    def _parts(self, count: int) -> list[slice]:
        some = max(1, _VOXELS_AT_ONCE // self.size_**3)
        return [slice(at, at + some) for at in range(0, count, some)]

    def _prepare(self) -> None:
        """Set the template to be sampled finely, and the curvature of the problem where nothing is bent or shaded."""
        torch = torch_module()
        ndimage: Any = need("scipy.ndimage", purpose="Coding brain volumes")
        fine = ndimage.zoom(self.template_, _FINER, order=3, mode="grid-constant", grid_mode=True)
        self.fine_ = tensor(fine, self.training)[None, None]
        middle = (slice(_FINER // 2, None, _FINER),) * 3
        slopes = np.array([each[middle] for each in np.gradient(fine)]) * _FINER * self._unit()
        image = crossed((slopes, _shades(torch.as_tensor(self.template_)).numpy()), self.grids_)
        first, second = (grid.prior() for grid in self.grids_)
        prior = np.block([[first, np.zeros((len(first), len(second)))], [np.zeros((len(second), len(first))), second]])  # fmt: skip
        self.prior_ = tensor(prior, self.training)
        roots = [np.linalg.cholesky(image / each**2 + prior) for each in _NOISE]
        self.solvers_ = [torch.cholesky_inverse(tensor(each, self.training)) for each in roots]
        self.root_ = roots[-1].T * _NOISE[-1]

    def _unit(self) -> float:
        """Voxels in a unit of displacement."""
        return _UNIT_MM * float(self.size_) / FIELD_MM

    def _placed(self, latents: Any) -> tuple[Any, Any]:
        """Where each voxel looks in the template, for grid_sample, and the shades."""
        torch = torch_module()
        bends, shades = self.grids_
        away = bends.spread(latents[:, : bends.length], self.box_) * self._unit()
        axes = [torch.arange(part.start, part.stop, device=latents.device) for part in self.box_]
        here = torch.stack(torch.meshgrid(*axes, indexing="ij"))
        there = ((here + away) * 2 + 1) / self.size_ - 1
        return there.flip(1).permute(0, 2, 3, 4, 1), shades.spread(latents[:, bends.length :], self.box_)

    def _composed(self, latents: Any) -> Any:
        """The volumes of fields within the box, shape (subject, x, y, z)."""
        there, shades = self._placed(latents)
        bent = _sampled(self.fine_, there)
        return bent + (shades * _shades(bent).movedim(0, 1)).sum(dim=1)

    def _found(self, voxels: Voxels) -> Array:
        """The most probable fields of a few brains: preconditioned steps, shortened for a brain where they lead uphill."""
        torch = torch_module()
        wanted = tensor(voxels[(slice(None), *self.box_)], self.training)
        at = torch.zeros((len(wanted), len(self.prior_)), device=wanted.device)
        for noise, solver, steps in zip(_NOISE, self.solvers_, _STEPS, strict=True):
            cost, slope = self._cost(at, wanted, noise)
            length = torch.full_like(cost, _FIRST_STEP)[:, None]
            for _ in range(steps):
                ahead = at - length * (slope @ solver)
                cost_ahead, slope_ahead = self._cost(ahead, wanted, noise)
                better = (cost_ahead < cost)[:, None]
                length = torch.where(better, (1.5 * length).clamp(max=1.0), 0.4 * length)
                cost = torch.minimum(cost, cost_ahead)
                at, slope = torch.where(better, ahead, at), torch.where(better, slope_ahead, slope)
        return np.asarray(at.cpu().numpy(), dtype=float)

    def _cost(self, fields: Any, wanted: Any, noise: float) -> tuple[Any, Any]:
        """How improbable fields are for each brain, and the slope of that."""
        torch = torch_module()
        fields = fields.detach().requires_grad_(True)
        image = ((self._composed(fields) - wanted) ** 2).flatten(1).sum(dim=1) / 2 / noise**2
        (slope,) = torch.autograd.grad(image.sum(), fields)
        pull = fields.detach() @ self.prior_
        return image.detach() + (fields.detach() * pull).sum(dim=1) / 2, slope + pull

    def _sharpen(self, voxels: Voxels, fields: Array) -> None:
        """Add to the template what it lacks in all brains, at the places they look at."""
        torch = torch_module()
        change = torch.zeros((1, 1, *self.mean_.shape), device=self.fine_.device)
        lack, hits = change.clone(), change.clone()
        for part in self._parts(len(voxels)):
            latents = tensor(fields[part], self.training)
            there, _ = self._placed(latents)
            left = tensor(voxels[(part, *self.box_)], self.training) - self._composed(latents)
            for total, values in ((lack, left), (hits, torch.ones_like(left))):
                change.requires_grad_(True)
                (share,) = torch.autograd.grad((_sampled(change, there) * values).sum(), change)
                total += share
        self.template_ = self.template_ + (lack / (hits + 1.0)).cpu().numpy()[0, 0]


def _box(brain: Array) -> tuple[slice, slice, slice]:
    """The part of the grid that brains fill."""
    parts = []
    for axis in range(3):
        filled = np.flatnonzero(brain.max(axis=tuple({0, 1, 2} - {axis})) > 0.01)
        parts.append(
            slice(max(0, int(filled[0]) - _MARGIN), min(brain.shape[axis], int(filled[-1]) + 1 + _MARGIN))
        )
    return parts[0], parts[1], parts[2]


def _shades(template: Any) -> Any:
    """What shades multiply: the intensity, and two polynomials that are 0 at black and white."""
    torch = torch_module()
    middle = template * (1 - template)
    return torch.stack([template, middle, middle * (1 - 2 * template)])


def _sampled(image: Any, there: Any) -> Any:
    torch = torch_module()
    whole = image.expand(len(there), -1, -1, -1, -1)
    return torch.nn.functional.grid_sample(whole, there, align_corners=False)[:, 0]

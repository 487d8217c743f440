"""What a structural or functional MRI is like: image quality, tissue, noise, and how parts of the brain vary together.

Measures are those of MRIQC's kind (Esteban et al. 2017, doi:10.1371/journal.pone.0184661) that need no template. The
brain is cut into a grid of 3 x 3 x 2 boxes of the field that it fills, which stand for parcels: no atlas is registered.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.discover.likeness_layout import pack
from commissure.discover.likeness_traces import quantiles
from commissure.errors import BadInput
from commissure.kernels.spectra import bin_log_power, fourier, log_bins
from commissure.model import Descriptor, Image

__all__ = ["describe_image"]

Array = NDArray[np.floating[Any]]
_MOST_VOLUMES, _VOXELS, _BOLD_VOXELS, _SIDE, _CHUNK_BYTES = 240, 60, 40, 4, 1 << 27
_BOXES = (3, 3, 2)
_TINY = 1e-12


def describe_image(image: Image) -> Descriptor:
    """The descriptor of an image: ``bold`` where it has eight volumes or more, ``anat`` otherwise.

    Raises
    ------
    BadInput
        If it is smaller than eight voxels a side, flat, or holds numbers that are not finite.
    """
    shape = tuple(int(size) for size in image.array.shape)
    if len(shape) < 3 or min(shape[:2]) < 8:
        raise BadInput(f"An image is described from 8 voxels a side on; got {' x '.join(map(str, shape))}.")
    steps = tuple(max(1, size // _VOXELS) for size in shape[:3])
    if len(shape) > 3 and shape[3] >= 8 and image.about.datatype in {"func", "perf", ""}:
        return _bold(image, shape)
    whole = np.asarray(image.array[:, :, :, 0] if len(shape) > 3 else image.array[:, :, :])
    volume = _checked(
        whole[:: steps[0], :: steps[1], :: steps[2]].astype(np.float64).reshape(*_thinned(shape, steps))
    )
    return pack("anat", _anat(volume, image.affine_mm, shape))


def _thinned(shape: tuple[int, ...], steps: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-(-size // step) for size, step in zip(shape[:3], steps, strict=True))


def _checked(values: Array) -> Array:
    if not np.isfinite(values).mean() > 0.5:
        raise BadInput("Most of the image's values are no numbers; it cannot be described.")
    found = np.where(np.isfinite(values), values, 0.0)
    if not np.ptp(found) > 0:
        raise BadInput("All of the image's values are the same; it cannot be described.")
    return found


def _volumes(array: Any, shape: tuple[int, ...], steps: tuple[int, ...]) -> Array:
    """The first volumes, every so many voxels, shape (time, x, y, z).

    Read many at a time: to reach a volume of a packed file, all before it is unpacked.
    """
    count = min(shape[3], _MOST_VOLUMES)
    at_once = max(1, _CHUNK_BYTES // (8 * int(np.prod(shape[:3]))))
    parts = []
    for start in range(0, count, at_once):
        block = np.asarray(array[:, :, :, start : min(start + at_once, count)])
        block = block.reshape(*block.shape[:4])[:: steps[0], :: steps[1], :: steps[2]]
        parts.append(np.moveaxis(block, 3, 0).astype(np.float32))
    return _checked(np.concatenate(parts))


def _threshold(values: Array) -> float:
    """Otsu's threshold (doi:10.1109/TSMC.1979.4310076)."""
    counts, edges = np.histogram(values, 128)
    middles, weight = (edges[:-1] + edges[1:]) / 2, np.cumsum(counts)
    mass = np.cumsum(counts * middles)
    between = (mass[-1] * weight / weight[-1] - mass) ** 2 / np.maximum(weight * (weight[-1] - weight), 1)
    return float(middles[between.argmax()])


def _inside(volume: Array) -> NDArray[np.bool_]:
    capped = np.minimum(volume, np.percentile(volume, 99.5))
    inside = capped > _threshold(capped)
    return inside if inside.sum() >= 64 else volume > np.median(volume)


def _sizes(affine_mm: Array, shape: tuple[int, ...]) -> Array:
    return np.asarray(np.sqrt((affine_mm[:3, :3] ** 2).sum(axis=0))[: min(3, len(shape))])


def _anat(volume: Array, affine_mm: Array, shape: tuple[int, ...]) -> dict[str, Array]:
    inside = _inside(volume)
    head = volume[inside] / max(float(np.median(volume[inside])), _TINY)
    outside = volume[~inside] / max(float(np.median(volume[inside])), _TINY)
    voxel = np.maximum(_sizes(affine_mm, shape), 1e-3)
    field = np.log(np.maximum(voxel * shape[:3], 1e-3))
    litres = inside.mean() * float(np.prod(voxel * shape[:3])) / 1e6
    steps = [
        np.abs(np.diff(volume, axis=axis)) / max(float(np.median(volume[inside])), _TINY) for axis in range(3)
    ]
    edges = np.array(
        [
            part
            for step in steps
            for part in (np.log(step.mean() + 1e-6), np.log(np.percentile(step, 95) + 1e-6))
        ]
    )
    quality = np.array([
        np.log(head.std() + 1e-6), np.log(outside.std() + 1e-3), np.log(np.mean(head**2) / max(np.mean(outside**2), 1e-4)) / 3,
        np.log(_entropy_focus(volume) + 1e-3), np.log(np.percentile(head, 99) + 1e-6), np.log(np.percentile(head, 1) + 1e-2),
    ])  # fmt: skip
    fractions, levels = _tissue(head)
    return {
        "size": np.array([*np.log(voxel), field.mean(), np.log(litres + 0.01), np.ptp(field)]),
        "quality": quality,
        "histogram": np.sqrt(np.histogram(np.clip(head, 0, 2.999), 24, (0, 3))[0] / len(head)) * 2,
        "tissue": np.concatenate([fractions, levels]),
        "texture": np.concatenate([edges, quantiles(head, shares=(10, 90))]),
        "layout": _layout(volume),
    }


def _entropy_focus(volume: Array) -> float:
    largest = max(float(np.sqrt((volume**2).sum())), _TINY)
    share = np.abs(volume) / largest
    return float(
        -(share * np.log(np.maximum(share, _TINY))).sum()
        / (np.sqrt(volume.size) * np.log(np.sqrt(volume.size)))
    )


def _tissue(head: Array) -> tuple[Array, Array]:
    """Fractions and levels of three classes of intensity, by Lloyd's algorithm on 4,000 voxels."""
    sample = np.sort(head)[:: max(1, len(head) // 4000)]
    levels = np.percentile(sample, [15, 50, 85])
    for _ in range(20):
        nearest = np.abs(sample[:, None] - levels).argmin(axis=1)
        levels = np.array(
            [sample[nearest == k].mean() if (nearest == k).any() else levels[k] for k in range(3)]
        )
    return np.bincount(nearest, minlength=3) / len(sample), levels


def _layout(volume: Array) -> Array:
    """Mean intensity in a grid of 4 x 4 x 4, against the whole."""
    grid = np.zeros((_SIDE,) * 3)
    cuts = [np.linspace(0, size, _SIDE + 1).astype(int) for size in volume.shape]
    for i in range(_SIDE):
        for j in range(_SIDE):
            for k in range(_SIDE):
                box = volume[
                    cuts[0][i] : cuts[0][i + 1], cuts[1][j] : cuts[1][j + 1], cuts[2][k] : cuts[2][k + 1]
                ]
                grid[i, j, k] = box.mean() if box.size else 0.0
    return np.asarray((grid / max(float(grid.mean()), _TINY)).ravel())


def _bold(image: Image, shape: tuple[int, ...]) -> Descriptor:
    steps = tuple(-(-size // _BOLD_VOXELS) for size in shape[:3])
    volumes = _volumes(image.array, shape, steps).astype(np.float64)
    count = len(volumes)
    mean = volumes.mean(axis=0)
    inside = _inside(mean)
    level = max(float(np.median(mean[inside])), _TINY)
    series = volumes[:, inside] / level
    time = np.linspace(-1, 1, count)[:, None]
    series = series - series.mean(axis=0) - time * ((time * series).sum(axis=0) / (time**2).sum())
    noise = series.std(axis=0)
    snr = np.log(mean[inside] / level / np.maximum(noise, 1e-6))
    jumps = np.sqrt((np.diff(series, axis=0) ** 2).mean(axis=1))
    voxel = np.maximum(_sizes(image.affine_mm, shape), 1e-3)
    repetition_s = image.repetition_s if image.repetition_s and image.repetition_s > 0 else float("nan")
    parts = {
        "size": np.array([*np.log(voxel), np.log(repetition_s), np.log(float(np.mean(voxel * shape[:3]))), np.log(inside.mean() + 1e-3)]),
        "quality": np.array([*quantiles(snr), np.log(np.median(jumps) + 1e-6), np.log(np.percentile(jumps, 95) / max(np.median(jumps), 1e-9)),
                             np.log(mean[inside].std() / level + 1e-6)]),
        "layout": _layout(mean),
    }  # fmt: skip
    shares = np.maximum(np.linalg.eigvalsh(series @ series.T), 0)[::-1]
    shares = np.log(shares / max(shares.sum(), _TINY) + 1e-6)
    parts["components"] = shares[:10] if count >= 20 else np.full(10, np.nan)
    if count >= 20:
        parts["connectivity"] = _connectivity(series, inside)
        if np.isfinite(repetition_s) and count * repetition_s >= 60:
            parts["spectrum"] = _temporal(series, repetition_s)
    return pack("bold", parts)


def _temporal(series: Array, repetition_s: float) -> Array:
    power = (np.abs(fourier(series[:, :: max(1, series.shape[1] // 2000)])) ** 2).mean(axis=1)[:, None]
    hz = np.fft.rfftfreq(len(series), repetition_s)
    own = bin_log_power(power, frequencies_hz=hz, edges_hz=log_bins(0.01, 0.16, count=8))[:, 0]
    return np.asarray(own - own.mean())


def _connectivity(series: Array, inside: NDArray[np.bool_]) -> Array:
    """Fisher's z of the correlations of the boxes of the brain, the global signal taken out."""
    where = np.argwhere(inside)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    box = np.zeros(len(where), dtype=int)
    for axis, parts in enumerate(_BOXES):
        box = box * parts + np.minimum(
            (where[:, axis] - low[axis]) * parts // max(high[axis] - low[axis], 1), parts - 1
        )
    means = np.stack(
        [series[:, box == k].mean(axis=1) if (box == k).any() else np.zeros(len(series)) for k in range(18)],
        axis=1,
    )
    means = means - means.mean(axis=1, keepdims=True)
    means = means / np.maximum(means.std(axis=0), _TINY)
    found = means.T @ means / len(means)
    return np.asarray(np.arctanh(np.clip(found[np.triu_indices(18, 1)], -0.99, 0.99)))

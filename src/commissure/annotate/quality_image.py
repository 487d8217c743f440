"""Quality of an Image: motion from volume to volume, spikes, signal to noise, ghosts.

Motion is the shift of the head's centre of mass, which is fast and needs no registration; what it does not see
(rotation about the centre) shows as DVARS (Power et al. 2012, doi:10.1016/j.neuroimage.2011.10.018). The ghost-to-
signal ratio is that of Giannelli et al. 2010 (doi:10.1120/jacmp.v11i4.3237).
"""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.model import Annotation, Finding, Image, Severity

__all__ = ["check_image", "dvars", "shifts_mm"]

_VALUES = 100_000_000
_MOTION_MM = 0.5
_SPIKE_Z = 6.0
_SPIKE_RATIO = 1.5
_LEAST_VOLUMES = 5
_LEAST_SNR = 5.0
_MOST_GHOST = 0.15
_FOREGROUND = 0.2
_BRIGHT = 0.5
_LEAST_AIR = 50
_NOISE_FACTOR = 0.655


def check_image(image: Image) -> tuple[tuple[Annotation, ...], tuple[Finding, ...]]:
    """Marks (``motion``, ``signal_spike``, in seconds where a repetition time is known) and Findings of one image."""
    shape = tuple(int(size) for size in image.array.shape)
    if len(shape) < 3 or 0 in shape:
        message = f"The image has shape {shape}; a volume has three dimensions."
        return (), (Finding("quality.shape", Severity.WARNING, message),)
    data = _load(image.array, shape)
    findings: list[Finding] = []
    bad = int((~np.isfinite(data)).sum())
    if bad:
        findings.append(_warn("quality.nan", f"{bad} voxels are no numbers."))
        data = np.nan_to_num(data, copy=False)
    mean = data.mean(axis=3) if data.ndim == 4 else data
    mask = _mask(mean)
    if not mask.any():
        return (), (*findings, _warn("quality.empty", "The image holds one value only."))
    phase = (
        image.about.suffix.startswith(("phase", "fieldmap")) or image.about.entities.get("part") == "phase"
    )
    findings += [] if phase else _noise(mean, mask)
    epi = image.about.suffix in {"bold", "epi", "sbref", "dwi", "asl"} or image.about.datatype in {
        "func",
        "perf",
    }
    if epi:
        findings += _ghost(mean, image)
    marks: tuple[Annotation, ...] = ()
    if data.ndim == 4 and data.shape[3] >= _LEAST_VOLUMES and image.about.suffix not in {"dwi", "asl"}:
        marks, moved = _motion(data, mask, image)
        findings += moved
    return marks, tuple(findings)


def _load(array: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    volume = int(np.prod(shape[:3]))
    if len(shape) < 4:
        return np.asarray(array, dtype=np.float32)
    volumes = max(_LEAST_VOLUMES, _VALUES // volume)
    data = np.asarray(array[..., :volumes] if shape[3] > volumes else array, dtype=np.float32)
    return data.reshape(*shape[:3], -1)


def _mask(mean: NDArray[Any], share: float = _FOREGROUND) -> NDArray[np.bool_]:
    top = float(np.percentile(mean, 98))
    return np.asarray(mean > share * top) if top > 0 else np.zeros(mean.shape, dtype=bool)


def shifts_mm(
    data: NDArray[Any], *, affine_mm: NDArray[np.float64], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How far the centre of mass moves from one volume to the next, millimetres; shape (volume - 1,)."""
    weight = np.clip(data, 0, None) * _grown(mask)[..., None]
    total = weight.sum(axis=(0, 1, 2), dtype=np.float64)
    total[total == 0] = 1
    centre = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        profile = weight.sum(axis=others, dtype=np.float64)
        centre.append((np.arange(data.shape[axis])[:, None] * profile).sum(axis=0) / total)
    in_mm = np.asarray(affine_mm)[:3, :3] @ np.array(centre)
    return np.asarray(np.linalg.norm(np.diff(in_mm, axis=1), axis=0))


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and three voxels around it, so that a head that moves out of it is still seen."""
    grown = mask.copy()
    for axis in range(3):
        base = grown.copy()
        for step in (1, 2, 3):
            for sign in (step, -step):
                grown |= np.roll(base, sign, axis=axis)
    return grown


def dvars(data: NDArray[Any], *, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Root mean square change of the signal from one volume to the next inside ``mask``, shape (volume - 1,)."""
    inside = data[mask]
    return np.asarray(np.sqrt(np.mean(np.diff(inside, axis=1).astype(np.float64) ** 2, axis=0)))


def _motion(
    data: NDArray[Any], mask: NDArray[np.bool_], image: Image
) -> tuple[tuple[Annotation, ...], list[Finding]]:
    moved = shifts_mm(data, affine_mm=image.affine_mm, mask=mask)
    change = dvars(data, mask=mask)
    middle = float(np.median(change))
    spread = 1.4826 * float(np.median(np.abs(change - middle))) + 1e-9
    spikes = (change - middle > _SPIKE_Z * spread) & (change > _SPIKE_RATIO * middle)
    shifted = moved > _MOTION_MM
    repetition_s = image.repetition_s
    marks = []
    for index in np.flatnonzero(spikes | shifted):
        label = "motion" if shifted[index] else "signal_spike"
        details = {
            "volume": int(index) + 1,
            "shift_mm": round(float(moved[index]), 4),
            "dvars_ratio": round(float(change[index] / (middle or 1)), 3),
        }
        onset = None if repetition_s is None else (int(index) + 1) * repetition_s
        marks.append(Annotation(label, onset, repetition_s, by="quality", details=details))
    findings = []
    if marks:
        message = (
            f"{len(marks)} of {len(moved)} volumes follow a shift of over {_MOTION_MM} mm or a jump of the signal; "
            f"the centre of mass moves {moved.mean():.3f} mm a volume on average, {moved.max():.2f} mm at most."
        )
        findings.append(_warn("quality.motion", message, "Scrub or regress these volumes."))
    return tuple(marks), findings


def _noise(mean: NDArray[Any], mask: NDArray[np.bool_]) -> list[Finding]:
    """Signal over the noise of the air; where the background was set to zero nothing can be said."""
    sides = [(slice(0, max(2, size // 8)), slice(-max(2, size // 8), None)) for size in mean.shape]
    corners = sorted(
        (mean[corner].ravel() for corner in itertools.product(*sides)), key=lambda block: float(block.mean())
    )
    # a tight field of view has shoulders or a scalp in some corners, never in the quietest half
    air = np.concatenate(corners[:4])
    air = air[air > 0]
    if air.size < _LEAST_AIR:
        return []
    noise = float(air.std()) / _NOISE_FACTOR
    ratio = float(np.median(mean[mask])) / noise if noise > 0 else np.inf
    if ratio >= _LEAST_SNR:
        return []
    return [
        _warn(
            "quality.snr",
            f"The signal-to-noise ratio is {ratio:.1f}; 5 or more is usual.",
            "Look at the image.",
        )
    ]


def _ghost(mean: NDArray[Any], image: Image) -> list[Finding]:
    axis = {"i": 0, "j": 1, "k": 2}.get(str(image.about.sidecar.get("PhaseEncodingDirection", "j"))[:1], 1)
    mask = _mask(mean, _BRIGHT)
    ghost_region = np.roll(mask, mean.shape[axis] // 2, axis=axis) & ~_grown(mask)
    quiet = ~_grown(mask) & ~ghost_region
    if ghost_region.sum() < 50 or quiet.sum() < 50:
        return []
    ratio = float((mean[ghost_region].mean() - mean[quiet].mean()) / np.median(mean[mask]))
    if ratio <= _MOST_GHOST:
        return []
    message = f"The ghost is {100 * ratio:.0f} % of the signal; 15 % or less is usual."
    return [_warn("quality.ghost", message, "Check the Nyquist ghost correction.")]


def _warn(check: str, message: str, remedy: str = "") -> Finding:
    return Finding(check, Severity.WARNING, message, remedy=remedy)

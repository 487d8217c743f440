"""A head in an image: where it is, where its brain is, and how far forward its surface reaches.

The brain is found by deepbet, a small network whose weights come in its wheel (extra ``deep``). Thresholds and
morphology were tried beside it: they agree on an even head (Dice 0.97) and lose a quarter of the brain on one with
a strong coil gradient (Dice 0.85), and what loses brain may not decide where to cut.
"""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Fault
from commissure.extras import need
from commissure.kernels.affine import zooms_mm
from commissure.protect.heads.cortex import cortex_change, measure_cortex

__all__ = [
    "STEP_MM",
    "brain_spread",
    "brain_volume_ml",
    "check_brain_volume",
    "check_voxels",
    "find_brain",
    "find_head",
    "front_mm",
]

#: the grid on which heads are compared
STEP_MM = 2.0
_BRAIN_ML = (700.0, 2300.0)
_EDGE_SHARE = 0.01
#: how much further a head may reach the wrong way, and how far it reaches above and around its brain at most
_TURNED_MM, _MOST_ABOVE_MM, _MOST_AROUND_MM = 25.0, 30.0, 85.0
_VOXEL_MM = (0.15, 6.0)
_CT_AIR, _CT_BONE = -500.0, 300.0
#: voxels of air that are put around a head to see how steady the finder is
_MORE_AIR = (3, 6, 9)


def find_brain(
    volume: NDArray[Any], *, affine_mm: NDArray[np.float64], threads: int = 1
) -> NDArray[np.bool_]:
    """The voxels of the brain, with the fluid in and around it.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        A head, T1-weighted.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).
    threads : int
        Of the network; its answer does not depend on them.

    Returns
    -------
    array of bool, shape (x, y, z)

    Raises
    ------
    MissingExtra
        If deepbet is not installed.
    BadInput
        If no brain is found, or one that cannot be a whole human brain.

    References
    ----------
    Fisch et al. 2024, doi:10.1016/j.compbiomed.2024.108845
    """
    check_t1(volume, affine_mm=affine_mm)
    nibabel = need("nibabel", purpose="Finding the brain in an image")
    need("deepbet", purpose="Finding the brain, which defacing must keep,")
    torch = need("torch", purpose="Finding the brain in an image")
    values = np.nan_to_num(np.asarray(volume, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        _, mask, _ = _network().run(nibabel.Nifti1Image(values, np.asarray(affine_mm, dtype=float)))
    except (AssertionError, ValueError, RuntimeError) as error:
        raise BadInput("No brain was found in the image; give a whole head, T1-weighted.") from error
    finally:
        torch.set_num_threads(before)
    brain = np.asarray(mask.dataobj) > 0
    check_brain_volume(brain, affine_mm=affine_mm)
    return brain


def brain_spread(
    volume: NDArray[Any], brain: NDArray[np.bool_], *, affine_mm: NDArray[np.float64]
) -> tuple[float, float]:
    """How far the finder strays on one and the same head: the largest relative changes of volume and cortex.

    The head stays whole; it only gets more air around it, by an amount that shifts the network's own grid.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        A head, T1-weighted.
    brain : array of bool, shape (x, y, z)
        As it was found in it.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres.
    """
    own = measure_cortex(volume, brain, affine_mm=affine_mm)
    changes = []
    for more in _MORE_AIR:
        wide = find_brain(np.pad(volume, more, mode="edge"), affine_mm=affine_mm)
        again = wide[more:-more, more:-more, more:-more]
        cortex = measure_cortex(volume, again, affine_mm=affine_mm)
        changes.append((abs(again.sum() / brain.sum() - 1.0), cortex_change(own, cortex)))
    volumes, cortices = zip(*changes, strict=True)
    return float(max(volumes)), float(max(cortices))


@functools.cache
def _network() -> Any:
    bet = need("deepbet.bet", purpose="Finding the brain in an image")
    try:
        return bet.BrainExtraction(no_gpu=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise Fault("deepbet's weights cannot be loaded; install deepbet anew.") from error


def brain_volume_ml(brain: NDArray[np.bool_], *, affine_mm: NDArray[np.float64]) -> float:
    """How many millilitres a mask holds.

    >>> brain_volume_ml(np.ones((10, 10, 10), bool), affine_mm=np.diag([2.0, 2.0, 2.0, 1.0]))
    8.0
    """
    return float(brain.sum() * np.prod(zooms_mm(affine_mm)) / 1000.0)


def check_brain_volume(brain: NDArray[np.bool_], *, affine_mm: NDArray[np.float64]) -> None:
    """Refuse a mask that cannot be a whole human brain.

    Raises
    ------
    BadInput
        If it is empty, too small, too large, or cut off by the front or the bottom of the image.
    """
    volume_ml = brain_volume_ml(brain, affine_mm=affine_mm)
    if not _BRAIN_ML[0] <= volume_ml <= _BRAIN_ML[1]:
        allowed = f"{_BRAIN_ML[0]:.0f} to {_BRAIN_ML[1]:.0f} mL"
        raise BadInput(
            f"A whole human brain has {allowed}; the one that was found has {volume_ml:.0f} mL. Give a whole human head; if it is "
            f"one, correct the affine (qform, sform), by which its voxels measure {_size(zooms_mm(affine_mm))} mm."
        )
    faces = sum(int(np.take(brain, (0, -1), axis=axis).sum()) for axis in range(3))
    if faces > _EDGE_SHARE * brain.sum():
        raise BadInput(
            f"The brain is cut off by the edge of the image ({faces} voxels lie on it); give a whole head."
        )


def check_upright(head: NDArray[np.bool_], brain: NDArray[np.bool_]) -> None:
    """Refuse a head that does not stand as its affine says: upside down, looking back, or with its axes swapped.

    Parameters
    ----------
    head, brain : array of bool, shape (x, y, z)
        On the grid of comparison, axes right, front, up.

    Raises
    ------
    BadInput
        With how far the head reaches beyond its brain to each side.
    """
    reach = {}
    for axis, (low, high) in enumerate((("left", "right"), ("back", "front"), ("below", "above"))):
        others = tuple({0, 1, 2} - {axis})
        whole, inner = (np.nonzero(each.any(axis=others))[0] for each in (head, brain))
        if whole.size == 0 or inner.size == 0:
            raise BadInput("No head was found in the image; give a whole head, T1-weighted.")
        reach[low] = float(inner[0] - whole[0]) * STEP_MM
        reach[high] = float(whole[-1] - inner[-1]) * STEP_MM
    turned = {
        "it looks back": reach["back"] > reach["front"] + _TURNED_MM,
        "it stands on its head": reach["above"] > max(reach["below"] + _TURNED_MM, _MOST_ABOVE_MM),
        "its axes are swapped": max(reach["front"], reach["left"], reach["right"], reach["back"])
        > _MOST_AROUND_MM,
    }
    wrong = [text for text, so in turned.items() if so]
    if wrong:
        told = ", ".join(f"{side} {length:.0f} mm" for side, length in reach.items())
        raise BadInput(
            f"By its affine the head does not stand upright ({' and '.join(wrong)}): it reaches beyond its brain {told}. "
            "Correct the affine (qform, sform); a cut by it would spare the face."
        )


def check_t1(volume: NDArray[Any], *, affine_mm: NDArray[np.float64]) -> None:
    """Refuse what cannot be a T1-weighted head, by its numbers alone: no voxels of millimetres, or a CT.

    Raises
    ------
    BadInput
        With the voxels' size, or the brightness of air and bone.
    """
    check_voxels(affine_mm)
    low, high = (float(np.nanpercentile(volume, share)) for share in (5.0, 99.9))
    if low < _CT_AIR and high > _CT_BONE:
        raise BadInput(
            f"The image is called T1-weighted, but its air is at {low:.0f} and its brightest at {high:.0f}, as in a CT in "
            "Hounsfield units. Name it CT (sub-…_ct)."
        )


def check_voxels(affine_mm: NDArray[np.float64]) -> None:
    """Refuse voxels of a size that no head is imaged with.

    Raises
    ------
    BadInput
        With the voxels' size.
    """
    zooms = zooms_mm(affine_mm)
    sound = np.isfinite(affine_mm).all() and abs(float(np.linalg.det(np.asarray(affine_mm)[:3, :3]))) > 0
    if not sound or not (zooms >= _VOXEL_MM[0]).all() or not (zooms <= _VOXEL_MM[1]).all():
        raise BadInput(
            f"The affine says that a voxel measures {_size(zooms)} mm; {_VOXEL_MM[0]:g} to {_VOXEL_MM[1]:g} mm are possible. Correct "
            "the affine (qform, sform)."
        )


def _size(zooms: NDArray[np.float64]) -> str:
    return " × ".join(f"{zoom:.3g}" for zoom in zooms)


def find_head(volume: NDArray[Any]) -> NDArray[np.bool_]:
    """The largest piece that is brighter than the air, its holes filled slice by slice.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Axes right, front, up, voxels of about 2 mm.

    Returns
    -------
    array of bool, shape (x, y, z)
        All False where there is nothing.
    """
    ndimage = need("scipy.ndimage", purpose="Finding the head in an image")
    smooth = ndimage.gaussian_filter(np.asarray(volume, dtype=np.float32), 0.7)
    low, bright = float(smooth.min()), float(np.percentile(smooth, 98))
    if bright <= low:
        return np.zeros(smooth.shape, dtype=bool)
    edge = max(min(smooth.shape) // 12, 2)
    corners = np.stack([smooth[x, y, -edge:] for x in (slice(edge), slice(-edge, None))
                        for y in (slice(edge), slice(-edge, None))])  # fmt: skip
    noise = float(np.median(corners)) - low
    level = low + max(0.10 * (bright - low), min(3.0 * noise, 0.3 * (bright - low)))
    mask = ndimage.binary_opening(smooth > level, iterations=1)
    labels, count = ndimage.label(mask)
    if count == 0:
        return np.zeros(smooth.shape, dtype=bool)
    head = labels == int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    for index in range(head.shape[2]):
        head[:, :, index] = ndimage.binary_fill_holes(head[:, :, index])
    return np.asarray(head, dtype=bool)


def front_mm(head: NDArray[np.bool_], *, step_mm: float = STEP_MM) -> NDArray[np.float32]:
    """How far forward the surface reaches, seen from the front.

    Returns
    -------
    array, shape (x, z)
        Millimetres from the back of the grid; NaN where there is no head.
    """
    there = head.any(axis=1)
    last = head.shape[1] - 1 - head[:, ::-1].argmax(axis=1)
    return np.where(there, last * step_mm, np.nan).astype(np.float32)

"""Whether a volume shows a face that somebody could recognize.

The idea: look at the head from the front, as a map of how far forward its surface reaches. Under the forehead, in
the middle, a face stands out: the nose, lips and chin lie in front of the cheeks by a centimetre or more and reach
at least as far forward as the brow. A face behind, by a wrong affine, is seen, and a head that lies on its side by its
affine is not judged to be faceless. Where a defacing tool has cut, where only the brain is left, or where the scan
ends under the orbits, nothing does. A sphere or a bottle is as far forward in the middle as beside it.

Reference: Schwarz et al. 2019, doi:10.1056/NEJMc1908881 (faces rendered from MRI are recognized).
"""

import re
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.annotate.head_pose import swapped_axes
from commissure.extras import need
from commissure.model import Finding, Image, Severity, Tree

__all__ = ["check_face", "check_tree_faces", "face_prominence"]

#: coarser voxels than this show no features
_COARSEST_MM = 2.5
_WORKING_MM = 2.0
_NIFTI = re.compile(r"\.nii(?:\.gz)?$", re.I)
#: datatypes of echo-planar images, which show no skin in front of the brain; they come in series of volumes
_UNCHECKED = frozenset({"func", "dwi", "perf"})
_FEW_VOLUMES = 3
#: where features lie below the top of the head, and how far the cheeks are from the middle
_ZONE_MM = (60.0, 175.0)
_MIDDLE_MM, _CHEEK_MM = 7.0, (26.0, 38.0)
#: how far behind the brow the middle of a face may lie, how far it stands out, over how much height
_BEHIND_BROW_MM, _PROMINENCE_MM, _HEIGHT_MM = 8.0, 14.0, 12.0
_SMALLEST_HEAD_MM = 90.0
#: seen from behind, a neck may stand out; faces do over 33 to 39 mm
_TURNED_HEIGHT_MM = 24.0
_CT_AIR = -500.0
_SAME, _TURNED = slice(None), slice(None, None, -1)
#: where a face is looked for: an affine whose axis points the wrong way puts it behind; upside down, a defaced head shows as much
_VIEWS = {"front": _SAME, "back": _TURNED}


def check_face(image: Image) -> Finding | None:
    """An ERROR Finding ``protect.face`` if ``image`` shows a face, else None.

    Volumes with voxels over 2.5 mm, and functional, diffusion and perfusion series, are not looked at; fewer than three
    volumes are no series, whatever they are called.

    Parameters
    ----------
    image : Image
        Of four dimensions, the first volume is looked at.

    Returns
    -------
    Finding or None
        What to do is in its remedy.
    """
    if image.about.datatype in _UNCHECKED and _is_series(image.array.shape):
        return None
    return _judged(image.array, image.affine_mm, where="")


def check_tree_faces(tree: Tree) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The Findings on the NIfTI images of a tree that show a face, and the files to leave out.

    Functional, diffusion and perfusion series of a subject (``sub-…/func`` and the like) are not looked at.

    Parameters
    ----------
    tree : Tree
        Of the standard ``"bids"``.

    Returns
    -------
    findings : tuple of Finding
        One an image; ``where`` is its path below ``tree.root``.
    files : tuple of str
        Those images and their side files of the same name, below ``tree.root``.
    """
    nibabel = need("nibabel", purpose="Looking for faces")
    found = []
    for name in tree.files:
        if not _NIFTI.search(name):
            continue
        try:
            native = nibabel.load(tree.root / name)
        except (
            OSError,
            EOFError,
            ValueError,
            nibabel.filebasedimages.ImageFileError,
            nibabel.spatialimages.HeaderDataError,
        ):
            found.append(_unjudged(name))
            continue
        if not hasattr(native, "affine"):
            continue  # CIFTI: numbers by vertex, no picture
        if _is_unchecked(name) and _is_series(native.shape):
            continue
        finding = _judged(native.dataobj, native.affine, where=name)
        found += [finding] if finding else []
    stems = tuple(f"{_NIFTI.sub('', finding.where)}." for finding in found)
    return tuple(found), tuple(name for name in tree.files if stems and name.startswith(stems))


def _is_unchecked(name: str) -> bool:
    """Whether a file lies where BIDS has echo-planar images; a folder that merely is called so may hold any image."""
    folders = name.split("/")[:-1]
    subjects = [index for index, folder in enumerate(folders) if folder.startswith("sub-")]
    return bool(subjects and _UNCHECKED.intersection(folders[subjects[0] :]))


def _is_series(shape: tuple[int, ...]) -> bool:
    return len(shape) > 3 and int(np.prod(shape[3:])) >= _FEW_VOLUMES


def _judged(array: Any, affine_mm: NDArray[np.float64], *, where: str) -> Finding | None:
    zooms = np.sqrt((np.asarray(affine_mm, dtype=float)[:3, :3] ** 2).sum(axis=0))
    if len(array.shape) < 3 or zooms.max() > _COARSEST_MM or zooms.min() <= 0:
        return None
    chosen = (slice(None), slice(None), slice(None), *[0] * (len(array.shape) - 3))
    try:
        volume = _grey(np.asarray(array[chosen]))
    except (OSError, EOFError, ValueError, zlib.error):
        return _unjudged(where)
    ras, step_mm = _upright(volume, affine_mm)
    head = _head(ras)
    if head is None or not _is_whole(head, step_mm):
        return None
    heights = {name: _prominence(head[:, turn], step_mm) for name, turn in _VIEWS.items()}
    name, height_mm = max(heights.items(), key=lambda item: item[1])
    if height_mm < (_HEIGHT_MM if name == "front" else _TURNED_HEIGHT_MM):
        name, height_mm = "front", heights["front"]
    if height_mm < _HEIGHT_MM:
        return _doubted(ras, where)
    message = f"The head shows a face: features stand out over {height_mm:.0f} mm of its {name}; it is not released."
    remedy = "Deface the image, or share the skull-stripped brain."
    if name != "front":
        remedy = f"Correct the affine (qform, sform), by which the face is not in front. {remedy}"
    return Finding("protect.face", Severity.ERROR, message, where, remedy)


def _doubted(ras: NDArray[np.float64], where: str) -> Finding | None:
    """An ERROR if a head does not lie as the affine says, so that no look at its front tells anything."""
    wrong = swapped_axes(ras)
    if not wrong:
        return None
    message = f"By its affine the head does not lie as heads do: {wrong}. So nobody can say that it shows no face; it is not released."
    return Finding("protect.face", Severity.ERROR, message, where, "Correct the affine (qform, sform).")


def _grey(volume: NDArray[Any]) -> NDArray[Any]:
    """One number a voxel: the mean of colours, the magnitude of complex values, a CT counted from air, no NaN."""
    if volume.dtype.names:
        return np.asarray(np.mean([volume[name].astype(float) for name in volume.dtype.names], axis=0))
    if np.iscomplexobj(volume):
        return np.asarray(np.abs(volume))
    if np.issubdtype(volume.dtype, np.floating):
        finite = np.isfinite(volume)
        volume = np.where(finite, volume, volume.min(initial=np.inf, where=finite) if finite.any() else 0.0)
    # a CT counts from water: with air far below zero, its skin would drown in the blur of the air before it
    is_ct = np.issubdtype(volume.dtype, np.number) and float(np.nanpercentile(volume, 5)) < _CT_AIR
    return np.asarray(np.clip(volume, -1000, 400) + 1000.0) if is_ct else volume


def _unjudged(where: str) -> Finding:
    message = "The image cannot be read, so nobody can say that it shows no face; it is not released."
    return Finding("protect.face", Severity.ERROR, message, where, "Get an intact copy of it.")


def face_prominence(volume: NDArray[Any], *, affine_mm: NDArray[np.float64]) -> float:
    """Over how many millimetres of height the middle of the front stands out as a face does.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        Intensities of any scale.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).

    Returns
    -------
    float
        0 where there is no head, or nothing stands out.
    """
    ras, step_mm = _upright(volume, affine_mm)
    head = _head(ras)
    if head is None or not _is_whole(head, step_mm):
        return 0.0
    return _prominence(head, step_mm)


def _prominence(head: NDArray[np.bool_], step_mm: tuple[float, ...]) -> float:
    return _longest_feature_mm(_front(head, step_mm[1]), step_mm)


def _is_whole(head: NDArray[np.bool_], step_mm: tuple[float, ...]) -> bool:
    height_mm = np.ptp(np.nonzero(head.any(axis=(0, 1)))[0]) * step_mm[2]
    width_mm = np.ptp(np.nonzero(head.any(axis=(1, 2)))[0]) * step_mm[0]
    return bool(min(height_mm, width_mm) >= _SMALLEST_HEAD_MM)


def _upright(
    volume: NDArray[Any], affine_mm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    """The volume with axes to the right, front and top, in blocks of about 2 mm."""
    orientations = need("nibabel.orientations", purpose="Turning images upright")
    turn = orientations.io_orientation(affine_mm)
    ras = orientations.apply_orientation(np.nan_to_num(np.asarray(volume, dtype=float)), turn)
    zooms = np.sqrt((np.asarray(affine_mm, dtype=float)[:3, :3] ** 2).sum(axis=0))
    ordered = np.empty(3)
    ordered[turn[:, 0].astype(int)] = zooms
    blocks = np.maximum(np.round(_WORKING_MM / ordered).astype(int), 1)
    for axis, block in enumerate(blocks):
        if block > 1:
            size = ras.shape[axis] // block
            cut = np.take(ras, range(size * block), axis=axis)
            shape = (*cut.shape[:axis], size, block, *cut.shape[axis + 1 :])
            ras = cut.reshape(shape).mean(axis=axis + 1)
    return ras, tuple(float(step) for step in ordered * blocks)


def _head(ras: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """The largest piece that is brighter than the air."""
    ndimage = need("scipy.ndimage", purpose="Finding the head in an image")
    if min(ras.shape) < 8:
        return None
    smooth = ndimage.gaussian_filter(ras, 0.7)
    bright = float(np.percentile(smooth, 98))
    if bright <= 0:
        return None
    mask = ndimage.binary_opening(smooth > _air_level(smooth, bright), iterations=1)
    labels, count = ndimage.label(mask)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel())[1:]
    found: NDArray[np.bool_] = labels == int(np.argmax(sizes)) + 1
    return found


def _air_level(smooth: NDArray[np.float64], bright: float) -> float:
    """Above the noise at the corners, and at least a tenth of the tissue."""
    edge = max(min(smooth.shape) // 12, 2)
    corners = np.concatenate([
        smooth[x, y, z].ravel()
        for x in (slice(edge), slice(-edge, None))
        for y in (slice(edge), slice(-edge, None))
        for z in (slice(edge), slice(-edge, None))
    ])  # fmt: skip
    noise = float(np.median(corners))
    return max(0.10 * bright, min(3.0 * noise, 0.3 * bright))


def _front(head: NDArray[np.bool_], step_mm: float) -> NDArray[np.float64]:
    """How far forward the surface reaches, in millimetres, over (x, z); NaN where there is none."""
    any_there = head.any(axis=1)
    last = head.shape[1] - 1 - head[:, ::-1].argmax(axis=1)
    return np.where(any_there, last * step_mm, np.nan)


def _longest_feature_mm(front_mm: NDArray[np.float64], step_mm: tuple[float, ...]) -> float:
    seen = ~np.isnan(front_mm)
    top = int(np.nonzero(seen.sum(axis=0) * step_mm[0] > 20.0)[0].max(initial=0))
    upper = slice(max(top - int(80.0 / step_mm[2]), 0), top + 1)
    columns = np.nonzero(seen[:, upper].any(axis=1))[0]
    if columns.size == 0:
        return 0.0
    middle = (columns[0] + columns[-1]) / 2.0
    beside_mm = np.abs(np.arange(front_mm.shape[0]) - middle) * step_mm[0]
    centre = _furthest(front_mm[beside_mm <= _MIDDLE_MM])
    left_right = [
        _typical(front_mm[(beside_mm >= _CHEEK_MM[0]) & (beside_mm <= _CHEEK_MM[1]) & side])
        for side in (np.arange(front_mm.shape[0]) < middle, np.arange(front_mm.shape[0]) >= middle)
    ]
    cheek = np.maximum(*left_right)
    brow = np.nanmax(centre[upper], initial=-np.inf)
    below_mm = (top - np.arange(front_mm.shape[1])) * step_mm[2]
    stands_out = (
        (centre - cheek >= _PROMINENCE_MM)
        & (centre >= brow - _BEHIND_BROW_MM)
        & (below_mm >= _ZONE_MM[0])
        & (below_mm <= _ZONE_MM[1])
    )
    return _longest_run(stands_out) * step_mm[2]


def _furthest(front_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    filled = np.where(np.isnan(front_mm), -np.inf, front_mm)
    return np.asarray(filled.max(axis=0, initial=-np.inf))


def _typical(front_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median over x; where half of it shows nothing, as far back as can be."""
    filled = np.where(np.isnan(front_mm), -1e3, front_mm)
    return np.median(filled, axis=0) if filled.shape[0] else np.full(front_mm.shape[1], -1e3)


def _longest_run(flags: NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest

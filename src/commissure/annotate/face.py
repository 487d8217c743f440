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
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.annotate.face_cut import cut_below_height_mm, cut_side, cut_top_height_mm
from commissure.annotate.face_surface import find_outline, front_height_mm, is_whole, upright_blocks
from commissure.annotate.face_turned import find_turned_faces, turned_degrees
from commissure.annotate.head_pose import swapped_axes
from commissure.extras import need
from commissure.kernels.affine import zooms_mm
from commissure.model import Finding, Image, Severity, Tree

__all__ = ["check_face", "check_tree_faces", "face_prominence", "shows_features", "upright_affines_mm"]

#: coarser voxels than this show no features, but for slices of fine pixels that are not too thick
_COARSEST_MM, _FINE_MM, _THICKEST_MM = 2.5, 2.0, 6.5
#: fewer planes than this are not looked at
_FEWEST = 8
#: a head that is turned by less stands upright
_UPRIGHT_DEGREES = 20.0
#: what nibabel reads of one file, or of a pair
_VOLUME = re.compile(r"\.(?:nii(?:\.gz)?|mgz|mgh|img)$", re.I)
#: over how much height a face stands out in front
_HEIGHT_MM = 12.0
#: seen from behind, a neck may stand out; faces do over 33 to 39 mm
_TURNED_HEIGHT_MM = 24.0
_CT_AIR = -500.0
_SAME, _TURNED = slice(None), slice(None, None, -1)
#: where a face is looked for: an affine whose axis points the wrong way puts it behind; upside down, a defaced head shows as much
_VIEWS = {"front": _SAME, "back": _TURNED}
_AFFINE = "Correct the affine (qform, sform)"
_REMEDY_CUT = "A part of a head is defaced by a whole T1-weighted head of the same person, or by hand; or share the skull-stripped brain."
_REMEDY = "Deface the image, or share the skull-stripped brain."


def check_face(image: Image, *, upright: bool = False) -> Finding | None:
    """An ERROR Finding ``protect.face`` if ``image`` shows a face, else None.

    Looked at are voxels of at most 2.5 mm, and slices of up to 6.5 mm of pixels of at most 2 mm; a face is looked for in front, and
    wherever it would be if the affine were wrong. Echo-planar images show no skin in front of the brain, hence no face.

    Parameters
    ----------
    image : Image
        Of four dimensions, the first, the middle and the last volume are looked at.
    upright : bool
        Whether it is known by other means (its brain was found where it belongs) that the head stands as the affine says, but for
        nodding: what stands out elsewhere is no face then.

    Returns
    -------
    Finding or None
        What to do is in its remedy.
    """
    return _judged(image.array, image.affine_mm, where="", upright=upright)


def check_tree_faces(tree: Tree) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The Findings on the images of a tree (NIfTI, Analyze, FreeSurfer's) that show a face, and the files to leave out.

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
        if not _VOLUME.search(name) or (name.lower().endswith(".img") and not _has_header(tree, name)):
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
        finding = _judged(native.dataobj, native.affine, where=name)
        found += [finding] if finding else []
    stems = tuple(f"{_VOLUME.sub('', finding.where)}." for finding in found)
    return tuple(found), tuple(name for name in tree.files if stems and name.startswith(stems))


def _has_header(tree: Tree, name: str) -> bool:
    return any(name[:-4] + end in tree.files for end in (".hdr", ".HDR"))


def _judged(
    array: Any, affine_mm: NDArray[np.float64], *, where: str, upright: bool = False
) -> Finding | None:
    if len(array.shape) < 3 or min(array.shape[:3]) < _FEWEST:
        return None
    affine_mm = _in_mm(affine_mm, array.shape)
    if not np.isfinite(affine_mm).all() or not abs(float(np.linalg.det(affine_mm[:3, :3]))) > 0:
        message = "By its affine the voxels have no size or place, so nobody can say that it shows no face; it is not released."
        return Finding("protect.face", Severity.ERROR, message, where, f"{_AFFINE}.")
    if not shows_features(zooms_mm(affine_mm)):
        return None
    try:
        for volume in _looked_at(array):
            finding = _seen(volume, affine_mm, where=where, upright=upright)
            if finding is not None:
                return finding
    except (OSError, EOFError, ValueError, zlib.error):
        return _unjudged(where)
    return None


def _in_mm(affine_mm: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The affine in millimetres where it can only be in metres, centimetres or micrometres: heads are 15 to 30 cm long."""
    affine = np.asarray(affine_mm, dtype=float)
    longest = float((zooms_mm(affine) * shape[:3]).max())
    units = ((longest < 1.0, 1000.0), (longest > 2e4, 0.001), (longest > 1000.0, 0.1))
    times = next((each for so, each in units if so), 1.0)
    return np.asarray(np.diag([times, times, times, 1.0]) @ affine)


def _looked_at(array: Any) -> Iterator[NDArray[Any]]:
    """The volumes of an image, as grey values; the first, the middle and the last of a series."""
    others = array.shape[3:]
    count = int(np.prod(others))
    for number in sorted({0, count // 2, count - 1} if count else ()):
        chosen = (
            slice(None),
            slice(None),
            slice(None),
            *(int(at) for at in np.unravel_index(number, others)),
        )
        yield _grey(np.asarray(array[chosen]))


def _seen(
    volume: NDArray[Any], affine_mm: NDArray[np.float64], *, where: str, upright: bool
) -> Finding | None:
    ras, step_mm, axes = upright_blocks(volume, affine_mm)
    head = find_outline(ras)
    if head is None:
        return None
    if not is_whole(head, step_mm):
        return _cut(head, step_mm, where=where, upright=upright)
    heights = {name: front_height_mm(head[:, turn], step_mm) for name, turn in _VIEWS.items()}
    name, height_mm = max(heights.items(), key=lambda item: item[1])
    if height_mm < (_HEIGHT_MM if name == "front" else _TURNED_HEIGHT_MM):
        name, height_mm = "front", heights["front"]
    if height_mm >= _HEIGHT_MM:
        message = f"The head shows a face: features stand out over {height_mm:.0f} mm of its {name}; it is not released."
        remedy = _REMEDY if name == "front" else f"{_AFFINE}, by which the face is not in front. {_REMEDY}"
        return Finding("protect.face", Severity.ERROR, message, where, remedy)
    for turned in find_turned_faces(ras, head, step_mm=step_mm, upright=upright):
        degrees = turned_degrees(turned.turn @ axes.T)
        message = (
            f"The head shows a face, but not where its affine puts it: turned by {degrees:.0f} degrees, features stand out over "
            f"{turned.height_mm:.0f} mm of its front; it is not released."
        )
        return Finding("protect.face", Severity.ERROR, message, where, f"{_AFFINE}. {_REMEDY}")
    return _cut(head, step_mm, where=where, upright=upright) or (None if upright else _doubted(ras, where))


def _cut(head: NDArray[np.bool_], step_mm: tuple[float, ...], *, where: str, upright: bool) -> Finding | None:
    """An ERROR if a head is cut and shows a face below, or can show half of one."""
    heights = {
        "above": cut_top_height_mm(head, step_mm),
        "in its nose": cut_below_height_mm(head, step_mm),
    }
    end = max(heights, key=lambda one: heights[one])
    side = "" if upright else cut_side(head, step_mm)
    if heights[end] >= _HEIGHT_MM:
        message = f"The head is cut {end}, and shows a face: features stand out over {heights[end]:.0f} mm; it is not released."
    elif side:
        message = (
            f"The head is cut on its {side}, near its middle, so that half a face or a profile may show and nobody can say that none "
            "does; it is not released."
        )
    else:
        return None
    return Finding("protect.face", Severity.ERROR, message, where, _REMEDY_CUT)


def upright_affines_mm(image: Image) -> tuple[NDArray[np.float64], ...]:
    """The affines by which the face of a head may be in front, the likeliest first; none where it stands upright by its own.

    Only turned: a voxel keeps its size, and the middle of the image its place.

    Parameters
    ----------
    image : Image
        Of four dimensions, the first volume is looked at.

    Returns
    -------
    tuple of array, shape (4, 4)
    """
    affine = np.asarray(image.affine_mm, dtype=float)
    sound = np.isfinite(affine).all() and abs(float(np.linalg.det(affine[:3, :3]))) > 0
    seen = sound and len(image.array.shape) > 2 and shows_features(zooms_mm(affine))
    volume = next(_looked_at(image.array), None) if seen else None
    if volume is None:
        return ()
    ras, step_mm, axes = upright_blocks(volume, affine)
    head = find_outline(ras)
    found = (
        () if head is None or not is_whole(head, step_mm) else find_turned_faces(ras, head, step_mm=step_mm)
    )
    turns = [face.turn @ axes.T for face in found]
    if not turns or turned_degrees(turns[0]) < _UPRIGHT_DEGREES:
        return ()
    centre = (np.array(volume.shape) - 1) / 2.0
    middle = affine[:3, :3] @ centre + affine[:3, 3]
    return tuple(_about(turn @ affine[:3, :3], centre, middle) for turn in turns)


def _about(
    matrix: NDArray[np.float64], centre: NDArray[np.float64], middle: NDArray[np.float64]
) -> NDArray[np.float64]:
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = matrix, middle - matrix @ centre
    return made


def shows_features(sizes_mm: NDArray[np.float64]) -> bool:
    """Whether voxels of such a size may show the features of a face: small ones, or thick slices of fine pixels.

    >>> shows_features(np.array([1.0, 1.0, 1.0])), shows_features(np.array([0.9, 5.0, 0.9])), shows_features(np.array([3.0, 3.0, 3.0]))
    (True, True, False)
    """
    sizes = np.sort(np.asarray(sizes_mm, dtype=float))
    small = sizes[2] <= _COARSEST_MM or (sizes[2] <= _THICKEST_MM and sizes[1] <= _FINE_MM)
    return bool(small and sizes[0] > 0)


def _doubted(ras: NDArray[np.floating[Any]], where: str) -> Finding | None:
    """An ERROR if a head does not lie as the affine says, so that no look at its front tells anything."""
    wrong = swapped_axes(ras)
    if not wrong:
        return None
    message = f"By its affine the head does not lie as heads do: {wrong}. So nobody can say that it shows no face; it is not released."
    return Finding("protect.face", Severity.ERROR, message, where, f"{_AFFINE}.")


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
    ras, step_mm, _ = upright_blocks(volume, affine_mm)
    head = find_outline(ras)
    if head is None or not is_whole(head, step_mm):
        return 0.0
    return front_height_mm(head, step_mm)

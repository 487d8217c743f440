"""The second method: a face that was marked once on an average head, laid over this one by an affine registration.

It knows nothing of this head's brain, so it is used where the planes around the brain fail their checks; what it would
take of the brain and of a margin around it is given back. The average head and its mask are pydeface's (MIT), which come
in its wheel; the registration is ANTs' (both in the extra ``deep``).

References
----------
Gulban et al., pydeface, doi:10.5281/zenodo.3524400; Avants et al. 2011, doi:10.1016/j.neuroimage.2010.09.025.
"""

import functools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.kernels.affine import on_grid_of, on_world_grid
from commissure.protect.heads.deface_cut import FaceCut, Region
from commissure.protect.heads.head import STEP_MM

__all__ = ["template_cut"]

_REGISTER_MM = 3.0
_SEED = 1
#: beyond the template's own field of view, what lies on the face's side goes too
_PAD_MM = 30.0


def template_cut(
    volume: NDArray[Any], brain: NDArray[np.bool_], *, affine_mm: NDArray[np.float64], margin_mm: float
) -> FaceCut:
    """The region of a head that the average head's face covers, but for the brain and a margin around it.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        A whole head.
    brain : array of bool, shape (x, y, z)
        What is kept.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).
    margin_mm : float
        How far the cut stays from the brain.

    Raises
    ------
    MissingExtra
        If pydeface, whose template it is, or antspyx is not installed.
    """
    ndimage: Any = need("scipy.ndimage", purpose="Defacing")
    head, grid = on_world_grid(volume, affine_mm, step_mm=STEP_MM)
    template, face, known_mm = _template()
    move = _registered(volume, affine_mm, template=template, template_mm=known_mm)
    laid = on_grid_of(
        np.pad(face, _pad(known_mm), mode="edge").astype(np.float32), move @ _padded(known_mm), shape=head.shape, grid_mm=grid
    )  # fmt: skip
    gone = laid > 0.5
    kept = on_grid_of(brain, affine_mm, shape=head.shape, grid_mm=grid) > 0.0
    away = ndimage.distance_transform_edt(~kept) * STEP_MM
    return FaceCut((), (), margin_mm, Region(np.asarray(gone & (away > margin_mm + STEP_MM)), grid))


@functools.cache
def _template() -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    """The average head, where its face is, and their affine."""
    nibabel: Any = need("nibabel", purpose="Reading the template head")
    pydeface: Any = need("pydeface", purpose="The second method of defacing")
    data = Path(pydeface.__file__).parent / "data"
    head, keep = (nibabel.load(data / name) for name in ("mean_reg2mean.nii.gz", "facemask.nii.gz"))
    face = np.asarray(keep.dataobj) < 0.5
    return np.asarray(head.dataobj, dtype=np.float32), face, np.asarray(head.affine, dtype=float)


def _pad(affine_mm: NDArray[np.float64]) -> int:
    return int(_PAD_MM / np.linalg.norm(affine_mm[:3, 0]))


def _padded(affine_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    shift = np.eye(4)
    shift[:3, 3] = -_pad(affine_mm)
    return np.asarray(affine_mm @ shift)


def _registered(
    volume: NDArray[Any], affine_mm: NDArray[np.float64], *, template: NDArray[np.float32], template_mm: NDArray[np.float64]
) -> NDArray[np.float64]:  # fmt: skip
    """The affine that takes the template's millimetres to the head's."""
    ants: Any = need("ants", purpose="Laying the template over a head")
    with _steady(ants):
        fixed, moving = (
            _ants_image(each, grid) for each, grid in ((volume, affine_mm), (template, template_mm))
        )
        found = ants.registration(fixed, moving, type_of_transform="Affine", aff_random_sampling_rate=1.0)
    files = [Path(name) for name in found["fwdtransforms"]]
    transform = ants.read_transform(str(files[0]))
    for file in {*files, *(Path(name) for name in found["invtransforms"])}:
        file.unlink(missing_ok=True)
    matrix = np.reshape(transform.parameters[:9], (3, 3))
    centre = np.asarray(transform.fixed_parameters[:3])
    # ANTs tells where a point of the fixed image comes from; here it is asked where a point of the template goes
    back = np.eye(4)
    back[:3, :3] = matrix
    back[:3, 3] = centre + transform.parameters[9:12] - matrix @ centre
    return np.asarray(np.linalg.inv(back), dtype=np.float64)


@contextmanager
def _steady(ants: Any) -> Iterator[None]:
    """ANTs with one thread and a seed, so that the same head gives the same cut; nobody else's random state moves."""
    names, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002 - what ANTs seeds is put back
    ants.config.set_ants_deterministic(on=True, seed_value=_SEED)
    try:
        yield
    finally:
        ants.config.set_ants_deterministic(on=False, seed_value=None)
        random.setstate(names)
        np.random.set_state(numbers)  # noqa: NPY002


def _ants_image(volume: NDArray[Any], affine_mm: NDArray[np.float64]) -> Any:
    """On a coarse grid of world axes, so that ANTs' millimetres are those of the affine."""
    ants: Any = need("ants", purpose="Laying the template over a head")
    values, grid = on_world_grid(volume, affine_mm, step_mm=_REGISTER_MM)
    origin, spacing = [float(x) for x in grid[:3, 3]], [float(grid[i, i]) for i in range(3)]
    return ants.from_numpy(values, origin=origin, spacing=spacing)

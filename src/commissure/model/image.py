"""Images: values over space, and perhaps time."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.model.about import About

__all__ = ["Image"]


@dataclass(frozen=True, slots=True)
class Image:
    """An array with its affine.

    Parameters
    ----------
    array : array-like
        Shape (x, y, z) or (x, y, z, time); need not be in memory.
    affine_mm : array, shape (4, 4)
        From voxel index to millimetres (RAS+).
    about : About
        Whose, when, with what; ``about.sidecar`` holds the BIDS sidecar.
    repetition_s : float or None
        Seconds from volume to volume.
    extra : mapping of str to str
        Small side files by extension, as text (``bval``, ``bvec``, ``aslcontext.tsv``).
    native : object or None
        The reading library's own image.
    """

    array: Any
    affine_mm: NDArray[np.float64]
    about: About
    repetition_s: float | None = None
    extra: dict[str, str] = field(default_factory=dict)
    native: Any = field(default=None, compare=False, repr=False)

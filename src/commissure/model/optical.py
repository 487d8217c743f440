"""Optical imaging: movies and the cells found in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.model.about import About
from commissure.model.recording import Signal

__all__ = ["Cells", "Movie"]


@dataclass(frozen=True, slots=True)
class Movie:
    """Frames over time.

    Parameters
    ----------
    frames : array-like
        Shape (time, y, x) or (time, y, x, z); need not be in memory.
    rate_hz : float
        Frames a second; NaN if nothing tells it.
    about : About
        Whose, when, with what.
    pixel_um : tuple of float or None
        Size of a pixel (x, y), micrometres.
    technique : str
        ``"two-photon"``, ``"one-photon"``, ``"widefield"`` or empty.
    """

    frames: Any
    rate_hz: float
    about: About
    pixel_um: tuple[float, float] | None = None
    technique: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """Regions of interest with their traces.

    Parameters
    ----------
    pixels : tuple of array
        For each cell an array (pixel, 3) of x, y, weight.
    traces : mapping of str to Signal
        ``"fluorescence"``, ``"neuropil"``, ``"deconvolved"`` …, each of shape (time, cell).
    rate_hz : float
        Frames a second; NaN if nothing tells it.
    accepted : array of bool or None
        Which cells a person or classifier took for cells.
    about : About
        Whose, when, with what.
    size_px : tuple of int
        Height and width of the field of view.
    mean_image : array or None
        Shape (y, x).
    """

    pixels: tuple[NDArray[np.float64], ...]
    traces: Mapping[str, Signal]
    rate_hz: float
    about: About
    size_px: tuple[int, int] = (0, 0)
    accepted: NDArray[np.bool_] | None = None
    mean_image: NDArray[np.float64] | None = None
    native: Any = field(default=None, compare=False, repr=False)

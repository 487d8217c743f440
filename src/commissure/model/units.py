"""Units: sorted spike trains."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from commissure.model.about import About

__all__ = ["Units"]


@dataclass(frozen=True, slots=True)
class Units:
    """Spike trains, one a unit.

    Parameters
    ----------
    ids : tuple of int
        The sorter's cluster numbers.
    times_s : tuple of array
        Spike times of each unit, in seconds from the recording's first sample, ascending.
    about : About
        Whose, when, with what.
    columns : mapping of str to sequence
        One value a unit (``quality``, ``amplitude``, ``depth_um``, ``waveform_mean`` …).
    """

    ids: tuple[int, ...]
    times_s: tuple[NDArray[np.float64], ...]
    about: About
    columns: Mapping[str, object] = field(default_factory=dict)

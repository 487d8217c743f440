"""Behaviour: poses, gaze and video."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.model.about import About
from commissure.model.annotation import Annotation

__all__ = ["Gaze", "Pose", "Video"]


@dataclass(frozen=True, slots=True)
class Pose:
    """Tracked body parts.

    Parameters
    ----------
    parts : tuple of str
        Names of the body parts.
    position_px : array, shape (time, part, 2)
        x and y, pixels; NaN where not seen.
    confidence : array, shape (time, part), or None
        From 0 to 1.
    times_s : array, shape (time,)
        Seconds from the first frame.
    about : About
        Whose, when, with what.
    """

    parts: tuple[str, ...]
    position_px: NDArray[np.float64]
    confidence: NDArray[np.float64] | None
    times_s: NDArray[np.float64]
    about: About
    source_video: str = ""


@dataclass(frozen=True, slots=True)
class Gaze:
    """Eye position and pupil: ``samples`` (time, column), names in ``columns``, events as Annotations."""

    samples: NDArray[np.float64]
    columns: tuple[str, ...]
    rate_hz: float
    about: About
    annotations: tuple[Annotation, ...] = ()
    native: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Video:
    """A film of an animal or a person, left in its file.

    Parameters
    ----------
    path : Path
        The file.
    rate_hz : float
        Frames a second.
    frames : int
        How many.
    size_px : tuple of int
        Width and height.
    has_audio : bool
        Whether a sound track is inside.
    times_s : array or None
        The time base, where one was kept beside the film.
    """

    path: Path
    rate_hz: float
    frames: int
    size_px: tuple[int, int]
    about: About
    has_audio: bool = False
    times_s: NDArray[np.float64] | None = None

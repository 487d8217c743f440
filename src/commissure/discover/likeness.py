"""Likeness: one descriptor of any noun's signal, and how near two of them are."""

from collections.abc import Callable, Mapping
from typing import Any

from commissure.discover.likeness_electro import describe_electro
from commissure.discover.likeness_image import describe_image
from commissure.discover.likeness_traces import describe_nirs, describe_probe
from commissure.discover.likeness_tracks import describe_cells, describe_gaze, describe_movie, describe_pose
from commissure.discover.likeness_units import describe_sweeps, describe_units
from commissure.errors import BadInput
from commissure.model import Cells, Descriptor, Gaze, Image, Movie, Pose, Recording, Sweeps, Units

__all__ = ["describe_signal"]

_BY_KIND: Mapping[type, Callable[[Any], Descriptor]] = {
    Image: describe_image, Units: describe_units, Sweeps: describe_sweeps, Movie: describe_movie, Cells: describe_cells,
    Pose: describe_pose, Gaze: describe_gaze,
}  # fmt: skip


def describe_signal(noun: object) -> Descriptor:
    """The descriptor of a recording, an image, spike trains, sweeps, a film, cells, a pose or a gaze.

    It reads a bounded part of the signal, spread over all of it, in flat memory, and draws nothing: the same bytes give
    the same numbers.

    Parameters
    ----------
    noun : Recording, Image, Units, Sweeps, Movie, Cells, Pose or Gaze
        What was read from a file.

    Raises
    ------
    BadInput
        If the signal is too short, flat or without numbers, or if nothing describes its kind (a video).

    Examples
    --------
    >>> import numpy as np
    >>> from commissure.model import About, Subject
    >>> rng = np.random.default_rng(0)
    >>> trains = tuple(np.cumsum(rng.exponential(0.1, 200)) for _ in range(5))
    >>> describe_signal(Units((1, 2, 3, 4, 5), trains, About("ecephys", Subject("m1")))).blocks
    ('rates', 'intervals', 'regularity', 'together')
    """
    if isinstance(noun, Recording):
        return _describe_recording(noun)
    describe = _BY_KIND.get(type(noun))
    if describe is None:
        raise BadInput(
            f"The signal of a {type(noun).__name__} cannot be described; recordings, images and tracks can."
        )
    return describe(noun)


def _describe_recording(recording: Recording) -> Descriptor:
    if not recording.channels or not recording.rate_hz > 0:
        raise BadInput("The recording has no channel or no sampling rate; it cannot be described.")
    if recording.about.datatype == "nirs":
        return describe_nirs(recording)
    if recording.about.datatype == "ecephys":
        return describe_probe(recording)
    return describe_electro(recording)

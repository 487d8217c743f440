"""First look at the quality of any noun: what is marked, and what a person should know.

Nothing here stops a release: the gravest Finding is a WARNING. Long recordings are sampled, evenly spread, so that
two gigabytes cost seconds.

>>> import numpy as np
>>> from commissure.model import About, Channel, Recording, Subject
>>> volts = np.random.default_rng(0).standard_normal((2000, 8))
>>> volts[:, 3] = 0.0
>>> names = tuple(Channel(f"E{i}", "EEG") for i in range(8))
>>> marks, findings = check_quality(Recording(volts, 500.0, names, About("eeg", Subject("01"))))
>>> [(mark.label, mark.channels) for mark in marks]
[('flat', ('E3',))]
"""

from functools import singledispatch
from typing import Any

import numpy as np

from commissure.annotate.quality_image import check_image
from commissure.annotate.quality_recording import check_recording
from commissure.annotate.quality_tracks import (
    check_cells,
    check_gaze,
    check_movie,
    check_pose,
    check_sweeps,
    check_units,
    check_video,
)
from commissure.model import (
    Annotation,
    Cells,
    Finding,
    Gaze,
    Image,
    Movie,
    Pose,
    Recording,
    Sweeps,
    Units,
    Video,
)

__all__ = ["Judged", "check_quality"]

#: what every check here gives: marks and judgements
Judged = tuple[tuple[Annotation, ...], tuple[Finding, ...]]


def check_quality(noun: Any, *, rng: np.random.Generator | None = None) -> Judged:
    """Annotations of what is wrong where, and Findings (WARNING or INFO) that sum it up.

    Parameters
    ----------
    noun : Recording, Image, Units, Sweeps, Movie, Cells, Pose, Gaze, Video or Tree
        What is judged; a Tree is left to its own standard's validators and gives nothing.
    rng : Generator or None
        Moves the windows that a long recording is sampled at; None for evenly spread ones, always the same.

    Returns
    -------
    annotations : tuple of Annotation
        Channels and stretches, ``by="quality"``.
    findings : tuple of Finding
        Checks are called ``quality.…``; ``where`` is left empty for the caller to fill.
    """
    return _check(noun, rng)


@singledispatch
def _check(noun: Any, rng: np.random.Generator | None) -> Judged:
    del noun, rng
    return (), ()


@_check.register
def _(noun: Recording, rng: np.random.Generator | None) -> Judged:
    return check_recording(noun, rng=rng)


@_check.register
def _(noun: Image, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_image(noun)


@_check.register
def _(noun: Units, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_units(noun)


@_check.register
def _(noun: Sweeps, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_sweeps(noun)


@_check.register
def _(noun: Movie, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_movie(noun)


@_check.register
def _(noun: Cells, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_cells(noun)


@_check.register
def _(noun: Pose, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_pose(noun)


@_check.register
def _(noun: Gaze, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_gaze(noun)


@_check.register
def _(noun: Video, rng: np.random.Generator | None) -> Judged:
    del rng
    return check_video(noun)

"""Quality of spike trains, sweeps, films, cells, poses and gaze.

Refractory violations become a rate of contamination by a Poisson train of other cells, after Hill et al. 2011
(doi:10.1523/JNEUROSCI.0971-11.2011) and Llobet et al. 2022 (doi:10.1101/2022.02.08.479192).
"""

import numpy as np
from numpy.typing import NDArray

from commissure.model import Annotation, Cells, Finding, Gaze, Movie, Pose, Severity, Sweeps, Units, Video

__all__ = [
    "check_cells",
    "check_gaze",
    "check_movie",
    "check_pose",
    "check_sweeps",
    "check_units",
    "check_video",
    "contamination",
]

_REFRACTORY_S = 0.0015
_LEAST_SPIKES = 50
_MOST_CONTAMINATION = 0.1
_SURE = 0.6
_UNSURE_SHARE = 0.2
_JUMP_MADS = 12.0
_JUMP_OF_RANGE = 0.1
_STRETCH_FRAMES = 5
_LOST_SHARE = 0.3
_FRAMES_SEEN = 200
Judged = tuple[tuple[Annotation, ...], tuple[Finding, ...]]


def contamination(
    times_s: NDArray[np.float64], *, duration_s: float, refractory_s: float = _REFRACTORY_S
) -> float:
    """The share of spikes that come from other cells, from how many follow too soon; from 0 to 1.

    Parameters
    ----------
    times_s : array, shape (spike,)
        Ascending.
    duration_s : float
        Of the recording.
    refractory_s : float
        How long a cell is silent after a spike.

    Examples
    --------
    >>> contamination(np.arange(100) / 10.0, duration_s=10.0)
    0.0
    """
    count = len(times_s)
    violations = int((np.diff(times_s) < refractory_s).sum())
    if count < 2 or not violations:
        return 0.0
    # all pairs too close are the foreign train's with itself or with the cell's: N^2 - (own N)^2 of them
    load = violations * duration_s / (refractory_s * count**2)
    return 1.0 if load >= 1 else float(1 - np.sqrt(1 - load))


def check_units(units: Units) -> Judged:
    """Units whose spikes follow each other too fast for one cell, and trains that are out of order."""
    duration_s = max((float(times[-1]) for times in units.times_s if len(times)), default=0.0)
    marks, unordered = [], 0
    for unit, times in zip(units.ids, units.times_s, strict=True):
        if np.any(np.diff(times) < 0):
            unordered += 1
            continue
        share = contamination(times, duration_s=duration_s) if len(times) >= _LEAST_SPIKES else 0.0
        if share > _MOST_CONTAMINATION:
            details = {"unit": int(unit), "contamination": round(share, 4)}
            marks.append(Annotation("refractory_violations", by="quality", details=details))
    findings = []
    if marks:
        message = f"{len(marks)} of {len(units.ids)} units fire within {1000 * _REFRACTORY_S} ms so often that over 10 % of their spikes are another cell's."
        findings.append(_warn("quality.refractory", message, "Treat them as multi-unit activity."))
    if unordered:
        findings.append(
            _warn("quality.clock_backwards", f"{unordered} spike trains are not in ascending order.")
        )
    return tuple(marks), tuple(findings)


def check_sweeps(sweeps: Sweeps) -> Judged:
    """Sweeps that hold no numbers or do not change."""
    marks = []
    for index, sweep in enumerate(sweeps.sweeps):
        label = (
            "nan" if not np.isfinite(sweep.response).all() else "flat" if np.ptp(sweep.response) == 0 else ""
        )
        if label:
            length = len(sweep.response) / sweeps.rate_hz
            marks.append(Annotation(label, sweep.start_s, length, by="quality", details={"sweep": index}))
    if not marks:
        return (), ()
    message = f"{len(marks)} of {len(sweeps.sweeps)} sweeps are flat or hold values that are no numbers."
    return tuple(marks), (_warn("quality.sweeps", message, "Leave them out of the analysis."),)


def check_movie(movie: Movie) -> Judged:
    """Frames that repeat the one before or are one value only, among the first and evenly spread others."""
    count = int(movie.frames.shape[0])
    seen = np.unique(np.linspace(0, max(count - 2, 0), min(count, _FRAMES_SEEN)).astype(int))
    marks = []
    for index in seen if count > 1 else ():
        pair = np.asarray(movie.frames[int(index) : int(index) + 2])
        label = (
            "empty_frame"
            if np.ptp(pair[0]) == 0
            else "dropped_frame"
            if np.array_equal(pair[0], pair[1])
            else ""
        )
        if label:
            onset = float(index) / movie.rate_hz if np.isfinite(movie.rate_hz) and movie.rate_hz > 0 else None
            marks.append(Annotation(label, onset, by="quality", details={"frame": int(index)}))
    if not marks:
        return (), ()
    message = f"{len(marks)} of {len(seen)} frames looked at are empty or repeat the one before."
    return tuple(marks), (_warn("quality.frames", message),)


def check_cells(cells: Cells) -> Judged:
    """Cells whose trace holds no numbers or does not change."""
    marks = []
    for name, trace in cells.traces.items():
        values = np.asarray(trace[: min(trace.shape[0], 20_000)], dtype=np.float64)
        dead = ~np.isfinite(values).all(axis=0) | (np.nan_to_num(values).std(axis=0) == 0)
        if name == "fluorescence":
            marks += [
                Annotation("dead_trace", by="quality", details={"cell": int(cell)})
                for cell in np.flatnonzero(dead)
            ]
    if not marks:
        return (), ()
    return tuple(marks), (_warn("quality.dead_trace", f"{len(marks)} cells have a flat or broken trace."),)


def check_pose(pose: Pose) -> Judged:
    """Body parts the tracker was unsure of, and jumps that no body makes."""
    marks: list[Annotation] = []
    findings = list(_clock(pose.times_s))
    unsure, jumping = [], []
    for index, part in enumerate(pose.parts):
        weak = np.asarray(np.isnan(pose.position_px[:, index]).any(axis=1))
        if pose.confidence is not None:
            weak = weak | ~(pose.confidence[:, index] >= _SURE)
        marks += _stretches(weak, pose.times_s, "low_confidence", part)
        if weak.mean() > _UNSURE_SHARE:
            unsure.append(part)
        jumps = _jumps(pose.position_px[:, index], weak)
        marks += [
            Annotation("tracking_jump", float(pose.times_s[frame]), channels=(part,), by="quality")
            for frame in jumps
        ]
        if len(jumps):
            jumping.append(part)
    if unsure:
        message = (
            f"The tracker is unsure of {', '.join(unsure)} in over {100 * _UNSURE_SHARE:.0f} % of the frames."
        )
        findings.append(_warn("quality.confidence", message, "Label more frames of them, or leave them out."))
    if jumping:
        findings.append(
            _warn(
                "quality.tracking_jump",
                f"The track jumps at {', '.join(jumping)}.",
                "Interpolate over the jumps.",
            )
        )
    return tuple(marks), tuple(findings)


def _jumps(position_px: NDArray[np.float64], weak: NDArray[np.bool_]) -> NDArray[np.intp]:
    speed = np.linalg.norm(np.diff(position_px, axis=0), axis=1)
    good = np.isfinite(speed) & ~weak[1:] & ~weak[:-1]
    if good.sum() < 10:
        return np.array([], dtype=np.intp)
    middle = np.median(speed[good])
    spread = 1.4826 * np.median(np.abs(speed[good] - middle)) + 1e-9
    seen = position_px[np.isfinite(position_px).all(axis=1)]
    reach = float(np.linalg.norm(np.ptp(seen, axis=0)))
    return (
        np.flatnonzero(good & (speed > middle + _JUMP_MADS * spread) & (speed > _JUMP_OF_RANGE * reach)) + 1
    )


def _stretches(
    weak: NDArray[np.bool_], times_s: NDArray[np.float64], label: str, part: str
) -> list[Annotation]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], weak, [False]]).astype(np.int8)))
    marks = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin >= _STRETCH_FRAMES:
            start = float(times_s[begin])
            marks.append(Annotation(label, start, float(times_s[end - 1]) - start, (part,), by="quality"))
    return marks


def check_gaze(gaze: Gaze) -> Judged:
    """The share of samples in which the eye was lost."""
    lost = float(np.isnan(gaze.samples).any(axis=1).mean()) if len(gaze.samples) else 1.0
    if lost <= _LOST_SHARE:
        return (), ()
    return (), (_warn("quality.eye_lost", f"The eye is lost in {100 * lost:.0f} % of the samples."),)


def check_video(video: Video) -> Judged:
    """A film whose time base runs backwards or has another length than the film."""
    if video.times_s is None:
        return (), ()
    findings = list(_clock(video.times_s))
    if len(video.times_s) != video.frames:
        message = f"The time base has {len(video.times_s)} entries for {video.frames} frames."
        findings.append(_warn("quality.frames", message, "Check for dropped frames."))
    return (), tuple(findings)


def _clock(times_s: NDArray[np.float64]) -> tuple[Finding, ...]:
    steps = np.diff(times_s)
    findings = []
    if np.any(steps < 0):
        message = f"The clock runs backwards {int((steps < 0).sum())} times."
        findings.append(_warn("quality.clock_backwards", message, "Check the device's clock."))
    usual = float(np.median(steps)) if len(steps) else 0.0
    gaps = int((steps > 3 * usual).sum()) if usual > 0 else 0
    if gaps:
        findings.append(
            _warn(
                "quality.gaps",
                f"The clock jumps {gaps} times by more than three frames.",
                "Look for dropped frames.",
            )
        )
    return tuple(findings)


def _warn(check: str, message: str, remedy: str = "") -> Finding:
    return Finding(check, Severity.WARNING, message, remedy=remedy)

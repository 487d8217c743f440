"""Pose, Gaze and Video into NWB."""

import math
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.model import Gaze, Pose, Video
from commissure.standardize.nwb_file import Draft, path_of
from commissure.standardize.nwb_recording import add_annotations
from commissure.standardize.nwb_store import packed

__all__ = ["add_gaze", "add_pose", "add_video"]

_FRAME = "(0, 0) is the top left corner of the picture; x to the right, y down."
_EVEN = 1e-6


def add_pose(draft: Draft, pose: Pose) -> None:
    """Add a SpatialSeries a body part to ``behavior/Position``, and the confidence beside."""
    pynwb = need("pynwb", purpose="Writing NWB")
    module = draft.nwbfile.create_processing_module(name="behavior", description="Tracked body parts.")
    comments = f"Placed by {pose.about.sidecar.get('labeled_by', 'an unknown tracker')}."
    if pose.about.sidecar.get("clock") == "unknown":
        comments += " The frame rate is not known: times are frame numbers, not seconds."
        draft.say("rate", "Nothing tells the film's frame rate; the pose's times are frame numbers.",
                  remedy="Put the film beside its table, or give rate_hz in commissure.yaml.")  # fmt: skip
    timing = _timing(pose.times_s)
    position = pynwb.behavior.Position(name="Position")
    for index, part in enumerate(pose.parts):
        position.add_spatial_series(
            pynwb.behavior.SpatialSeries(
                name=part.replace("/", "-"),
                description=f"x and y of {part}, pixels.",
                reference_frame=_FRAME,
                unit="pixels",
                data=packed(pose.position_px[:, index, :]),
                comments=comments,
                **timing,
            )  # fmt: skip
        )
    module.add(position)
    if pose.confidence is not None:
        series = pynwb.TimeSeries(
            name="PoseConfidence", description=f"Likelihood, from 0 to 1, of: {', '.join(pose.parts)}.", unit="n/a",
            data=packed(pose.confidence), comments=comments, **timing,
        )  # fmt: skip
        module.add(pynwb.behavior.BehavioralTimeSeries(name="BehavioralTimeSeries", time_series=series))


def add_gaze(draft: Draft, gaze: Gaze) -> None:
    """Add gaze to ``behavior/EyeTracking`` and pupil to ``behavior/PupilTracking``."""
    pynwb = need("pynwb", purpose="Writing NWB")
    module = draft.nwbfile.create_processing_module(name="behavior", description="Eye tracking.")
    timing: dict[str, Any] = {"starting_time": 0.0, "rate": float(gaze.rate_hz)}
    eyes, pupils, others = pynwb.behavior.EyeTracking(), pynwb.behavior.PupilTracking(), []
    for side in ("left", "right", ""):
        pair = [
            i
            for i, name in enumerate(gaze.columns)
            if name.lower().startswith(("xpos", "ypos")) and _side(name) == side
        ]
        if len(pair) == 2:
            eyes.add_spatial_series(
                pynwb.behavior.SpatialSeries(
                    name=f"{side}_eye".strip("_"),
                    description=f"x and y of the {side or 'tracked'} eye.",
                    unit="pixels",
                    reference_frame=_FRAME,
                    data=packed(gaze.samples[:, pair]),
                    **timing,
                )  # fmt: skip
            )
    for index, name in enumerate(gaze.columns):
        low = name.lower()
        series = pynwb.TimeSeries(
            name=name.replace("/", "-"), description=f"Column {name} of the tracker.", unit="n/a",
            data=packed(gaze.samples[:, index]), **timing,
        )  # fmt: skip
        if low.startswith("pupil"):
            pupils.add_timeseries(series)
        elif not low.startswith(("xpos", "ypos")):
            others.append(series)
    for container, filled in ((eyes, eyes.spatial_series), (pupils, pupils.time_series)):
        if len(filled):
            module.add(container)
    for series in others:
        module.add(series)
    add_annotations(draft, gaze.annotations)


def _side(name: str) -> str:
    return next((side for side in ("left", "right") if side in name.lower()), "")


def add_video(draft: Draft, video: Video) -> None:
    """Add an ImageSeries that points to the film, which is copied beside the NWB file."""
    pynwb = need("pynwb", purpose="Writing NWB")
    stem = path_of(draft.about).removesuffix(".nwb").split("/")[-1]
    name = f"{stem}/{stem}_external_file_0{video.path.suffix.lower()}"
    timing = (
        {"rate": float(video.rate_hz), "starting_time": 0.0, "num_samples": video.frames}
        if video.times_s is None
        else {"timestamps": packed(video.times_s)}
    )
    sound = " It has a sound track." if video.has_audio else ""
    draft.nwbfile.add_acquisition(
        pynwb.image.ImageSeries(
            name="Video",
            description=f"Film of the subject: {video.frames} frames of {video.size_px[0]} by {video.size_px[1]} pixels.{sound}",
            external_file=[f"./{name}"],
            format="external",
            starting_frame=[0],
            unit="n/a",
            dimension=list(video.size_px),
            device=draft.device,
            **timing,
        )
    )
    draft.beside.append((video.path, name))


def _timing(times_s: Any) -> dict[str, Any]:
    times = np.asarray(times_s, dtype=np.float64)
    if len(times) > 1:
        steps = np.diff(times)
        step = float(np.median(steps))
        if step > 0 and math.isfinite(step) and np.all(np.abs(steps - step) < _EVEN * step):
            return {"starting_time": float(times[0]), "rate": 1.0 / step}
    return {"timestamps": packed(times)}

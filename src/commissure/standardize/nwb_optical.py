"""Movies and Cells into NWB: photon series or images, segmentation and traces."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.formats.lazy import BlockSignal
from commissure.model import Cells, Movie
from commissure.standardize.nwb_file import Draft
from commissure.standardize.nwb_store import empty, packed

__all__ = ["add_cells", "add_movie"]

_PHOTONS = {"two-photon": "TwoPhotonSeries", "one-photon": "OnePhotonSeries", "widefield": "OnePhotonSeries"}
_TRACES = {"fluorescence": "Fluorescence", "neuropil": "Neuropil", "deconvolved": "Deconvolved"}


def add_movie(draft: Draft, movie: Movie) -> None:
    """Add the frames to the acquisition, as a photon series where the optics are known, else as an ImageSeries."""
    pynwb = need("pynwb", purpose="Writing NWB")
    signal = _turned(movie.frames)
    kind = _PHOTONS.get(movie.technique, "ImageSeries")
    timing = _timing(draft, movie.rate_hz)
    if kind == "ImageSeries":
        series = pynwb.image.ImageSeries(
            name=kind, description="Frames of an optical recording; nothing tells the optics.", data=empty(signal),
            unit="n/a", format="raw", device=draft.device, dimension=list(signal.shape[1:]), **timing,
        )  # fmt: skip
        draft.say("optics", "Nothing tells the optics; the frames are written as an ImageSeries.",
                  remedy="Give technique (two-photon, one-photon) in commissure.yaml.")  # fmt: skip
    else:
        plane = _plane(draft, movie.rate_hz, pixel_um=movie.pixel_um)
        series = getattr(pynwb.ophys, kind)(
            name=kind, description="Frames of an optical recording.", data=empty(signal), imaging_plane=plane,
            unit="n/a", dimension=list(signal.shape[1:]), **timing,
        )  # fmt: skip
    draft.nwbfile.add_acquisition(series)
    draft.pours.append((f"/acquisition/{kind}/data", signal))


def add_cells(draft: Draft, cells: Cells) -> None:
    """Add the plane segmentation and a RoiResponseSeries a trace, to be poured in."""
    pynwb = need("pynwb", purpose="Writing NWB")
    hdmf = need("hdmf.common", purpose="Writing NWB")
    module = draft.nwbfile.create_processing_module(
        name="ophys", description="Segmented cells and their traces."
    )
    table = _segmentation(draft, cells)
    segmentation = pynwb.ophys.ImageSegmentation(name="ImageSegmentation")
    segmentation.add_plane_segmentation(table)
    module.add(segmentation)
    timing = _timing(draft, cells.rate_hz)
    for name, trace in cells.traces.items():
        container = _TRACES.get(name, name.title().replace("_", ""))
        holder = pynwb.ophys.Fluorescence(name=container)
        module.add(holder)
        rois = hdmf.DynamicTableRegion(
            name="rois", data=np.arange(len(cells.pixels)), description="All cells of the plane.", table=table
        )
        series = pynwb.ophys.RoiResponseSeries(
            name="RoiResponseSeries", description=f"{container} of each cell.", data=empty(trace), rois=rois,
            unit="n/a", **timing,
        )  # fmt: skip
        holder.add_roi_response_series(series)
        draft.pours.append((f"/processing/ophys/{container}/RoiResponseSeries/data", trace))
    if cells.mean_image is not None:
        image = pynwb.image.GrayscaleImage(
            name="mean",
            data=packed(np.asarray(cells.mean_image, dtype=np.float32).T),
            description="Mean of all frames.",
        )
        module.add(
            pynwb.base.Images(name="SummaryImages", images=[image], description="Summary of the plane.")
        )


def _segmentation(draft: Draft, cells: Cells) -> Any:
    pynwb = need("pynwb", purpose="Writing NWB")
    hdmf = need("hdmf.common", purpose="Writing NWB")
    kind = np.dtype([("x", np.uint32), ("y", np.uint32), ("weight", np.float32)])
    masks = (
        np.concatenate([_mask(cell, kind) for cell in cells.pixels]) if cells.pixels else np.zeros(0, kind)
    )
    pixels = hdmf.VectorData(name="pixel_mask", description="Pixel masks for each ROI", data=masks)
    ends = np.cumsum([len(cell) for cell in cells.pixels], dtype=np.int64)
    columns: list[Any] = [pixels, hdmf.VectorIndex(name="pixel_mask_index", data=ends, target=pixels)]
    if cells.accepted is not None:
        words = "Whether a person or a classifier took the region for a cell."
        columns.append(
            hdmf.VectorData(name="is_cell", description=words, data=np.asarray(cells.accepted, dtype=bool))
        )
    return pynwb.ophys.PlaneSegmentation(
        name="PlaneSegmentation",
        description="Regions of interest of one plane.",
        imaging_plane=_plane(draft, cells.rate_hz),
        id=hdmf.ElementIdentifiers(name="id", data=np.arange(len(cells.pixels))),
        columns=columns,
    )


def _mask(cell: NDArray[Any], kind: Any) -> NDArray[Any]:
    mask = np.zeros(len(cell), dtype=kind)
    mask["x"], mask["y"], mask["weight"] = cell[:, 0], cell[:, 1], cell[:, 2]
    return mask


def _plane(draft: Draft, rate_hz: float, *, pixel_um: tuple[float, float] | None = None) -> Any:
    pynwb = need("pynwb", purpose="Writing NWB")
    channel = pynwb.ophys.OpticalChannel(
        name="OpticalChannel", description="The data do not tell the channel.", emission_lambda=float("nan")
    )
    spacing = (
        {"grid_spacing": [value * 1e-6 for value in pixel_um], "grid_spacing_unit": "meters"}
        if pixel_um
        else {}
    )
    rate = {"imaging_rate": float(rate_hz)} if math.isfinite(rate_hz) else {}
    return draft.nwbfile.create_imaging_plane(
        name="ImagingPlane",
        description="The imaged plane; the data tell neither indicator nor excitation.",
        optical_channel=channel,
        device=draft.device,
        excitation_lambda=float("nan"),
        indicator="unknown",
        location="unknown",
        **rate,
        **spacing,
    )


def _timing(draft: Draft, rate_hz: float) -> dict[str, Any]:
    if math.isfinite(rate_hz) and rate_hz > 0:
        return {"starting_time": 0.0, "rate": float(rate_hz)}
    draft.say("rate", "Nothing tells the frame rate; times are counted in frames (1 a second).",
              remedy="Give rate_hz in commissure.yaml.")  # fmt: skip
    return {
        "starting_time": 0.0,
        "rate": 1.0,
        "comments": "The frame rate is not known: times are frame numbers, not seconds.",
    }


def _turned(frames: Any) -> BlockSignal:
    """Frames (time, y, x[, z]) as NWB has them: (time, x, y[, z])."""
    shape = tuple(frames.shape)
    order = (0, 2, 1, *range(3, len(shape)))

    def block(start: int, stop: int) -> NDArray[Any]:
        return np.ascontiguousarray(np.asarray(frames[start:stop]).transpose(order))

    return BlockSignal(block, shape=tuple(shape[axis] for axis in order), dtype=frames.dtype)

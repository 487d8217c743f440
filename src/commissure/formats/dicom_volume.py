"""Volumes that lie in DICOM files: slices of a series, or frames of one file, in the order of their places in space.

Only what stands in parallel planes is stacked. Places come from ImagePositionPatient along the normal of
ImageOrientationPatient, never from numbers or names. DICOM's axes (left, back, head) are turned to RAS+.

Reference: DICOM PS3.3, C.7.6.2.1.1 (image plane).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.formats.dicom_glance import glance

__all__ = ["Frame", "Stack", "check_rewritable", "find_stacks", "read_stack", "rewrite_stack"]

_TAGS = {"series": 0x0020000E, "study": 0x0020000D, "modality": 0x00080060, "description": 0x0008103E, "protocol": 0x00181030,
         "orientation": 0x00200037, "position": 0x00200032, "spacing": 0x00280030, "frames": 0x00280008}  # fmt: skip
_UNCOMPRESSED = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}
_SCANS = {"MR", "CT", "PT"}
_SAME_PLACE_MM = 0.05
#: by how much the cosines and spacings of parallel planes may differ
_SAME_TURN = 0.01


@dataclass(frozen=True, slots=True)
class Frame:
    """One plane: the file, which of its frames, and where its first pixel lies (mm, DICOM's axes)."""

    path: Path
    index: int
    position_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Stack:
    """Parallel planes of one series.

    Parameters
    ----------
    study, modality, names : str
        From the header; ``names`` are the series' description and protocol.
    affine_mm : array, shape (4, 4)
        From (column, row, plane) to millimetres, RAS+; NaN where the headers do not say where the planes lie.
    planes : tuple of tuple of Frame
        In the order of their places; a plane that was taken several times holds several Frames.
    """

    study: str
    modality: str
    names: str
    affine_mm: NDArray[np.float64]
    planes: tuple[tuple[Frame, ...], ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """All its files, each once."""
        return tuple(dict.fromkeys(frame.path for plane in self.planes for frame in plane))


@dataclass(frozen=True, slots=True, eq=False)
class _Parallel:
    """Frames of one series with the same orientation (6 cosines) and spacing (row, column)."""

    plane: NDArray[np.float64]
    values: dict[str, str]
    frames: list[Frame]


def find_stacks(files: Iterable[Path], *, least: int = 8) -> tuple[Stack, ...]:
    """The volumes of at least so many planes that lie in DICOM files; pixels are not read.

    Parameters
    ----------
    files : iterable of Path
        DICOM files of any series; what has no place in space is passed over, but for MR, CT and PET.
    least : int
        How many places a volume has at least.
    """
    series: dict[str, list[_Parallel]] = defaultdict(list)
    unplaced: dict[str, list[Stack]] = defaultdict(list)
    for path in files:
        values = _values(path)
        places = _places(path, values)
        if not places and values.get("modality", "") in _SCANS:
            unplaced[values.get("series", "")].append(_unplaced(path, values))
        known = series[values.get("series", "")]
        for index, (position, orientation, spacing) in enumerate(places):
            plane = np.array([*orientation, *spacing])
            group = next((one for one in known if np.allclose(one.plane, plane, atol=_SAME_TURN)), None)
            if group is None:
                group = _Parallel(plane, values, [])
                known.append(group)
            group.frames.append(Frame(path, index, (position[0], position[1], position[2])))
    stacks = (_stacked(group) for known in series.values() for group in known)
    joined = (replace(many[0], planes=sum((one.planes for one in many), ())) for many in unplaced.values())
    return tuple(stack for stack in (*stacks, *joined) if len(stack.planes) >= least)


def read_stack(stack: Stack, *, repeat: int = 0) -> NDArray[np.float32]:
    """The values of one volume, shape (column, row, plane), scaled as the header says.

    Parameters
    ----------
    stack : Stack
        Whose files are read.
    repeat : int
        Which of the Frames of each plane; the last one where it has fewer, -1 for the last.
    """
    made, read = [], _Reader()
    for plane in stack.planes:
        frame = plane[-1 if repeat < 0 else min(repeat, len(plane) - 1)]
        pixels, slope, inter = read.frame(frame)
        made.append((pixels * np.float32(slope) + np.float32(inter)).T)
    if len({one.shape for one in made}) > 1:
        raise BadInput("The planes of the series differ in size.")
    return np.stack(made, axis=2)


def rewrite_stack(stack: Stack, *, removed: NDArray[np.bool_]) -> None:
    """Give the lowest stored value of the series to all pixels of ``removed``, in every Frame of its plane.

    All other bits of the files' pixels stay.

    Parameters
    ----------
    stack : Stack
        Whose files are replaced.
    removed : array of bool, shape (column, row, plane)
        Where.

    Raises
    ------
    BadInput
        As :func:`check_rewritable` says.
    """
    pydicom = need("pydicom", purpose="Rewriting DICOM images")
    lowest = min(int(_stored(pydicom.dcmread(path))[1].min()) for path in stack.files)
    masks: dict[Path, list[tuple[int, NDArray[np.bool_]]]] = defaultdict(list)
    for number, plane in enumerate(stack.planes):
        for frame in plane:
            masks[frame.path].append((frame.index, removed[:, :, number].T))
    for path, wanted in masks.items():
        dataset = pydicom.dcmread(path)
        bits, _ = _stored(dataset)
        made = bits.copy()
        for index, mask in wanted:
            made[index][mask] = np.array(lowest).astype(made.dtype)
        data = made.tobytes()
        dataset.PixelData = data + b"\x00" * (len(data) % 2)
        dataset.save_as(path, enforce_file_format=True)


def check_rewritable(stack: Stack) -> None:
    """Refuse a stack whose pixels :func:`rewrite_stack` cannot rewrite.

    Raises
    ------
    BadInput
        If pixels are compressed, coloured, inverted, or not of 8 or 16 bits.
    """
    for path in stack.files:
        _check_pixels(_header(path))


def _check_pixels(dataset: Any) -> None:
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    if syntax not in _UNCOMPRESSED:
        raise BadInput(
            "The pixels of the series are compressed; only uncompressed ones are defaced in DICOM."
        )
    kind = (str(dataset.PhotometricInterpretation), int(dataset.SamplesPerPixel), int(dataset.BitsAllocated))
    if kind not in {("MONOCHROME2", 1, 8), ("MONOCHROME2", 1, 16)}:
        raise BadInput(
            f"The pixels of the series are {kind[0]} with {kind[1]} samples of {kind[2]} bits; only MONOCHROME2 with one "
            "of 8 or 16 bits is defaced in DICOM."
        )


def _stored(dataset: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """The bits of all frames as they lie in the file, and the stored values, both of shape (frame, row, column)."""
    _check_pixels(dataset)
    bits = int(dataset.BitsAllocated)
    shape = (int(dataset.get("NumberOfFrames", 1) or 1), int(dataset.Rows), int(dataset.Columns))
    signed = bool(dataset.PixelRepresentation)
    raw = np.frombuffer(dataset.PixelData, dtype=f"<{'i' if signed else 'u'}{bits // 8}")
    raw = raw[: int(np.prod(shape))].reshape(shape)
    unused = bits - int(dataset.BitsStored)
    # bits above those that are stored are not part of the value
    values = (raw << unused) >> unused if unused else raw
    return raw, values


class _Reader:
    """Reads frames, and keeps the last file open in memory for the next one."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.dataset: Any = None
        self.pixels: NDArray[Any] = np.empty(0)

    def frame(self, frame: Frame) -> tuple[NDArray[np.float32], float, float]:
        if frame.path != self.path:
            pydicom = need("pydicom", purpose="Reading DICOM images")
            self.dataset, self.path = pydicom.dcmread(frame.path), frame.path
            pixels = np.asarray(self.dataset.pixel_array)
            if int(self.dataset.get("SamplesPerPixel", 1) or 1) > 1:
                pixels = pixels.mean(axis=-1)
            self.pixels = pixels if pixels.ndim == 3 else pixels[None]
        group = _group(self.dataset, frame.index, "PixelValueTransformationSequence") or self.dataset
        slope, inter = group.get("RescaleSlope", None), group.get("RescaleIntercept", None)
        plane = self.pixels[frame.index].astype(np.float32)
        return plane, float(1.0 if slope is None else slope), float(0.0 if inter is None else inter)


def _values(path: Path) -> dict[str, str]:
    seen = glance(path, _TAGS.values())
    if seen is not None:
        return {name: seen.values[tag] for name, tag in _TAGS.items() if tag in seen.values}
    header = _header(path)
    texts = {name: header.get(tag) for name, tag in _TAGS.items()}
    return {name: _text(element.value) for name, element in texts.items() if element is not None}


def _text(value: Any) -> str:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value)
    return "\\".join(str(part) for part in value)


def _header(path: Path) -> Any:
    pydicom = need("pydicom", purpose="Reading DICOM images")
    return pydicom.dcmread(path, stop_before_pixels=True)


def _places(path: Path, values: dict[str, str]) -> Sequence[tuple[list[float], list[float], list[float]]]:
    """Position, orientation and spacing of each frame; none where the file has no place in space."""
    whole = [_numbers(values.get(name, "")) for name in ("position", "orientation", "spacing")]
    if [len(one) for one in whole] == [3, 6, 2]:
        return [(whole[0], whole[1], whole[2])]
    if not values.get("frames", "").strip().isdigit():
        return []
    header, places = _header(path), []
    for index in range(int(values["frames"])):
        position = _of(header, index, "PlanePositionSequence", "ImagePositionPatient")
        orientation = _of(header, index, "PlaneOrientationSequence", "ImageOrientationPatient")
        spacing = _of(header, index, "PixelMeasuresSequence", "PixelSpacing")
        if [len(position), len(orientation), len(spacing)] != [3, 6, 2]:
            return []
        places.append((position, orientation, spacing))
    return places


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split("\\")]
    except ValueError:
        return []


def _of(header: Any, index: int, sequence: str, keyword: str) -> list[float]:
    group = _group(header, index, sequence)
    value = None if group is None else group.get(keyword)
    return [] if value is None else [float(part) for part in value]


def _group(header: Any, index: int, sequence: str) -> Any:
    """A functional group of one frame, its own or that of all frames; None where there is none."""
    for groups, item in (("PerFrameFunctionalGroupsSequence", index), ("SharedFunctionalGroupsSequence", 0)):
        held = header.get(groups)
        if held and item < len(held) and held[item].get(sequence):
            return held[item].get(sequence)[0]
    return None


def _stacked(group: _Parallel) -> Stack:
    along, down, frames = group.plane[:3], group.plane[3:6], group.frames
    normal = np.cross(along, down)
    depths = np.array([float(np.dot(normal, frame.position_mm)) for frame in frames])
    planes: list[list[Frame]] = []
    reached: list[float] = []
    for number in np.argsort(depths, kind="stable"):
        if not reached or depths[number] - reached[-1] > _SAME_PLACE_MM:
            reached.append(float(depths[number]))
            planes.append([])
        planes[-1].append(frames[number])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = along * group.plane[7], down * group.plane[6]
    if len(reached) > 1:
        # the planes of a tilted gantry are shifted against each other
        whole = np.subtract(planes[-1][0].position_mm, planes[0][0].position_mm)
        affine[:3, 2] = whole / (reached[-1] - reached[0]) * float(np.median(np.diff(reached)))
    affine[:3, 3] = planes[0][0].position_mm
    values = group.values
    turned = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    return Stack(
        values.get("study", ""), values.get("modality", ""), _names(values), turned, tuple(map(tuple, planes))
    )


def _unplaced(path: Path, values: dict[str, str]) -> Stack:
    count = int(values["frames"]) if values.get("frames", "").strip().isdigit() else 1
    planes = tuple((Frame(path, index, (np.nan, np.nan, np.nan)),) for index in range(count))
    return Stack(values.get("study", ""), values["modality"], _names(values), np.full((4, 4), np.nan), planes)


def _names(values: dict[str, str]) -> str:
    return f"{values.get('description', '')} {values.get('protocol', '')}".strip()

"""Voxels put to the background where a mask says so; every other stored value stays, bit by bit."""

import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Unreadable
from commissure.extras import need

__all__ = [
    "ScaledVoxels",
    "blank",
    "check_packed",
    "first_volume",
    "replace_voxels",
    "rewrite_voxels",
    "stored_of",
]


@dataclass(frozen=True, slots=True, eq=False)
class ScaledVoxels:
    """Stored values with the scaling to what they stand for; asked as an array, it gives the latter.

    Parameters
    ----------
    stored : array, shape (x, y, z) or (x, y, z, time)
        As in the file.
    slope, inter : float
        ``value = stored * slope + inter``.
    """

    stored: NDArray[Any]
    slope: float
    inter: float

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the stored values."""
        return self.stored.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the stored values, as nibabel's proxies have it."""
        return self.stored.dtype

    @property
    def ndim(self) -> int:
        """How many dimensions."""
        return self.stored.ndim

    def get_unscaled(self) -> NDArray[Any]:
        """The stored values."""
        return self.stored

    def _get_unscaled(self, slicer: Any) -> NDArray[Any]:
        return np.asarray(self.stored[slicer])

    def __getitem__(self, key: Any) -> Any:
        return self.stored[key] * self.slope + self.inter

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        del copy
        values = self.stored * self.slope + self.inter
        return np.asarray(values if dtype is None else values.astype(dtype))


def stored_of(array: Any) -> tuple[NDArray[Any], float, float]:
    """The stored values of an Image's array, and their slope and intercept; (values, 1, 0) where there is no scaling."""
    slope, inter = getattr(array, "slope", None), getattr(array, "inter", None)
    if hasattr(array, "get_unscaled") and slope is not None and inter is not None:
        return np.asarray(array.get_unscaled()), float(slope), float(inter)
    return np.asarray(array), 1.0, 0.0


def first_volume(array: Any) -> NDArray[Any]:
    """The values of the first volume, shape (x, y, z); what is no number is the lowest of those that are.

    Raises
    ------
    BadInput
        If the array has fewer than three dimensions, or holds complex values, colours or no number at all.
    """
    if len(array.shape) < 3:
        raise BadInput(
            f"An image of a head has three dimensions or more; got the shape {tuple(array.shape)}."
        )
    volume = np.asarray(array[(slice(None), slice(None), slice(None), *[0] * (len(array.shape) - 3))])
    if volume.dtype.kind not in "biuf":
        raise BadInput(
            f"A head is an image of one real number a voxel; got voxels of the type {volume.dtype}. Give magnitudes, not complex "
            "values or colours."
        )
    finite = np.isfinite(volume)
    if not finite.any():
        raise BadInput(f"The image holds no number: all {volume.size} voxels are NaN or infinite.")
    return volume if finite.all() else np.where(finite, volume, volume[finite].min())


def blank(array: Any, *, removed: NDArray[np.bool_]) -> Any:
    """The array with the lowest stored value where ``removed``; in every volume, if it has several.

    Parameters
    ----------
    array : array-like, shape (x, y, z) or (x, y, z, time)
        An Image's array, in memory or on disk.
    removed : array of bool, shape (x, y, z)
        What to take away.

    Returns
    -------
    array or ScaledVoxels
        With the stored type and scaling of what was given.
    """
    stored, slope, inter = stored_of(array)
    lowest = np.nanmin(stored) if slope > 0 else np.nanmax(stored)
    return replace_voxels(array, where=removed, values=np.asarray(lowest)[None])


def replace_voxels(array: Any, *, where: NDArray[np.bool_], values: NDArray[Any]) -> Any:
    """The array with stored ``values`` (one, or one a voxel of ``where``) put in; in every volume, if it has several."""
    stored, slope, inter = stored_of(array)
    if stored.shape[:3] != where.shape:
        raise BadInput(f"The mask must have the image's shape {stored.shape[:3]}; got {where.shape}.")
    made = stored.copy()
    filling = np.asarray(values).astype(stored.dtype)
    made[where] = filling.reshape(-1, *[1] * (stored.ndim - 3))
    return made if (slope, inter) == (1.0, 0.0) else ScaledVoxels(made, slope, inter)


def rewrite_voxels(path: Path, *, array: Any) -> None:
    """Put the stored values of ``array`` into a ``.nii`` or ``.nii.gz``; its header stays, byte by byte.

    Parameters
    ----------
    path : Path
        A file of one piece; it is replaced.
    array : array or ScaledVoxels
        Of the shape that the header tells.

    Raises
    ------
    BadInput
        If the shape is another.
    """
    nibabel = need("nibabel", purpose="Rewriting NIfTI images")
    native = nibabel.load(path)
    if tuple(native.shape) != tuple(array.shape):
        raise BadInput(f"The voxels must have the shape {tuple(native.shape)}; got {tuple(array.shape)}.")
    packed = path.suffix.lower() == ".gz"
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    offset = int(native.dataobj.offset)
    voxels = stored_of(array)[0].astype(native.header.get_data_dtype()).tobytes(order="F")
    made = content[:offset] + voxels + content[offset + len(voxels) :]
    if packed:
        out = io.BytesIO()
        with gzip.GzipFile("", "wb", 6, out, 0) as stream:
            stream.write(made)
        made = out.getvalue()
    path.write_bytes(made)


def check_packed(path: Path) -> None:
    """Read a ``.gz`` to its end: the last bytes may be missing where all voxels are there.

    Raises
    ------
    Unreadable
        If the file is cut short or damaged.
    """
    try:
        with gzip.open(path) as stream:
            while stream.read(1 << 20):
                pass
    except (EOFError, OSError, zlib.error) as error:
        raise Unreadable("The packed file is cut short or damaged; get an intact copy of it.") from error

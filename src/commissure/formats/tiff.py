"""Multipage TIFF movies (ScanImage, ImageJ, OME, plain), frames read as they are asked for."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.clues import Clues
from commissure.formats.lazy import BlockSignal
from commissure.formats.listing import Listing
from commissure.model import Device, Movie, Origin, Source

__all__ = ["Tiff", "reader"]

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_SUFFIXES = (".tif", ".tiff", ".ome.tif", ".btf", ".stk")


class Tiff:
    """Reads stacks of frames over time."""

    def find(self, listing: Listing) -> Iterator[Source]:
        """One Source a TIFF of two pages or more."""
        for entry in listing.with_suffix(*_SUFFIXES):
            if listing.head(entry.path, 4) in _MAGIC and _pages(listing.absolute(entry.path)) > 1:
                yield Source("tiff", (entry.path,), "nwb", confidence=0.9)

    def read(self, source: Source, listing: Listing, *, scratch: Path) -> Sequence[Movie]:  # noqa: ARG002
        """One Movie."""
        tifffile = need("tifffile", purpose="Reading TIFF movies")
        path = listing.absolute(source.primary)
        try:
            with tifffile.TiffFile(path) as tif:
                series = tif.series[0]
                shape, dtype, count = tuple(series.shape), series.dtype, len(tif.pages)
                told = _told(tif)
                whole = _is_whole(tif)
            if not whole:
                raise Unreadable(
                    "The TIFF is cut off: its last page is missing; copy it again from its source."
                )
            if len(shape) < 3 or (len(shape) == 3 and shape[-1] in (3, 4)):
                raise Unreadable("The TIFF holds one picture, not a movie; leave it out of the folder.")
            frames = _frames(path, shape=shape, dtype=dtype, pages=count)
            frames[0]
        except (ValueError, IndexError, KeyError, OSError, TypeError, RuntimeError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(
                f"tifffile cannot read the movie ({type(error).__name__}); copy it again from its source."
            ) from error
        clues = Clues(source)
        clues.hide_date(None, *told["dates"])
        clues.hide_path(*told["paths"])
        clues.hide("comment", *told["comments"])
        clues.hide("operator", *told["artists"])
        clues.hide("host", *told["hosts"])
        rate_hz = told["rate_hz"]
        if rate_hz:
            clues.fact("rate_hz", rate_hz)
        clues.fact("frames", frames.shape[0], Origin.CONTENT)
        about = clues.about("ophys", device=Device(told["maker"], told["model"]))
        return [Movie(frames, rate_hz or float("nan"), about, told["pixel_um"], told["technique"])]


def _pages(path: Path) -> int:
    """How many pages, counted to 2; 0 if it cannot be opened."""
    tifffile = need("tifffile", purpose="Reading TIFF movies")
    with suppress(Exception), tifffile.TiffFile(path) as tif:
        if tif.is_imagej or tif.is_shaped:
            return int(np.prod(tif.series[0].shape[:-2], dtype=np.int64))
        return 2 if tif.pages.first.offset and _has_second(tif) else 1
    return 0


def _is_whole(tif: Any) -> bool:
    """Whether the chain of pages ends where it should, and the last page's samples are all there."""
    last = tif.pages[-1]
    last = last if hasattr(last, "dataoffsets") else last.aspage()
    handle, size = tif.filehandle, tif.filehandle.size
    count_bytes, entry_bytes, next_bytes = (8, 20, 8) if tif.is_bigtiff else (2, 12, 4)
    order: Literal["little", "big"] = "little" if tif.byteorder == "<" else "big"
    handle.seek(last.offset)
    count = int.from_bytes(handle.read(count_bytes), order)
    handle.seek(last.offset + count_bytes + count * entry_bytes)
    end = max((a + b for a, b in zip(last.dataoffsets, last.databytecounts, strict=True)), default=0)
    return int.from_bytes(handle.read(next_bytes), order) == 0 and end <= size


def _has_second(tif: Any) -> bool:
    try:
        tif.pages[1]
    except IndexError:
        return not _is_whole(tif)
    return True


def _frames(path: Path, *, shape: tuple[int, ...], dtype: Any, pages: int) -> BlockSignal:
    tifffile = need("tifffile", purpose="Reading TIFF movies")
    length = int(np.prod(shape[:-2]))
    picture = shape[-2:]
    whole: list[NDArray[Any]] = []
    if pages < length:
        # one page record for all frames: contiguous on disk, so that a map of the file serves
        whole.append(np.asarray(tifffile.memmap(path, mode="r")).reshape(length, *picture))

    def block(start: int, stop: int) -> NDArray[Any]:
        if whole:
            return np.asarray(whole[0][start:stop])
        if stop <= start:
            return np.empty((0, *picture), dtype=dtype)
        read = np.asarray(tifffile.imread(path, key=slice(start, stop)))
        return read.reshape(stop - start, *picture)

    return BlockSignal(block, shape=(length, *picture), dtype=dtype)


def _told(tif: Any) -> dict[str, Any]:
    page = tif.pages.first
    tags = {
        name: _tag(page, name) for name in ("DateTime", "Artist", "HostComputer", "Software", "Make", "Model")
    }
    text = page.description or ""
    told: dict[str, Any] = {
        "rate_hz": 0.0, "pixel_um": None, "technique": "", "maker": tags["Make"], "model": tags["Model"],
        "dates": [tags["DateTime"]], "artists": [tags["Artist"]], "hosts": [tags["HostComputer"]], "paths": [],
        "comments": [],
    }  # fmt: skip
    software = tags["Software"]
    if tif.is_scanimage:
        both = f"{software}\n{text}"
        rate = re.search(r"scanFrameRate\s*=\s*([\d.]+)", both)
        told |= {
            "rate_hz": float(rate.group(1)) if rate else 0.0,
            "technique": "two-photon",
            "maker": "ScanImage",
        }
        told["dates"] += re.findall(r"epoch\s*=\s*(\[[^\]]*\])", both)
        told["paths"] += re.findall(r"'([A-Za-z]:\\[^']*)'", both)
    if tif.is_imagej and isinstance(tif.imagej_metadata, dict):
        meta = tif.imagej_metadata
        interval = float(meta.get("finterval", 0) or 0)
        told["rate_hz"] = float(meta.get("fps", 0) or 0) or (1 / interval if interval > 0 else 0.0)
        told["comments"] += [str(meta[key]) for key in ("Info", "Labels") if meta.get(key)][:2]
    if tif.is_ome:
        step = re.search(r'TimeIncrement="([\d.eE+-]+)"', text)
        size = [re.search(rf'PhysicalSize{axis}="([\d.eE+-]+)"', text) for axis in "XY"]
        told["rate_hz"] = 1 / float(step.group(1)) if step and float(step.group(1)) > 0 else 0.0
        if size[0] and size[1]:
            told["pixel_um"] = (float(size[0].group(1)), float(size[1].group(1)))
        told["dates"] += re.findall(r"<AcquisitionDate>([^<]*)<", text)
        told["artists"] += re.findall(r'<Experimenter[^>]*(?:UserName|LastName|Email)="([^"]*)"', text)
    return told


def _tag(page: Any, name: str) -> str:
    tag = page.tags.get(name)
    return str(tag.value) if tag is not None and isinstance(tag.value, str) else ""


reader = Tiff()

"""Writes Images as BIDS: compressed NIfTI with a fresh header, a JSON sidecar, gradients, events.

The header is built anew from geometry and timing alone, so that nothing of the old one (description, file names,
extensions) can come along. The values are the stored integers with their scaling, not rounded floats.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Unreadable
from commissure.extras import need
from commissure.model import About, Finding, Image, Severity, Software
from commissure.standardize.bids_names import bids_folder, bids_path, bids_stem
from commissure.standardize.bids_required import missing_fields
from commissure.standardize.port import Written

__all__ = ["ImageWriter", "write_nifti", "writer"]

_LEVEL = 4
_BLOCK_BYTES = 4 << 20
_LARGEST_AT_ONCE = 64 << 20
_LARGEST_NIFTI1 = 32767
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_TABLES = {"aslcontext.tsv": "aslcontext", "events.tsv": "events"}


class ImageWriter:
    """Writes one Image of a BIDS datatype."""

    def write(self, noun: Image, *, root: Path) -> Written:
        """Write the image below ``root``.

        An image whose kind is known but which lacks fields that BIDS demands is written under its BIDS name all the
        same, and listed for ``.bidsignore``: giving the fields makes it valid without renaming anything.

        Raises
        ------
        BadInput
            If the image's kind is not known, or its shape is not what its suffix demands.
        Unreadable
            If its voxels cannot be read to the end.
        """
        image = _settled(noun)
        about = image.about
        path = root / bids_path(about, extension=".nii.gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_nifti(image, path)
        files = [path.relative_to(root).as_posix()]
        files.append(_write_text(root, bids_path(about, extension=".json"), _json(_sidecar(image))))
        for extension in sorted(set(image.extra) & {"bval", "bvec"}):
            if about.suffix in {"dwi", "epi"}:
                name = bids_path(about, extension=f".{extension}")
                files.append(_write_text(root, name, image.extra[extension]))
        for extra, suffix in _TABLES.items():
            if extra in image.extra:
                files += _write_table(root, about, suffix, image.extra[extra])
        missing = missing_fields(about, sidecar=_sidecar(image), extra=image.extra)
        noticed = [replace(one, where=one.where or files[0]) for one in about.findings]
        findings = [*noticed, *_findings(about, files[0], missing)]
        ignore = (f"{bids_folder(about)}/{bids_stem(about)}_{about.suffix}.*",) if missing else ()
        software = tuple(Software(name, version(name)) for name in ("nibabel", "dcm2niix"))
        return Written(tuple(sorted(files)), tuple(findings), software, ignore)


def _settled(image: Image) -> Image:
    """The image with the entities that its suffix demands, or a clear refusal."""
    about = image.about
    reason = next((fact.where for fact in about.facts if fact.key == "datatype"), "")
    if not about.datatype or not about.suffix:
        raise BadInput(
            f"The image is not released: {reason or 'what it shows is not known'}. Say datatype: and suffix: for "
            "its files in commissure.yaml to release it."
        )
    dimensions = len(image.array.shape)
    if about.suffix == "bold" and (dimensions != 4 or not image.repetition_s):
        raise BadInput(
            f"A bold image has four dimensions and a repetition time; got {dimensions} dimensions and "
            f"{image.repetition_s!r} s. Give RepetitionTime in commissure.yaml (sidecar: {{…}})."
        )
    if about.datatype == "func" and "task" not in about.entities:
        about = replace(about, entities={**about.entities, "task": "unknown"})
    return replace(image, about=about)


def _sidecar(image: Image) -> dict[str, object]:
    about = image.about
    fields = {key: value for key, value in about.sidecar.items() if value not in ("", None)}
    if about.suffix == "bold" and "VolumeTiming" not in fields:
        fields["RepetitionTime"] = image.repetition_s
    if about.datatype == "func":
        fields.setdefault("TaskName", about.entities["task"])
    if about.entities.get("part") == "phase":
        fields.setdefault("Units", "arbitrary")
    if about.suffix == "phasediff":
        fields.pop("EchoTime", None)
    return dict(sorted(fields.items()))


def _findings(about: About, where: str, missing: tuple[str, ...]) -> list[Finding]:
    found = []
    if about.entities.get("task") == "unknown":
        message = "The task of the functional run is not known; it is called 'unknown'."
        found.append(
            Finding("bids.task", Severity.WARNING, message, where, "Say task: in commissure.yaml, or --task.")
        )
    if missing:
        message = (
            f"BIDS demands of {about.suffix} what is not known: {', '.join(missing)}. The image is released under its "
            "BIDS name and listed in .bidsignore."
        )
        remedy = (
            "Give them in commissure.yaml (sidecar: {…}), or in a JSON file beside the data, and share again."
        )
        found.append(Finding("bids.incomplete", Severity.WARNING, message, where, remedy))
    return found


def _write_table(root: Path, about: About, suffix: str, text: str) -> list[str]:
    entities = {key: value for key, value in about.entities.items() if key not in {"echo", "part", "dir"}}
    if suffix == "aslcontext":
        return [_write_text(root, bids_path(about, extension=".tsv", suffix=suffix), text)]
    files = [_write_text(root, bids_path(about, extension=".tsv", suffix=suffix, entities=entities), text)]
    columns = [
        name for name in text.split("\n", 1)[0].split("\t") if name not in {"onset", "duration", "HED"}
    ]
    described = {
        name: {"Description": f"The column {name!r} of the lab's own table of events"} for name in columns
    }
    path = bids_path(about, extension=".json", suffix=suffix, entities=entities)
    return [*files, _write_text(root, path, _json(described))] if described else files


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=float) + "\n"


def _write_text(root: Path, name: str, text: str) -> str:
    with (root / name).open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    return name


def write_nifti(image: Image, path: Path) -> None:
    """Write voxels, affine and timing as ``.nii.gz``; the same image gives the same bytes.

    Parameters
    ----------
    image : Image
        ``array`` may be on disk; it is read and compressed in blocks.
    path : Path
        Where to.

    Raises
    ------
    Unreadable
        If the voxels cannot be read to the end.
    """
    header, blocks = _header(image), _blocks(image.array)
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    with path.open("wb") as stream:
        stream.write(_GZIP_HEAD)
        check, size = _pack(stream, packer, header, 0, 0)
        try:
            for block in blocks:
                check, size = _pack(stream, packer, block, check, size)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise Unreadable(
                "The voxels of the image cannot be read to the end; get an intact copy of it."
            ) from error
        stream.write(packer.flush())
        stream.write(check.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little"))


def _pack(stream: BinaryIO, packer: Any, block: bytes, check: int, size: int) -> tuple[int, int]:
    stream.write(packer.compress(block))
    return zlib.crc32(block, check), size + len(block)


def _header(image: Image) -> bytes:
    nibabel = need("nibabel", purpose="Writing NIfTI images")
    shape = tuple(int(size) for size in image.array.shape)
    kind = nibabel.Nifti2Image if max(shape) > _LARGEST_NIFTI1 else nibabel.Nifti1Image
    stored, slope, intercept = _scaling(image.array)
    template = np.broadcast_to(np.zeros((), stored), shape)
    header = kind(template, image.affine_mm).header
    zooms = [*np.sqrt((np.asarray(image.affine_mm)[:3, :3] ** 2).sum(axis=0))]
    if len(shape) > 3:
        zooms += [float(image.repetition_s or 0.0), *[1.0] * (len(shape) - 4)]
    header.set_zooms([float(np.float32(zoom)) for zoom in zooms])
    header.set_xyzt_units("mm", "sec" if len(shape) > 3 else None)
    header.set_sform(image.affine_mm, code="scanner")
    header.set_qform(image.affine_mm, code="scanner")
    header["magic"] = header.single_magic
    header["vox_offset"] = header.single_vox_offset
    header["scl_slope"], header["scl_inter"] = slope, intercept
    return bytes(header.binaryblock) + bytes(4)


def _on_disk(array: Any) -> bool:
    """Whether the stored values can be had as they are, with one scaling for all."""
    scaling = (getattr(array, "slope", None), getattr(array, "inter", None))
    return hasattr(array, "get_unscaled") and None not in scaling


def _scaling(array: Any) -> tuple[np.dtype[Any], float, float]:
    """The dtype to store, and the scaling of the stored values: the file's own where the array is still on disk."""
    if _on_disk(array):
        return np.dtype(array.dtype).newbyteorder("<"), float(array.slope), float(array.inter)
    known = array if isinstance(array, np.ndarray) else np.asarray(array[_volume(array, 0)])
    return _storable(known.dtype), 1.0, 0.0


def _storable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype == np.bool_:
        return np.dtype("u1")
    return np.dtype("<f4") if dtype == np.float16 else dtype.newbyteorder("<")


def _volume(array: Any, index: int) -> Any:
    return (..., index) if len(array.shape) == 4 else (...,)


def _blocks(array: Any) -> Iterator[bytes]:
    """The stored values in Fortran order, little-endian, block by block."""
    dtype = _scaling(array)[0]
    volumes = array.shape[3] if len(array.shape) == 4 else 1
    small = int(np.prod(array.shape)) * dtype.itemsize <= _LARGEST_AT_ONCE
    whole: NDArray[Any] | None = array.get_unscaled() if small and _on_disk(array) else None
    for index in range(volumes):
        chosen = _volume(array, index)
        part = whole[chosen] if whole is not None else _part(array, chosen)
        flat = np.asarray(part, dtype=dtype).ravel(order="F")
        step = max(_BLOCK_BYTES // dtype.itemsize, 1)
        for start in range(0, flat.size, step):
            yield flat[start : start + step].tobytes()


def _part(array: Any, chosen: Any) -> Any:
    """One volume as stored."""
    return array._get_unscaled(slicer=chosen) if _on_disk(array) else array[chosen]


writer = ImageWriter()

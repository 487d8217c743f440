"""The header of a NIfTI image: notes, file names and extensions go; geometry, timing and scaling stay."""

import gzip
import re
import shutil
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.lone_names import NOTES_LIMIT, SCIENCE_LIMIT

__all__ = ["clean_nifti", "is_nifti", "rewrite_nifti"]

#: dcm2niix puts the time of acquisition into the description
_CLOCK = re.compile(r";?\s*[Tt]ime\s*=\s*[\d.]+")
_CIFTI = 32
#: a description that is nothing but a number of somebody
_CODE = re.compile(r"[A-Z]{0,3}[-_]?(?:\d{5,}(?:[-_/]\d+)*|\d{2,}(?:[-_/]\d{2,})+)")
#: one capitalized word as an intent's name, but for those of statistics
_LONE = re.compile(
    r"(?!(?:Estimate|Label|Vector|Matrix|Beta|Correlation|Contrast|Mask|Weights?|Power|Phase|Map|Thickness|Curvature|Distance|Probability|Volume)$)[A-ZÀ-Þ][a-zß-ž]+"
)
#: what programs note beside the data; the rest of the XML is geometry
_METADATA = re.compile(rb"<(?P<tag>MetaData|MapName|Label)\b.*?</(?P=tag)>", re.S)
_BLOCK = 1 << 20


def is_nifti(native: object) -> bool:
    """Whether an object is a nibabel image with a NIfTI header, told without importing nibabel."""
    return any(
        cls.__module__ == "nibabel.nifti1" and cls.__name__ == "Nifti1Pair" for cls in type(native).__mro__
    )


def clean_nifti(image: Any, *, cleaner: Cleaner) -> Any:
    """A copy of a nibabel NIfTI image with a clean header, over the same data."""
    header = image.header.copy()
    _clean_header(header, cleaner)
    clean = type(image)(image.dataobj, None, header=header)
    clean._affine = image.affine
    return clean


def _clean_header(header: Any, cleaner: Cleaner) -> None:
    for field, category in (("aux_file", "path"), ("db_name", "name")):
        if field in header.keys() and _text(header[field]):  # noqa: SIM118 - a nibabel header is no mapping
            cleaner.count(category)
            header[field] = b""
    for field in ("descrip", "intent_name"):
        text = _clean_text(_text(header[field]), cleaner)
        if field == "intent_name" and _LONE.fullmatch(text):
            cleaner.count("name")
            text = ""
        header[field] = text.encode("latin-1", "ignore")
    if "data_type" in header.keys():  # noqa: SIM118 - a nibabel header is no mapping
        header["data_type"] = b""
    if header.extensions:
        kept = [extension for extension in header.extensions if extension.get_code() == _CIFTI]
        for _ in range(len(header.extensions) - len(kept)):
            cleaner.count("comment")
        header.extensions[:] = kept


def _clean_text(text: str, cleaner: Cleaner) -> str:
    without_clock = _CLOCK.sub("", text)
    if without_clock != text:
        cleaner.count("date")
    # one word without a number is as likely somebody's as a program's
    spoken = re.fullmatch(r"[^\W\d_]+(?:[ ,.^'’-]+[^\W\d_]+)*", without_clock) is not None
    spans = cleaner.spans(without_clock, limit=NOTES_LIMIT if spoken else SCIENCE_LIMIT)
    if spans or _CODE.fullmatch(without_clock):
        cleaner.count(spans[0].category if spans else "id")
        return ""
    return without_clock


def _text(field: Any) -> str:
    raw = field.item() if hasattr(field, "item") else field
    return (
        bytes(raw).decode("utf-8", "replace").strip("\x00 ")
        if isinstance(raw, bytes)
        else str(raw).strip("\x00 ")
    )


def rewrite_nifti(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Copy a ``.nii`` or ``.nii.gz`` with a clean header; every byte of the data stays as it is.

    The result is the same whenever it is made: gzip carries no name and no time.

    Raises
    ------
    Unreadable
        If the file is no NIfTI, or cut short.
    """
    nibabel = need("nibabel", purpose="Cleaning NIfTI headers")
    try:
        with _opened(source) as stream:
            image = nibabel.load(source)
            if hasattr(image, "nifti_header"):  # CIFTI, which is a NIfTI-2 with an XML for extension
                image = nibabel.Nifti2Image.from_filename(source)
            header = image.header.copy()
            head = stream.read(int(header["sizeof_hdr"]) + 4)
            head += stream.read(max(0, _data_offset(header, head) - len(head)))
            _clean_header(header, cleaner)
            clean = _header_bytes(header, head, cleaner)
            if clean == head and _is_anonymous_gzip(source):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            else:
                _write(clean, stream, target)
    except (OSError, EOFError, zlib.error, nibabel.filebasedimages.ImageFileError) as error:
        raise Unreadable("A NIfTI file cannot be read to its end; get an intact copy of it.") from error


def _is_anonymous_gzip(source: Path) -> bool:
    """Whether a file is no gzip, or one that keeps neither the name of its source nor a time or a comment."""
    if source.suffix != ".gz":
        return True
    with source.open("rb") as stream:
        head = stream.read(8)
    return head[3] & ~1 == 0 and head[4:8] == bytes(4)


def _opened(source: Path) -> Any:
    return gzip.open(source, "rb") if source.suffix == ".gz" else source.open("rb")


def _data_offset(header: Any, head: bytes) -> int:
    """Where the voxels begin; read from the bytes, for nibabel forgets it."""
    dtype, start = header.structarr.dtype.fields["vox_offset"][:2]
    return int(np.frombuffer(head[start : start + dtype.itemsize], dtype=dtype)[0])


def _header_bytes(header: Any, original: bytes, cleaner: Cleaner) -> bytes:
    """The cleaned header at its original length, the data offset with it; room of extensions becomes zeros."""
    size = int(header["sizeof_hdr"])
    head = bytearray(original)
    fields = header.structarr.dtype.fields
    for name in ("descrip", "aux_file", "db_name", "intent_name", "data_type"):
        if name in fields:
            dtype, start = fields[name][:2]
            head[start : start + dtype.itemsize] = bytes(
                header[name].tobytes().ljust(dtype.itemsize, b"\x00")
            )
    if not header.extensions:
        head[size:] = bytes(len(head) - size)
    elif all(extension.get_code() == _CIFTI for extension in header.extensions):
        head[size:] = _clean_cifti(original[size:], cleaner)
    elif cleaner.known.holds(original[size:].decode("utf-8", "ignore")):
        cleaner.count("comment")
        head[size:] = bytes(len(head) - size)
    return bytes(head)


def _clean_cifti(raw: bytes, cleaner: Cleaner) -> bytes:
    """The XML of a CIFTI file at its length: what identifies in its free metadata becomes blanks."""
    clean = bytearray(raw)
    for block in _METADATA.finditer(raw):
        text = block.group().decode("utf-8", "surrogateescape")
        # labels are names of regions; maps and what is told of them are named by people
        for span in cleaner.shaped(text) if block.group("tag") == b"Label" else cleaner.spans(text):
            cleaner.count(span.category)
            start, size = (
                len(text[at].encode("utf-8", "surrogateescape"))
                for at in (slice(span.start), slice(span.start, span.end))
            )
            clean[block.start() + start : block.start() + start + size] = b" " * size
    return bytes(clean)


def _write(head: bytes, stream: BinaryIO, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as raw:
        out: Any = gzip.GzipFile("", "wb", 6, raw, 0) if target.suffix == ".gz" else raw
        out.write(head)
        while block := stream.read(_BLOCK):
            out.write(block)
        if out is not raw:
            out.close()

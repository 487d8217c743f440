"""TIFF files cleaned on a copy: tags that tell who, when, where and on which machine are blanked where they stand.

A tag's text has its own place and length in the file (TIFF 6.0), so a clean text is written over the old one and no
sample moves. Descriptions (ImageJ, OME-XML, ScanImage) are science and are cleaned, not cut.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.protect.text.cleaner import Cleaner

__all__ = ["rewrite_tiff"]

#: tag number to category: these go whole
_DROPPED = {315: "operator", 316: "host", 306: "date", 269: "path", 285: "name", 33432: "name", 36867: "date", 36868: "date",
            42032: "operator", 42033: "serial", 42037: "serial", 37510: "comment", 34853: "address", 33550: ""}  # fmt: skip
#: these are read as text
_CLEANED = {270, 271, 272, 305, 65000, 65001, 50839, 42112}
_OME = re.compile(
    r'(?<=[ "])((?:UserName|FirstName|MiddleName|LastName|Email|Institution|SerialNumber|ExperimenterID)=")([^"]*)(?=")'
    r"|(<AcquisitionDate>)([^<]*)"
)
_TEXT_TYPES = {1, 2, 7}
#: ImageJ's own metadata: a table of kinds and counts, then texts in UTF-16 and numbers
_IMAGEJ = 50839
_IMAGEJ_COUNTS = 50838
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd]")


def rewrite_tiff(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Write a clean copy of a TIFF; every sample stays.

    Raises
    ------
    Unreadable
        If the file is no TIFF or is damaged.
    """
    tifffile = need("tifffile", purpose="Cleaning TIFF files")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    cleaner = replace(cleaner, fixed=True)
    try:
        with tifffile.TiffFile(source) as tif:
            places = [place for page in tif.pages for place in _places(page)]
            counts = {place: _counts(page) for page in tif.pages for place in _places(page)}
        with target.open("r+b") as stream:
            for code, offset, size in dict.fromkeys(places):
                _blank(stream, code, (offset, size), cleaner, counts[code, offset, size])
    except Exception as error:
        target.unlink(missing_ok=True)
        raise Unreadable(
            f"A TIFF file cannot be read to its end ({type(error).__name__}); get an intact copy of it."
        ) from error


def _places(page: Any) -> list[tuple[int, int, int]]:
    tags = getattr(page, "tags", ())
    return [
        (tag.code, tag.valueoffset, tag.valuebytecount)
        for tag in tags
        if (tag.code in _DROPPED or tag.code in _CLEANED)
        and int(tag.dtype) in _TEXT_TYPES
        and tag.valuebytecount
    ]


def _counts(page: Any) -> tuple[int, ...]:
    """How many bytes each piece of ImageJ's own metadata has."""
    told = page.tags.valueof(_IMAGEJ_COUNTS) if hasattr(page, "tags") else None
    return tuple(int(one) for one in np.atleast_1d(() if told is None else told))


def _blank(
    stream: BinaryIO, code: int, place: tuple[int, int], cleaner: Cleaner, counts: tuple[int, ...]
) -> None:
    offset, size = place
    stream.seek(offset)
    data = stream.read(size)
    if code in _DROPPED:
        clean = bytes(size)
        if data.strip(b"\x00 ") and _DROPPED[code]:
            cleaner.count(_DROPPED[code])
    elif code == _IMAGEJ:
        clean = _imagej(data, counts, cleaner)
    else:
        text = data.decode("utf-8", "surrogateescape")
        ended = text.rstrip("\x00")
        edited = _description(ended, cleaner)
        clean = (
            data if edited == ended else edited.encode("utf-8", "surrogateescape")[:size].ljust(size, b"\x00")
        )
    if clean != data:
        stream.seek(offset)
        stream.write(clean)


def _imagej(data: bytes, counts: tuple[int, ...], cleaner: Cleaner) -> bytes:
    """ImageJ's metadata at its length: pieces that are UTF-16 are cleaned, its table of kinds and its numbers stay."""
    encoding = "utf-16-le" if data[:4] == b"JIJI" else "utf-16-be"
    pieces, at = [], 0
    for number, size in enumerate(counts):
        piece = data[at : at + size]
        text = piece.decode(encoding, "replace")
        if number and piece and not _BINARY.search(text):
            piece = _lines_at_length(text, cleaner).encode(encoding)
        pieces.append(piece)
        at += size
    return b"".join([*pieces, data[at:]])


def _lines_at_length(text: str, cleaner: Cleaner) -> str:
    return "".join(
        cleaner.note(line.rstrip("\n")).ljust(len(line.rstrip("\n"))) + line[len(line.rstrip("\n")) :]
        for line in text.splitlines(keepends=True)
    )


def _description(text: str, cleaner: Cleaner) -> str:
    """A description line by line, OME's fields of persons emptied first; no longer than it was."""

    def emptied(match: re.Match[str]) -> str:
        key, value = (match.group(1), match.group(2)) if match.group(1) else (match.group(3), match.group(4))
        if not value:
            return match.group()
        if key == "<AcquisitionDate>":
            return key + cleaner.text(value)
        cleaner.count("serial" if "Serial" in key else "institution" if "Instit" in key else "operator")
        return key

    without = _OME.sub(emptied, text)
    return "".join(cleaner.text(line) for line in without.splitlines(keepends=True))

"""GIFTI files: what is written about them is cleaned, surfaces of the skin lose the face, every number else stays."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, Unreadable
from commissure.extras import need
from commissure.model import Finding
from commissure.protect.heads.face_mesh import MeshDefaced, deface_mesh, extent_mm
from commissure.protect.heads.face_surfaces import BRAIN_MM, kept_face, kind_of
from commissure.protect.text.cleaner import Cleaner

__all__ = ["deface_gifti", "gifti_text", "outside_files", "with_data_inside"]

_POINTS, _CORNERS = "NIFTI_INTENT_POINTSET", "NIFTI_INTENT_TRIANGLE"
_OUTSIDE = re.compile(r"ExternalFileName\s*=\s*[\"']([^\"']+)[\"']")
_ENCODING = "GIFTI_ENCODING_B64GZ"
_DATA = re.compile(r"(<Data>.*?</Data>)", re.S)
_ABOUT = re.compile(
    r"(<Name>\s*(?:<!\[CDATA\[)?)(.*?)((?:\]\]>)?\s*</Name>\s*<Value>\s*(?:<!\[CDATA\[)?)(.*?)((?:\]\]>)?\s*</Value>)",
    re.S,
)
_SCIENCE = re.compile(r"Anatomical|Geometric|Topological|Volume|Surface|VolGeom|Intent|Encoding|Encod", re.I)
_PERSON = re.compile(r"user|operator|host|subject|patient|person|author", re.I)


def gifti_text(text: str, *, cleaner: Cleaner) -> str:
    """A GIFTI file's text with what it says about itself cleaned; numbers and markup stay as they are."""

    def told(match: re.Match[str]) -> str:
        opening, name, between, value, closing = match.groups()
        if _PERSON.search(name) and value.strip():
            cleaner.count("operator")
            return f"{opening}{name}{between}{closing}"
        clean = cleaner.known_only(value) if _SCIENCE.match(name.strip()) else cleaner.text(value)
        return f"{opening}{name}{between}{clean}{closing}"

    parts = _DATA.split(text)
    return "".join(
        part if part.startswith("<Data>") else cleaner.known_only(_ABOUT.sub(told, part)) for part in parts
    )


def outside_files(path: Path) -> tuple[Path, ...]:
    """The files in which a GIFTI file keeps its numbers; none for most."""
    text = path.read_text("utf-8", "replace")
    return tuple(dict.fromkeys(path.parent / name for name in _OUTSIDE.findall(text)))


def with_data_inside(path: Path) -> str:
    """The text of a GIFTI file; numbers that stand in files beside it are taken in.

    Raises
    ------
    Unreadable
        If such a file is missing, or does not lie in the same folder.
    """
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    if not _OUTSIDE.search(text):
        return text
    nibabel = need("nibabel", purpose="Reading surfaces")
    if any(file.resolve().parent != path.resolve().parent for file in outside_files(path)):
        raise Unreadable("A GIFTI file keeps its numbers in another folder; put them beside it.")
    try:
        image = nibabel.load(path)
    except Exception as error:  # its parser raises whatever expat and numpy do
        raise Unreadable(
            "A GIFTI file or the numbers beside it cannot be read; get intact copies of both."
        ) from error
    for array in image.darrays:
        array.encoding = nibabel.gifti.gifti.gifti_encoding_codes[_ENCODING]
        array.ext_fname, array.ext_offset = "", 0
    return str(image.to_bytes().decode("utf-8"))


def deface_gifti(path: Path, *, name: str, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """Take the face out of a GIFTI file, in place; an ERROR among the Findings says that it must not stay there.

    Parameters
    ----------
    path : Path
        A copy whose texts are clean already.
    name, where : str
        What the file was called, and a safe name to speak of it.
    cleaner : Cleaner
        Counts what goes as ``face``.

    Raises
    ------
    Unreadable
        If a surface cannot be read.
    """
    kind = kind_of(name)
    told = path.read_bytes()
    if not cleaner.is_person or (_POINTS.encode() not in told and kind != "skin"):
        return ()
    if _POINTS.encode() not in told:
        return kept_face("Numbers that belong to a head's surface no longer fit it without its face.", where=where, cleaner=cleaner)  # fmt: skip
    if kind == "model":
        return ()
    image = _gifti(path)
    surface = [array for array in image.darrays if _intent(array) == _POINTS]
    corners = [array for array in image.darrays if _intent(array) == _CORNERS]
    if kind == "brain" and all(extent_mm(np.asarray(array.data)) <= BRAIN_MM for array in surface):
        return ()
    if kind != "skin" or len(surface) != 1 or len(corners) != 1:
        return kept_face("A surface that is not known to be a brain's may show a face.", where=where, cleaner=cleaner)  # fmt: skip
    try:
        done = deface_mesh(np.asarray(surface[0].data), triangles=np.asarray(corners[0].data))
    except BadInput as error:
        return kept_face(str(error), where=where, cleaner=cleaner)
    cleaner.removed["face"] += int(done.face.sum())
    image.darrays[:] = [_array(array, _left(array, done)) for array in image.darrays]
    path.write_bytes(image.to_bytes())
    return ()


def _gifti(path: Path) -> Any:
    nibabel = need("nibabel", purpose="Reading surfaces")
    try:
        return nibabel.gifti.GiftiImage.from_bytes(path.read_bytes())
    except Exception as error:  # its parser raises whatever expat, zlib and base64 do
        raise Unreadable("A GIFTI file cannot be read; get an intact copy of it.") from error


def _intent(array: Any) -> str:
    nibabel = need("nibabel", purpose="Reading surfaces")
    return str(nibabel.nifti1.intent_codes.niistring[array.intent])


def _left(array: Any, done: MeshDefaced) -> NDArray[Any]:
    """What stays of an array: points and triangles as they are now, numbers of vertices without those of the face."""
    data = np.asarray(array.data)
    if _intent(array) == _POINTS:
        return done.vertices_mm.astype(data.dtype)
    if _intent(array) == _CORNERS:
        return done.triangles.astype(data.dtype)
    if len(data) != len(done.face):
        return data[:0]
    left = np.zeros((len(done.vertices_mm), *data.shape[1:]), dtype=data.dtype)
    left[: len(done.kept)] = data[done.kept]
    left[: len(done.kept)][done.face[done.kept]] = 0
    return left


def _array(old: Any, data: NDArray[Any]) -> Any:
    nibabel = need("nibabel", purpose="Writing surfaces")
    return nibabel.gifti.GiftiDataArray(
        data, intent=old.intent, datatype=old.datatype, encoding=old.encoding, coordsys=old.coordsys, meta=old.meta
    )  # fmt: skip

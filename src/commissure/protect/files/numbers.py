"""Files of bare numbers (``.npy``, ``.npz``, raw ``.dat``, ``.tsv.gz``): the numbers stay, texts among them are cleaned.

They say neither axes nor unit, so what looks like a head (a surface, its triangles, an image) stays back, and so do pickled
objects, which may hold anything.
"""

import gzip
import re
import shutil
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Unreadable
from commissure.model import Finding, Severity
from commissure.protect.heads.face_mesh import extent_mm, is_icosphere
from commissure.protect.heads.face_surfaces import BRAIN_MM, kept_face, kind_of
from commissure.protect.heads.head_shape import are_triangles, head_unit_mm, is_head_image
from commissure.protect.text.cleaner import Cleaner

__all__ = [
    "head_in",
    "is_of_numbers",
    "rewrite_annot",
    "rewrite_cells",
    "rewrite_npy",
    "rewrite_npz",
    "rewrite_plain",
    "rewrite_raw",
    "rewrite_triggers",
]

_LARGEST = 64 << 20
_RAW = ("<f4", ">f4", "<f8", ">f8")
_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|n/a|inf", re.I)
_TRIGGER = re.compile(rb"(?:19|20)\d\d-\d\d-\d\d[T ][\d:.]+(?:;[-+\d.]*)*[\r\n]*")
_SPOKEN = re.compile(rb"[^\W\d_]{2,}|[\x80-\xff]")


def rewrite_npy(source: Path, target: Path, *, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """Write a clean copy of a ``.npy`` file, or say why it stays back.

    Raises
    ------
    Unreadable
        If the file is damaged.
    """
    try:
        array = np.load(source, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" in str(error) or "Python objects" in str(error):
            return _pickled(where)
        raise Unreadable("A file of numbers (.npy) is damaged; get an intact copy of it.") from error
    why = head_in(array, name=source.name) if cleaner.is_person else ""
    if why:
        return kept_face(why, where=where, cleaner=cleaner)
    target.parent.mkdir(parents=True, exist_ok=True)
    clean = _without_texts(array, cleaner)
    if clean is array:
        shutil.copyfile(source, target)
    else:
        np.save(target, clean, allow_pickle=False)
    return ()


def rewrite_npz(source: Path, target: Path, *, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """Write a clean copy of a ``.npz`` file, without its members' times, or say why it stays back.

    Raises
    ------
    Unreadable
        If the file is damaged.
    """
    made: dict[str, NDArray[Any]] = {}
    try:
        with np.load(source, allow_pickle=False) as held:
            for number, name in enumerate(held.files):
                array = held[name]
                why = head_in(array, name=f"{source.name} {name}") if cleaner.is_person else ""
                if why:
                    return kept_face(why, where=where, cleaner=cleaner)
                called = f"array{number}" if cleaner.spans(name) else name
                made[called] = _without_texts(array, cleaner)
        with zipfile.ZipFile(source) as archive:
            packed = any(one.compress_type for one in archive.infolist())
    except ValueError as error:
        if "allow_pickle" in str(error):
            return _pickled(where)
        raise Unreadable("A file of numbers (.npz) is damaged; get an intact copy of it.") from error
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise Unreadable("A file of numbers (.npz) is damaged; get an intact copy of it.") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    save: Any = np.savez_compressed if packed else np.savez
    with target.open("wb") as stream:
        save(stream, **made)
    return ()


def rewrite_raw(source: Path, target: Path, *, where: str, cleaner: Cleaner) -> tuple[Finding, ...]:
    """Write a copy of a file of raw samples; what reads as a head's surface stays back, words are cleaned line by line."""
    data = source.read_bytes() if source.stat().st_size <= _LARGEST else b""
    target.parent.mkdir(parents=True, exist_ok=True)
    if data and b"\x00" not in data[:4096] and _is_text(data):
        target.write_bytes(_lines(data, cleaner))
        return ()
    for kind in _RAW if cleaner.is_person else ():
        array = np.frombuffer(data, dtype=kind, count=len(data) // np.dtype(kind).itemsize)
        why = head_in(array, name=source.name)
        if why:
            return kept_face(why, where=where, cleaner=cleaner)
    indices = np.frombuffer(data, dtype="<i4", count=len(data) // 12 * 3).reshape(-1, 3)
    why = head_in(indices, name=source.name) if cleaner.is_person else ""
    if why:
        return kept_face(why, where=where, cleaner=cleaner)
    shutil.copyfile(source, target)
    return ()


def rewrite_plain(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Write a copy of a file that should hold numbers alone (``.bvec``, ``.fdt``); one that is a text all the same is cleaned."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as stream:
        head = stream.read(4096)
    if b"\x00" not in head and _is_text(head) and source.stat().st_size <= _LARGEST:
        target.write_bytes(_lines(source.read_bytes(), cleaner))
    else:
        shutil.copyfile(source, target)


def is_of_numbers(path: Path) -> bool:
    """Whether a file is a text of numbers, blanks and marks between them, with no word and no byte of anything else."""
    with path.open("rb") as stream:
        for line in stream:
            rest = _NUMBER.sub(b"", line)
            if rest.strip(b" \t\r\n,;:"):
                return False
    return True


def rewrite_triggers(source: Path, target: Path, *, cleaner: Cleaner) -> bool:
    """Write a copy of a text whose every line is a moment and numbers, with the days shifted; False if it is none."""
    lines = source.read_bytes().splitlines(keepends=True)
    if not lines or not all(_TRIGGER.fullmatch(line) for line in lines):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(cleaner.code(line.decode()) for line in lines), newline="")
    return True


def rewrite_cells(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Write a clean copy of a packed table without a header (``.tsv.gz``): its numbers as they are, its texts cleaned.

    What gzip keeps of its own, the file's old name and time, goes.

    Raises
    ------
    Unreadable
        If it cannot be unpacked.
    """
    try:
        data = gzip.decompress(source.read_bytes())
    except (OSError, EOFError) as error:
        raise Unreadable("A packed table is damaged; get an intact copy of it.") from error
    if _SPOKEN.search(_NUMBER.sub(b" ", data)):
        told: dict[str, str] = {}
        text = data.decode("utf-8", "surrogateescape")
        lines = [_cells(line, told, cleaner) for line in text.split("\n")]
        data = "\n".join(lines).encode("utf-8", "surrogateescape")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(data, mtime=0))


def rewrite_annot(source: Path, target: Path, *, cleaner: Cleaner) -> None:
    """Write a copy of a FreeSurfer annotation whose table of colours no longer says where it came from.

    Raises
    ------
    Unreadable
        If the file is cut short.
    """
    data = bytearray(source.read_bytes())
    try:
        (count,) = struct.unpack_from(">i", data, 0)
        at = 4 + 8 * count
        if at + 8 <= len(data) and struct.unpack_from(">i", data, at)[0]:
            (version,) = struct.unpack_from(">i", data, at + 4)
            at += 8 if version > 0 else 12  # newer tables say their size first
            (length,) = struct.unpack_from(">i", data, at)
            if bytes(data[at + 4 : at + 4 + length]).strip(b"\x00 "):
                cleaner.count("path")
            data[at + 4 : at + 4 + length] = bytes(length)
    except struct.error as error:
        raise Unreadable("A FreeSurfer annotation is cut short; get an intact copy of it.") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def head_in(array: NDArray[Any], *, name: str) -> str:
    """Why an array may show a head, in one sentence; empty if nothing says so.

    Parameters
    ----------
    array : array
        Any numbers, of any shape.
    name : str
        What its file, or its place in a file, is called; words such as *scalp* and *pial* are believed.
    """
    kind = kind_of(name)
    if kind == "model" or array.dtype.kind not in "fiub" or array.size < 300:
        return ""
    if is_head_image(array) and kind != "brain":
        return "An array of three dimensions looks like the image of a head."
    for cloud in _clouds(array):
        unit_mm = head_unit_mm(cloud, mesh=kind == "skin")
        if unit_mm and not (kind == "brain" and extent_mm(cloud) * unit_mm <= BRAIN_MM):
            return (
                "Its points lie as those of a head's surface do, and it says neither its axes nor its unit."
            )
    if kind != "brain" and are_triangles(array) and not is_icosphere(int(array.max() - array.min()) + 1, len(array)):  # fmt: skip
        return "Its triangles, not known to be a brain's, give the shape of a surface away."
    return ""


def _clouds(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The ways in which an array may hold points in space."""
    if array.ndim == 1 and array.size % 3 == 0:
        yield _thin(array.reshape(-1, 3))
        yield _thin(array.reshape(3, -1).T)
    elif array.ndim > 1 and array.shape[-1] == 3:
        yield _thin(array.reshape(-1, 3))
    elif array.ndim > 1 and array.shape[0] == 3:
        yield _thin(array.reshape(3, -1).T)
    elif array.ndim == 2 and 4 <= min(array.shape) <= 9:
        rows = array if array.shape[1] <= array.shape[0] else array.T
        yield _thin(rows[:, :3])
        yield _thin(rows[:, -3:])


def _thin(points: NDArray[Any]) -> NDArray[Any]:
    return points[:: max(len(points) // 200_000, 1)]


def _without_texts(array: NDArray[Any], cleaner: Cleaner) -> NDArray[Any]:
    """The array itself if it holds numbers; else a copy with each text cleaned."""
    if array.dtype.names:
        columns = {name: _without_texts(array[name], cleaner) for name in array.dtype.names}
        if all(array.dtype[name].kind not in "SU" for name in columns):
            return array
        kinds = [(name, column.dtype) for name, column in columns.items()]
        out = np.empty(array.shape, dtype=kinds)
        for name, column in columns.items():
            out[name] = column
        return out
    if array.dtype.kind not in "SU":
        return array
    texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in array.ravel()]
    told = {text: cleaner.note(text) for text in dict.fromkeys(texts)}
    clean = np.array([told[text] for text in texts] or [""])[: len(texts)].reshape(array.shape)
    return np.char.encode(clean, "utf-8") if array.dtype.kind == "S" else clean


def _is_text(data: bytes) -> bool:
    try:
        data[:4096].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > 4090
    return True


def _lines(data: bytes, cleaner: Cleaner) -> bytes:
    out = []
    for line in data.splitlines(keepends=True):
        spoken = _SPOKEN.search(_NUMBER.sub(b" ", line))
        text = line.decode("utf-8", "surrogateescape")
        out.append(cleaner.note(text).encode("utf-8", "surrogateescape") if spoken else line)
    return b"".join(out)


def _cells(line: str, told: dict[str, str], cleaner: Cleaner) -> str:
    cells = line.split("\t")
    for cell in cells:
        if cell not in told:
            spoken = _SPOKEN.search(_NUMBER.sub(b" ", cell.encode("utf-8", "surrogateescape")))
            told[cell] = cleaner.note(cell) if spoken else cell
    return "\t".join(told[cell] for cell in cells)


def _pickled(where: str) -> tuple[Finding, ...]:
    message = "It holds pickled objects, which nobody can look through safely; it was kept back."
    remedy = "Save numbers and texts as arrays of their own (no dtype=object)."
    return (Finding("protect.unknown_kind", Severity.ERROR, message, where, remedy),)

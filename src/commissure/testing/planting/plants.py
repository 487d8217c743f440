"""What was planted where, and a search of released bytes that is not the one that de-identification itself uses."""

import bz2
import datetime
import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from commissure.extras import need
from commissure.testing.planting.people import Person

__all__ = ["Plant", "found", "plants_of", "released_bytes", "spellings"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
#: parts of names of these kinds count each for themselves
_NAMES = {"patient name", "other name", "operator", "physician"}
_TITLES = {"dr", "dr.", "prof.", "prof"}


@dataclass(frozen=True, slots=True)
class Plant:
    """One identifier at one place: its kind, its spellings, the format it stands in and where there.

    A plant counts as found if any of its spellings is in the released bytes. A name's spellings are its parts.
    """

    kind: str
    spellings: tuple[str, ...]
    format: str
    where: str


def spellings(kind: str, value: str) -> tuple[str, ...]:
    """How a value may be written; none of it may be left."""
    if kind in _NAMES:
        return tuple(part for part in value.split() if part.lower() not in _TITLES)
    if kind in {"birth date", "study date"}:
        day = datetime.date.fromisoformat(value)
        return tuple(day.strftime(form) for form in ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d-%b-%Y", "%Y/%m/%d",
                                                     "%Y.%m.%d", "%d %B %Y", "%Y:%m:%d"))  # fmt: skip
    if kind == "user path":
        users = re.findall(r"(?:Users\\|home/)([^\\/]+)", value)
        return (value, *users)
    if kind == "age over 89":
        return (
            f"{int(value):03d}Y",
            f"aged {value}",
            f"age {value}",
            f"\t{value}\t",
            f"{value} years",
        )
    if kind == "uid":
        return (value,)
    return (value,)


def plants_of(person: Person, kinds: Iterable[str], *, format: str, where: str) -> list[Plant]:
    """One Plant a kind."""
    return [Plant(kind, spellings(kind, person.values[kind]), format, where) for kind in kinds]


def released_bytes(folder: Path) -> bytes:
    """All that stands in a folder: names of files, bytes, what is packed, texts of HDF5 and MATLAB files, lower case."""
    parts = []
    for path in sorted(folder.rglob("*")):
        parts.append(path.relative_to(folder).as_posix().encode())
        if path.is_file():
            parts += _unpacked(path)
    # 16-bit texts are seen without their zeros
    whole = b"\n".join(parts)
    return (whole + b"\n" + whole.replace(b"\x00", b"")).lower()


def _unpacked(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if data.startswith(b"\x1f\x8b"):
        whole = gzip.decompress(data)
        yield whole
        if whole[257:262] == b"ustar":
            yield whole.replace(b"\x00", b"\n")
    elif data.startswith(b"BZh"):
        yield bz2.decompress(data)
    elif data.startswith(b"\xfd7zXZ"):
        yield lzma.decompress(data)
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\n" + archive.read(name)
    elif data.startswith(_HDF5):
        yield _hdf5_texts(path)
    elif data.startswith(b"MATLAB 5.0"):
        yield from _matlab(data)


def _hdf5_texts(path: Path) -> bytes:
    h5py = need("h5py", purpose="Looking into HDF5 files")
    texts: list[str] = []

    def visit(name: str, item: object) -> None:
        texts.append(name)
        texts.extend(str(value) for value in item.attrs.values())  # type: ignore[attr-defined]
        if isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None:
            texts.append(str(item[()]))

    with h5py.File(path, "r") as file:
        texts.extend(str(value) for value in file.attrs.values())
        file.visititems(visit)
    return "\n".join(texts).encode()


def _matlab(data: bytes) -> Iterator[bytes]:
    at = 128
    while at + 8 <= len(data):
        kind, size = (
            int.from_bytes(data[at : at + 4], "little"),
            int.from_bytes(data[at + 4 : at + 8], "little"),
        )
        if kind == 15:
            yield zlib.decompress(data[at + 8 : at + 8 + size])
        at += 8 + size


def found(plants: Iterable[Plant], released: bytes) -> list[Plant]:
    """The plants of which a spelling is in ``released`` (see :func:`released_bytes`), as words of their own."""
    return [plant for plant in plants if any(_stands(spelling, released) for spelling in plant.spellings)]


def _stands(spelling: str, released: bytes) -> bool:
    for codec in ("utf-8", "latin-1"):
        needle = spelling.lower().encode(codec, "ignore")
        if len(needle) >= 2 and needle in released:
            pattern = rb"(?<![a-z0-9])" + re.escape(needle) + rb"(?![a-z0-9])"
            if re.search(pattern, released):
                return True
    return False

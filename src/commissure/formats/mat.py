"""MATLAB files: any value, noun or table as ``.mat`` v7 and back without loss; v7.3 is read.

>>> import io
>>> buffer = io.BytesIO()
>>> write_mat(buffer, {"rate_hz": 512.0, "bad": [True, False], "names": ["Fz", "Cz"]})
>>> read_mat(buffer)
{'rate_hz': 512.0, 'bad': [True, False], 'names': ['Fz', 'Cz']}

The rules are in :mod:`commissure.formats.mat_codec`. The same values give the same bytes: the header tells no time.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from commissure.errors import BadInput, Unreadable
from commissure.extras import need
from commissure.formats.mat_codec import decode, encode

__all__ = ["read_mat", "write_mat"]

#: the variable that tells the types of the others, as JSON
TYPES = "commissure_types"
_HEADER = b"MATLAB 5.0 MAT-file, written by commissure"
_HEADER_BYTES = 116
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LARGEST = 2**31 - 2**20


def write_mat(to: Path | BinaryIO, values: Mapping[str, Any], *, types: bool = True) -> None:
    """Write variables as a v7 file (compressed), for MATLAB, Octave, scipy and pymatreader.

    Parameters
    ----------
    to : Path or binary file
        Where to.
    values : mapping of str to object
        Variables by name: numbers, texts, dates, arrays, lists, dicts, and nouns of :mod:`commissure.model`. A noun's
        identifiers are never written.
    types : bool
        Whether the tree of types goes along, as the variable ``commissure_types``; without it other programs see only
        what they asked for, and reading goes by the plain rules.

    Raises
    ------
    BadInput
        If a name or a type is none that MATLAB knows, or a variable is larger than v7 takes (2 GiB).
    """
    scipy_io = need("scipy.io", purpose="Writing MATLAB files")
    if TYPES in values:
        raise BadInput(f"The name {TYPES!r} is taken by the tree of types; choose another.")
    made, tree = encode(dict(values))
    if not isinstance(made, dict):
        made = {}
    if any(_bytes(item) > _LARGEST for item in made.values()):
        raise BadInput("A variable is larger than a v7 file takes (2 GiB); write an excerpt, or an NWB file.")
    if types:
        made[TYPES] = json.dumps(tree["k"], ensure_ascii=True, separators=(",", ":"))
    stream: BinaryIO = to.open("wb") if isinstance(to, Path) else to
    try:
        start = stream.tell()
        scipy_io.savemat(stream, made, do_compression=True, long_field_names=True, oned_as="column")
        end = stream.tell()
        stream.seek(start)
        stream.write(_HEADER.ljust(_HEADER_BYTES))
        stream.seek(end)
    finally:
        if isinstance(to, Path):
            stream.close()


def _bytes(value: Any) -> int:
    return int(value.nbytes) if isinstance(value, np.ndarray) else 0


def read_mat(source: Path | BinaryIO) -> dict[str, Any]:
    """The variables of a ``.mat`` file of any version, as :func:`write_mat` took them.

    A file from elsewhere is read by the plain rules: struct → dict, struct array and cell → list, logical → bool,
    1×1 → one number, a row or a column → 1-D array.

    Raises
    ------
    Unreadable
        If it is no MATLAB file, or truncated.
    """
    scipy_io = need("scipy.io", purpose="Reading MATLAB files")
    stream: BinaryIO = source.open("rb") if isinstance(source, Path) else source
    try:
        stream.seek(0)
        head = stream.read(520)
        if head.startswith(b"MATLAB 7.3") or _HDF5 in head:
            return _read_hdf5(source)
        stream.seek(0)
        found = scipy_io.loadmat(stream, chars_as_strings=True, mat_dtype=False, struct_as_record=True)
    except (BadInput, ImportError):
        raise
    except Exception as error:
        raise Unreadable(f"This is no MATLAB file that can be read ({type(error).__name__}).") from error
    finally:
        if isinstance(source, Path):
            stream.close()
    kinds = _types(found.pop(TYPES, None))
    names = [name for name in found if not name.startswith("__")]
    logical = _logical(source, scipy_io) if not kinds else set()
    read: dict[str, Any] = {}
    for name in names:
        kind = kinds.get(name)
        key, tree = kind if isinstance(kind, list) else (name, kind)
        value = found[name].astype(bool) if name in logical else found[name]
        read[key] = decode(value, tree)
    return read


def _types(value: Any) -> dict[str, Any]:
    try:
        told = json.loads(str(value.ravel()[0])) if value is not None else {}
    except (ValueError, IndexError, AttributeError):
        return {}
    return told if isinstance(told, dict) else {}


def _logical(source: Path | BinaryIO, scipy_io: Any) -> set[str]:
    """The variables that are logical, which scipy gives as uint8."""
    if not isinstance(source, Path):
        source.seek(0)
    listed = scipy_io.whosmat(source if not isinstance(source, Path) else str(source))
    return {name for name, _, kind in listed if kind == "logical"}


def _read_hdf5(source: Path | BinaryIO) -> dict[str, Any]:
    """A v7.3 file, which is HDF5."""
    h5py = need("h5py", purpose="Reading MATLAB 7.3 files")
    read = need("pymatreader", purpose="Reading MATLAB 7.3 files").read_mat
    need("h5py", purpose="Reading MATLAB 7.3 files")
    if not isinstance(source, Path):
        raise BadInput("A MATLAB 7.3 file is read from its path, not from a stream.")
    with h5py.File(source, "r") as file:
        logical = {name for name in file if file[name].attrs.get("MATLAB_class") == b"logical"}
    return {name: _truth(value) if name in logical else value for name, value in read(str(source)).items()}


def _truth(value: Any) -> Any:
    return value.astype(bool) if isinstance(value, np.ndarray) else bool(value)

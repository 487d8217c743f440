"""MATLAB files of version 7.3 as MATLAB writes them: a head of 512 bytes, 16-bit texts, cells and structures by reference."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need

__all__ = ["write_matlab_hdf5"]

_HEAD = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Tue Mar  3 10:11:12 2020 HDF5 schema 1.00 ."


def write_matlab_hdf5(path: Path, values: Mapping[str, Any], *, head: bytes = _HEAD) -> None:
    """Write variables: dicts become structures, lists become cells, texts and numbers arrays.

    Parameters
    ----------
    path : Path
        The file.
    values : mapping
        Name to value.
    head : bytes
        What the first 116 bytes say; MATLAB puts its platform and the day there.
    """
    h5py = need("h5py", purpose="Making MATLAB files of version 7.3")
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in values.items():
            _put(h5py, file, (file, name), value)
    with path.open("r+b") as stream:
        stream.write(head.ljust(116)[:116] + bytes(8) + b"\x00\x02IM")


def _put(h5py: Any, file: Any, place: tuple[Any, str], value: Any) -> Any:
    group, name = place
    if isinstance(value, Mapping):
        made = group.create_group(name)
        kind = "struct"
        for field, one in value.items():
            _put(h5py, file, (made, field), one)
        listed = np.empty(len(value), dtype=object)
        for at, field in enumerate(value):
            listed[at] = np.array([letter.encode() for letter in field], dtype="S1")
        made.attrs.create("MATLAB_fields", listed, dtype=h5py.vlen_dtype(np.dtype("S1")))
    elif isinstance(value, list):
        refs = file.require_group("#refs#")
        pointers = np.empty((len(value), 1), dtype=h5py.ref_dtype)
        for at, one in enumerate(value):
            pointers[at, 0] = _put(h5py, file, (refs, f"r{len(refs)}"), one).ref
        made, kind = group.create_dataset(name, data=pointers, dtype=h5py.ref_dtype), "cell"
    elif isinstance(value, str):
        codes = np.frombuffer(value.encode("utf-16-le"), dtype="<u2").reshape(-1, 1)
        made = group.create_dataset(name, data=codes if value else np.zeros(2, dtype=np.uint64))
        made.attrs["MATLAB_int_decode"] = np.int32(2)
        if not value:
            made.attrs["MATLAB_empty"] = np.uint8(1)
        kind = "char"
    else:
        array = np.atleast_2d(np.asarray(value, dtype=float))
        packed = {"chunks": array.T.shape, "compression": 3} if array.size > 64 else {}
        made, kind = group.create_dataset(name, data=array.T, **packed), "double"
    made.attrs["MATLAB_class"] = np.bytes_(kind)
    return made

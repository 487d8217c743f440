"""MATLAB files of version 7.3: HDF5 behind a head of 512 bytes.

Texts are arrays of 16-bit numbers; cells and structures point at arrays in the group ``#refs#``, and what such an array is called
is found by following those pointers.

>>> is_matlab_hdf5(b"MATLAB 7.3 MAT-file, Platform: GLNXA64"), is_matlab_hdf5(b"MATLAB 5.0 MAT-file")
(True, False)
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.protect.files.hdf5 import texts_of

__all__ = ["is_char", "is_matlab_hdf5", "matlab_fields", "matlab_hdf5_texts"]

_MAGIC = b"MATLAB 7.3 MAT-file"
_OBJECTS = "#subsystem#"
_HOLDS_OBJECTS = (
    "A MATLAB file holds objects (string, table, datetime), whose texts cannot be looked through; save them as char arrays, "
    "cells and structures (convertStringsToChars, table2struct)."
)


def is_matlab_hdf5(head: bytes) -> bool:
    """Whether a file that begins so is MATLAB's of version 7.3."""
    return head.startswith(_MAGIC)


def matlab_hdf5_texts(path: Path) -> Iterator[tuple[str, str]]:
    """``(field, text)`` of every text in a MATLAB file of version 7.3.

    Raises
    ------
    Unreadable
        If the file is damaged, or holds objects.
    """
    fields = matlab_fields(path)
    for where, text in texts_of(path, letters=is_char):
        if "@" not in where:
            yield fields.get(where, where.rpartition("/")[2]), text


def is_char(dataset: Any) -> bool:
    """Whether an array of numbers is a text."""
    return dataset.attrs.get("MATLAB_class") == b"char" and "MATLAB_empty" not in dataset.attrs


def matlab_fields(path: Path) -> dict[str, str]:
    """What field of a structure each array in ``#refs#`` belongs to: that of the cell or structure that points at it.

    Raises
    ------
    Unreadable
        If the file is damaged, or holds objects.
    """
    h5py = need("h5py", purpose="Cleaning MATLAB files of version 7.3")
    fields: dict[str, str] = {}
    try:
        with h5py.File(path, "r") as file:
            if _OBJECTS in file:
                raise Unreadable(_HOLDS_OBJECTS)
            waiting = [(file[name], name) for name in file if not name.startswith("#")]
            while waiting:
                item, field = waiting.pop()
                if item.name in fields:
                    continue
                fields[item.name] = field
                if isinstance(item, h5py.Group):
                    waiting += [(item[name], name) for name in item]
                elif h5py.check_ref_dtype(item.dtype) is not None:
                    waiting += [(file[one], field) for one in np.ravel(item[()]) if one]
    except Unreadable:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(
            "A MATLAB file of version 7.3 cannot be read to its end; get an intact copy of it."
        ) from error
    return fields

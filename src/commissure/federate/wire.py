"""How messages travel: a head in JSON, then blobs; arrays among them, by name, type and shape. No code, ever."""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["as_json", "pack", "pack_arrays", "unpack", "unpack_arrays"]

_SIZES = struct.Struct(">II")
_TYPES = {"float64": np.float64, "float32": np.float32}


def pack(head: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """A message of ``head`` and ``blobs``."""
    text = json.dumps({**head, "": [len(blob) for blob in blobs]}, separators=(",", ":")).encode()
    return b"".join((_SIZES.pack(len(text), len(blobs)), text, *blobs))


def unpack(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Head and blobs of :func:`pack`.

    Raises
    ------
    BadInput
        If these bytes are no message, or are cut off.
    """
    try:
        size, count = _SIZES.unpack_from(data)
        at = _SIZES.size + size
        head = json.loads(data[_SIZES.size : at])
        sizes = head.pop("")
        blobs = []
        for length in sizes:
            blobs.append(data[at : at + length])
            at += length
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput("These bytes are no message of this protocol.") from error
    if at != len(data) or len(blobs) != count:
        raise BadInput("A message is cut off, or longer than it says.")
    return head, blobs


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays of float64 or float32 by name."""
    names = [[name, array.dtype.name, list(array.shape)] for name, array in arrays.items()]
    for name, kind, _ in names:
        if kind not in _TYPES:
            raise BadInput(f"Array {name!r} must be of float64 or float32; got {kind}.")
    return pack({"arrays": names}, [np.ascontiguousarray(array).tobytes() for array in arrays.values()])


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of :func:`pack_arrays`.

    Raises
    ------
    BadInput
        If these bytes are no arrays.
    """
    head, blobs = unpack(data)
    try:
        return {
            str(name): np.frombuffer(blob, _TYPES[kind]).reshape(shape)
            for (name, kind, shape), blob in zip(head["arrays"], blobs, strict=True)
        }
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput("These bytes are no arrays of this protocol.") from error


def as_json(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Arrays as JSON, numbers in full."""
    return json.dumps({name: array.tolist() for name, array in arrays.items()})

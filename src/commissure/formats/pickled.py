"""NumPy object arrays (``stat.npy``, ``ops.npy``) read without running what a pickle could make run.

Only plain containers, numbers, strings and NumPy arrays are rebuilt; anything else is refused.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Unreadable

__all__ = ["load_objects", "loads_plain"]

_ALLOWED = {
    ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy", "bool_"), ("numpy", "float32"), ("numpy", "float64"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"), ("numpy.core.numeric", "_frombuffer"),
    ("collections", "OrderedDict"), ("builtins", "slice"), ("builtins", "complex"),
    ("_codecs", "encode"),
}  # fmt: skip
#: classes that hold nothing but a path or a date; their value is dropped
_BLANKED = {("pathlib", "WindowsPath"), ("pathlib", "PosixPath"), ("pathlib._local", "PosixPath"),
            ("pathlib._local", "WindowsPath"), ("datetime", "datetime")}  # fmt: skip


class _Blank:
    """Stands for a value that was not rebuilt."""

    def __init__(self, *_: object) -> None:
        return None


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        if (module, name) in _BLANKED:
            return _Blank
        raise pickle.UnpicklingError(f"{module}.{name}")


def loads_plain(data: bytes) -> Any:
    """What a pickle of plain containers and strings holds; :class:`Unreadable` if it asks for any class.

    >>> loads_plain(pickle.dumps([("a", "x")]))
    [('a', 'x')]
    """
    try:
        return _Careful(io.BytesIO(data)).load()
    except (ValueError, EOFError, pickle.UnpicklingError, AttributeError, TypeError, ImportError) as error:
        raise Unreadable(
            f"A pickled header is truncated or asks for code to be run ({type(error).__name__}); save it again."
        ) from error


def load_objects(path: Path) -> Any:
    """The object array (or the object) that ``path`` holds.

    Raises
    ------
    Unreadable
        If it is no ``.npy``, is truncated, or asks for code to be run.
    """
    try:
        with path.open("rb") as stream:
            npy: Any = np.lib.format
            version = npy.read_magic(stream)
            shape, _, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(
                stream
            )
            if not dtype.hasobject:
                stream.seek(0)
                return npy.read_array(stream, allow_pickle=False)
            array = _Careful(stream).load()
    except (ValueError, EOFError, pickle.UnpicklingError, AttributeError, TypeError, ImportError) as error:
        raise Unreadable(
            f"A NumPy object file is truncated or asks for code to be run ({type(error).__name__}); save it again."
        ) from error
    return array.reshape(shape) if isinstance(array, np.ndarray) else array

"""Types of HDF5 whose names are renamed, and arrays that hold texts though their type does not say so.

>>> import numpy as np
>>> holds_texts(np.dtype([("who", "S8"), ("rt_ms", "f8")])), holds_texts(np.dtype("f8"))
(True, False)
"""

import pickletools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "clipped",
    "decoded",
    "encoded",
    "holds_texts",
    "is_hdf5",
    "is_pickle",
    "read_letters",
    "renamed_dtype",
    "renamed_type",
    "texts_of_pickle",
    "written_letters",
]

#: longer arrays of whole numbers are samples
_LONGEST_SPELLED = 1 << 16
_SHORTEST_SPELLED = 4
#: of the Latin letters; higher numbers are samples
_LAST_LETTER = "\u024f"
_SHARE_OF_LETTERS = 0.6
_MAGIC = b"\x89HDF\r\n\x1a\n"
_PICKLE = re.compile(rb"\x80[\x02-\x05].*\.\Z", re.S)


def decoded(value: Any) -> str:
    """A text; its bytes are read as Latin-1 where they are no UTF-8.

    >>> decoded(b"M\\xfcller"), decoded("Müller".encode())
    ('Müller', 'Müller')
    """
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def encoded(text: str | bytes) -> bytes:
    """The bytes of a text; bytes stay as they are."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def is_hdf5(head: bytes) -> bool:
    """Whether a file that begins so is HDF5, behind a user block too.

    >>> is_hdf5(bytes(512) + b"\\x89HDF\\r\\n\\x1a\\n"), is_hdf5(b"CDF\\x01")
    (True, False)
    """
    return any(head[at : at + len(_MAGIC)] == _MAGIC for at in (0, 512, 1024, 2048))


def is_pickle(data: bytes) -> bool:
    """Whether bytes are a pickle of Python's binary protocols, which may hold anything and is never loaded.

    >>> import pickle
    >>> is_pickle(pickle.dumps({"who": "Jane"})), is_pickle(b"Jane")
    (True, False)
    """
    return _PICKLE.fullmatch(data) is not None


def texts_of_pickle(data: bytes) -> list[tuple[int, str]] | None:
    """Where the texts of a pickle of Python's first protocol begin, and what they say; None if bytes are none.

    PyTables and pandas keep lists of columns so. It is only parsed, never loaded.

    >>> texts_of_pickle(b"(lp0\\nVJane\\np1\\na."), texts_of_pickle(b"Jane ran.")
    ([(6, 'Jane')], None)
    """
    if not data.endswith(b".") or b"\n" not in data:
        return None
    try:
        steps = list(pickletools.genops(data))
    except Exception:  # noqa: BLE001 - any bytes may come along, and the parser has no errors of its own
        return None
    if len(steps) < 3 or steps[-1][2] != len(data) - 1:
        return None
    return [(int(at or 0) + 1, str(text)) for step, text, at in steps if step.name in {"UNICODE", "STRING"}]


def holds_texts(kind: Any) -> bool:
    """Whether a table's type has a column of texts of fixed size, at any depth."""
    kind = kind.base
    if kind.names:
        return any(holds_texts(kind[name]) for name in kind.names)
    return bool(kind.kind == "S")


def clipped(texts: Any, kind: Any) -> Any:
    """Texts that fit into their column: cut where a character ends."""
    if kind.kind != "S":
        return texts
    array = np.asarray(texts)
    if array.dtype.itemsize <= kind.itemsize:
        return texts
    short = [
        one[: kind.itemsize].decode("utf-8", "ignore").encode() if len(one) > kind.itemsize else one
        for one in array.ravel().tolist()
    ]
    return np.array(short, dtype=kind).reshape(array.shape)[()]


def renamed_type(h5py: Any, kind: Any, *, rename: Callable[[str], str]) -> Any:
    """The same type on disk with new names of its columns and of the values of its enumerations; itself if none changes.

    Parameters
    ----------
    h5py : module
        The library.
    kind : h5py.h5t.TypeID
        Of a dataset.
    rename : callable
        The new name of an old one.
    """
    low = h5py.h5t
    if isinstance(kind, low.TypeCompoundID):
        parts = [
            (kind.get_member_name(at), kind.get_member_offset(at), kind.get_member_type(at))
            for at in range(kind.get_nmembers())
        ]
        made = low.create(low.COMPOUND, kind.get_size())
        names = _free_names([decoded(name) for name, _, _ in parts], rename)
        for name, (_, offset, part) in zip(names, parts, strict=True):
            made.insert(name.encode(), offset, renamed_type(h5py, part, rename=rename))
        return kind if made.equal(kind) else made
    if isinstance(kind, low.TypeEnumID):
        old = [decoded(kind.get_member_name(at)) for at in range(kind.get_nmembers())]
        names = _free_names(old, rename)
        if names == old:
            return kind
        made = low.enum_create(kind.get_super())
        for at, name in enumerate(names):
            made.enum_insert(name.encode(), kind.get_member_value(at))
        return made
    if isinstance(kind, low.TypeArrayID):
        inner = kind.get_super()
        made = renamed_type(h5py, inner, rename=rename)
        return kind if made.equal(inner) else low.array_create(made, kind.get_array_dims())
    return kind


def renamed_dtype(h5py: Any, kind: Any, *, rename: Callable[[str], str]) -> Any:
    """The same for a type in memory, at any depth; itself if none changes."""
    if kind.subdtype is not None:
        base, shape = kind.subdtype
        return np.dtype((renamed_dtype(h5py, base, rename=rename), shape))
    if kind.names:
        parts = [renamed_dtype(h5py, kind[name], rename=rename) for name in kind.names]
        names = _free_names(list(kind.names), rename)
        places = [kind.fields[name][1] for name in kind.names]
        made = np.dtype({"names": names, "formats": parts, "offsets": places, "itemsize": kind.itemsize})
        return made if names != list(kind.names) or any(a is not kind[b] for a, b in zip(parts, kind.names, strict=True)) else kind  # fmt: skip
    values = h5py.check_enum_dtype(kind)
    if values:
        names = _free_names(list(values), rename)
        return (
            kind
            if names == list(values)
            else h5py.enum_dtype(dict(zip(names, values.values(), strict=True)), basetype=np.dtype(kind.str))
        )
    inner = h5py.check_vlen_dtype(kind)
    if isinstance(inner, np.dtype):
        made = renamed_dtype(h5py, inner, rename=rename)
        return kind if made is inner else h5py.vlen_dtype(made)
    return kind


def _free_names(names: list[str], rename: Callable[[str], str]) -> list[str]:
    made: list[str] = []
    for name in names:
        new = free = rename(name)
        number = 2
        while free in made:
            free, number = f"{new}_{number}", number + 1
        made.append(free)
    return made


def read_letters(dataset: Any, *, known: bool) -> str | None:
    """The text that an array of whole numbers spells, rows of a table of letters one by one; None if it spells none.

    Parameters
    ----------
    dataset : h5py.Dataset
        Of any type.
    known : bool
        Whether it is said to be a text; else it counts as one if it is a single row of printable characters, most of them
        letters and blanks.
    """
    kind = dataset.dtype
    if kind.kind not in "iu" or kind.itemsize > 2 or not dataset.shape or not dataset.size:
        return None
    if not known and (
        not _SHORTEST_SPELLED <= dataset.size <= _LONGEST_SPELLED or max(dataset.shape) != dataset.size
    ):
        return None
    array = np.asarray(dataset[()])
    if known:
        rows = array.reshape(array.shape[0], -1).T  # MATLAB's order: a column of the file is a row of letters
        return "\n".join(_spelt(row) for row in rows)
    text = _spelt(array.ravel())
    if not all(one.isprintable() or one in "\t\r\n" for one in text) or max(text) > _LAST_LETTER:
        return None
    letters = sum(one.isalpha() or one == " " for one in text)
    return text if letters >= _SHARE_OF_LETTERS * len(text) else None


def _spelt(row: NDArray[Any]) -> str:
    if row.dtype.itemsize == 1:
        return decoded(np.ascontiguousarray(row).tobytes())
    codes = np.ascontiguousarray(row.astype(np.int64) & 0xFFFF, dtype="<u2")
    return codes.tobytes().decode("utf-16-le", "replace")


def written_letters(array: NDArray[Any], text: str) -> NDArray[Any]:
    """The same kind of array spelling another text; a single row takes its length, a table of letters keeps its shape.

    >>> written_letters(np.array([[74], [111], [101]], dtype=np.uint16), "[id]").ravel().tolist()
    [91, 105, 100, 93]
    """
    wide = array.dtype.itemsize > 1
    if max(array.shape) == array.size:
        codes = _codes(text or " ", wide)
        shape = tuple(len(codes) if side == array.size and at == np.argmax(array.shape) else side for at, side in enumerate(array.shape))  # fmt: skip
        return codes.astype(array.dtype).reshape(shape)
    width = array.shape[0]
    rows = [_codes(line, wide)[:width] for line in text.split("\n")]
    count = array.size // width
    out = np.full((count, width), ord(" "), dtype=array.dtype)
    for at, row in enumerate(rows[:count]):
        out[at, : len(row)] = row.astype(array.dtype)
    return out.T.reshape(array.shape)


def _codes(text: str, wide: bool) -> NDArray[Any]:
    if wide:
        return np.frombuffer(text.encode("utf-16-le", "replace"), dtype="<u2")
    return np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)

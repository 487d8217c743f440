"""Python values as MATLAB values and back, without loss.

======================  =======================================  ==========================================
Python                  MATLAB                                   rule
======================  =======================================  ==========================================
dict, noun              struct (1×1)                             names that MATLAB does not take are changed
list of dicts, nouns    struct array (1×N), if all keys agree    else a cell
list of str, mixed      cell (1×N)                               ``[]`` is an empty cell
list of numbers, bools  row of int64, double or logical (1×N)    all of one type; else a cell
array                   array of the same class                  1-D is a column (N×1)
bool                    logical (1×1)
int                     int64 (1×1)                              beyond 64 bits: a char of its digits
float, complex          double (1×1)
str                     char (1×N)                               UTF-8, also beyond the basic plane
bytes                   uint8 row
None                    ``[]`` (0×0 double)
datetime, date          char, ISO 8601                           ``datetime(s, 'InputFormat', …)`` reads it
======================  =======================================  ==========================================

What MATLAB cannot tell apart (None and an empty array, a tuple and a list, one and two dimensions) is told by a tree
of types that goes along as text; a value that was changed since is read by the plain rules, not forced.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import numpy as np

from commissure import model
from commissure.errors import BadInput

__all__ = ["decode", "encode", "plain"]

Tree = dict[str, Any]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_WIDE = 2**63
#: what a noun never takes along: identities, and the objects of other libraries
_LEFT_OUT = frozenset({"identifiers", "native"})
_DEEPEST = 40
#: what stands for a NUL, at which a char array would end
_NUL = "\ufffd"
_PYTHON = {"bool": bool, "int": int, "float": float}
_NUMBERS: dict[Any, Any] = {bool: np.bool_, int: np.int64, float: np.float64}


def encode(value: Any, *, depth: int = 0) -> tuple[Any, Tree]:
    """What scipy shall write for ``value``, and the tree of its types.

    Raises
    ------
    BadInput
        If there is a type that MATLAB has no word for, or it nests too deeply.
    """
    if depth > _DEEPEST:
        raise BadInput(f"The values nest deeper than {_DEEPEST} levels; is one of them inside itself?")
    if value is None:
        return np.zeros((0, 0)), {"t": "none"}
    if isinstance(value, Enum):
        return encode(value.value, depth=depth)
    if isinstance(value, np.ndarray):
        return _encode_array(value, depth)
    if isinstance(value, np.generic):
        made, _ = encode(value.item(), depth=depth)
        kept = np.array([[value]]) if value.dtype.kind in "iufcb" else made
        return kept, {"t": "scalar", "d": value.dtype.str}
    if isinstance(value, bool | int | float | complex | str | bytes | date):
        return _encode_scalar(value)
    if isinstance(value, Mapping):
        return _encode_struct(value, depth, {"t": "dict"})
    if is_dataclass(value) and not isinstance(value, type):
        kept = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in _LEFT_OUT}
        return _encode_struct(kept, depth, {"t": "noun", "c": type(value).__name__})
    if isinstance(value, list | tuple):
        return _encode_list(value, depth)
    if hasattr(value, "shape") and hasattr(value, "__getitem__"):
        return _encode_array(np.asarray(value[:]), depth)
    raise BadInput(
        f"A .mat file holds numbers, texts, dates, lists and tables; got {type(value).__name__!r}."
    )


def _encode_scalar(value: Any) -> tuple[Any, Tree]:
    if isinstance(value, bool):
        return np.array([[value]]), {"t": "bool"}
    if isinstance(value, int):
        wide = not -_WIDE <= value < _WIDE
        return (str(value), {"t": "wide"}) if wide else (np.array([[value]], np.int64), {"t": "int"})
    if isinstance(value, float):
        return np.array([[value]]), {"t": "float"}
    if isinstance(value, complex):
        return np.array([[value]]), {"t": "complex"}
    if isinstance(value, datetime):
        return value.isoformat(), {"t": "datetime"}
    if isinstance(value, date):
        return value.isoformat(), {"t": "date"}
    if isinstance(value, bytes):
        return np.frombuffer(value, np.uint8)[None, :], {"t": "bytes"}
    return _text(value), {"t": "str", **({"u": value} if _needs_help(value) else {})}


def _needs_help(value: str) -> bool:
    return value != value.rstrip() or any(ord(letter) > 0xFFFF or letter == "\0" for letter in value)


def _text(value: str) -> Any:
    return value.replace("\0", _NUL) if value else np.zeros((0, 0), dtype="U1")


def _encode_array(value: np.ndarray[Any, Any], depth: int) -> tuple[Any, Tree]:
    kind = value.dtype.kind
    if kind == "O" and value.ndim == 2:
        return _encode_cells(value, depth)
    if kind in "OUS":
        made, tree = encode(value.tolist() if value.ndim else [value.item()], depth=depth + 1)
        return made, {
            "t": "objects",
            "s": list(value.shape),
            "d": "O" if kind == "O" else value.dtype.str,
            "i": tree,
        }
    if kind == "M":
        made, tree = encode(np.datetime_as_string(value).ravel().tolist(), depth=depth + 1)
        return made, {"t": "times", "s": list(value.shape), "d": value.dtype.str, "i": tree}
    if kind not in "biufc":
        raise BadInput(
            f"A .mat file has no array of {value.dtype}; use numbers, truth values, texts or dates."
        )
    if value.dtype.itemsize in (2, 16) and kind == "f":
        raise BadInput(f"MATLAB has no {value.dtype}; convert it to float32 or float64 first.")
    flat = value.reshape(-1, 1) if value.ndim < 2 else value
    return np.ascontiguousarray(flat.astype(value.dtype.newbyteorder("="), copy=False)), {
        "t": "array", "s": list(value.shape), "d": value.dtype.newbyteorder("=").str,
    }  # fmt: skip


def _encode_cells(value: np.ndarray[Any, Any], depth: int) -> tuple[Any, Tree]:
    made, trees = np.empty(value.shape, dtype=object), []
    for place in np.ndindex(value.shape):
        made[place], tree = encode(value[place], depth=depth + 1)
        trees.append(tree)
    return made, {"t": "cells", "s": list(value.shape), "i": trees}


def _encode_struct(value: Mapping[Any, Any], depth: int, tree: Tree) -> tuple[Any, Tree]:
    names, made, kinds = _names(value), {}, {}
    for key, item in value.items():
        made[names[key]], kind = encode(item, depth=depth + 1)
        kinds[names[key]] = [key, kind] if names[key] != key else kind
    return made or np.zeros((1, 1), dtype=[("empty_", object)]), {**tree, "k": kinds}


def _names(value: Mapping[Any, Any]) -> dict[Any, str]:
    """A MATLAB name for each key, each once."""
    taken: set[str] = set()
    found = {}
    for key in sorted(value, key=lambda key: not (isinstance(key, str) and _NAME.fullmatch(key))):
        if not isinstance(key, str):
            raise BadInput(f"The fields of a struct have texts for names; got {type(key).__name__!r}.")
        base = re.sub(r"\W", "_", key, flags=re.ASCII)[:55]
        base = base if _NAME.fullmatch(key) or _NAME.fullmatch(base) else f"x{base}"
        name, number = key if _NAME.fullmatch(key) else base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        found[key] = name
    return found


def _encode_list(value: list[Any] | tuple[Any, ...], depth: int) -> tuple[Any, Tree]:
    tree: Tree = {"t": "tuple" if isinstance(value, tuple) else "list"}
    kinds = {type(item) for item in value}
    kind: Any = next(iter(kinds)) if len(kinds) == 1 else None
    if kind in _NUMBERS and (kind is not int or all(-_WIDE <= item < _WIDE for item in value)):
        return np.array([value], dtype=_NUMBERS[kind]), {**tree, "of": kind.__name__}
    made, trees = zip(*(encode(item, depth=depth + 1) for item in value), strict=True) if value else ((), ())
    told = (
        {**tree, "of": trees[0]}
        if trees and all(one == trees[0] for one in trees)
        else {**tree, "i": list(trees)}
    )
    structs = [item for item in made if isinstance(item, dict)]
    if made and len(structs) == len(made) and all(item.keys() == structs[0].keys() for item in structs):
        array = np.empty((1, len(made)), dtype=[(name, object) for name in structs[0]])
        for place, item in enumerate(structs):
            array[0, place] = tuple(item.values())
        return array, told
    cells = np.empty((1, len(made)), dtype=object)
    for place, item in enumerate(made):
        cells[0, place] = item
    return cells, told


def decode(value: Any, tree: Tree | None) -> Any:
    """The Python value of what scipy read, by its tree of types; by the plain rules where the tree does not fit."""
    if tree is None:
        return plain(value)
    try:
        return _DECODERS[tree["t"]](value, tree)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        return plain(value)


def _one(value: Any) -> Any:
    if value.shape != (1, 1):
        raise ValueError("not one value")
    return value[0, 0]


def _chars(value: Any) -> str:
    return "" if value.size == 0 else str(value.ravel()[0])


def _decode_text(value: Any, tree: Tree) -> str:
    seen = _chars(value)
    told = tree.get("u")
    return str(told) if told is not None and _kept(seen) == _kept(str(told)) else seen


def _kept(text: str) -> str:
    """What of a text survives in a char array, as scipy reads it."""
    return text.replace("\0", _NUL).rstrip()


def _decode_array(value: Any, tree: Tree) -> Any:
    if value.size != int(np.prod(tree["s"])) or value.dtype.kind not in "biufc":
        raise ValueError("another shape")
    return value.reshape(tree["s"]).astype(np.dtype(tree["d"]), copy=False)


def _decode_struct(value: Any, tree: Tree) -> dict[str, Any]:
    kinds = tree["k"]
    if not kinds:
        return {}
    row = _one(value)
    found = {}
    for name, kind in kinds.items():
        key, below = kind if isinstance(kind, list) else (name, kind)
        if name in row.dtype.names:
            found[key] = decode(row[name], below)
    return found | {name: plain(row[name]) for name in row.dtype.names if name not in kinds}


def _decode_noun(value: Any, tree: Tree) -> Any:
    found: dict[str, Any] = _decode_struct(value, tree)
    kind: Any = _NOUNS.get(tree["c"])
    if kind is None:
        return found
    known = {field.name for field in fields(kind)}
    return kind(**{name: item for name, item in found.items() if name in known})


def _decode_list(value: Any, tree: Tree) -> Any:
    of = tree.get("of")
    if isinstance(of, str):
        items = [_PYTHON[of](item) for item in value.ravel()]
    else:
        trees = [of] * value.size if of is not None else tree["i"]
        if len(trees) != value.size:
            return plain(value)
        parts = (
            value.ravel()
            if value.dtype.names is None
            else [value[:, n : n + 1] for n in range(value.shape[1])]
        )
        items = [decode(part, below) for part, below in zip(parts, trees, strict=True)]
    return tuple(items) if tree["t"] == "tuple" else items


def _decode_objects(value: Any, tree: Tree) -> Any:
    items = decode(value, tree["i"])
    if tree["d"] != "O":
        return np.array(items, dtype=tree["d"]).reshape(tree["s"])
    made = np.empty(tree["s"], dtype=object)
    if made.ndim == 1:
        for place, item in enumerate(items):
            made[place] = item
        return made
    made[...] = items if made.ndim else items[0]
    return made


def _decode_cells(value: Any, tree: Tree) -> Any:
    if list(value.shape) != tree["s"]:
        raise ValueError("another shape")
    made = np.empty(value.shape, dtype=object)
    for below, place in zip(tree["i"], np.ndindex(value.shape), strict=True):
        made[place] = decode(value[place], below)
    return made


_NOUNS: dict[str, Any] = {name: kind for name in model.__all__ if is_dataclass(kind := getattr(model, name))}
_DECODERS: dict[str, Any] = {
    "none": lambda value, tree: None if value.size == 0 else plain(value),
    "bool": lambda value, tree: bool(_one(value)),
    "int": lambda value, tree: int(_one(value)),
    "float": lambda value, tree: float(_one(value)),
    "complex": lambda value, tree: complex(_one(value)),
    "wide": lambda value, tree: int(_chars(value)),
    "str": _decode_text,
    "bytes": lambda value, tree: value.astype(np.uint8).tobytes(),
    "datetime": lambda value, tree: datetime.fromisoformat(_chars(value)),
    "date": lambda value, tree: date.fromisoformat(_chars(value)),
    "scalar": lambda value, tree: np.dtype(tree["d"]).type(plain(value)),
    "array": _decode_array,
    "dict": _decode_struct,
    "noun": _decode_noun,
    "list": _decode_list,
    "tuple": _decode_list,
    "objects": _decode_objects,
    "cells": _decode_cells,
    "times": lambda value, tree: np.array(decode(value, tree["i"]), dtype=tree["d"]).reshape(tree["s"]),
}


def plain(value: Any) -> Any:
    """The Python value of what scipy read, by what MATLAB says of it alone.

    Struct → dict, struct array and cell → list, char → str, logical → bool, 1×1 → one number, a row or column → 1-D.
    """
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.names is not None:
        rows = [{name: plain(row[name]) for name in value.dtype.names} for row in value.ravel()]
        return rows[0] if value.size == 1 else rows
    if value.dtype.kind in "US":
        texts = [str(text) for text in value.ravel()]
        return texts[0] if len(texts) == 1 else texts if texts else ""
    if value.dtype.kind == "O":
        return [plain(item) for item in value.ravel(order="F")]
    if value.size == 1:
        return value.ravel()[0].item()
    return value.ravel() if value.ndim == 2 and 1 in value.shape else value

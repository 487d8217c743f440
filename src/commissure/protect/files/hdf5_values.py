"""Values of an HDF5 file: texts go through an edit, references through another, what a table holds column by column."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from commissure.errors import Unreadable
from commissure.protect.files.hdf5_types import clipped, decoded, encoded, is_pickle, texts_of_pickle

__all__ = ["DROP", "LEAST_TELLING", "Edit", "Edits", "Rename", "Values"]

#: returned by an edit to leave the object out
DROP = object()
#: edit(path, text) gives the new text, or DROP; an attribute's path is ``object@attribute``
Edit = Callable[[str, str], Any]
Rename = Callable[[str], str]
_MOST_REMEMBERED = 200_000
#: smaller numbers may as well count subjects
LEAST_TELLING = 10_000
_WORDS = re.compile(rb"[A-Za-z]{4}")
_PICKLED = "An HDF5 file holds pickled or opaque objects, which nobody can look through safely; save them as arrays and texts."


@dataclass(frozen=True)
class Edits:
    """What is done to a file.

    Parameters
    ----------
    text : callable
        The new text for ``(path, text)``, or DROP.
    rename : callable
        The new name of a group, a dataset, a link, a column of a table or a value of an enumeration.
    outside : callable
        The new place for the path of another file that an external link leads to.
    letters : callable or None
        Whether a dataset of numbers is known to spell a text (MATLAB's ``char``); None where only what looks like a text is one.
    spelled : bool
        Whether numbers that spell a text are edited too.
    hidden : callable or None
        Whether the numbers at a path tell who somebody is; they become 0.
    """

    text: Edit
    rename: Rename = str
    outside: Rename | None = None
    letters: Callable[[Any], bool] | None = None
    spelled: bool = False
    hidden: Callable[[str], bool] | None = None


class Values:
    """Edits values of one file.

    Parameters
    ----------
    h5py : module
        The library.
    edits : Edits
        What is done to texts and numbers.
    reference : callable
        The new reference for an old one.
    """

    def __init__(self, h5py: Any, edits: Edits, reference: Callable[[Any], Any]) -> None:
        self.h5py, self.edits, self.reference = h5py, edits, reference
        self.cache: dict[tuple[str, str], Any] = {}
        #: names of children and columns that became others; texts that list them follow
        self.names: dict[str, str] = {}

    def moved(self, path: str, data: Any, kind: Any) -> Any:
        """A value of any type, edited."""
        kind = kind.base
        if kind.names:
            moved = np.empty_like(data)
            for field in kind.names:
                moved[field] = self.moved(f"{path}/{field}", data[field], kind[field])
            return moved
        if self.h5py.check_string_dtype(kind) is not None:
            return clipped(self.texts(path, data, kind), kind)
        if kind.kind == "V":
            self.opaque(np.asarray(data).tobytes())
        inner = self.h5py.check_vlen_dtype(kind)
        if isinstance(inner, np.dtype) and not inner.isnative:
            raise Unreadable(
                "An HDF5 file holds lists of numbers in another machine's order; save them in this one's."
            )
        change = (
            partial(self._list, path, inner)
            if inner is not None
            else self.reference
            if self.h5py.check_ref_dtype(kind) is not None
            else None
        )
        if change is None:
            hide = self.edits.hidden is not None and kind.kind in "iuf" and self.edits.hidden(path)
            return self._hidden(data) if hide else data
        if not isinstance(data, np.ndarray) or (inner is not None and data.dtype.kind != "O"):
            return change(data)
        moved = np.empty(data.shape, dtype=kind)
        for index in np.ndindex(data.shape):
            moved[index] = change(data[index])
        return moved

    def opaque(self, data: bytes) -> None:
        """Refuse bytes of no type that are a pickle or hold words."""
        if is_pickle(data) or _WORDS.search(data):
            raise Unreadable(_PICKLED)

    def _hidden(self, data: Any) -> Any:
        """Numbers that are no small counts, as zeros."""
        return data if not np.size(data) or np.nanmax(np.abs(data)) < LEAST_TELLING else np.zeros_like(data)

    def _list(self, path: str, inner: Any, values: Any) -> Any:
        """A list of any length in a cell; one of single letters is a word (names of MATLAB's fields)."""
        if inner.kind == "S" and inner.itemsize == 1:
            word = b"".join(values.tolist()).decode("utf-8", "replace")
            return np.array(list(self._following(path, word)), dtype="S1")
        if inner.kind in "ui" and inner.itemsize == 1 and is_pickle(values.tobytes()):
            raise Unreadable(_PICKLED)
        return self.moved(path, values, inner)

    def _following(self, path: str, word: str) -> str:
        return self.names.get(word) or str(self.text(path, word) if self.edits.spelled else word)

    def texts(self, path: str, value: Any, kind: Any) -> Any:
        """Texts of a string type, edited; DROP if one is to be left out."""
        if isinstance(value, self.h5py.Empty):
            return value
        array = np.asarray(value, dtype=object)
        out = np.empty(array.shape, dtype=object)
        letters = kind.kind == "S" and kind.itemsize == 1 and array.ndim > 0
        for index in np.ndindex(array.shape[:-1] if letters else array.shape):
            # netCDF keeps a text as a row of single letters
            raw: Any = b"".join(array[index]) if letters else array[index]
            old = decoded(raw)
            if is_pickle(encoded(raw)):
                raise Unreadable(_PICKLED)
            told = texts_of_pickle(encoded(raw))
            edited = self.text(path, old) if told is None else self._pickled(path, encoded(raw), told)
            if edited is DROP:
                return DROP
            if letters:
                row = encoded(edited)[: array.shape[-1]].ljust(array.shape[-1])
                out[index] = [bytes([one]) for one in row] if edited != old else array[index]
            else:
                out[index] = raw if edited == old else edited
        variable = self.h5py.check_string_dtype(kind).length is None
        if not variable and not letters:
            texts = [encoded(text) for text in out.ravel()]
            out = np.array(texts or [b""])[: len(texts)].reshape(out.shape)
        return out[()] if array.shape == () else out.astype("S1") if letters else out

    def _pickled(self, path: str, data: bytes, told: list[tuple[int, str]]) -> str:
        """A pickle of columns with its texts edited in place, line by line."""
        for at, text in reversed(told):
            edited = self.text(path, text)
            if edited == text:
                continue
            end = data.index(b"\n", at)
            if data[at - 1 : at] != b"V" or edited is DROP:
                raise Unreadable(_PICKLED)
            data = data[:at] + edited.encode("raw-unicode-escape").replace(b"\n", b" ") + data[end:]
        return decoded(data)

    def text(self, path: str, text: str) -> Any:
        """One text, edited; the new name if it is the old name of something."""
        if text in self.names:
            return self.names[text]
        key = (path, text)
        if key not in self.cache:
            if len(self.cache) > _MOST_REMEMBERED:
                self.cache.clear()
            self.cache[key] = self.edits.text(path, text)
        return self.cache[key]

"""A glance at a DICOM header: the few texts that are asked for, and which groups there are, without building a dataset.

pydicom turns every element that it passes into an object, thousands in the nested private sequences of one file. Here lengths
are followed and nothing else is looked at, some ten times as fast. Whatever is not plain little-endian DICOM with its
preamble, does not end where its lengths say, or tells what was asked for in letters beyond ASCII, gives None: then pydicom decides.

Reference: DICOM PS3.5, chapter 7.
"""

import mmap
import struct
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Glance", "glance"]

_EXPLICIT, _IMPLICIT, _DEFLATED, _BIG = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)
_SYNTAX = 0x00020010
_PIXELS = 0x7FE00000
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_ENDLESS = 0xFFFFFFFF
#: value representations whose length takes four bytes, after two that are empty
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_HEAD = struct.Struct("<HH2sH")
_TAG_LENGTH = struct.Struct("<HHI")
_LENGTH = struct.Struct("<I")
_DEEPEST = 24
#: files below this are read whole, others are looked into where they lie
_SMALL = 1 << 20


@dataclass(frozen=True, slots=True)
class Glance:
    """What was asked for.

    Parameters
    ----------
    values : dict of int to str
        The text of each tag that was asked for and is there, without padding; several values stand between ``\\``.
    groups : frozenset of int
        The groups of all elements up to the pixels.
    """

    values: dict[int, str]
    groups: frozenset[int]


def glance(path: Path, tags: Collection[int], *, last: int = _PIXELS) -> Glance | None:
    """The texts of some tags; None where a file is not plain enough for that.

    Parameters
    ----------
    path : Path
        Any file.
    tags : collection of int
        Of texts outside of sequences, such as ``0x0008103E``.
    last : int
        Nothing at or after this tag is looked at.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_SMALL)
            if data[128:132] != b"DICM":
                return None
            if len(data) < _SMALL:
                return _Walk(data, frozenset(tags), last).whole()
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                return _Walk(whole, frozenset(tags), last).whole()
    except (OSError, ValueError, struct.error, RecursionError):
        return None


class _Walk:
    def __init__(self, data: bytes | mmap.mmap, tags: frozenset[int], last: int) -> None:
        self.data, self.tags, self.last = data, tags, last
        self.values: dict[int, str] = {}
        self.groups: set[int] = set()

    def whole(self) -> Glance | None:
        start, syntax = self._meta()
        if not syntax or syntax in {_DEFLATED, _BIG}:
            return None
        end = self._elements(start, explicit=syntax != _IMPLICIT)
        return Glance(self.values, frozenset(self.groups)) if end >= 0 else None

    def _meta(self) -> tuple[int, str]:
        at, syntax = 132, ""
        while at + 8 <= len(self.data) and self.data[at : at + 2] == b"\x02\x00":
            tag, length, begin = self._head(at, explicit=True)
            if length == _ENDLESS:
                return at, ""
            if tag == _SYNTAX:
                syntax = self.data[begin : begin + length].decode("ascii", "replace").strip("\x00 ")
            at = begin + length
        return at, syntax

    def _head(self, at: int, *, explicit: bool) -> tuple[int, int, int]:
        """Tag, length, and where the value begins."""
        group, element, kind, short = _HEAD.unpack_from(self.data, at)
        tag = group << 16 | element
        if not explicit or group == 0xFFFE:
            return tag, _LENGTH.unpack_from(self.data, at + 4)[0], at + 8
        if kind in _LONG:
            return tag, _LENGTH.unpack_from(self.data, at + 8)[0], at + 12
        if not kind.isalpha():
            raise ValueError("no value representation")
        return tag, short, at + 8

    def _elements(self, at: int, *, explicit: bool) -> int:
        """Walk the elements of the file; gives where the walk ended, -1 if the lengths lead beyond the file."""
        # one loop without calls: there are hundreds of elements a file, and hundreds of files a series
        data, size, last, tags, groups, unpack = (
            self.data,
            len(self.data),
            self.last,
            self.tags,
            self.groups,
            _HEAD.unpack_from,
        )
        while at + 8 <= size:
            group, element, kind, length = unpack(data, at)
            tag = group << 16 | element
            if tag >= last:
                return at
            groups.add(group)
            begin = at + 8
            if not explicit or kind in _LONG:
                begin += 4 * explicit
                (length,) = _LENGTH.unpack_from(data, begin - 4)
            elif not kind.isalpha():
                return -1
            if length == _ENDLESS:
                at = self._sequence(begin, explicit=explicit and kind != b"UN", depth=0)
                continue
            at = begin + length
            if at > size:
                return -1
            if tag in tags:
                self.values[tag] = data[begin:at].decode("ascii").strip("\x00 ")
        return at if at == size else -1

    def _sequence(self, at: int, *, explicit: bool, depth: int) -> int:
        """Where a sequence without a length ends."""
        if depth > _DEEPEST:
            raise RecursionError
        while True:
            group, element, length = _TAG_LENGTH.unpack_from(self.data, at)
            tag = group << 16 | element
            at += 8
            if tag == _SEQUENCE_END:
                return at
            if tag != _ITEM:
                raise ValueError("no item")
            at = self._item(at, explicit=explicit, depth=depth) if length == _ENDLESS else at + length

    def _item(self, at: int, *, explicit: bool, depth: int) -> int:
        """Where an item without a length ends."""
        while True:
            tag, length, begin = self._head(at, explicit=explicit)
            if tag == _ITEM_END:
                return begin
            if length == _ENDLESS:
                inner = explicit and self.data[at + 4 : at + 6] != b"UN"
                at = self._sequence(begin, explicit=inner, depth=depth + 1)
            else:
                at = begin + length

"""MATLAB 5 files (EEGLAB ``.set`` too) cleaned on a copy: the characters of their texts, field by field; numbers stay.

A file is a row of elements, each with a type, a length and, for arrays, a class, a shape and data
(MathWorks, *MAT-File Format*). Texts are written over at their length, padded with blanks, so that no shape changes;
compressed elements are unpacked, cleaned, and packed again.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from commissure.errors import Unreadable
from commissure.protect.files.gather import category_of
from commissure.protect.text.cleaner import Cleaner

__all__ = ["array_shapes", "edited_text", "rewrite_matlab"]

_MAGIC = b"MATLAB 5.0 MAT-file"
_HEAD = 128
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _OBJECT, _CHAR = 1, 2, 3, 4
_CODECS = {16: ("utf-8", 1), 17: ("utf-16", 2), 4: ("utf-16", 2), 2: ("latin-1", 1), 1: ("latin-1", 1)}
#: fields of EEGLAB that hold science
_SCIENCE = frozenset(
    {"labels", "ref", "nosedir", "datfile", "data", "chanlocs", "urchan", "unit", "condition"}
)
#: fields that go whole
_DROPPED = {"filepath": "path", "comments": "comment", "history": "comment", "notes": "comment", "subject": "id", "filename": "path",
            "setname": "comment"}  # fmt: skip
Edit = Callable[[str, str], str]


def rewrite_matlab(source: Path, target: Path, *, cleaner: Cleaner, label: str) -> None:
    """Write a clean copy of a MATLAB 5 file; ``label`` becomes EEGLAB's ``subject``.

    Raises
    ------
    Unreadable
        If it is of another version (7.3 is HDF5, 4 is older) or damaged.
    """
    data = source.read_bytes()
    if not data.startswith(_MAGIC):
        raise Unreadable("Only MATLAB files of version 5 to 7 can be cleaned; save it with '-v7'.")
    order = "<" if data[126:128] == b"IM" else ">"

    def edit(field: str, text: str) -> str:
        return edited_text(field, text, cleaner=cleaner, label=label)

    try:
        body = b"".join(_element(piece, order, edit) for piece in _top(data[_HEAD:], order))
    except (struct.error, IndexError, ValueError, zlib.error) as error:
        raise Unreadable("A MATLAB file is damaged or cut short; get an intact copy of it.") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    # the head's free text tells machine and day
    head = b"MATLAB 5.0 MAT-file, cleaned".ljust(116) + data[116:_HEAD]
    target.write_bytes(head + body)


def array_shapes(source: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The name and the shape of every array of numbers in a MATLAB 5 file, in structures and cells too."""
    data = source.read_bytes()
    order = "<" if data[126:128] == b"IM" else ">"
    for piece in _top(data[_HEAD:], order) if data.startswith(_MAGIC) else ():
        kind, size = struct.unpack_from(f"{order}II", piece)
        if kind == _COMPRESSED:
            piece = zlib.decompress(piece[8 : 8 + size])
            kind = struct.unpack_from(f"{order}I", piece)[0]
        if kind == _MATRIX:
            yield from _shapes(bytearray(piece[8:]), order, "")


def _shapes(body: bytearray, order: str, field: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    if len(body) < 16:
        return
    kind = body[8] if order == "<" else body[11]
    parts = list(_parts(body, order))
    field = field or (_text(body, parts[2]) if len(parts) > 2 else "")
    if kind in {_CELL, _STRUCT, _OBJECT}:
        names = _names(body, parts, order, 4 if kind == _STRUCT else 5) if kind != _CELL else [field]
        inner = parts[3:] if kind == _CELL else parts[(5 if kind == _STRUCT else 6) :]
        for index, (of, start, size) in enumerate(inner):
            if of == _MATRIX:
                yield from _shapes(body[start : start + size], order, names[index % len(names)])
    elif len(parts) > 1:
        yield field, struct.unpack_from(f"{order}{parts[1][2] // 4}i", body, parts[1][1])


def edited_text(field: str, text: str, *, cleaner: Cleaner, label: str) -> str:
    """The new text of a field of a structure; ``label`` for a subject, nothing where the field tells who or where."""
    key = field.casefold()
    if not text.strip() or key in _SCIENCE:
        return cleaner.known_only(text) if text.strip() else text
    if key == "subject":
        cleaner.count("id")
        return label
    category = _DROPPED.get(key) or category_of(field)
    if category is not None and key not in {"event", "urevent"}:
        cleaner.count(category)
        return ""
    return cleaner.note(text)


def _top(data: bytes, order: str) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:
            size, whole = 0, 8
        else:
            # compressed elements are not padded
            whole = 8 + (size if kind == _COMPRESSED else -(-size // 8) * 8)
        if at + 8 + size > len(data):
            raise ValueError("cut short")
        yield data[at : at + whole]
        at += whole


def _element(piece: bytes, order: str, edit: Edit) -> bytes:
    kind, size = struct.unpack_from(f"{order}II", piece)
    if kind == _COMPRESSED:
        packed = zlib.compress(_element(zlib.decompress(piece[8 : 8 + size]), order, edit))
        return struct.pack(f"{order}II", _COMPRESSED, len(packed)) + packed
    if kind != _MATRIX:
        return piece
    return piece[:8] + _matrix(bytearray(piece[8:]), order, ("", edit))


def _matrix(body: bytearray, order: str, how: tuple[str, Edit]) -> bytes:
    """The content of one array, its texts edited in place; ``how`` is the field it is and the edit."""
    field, edit = how
    if len(body) < 16:
        return bytes(body)
    kind = body[8] if order == "<" else body[11]
    parts = list(_parts(body, order))
    own = _text(body, parts[2]) if len(parts) > 2 else ""
    field = field or own
    if kind == _CHAR and len(parts) > 3:
        _replace_text(body, parts[3], (field, edit), order)
    elif kind == _CELL:
        for part in parts[3:]:
            _inside(body, part, order, (field, edit))
    elif kind in {_STRUCT, _OBJECT}:
        names_at = 4 if kind == _STRUCT else 5
        names = _names(body, parts, order, names_at)
        for index, part in enumerate(parts[names_at + 1 :]):
            _inside(body, part, order, (names[index % len(names)], edit))
    return bytes(body)


def _names(body: bytearray, parts: list[tuple[int, int, int]], order: str, at: int) -> list[str]:
    """The names of a structure's fields."""
    width = struct.unpack_from(f"{order}i", body, parts[at - 1][1])[0]
    raw = bytes(body[parts[at][1] : parts[at][1] + parts[at][2]])
    return [
        raw[i : i + width].split(b"\x00")[0].decode("ascii", "replace") for i in range(0, len(raw), width)
    ]


def _inside(body: bytearray, part: tuple[int, int, int], order: str, how: tuple[str, Edit]) -> None:
    kind, start, size = part
    if kind == _MATRIX:
        body[start : start + size] = _matrix(bytearray(body[start : start + size]), order, how)


def _parts(body: bytearray, order: str) -> Iterator[tuple[int, int, int]]:
    """Type, start and length of each element in an array's content."""
    at = 0
    while at + 8 <= len(body):
        kind, size = struct.unpack_from(f"{order}II", body, at)
        if kind >> 16:
            # a small element: type and length share four bytes, the data are the next four
            yield kind & 0xFFFF, at + 4, kind >> 16
            at += 8
        else:
            yield kind, at + 8, size
            at += 8 + -(-size // 8) * 8


def _text(body: bytearray, part: tuple[int, int, int]) -> str:
    return bytes(body[part[1] : part[1] + part[2]]).decode("ascii", "replace")


def _replace_text(body: bytearray, part: tuple[int, int, int], how: tuple[str, Edit], order: str) -> None:
    kind, start, size = part
    codec, width = _CODECS.get(kind, ("", 1))
    if not codec:
        return
    codec = codec if codec != "utf-16" else ("utf-16-le" if order == "<" else "utf-16-be")
    raw = bytes(body[start : start + size])
    text = raw.decode(codec, "replace")
    clean = how[1](how[0], text)
    if clean != text:
        if codec == "utf-8":
            body[start : start + size] = _fitted(clean, len(text), size).encode()
            return
        new = clean.encode(codec, "replace")[:size]
        body[start : start + size] = new + " ".encode(codec) * ((size - len(new)) // width)


def _fitted(clean: str, count: int, size: int) -> str:
    """``clean`` in ``count`` characters and ``size`` bytes of UTF-8: the shape counts the former, the element the latter.

    Blanks of two and three bytes stand for letters of as many that went.
    """
    kept = clean[:count]
    while kept and not 0 <= size - len(kept.encode()) - (count - len(kept)) <= 2 * (count - len(kept)):
        kept = kept[:-1]
    blanks = count - len(kept)
    more = size - len(kept.encode()) - blanks
    return kept + "\u2003" * (more // 2) + "\u00a0" * (more % 2) + " " * (blanks - more // 2 - more % 2)

"""Looks for known identifiers in every staged file, decompressed, before anything is released."""

import bz2
import gzip
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from commissure.errors import CommissureError
from commissure.model import Finding, Identifier, Severity
from commissure.protect.files.fields import fields_of, names_somebody
from commissure.protect.files.sheet_parts import SHEETS
from commissure.protect.text.needles import Needles, short_words

__all__ = ["scan_tree"]

_CHUNK = 1 << 19
_HEAD = 4096
_MAT5 = b"MATLAB 5.0 MAT-file"
_MAT_COMPRESSED = 15
_PACKED: tuple[tuple[bytes, Any], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    struct.error,
    CommissureError,
)
_REMEDY = "Keep the file back; report which header or text holds it, so that it is cleaned next time."


def scan_tree(
    folder: Path, identifiers: Iterable[Identifier], *, kept: frozenset[str] = frozenset()
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Find the files below ``folder`` that still hold an identifier.

    Every byte of every file is read once, unpacked where it is gzip, bzip2, xz, zip or a compressed MATLAB file;
    headers, keys, columns and HDF5 texts are looked at by name too, where also short values count. Values are
    compared without regard to case, in UTF-8, Latin-1 and UTF-16, dates in all their spellings.

    Parameters
    ----------
    folder : Path
        The staged release.
    identifiers : iterable of Identifier
        All that the nouns of this release held in ``about.identifiers``.
    kept : frozenset of str
        Values that may stay, such as labels kept by policy and the authors who are credited.

    Returns
    -------
    findings : tuple of Finding
        One ERROR a file and category; never the value. ``where`` is the path, or the extension only if the path
        itself holds an identifier.
    quarantined : tuple of str
        POSIX paths below ``folder``, sorted. They are for removing files, not for showing.
    """
    known = tuple(identifiers)
    search = _Search(Needles(known, kept=kept), short_words(known, kept=kept))
    findings: list[Finding] = []
    quarantined: list[str] = []
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        relative = path.relative_to(folder).as_posix()
        in_name = search.words(relative)
        where = f"a file *{path.suffix}" if in_name else relative
        try:
            categories = in_name | search.file(path)
        except _BROKEN:
            findings.append(_unread(where))
            quarantined.append(relative)
            continue
        findings += [_leak(category, where) for category in sorted(categories)]
        quarantined += [relative] if categories else []
    return tuple(findings), tuple(quarantined)


class _Search:
    def __init__(self, needles: Needles, short: dict[str, str]) -> None:
        self.needles, self.short = needles, short
        options = "|".join(re.escape(word) for word in sorted(short, key=lambda word: (-len(word), word)))
        # a number within a UID or a decimal number is no word
        self._short = re.compile(rf"(?<![^\W_])(?<!\d\.)(?:{options})(?![^\W_])(?!\.\d)") if short else None

    def words(self, text: str) -> set[str]:
        return self.needles.search(text.encode("utf-8", "surrogateescape"))

    def file(self, path: Path) -> set[str]:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        suffix = path.suffix.lower()
        opened = next((opener for magic, opener in _PACKED if head.startswith(magic)), None)
        if head.startswith(b"PK\x03\x04"):
            inside = self._fields(path, suffix, head) if suffix in SHEETS else set()
            return self._zip(path) | inside
        if opened is not None:
            suffix = path.with_suffix("").suffix.lower()
            with opened(path, "rb") as stream:
                head = stream.read(_HEAD)
        found = self._stream((opened or open)(path, "rb"))
        if head.startswith(_MAT5):
            found |= self._matlab(path)
        return found | self._fields(path, suffix, head)

    def _stream(self, opened: IO[bytes]) -> set[str]:
        found: set[str] = set()
        tail = b""
        with opened as stream:
            while block := stream.read(_CHUNK):
                found |= self.needles.search(tail + block)
                tail = (
                    block[-self.needles.longest :]
                    if len(block) > self.needles.longest
                    else (tail + block)[-self.needles.longest :]
                )
        return found

    def _zip(self, path: Path) -> set[str]:
        found: set[str] = set()
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                found |= self.words(name)
                if not name.endswith("/"):
                    found |= self._stream(archive.open(name))
        return found

    def _fields(self, path: Path, suffix: str, head: bytes) -> set[str]:
        found: set[str] = set()
        texts: list[str] = []
        for name, text in fields_of(path, suffix=suffix, head=head):
            texts.append(text)
            if self._short is not None and names_somebody(name):
                found |= {self.short[match] for match in self._short.findall(text.casefold())}
        return found | self.words("\n".join(dict.fromkeys(texts)))

    def _matlab(self, path: Path) -> set[str]:
        return set().union(*(self.needles.search(block) for block in _matlab_blocks(path)))


def _matlab_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        order = "<" if stream.read(128)[126:128] == b"IM" else ">"
        while len(tag := stream.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            block = stream.read(size)
            if kind == _MAT_COMPRESSED:
                yield zlib.decompress(block)


def _leak(category: str, where: str) -> Finding:
    message = f"An identifier of the category {category!r} is still in the file; the file was kept back."
    return Finding("protect.leak", Severity.ERROR, message, where=where, remedy=_REMEDY)


def _unread(where: str) -> Finding:
    message = "The file could not be read to its end to look for identifiers; it was kept back."
    return Finding("protect.unscanned", Severity.ERROR, message, where=where, remedy="Write the file again.")

"""What the headers of recordings say in words: CTF, Intan, Axon, SpikeGLX, Plexon and Blackrock, for looking through what is public."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need

__all__ = ["RIGS", "rig_fields"]

#: suffixes of files that :func:`rig_fields` reads
RIGS = frozenset(
    {".res4", ".rhd", ".rhs", ".abf", ".meta", ".plx", ".nev", *(f".ns{number}" for number in range(1, 7))}
)
#: fields at fixed places: name, where, how long
_FIXED: dict[str, tuple[tuple[str, int, int], ...]] = {
    ".res4": (("institution", 264, 256), ("description", 520, 256), ("title", 1392, 256), ("subject_name", 1712, 32), ("operator", 1744, 32)),
    ".plx": (("comment", 8, 128),),
    ".nev": (("comment", 76, 256),),
}  # fmt: skip
_CONTINUOUS = (("comment", 30, 256),)
_NOTES_AT = {b"\x02\x27\x91\xc6": 48, b"\xac\x27\x91\xd6": 72}
_NO_TEXT = 0xFFFFFFFF
#: of SpikeGLX, what a person types or a machine is called
_TYPED = {
    "userNotes": "notes",
    "fileName": "filepath",
    "rmtServer": "hostname",
    "niSerial": "serial_number",
    "imDatPrb_sn": "serial_number",
}


def rig_fields(path: Path, *, suffix: str, head: bytes) -> Iterator[tuple[str, str]]:
    """``(name, text)`` of every text in a recording's header.

    Parameters
    ----------
    path : Path
        The file.
    suffix : str
        One of ``RIGS``.
    head : bytes
        Its first 4 kB.

    Raises
    ------
    Unreadable
        If the header is damaged.
    """
    if suffix == ".abf":
        yield from _axon(path)
    elif suffix == ".meta":
        for line in path.read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition("=")
            if not key.startswith("~"):
                yield _TYPED.get(key, key), value
    elif suffix in {".rhd", ".rhs"}:
        yield from _intan(path, head[:4])
    else:
        for name, start, size in _FIXED.get(suffix, _CONTINUOUS):
            text = head[start : start + size].split(b"\x00")[0].decode("latin-1").strip()
            if text.isprintable():
                yield name, text


def _intan(path: Path, magic: bytes) -> Iterator[tuple[str, str]]:
    at = _NOTES_AT.get(magic, 0)
    if not at:
        return
    with path.open("rb") as stream:
        stream.seek(at)
        try:
            for _ in range(3):
                (size,) = struct.unpack("<I", stream.read(4))
                yield (
                    "notes",
                    "" if size == _NO_TEXT else stream.read(size).decode("utf-16-le", "replace"),
                )
        except (struct.error, OverflowError, MemoryError) as error:
            raise Unreadable("The header of an Intan file is cut short.") from error


def _axon(path: Path) -> Iterator[tuple[str, str]]:
    pyabf = need("pyabf", purpose="Reading Axon recordings")
    try:
        abf: Any = pyabf.ABF(str(path), loadData=False)
    except Exception as error:  # it raises whatever its parts do
        raise Unreadable("The header of an Axon file cannot be read.") from error
    yield "comment", str(abf.abfFileComment or "")
    yield "filepath", str(abf.protocolPath or "")
    for tag in abf.tagComments or ():
        yield "comment", str(tag)
    for name in abf.adcNames:
        yield "channel", str(name)

"""Uploads: a zip from anywhere becomes a raw folder, or is refused whole."""

import hashlib
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from commissure.errors import BadInput, Unreadable

__all__ = ["LIMITS", "Limits", "unpack"]

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may hold: files, bytes when unpacked, and how many times its packed size that may be."""

    files: int = 100_000
    bytes: int = 200 * 2**30
    ratio: int = 200
    free: int = 2**30


LIMITS = Limits()
_BLOCK = 2**20
_SMALL = 16 * 2**20


def unpack(packed: Path, into: Path, *, limits: Limits = LIMITS) -> tuple[int, int]:
    """Unpack ``packed`` into the new folder ``into``; how many files and bytes that gave.

    Nothing is left behind when it is refused. Bytes are counted as they come out, not as the archive claims.

    Raises
    ------
    BadInput
        If a path leaves the folder or is no plain file, if there is too much, or if it swells like a bomb.
    Unreadable
        If it is no zip, is truncated, or is encrypted.
    """
    try:
        with zipfile.ZipFile(packed) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(entries, limits)
            most = min(limits.bytes, max(_SMALL, packed.stat().st_size * limits.ratio))
            most = min(most, shutil.disk_usage(packed.parent).free - limits.free)
            return len(entries), _write(archive, entries, into, most)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        shutil.rmtree(into, ignore_errors=True)
        if isinstance(error, BadInput):
            raise
        raise Unreadable(f"The upload is not a zip that can be read ({type(error).__name__}).") from error


def _check(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if not entries:
        raise BadInput("The upload holds no files.")
    if len(entries) > limits.files:
        raise BadInput(f"The upload holds {len(entries)} files; at most {limits.files} are taken.")
    seen: set[str] = set()
    for entry in entries:
        mode = entry.external_attr >> 16
        parts = PurePosixPath(entry.filename).parts
        odd = stat.S_IFMT(mode) not in {0, stat.S_IFREG} or entry.flag_bits & 1
        if odd or entry.filename.startswith("/") or ".." in parts or not parts or _foreign(entry.filename):
            raise BadInput("The upload holds a link, an encrypted file, or a path that leaves its folder.")
        if entry.filename.casefold() in seen:
            raise BadInput("The upload holds two files of the same name.")
        seen.add(entry.filename.casefold())


def _foreign(name: str) -> bool:
    return "\\" in name or ":" in name.split("/")[0] or any(ord(letter) < 32 for letter in name)


def _write(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], into: Path, most: int) -> int:
    done = 0
    for entry in entries:
        target = into / entry.filename
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with archive.open(entry) as source, target.open("xb") as sink:
            while block := source.read(_BLOCK):
                done += len(block)
                if done > most:
                    raise BadInput(f"The upload unpacks to more than {most} bytes; share it in parts.")
                sink.write(block)
    return done


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

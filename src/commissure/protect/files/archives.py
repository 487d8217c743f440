"""Archives taken apart safely and packed again without what they tell of their makers.

Nothing is written outside the folder that is asked for; links, devices, passwords, names that lead elsewhere, and archives that
unpack to far more than they are, are refused. A fresh archive has no comments, times, owners or extra fields.

>>> kind_of_archive("session.tar.gz"), kind_of_archive("scores.csv.gz"), kind_of_archive("T1w.nii.gz")
('tar', 'single', '')
"""

import bz2
import gzip
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from commissure.errors import Unreadable

__all__ = ["kind_of_archive", "pack", "unpack"]

_TAR = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz))$", re.I)
#: packed files that have cleaners of their own
_OWN = re.compile(r"\.(?:nii|tsv|fif)\.gz$", re.I)
_SINGLE: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_MOST_FILES = 50_000
_MOST_BYTES = 64 << 30
#: no science packs tighter than this; small archives may
_MOST_RATIO, _SMALL_BYTES = 200, 100 << 20
_BLOCK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BROKEN = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, KeyError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
           tarfile.TarError)  # fmt: skip
_REMEDY = "unpack it and clean the folder."


def kind_of_archive(name: str) -> str:
    """``zip``, ``tar``, ``single`` (one packed file), or empty for what is no archive by its name."""
    if _TAR.search(name):
        return "tar"
    if name.lower().endswith(".zip"):
        return "zip"
    packed = PurePosixPath(name)
    return (
        "single"
        if packed.suffix.lower() in _SINGLE and packed.suffixes[:-1] and not _OWN.search(name)
        else ""
    )


def unpack(source: Path, target: Path) -> int:
    """Write the files of an archive below ``target``; how many.

    Parameters
    ----------
    source : Path
        A zip or tar archive, or one packed file.
    target : Path
        A new folder.

    Raises
    ------
    Unreadable
        If the archive is damaged, empty, locked by a password, or not safe to unpack: a name leads out of it, two are the same, a
        link or a device is in it, or it unpacks to too much.
    """
    target.mkdir(parents=True)
    kind = kind_of_archive(source.name)
    limit = min(_MOST_BYTES, max(_SMALL_BYTES, _MOST_RATIO * source.stat().st_size))
    taken: set[str] = set()
    try:
        for name, stream in _members(source, kind):
            place = _place(name, taken)
            if len(taken) > _MOST_FILES:
                raise Unreadable(f"An archive holds more than {_MOST_FILES:,} files; {_REMEDY}")
            path = target / place
            path.parent.mkdir(parents=True, exist_ok=True)
            with stream, path.open("xb") as out:
                while block := stream.read(_BLOCK):
                    limit -= len(block)
                    if limit < 0:
                        raise Unreadable(f"An archive unpacks to far more than it is; {_REMEDY}")
                    out.write(block)
    except Unreadable:
        shutil.rmtree(target)
        raise
    except _BROKEN as error:
        shutil.rmtree(target)
        raise Unreadable(
            "An archive is damaged or packed in an unknown way; pack it again as zip."
        ) from error
    if not taken:
        shutil.rmtree(target)
        raise Unreadable("An archive holds no files; leave it out.")
    return len(taken)


def _members(source: Path, kind: str) -> Iterator[tuple[str, IO[bytes]]]:
    if kind == "zip":
        with zipfile.ZipFile(source) as archive:
            for one in archive.infolist():
                mode = one.external_attr >> 16
                if one.flag_bits & 1:
                    raise Unreadable(f"An archive is locked by a password; {_REMEDY}")
                if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                    raise Unreadable(f"An archive holds a link; {_REMEDY}")
                if not one.is_dir():
                    yield one.filename, archive.open(one)
    elif kind == "tar":
        with tarfile.open(source) as packed:
            for member in packed:
                if not (member.isfile() or member.isdir()):
                    raise Unreadable(f"An archive holds a link or a device; {_REMEDY}")
                stream = packed.extractfile(member)
                if stream is not None:
                    yield member.name, stream
    else:
        yield source.stem, _SINGLE[source.suffix.lower()](source, "rb")


def _place(name: str, taken: set[str]) -> str:
    """Where a member goes, below the folder."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part != "."]
    if not parts or ".." in parts or parts[0].startswith("/") or ":" in parts[0] or "\x00" in name:
        raise Unreadable(f"An archive holds a file whose name leads out of it; {_REMEDY}")
    place = "/".join(parts)
    if place.casefold() in taken:
        raise Unreadable(f"An archive holds two files of one name; {_REMEDY}")
    taken.add(place.casefold())
    return place


def pack(folder: Path, target: Path, *, kind: str) -> None:
    """Write the files below ``folder`` as a fresh archive of a kind (see :func:`kind_of_archive`), packed as ``target`` is called.

    The same files give the same bytes.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    target.parent.mkdir(parents=True, exist_ok=True)
    if kind == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            for path in files:
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                with path.open("rb") as stream, archive.open(info, "w", force_zip64=True) as out:
                    shutil.copyfileobj(stream, out, _BLOCK)
        return
    with _opened(target) as out:
        if kind == "single":
            with files[0].open("rb") as stream:
                shutil.copyfileobj(stream, out, _BLOCK)
            return
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as packed:
            for path in files:
                member = tarfile.TarInfo(path.relative_to(folder).as_posix())
                member.size, member.mode = path.stat().st_size, 0o644
                with path.open("rb") as stream:
                    packed.addfile(member, stream)


def _opened(target: Path) -> Any:
    """A file to write to, packed as its name says."""
    suffix = target.suffix.lower()
    if suffix in {".gz", ".tgz"}:
        # neither a name nor a time in its head
        return _Gzip(target)
    if suffix in {".bz2", ".tbz", ".tbz2"}:
        return bz2.open(target, "wb")
    if suffix in {".xz", ".txz"}:
        return lzma.open(target, "wb")
    return target.open("wb")


class _Gzip(gzip.GzipFile):
    def __init__(self, target: Path) -> None:
        self._file = target.open("wb")
        super().__init__(filename="", mode="wb", fileobj=self._file, mtime=0)

    def close(self) -> None:
        super().close()
        self._file.close()

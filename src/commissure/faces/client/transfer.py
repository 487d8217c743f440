"""Folders on the wire: packed the same way each time, fetched with a check and a resume."""

import hashlib
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from commissure.errors import BadInput, Fault
from commissure.faces.client.wire import Wire
from commissure.model import Progress

__all__ = ["fetch", "pack"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLOCK = 1 << 20


def pack(folder: Path, target: Path) -> Path:
    """Zip a folder so that the same files always give the same bytes; links are left out.

    Raises
    ------
    BadInput
        If there is no such folder, or no file in it.
    """
    if not folder.is_dir():
        raise BadInput("There is no such folder to share; check its path.")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        raise BadInput("The folder holds no files.")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as sink:
                shutil.copyfileobj(source, sink, _BLOCK)
    return target


def fetch(
    wire: Wire,
    release: str,
    *,
    files: Sequence[Mapping[str, Any]],
    into: Path,
    purpose: str,
    progress: Progress,
) -> None:
    """Write ``files`` of the release at the address ``release`` below ``into``, which appears whole or not at all.

    Raises
    ------
    BadInput
        If ``into`` holds files, or a path of the hub leaves it.
    Fault
        If bytes do not have their hash.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BadInput("The target is a file or holds files; name a folder that does not exist or is empty.")
    draft = into.parent / f".{into.name}.part"
    progress.stage("get", float(sum(file["bytes"] for file in files)))
    for file in files:
        _fetch_one(wire, release, file, draft=draft, purpose=purpose, progress=progress)
    draft.mkdir(parents=True, exist_ok=True)
    draft.replace(into)


def _fetch_one(
    wire: Wire, release: str, file: Mapping[str, Any], *, draft: Path, purpose: str, progress: Progress
) -> None:
    parts = PurePosixPath(file["path"]).parts
    if not parts or file["path"].startswith("/") or ".." in parts or "\\" in file["path"]:
        raise BadInput("The hub names a file outside the release; do not trust it.")
    target = draft / file["path"]
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, have = _known(target)
    progress.advance(have)
    if have < file["bytes"]:
        with target.open("ab") as sink:
            path = f"{release}/files/{quote(file['path'])}"
            for block in wire.blocks(path, params={"purpose": purpose}, start=have):
                digest.update(block)
                sink.write(block)
                progress.advance(len(block))
    target.touch()
    if digest.hexdigest() != file["sha256"]:
        target.unlink()
        raise Fault("A file did not arrive as it was released; fetch the release again.")


def _known(target: Path) -> "tuple[hashlib._Hash, int]":
    digest, have = hashlib.sha256(), 0
    if target.exists():
        with target.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                have += len(block)
    return digest, have

"""Blobs: immutable bytes by name, in a folder or in a bucket.

A blob is written as a draft and appears whole and at once. A name that is taken is not written again. In a folder, a
draft is a hidden file that is renamed; in a bucket it is spooled to the hub's work folder and then put.
"""

import os
import secrets
from pathlib import Path
from typing import Any, BinaryIO, cast

from commissure.errors import BadInput, Fault, NotFound
from commissure.extras import need
from commissure.store.files import full_disk, settle
from commissure.store.port import Blobs, Draft

__all__ = ["BucketBlobs", "FolderBlobs", "open_blobs"]

_FULL = "the vault"


class _FileDraft:
    """A private file that is being written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f".draft-{secrets.token_hex(12)}"
        with full_disk(_FULL):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self.file = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, block: bytes | memoryview, /) -> None:
        view = memoryview(block)
        with full_disk(_FULL):
            while view:
                view = view[self.file.write(view) or 0 :]

    def finish(self) -> None:
        with full_disk(_FULL):
            os.fsync(self.file.fileno())
        self.file.close()

    def drop(self) -> None:
        self.file.close()
        self.path.unlink(missing_ok=True)


class FolderBlobs:
    """Blobs in a folder, two levels of sub-folders by the name's first letters.

    Parameters
    ----------
    root : Path
        The folder; made if it does not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._drafts = self.root / "drafts"
        self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)

    def draft(self) -> Draft:
        """A new blob to write into."""
        return _FolderDraft(self, self._drafts)

    def open(self, name: str) -> BinaryIO:
        """The bytes called ``name``; :class:`NotFound` if there are none."""
        try:
            return self.path(name).open("rb")
        except FileNotFoundError as error:
            raise NotFound("The vault does not hold these bytes (any more).") from error

    def delete(self, name: str) -> None:
        """Remove the bytes called ``name``, if there are any."""
        self.path(name).unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Where the bytes called ``name`` lie."""
        return self.root / name[:2] / name[2:4] / _checked(name)


class _FolderDraft(_FileDraft):
    def __init__(self, blobs: FolderBlobs, folder: Path) -> None:
        super().__init__(folder)
        self._blobs = blobs

    def keep(self, name: str) -> bool:
        """Rename the draft to its place."""
        path = self._blobs.path(name)
        if path.exists():
            self.drop()
            return False
        self.finish()
        with full_disk(_FULL):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.replace(path)
            settle(path.parent)
        return True


class BucketBlobs:
    """Blobs under an fsspec URL such as ``s3://bucket/prefix``.

    Parameters
    ----------
    url : str
        Where; the credentials come from the place's own configuration.
    spool : Path
        A private folder for drafts.
    options : mapping, optional
        Options of the fsspec file system (``endpoint_url``, ``key``, ``secret`` …).
    """

    def __init__(self, url: str, *, spool: Path, options: dict[str, Any] | None = None) -> None:
        core = need("fsspec.core", purpose="Storing bytes by URL")
        try:
            self.system, self._root = core.url_to_fs(url, **(options or {}))
        except ImportError:
            need("s3fs", purpose="Storing bytes in S3")
            raise
        except ValueError as error:
            raise BadInput(f"Blobs are kept in a folder or under an fsspec URL; got {url!r}.") from error
        self._spool = spool

    def draft(self) -> Draft:
        """A new blob to write into."""
        return _BucketDraft(self, self._spool)

    def open(self, name: str) -> BinaryIO:
        """The bytes called ``name``, read by ranges; :class:`NotFound` if there are none."""
        try:
            size = self.system.info(self.path(name))["size"]
            return cast(BinaryIO, self.system.open(self.path(name), "rb", block_size=4 << 20, size=size))
        except FileNotFoundError as error:
            raise NotFound("The vault does not hold these bytes (any more).") from error

    def delete(self, name: str) -> None:
        """Remove the bytes called ``name``, if there are any."""
        if self.system.exists(self.path(name)):
            self.system.rm_file(self.path(name))

    def path(self, name: str) -> str:
        """The key under which the bytes called ``name`` lie."""
        return f"{self._root}/{name[:2]}/{_checked(name)}"


class _BucketDraft(_FileDraft):
    def __init__(self, blobs: BucketBlobs, folder: Path) -> None:
        super().__init__(folder)
        self._blobs = blobs

    def keep(self, name: str) -> bool:
        """Put the draft under its key."""
        system, key = self._blobs.system, self._blobs.path(name)
        try:
            if system.exists(key):
                return False
            self.file.close()
            system.put_file(str(self.path), key)
            if system.info(key)["size"] != self.path.stat().st_size:
                system.rm_file(key)
                raise Fault("The bucket did not take all bytes of a file; run it again.")
            return True
        finally:
            self.drop()


def open_blobs(url: str, *, spool: Path) -> Blobs:
    """The blobs in a folder or under an fsspec URL.

    Parameters
    ----------
    url : str
        A path, or ``scheme://…``.
    spool : Path
        A private folder for drafts of what goes elsewhere.
    """
    if "://" not in url:
        return FolderBlobs(Path(url))
    return BucketBlobs(url, spool=spool)


def _checked(name: str) -> str:
    if not name.isalnum() or len(name) < 8:
        raise BadInput("A blob's name is at least 8 letters and digits.")
    return name

"""Small files written whole or not at all, and one clear error when a disk is full."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commissure.errors import Fault

__all__ = ["full_disk", "replace", "settle"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def full_disk(what: str) -> Iterator[None]:
    """Turn the system's errors of a full disk into a :class:`Fault` that says so of ``what`` (``"the vault"``)."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        message = f"The disk that holds {what} is full; free some space and run it again: nothing is lost."
        raise Fault(message) from error


def replace(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write ``data`` to ``path`` so that any reader sees the old file or the new, also after a power cut.

    Parameters
    ----------
    path : Path
        The file.
    data : bytes
        All of it.
    private : bool
        Whether only this user may read it (mode 0600).
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    settle(path.parent)


def settle(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

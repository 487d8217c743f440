"""A raw folder, walked once: paths, sizes and the heads of the files.

>>> import tempfile, pathlib
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> _ = (folder / "a.edf").write_bytes(b"0       " + bytes(8))
>>> listing = Listing.of(folder)
>>> [entry.path for entry in listing.files]
['a.edf']
>>> listing.head("a.edf", 8)
b'0       '
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from commissure.errors import BadInput
from commissure.model import Finding, Severity

__all__ = ["Entry", "Listing"]

_HEAD_BYTES = 4096
#: names that hold nothing of the data
_IGNORED = {".DS_Store", "Thumbs.db", "desktop.ini", ".git", "__MACOSX", ".datalad", ".ipynb_checkpoints"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One regular file: its POSIX path below the folder and its size in bytes."""

    path: str
    bytes: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The extension in lower case, ``.nii.gz`` and ``.raw.h5`` whole."""
        name = self.name.lower()
        for double in (".nii.gz", ".raw.h5", ".ome.tif", ".tar.gz"):
            if name.endswith(double):
                return double
        return PurePosixPath(name).suffix

    @property
    def folder(self) -> str:
        """The path of the folder it lies in; empty for the top."""
        parent = str(PurePosixPath(self.path).parent)
        return "" if parent == "." else parent


@dataclass(frozen=True)
class Listing:
    """The regular files below ``root``, sorted by path, and what could not be walked, as Findings."""

    root: Path
    files: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()
    _heads: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, root: Path) -> "Listing":
        """Walk ``root``, a folder or one file; links that leave it or loop are Findings, not followed.

        Raises
        ------
        BadInput
            If ``root`` is neither a folder nor a file.
        """
        root = Path(root)
        if root.is_file():
            return cls(root.parent, (Entry(root.name, root.stat().st_size),))
        if not root.is_dir():
            raise BadInput(
                "The raw folder does not exist; give the path of a folder (or of one file) that does."
            )
        findings: list[Finding] = []
        entries = sorted(_walk(root, findings), key=lambda entry: entry.path)
        return cls(root, tuple(entries), tuple(findings))

    @cached_property
    def by_path(self) -> dict[str, Entry]:
        """Entries by their path."""
        return {entry.path: entry for entry in self.files}

    def has(self, path: str) -> bool:
        """Whether a file lies at ``path``."""
        return path in self.by_path

    def absolute(self, path: str) -> Path:
        """Where ``path`` lies on this machine."""
        return self.root / path

    def head(self, path: str, size: int = _HEAD_BYTES) -> bytes:
        """The first ``size`` bytes (at most 4,096) of a file; empty if it cannot be read."""
        if path not in self._heads:
            try:
                with (self.root / path).open("rb") as stream:
                    self._heads[path] = stream.read(_HEAD_BYTES)
            except OSError:
                self._heads[path] = b""
        return self._heads[path][:size]

    def with_suffix(self, *suffixes: str) -> tuple[Entry, ...]:
        """The files with one of these extensions (lower case, with the dot)."""
        return tuple(entry for entry in self.files if entry.suffix in suffixes)

    def beside(self, path: str, name: str) -> str | None:
        """The path of the file called ``name`` (case ignored) in the folder of ``path``; None if there is none."""
        folder = self.by_path[path].folder if path in self.by_path else str(PurePosixPath(path).parent)
        for entry in self.in_folder(folder):
            if entry.name.lower() == name.lower():
                return entry.path
        return None

    def in_folder(self, folder: str) -> tuple[Entry, ...]:
        """The files that lie directly in ``folder`` (empty for the top)."""
        return self._by_folder.get(folder, ())

    @cached_property
    def _by_folder(self) -> dict[str, tuple[Entry, ...]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.files:
            found.setdefault(entry.folder, []).append(entry)
        return {folder: tuple(entries) for folder, entries in found.items()}

    def below(self, folder: str) -> tuple[Entry, ...]:
        """All files below ``folder``."""
        prefix = f"{folder}/" if folder else ""
        return tuple(entry for entry in self.files if entry.path.startswith(prefix))


def _walk(root: Path, findings: list[Finding]) -> Iterator[Entry]:
    real_root = root.resolve()

    def onerror(_: OSError) -> None:
        findings.append(_unreadable("A folder"))

    for folder, folders, names in os.walk(root, onerror=onerror, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _IGNORED)
        for name in [*folders, *sorted(names)]:
            path = Path(folder) / name
            if name in _IGNORED:
                continue
            if path.is_symlink() and not _stays_inside(path, real_root):
                findings.append(
                    Finding("detect.link", Severity.WARNING, "A symbolic link leads nowhere, in a loop, or out of the "
                            "folder; it was not followed.", remedy="Copy what it points to into the folder.")
                )  # fmt: skip
            elif path.is_file():
                if not os.access(path, os.R_OK):
                    findings.append(_unreadable("A file"))
                    continue
                yield Entry(path.relative_to(root).as_posix(), path.stat().st_size)


def _stays_inside(link: Path, real_root: Path) -> bool:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return target.is_file() and target.is_relative_to(real_root)


def _unreadable(what: str) -> Finding:
    message = f"{what} cannot be read: permission denied."
    return Finding(
        "detect.permission", Severity.ERROR, message, remedy="Give the user who runs commissure read access."
    )

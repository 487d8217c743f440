"""Archives in a folder that is cleaned or scanned: laid open beside its other files, and packed again in the copy."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from commissure.errors import Unreadable
from commissure.model import Finding, Severity
from commissure.protect.files.archives import kind_of_archive, pack, unpack
from commissure.protect.text.names import recognize

__all__ = ["Opened", "open_archives"]

_KEPT = "An archive was kept back whole: of its {total} files {count} could not be cleaned."
_REMEDY = "See what is said of its files; or unpack it and clean the folder, so that the others are kept."


@dataclass
class Opened:
    """A folder with its archives laid open.

    Parameters
    ----------
    root : Path
        Holds the files; those of an archive below a folder of its own.
    files : tuple of str
        Below ``root``.
    sizes : mapping of str to int
        The name of each archive's own folder, and how many files it holds.
    findings : list of Finding
        Archives that could not be opened, which are not among the files.
    """

    root: Path
    files: tuple[str, ...]
    sizes: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def holds(self, name: str) -> bool:
        """Whether a path, of the copy too, is that of a file in an archive."""
        return any(f"{marker}/" in name for marker in self.sizes)

    def close(self, out: Path) -> int:
        """Pack each archive again in the copy, or leave it out where a file of it is missing; how many are there."""
        written = 0
        for marker, size in self.sizes.items():
            place = next((path for path in out.rglob(marker) if path.is_dir()), None)
            made = [path for path in place.rglob("*") if path.is_file()] if place else []
            if place is not None and len(made) == size:
                within = next(iter(place.iterdir()))
                pack(within, place.parent / _free(place.parent, within.name), kind=self._kind(marker))
                written += 1
            else:
                self.findings.append(self._kept_back(marker, size - len(made)))
            if place is not None:
                shutil.rmtree(place)
        return written

    def _name(self, marker: str) -> str:
        """The path of an archive, as in the folder."""
        above, within = next(path for path in self.files if f"{marker}/" in path).split(f"{marker}/")
        return above + within.partition("/")[0]

    def _kind(self, marker: str) -> str:
        return kind_of_archive(self._name(marker))

    def _kept_back(self, marker: str, missing: int) -> Finding:
        message = _KEPT.format(count=missing, total=self.sizes[marker])
        return Finding("protect.archive", Severity.ERROR, message, _shown(self._name(marker)), _REMEDY)

    def told(self, text: str) -> str:
        """A path or a sentence as somebody knows it, who does not know how archives are laid open."""
        for marker in self.sizes:
            text = text.replace(f"{marker}/", "")
        return text

    def as_told(self, findings: Iterable[Finding]) -> list[Finding]:
        """The Findings with paths as in the folder."""
        return [replace(one, where=self.told(one.where), message=self.told(one.message)) for one in findings]


def open_archives(folder: Path, files: tuple[str, ...], *, scratch: Path) -> Opened:
    """Lay open every archive among ``files``; without any, it is the folder itself.

    Parameters
    ----------
    folder : Path
        Is only read.
    files : tuple of str
        POSIX paths below it.
    scratch : Path
        A private folder for what is unpacked.
    """
    archives = [name for name in files if kind_of_archive(name)]
    if not archives:
        return Opened(folder, files)
    opened = Opened(scratch / "opened", ())
    listed: list[str] = []
    for name in files:
        target = opened.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name not in archives:
            target.symlink_to((folder / name).resolve())
            listed.append(name)
            continue
        marker = f"packed{len(opened.sizes) + 1:06d}"
        within = target.parent / marker / target.name
        try:
            opened.sizes[marker] = unpack(folder / name, within)
        except Unreadable as error:
            opened.sizes.pop(marker, None)
            shutil.rmtree(target.parent / marker, ignore_errors=True)
            message = f"{error} It was kept back."
            opened.findings.append(Finding("protect.archive", Severity.ERROR, message, _shown(name)))
        else:
            listed += [
                path.relative_to(opened.root).as_posix() for path in within.rglob("*") if path.is_file()
            ]
    opened.files = tuple(sorted(listed))
    return opened


def _shown(name: str) -> str:
    return f"an archive *{PurePosixPath(name).suffix}" if recognize(name) else name


def _free(folder: Path, name: str) -> str:
    number = 2
    free = name
    while (folder / free).exists():
        free, number = f"{number}_{name}", number + 1
    return free

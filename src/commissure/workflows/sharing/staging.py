"""Staging: every recording is written in a folder of its own, and counts only once it is whole.

A folder ``items/<key>`` appears by one rename; its key is a hash of the raw bytes and of all that decides how
they are written, so an interrupted ``share`` finds what it had finished and does the rest.
"""

import filecmp
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from commissure.model import Finding, Severity, Software
from commissure.standardize.port import Written

__all__ = ["Staging"]


@dataclass(frozen=True, slots=True)
class Staging:
    """The private working folder of one ``share``."""

    root: Path

    @property
    def tree(self) -> Path:
        """Where the release is put together: ``bids/`` and ``nwb/`` below it."""
        return self.root / "tree"

    @property
    def scratch(self) -> Path:
        """Where readers may write."""
        return self.root / "scratch"

    def start(self) -> None:
        """Make the folders; what a former run left half-done is removed, what it finished stays."""
        for name in ("tree", "scratch", "writing"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        for name in ("tree", "scratch", "writing", "items"):
            (self.root / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    def forget_scratch(self) -> None:
        """Remove what readers wrote: it is not de-identified yet, so it stays no longer than the share runs."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)

    def written(self, key: str, write: Callable[[Path], Written]) -> tuple[Path, Written]:
        """The folder with the item ``key``, and what was written there; ``write`` runs unless it was finished before.

        Parameters
        ----------
        key : str
            Hash of all that decides the item's bytes.
        write : callable
            Gets an empty folder, writes the item there.
        """
        done = self.root / "items" / key
        if not (done / "written.json").exists():
            shutil.rmtree(done, ignore_errors=True)
            making = self.root / "writing" / key
            shutil.rmtree(making, ignore_errors=True)
            (making / "out").mkdir(parents=True)
            outcome = write(making / "out")
            (making / "written.json").write_text(json.dumps(asdict(outcome)))
            making.rename(done)
        return done / "out", _load(json.loads((done / "written.json").read_text()))

    def join(self, folder: Path, standard: str, files: tuple[str, ...]) -> tuple[str, ...]:
        """Put an item's files into the tree of ``standard``, by hard link where the disk allows it.

        Returns
        -------
        tuple of str
            Files that another item had written with other bytes; the first one stays.
        """
        differ = []
        for name in files:
            target = self.tree / standard / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                if not filecmp.cmp(folder / name, target, shallow=False):
                    differ.append(name)
                continue
            try:
                os.link(folder / name, target)
            except OSError:
                shutil.copy2(folder / name, target)
        return tuple(differ)

    def drop(self, standard: str, files: tuple[str, ...]) -> None:
        """Take files out of the tree of ``standard``, and folders that this leaves empty."""
        top = self.tree / standard
        for name in files:
            path = top / name
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == top or not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()


def _load(stored: dict[str, list[dict[str, str]] | list[str]]) -> Written:
    findings = tuple(
        Finding(**{**row, "severity": Severity(row["severity"])})  # type: ignore[arg-type]
        for row in stored["findings"]
        if isinstance(row, dict)
    )
    software = tuple(Software(**row) for row in stored["software"] if isinstance(row, dict))
    ignore = tuple(str(line) for line in stored.get("ignore", ()))
    return Written(tuple(str(name) for name in stored["files"]), findings, software, ignore)

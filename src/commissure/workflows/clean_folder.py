"""Clean a folder: every file that somebody could be known by, DICOM and video too, goes into a clean copy or stays back."""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from commissure.errors import BadInput
from commissure.formats.quiet import quietly
from commissure.model import About, Finding, Subject, Tree
from commissure.protect.deidentify import deidentify
from commissure.protect.scan import scan_tree
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.workflows.clean_archives import open_archives
from commissure.workflows.clean_faces import FacesOff, deface_copy
from commissure.workflows.clean_series import deface_series

__all__ = ["CleanReport", "clean_folder"]

#: gives the hub's secret of a name
Secret = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class CleanReport:
    """What came of it: files written and kept back, heads that lost their face, what was removed by category, Findings."""

    written: int
    kept_back: int
    faces_defaced: int
    removed: dict[str, int]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return asdict(self)


def clean_folder(
    folder: Path, out: Path, *, secret: Secret | None = None, species: str = "", policy: Policy | None = None
) -> CleanReport:
    """Write a de-identified copy of any BIDS, NWB, DICOM or mixed folder, and look through every byte of it.

    DICOM stays DICOM: headers by PS3.15's basic profile, UIDs remapped alike everywhere, dates shifted by each patient's
    offset, reports' free text cleaned, text that is burned into pixels blanked. Heads in NIfTI and DICOM that show a face are defaced. What no cleaner knows, and what still holds
    an identifier in the end, is not written, and a Finding says why. Files in archives are cleaned like all others and packed anew;
    an archive of which one file stays back stays back whole. The folder itself is never changed.

    Parameters
    ----------
    folder : Path
        What to clean.
    out : Path
        A new or empty folder.
    secret : callable or None
        The hub's secrets, by name, so that pseudonyms and shifts are those of its releases; None for a random one, which is
        forgotten.
    species : str
        Of the subjects, if they are animals: their films and heads keep their pictures.
    policy : Policy or None
        What may stay; None for the default.

    Raises
    ------
    BadInput
        If ``folder`` is no folder with files, or ``out`` is not empty or lies within it.
    """
    files = _listed(folder, out)
    about = About("", Subject("", species=species))
    pseudonyms = Pseudonyms(secret("pseudonyms") if secret else secrets.token_bytes(32))
    out.mkdir(parents=True, exist_ok=True)
    with quietly(), tempfile.TemporaryDirectory(dir=out.parent, prefix=".clean-") as scratch:
        opened = open_archives(folder, files, scratch=Path(scratch))
        tree, removed = deidentify(
            Tree("bids", opened.root, opened.files, about),
            pseudonyms=pseudonyms,
            policy=policy,
            scratch=Path(scratch),
        )
        leaks, guilty = scan_tree(tree.root, tree.about.identifiers)
        kept = tuple(name for name in tree.files if name not in guilty)
        faces = _deface(tree.root, kept) if about.subject.is_person else FacesOff(kept, 0, ())
        for name in faces.kept:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(tree.root / name, out / name)
        written = opened.close(out) + sum(not opened.holds(name) for name in faces.kept)
    said = opened.as_told((*tree.about.findings, *leaks, *faces.findings))
    findings = tuple(dict.fromkeys((*said, *opened.findings)))
    return CleanReport(written, len(files) - written, faces.defaced, dict(+removed), findings)


def _deface(root: Path, names: Sequence[str]) -> FacesOff:
    images = deface_copy(root, names)
    series = deface_series(root, images.kept)
    return FacesOff(series.kept, images.defaced + series.defaced, (*images.findings, *series.findings))


def _listed(folder: Path, out: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        raise BadInput("There is no such folder to clean.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"The copy needs a new or empty folder; {out.name!r} holds something already.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise BadInput("The copy must lie outside the folder that is cleaned.")
    files = tuple(path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    if not files:
        raise BadInput("The folder holds no files.")
    return files

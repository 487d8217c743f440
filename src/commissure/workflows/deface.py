"""Deface: one NIfTI head from a file to a file, attacked before it is written."""

import re
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import BadInput, NotFound
from commissure.model import About, Finding, Image, Severity, Subject, worst
from commissure.protect.heads.deface import check_defaced
from commissure.protect.heads.deface_others import deface_like
from commissure.protect.heads.deface_voxels import rewrite_voxels
from commissure.protect.heads.reface import reface
from commissure.workflows.deface_head import SEED, DefaceSettings
from commissure.workflows.deface_turned import deface_wherever, face_left
from commissure.workflows.sharing.head_files import read_nifti

__all__ = ["DefaceReport", "DefaceSettings", "deface_file"]

_NAMES = (".nii.gz", ".nii")


@dataclass(frozen=True, slots=True)
class DefaceReport:
    """What came of it: whether the file was written, the figures and the Findings."""

    written: bool
    figures: dict[str, float]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return asdict(self)


def deface_file(
    source: Path,
    target: Path,
    *,
    settings: DefaceSettings | None = None,
    t1: Path | None = None,
) -> DefaceReport:
    """Take the face off the head in ``source`` and write ``target``; what fails its checks is not written.

    The header is kept as it is: `share` or `commissure protect scan` see to what it tells. ``source`` is never changed, and
    ``target`` appears when it is whole, never with a face.

    Parameters
    ----------
    source, target : Path
        NIfTI files, ``.nii`` or ``.nii.gz`` alike; a T1-weighted head, or a CT if its name ends with ``_ct``. The second
        must not exist.
    settings : DefaceSettings or None
        None for a margin of 5 mm and the face alone.
    t1 : Path or None
        The T1-weighted head of the same person, where ``source`` has another contrast.

    Raises
    ------
    NotFound, Unreadable, BadInput
        If a file is missing or no NIfTI, or holds no whole human head, or ``target`` exists.
    MissingExtra
        If deepbet, which finds the brain, is not installed.
    """
    said = settings or DefaceSettings()
    _check_names(source, target)
    image = _read(source)
    reference = _read(t1) if t1 else image
    judged = deface_wherever(reference, settings=said)
    done, figures, findings = judged.done, judged.figures, judged.findings
    if t1:
        done = deface_like(image, reference=reference, defaced=done)
        figures, findings = check_defaced(image, done, rng=np.random.default_rng(SEED))
        left = face_left(done)
        findings = (left, *findings) if left else findings
    written = worst(findings) is not Severity.ERROR
    if written:
        _write(source, target, (reface(done) if said.reface else done.image).array)
    return DefaceReport(written, figures, findings)


def _check_names(source: Path, target: Path) -> None:
    if source.is_dir():
        raise BadInput(
            "A single NIfTI file is defaced here; for a folder use commissure protect clean or commissure share."
        )
    if target.is_dir():
        raise BadInput(
            f"Name the file to write, not only its folder: {(target / ('defaced' + _ending(source))).as_posix()!r}."
        )
    if target.exists():
        raise BadInput(
            "The file to write exists already, and stays as it is; give another name or take it away."
        )
    if _ending(source) not in _NAMES or _ending(source) != _ending(target):
        raise BadInput(
            f"Both files must end alike, in {' or '.join(_NAMES)}; got {_ending(source)} and {_ending(target)}."
        )


def _write(source: Path, target: Path, array: Any) -> None:
    """The header of the one and the voxels of the other; no moment shows a file with a face in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".deface-") as scratch:
        made = Path(scratch) / f"made{_ending(source)}"
        shutil.copyfile(source, made)
        rewrite_voxels(made, array=array)
        made.rename(target)


def _ending(path: Path) -> str:
    return next((name for name in _NAMES if path.name.lower().endswith(name)), path.suffix or "no ending")


def _read(path: Path) -> Image:
    if not path.is_file():
        raise NotFound("There is no such NIfTI file.")
    named_ct = re.search(r"(?:^|[_-])ct$", path.name.partition(".")[0], re.I)
    return read_nifti(path, about=About("anat", Subject(""), suffix="ct" if named_ct else "T1w"))

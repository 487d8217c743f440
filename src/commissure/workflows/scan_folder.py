"""Scan a folder: what its headers, tables and pictures of heads still tell of who somebody is."""

import tempfile
from dataclasses import replace
from pathlib import Path

from commissure.annotate.face import check_tree_faces
from commissure.errors import BadInput
from commissure.formats.quiet import quietly
from commissure.model import About, Finding, Severity, Subject, Tree
from commissure.protect.survey import check_exposure
from commissure.protect.text.names import recognize
from commissure.workflows.clean_archives import open_archives
from commissure.workflows.clean_series import find_faces

__all__ = ["scan_folder"]

_REMEDY = (
    "Take it off in a copy by commissure protect clean, or share the folder, which defaces what it releases."
)


def scan_folder(folder: Path, *, k: int = 5, l_values: int = 2) -> tuple[Finding, ...]:
    """What :func:`~commissure.protect.survey.check_exposure` finds, and a WARNING for each image (NIfTI, Analyze, FreeSurfer) or DICOM series that shows a face.

    Parameters
    ----------
    folder : Path
        Any BIDS, NWB, DICOM or mixed folder; it is only read. Archives in it are looked into.
    k, l_values : int
        As there.

    Returns
    -------
    tuple of Finding
        Faces are ``protect.exposed.face``.

    Raises
    ------
    BadInput
        If the folder holds no files.
    """
    names = tuple(path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    if not names:
        raise BadInput("The folder holds no files.")
    with tempfile.TemporaryDirectory(prefix="commissure-scan-") as scratch:
        opened = open_archives(folder, names, scratch=Path(scratch))
        faces, _ = check_tree_faces(Tree("bids", opened.root, opened.files, About("", Subject(""))))
        with quietly():
            series = tuple(one.face for one in find_faces(opened.root, opened.files) if one.face)
        told = check_exposure(opened.root, k=k, l_values=l_values)
    unopened = (_unopened(finding) for finding in opened.findings)
    return (*opened.as_told((*told, *(_exposed(face) for face in (*faces, *series)))), *unopened)


def _unopened(finding: Finding) -> Finding:
    message = finding.message.replace(" It was kept back.", " Nobody knows what it tells.")
    return replace(finding, check="protect.unscanned", severity=Severity.WARNING, message=message)


def _exposed(face: Finding) -> Finding:
    where = f"a file *{''.join(Path(face.where).suffixes[-2:])}" if recognize(face.where) else face.where
    message = face.message.replace("; it is not released", "")
    return replace(
        face,
        check="protect.exposed.face",
        severity=Severity.WARNING,
        message=message,
        where=where,
        remedy=_REMEDY,
    )

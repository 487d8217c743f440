"""Clean series: heads in DICOM lose their faces in the slices of the clean copy; one that cannot stays back whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.annotate.face import check_face, shows_features
from commissure.errors import BadInput
from commissure.formats.dicom_volume import Stack, check_rewritable, find_stacks, read_stack, rewrite_stack
from commissure.model import About, Finding, Image, Severity, Subject
from commissure.protect.files.dicom_file import is_dicom
from commissure.protect.heads.deface import Defaced
from commissure.workflows.clean_faces import FacesOff, contrast_of, try_head
from commissure.workflows.sharing.defacing import Heads
from commissure.workflows.sharing.head_files import HeadFile

__all__ = ["ShownSeries", "deface_series", "find_faces"]

_UNPLACED = "The headers do not say where the slices lie (ImagePositionPatient, ImageOrientationPatient, PixelSpacing)."
_REMEDY = "Convert and deface it by commissure share FOLDER, or leave the series out."


@dataclass(frozen=True, slots=True)
class ShownSeries:
    """A volume in DICOM files, its first file below the folder, and the face that was seen on it, if one was."""

    stack: Stack
    where: str
    face: Finding | None


def find_faces(root: Path, names: Sequence[str]) -> tuple[ShownSeries, ...]:
    """The volumes in the DICOM files below ``root`` whose voxels may show features, each looked at for a face.

    Of a series of several volumes the first and the last are looked at. One whose pixels cannot be read counts as showing
    a face, as nobody can say that it does not.
    """
    return tuple(_looked_at(root, stack) for stack in _stacks(root, names))


def deface_series(root: Path, names: Sequence[str]) -> FacesOff:
    """Take the face off every DICOM series below ``root`` that shows one, and off the other series of that study.

    Parameters
    ----------
    root : Path
        A private copy, whose files are rewritten.
    names : sequence of str
        Its files, below ``root``.

    Returns
    -------
    FacesOff
        Without the series that could not be defaced; one ERROR Finding a series.
    """
    shown = find_faces(root, names)
    studies = {one.stack.study for one in shown if one.face}
    heads: dict[str, Heads] = {study: Heads() for study in studies}
    lost: set[str] = set()
    said: list[Finding] = []
    defaced = 0
    for one in sorted((one for one in shown if one.stack.study in studies), key=_order):
        if not (one.face or _contrast(one.stack)):
            continue
        settled = try_head(_head(one), heads[one.stack.study], contrast=_contrast(one.stack))
        defaced += settled.cut
        if settled.stays:
            said += settled.findings
            continue
        lost.update(path.relative_to(root).as_posix() for path in one.stack.files)
        said.append(_kept_back(one, settled.findings))
    return FacesOff(tuple(name for name in names if name not in lost), defaced, tuple(said))


def _stacks(root: Path, names: Sequence[str]) -> Iterator[Stack]:
    files = []
    for name in names:
        with (root / name).open("rb") as stream:
            if is_dicom(stream.read(132)):
                files.append(root / name)
    for stack in find_stacks(files):
        zooms = np.sqrt((stack.affine_mm[:3, :3] ** 2).sum(axis=0))
        if not np.isfinite(zooms).all() or shows_features(zooms):
            yield stack


def _looked_at(root: Path, stack: Stack) -> ShownSeries:
    where = stack.files[0].relative_to(root).as_posix()
    try:
        face = _face(stack)
        return ShownSeries(stack, where, replace(face, where=where) if face else None)
    except BadInput as error:
        message = f"Whether a series of {len(stack.files)} files shows a face cannot be told: {error}"
        return ShownSeries(stack, where, Finding("protect.face", Severity.ERROR, message, where, _REMEDY))
    except Exception as error:  # noqa: BLE001 - pixels that no library unpacks fail in many ways
        message = f"The pixels of a series of {len(stack.files)} files cannot be read ({type(error).__name__}), so nobody can say that it shows no face."
        return ShownSeries(stack, where, Finding("protect.face", Severity.ERROR, message, where, _REMEDY))


def _face(stack: Stack, *, upright_mm: NDArray[np.float64] | None = None) -> Finding | None:
    """That of the first volume, else of the last; ``upright_mm`` turns a head upright of which it is known how it lies.

    Raises
    ------
    BadInput
        If the planes have no place.
    """
    if not np.isfinite(stack.affine_mm).all():
        raise BadInput(_UNPLACED)
    repeats = (0, -1) if any(len(plane) > 1 for plane in stack.planes) else (0,)
    for repeat in repeats:
        image = _image(stack, read_stack(stack, repeat=repeat))
        affine_mm = image.affine_mm if upright_mm is None else upright_mm @ image.affine_mm
        if face := check_face(replace(image, affine_mm=affine_mm), upright=upright_mm is not None):
            return face
    return None


def _image(stack: Stack, array: NDArray[np.float32]) -> Image:
    return Image(array, stack.affine_mm, About("anat", Subject(""), suffix=_contrast(stack)))


def _head(one: ShownSeries) -> HeadFile:
    stack = one.stack

    def read() -> Image:
        if not np.isfinite(stack.affine_mm).all():
            raise BadInput(_UNPLACED)
        check_rewritable(stack)
        return _image(stack, read_stack(stack))

    def write(made: Defaced) -> None:
        rewrite_stack(stack, removed=made.removed)
        if _face(stack, upright_mm=made.upright_mm) is not None:
            raise BadInput("After defacing, the series still shows a face.")

    return HeadFile(one.where, read, write, one.face, _REMEDY)


def _kept_back(one: ShownSeries, findings: Sequence[Finding]) -> Finding:
    """One Finding for the whole series, with the reason."""
    reasons = [item for item in findings if item.severity is Severity.ERROR and item.check != "protect.face"]
    why = " ".join(item.message for item in reasons or findings)
    message = f"A series of {len(one.stack.files)} DICOM files shows a face, or may show one, that could not be taken off; it was kept back: {why}"
    return Finding("protect.face", Severity.ERROR, message, one.where, _REMEDY)


def _contrast(stack: Stack) -> str:
    return "ct" if stack.modality == "CT" else contrast_of(stack.names.replace("/", " "))


def _order(one: ShownSeries) -> tuple[int, str]:
    return ("T1w", "ct", "", "other").index(_contrast(one.stack)), one.where

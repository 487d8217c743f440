"""Which cleaner a file of a tree gets, by what it is; what no cleaner knows is kept back.

>>> suffix_of("sub-01_T1w.nii.gz"), suffix_of("IM0001")
('.nii.gz', '')
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from commissure.model import Finding, Severity
from commissure.protect.files.archives import kind_of_archive
from commissure.protect.files.dicom_file import is_dicom, rewrite_dicom
from commissure.protect.files.edf import rewrite_edf
from commissure.protect.files.fif import rewrite_fif, rewrite_packed_fif
from commissure.protect.files.fif_surfaces import deface_fif
from commissure.protect.files.film_faces import clean_film
from commissure.protect.files.gdf import rewrite_gdf
from commissure.protect.files.hdf5_any import is_nwb, rewrite_any_hdf5, rewrite_matlab_hdf5
from commissure.protect.files.hdf5_types import is_hdf5
from commissure.protect.files.lab_headers import is_lab_header
from commissure.protect.files.matlab import rewrite_matlab
from commissure.protect.files.matlab_hdf5 import is_matlab_hdf5
from commissure.protect.files.matlab_heads import deface_matlab
from commissure.protect.files.micromed import rewrite_micromed
from commissure.protect.files.nifti import rewrite_nifti
from commissure.protect.files.numbers import (
    is_of_numbers,
    rewrite_annot,
    rewrite_cells,
    rewrite_npy,
    rewrite_npz,
    rewrite_plain,
    rewrite_raw,
    rewrite_triggers,
)
from commissure.protect.files.nwb import rewrite_nwb
from commissure.protect.files.scripts import SCRIPTS
from commissure.protect.files.sheet_parts import SHEETS
from commissure.protect.files.sheets import rewrite_sheets
from commissure.protect.files.snirf import rewrite_snirf
from commissure.protect.files.tiff import rewrite_tiff
from commissure.protect.heads.face_surfaces import (
    SCANS,
    is_freesurfer,
    kept_face,
    kind_of,
    rewrite_freesurfer,
)
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.file_names import SUFFIX

__all__ = ["TEXTS", "Job", "rewrite", "suffix_of"]

#: kinds that are text through and through
TEXTS = frozenset({".md", ".txt", ".rst", "", ".yml", ".yaml", ".bidsignore", ".html", ".xml", ".json", ".tsv", ".csv", ".vhdr", ".vmrk",
                   ".gii", ".cff", ".log", ".ini", ".cfg", ".asc", ".puls", ".resp", ".ext", ".ecg", ".hdr", ".inf", ".ipynb", *SCRIPTS})  # fmt: skip
#: samples and numbers without a header that could tell anything
_PLAIN = frozenset({".fdt", ".bval", ".bvec"})
#: tables of numbers that NIRx writes; other makers keep headers with people under the same extensions
_NUMBERS = frozenset({".wl1", ".wl2", ".nosatflags_wl1", ".nosatflags_wl2", ".evt", ".tpl", ".avg"})
_PERSONAL = {
    ".jpg": "photo", ".jpeg": "photo", ".png": "photo", ".bmp": "photo", ".heic": "photo", ".gif": "photo", ".webp": "photo",
    ".wav": "voice", ".mp3": "voice", ".m4a": "voice", ".flac": "voice", ".ogg": "voice", ".aac": "voice", ".opus": "voice",
    ".pdf": "document", ".doc": "document", ".docx": "document", ".xls": "document", ".rtf": "document",
    ".odt": "document", ".eml": "document", ".msg": "document",
}  # fmt: skip
#: tables, and pickles, which are never loaded
_TABLES = frozenset({".xls", ".xlsb", ".ods", ".parquet", ".feather", ".pkl", ".pickle", ".rds", ".rdata"})
_AS_TABLE = "Save its tables as .csv or .tsv, which are cleaned, or leave it out."
_MADE_FOR_ALL = ("stimuli/", "phenotype/")


@dataclass(frozen=True, slots=True)
class Job:
    """One file to clean: where from, where to, for whom, under which pseudonym, and a safe name to speak of it.

    ``relabel`` gives the new name of a part of a path, by which files speak of each other.
    """

    source: Path
    target: Path
    cleaner: Cleaner
    label: str
    where: str
    relabel: Callable[[str], str] = str


def suffix_of(name: str) -> str:
    """A file's extension in lower case, the compression's with it; empty if it has none."""
    found = SUFFIX.search(name)
    return found.group().lower() if found else ""


def _by_nifti(job: Job) -> None:
    rewrite_nifti(job.source, job.target, cleaner=job.cleaner)


def _by_nwb(job: Job) -> None:
    rewrite_nwb(job.source, job.target, cleaner=job.cleaner, label=job.label)


def _by_snirf(job: Job) -> None:
    rewrite_snirf(job.source, job.target, cleaner=job.cleaner, label=job.label)


def _by_edf(job: Job) -> None:
    rewrite_edf(job.source, job.target, cleaner=job.cleaner, label=job.label)


def _by_gdf(job: Job) -> None:
    rewrite_gdf(job.source, job.target, cleaner=job.cleaner, label=job.label)


def _by_micromed(job: Job) -> None:
    rewrite_micromed(job.source, job.target, cleaner=job.cleaner)


def _by_fif(job: Job) -> tuple[Finding, ...]:
    rewrite_fif(job.source, job.target, cleaner=job.cleaner)
    return _without(
        job.target, deface_fif(job.target, where=job.where, cleaner=job.cleaner, beside=job.source.parent)
    )


def _by_packed_fif(job: Job) -> tuple[Finding, ...]:
    found: list[Finding] = []
    rewrite_packed_fif(
        job.source,
        job.target,
        rewrite=lambda old, new: found.extend(_by_fif(replace(job, source=old, target=new))),
    )
    return tuple(found)


def _by_surface(job: Job) -> tuple[Finding, ...]:
    return rewrite_freesurfer(job.source, job.target, where=job.where, cleaner=job.cleaner)


def _by_scan(job: Job) -> tuple[Finding, ...]:
    why = f"A file *{suffix_of(job.source.name)} may be the scan of a head, and says neither its unit nor its axes."
    return kept_face(why, where=job.where, cleaner=job.cleaner)


def _without(target: Path, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The Findings; where there are any, the copy goes."""
    if findings:
        target.unlink(missing_ok=True)
    return findings


def _by_tiff(job: Job) -> None:
    rewrite_tiff(job.source, job.target, cleaner=job.cleaner)


def _by_hdf5(job: Job) -> tuple[Finding, ...]:
    if is_nwb(job.source):
        _by_nwb(job)
        return ()
    return rewrite_any_hdf5(job.source, job.target, cleaner=job.cleaner, where=job.where, relabel=job.relabel)


def _by_matlab(job: Job) -> tuple[Finding, ...]:
    with job.source.open("rb") as stream:
        head = stream.read(4096)
    if is_matlab_hdf5(head):
        return rewrite_matlab_hdf5(job.source, job.target, cleaner=job.cleaner, where=job.where, label=job.label)  # fmt: skip
    if is_hdf5(head):
        return _by_hdf5(job)  # Octave's
    kept = deface_matlab(job.source, job.target, where=job.where, cleaner=job.cleaner)
    if not kept:
        source = job.target if job.target.exists() else job.source
        rewrite_matlab(source, job.target, cleaner=job.cleaner, label=job.label)
    return kept


def _by_numbers(job: Job) -> tuple[Finding, ...]:
    """A text of numbers and nothing else; whatever else has the extension stays back."""
    if not is_of_numbers(job.source):
        return (_kept_back(suffix_of(job.source.name), job),)
    _by_copy(job)
    return ()


def _by_set(job: Job) -> tuple[Finding, ...]:
    """EEGLAB keeps MATLAB's bytes in ``.set``; NIRx a text of gains."""
    return _by_numbers(job) if is_of_numbers(job.source) else _by_matlab(job)


def _by_triggers(job: Job) -> tuple[Finding, ...]:
    """Aurora's triggers: a moment and numbers on every line; others keep surfaces of heads in ``.tri``."""
    if not rewrite_triggers(job.source, job.target, cleaner=job.cleaner):
        return (_kept_back(".tri", job),)
    return ()


def _by_dicom(job: Job) -> tuple[Finding, ...]:
    return rewrite_dicom(job.source, job.target, cleaner=job.cleaner, where=job.where)


def _by_film(job: Job) -> tuple[Finding, ...]:
    return clean_film(job.source, job.target, cleaner=job.cleaner, where=job.where)


def _by_npy(job: Job) -> tuple[Finding, ...]:
    return rewrite_npy(job.source, job.target, where=job.where, cleaner=job.cleaner)


def _by_npz(job: Job) -> tuple[Finding, ...]:
    return rewrite_npz(job.source, job.target, where=job.where, cleaner=job.cleaner)


def _by_sheets(job: Job) -> tuple[Finding, ...]:
    return rewrite_sheets(job.source, job.target, cleaner=job.cleaner, where=job.where, relabel=job.relabel)


def _by_raw(job: Job) -> tuple[Finding, ...]:
    return rewrite_raw(job.source, job.target, where=job.where, cleaner=job.cleaner)


def _by_plain(job: Job) -> None:
    rewrite_plain(job.source, job.target, cleaner=job.cleaner)


def _by_cells(job: Job) -> None:
    rewrite_cells(job.source, job.target, cleaner=job.cleaner)


def _by_annot(job: Job) -> None:
    rewrite_annot(job.source, job.target, cleaner=job.cleaner)


def _by_samples(job: Job) -> tuple[Finding, ...]:
    """BrainVision keeps bare samples in ``.eeg``; others keep a header there that names the patient."""
    heads = (path.read_text("latin-1") for path in job.source.parent.glob("*.vhdr"))
    if not any(job.source.name in text for text in heads):
        return (_kept_back(".eeg", job),)
    _by_copy(job)
    return ()


def _by_bin(job: Job) -> tuple[Finding, ...]:
    """Bare samples of Artemis 123, whose header is a text beside them; other ``.bin`` may hold anything."""
    header = job.source.with_suffix(".txt")
    if not header.is_file() or not is_lab_header(header.read_text("latin-1")[:500]):
        return (_kept_back(".bin", job),)
    _by_copy(job)
    return ()


def _by_copy(job: Job) -> None:
    shutil.copyfile(job.source, job.target)


_CLEANERS: dict[str, Callable[[Job], tuple[Finding, ...] | None]] = {
    ".nii": _by_nifti, ".nii.gz": _by_nifti, ".nwb": _by_nwb, ".snirf": _by_snirf, ".edf": _by_edf, ".bdf": _by_edf,
    ".fif": _by_fif, ".fif.gz": _by_packed_fif, ".tif": _by_tiff, ".tiff": _by_tiff, ".ome.tif": _by_tiff, ".ome.tiff": _by_tiff, ".btf": _by_tiff,
    ".set": _by_set, ".mat": _by_matlab, ".mp4": _by_film, ".mov": _by_film, ".m4v": _by_film, ".avi": _by_film,
    ".3gp": _by_film, ".dcm": _by_dicom, ".ima": _by_dicom, **dict.fromkeys(_PLAIN, _by_plain), **dict.fromkeys(_NUMBERS, _by_numbers), ".tri": _by_triggers,
    **dict.fromkeys(SCANS, _by_scan), ".npy": _by_npy, ".npz": _by_npz, ".dat": _by_raw, ".tsv.gz": _by_cells,
    ".annot": _by_annot, ".eeg": _by_samples, ".gdf": _by_gdf, ".trc": _by_micromed, ".bin": _by_bin,
    **dict.fromkeys(SHEETS, _by_sheets), **dict.fromkeys((".h5", ".hdf5", ".hdf", ".he5", ".h5ad", ".nc", ".nc4", ".loom"), _by_hdf5),
}  # fmt: skip


def rewrite(job: Job) -> tuple[Finding, ...]:
    """Write the clean copy of a file that is no text; an ERROR among the Findings says that none was written, and why.

    Raises
    ------
    Unreadable
        If the file is damaged.
    """
    with job.source.open("rb") as stream:
        head = stream.read(256)
    suffix = suffix_of(job.source.name)
    cleaner = _by_dicom if is_dicom(head) else _CLEANERS.get(suffix)
    if is_freesurfer(head) and kind_of(job.source.name) == "skin":
        cleaner = _by_surface
    if cleaner in {None, _by_scan} and job.where.startswith(_MADE_FOR_ALL):
        cleaner = _by_copy  # what subjects were shown was made before them
    if cleaner is None:
        return (_kept_back(suffix, job),)
    return cleaner(job) or ()


def _kept_back(suffix: str, job: Job) -> Finding:
    kind = _PERSONAL.get(suffix, "")
    if kind:
        job.cleaner.count({"photo": "face", "voice": "voice"}.get(kind, "comment"))
        message = f"A file *{suffix} is a {kind}, which may show or tell who somebody is; it was kept back."
        return Finding(
            "protect.personal_file",
            Severity.ERROR,
            message,
            job.where,
            _AS_TABLE if suffix in _TABLES else "Leave it out, or describe it in words.",
        )
    message = f"No cleaner knows files *{suffix or ' without extension'}; it was kept back."
    remedy = "Share the raw folder, so that it is converted, or leave the file out."
    if kind_of_archive(job.source.name):
        remedy = "Unpack it beside the other files, which are cleaned and packed again."
    elif suffix in _TABLES:
        remedy = _AS_TABLE
    return Finding("protect.unknown_kind", Severity.ERROR, message, job.where, remedy)

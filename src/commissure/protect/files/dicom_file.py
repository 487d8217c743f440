"""DICOM files cleaned on a copy: header, nested reports and pixels; what cannot be made safe is not written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from commissure.errors import BadInput, CommissureError, Unreadable
from commissure.extras import need
from commissure.model import Finding, Severity
from commissure.protect.files.burned_in import clean_pixels
from commissure.protect.files.dicom import deidentify_dataset
from commissure.protect.text.cleaner import Cleaner

__all__ = ["is_dicom", "rewrite_dicom"]

#: the SOP class of an index of files
_DIRECTORY = "1.2.840.10008.1.3.10"


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is DICOM (part 10)."""
    return head[128:132] == b"DICM"


def rewrite_dicom(source: Path, target: Path, *, cleaner: Cleaner, where: str = "") -> tuple[Finding, ...]:
    """Write a clean copy of a DICOM file; an ERROR among the Findings says that none was written, and why.

    The subject is the file's own PatientID, so that a folder of several patients keeps them apart.

    Parameters
    ----------
    source, target : Path
        DICOM files.
    cleaner : Cleaner
        The folder's; its count grows.
    where : str
        A safe name of the file for the Findings.

    Raises
    ------
    Unreadable
        If the file is no DICOM or is damaged.
    """
    pydicom = need("pydicom", purpose="Cleaning DICOM files")
    try:
        dataset: Any = pydicom.dcmread(source)
        if dataset.file_meta.get("MediaStorageSOPClassUID", "") == _DIRECTORY:
            raise BadInput(
                "The file is a DICOMDIR, which lists patients and their files; a clean copy needs none."
            )
        owner = replace(cleaner, subject=str(dataset.get("PatientID", "")).strip() or cleaner.subject)
        quiet = replace(owner, removed=type(owner.removed)())
        deidentify_dataset(dataset, cleaner=owner, label=quiet.subject_label())
        findings = clean_pixels(dataset, cleaner=owner, where=where)
        if not any(finding.severity is Severity.ERROR for finding in findings):
            target.parent.mkdir(parents=True, exist_ok=True)
            dataset.save_as(target, enforce_file_format=True)
    except CommissureError:
        raise
    except Exception as error:
        raise Unreadable(
            f"A DICOM file cannot be read to its end ({type(error).__name__}); copy it again from the archive."
        ) from error
    return findings

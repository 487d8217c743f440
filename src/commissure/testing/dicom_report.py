"""Makers of DICOM structured reports with planted persons: a narrative, an observer, a measurement, references."""

from pathlib import Path
from typing import Any

from commissure.extras import need
from commissure.testing.dicom_series import PERSON

__all__ = ["write_report"]

_SR = "1.2.840.10008.5.1.4.1.1.88.22"
_ROOT = "1.2.826.0.1.3680043.10.1337"


def write_report(
    path: Path,
    *,
    narrative: str,
    observer: str = "Quackenbush^Dr",
    person: dict[str, str] | None = None,
    number: int = 1,
) -> Path:
    """Write an Enhanced SR: ``narrative`` as text, ``observer`` as a person, a hippocampus of 4.2 ml, and the study it is of."""
    pydicom = need("pydicom", purpose="Making DICOM reports")
    one = pydicom.Dataset()
    one.file_meta = pydicom.dataset.FileMetaDataset()
    one.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = _SR
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = f"{_ROOT}.9.{number}"
    one.StudyInstanceUID, one.SeriesInstanceUID, one.Modality = f"{_ROOT}.1", f"{_ROOT}.8.{number}", "SR"
    one.CompletionFlag, one.VerificationFlag, one.ValueType = "COMPLETE", "VERIFIED", "CONTAINER"
    for key, value in (PERSON if person is None else person).items():
        setattr(one, key, value)
    text = _item("TEXT", "121071", "Finding")
    text.TextValue = narrative
    name = _item("PNAME", "121008", "Person Observer Name")
    name.PersonName = observer
    size = _item("NUM", "121206", "Volume")
    measured = pydicom.Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = "4.2", [_code("ml", "UCUM", "milliliter")]
    size.MeasuredValueSequence = [measured]
    one.ContentSequence = [text, name, size]
    evidence = pydicom.Dataset()
    evidence.StudyInstanceUID = one.StudyInstanceUID
    one.CurrentRequestedProcedureEvidenceSequence = [evidence]
    path.parent.mkdir(parents=True, exist_ok=True)
    one.save_as(path, enforce_file_format=True)
    return path


def _code(value: str, scheme: str, meaning: str) -> Any:
    code = need("pydicom", purpose="Making DICOM reports").Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _item(kind: str, value: str, meaning: str) -> Any:
    item = need("pydicom", purpose="Making DICOM reports").Dataset()
    item.RelationshipType, item.ValueType, item.ConceptNameCodeSequence = (
        "CONTAINS",
        kind,
        [_code(value, "DCM", meaning)],
    )
    return item

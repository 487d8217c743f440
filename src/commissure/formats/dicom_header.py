"""What a DICOM header tells: which series a file belongs to, and of whom it speaks."""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from commissure.errors import Unreadable
from commissure.extras import need
from commissure.formats.dicom_glance import glance
from commissure.model import Device, Identifier, Subject

__all__ = [
    "Mark",
    "device_of",
    "identifiers_of",
    "looks_like_dicom",
    "mark_of",
    "read_header",
    "start_of",
    "subject_of",
]

_LAST_MARK = 0x00200013
_MARKS = {"SeriesInstanceUID": 0x0020000E, "SOPClassUID": 0x00080016, "Modality": 0x00080060, "ProtocolName": 0x00181030,
          "SeriesDescription": 0x0008103E, "SequenceName": 0x00180024, "SeriesNumber": 0x00200011, "InstanceNumber": 0x00200013}  # fmt: skip
_GROUP_8 = (b"\x08\x00", b"\x02\x00")
_PREAMBLE = 128
_DAYS = {"D": 365.25, "W": 52.1775, "M": 12.0, "Y": 1.0}

#: tags that identify, by keyword
_CATEGORIES = {
    "PatientID": "id", "OtherPatientIDs": "id", "IssuerOfPatientID": "institution", "AccessionNumber": "id",
    "MedicalRecordLocator": "id", "AdmissionID": "id", "PatientBirthDate": "birth_date",
    "PatientBirthTime": "birth_date", "PatientAddress": "address", "PatientTelephoneNumbers": "contact",
    "PatientComments": "comment", "AdditionalPatientHistory": "comment", "Occupation": "comment",
    "EthnicGroup": "comment", "MedicalAlerts": "comment", "Allergies": "comment", "ImageComments": "comment",
    "StudyDescription": "comment", "StudyComments": "comment", "RequestedProcedureDescription": "comment",
    "PerformedProcedureStepDescription": "comment", "AdmittingDiagnosesDescription": "comment",
    "InstitutionName": "institution", "InstitutionAddress": "address", "InstitutionalDepartmentName": "institution",
    "StationName": "host", "PerformedStationName": "host", "PerformedStationAETitle": "host",
    "SourceApplicationEntityTitle": "host", "PerformedLocation": "host", "DeviceSerialNumber": "serial",
    "PatientAge": "age",
}  # fmt: skip
_STAFF = re.compile(r"Physician|Operator|Performing|Requesting|Reading|Personnel|Reviewer")


@dataclass(frozen=True, slots=True)
class Mark:
    """The few fields by which files are sorted into series.

    Parameters
    ----------
    series : str
        SeriesInstanceUID.
    sop_class : str
        SOPClassUID.
    modality : str
        ``"MR"``, ``"SR"`` …
    names : tuple of str
        Protocol name and series description.
    series_number, instance : int
        0 where not given.
    """

    series: str
    sop_class: str = ""
    modality: str = ""
    names: tuple[str, ...] = ()
    series_number: int = 0
    instance: int = 0


def looks_like_dicom(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a DICOM file, with or without a preamble."""
    if head[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return True
    if len(head) < 16 or head[:2] not in _GROUP_8 or head[2] > 0x60 or head[3] != 0:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    return explicit or int.from_bytes(head[4:8], "little") <= 256


def mark_of(path: Path) -> Mark | None:
    """The Mark of a DICOM file; None if it is no DICOM file, or names no series."""
    try:
        known = path.stat()
    except OSError:
        return None
    return _mark(path, known.st_size, known.st_mtime_ns)


@lru_cache(maxsize=20_000)
def _mark(path: Path, size: int, changed: int) -> Mark | None:
    """Kept for the second look, when the series is read: same size, same time, same Mark."""
    del size, changed
    quick = _quick_mark(path)
    if quick is not None:
        return quick
    pydicom = need("pydicom", purpose="Reading DICOM images")
    try:
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore")
            header = pydicom.filereader.read_partial(
                stream, stop_when=lambda tag, vr, length: tag > _LAST_MARK, force=True
            )
        series = str(header.get("SeriesInstanceUID", ""))
        if not series:
            return None
        names = tuple(
            str(header.get(key, "")) for key in ("ProtocolName", "SeriesDescription", "SequenceName")
        )
        return Mark(
            series,
            str(header.get("SOPClassUID", "")),
            str(header.get("Modality", "")),
            tuple(dict.fromkeys(name for name in names if name)),
            int(header.get("SeriesNumber") or 0),
            int(header.get("InstanceNumber") or 0),
        )
    except Exception:  # noqa: BLE001 - a file of any bytes may come along; what cannot be read names no series
        return None


def _quick_mark(path: Path) -> Mark | None:
    """The Mark of a plain file; None leaves it to pydicom."""
    found = glance(path, _MARKS.values(), last=_LAST_MARK + 1)
    told = {key: found.values.get(tag, "") for key, tag in _MARKS.items()} if found else {}
    numbers = [told.get(key, "") or "0" for key in ("SeriesNumber", "InstanceNumber")]
    if not told.get("SeriesInstanceUID") or not all(number.isdigit() for number in numbers):
        return None
    names = (told["ProtocolName"], told["SeriesDescription"], told["SequenceName"])
    return Mark(
        told["SeriesInstanceUID"],
        told["SOPClassUID"],
        told["Modality"],
        tuple(dict.fromkeys(name for name in names if name)),
        *map(int, numbers),
    )


def read_header(path: Path) -> Any:
    """The whole header of a DICOM file, without its pixels.

    Raises
    ------
    Unreadable
        If it cannot be read to its pixels.
    """
    pydicom = need("pydicom", purpose="Reading DICOM images")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            for _ in header.iterall():
                continue
    except Exception as error:  # noqa: BLE001 - pydicom has an error of its own for every way to be corrupt
        message = "A DICOM header is cut short or corrupt; copy the series again from the scanner."
        raise Unreadable(message) from error
    return header


def subject_of(header: Any) -> Subject:
    """Whose image it is: the lab's own id, sex, age in years at the scan, and species if one is named."""
    label = _text(header, "PatientID") or _text(header, "PatientName")
    sex = _text(header, "PatientSex").upper()[:1]
    return Subject(
        label=label,
        species=_text(header, "PatientSpeciesDescription"),
        sex=sex if sex in {"F", "M", "O"} else "U",
        age_years=_age_years(header),
    )


def _age_years(header: Any) -> float | None:
    """PatientAge, or the years from birth to the scan; zero years without a birth date means "not known"."""
    match = re.fullmatch(r"0*(\d+)([DWMY]?)", _text(header, "PatientAge").upper())
    if match and int(match.group(1)) > 0:
        return round(int(match.group(1)) / _DAYS[match.group(2) or "Y"], 3)
    born, scanned = (_day(_text(header, key)) for key in ("PatientBirthDate", "StudyDate"))
    if born and scanned and scanned >= born:
        return float(int((scanned - born).days / 365.25))
    return None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:8], "%Y%m%d")
    except ValueError:
        return None


def start_of(header: Any) -> datetime | None:
    """When the acquisition began, in the scanner's local time; None if the header does not say."""
    joined = _text(header, "AcquisitionDateTime")
    if not joined:
        for prefix in ("Acquisition", "Series", "Content", "Study"):
            day, clock = _text(header, f"{prefix}Date"), _text(header, f"{prefix}Time")
            if day and clock:
                joined = day + clock
                break
    digits = re.match(r"(\d{14})(?:\.(\d{1,6}))?", joined)
    if not digits:
        return None
    try:
        start = datetime.strptime(digits.group(1), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return start.replace(microsecond=int((digits.group(2) or "0").ljust(6, "0")))


def device_of(header: Any) -> Device:
    """What scanned."""
    versions = header.get("SoftwareVersions", "")
    software = versions if isinstance(versions, str) else " ".join(str(part) for part in versions or ())
    return Device(
        _text(header, "Manufacturer"),
        _text(header, "ManufacturerModelName"),
        software,
        _text(header, "DeviceSerialNumber"),
    )


def identifiers_of(header: Any) -> tuple[Identifier, ...]:
    """All that the header tells of a person, a place or a moment, private tags included."""
    found: list[Identifier] = []
    meta = getattr(header, "file_meta", None)
    for element in _elements([*(meta or ()), *header]):
        found.extend(_of_element(element))
    return tuple(dict.fromkeys(found))


def _elements(elements: Iterable[Any]) -> Iterator[Any]:
    for element in elements:
        if element.VR == "SQ":
            items = element.value or ()
            one = element.keyword == "PerFrameFunctionalGroupsSequence"
            for item in items[:1] if one else items:
                yield from _elements(item)
        else:
            yield element


def _of_element(element: Any) -> list[Identifier]:
    values = [str(part).strip("\x00 ") for part in (element.value if element.VM > 1 else [element.value])]
    values = [value for value in values if value and value != "None"]
    keyword = element.keyword
    if element.VR == "PN":
        category = "operator" if _STAFF.search(keyword) else "name"
        return [Identifier(category, value) for value in values]
    if keyword in _CATEGORIES:
        return [Identifier(_CATEGORIES[keyword], value) for value in values]
    if element.VR in {"DA", "DT"}:
        return [Identifier("date", value) for value in values]
    if element.VR == "UI" and keyword.endswith("InstanceUID") or keyword == "FrameOfReferenceUID":
        return [Identifier("uid", value) for value in values]
    if element.tag.is_private and element.tag.element > 0xFF and element.VR in {"PN", "LT", "ST", "UT"}:
        return [Identifier("comment", value) for value in values if 8 <= len(value) <= 1024]
    return []


def _text(header: Any, keyword: str) -> str:
    value = header.get(keyword, "")
    return "" if value is None else str(value).strip("\x00 ")

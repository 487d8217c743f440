"""DICOM studies of made-up people: classic, mosaic and enhanced series, reports, and captures with text burned in."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.testing.burned_in import capture
from commissure.testing.dicom_report import write_report
from commissure.testing.dicom_series import write_dicom
from commissure.testing.planting.notes import note_of
from commissure.testing.planting.people import Person, make_person
from commissure.testing.planting.plants import Plant, plants_of

__all__ = ["HEADER", "PlantedStudy", "plant_study"]

#: keyword to the kind it holds
HEADER = {
    "PatientName": "patient name", "PatientID": "record number", "PatientBirthDate": "birth date", "InstitutionName": "institution",
    "InstitutionAddress": "address", "OperatorsName": "operator", "ReferringPhysicianName": "physician", "StationName": "web, host, network",
    "DeviceSerialNumber": "device serial", "AccessionNumber": "accession number", "StudyDate": "study date", "OtherPatientIDs": "other id",
    "InstitutionalDepartmentName": "department", "PatientTelephoneNumbers": "phone", "PatientComments": "comment",
    "StudyInstanceUID": "uid", "PatientAge": "age over 89",
}  # fmt: skip
_WIDTH = {"StationName": 16, "AccessionNumber": 16}
_NARRATIVE = ("patient name", "lone surname", "other name", "physician", "phone", "age over 89")


@dataclass(frozen=True, slots=True)
class PlantedStudy:
    """A study's folder, its plants, the person, and where letters stand in its captures, by the file's series description."""

    folder: Path
    plants: tuple[Plant, ...]
    person: Person
    ink: dict[str, NDArray[np.bool_]]


def plant_study(folder: Path, *, rng: np.random.Generator, number: int = 0) -> PlantedStudy:
    """Write a study of five series below ``folder``, in a folder with the patient's name."""
    person = make_person(rng)
    person = replace(person, values={kind: value[:60] for kind, value in person.values.items()})
    said = _header(person)
    place = folder / f"{person.family}_{person.given}".encode("ascii", "ignore").decode()
    plants: list[Plant] = []
    for layout in ("classic", "mosaic", "enhanced"):
        write_dicom(
            place / layout,
            layout=layout,
            volumes=1,
            person=said,
            vendor=str(rng.choice(["siemens", "ge", "philips"])),
        )
        _private(place / layout, person, f"{number + 1}.{len(layout)}")
        plants += plants_of(
            person, (*HEADER.values(), "lone surname", "other name"), format="dicom", where=layout
        )
    plants += plants_of(person, ("patient name",), format="dicom", where="folder name")
    narrative = ". ".join(note_of(person, kind, rng=rng) for kind in _NARRATIVE)
    write_report(
        place / "report.dcm",
        narrative=narrative,
        observer=person.values["physician"],
        person=said,
        number=number + 1,
    )
    plants += plants_of(person, (*HEADER.values(), *_NARRATIVE), format="dicom", where="report")
    ink = {}
    for one in range(2):
        texts = [person.values[kind] for kind in ("patient name", "record number", "birth date")]
        planted = capture(
            texts,
            rng=rng,
            person={**said, "SeriesDescription": f"capture {number} {one}"},
            size_px=int(rng.choice([384, 512])),
        )
        planted.dataset.save_as(place / f"capture{one}.dcm", enforce_file_format=True)
        ink[f"capture {number} {one}"] = planted.ink
        plants += plants_of(person, HEADER.values(), format="dicom", where="capture")
        plants += [Plant("burned-in text", (), "dicom", f"capture {number} {one}")] * len(texts)
    return PlantedStudy(folder, tuple(plants), person, ink)


def _header(person: Person) -> dict[str, str]:
    said = {key: person.values[kind][: _WIDTH.get(key, 60)] for key, kind in HEADER.items()}
    said["PatientName"] = "^".join(reversed(person.values["patient name"].split()))
    said["OperatorsName"] = "^".join(reversed(person.values["operator"].split()))
    said["PatientAge"] = f"{int(person.values['age over 89']):03d}Y"
    for key in ("PatientBirthDate", "StudyDate"):
        said[key] = said[key].replace("-", "")
    said["AcquisitionDate"] = said["SeriesDate"] = said["ContentDate"] = said["StudyDate"]
    return said


def _private(folder: Path, person: Person, branch: str) -> None:
    """A vendor's private block, a request within a sequence, and UIDs of its own, in every file of a series."""
    pydicom = need("pydicom", purpose="Making DICOM images")
    for path in sorted(folder.iterdir()):
        dataset: Any = pydicom.dcmread(path)
        dataset.SpecificCharacterSet = "ISO_IR 192"
        for key in ("SOPInstanceUID", "SeriesInstanceUID"):
            setattr(dataset, key, f"{dataset[key].value}.{branch}")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        block = dataset.private_block(0x0029, "PLANTED HEADER", create=True)
        block.add_new(0x10, "LO", f"entered by {person.values['lone surname']}")
        request = pydicom.Dataset()
        request.RequestingPhysician = person.values["physician"]
        request.ScheduledProcedureStepDescription = f"brought by {person.values['other name']}"[:60]
        dataset.RequestAttributesSequence = [request]
        dataset.save_as(path, enforce_file_format=True)

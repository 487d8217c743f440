"""DICOM by the basic profile of PS3.15 Annex E, private attributes and nested sequences with it.

Attributes with a known keyword follow :mod:`commissure.protect.files.dicom_rules`; the others follow their value
representation, on the safe side: names, free text and unknown bytes go, UIDs are remapped by a keyed hash (so that
references between files survive), dates go back by the subject's offset, short texts are cleaned. Pixels are seen to by
:mod:`commissure.protect.files.burned_in`.
"""

from dataclasses import replace
from typing import Any

from commissure.errors import BadInput
from commissure.extras import need
from commissure.model import Identifier
from commissure.protect.files.dicom_rules import ACTION_OF, CATEGORY_OF, VR_ACTION, VR_CATEGORY
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import shift_text, top_age

__all__ = ["deidentify_dataset", "dicom_identifiers"]

_METHOD = "commissure: PS3.15 basic profile, dates shifted"
_WIDTH = {"LO": 64, "SH": 16, "CS": 16}
#: PS3.16 CID 7050: what was done
_CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
)
_SPEAKING = {
    "PatientName": "name", "PatientID": "id", "PatientBirthDate": "birth_date", "OtherPatientIDs": "id",
    "InstitutionName": "institution", "InstitutionAddress": "address", "InstitutionalDepartmentName": "institution",
    "StationName": "host", "DeviceSerialNumber": "serial", "OperatorsName": "operator", "AccessionNumber": "id",
    "PerformingPhysicianName": "operator", "ReferringPhysicianName": "operator", "PatientAddress": "address",
    "StudyDate": "date", "SeriesDate": "date", "AcquisitionDate": "date", "StudyInstanceUID": "uid",
    "SeriesInstanceUID": "uid", "SOPInstanceUID": "uid", "FrameOfReferenceUID": "uid", "PatientComments": "comment",
    "PatientTelephoneNumbers": "contact",
}  # fmt: skip


def dicom_identifiers(dataset: Any) -> tuple[Identifier, ...]:
    """What a dataset says of persons and places, for the cleaning and for the scan."""
    found = [(_SPEAKING[key], str(dataset[key].value).strip()) for key in _SPEAKING if key in dataset]
    return tuple(Identifier(category, value) for category, value in dict.fromkeys(found) if value)


def deidentify_dataset(dataset: Any, *, cleaner: Cleaner, label: str) -> None:
    """De-identify a ``pydicom.Dataset`` in place; ``label`` becomes PatientID and PatientName.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With or without ``file_meta``.
    cleaner : Cleaner
        The subject's, which counts what goes.
    label : str
        The pseudonym.

    Raises
    ------
    BadInput
        If the dataset is no image of a patient (it has no SOP class).
    """
    if "SOPClassUID" not in dataset:
        raise BadInput("A DICOM dataset to de-identify needs a SOPClassUID; got one without.")
    known = cleaner.known.extended(dicom_identifiers(dataset))
    worker = replace(cleaner, known=known)
    _walk(dataset, worker)
    dataset.PatientID = dataset.PatientName = label
    meta = getattr(dataset, "file_meta", None)
    if meta is not None and "MediaStorageSOPInstanceUID" in meta:
        meta.MediaStorageSOPInstanceUID = dataset.get(
            "SOPInstanceUID", worker.pseudonyms.uid(meta.MediaStorageSOPInstanceUID)
        )
        for key in ("SourceApplicationEntityTitle", "SendingApplicationEntityTitle", "ReceivingApplicationEntityTitle",
                    "PrivateInformation", "PrivateInformationCreatorUID"):  # fmt: skip
            if key in meta:
                del meta[key]
    if hasattr(dataset, "preamble"):
        dataset.preamble = bytes(128)
    _declare(dataset)


def _walk(dataset: Any, cleaner: Cleaner) -> None:
    for tag in list(dataset.keys()):
        element = dataset[tag]
        if element.tag.is_private:
            if not element.tag.is_private_creator:
                cleaner.count("comment")
            del dataset[tag]
            continue
        action = _action(element)
        if element.VR == "SQ" and action not in {"X", "Z"}:
            for item in element.value:
                _walk(item, cleaner)
        else:
            _apply(dataset, element, action, cleaner)


def _action(element: Any) -> str:
    if element.keyword in ACTION_OF:
        return ACTION_OF[element.keyword]
    if (element.tag.group & 0xFF00) in {0x5000, 0x6000}:
        return "X"  # curves and overlays draw over the image
    return VR_ACTION.get(element.VR, "K")


def _apply(dataset: Any, element: Any, action: str, cleaner: Cleaner) -> None:
    if action == "K" or (element.value in (None, "", []) and action != "X"):
        return
    if action in {"X", "Z"}:
        if element.value not in (None, "", []) and str(element.value):
            cleaner.count(_category(element))
        if action == "X":
            del dataset[element.tag]
        else:
            element.value = [] if element.VR == "SQ" else ""
        return
    values = element.value if _is_many(element.value) else [element.value]
    changed = [_changed(value, element, action, cleaner) for value in values]
    if changed == list(values):
        return  # setting a value anew would have pydicom judge it
    element.value = changed if _is_many(element.value) else changed[0]


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"


def _changed(value: Any, element: Any, action: str, cleaner: Cleaner) -> Any:
    if action == "U":
        cleaner.count("uid")
        return value if str(value).startswith("1.2.840.10008.") else cleaner.pseudonyms.uid(str(value))
    if action == "S":
        return _shifted(str(value), cleaner)
    if action == "A":
        return _topped(str(value), cleaner)
    # a report's item must hold some text
    clean = cleaner.free(str(value)) or "[comment]" if action == "F" else cleaner.text(str(value))
    if element.VR == "CS":
        clean = clean.upper().replace("[", "").replace("]", "")
    return clean if clean == str(value) else clean[: _WIDTH.get(element.VR)]


def _shifted(value: str, cleaner: Cleaner) -> str:
    if cleaner.offset_days is None:
        cleaner.count("date")
        return ""
    # a DT is a DA with a time behind; the time of day stays
    day, rest = value[:8], value[8:]
    # also where it is the day of birth, as the dates of phantoms are
    moved = shift_text(day, offset_days=cleaner.offset_days)
    cleaner.count("date")
    return moved + rest if moved != day else ""


def _topped(value: str, cleaner: Cleaner) -> str:
    number, unit = value[:-1], value[-1:]
    if unit != "Y" or not number.isdigit() or int(number) < cleaner.policy.top_age_years:
        return value
    cleaner.count("age")
    return f"{int(top_age(int(number), top=cleaner.policy.top_age_years)):03d}Y"


def _category(element: Any) -> str:
    for word, category in CATEGORY_OF:
        if word in element.keyword:
            return category
    return VR_CATEGORY.get(element.VR, "comment")


def _declare(dataset: Any) -> None:
    pydicom = need("pydicom", purpose="De-identifying DICOM")
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = _METHOD
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    items = []
    for code, meaning in _CODES:
        item = pydicom.Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", meaning
        items.append(item)
    dataset.DeidentificationMethodCodeSequence = pydicom.Sequence(items)

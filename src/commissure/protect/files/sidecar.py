"""Sidecar fields (BIDS JSON, dcm2niix): which go, which are science, which are read as free text."""

from collections.abc import Mapping

from commissure.protect.text.cleaner import Cleaner, free_key
from commissure.protect.text.dates import top_age

__all__ = ["CATEGORY_OF_FIELD", "SCIENCE_FIELDS", "clean_sidecar"]

#: fields that go, and the category they are counted as
_DROPPED: dict[str, str] = {
    "PatientName": "name", "PatientID": "id", "PatientBirthDate": "birth_date", "OtherPatientIDs": "id",
    "OtherPatientNames": "name", "PatientBirthName": "name", "PatientMotherBirthName": "name",
    "PatientAddress": "address", "PatientTelephoneNumbers": "contact", "PatientComments": "comment",
    "AdditionalPatientHistory": "comment", "EthnicGroup": "comment", "Occupation": "comment",
    "AccessionNumber": "id", "StudyID": "id", "IssuerOfPatientID": "institution", "MedicalRecordLocator": "id",
    "ReferringPhysicianName": "operator", "PerformingPhysicianName": "operator", "OperatorsName": "operator",
    "OperatorName": "operator", "PhysiciansOfRecord": "operator", "NameOfPhysiciansReadingStudy": "operator",
    "RequestingPhysician": "operator", "Experimenter": "operator", "Technician": "operator", "Operator": "operator",
    "InstitutionName": "institution", "InstitutionAddress": "address", "InstitutionalDepartmentName": "institution",
    "InstitutionCodeSequence": "institution", "StationName": "host", "PerformedStationName": "host", "HostName": "host",
    "DeviceSerialNumber": "serial", "DetectorID": "serial", "GantryID": "serial", "HeadboxSerialNumber": "serial",
    "CoilSerialNumber": "serial", "DeviceUID": "serial", "CapSerialNumber": "serial", "AmplifierSerialNumber": "serial",
    "AcquisitionTime": "date", "AcquisitionDate": "date", "AcquisitionDateTime": "date", "ContentDate": "date",
    "ContentTime": "date", "SeriesDate": "date", "SeriesTime": "date", "StudyDate": "date", "StudyTime": "date",
    "InstanceCreationDate": "date", "InstanceCreationTime": "date", "AcquisitionTimes": "date", "MeasurementDate": "date",
    "PerformedProcedureStepStartDate": "date", "PerformedProcedureStepStartTime": "date",
    "RadiopharmaceuticalStartTime": "date", "DateOfLastCalibration": "date", "TimeOfLastCalibration": "date",
    "StudyInstanceUID": "uid", "SeriesInstanceUID": "uid", "SOPInstanceUID": "uid", "FrameOfReferenceUID": "uid",
    "ConcatenationUID": "uid", "SynchronizationFrameOfReferenceUID": "uid", "IrradiationEventUID": "uid",
    "ReferencedSOPInstanceUID": "uid", "StorageMediaFileSetUID": "uid", "ImageComments": "comment",
    "StudyComments": "comment", "RequestedProcedureDescription": "comment", "StudyDescription": "comment",
    "PerformedProcedureStepDescription": "comment", "Comments": "comment", "Comment": "comment", "Notes": "comment",
    "ProcessedBy": "operator", "SourceFile": "path", "OriginalFile": "path", "FilePath": "path", "UserName": "operator",
}  # fmt: skip
#: fields whose words are science, or a version that only looks like a date; searched for known values only
_SCIENCE = frozenset({
    "Manufacturer", "ManufacturersModelName", "ManufacturerModelName", "DeviceModel", "SoftwareVersions",
    "SoftwareName", "SoftwareVersion", "ConversionSoftware", "ConversionSoftwareVersion", "ConsistencyInfo",
    "PulseSequenceDetails", "PulseSequenceName", "PulseSequenceType", "SequenceName", "SequenceVariant",
    "ScanningSequence", "ScanOptions", "ImageType", "ImageTypeText", "ReceiveCoilName", "TransmitCoilName",
    "ReceiveCoilActiveElements", "CoilString", "MatrixCoilMode", "BodyPart", "BodyPartExamined", "Modality",
    "PhaseEncodingDirection", "InPlanePhaseEncodingDirectionDICOM", "PatientPosition", "MRAcquisitionType",
    "BidsGuess", "IntendedFor", "B0FieldIdentifier", "B0FieldSource", "EEGReference", "EEGGround", "iEEGReference",
    "CapManufacturer", "CapManufacturersModelName", "HEDVersion", "TaskName", "Units", "CoordinateSystem",
    "SoftwareFilters", "HardwareFilters", "DigitizedHeadPointsSystem", "PatientSex", "Sex", "BIDSVersion",
    # the standard lists what these may say
    "PhaseEncodingPolarityGE", "ParallelAcquisitionTechnique", "PartialFourierDirection", "SliceEncodingDirection",
    "SpoilingType", "MTPulseShape", "ArterialSpinLabelingType", "PCASLType", "CASLType", "PASLType", "M0Type",
    "BolusCutOffTechnique", "RecordingType", "TracerName", "TracerRadionuclide", "ModeOfAdministration",
    "ReconMethodName", "ReconFilterType", "CoordinateUnits", "DewarPosition", "SampleEnvironment", "SampleStaining",
})  # fmt: skip
#: long texts that the standard asks for: cleaned, not cut
_LONG = ("Description", "Instructions", "Levels", "LongName", "TermURL", "CogAtlasID", "CogPOID", "References",
         "HowToAcknowledge", "Acknowledgements", "DatasetDOI", "License", "Name", "EthicsApprovals", "Funding",
         "PlacementScheme", "ElectrodeGroups")  # fmt: skip
_AGES = frozenset({"PatientAge", "Age", "SubjectAge"})
#: field, in lower case, to the category it is removed as
CATEGORY_OF_FIELD = {key.casefold(): category for key, category in _DROPPED.items()}
#: fields, in lower case, whose words are science
SCIENCE_FIELDS = frozenset(key.casefold() for key in _SCIENCE)
_STAFF = frozenset({"operator", "institution", "address"})


def clean_sidecar(fields: Mapping[str, object], *, cleaner: Cleaner) -> dict[str, object]:
    """The fields without those that identify; numbers and science stay, texts are cleaned.

    Nested objects (``global``, ``Levels``) are cleaned the same way. ``PatientAge`` is topped.
    """
    clean: dict[str, object] = {}
    for key, value in fields.items():
        category = CATEGORY_OF_FIELD.get(key.casefold())
        if category is not None and not (cleaner.keeps_staff and category in _STAFF):
            if value not in ("", None, [], {}):
                cleaner.count(category)
            continue
        clean[free_key(cleaner.key(key), clean)] = _clean(key, value, cleaner)
    return clean


def _clean(key: str, value: object, cleaner: Cleaner) -> object:
    if isinstance(value, Mapping):
        return clean_sidecar(value, cleaner=cleaner)
    if isinstance(value, list | tuple):
        return [_clean(key, item, cleaner) for item in value]
    if key in _AGES:
        return _age(value, cleaner)
    if not isinstance(value, str):
        return cleaner.value(value)
    if key in _SCIENCE:
        return cleaner.known_only(value)
    return cleaner.text(value) if key.endswith(_LONG) else cleaner.free(value)


def _age(value: object, cleaner: Cleaner) -> object:
    digits = "".join(c for c in str(value) if c.isdigit() or c == ".")
    years = float(digits) if digits.replace(".", "", 1).isdigit() else None
    in_years = isinstance(value, int | float) or str(value).strip().upper().endswith(("Y", *"0123456789"))
    if years is None or not in_years or not cleaner.is_person or years < cleaner.policy.top_age_years:
        return value
    cleaner.count("age")
    topped = int(top_age(years, top=cleaner.policy.top_age_years))
    return f"{topped:03d}Y" if isinstance(value, str) and value.strip().upper().endswith("Y") else topped

"""Makers of DICOM series with planted truth, as several vendors write them: classic, mosaic, enhanced.

The numbers in the voxels are chosen so that a slice in the wrong place, a flipped axis or a lost scaling is seen at
once.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = ["PERSON", "VENDORS", "PlantedSeries", "pattern", "write_dicom"]

#: who is planted in every header; none of it may be found again
PERSON = {
    "PatientName": "Quilter^Zephyrine", "PatientID": "MRN-7741932", "PatientBirthDate": "19620304",
    "InstitutionName": "Northmoor Infirmary", "InstitutionAddress": "17 Larkspur Lane, Northmoor",
    "OperatorsName": "Abernathy^Fenwick", "ReferringPhysicianName": "Dr^Quackenbush", "StationName": "NMMR0042",
    "DeviceSerialNumber": "SN8812377", "AccessionNumber": "ACC5550199", "StudyDescription": "Quilter follow-up",
    "StudyDate": "20190807", "SeriesDate": "20190807", "AcquisitionDate": "20190807", "ContentDate": "20190807",
    "StudyTime": "101112", "SeriesTime": "101213", "AcquisitionTime": "101314.5", "ContentTime": "101415",
}  # fmt: skip
#: vendor to (Manufacturer, model, how its images are typed)
VENDORS = {
    "siemens": ("SIEMENS", "Prisma", ["ORIGINAL", "PRIMARY", "M", "ND"]),
    "ge": ("GE MEDICAL SYSTEMS", "DISCOVERY MR750", ["ORIGINAL", "PRIMARY", "OTHER"]),
    "philips": ("Philips Medical Systems", "Ingenia", ["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"]),
    "uih": ("UIH", "uMR 790", ["ORIGINAL", "PRIMARY", "M", "GRE"]),
    "canon": ("CANON_MEC", "Galan 3T", ["ORIGINAL", "PRIMARY", "OTHER"]),
}
_MR, _ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
_EXPLICIT = "1.2.840.10008.1.2.1"
_ROOT = "1.2.826.0.1.3680043.10.1337"


@dataclass(frozen=True, slots=True)
class PlantedSeries:
    """What was put into a series.

    Parameters
    ----------
    voxels : array, shape (x, y, z) or (x, y, z, time)
        As DICOM has them: x to the patient's left, y to the back, z to the head.
    zooms_mm : tuple of float
        Voxel sizes; between slices, from middle to middle.
    repetition_s, echo_s : float
        Times.
    files : tuple of Path
        What was written.
    """

    voxels: NDArray[np.uint16]
    zooms_mm: tuple[float, float, float]
    repetition_s: float
    echo_s: float
    files: tuple[Path, ...]


def write_dicom(
    folder: Path, *, vendor: str = "siemens", protocol: str = "func-bold_task-nback_run-1", volumes: int = 3,
    layout: str = "classic", person: dict[str, str] | None = None,
) -> PlantedSeries:  # fmt: skip
    """Write an echo-planar series of one vendor.

    Parameters
    ----------
    folder : Path
        Where to; made if missing.
    vendor : str
        A key of :data:`VENDORS`.
    protocol : str
        Protocol name and series description.
    volumes : int
        How many.
    layout : str
        ``"classic"`` (a file a slice), ``"mosaic"`` (a file a volume, slices side by side, as Siemens does) or
        ``"enhanced"`` (one file of many frames, as Philips does).
    person : dict or None
        Instead of :data:`PERSON`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shape, zooms = (24, 20, 9), (3.0, 3.0, 3.5)
    voxels = pattern((*shape, volumes))
    planted = PlantedSeries(voxels if volumes > 1 else voxels[..., 0], zooms, 2.0, 0.03, ())
    makers = {"classic": _classic, "mosaic": _mosaic, "enhanced": _enhanced}
    datasets = makers[layout](voxels, planted, vendor, protocol)
    files = []
    for number, dataset in enumerate(datasets, start=1):
        for key, value in (PERSON if person is None else person).items():
            setattr(dataset, key, value)
        path = folder / f"IM{number:05d}"
        dataset.save_as(path, enforce_file_format=True)
        files.append(path)
    return PlantedSeries(planted.voxels, zooms, planted.repetition_s, planted.echo_s, tuple(files))


def pattern(shape: tuple[int, ...]) -> NDArray[np.uint16]:
    """Voxels of shape (x, y, z, time) of which each tells its place."""
    x, y, z, t = np.indices(shape)
    return np.asarray(100 + x + 30 * y + 700 * z + 3 * t, dtype=np.uint16)


def _dataset(planted: PlantedSeries, vendor: str, protocol: str, number: int) -> Any:
    pydicom = need("pydicom", purpose="Making DICOM images")
    manufacturer, model, image_type = VENDORS[vendor]
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = _EXPLICIT
    meta.MediaStorageSOPClassUID = _MR
    series = sum(f"{vendor}{protocol}".encode())
    meta.MediaStorageSOPInstanceUID = f"{_ROOT}.3.{series}.{number}"
    one = pydicom.Dataset()
    one.file_meta = meta
    one.SOPClassUID, one.SOPInstanceUID = _MR, meta.MediaStorageSOPInstanceUID
    one.StudyInstanceUID, one.SeriesInstanceUID = f"{_ROOT}.1", f"{_ROOT}.2.{series}"
    one.FrameOfReferenceUID = f"{_ROOT}.4"
    one.Modality, one.ImageType = "MR", image_type
    one.Manufacturer, one.ManufacturerModelName = manufacturer, model
    one.SoftwareVersions = "syngo MR E11" if vendor == "siemens" else "1.0"
    one.PatientSex, one.PatientAge, one.PatientPosition = "F", "057Y", "HFS"
    one.ScanningSequence, one.SequenceVariant = ["EP", "GR"], "SK"
    one.MRAcquisitionType, one.SequenceName = "2D", "epfid2d1_24"
    one.MagneticFieldStrength, one.FlipAngle = "3", "77"
    one.RepetitionTime, one.EchoTime = str(planted.repetition_s * 1000), str(planted.echo_s * 1000)
    one.ProtocolName = one.SeriesDescription = protocol
    one.SeriesNumber, one.AcquisitionNumber, one.InstanceNumber = 5, 1, number
    one.SliceThickness = one.SpacingBetweenSlices = str(planted.zooms_mm[2])
    one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    one.PixelSpacing = [planted.zooms_mm[1], planted.zooms_mm[0]]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 0
    return one


def _with_pixels(dataset: Any, rows: NDArray[np.uint16]) -> Any:
    """``rows`` is (y, x), or (frame, y, x)."""
    dataset.Rows, dataset.Columns = rows.shape[-2:]
    dataset.PixelData = np.ascontiguousarray(rows, dtype="<u2").tobytes()
    return dataset


def _position(planted: PlantedSeries, z: int) -> list[float]:
    return [-36.0, -30.0, -20.0 + z * planted.zooms_mm[2]]


def _classic(voxels: NDArray[np.uint16], planted: PlantedSeries, vendor: str, protocol: str) -> Iterator[Any]:
    slices, volumes = voxels.shape[2], voxels.shape[3]
    start = datetime.datetime(2019, 8, 7, 10, 13, 14)
    for t in range(volumes):
        for z in range(slices):
            number = t * slices + z + 1
            one = _dataset(planted, vendor, protocol, number)
            one.ImagePositionPatient = _position(planted, z)
            one.SliceLocation = str(_position(planted, z)[2])
            one.AcquisitionNumber = 1 if vendor == "philips" else t + 1
            one.TemporalPositionIdentifier, one.NumberOfTemporalPositions = t + 1, volumes
            moment = start + datetime.timedelta(seconds=t * planted.repetition_s)
            one.ContentTime = moment.strftime("%H%M%S.%f")
            yield _with_pixels(one, voxels[:, :, z, t].T)


def _mosaic(voxels: NDArray[np.uint16], planted: PlantedSeries, vendor: str, protocol: str) -> Iterator[Any]:
    columns, rows, slices, volumes = voxels.shape
    tiles = int(np.ceil(np.sqrt(slices)))
    for t in range(volumes):
        one = _dataset(planted, vendor, protocol, t + 1)
        one.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
        one.AcquisitionMatrix = [columns, 0, 0, rows]
        one.AcquisitionNumber = t + 1
        sheet = np.zeros((tiles * rows, tiles * columns), dtype=np.uint16)
        for z in range(slices):
            top, left = (z // tiles) * rows, (z % tiles) * columns
            sheet[top : top + rows, left : left + columns] = voxels[:, :, z, t].T
        first = np.array(_position(planted, 0))
        wide, tall = (tiles - 1) * columns / 2, (tiles - 1) * rows / 2
        first[:2] -= [wide * planted.zooms_mm[0], tall * planted.zooms_mm[1]]
        one.ImagePositionPatient = list(first)
        block = one.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0A, "US", slices)
        block.add_new(0x08, "CS", "IMAGE NUM 4")
        yield _with_pixels(one, sheet)


def _enhanced(
    voxels: NDArray[np.uint16], planted: PlantedSeries, vendor: str, protocol: str
) -> Iterator[Any]:
    yield _frames(voxels, planted, _dataset(planted, vendor, protocol, 1), list(range(voxels.shape[3])))


def _frames(voxels: NDArray[np.uint16], planted: PlantedSeries, one: Any, volumes: list[int]) -> Any:
    pydicom = need("pydicom", purpose="Making DICOM images")
    gone = (
        "RepetitionTime",
        "EchoTime",
        "FlipAngle",
        "ImageOrientationPatient",
        "PixelSpacing",
        "SliceThickness",
    )
    for key in gone:
        delattr(one, key)
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = _ENHANCED_MR
    one.ImageType = ["ORIGINAL", "PRIMARY", "FMRI", "NONE"]
    slices = range(voxels.shape[2])
    one.NumberOfFrames = len(slices) * len(volumes)
    timing, echo = pydicom.Dataset(), pydicom.Dataset()
    timing.RepetitionTime, timing.FlipAngle = planted.repetition_s * 1000, 77.0
    echo.EffectiveEchoTime = planted.echo_s * 1000
    measures, plane = pydicom.Dataset(), pydicom.Dataset()
    measures.PixelSpacing = [planted.zooms_mm[1], planted.zooms_mm[0]]
    measures.SliceThickness = measures.SpacingBetweenSlices = str(planted.zooms_mm[2])
    plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared = pydicom.Dataset()
    shared.MRTimingAndRelatedParametersSequence, shared.MREchoSequence = [timing], [echo]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    scaling = pydicom.Dataset()
    scaling.RescaleIntercept, scaling.RescaleSlope, scaling.RescaleType = "0", "1", "US"
    shared.PixelValueTransformationSequence = [scaling]
    one.SharedFunctionalGroupsSequence = [shared]
    one.DimensionIndexSequence = [_dimension(pointer) for pointer in (0x00209056, 0x00209057, 0x00209128)]
    order = [(z, t) for t in volumes for z in slices]
    one.PerFrameFunctionalGroupsSequence = [_frame(planted, z, t) for z, t in order]
    return _with_pixels(one, np.stack([voxels[:, :, z, t].T for z, t in order]))


def _dimension(pointer: int) -> Any:
    pydicom = need("pydicom", purpose="Making DICOM images")
    one = pydicom.Dataset()
    one.DimensionOrganizationUID = f"{_ROOT}.5"
    one.DimensionIndexPointer, one.FunctionalGroupPointer = pointer, 0x00209111
    return one


def _frame(planted: PlantedSeries, z: int, t: int) -> Any:
    pydicom = need("pydicom", purpose="Making DICOM images")
    content, place = pydicom.Dataset(), pydicom.Dataset()
    content.StackID, content.InStackPositionNumber, content.TemporalPositionIndex = "1", z + 1, t + 1
    content.DimensionIndexValues = [1, z + 1, t + 1]
    begun = datetime.datetime(2019, 8, 7, 10, 13, 14) + datetime.timedelta(seconds=t * planted.repetition_s)
    content.FrameAcquisitionDateTime = begun.strftime("%Y%m%d%H%M%S.%f")
    place.ImagePositionPatient = _position(planted, z)
    frame = pydicom.Dataset()
    frame.FrameContentSequence, frame.PlanePositionSequence = [content], [place]
    return frame

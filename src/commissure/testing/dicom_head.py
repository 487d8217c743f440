"""A maker of DICOM series out of a volume: one file a slice, sagittal as T1-weighted heads often are."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.testing.dicom_series import PERSON

__all__ = ["write_dicom_head"]

_SOP = {"MR": "1.2.840.10008.5.1.4.1.1.4", "CT": "1.2.840.10008.5.1.4.1.1.2"}
_ROOT = "1.2.826.0.1.3680043.10.1337.77"


def write_dicom_head(
    folder: Path, volume: NDArray[Any], *, affine_mm: NDArray[np.float64], modality: str = "MR", series: int = 1,
    description: str = "t1_mprage_sag",
) -> tuple[Path, ...]:  # fmt: skip
    """Write a volume with axes along right, front and up as sagittal slices, in an order that tells nothing of their places.

    Parameters
    ----------
    folder : Path
        Where to; made if missing.
    volume : array, shape (x, y, z)
        RAS+; rounded to whole numbers. A CT is stored with an intercept of -1024.
    affine_mm : array, shape (4, 4)
        Without rotation.
    modality, series, description : str, int, str
        For the header.

    Returns
    -------
    tuple of Path
        By slice, along x.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    order = np.random.default_rng(series).permutation(volume.shape[0])
    top = affine_mm @ np.array([0.0, volume.shape[1] - 1, volume.shape[2] - 1, 1.0])
    for x in range(volume.shape[0]):
        one = _dataset(modality, series, int(order[x]) + 1)
        one.SeriesDescription = one.ProtocolName = description
        zoom = np.diag(affine_mm)[:3]
        right = affine_mm[0, 3] + x * zoom[0]
        # from the front to the back, and from the top down; DICOM counts to the left and to the back
        one.ImagePositionPatient = [float(-right), float(-top[1]), float(top[2])]
        one.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        one.PixelSpacing, one.SliceThickness = [float(zoom[2]), float(zoom[1])], str(zoom[0])
        rows = np.round(volume[x, ::-1, ::-1].T)
        if modality == "CT":
            one.RescaleIntercept, one.RescaleSlope, rows = "-1024", "1", rows + 1024
        one.Rows, one.Columns = rows.shape
        one.PixelData = np.ascontiguousarray(rows.clip(0, 4095), dtype="<u2").tobytes()
        files.append(folder / f"IM{order[x] + 1:04d}")
        one.save_as(files[-1], enforce_file_format=True)
    return tuple(files)


def _dataset(modality: str, series: int, number: int) -> Any:
    pydicom = need("pydicom", purpose="Making DICOM images")
    one = pydicom.Dataset()
    one.file_meta = pydicom.dataset.FileMetaDataset()
    one.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = _SOP[modality]
    one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"{_ROOT}.3.{series}.{number}"
    one.StudyInstanceUID, one.SeriesInstanceUID = f"{_ROOT}.1", f"{_ROOT}.2.{series}"
    one.FrameOfReferenceUID = f"{_ROOT}.4"
    one.Modality, one.ImageType = modality, ["ORIGINAL", "PRIMARY", "M", "ND"]
    one.SeriesNumber, one.InstanceNumber = series, number
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
    for key, value in PERSON.items():
        setattr(one, key, value)
    return one

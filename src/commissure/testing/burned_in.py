"""Makers of pictures with text burned in, and of the DICOM secondary captures that carry them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need

__all__ = ["PlantedCapture", "capture", "drawn"]

_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_ROOT = "1.2.826.0.1.3680043.10.1337.7"


@dataclass(frozen=True, slots=True)
class PlantedCapture:
    """A dataset, and where letters stand in its pixels."""

    dataset: Any
    ink: NDArray[np.bool_]


def drawn(
    texts: Sequence[str], *, rng: np.random.Generator, size_px: int = 512, letters_px: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """A picture like a slice of a head, the same with lines of text over it, and where the letters are.

    Parameters
    ----------
    texts : sequence of str
        One a line, at places that ``rng`` chooses.
    rng : numpy.random.Generator
        Decides the picture, the places, and the size of the letters if that is 0.
    size_px, letters_px : int
        Of the picture's sides, and of the letters.
    """
    ndimage = need("scipy.ndimage", purpose="Making pictures")
    image, draw, font = (
        need(f"PIL.{name}", purpose="Drawing text") for name in ("Image", "ImageDraw", "ImageFont")
    )
    y, x = np.indices((size_px, size_px)) / size_px - 0.5
    head = (
        120
        * np.exp(-((((x / 0.3) ** 2) + (y / 0.36) ** 2) ** 3))
        * (1 + 0.4 * np.sin(18 * x) * np.cos(16 * y))
    )
    head *= 1 + ndimage.gaussian_filter(rng.normal(0, 1, head.shape), 3)
    plain = np.clip(head + np.abs(rng.normal(0, 6, head.shape)), 0, 200).astype(np.uint8)
    picture = image.fromarray(plain)
    pen = draw.Draw(picture)
    for number, text in enumerate(texts):
        letters = font.load_default(letters_px or int(rng.integers(12, 24)))
        place = (
            int(rng.integers(2, size_px // 3)),
            int(size_px * (0.04 + 0.9 * number / max(len(texts), 4))),
        )
        pen.text(place, text, fill=int(rng.choice([255, 240])), font=letters)
    written = np.array(picture)
    return plain, written, written != plain


def capture(
    texts: Sequence[str],
    *,
    rng: np.random.Generator,
    person: dict[str, str] | None = None,
    size_px: int = 512,
) -> PlantedCapture:
    """A DICOM secondary capture of an MR console with ``texts`` burned in; ``person`` fills its header."""
    pydicom = need("pydicom", purpose="Making DICOM images")
    _, written, ink = drawn(texts, rng=rng, size_px=size_px)
    number = int(rng.integers(1, 10**9))
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = _CAPTURE, f"{_ROOT}.{number}"
    one = pydicom.Dataset()
    one.file_meta = meta
    one.SOPClassUID, one.SOPInstanceUID = _CAPTURE, meta.MediaStorageSOPInstanceUID
    one.StudyInstanceUID, one.SeriesInstanceUID = f"{_ROOT}.1.{number}", f"{_ROOT}.2.{number}"
    one.Modality, one.ConversionType = "OT", "WSD"
    for key, value in (person or {}).items():
        setattr(one, key, value)
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 8, 8, 7, 0
    one.Rows, one.Columns = written.shape
    one.PixelData = written.tobytes()
    return PlantedCapture(one, ink)

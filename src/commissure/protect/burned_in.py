"""Text burned into DICOM pixels: images that may carry it are read, the text's boxes blanked, and read once more.

Which images may: secondary captures, ultrasound, screen saves, and what declares it (``BurnedInAnnotation``,
``RecognizableVisualFeatures``). All others are primary images that no console writes into, and their pixels stay bit by
bit. Where text is still read after blanking, or ``tesseract`` is missing, an ERROR says so and the file is kept back.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import CommissureError, Fault
from commissure.model import Finding, Severity
from commissure.protect.cleaner import Cleaner
from commissure.protect.ocr import Box, find_rows, find_words, has_tesseract, join_boxes

__all__ = ["clean_pixels", "may_be_burned_in"]

_CAPTURE, _ULTRASOUND = "a secondary capture", "an ultrasound image"
_SOP = {
    "1.2.840.10008.5.1.4.1.1.7": _CAPTURE,
    "1.2.840.10008.5.1.4.1.1.6.1": _ULTRASOUND,
    "1.2.840.10008.5.1.4.1.1.6.2": _ULTRASOUND,
    "1.2.840.10008.5.1.4.1.1.3.1": "an ultrasound film",
    "1.2.840.10008.5.1.4.1.1.104": "an encapsulated document",
    "1.2.840.10008.5.1.4.1.1.77.1": "a photograph",
}
_SCREEN = re.compile(r"screen.?(save|shot|capture)|snap.?shot|dose.?report|patient.?protocol|phoenix", re.I)
_MODALITIES = {"OT": "of modality OT", "SC": _CAPTURE, "US": _ULTRASOUND, "XC": "a photograph", "ES": "an endoscopy", "GM": "a microscopy",
               "DOC": "an encapsulated document"}  # fmt: skip
#: kinds whose word "NO" is not believed: text is the rule there
_DISTRUSTED = (_ULTRASOUND, "an ultrasound film", "a photograph", "an encapsulated document", "a screen save")
_FRAMES_READ = 8
_SAME_AGAIN = 2
_DECLARED = "an image that declares burned-in annotations"


def may_be_burned_in(dataset: Any) -> str:
    """Why words may stand in the pixels of a DICOM dataset; empty if nothing speaks for it."""
    if str(dataset.get("BurnedInAnnotation", "")).upper() == "YES":
        return _DECLARED
    if str(dataset.get("RecognizableVisualFeatures", "")).upper() == "YES":
        return "an image that declares recognizable features"
    sop = str(dataset.get("SOPClassUID", ""))
    reason = next((what for uid, what in _SOP.items() if sop == uid or sop.startswith(f"{uid}.")), "")
    types = " ".join(str(word) for word in dataset.get("ImageType", None) or ())
    names = " ".join(str(dataset.get(key, "")) for key in ("SeriesDescription", "ProtocolName"))
    if _SCREEN.search(types) or _SCREEN.search(names):
        reason = "a screen save"
    reason = reason or _MODALITIES.get(str(dataset.get("Modality", "")).upper(), "")
    denied = str(dataset.get("BurnedInAnnotation", "")).upper() == "NO"
    return "" if denied and reason not in _DISTRUSTED else reason


def clean_pixels(dataset: Any, *, cleaner: Cleaner, where: str = "") -> tuple[Finding, ...]:
    """Blank the text in the pixels of a DICOM dataset, in place, where its kind of image may carry any.

    Compressed pixels are unpacked first, losslessly as they were shown, and stay unpacked.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With its pixels.
    cleaner : Cleaner
        Counts ``burned_in`` once a box.
    where : str
        A safe name for the Findings.

    Returns
    -------
    findings : tuple of Finding
        INFO how many boxes were blanked; ERROR where the file must be kept back.
    """
    reason = may_be_burned_in(dataset)
    if not reason:
        return ()
    if "PixelData" not in dataset:
        shows = any(
            key in dataset for key in ("EncapsulatedDocument", "FloatPixelData", "DoubleFloatPixelData")
        )
        return (_kept_back(reason, where, "it cannot be read for text"),) if shows else ()
    if "recognizable" in reason or reason == "a photograph":
        return (_kept_back(reason, where, "it may show a face"),)
    if not has_tesseract():
        return (
            _kept_back(
                reason, where, "without tesseract (Debian: apt install tesseract-ocr) nobody can tell"
            ),
        )
    try:
        boxes, rest = _blank(dataset)
    except CommissureError as error:
        return (_kept_back(reason, where, str(error)),)
    cleaner.removed["burned_in"] += len(boxes)
    dataset.BurnedInAnnotation = "YES" if rest else "NO"
    if rest:
        return (
            _kept_back(
                reason, where, f"text is still read in {len(rest)} places after blanking {len(boxes)}"
            ),
        )
    message = f"The file is {reason}; {len(boxes)} boxes with text were blanked, and none is read any more."
    return (Finding("protect.burned_in_blanked", Severity.INFO, message, where),)


def _kept_back(reason: str, where: str, why: str) -> Finding:
    message = f"The file is {reason}, whose pixels may show who somebody is: {why}. It was kept back."
    remedy = "Look at the image, cut the text out, or leave it out of the folder."
    return Finding("protect.burned_in", Severity.ERROR, message, where=where, remedy=remedy)


def _blank(dataset: Any) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Blank what is found, twice if needed; gives all boxes, and those still seen in the end."""
    stored = _pixels(dataset)
    frames = stored.reshape(
        _frames(dataset, stored), *stored.shape[-3:] if _is_colour(dataset) else stored.shape[-2:]
    )
    boxes: tuple[Box, ...] = ()
    rest: tuple[Box, ...] = ()
    for _ in range(1 + _SAME_AGAIN):
        rest = _find(frames)
        if not rest:
            break
        for box in rest:
            grown = box.grown()
            frames[:, grown.top : grown.bottom, grown.left : grown.right] = _ground(frames)
        boxes = join_boxes((*boxes, *rest))
    else:
        rest = _find(frames)
    dataset.PixelData = frames.tobytes() + bytes(frames.nbytes % 2)
    return boxes, rest


def _pixels(dataset: Any) -> NDArray[Any]:
    try:
        if dataset.file_meta.TransferSyntaxUID.is_compressed:
            dataset.decompress()
        array: NDArray[Any] = np.array(dataset.pixel_array)
    except Exception as error:  # noqa: BLE001 - every decoder has its own errors
        raise Fault(f"the pixels cannot be decoded ({type(error).__name__})") from error
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    if "PlanarConfiguration" in dataset:
        dataset.PlanarConfiguration = 0
    return array


def _is_colour(dataset: Any) -> bool:
    return int(dataset.get("SamplesPerPixel", 1)) > 1


def _frames(dataset: Any, stored: NDArray[Any]) -> int:
    return len(stored) if stored.ndim == 3 + int(_is_colour(dataset)) else 1


def _ground(frames: NDArray[Any]) -> Any:
    """What a blanked box is filled with: the darkest value, which is background nearly everywhere."""
    return frames.min()


def _find(frames: NDArray[Any]) -> tuple[Box, ...]:
    """Text in a film stands still as a rule: its brightest and darkest projections are read, and some frames."""
    flat = frames.max(axis=-1) if frames.ndim == 4 else frames
    step = max(1, len(flat) // _FRAMES_READ)
    pictures = [flat.max(axis=0), flat.min(axis=0), *flat[::step]] if len(flat) > 1 else [flat[0]]
    return join_boxes(
        box for picture in pictures for box in (*find_words(_grey(picture)), *find_rows(_grey(picture)))
    )


def _grey(picture: NDArray[Any]) -> NDArray[np.uint8]:
    values = picture.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) * (255.0 / max(high - low, 1e-9)), dtype=np.uint8)

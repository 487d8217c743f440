"""Text burned into DICOM pixels: images that may carry it are read, the text's boxes blanked, and read once more.

Which images may: secondary captures, ultrasound, screen saves, and what declares it (``BurnedInAnnotation``,
``RecognizableVisualFeatures``). All others are primary images that no console writes into, and their pixels stay bit by
bit. Where text is still read after blanking, or ``tesseract`` is missing, an ERROR says so and the file is kept back.
"""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import CommissureError, Fault
from commissure.model import Finding, Severity
from commissure.protect.files.ocr import (
    Box,
    find_drawn,
    find_rows,
    find_words,
    has_tesseract,
    join_boxes,
    to_grey,
)
from commissure.protect.text.cleaner import Cleaner

__all__ = ["blank_text", "clean_pixels", "may_be_burned_in", "shows_letters"]

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


def may_be_burned_in(dataset: Any, *, faces: bool = True) -> str:
    """Why words may stand in the pixels of a DICOM dataset; empty if nothing speaks for it.

    Without ``faces``, an image that declares recognizable features is none for that alone: a head scan is defaced later.
    """
    if str(dataset.get("BurnedInAnnotation", "")).upper() == "YES":
        return _DECLARED
    if faces and str(dataset.get("RecognizableVisualFeatures", "")).upper() == "YES":
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
    try:
        blanked = blank_text(dataset)
    except CommissureError as error:
        return (_kept_back(reason, where, str(error)),)
    cleaner.removed["burned_in"] += blanked
    if not blanked:
        message = f"The file is {reason}; no text is read in its pixels, and none was blanked."
        return (Finding("protect.burned_in_none", Severity.INFO, message, where),)
    boxes = "1 box with text was" if blanked == 1 else f"{blanked} boxes with text were"
    message = f"The file is {reason}; {boxes} blanked, and none is read any more."
    return (Finding("protect.burned_in_blanked", Severity.INFO, message, where),)


def blank_text(dataset: Any) -> int:
    """Blank all text that is read in the pixels of a DICOM dataset, in place; gives how many boxes that took.

    Raises
    ------
    Fault
        If ``tesseract`` is missing, the pixels cannot be decoded, or text is still read in the end.
    """
    if not has_tesseract():
        raise Fault("without tesseract (Debian: apt install tesseract-ocr) nobody can tell")
    boxes, rest = _blank(dataset)
    dataset.BurnedInAnnotation = "YES" if rest else "NO"
    if rest:
        raise Fault(f"text is still read in {len(rest)} places after blanking {len(boxes)}")
    return len(boxes)


def shows_letters(datasets: Iterable[Any]) -> bool:
    """Whether letters are drawn over some of these images, or over the brightest of all: a quick look, without ``tesseract``.

    Raises
    ------
    Fault
        If pixels cannot be decoded.
    """
    brightest: NDArray[Any] | None = None
    for dataset in datasets:
        flat = _flat(_shaped(dataset, _pixels(dataset)))
        top = flat.max(axis=0)
        if brightest is not None and brightest.shape == top.shape:
            top = np.maximum(brightest, top)
        brightest = top
        if any(find_drawn(picture) for picture in flat[:: max(1, len(flat) // _FRAMES_READ)]):
            return True
    return brightest is not None and find_drawn(brightest)


def _kept_back(reason: str, where: str, why: str) -> Finding:
    message = f"The file is {reason}, whose pixels may show who somebody is: {why}. It was kept back."
    remedy = "Look at the image, cut the text out, or leave it out of the folder."
    return Finding("protect.burned_in", Severity.ERROR, message, where=where, remedy=remedy)


def _blank(dataset: Any) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Blank what is found, twice if needed; gives all boxes, and those still seen in the end."""
    frames = _shaped(dataset, _pixels(dataset))
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
            dataset.decompress(generate_instance_uid=False)
        array: NDArray[Any] = np.array(dataset.pixel_array)
    except Exception as error:  # noqa: BLE001 - every decoder has its own errors
        raise Fault(f"the pixels cannot be decoded ({type(error).__name__})") from error
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    if "PlanarConfiguration" in dataset:
        dataset.PlanarConfiguration = 0
    return array


def _is_colour(dataset: Any) -> bool:
    return int(dataset.get("SamplesPerPixel", 1)) > 1


def _shaped(dataset: Any, stored: NDArray[Any]) -> NDArray[Any]:
    """Frames first, also where there is but one."""
    colour = _is_colour(dataset)
    count = len(stored) if stored.ndim == 3 + int(colour) else 1
    return stored.reshape(count, *(stored.shape[-3:] if colour else stored.shape[-2:]))


def _flat(frames: NDArray[Any]) -> NDArray[Any]:
    """Colours joined to the brightest of them."""
    return frames.max(axis=-1) if frames.ndim == 4 else frames


def _ground(frames: NDArray[Any]) -> Any:
    """What a blanked box is filled with: the darkest value, which is background nearly everywhere."""
    return frames.min()


def _find(frames: NDArray[Any]) -> tuple[Box, ...]:
    """Text in a film stands still as a rule: its brightest and darkest projections are read, and some frames."""
    flat = _flat(frames)
    step = max(1, len(flat) // _FRAMES_READ)
    pictures = [flat.max(axis=0), flat.min(axis=0), *flat[::step]] if len(flat) > 1 else [flat[0]]
    return join_boxes(
        box for picture in pictures for box in (*find_words(to_grey(picture)), *find_rows(to_grey(picture)))
    )

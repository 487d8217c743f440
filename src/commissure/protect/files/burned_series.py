"""A DICOM series made safe before it is converted: text burned into its images, and planes drawn over them.

Only MR and PET images go into BIDS. One that declares text, is a screen save by its name, or is derived and shows drawn
letters is cleaned by :func:`commissure.protect.files.burned_in.blank_text`; any other kind that may carry text is kept back
whole. Overlay planes (groups 60xx) go from every image, those in the unused bits of its pixels too.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import Fault, Unreadable
from commissure.extras import need
from commissure.formats.dicom_glance import Glance, glance
from commissure.model import Finding, Severity
from commissure.protect.files.burned_in import blank_text, may_be_burned_in, shows_letters

__all__ = ["SafeSeries", "clean_series"]

#: MR, enhanced MR and colour MR; PET and enhanced PET
_SCANS = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("4", "4.1", "4.3", "4.4", "128", "128.1", "130")
)
_PLANES = tuple(range(0x6000, 0x6020, 2))
_READ = {"SOPClassUID": 0x00080016, "ImageType": 0x00080008, "Modality": 0x00080060, "SeriesDescription": 0x0008103E,
         "ProtocolName": 0x00181030, "BurnedInAnnotation": 0x00280301}  # fmt: skip
_LOOKED_AT = 64
_DRAWN = "a derived image with letters drawn over it"


@dataclass(frozen=True, slots=True)
class SafeSeries:
    """What may be converted in place of a series.

    Parameters
    ----------
    copies : dict of Path to Path
        The clean copy of each file that had to be changed; the others may be taken as they are.
    blanked : int
        Boxes with text, and overlay planes, that went.
    findings : tuple of Finding
        One at most; an ERROR says that the whole series is kept back.
    """

    copies: dict[Path, Path]
    blanked: int = 0
    findings: tuple[Finding, ...] = ()


def clean_series(files: Sequence[Path], *, folder: Path, where: str = "") -> SafeSeries:
    """Look at the files of one series, and write clean copies of those that need it into ``folder``.

    Parameters
    ----------
    files : sequence of Path
        DICOM files; they are not changed.
    folder : Path
        A private folder, made if needed.
    where : str
        A safe name of the series for the Finding.

    Raises
    ------
    Unreadable
        If a header cannot be read to its pixels.
    """
    headers = [_header(path) for path in files]
    reasons = [may_be_burned_in(header, faces=False) for header in headers]
    other = next(
        (reason for reason, h in zip(reasons, headers, strict=True) if reason and not _is_scan(h)), ""
    )
    if other:
        return SafeSeries({}, 0, (_kept_back(other, where, "only MR and PET images are cleaned for BIDS"),))
    try:
        if not any(reasons) and any(map(_is_derived, headers)) and shows_letters(map(_whole, _some(files))):
            reasons = [_DRAWN] * len(files)
        return _clean(files, (headers, reasons), folder, where)
    except Fault as error:
        return SafeSeries({}, 0, (_kept_back(next(filter(None, reasons), _DRAWN), where, str(error)),))


def _clean(files: Sequence[Path], known: tuple[list[Any], list[str]], folder: Path, where: str) -> SafeSeries:
    copies: dict[Path, Path] = {}
    boxes = planes = 0
    for number, (path, header, reason) in enumerate(zip(files, *known, strict=True)):
        if not reason and not _planes(header):
            continue
        dataset = _whole(path)
        planes += _drop_planes(dataset)
        boxes += blank_text(dataset) if reason else 0
        copies[path] = folder / f"{number:06d}.dcm"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            dataset.save_as(copies[path], enforce_file_format=True)
        except Exception as error:  # noqa: BLE001 - pydicom refuses damaged files in many ways
            raise Fault(f"its clean copy cannot be written ({type(error).__name__})") from error
    reason = next(filter(None, known[1]), "")
    return SafeSeries(copies, boxes + planes, _told(reason, boxes, planes, where=where))


def _told(reason: str, boxes: int, planes: int, *, where: str) -> tuple[Finding, ...]:
    said = ["1 overlay plane was taken off" if planes == 1 else f"{planes} overlay planes were taken off"]
    said = said if planes else []
    if reason:
        what = "1 box with text was" if boxes == 1 else f"{boxes} boxes with text were"
        said.insert(0, f"an image of the series is {reason}: {what} blanked in all")
    if not said:
        return ()
    message = "; ".join(said) + "."
    remedy = "Look at the image: what stood under the letters is gone." if boxes else ""
    severity = Severity.WARNING if boxes else Severity.INFO
    return (Finding("protect.burned_in_blanked", severity, message[0].upper() + message[1:], where, remedy),)


def _kept_back(reason: str, where: str, why: str) -> Finding:
    message = f"An image of the series is {reason}, whose pixels may show who somebody is: {why}. The series was kept back."
    remedy = "Look at the images, cut the text out, or leave the series out of the folder."
    return Finding("protect.burned_in", Severity.ERROR, message, where=where, remedy=remedy)


class _Seen:
    """A header of which only what is asked for was looked at; it answers as pydicom's datasets do."""

    def __init__(self, found: Glance) -> None:
        self.groups = found.groups
        self._values = {key: found.values[tag] for key, tag in _READ.items() if tag in found.values}

    def get(self, key: str, default: Any = None) -> Any:
        value = self._values.get(key, default)
        return value.split("\\") if key == "ImageType" and isinstance(value, str) else value


def _header(path: Path) -> Any:
    found = glance(path, _READ.values())
    return _Seen(found) if found is not None else _slowly(path)


def _slowly(path: Path) -> Any:
    """The same by pydicom, for files that are not plain."""
    pydicom = need("pydicom", purpose="Reading DICOM images")
    tags: list[Any] = [
        *_READ,
        *((plane << 16) + end for plane in _PLANES for end in (0x0010, 0x0102, 0x3000)),
    ]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=tags)
            for _ in header.iterall():
                continue
    except Exception as error:  # noqa: BLE001 - pydicom has an error of its own for every way to be corrupt
        raise Unreadable(
            "A DICOM header is cut short or corrupt; copy the series again from the scanner."
        ) from error
    return header


def _whole(path: Path) -> Any:
    pydicom = need("pydicom", purpose="Reading DICOM images")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, force=True)
    except Exception as error:  # noqa: BLE001 - as above
        raise Fault(f"a file cannot be read to its end ({type(error).__name__})") from error
    if "TransferSyntaxUID" not in dataset.file_meta:  # a file without preamble does not say how it is written
        implicit, little = dataset.original_encoding
        if not little:
            raise Fault("a file without preamble has its bytes in the old order")
        dataset.file_meta.TransferSyntaxUID = f"1.2.840.10008.1.2{'' if implicit else '.1'}"
    return dataset


def _some(files: Sequence[Path]) -> Sequence[Path]:
    places = np.unique(np.linspace(0, len(files) - 1, min(len(files), _LOOKED_AT)).round().astype(int))
    return [files[place] for place in places]


def _is_scan(header: Any) -> bool:
    return str(header.get("SOPClassUID", "")) in _SCANS and str(header.get("Modality", "")) in {
        "",
        "MR",
        "PT",
    }


def _is_derived(header: Any) -> bool:
    return bool(
        {"DERIVED", "SECONDARY"} & {str(word).upper() for word in header.get("ImageType", None) or ()}
    )


def _planes(header: Any) -> list[int]:
    # a dataset's iterator reads every value, its keys do not
    groups = header.groups if isinstance(header, _Seen) else {tag.group for tag in header.keys()}  # noqa: SIM118
    return [plane for plane in _PLANES if plane in groups]


def _drop_planes(dataset: Any) -> int:
    """Take the overlay planes off, in place; gives how many there were."""
    planes = _planes(dataset)
    inside = [plane for plane in planes if (plane << 16) + 0x3000 not in dataset]
    if inside and "PixelData" in dataset:
        _clear_unused_bits(dataset)
    for plane in planes:
        for tag in [tag for tag in dataset.keys() if tag.group == plane]:  # noqa: SIM118
            del dataset[tag]
    return len(planes)


def _clear_unused_bits(dataset: Any) -> None:
    """Old overlays lie in the bits of a pixel that its value does not use."""
    bits, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    if bits not in {8, 16, 32} or stored >= bits:
        return
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        try:
            dataset.decompress(generate_instance_uid=False)
        except Exception as error:  # noqa: BLE001 - every decoder has its own errors
            raise Fault(f"the pixels cannot be decoded ({type(error).__name__})") from error
    below = int(dataset.get("HighBit", stored - 1)) - stored + 1
    kind = np.dtype(f"{'i' if dataset.PixelRepresentation else 'u'}{bits // 8}").newbyteorder("<")
    values = np.frombuffer(dataset.PixelData, dtype=kind)
    above = bits - stored - below
    shifted = np.right_shift(np.left_shift(values, above), above + below)
    dataset.PixelData = np.left_shift(shifted, below).astype(kind).tobytes()

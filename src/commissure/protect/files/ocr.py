"""Text in pictures: found by Debian's ``tesseract`` as an outside program, and by the look of drawn letters.

A reading program misses small or worn text, and for privacy it is enough to know *where* letters stand, not what they
say. So two ways are joined: tesseract's words, and rows of small thin marks that stand out of what is around them, which
is how scanners and ultrasound machines draw letters over a picture. Reference: Smith 2007, doi:10.1109/ICDAR.2007.4376991.

>>> import numpy as np
>>> find_rows(np.zeros((64, 64), np.uint8))
()
"""

import io
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import Fault
from commissure.extras import need

__all__ = ["Box", "find_drawn", "find_rows", "find_words", "has_tesseract", "join_boxes", "to_grey"]

_TIMEOUT_S = 120.0
#: in percent; below it, grain is read as words
_SURE = 60.0
_SMALLEST_PX, _LARGEST_PX = 4, 64
_LETTERS_IN_A_ROW = 3
#: half the width of the widest stroke, and how much ink stands out at least, of 255
_STROKE_PX, _CONTRAST, _BRIGHT = 4, 60, 100
_JOINED_LETTERS = 14
_MARGIN_PX = 3
#: what is drawn has one value: its least share of a row's ink, its least count, and how bright it is at least, of 255
_ONE_VALUE, _ONE_VALUE_PX, _DRAWN = 0.15, 20, 200
#: letters of about 30 pixels are read best
_LONG_SIDE = 1200


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that holds text, or a face: first and last-but-one row and column, pixels."""

    top: int
    left: int
    bottom: int
    right: int

    def grown(self) -> "Box":
        """The rectangle with a margin of a third of a letter around it; it may reach beyond the picture."""
        margin_px = max(_MARGIN_PX, (self.bottom - self.top) // 3)
        return Box(
            max(self.top - margin_px, 0),
            max(self.left - margin_px, 0),
            self.bottom + margin_px,
            self.right + margin_px,
        )

    def meets(self, other: "Box") -> bool:
        """Whether the two share a pixel."""
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )


def has_tesseract() -> bool:
    """Whether the program ``tesseract`` is there to be called."""
    return shutil.which("tesseract") is not None


def find_words(grey: NDArray[np.uint8]) -> tuple[Box, ...]:
    """Where ``tesseract`` reads words of three letters or digits or more, in bright and in dark text.

    Parameters
    ----------
    grey : array, shape (row, column)
        One picture, 0 to 255.

    Raises
    ------
    Fault
        If the program is missing, fails, or does not end.
    """
    times = max(1, min(4, round(_LONG_SIDE / max(grey.shape))))
    large = np.kron(grey, np.ones((times, times), dtype=np.uint8)) if times > 1 else grey
    words = [box for picture in (255 - large, large) for box in _read(picture)]
    return join_boxes(
        Box(box.top // times, box.left // times, -(-box.bottom // times), -(-box.right // times))
        for box in words
    )


def _read(grey: NDArray[np.uint8]) -> list[Box]:
    command = ["tesseract", "stdin", "stdout", "--psm", "11", "-l", "eng", "tsv"]
    try:
        done = subprocess.run(command, input=_png(grey), capture_output=True, timeout=_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Fault(
            f"tesseract could not read a picture ({type(error).__name__}); install Debian's tesseract-ocr."
        ) from error
    boxes = []
    for line in io.StringIO(done.stdout.decode("utf-8", "replace")):
        cells = line.rstrip("\n").split("\t")
        if len(cells) == 12 and cells[0] == "5" and float(cells[10]) >= _SURE:
            left, top, width, height = (int(cell) for cell in cells[6:10])
            spoken = sum(letter.isalnum() for letter in cells[11])
            if spoken >= 3 and height < grey.shape[0] / 3:
                boxes.append(Box(top, left, top + height, left + width))
    return boxes


def _png(grey: NDArray[np.uint8]) -> bytes:
    rows, columns = grey.shape
    raw = np.hstack([np.zeros((rows, 1), dtype=np.uint8), grey]).tobytes()
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(raw, 1)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def find_rows(grey: NDArray[np.uint8]) -> tuple[Box, ...]:
    """Where three thin marks or more stand in a row like letters, much brighter (or darker) than what is around them.

    Parameters
    ----------
    grey : array, shape (row, column)
        One picture, 0 to 255.
    """
    if not grey.size or grey.min() == grey.max():
        return ()
    return join_boxes(box for picture in (grey, 255 - grey) for box in _rows_of(_ink(picture)))


def find_drawn(picture: NDArray[Any]) -> bool:
    """Whether a row of letters stands in ``picture`` whose ink has one value, near the brightest or the darkest.

    Anatomy makes rows of small marks too (in a third of real echo-planar slices), but never in one value.

    Parameters
    ----------
    picture : array, shape (row, column)
        As stored, of any integer type.
    """
    grey = to_grey(picture)
    rows = find_rows(grey)
    for shown in (grey, 255 - grey) if rows else ():
        ink = _ink(shown)
        for box in rows:
            cut = np.s_[box.top : box.bottom, box.left : box.right]
            values = picture[cut][ink[cut] & (shown[cut] >= _DRAWN)]
            most = int(np.unique(values, return_counts=True)[1].max(initial=0))
            if most >= max(_ONE_VALUE_PX, _ONE_VALUE * int(ink[cut].sum())):
                return True
    return False


def to_grey(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """The values of a picture, stretched to 0 … 255."""
    values = picture.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) * (255.0 / max(high - low, 1e-9)), dtype=np.uint8)


def _ink(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels that stand out of what is around them by more than nearly all others of the picture do."""
    ndimage = need("scipy.ndimage", purpose="Finding text in pictures")
    width = 2 * _STROKE_PX + 1
    above = np.asarray(ndimage.white_tophat(grey, size=(width, width)))
    noise = float(np.percentile(above, 90))
    return np.asarray((above > max(_CONTRAST, 2.5 * noise)) & (grey > _BRIGHT))


def _rows_of(mask: NDArray[np.bool_]) -> list[Box]:
    ndimage = need("scipy.ndimage", purpose="Finding text in pictures")
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    marks = []
    for rows, columns in ndimage.find_objects(labels):
        box = Box(rows.start, columns.start, rows.stop, columns.stop)
        height, width = box.bottom - box.top, box.right - box.left
        if _SMALLEST_PX <= height <= _LARGEST_PX and width <= _JOINED_LETTERS * height:
            marks.append(box)
    marks.sort(key=lambda box: box.left)
    rows_found: list[list[Box]] = []
    for mark in marks:
        row = next((row for row in rows_found if _continues(row, mark)), None)
        if row is None:
            rows_found.append([mark])
        else:
            row.append(mark)
    return [_around(row) for row in rows_found if _letters(row) >= _LETTERS_IN_A_ROW]


def _letters(row: list[Box]) -> float:
    """How many letters a row of marks is worth: letters that touch make one wide mark."""
    return sum(max(1.0, (box.right - box.left) / (0.8 * (box.bottom - box.top))) for box in row)


def _continues(row: list[Box], mark: Box) -> bool:
    """Whether a mark stands on the line of a row, is about its size, and not far off."""
    last, whole = row[-1], _around(row)
    tall = max(box.bottom - box.top for box in row)
    height = mark.bottom - mark.top
    shared = min(whole.bottom, mark.bottom) - max(whole.top, mark.top)
    like = 0.4 * tall <= height <= 2.5 * tall and whole.bottom - whole.top <= 2 * tall
    return (
        like
        and shared > 0.5 * min(tall, height)
        and mark.left - max(b.right for b in (last, whole)) <= 1.2 * tall
    )


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.top for box in boxes), min(box.left for box in boxes),
        max(box.bottom for box in boxes), max(box.right for box in boxes),
    )  # fmt: skip


def join_boxes(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """The boxes, those that meet joined into one, in reading order."""
    left = list(boxes)
    joined: list[Box] = []
    while left:
        box = left.pop()
        meeting = [other for other in joined if box.meets(other)]
        if meeting:
            joined = [other for other in joined if other not in meeting]
            left.append(_around([box, *meeting]))
        else:
            joined.append(box)
    return tuple(sorted(joined, key=lambda box: (box.top, box.left)))

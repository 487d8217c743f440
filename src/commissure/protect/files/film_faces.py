"""Faces in films of people: found frame by frame, made unknowable, and looked for once more in what was written.

Frames stream through: ``ffmpeg``, an outside program, unpacks and packs them, and no more than a second of them is held. A
face is hidden from a third of a second before it is found until a third after it is lost, so that a frame on which the
network fails shows none. Films of animals keep their pictures bit by bit. Number, rate and times of the frames stay exactly.
"""

import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from commissure.errors import CommissureError, Fault
from commissure.extras import has, need
from commissure.formats.video import Film, probe
from commissure.model import Finding, Severity
from commissure.protect.files.film import ISO_SUFFIXES, copy_without_marks
from commissure.protect.files.film_boxes import set_times, times_of
from commissure.protect.files.ocr import Box as Rectangle
from commissure.protect.files.ocr import join_boxes
from commissure.protect.heads.faces import FaceFinder, can_find_faces
from commissure.protect.text.cleaner import Cleaner

__all__ = ["clean_film", "ffmpeg_program", "film_frames", "hide_faces"]

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]
_HELD_S = 1 / 3
_WIDER = 0.25
_MOSAIC = 6
#: what the second look, at every tenth frame, calls a face
_SURE, _EVERY = 0.6, 10


def ffmpeg_program() -> str:
    """Where ``ffmpeg`` is: the system's, else that of the wheel ``imageio-ffmpeg``; empty if there is none."""
    found = shutil.which("ffmpeg")
    if found or not has("imageio_ffmpeg"):
        return found or ""
    return str(need("imageio_ffmpeg", purpose="Unpacking films").get_ffmpeg_exe())


def clean_film(source: Path, target: Path, *, cleaner: Cleaner, where: str = "") -> tuple[Finding, ...]:
    """Write a clean copy of a film; an ERROR among the Findings says that none was written, and why.

    Dates, places, comments and sound go from every film. Of people (a subject whose species says nothing else) the faces go
    too, and the pictures are packed anew.

    Parameters
    ----------
    source, target : Path
        The film and its copy, of the same kind.
    cleaner : Cleaner
        The subject's; counts ``voice``, ``face`` (frames that show one), ``date`` and ``comment``.
    where : str
        A safe name of the film for the Findings.
    """
    if not cleaner.is_person:
        copy_without_marks(source, target, cleaner=cleaner)
        return ()
    if not ffmpeg_program() or not can_find_faces():
        missing = "ffmpeg" if not ffmpeg_program() else "the face finder (pip install 'commissure[protect]')"
        return (_kept_back(f"{missing} is not installed, and a face may be seen", where),)
    target.parent.mkdir(parents=True, exist_ok=True)
    plain = target.with_name(f"silent-{target.name}")
    try:
        copy_without_marks(source, plain, cleaner=cleaner)
        shown, frames = hide_faces(plain, target)
        left = sum(
            bool(_second_look(picture)) for n, picture in enumerate(film_frames(target)) if n % _EVERY == 0
        )
    except CommissureError as error:
        target.unlink(missing_ok=True)
        return (_kept_back(str(error), where),)
    finally:
        plain.unlink(missing_ok=True)
    if left:
        target.unlink(missing_ok=True)
        return (_kept_back(f"a face is still seen in {left} of the frames looked at again", where),)
    cleaner.removed["face"] += shown
    return (_told(shown, frames, where),)


def _second_look(picture: Picture) -> list[Box]:
    return FaceFinder(least_score=_SURE, long_side_px=480)(picture)


def _kept_back(why: str, where: str) -> Finding:
    message = f"The film may show a person's face: {why}. It was kept back."
    remedy = "Say the species if it shows an animal (species: Mus musculus); else blur the faces and share it again."
    return Finding("protect.film", Severity.ERROR, message, where, remedy)


def _told(shown: int, frames: int, where: str) -> Finding:
    if not shown:
        message = f"No face was found in the {frames} frames of a film of a person; its sound went, its pictures were packed anew."
        return Finding(
            "protect.film_faces",
            Severity.WARNING,
            message,
            where,
            "Look at the film before it is made public.",
        )
    message = f"Faces were hidden in {shown} of {frames} frames, and the sound went; the pictures were packed anew, the times are the same."
    return Finding("protect.film_faces", Severity.INFO, message, where)


def hide_faces(source: Path, target: Path) -> tuple[int, int]:
    """Write a film again with every face hidden; gives in how many frames one was found, and how many there are.

    Raises
    ------
    Fault, Unreadable
        If ffmpeg fails, or the frames or their times came out otherwise.
    """
    film = probe(source)
    find = FaceFinder()
    seen = [0, 0]
    hold = max(2, round(_HELD_S * film.rate_hz))

    def looked_at() -> Iterator[tuple[Picture, list[Box]]]:
        for picture in film_frames(source):
            boxes = find(picture)
            seen[0] += bool(boxes)
            seen[1] += 1
            yield picture, boxes

    _pack(
        (_hidden(picture, boxes) for picture, boxes in _with_neighbours(looked_at(), hold)),
        target,
        _Times.of(source, film),
    )
    if seen[1] != film.frames:
        raise Fault(f"the film's header speaks of {film.frames} frames, and {seen[1]} can be read")
    return seen[0], seen[1]


def _with_neighbours(
    frames: Iterator[tuple[Picture, list[Box]]], hold: int
) -> Iterator[tuple[Picture, list[Box]]]:
    """Each frame with the boxes of those up to ``hold`` before and after it."""
    window: deque[tuple[Picture, list[Box]]] = deque()
    behind: deque[list[Box]] = deque(maxlen=hold)
    for item in frames:
        window.append(item)
        if len(window) > hold:
            yield _joined(window, behind)
    while window:
        yield _joined(window, behind)


def _joined(window: deque[tuple[Picture, list[Box]]], behind: deque[list[Box]]) -> tuple[Picture, list[Box]]:
    boxes = [box for held in (*behind, *(item[1] for item in window)) for box in held]
    picture, own = window.popleft()
    behind.append(own)
    return picture, boxes


def _hidden(picture: Picture, boxes: list[Box]) -> Picture:
    """The picture with each box, a quarter wider on all sides, drawn in six by six even tiles."""
    out = picture.copy()
    for box in join_boxes(_wider(*box) for box in set(boxes)):
        rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
        out[rows, columns] = _tiled(out[rows, columns])
    return out


def _wider(top: int, left: int, bottom: int, right: int) -> Rectangle:
    tall, wide = int(_WIDER * (bottom - top)) + 1, int(_WIDER * (right - left)) + 1
    return Rectangle(max(top - tall, 0), max(left - wide, 0), bottom + tall, right + wide)


def _tiled(part: Picture) -> Picture:
    rows = np.minimum(np.arange(part.shape[0]) * _MOSAIC // max(part.shape[0], 1), _MOSAIC - 1)
    columns = np.minimum(np.arange(part.shape[1]) * _MOSAIC // max(part.shape[1], 1), _MOSAIC - 1)
    tiles = np.zeros((_MOSAIC, _MOSAIC, 3))
    for row in np.unique(rows):
        for column in np.unique(columns):
            tiles[row, column] = part[rows == row][:, columns == column].mean(axis=(0, 1))
    return np.asarray(tiles[rows][:, columns], dtype=np.uint8)


def film_frames(path: Path) -> Iterator[Picture]:
    """The frames one by one, as they are shown, through ffmpeg and a pipe."""
    command = [ffmpeg_program(), "-v", "error", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "image2pipe",
               "-c:v", "ppm", "-"]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as process:
        pipe = process.stdout
        while pipe is not None and (head := pipe.readline()):
            columns, rows = (int(word) for word in pipe.readline().split())
            pipe.readline()
            data = _exactly(pipe, rows * columns * 3)
            if head.strip() != b"P6" or len(data) < rows * columns * 3:
                raise Fault("ffmpeg cannot unpack the film")
            yield np.frombuffer(data, dtype=np.uint8).reshape(rows, columns, 3)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    parts = []
    while size > 0 and (part := pipe.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class _Times:
    """When frames are shown: ticks a second, the tick of each frame and the end (MP4), or an even rate (AVI)."""

    rate: Fraction
    scale: int = 0
    ticks: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, path: Path, film: Film) -> "_Times":
        if path.suffix.lower() not in ISO_SUFFIXES:
            return cls(Fraction(film.rate_hz).limit_denominator(100_000))
        scale, ticks = times_of(path)
        return cls(
            Fraction(scale * (len(ticks) - 1), int(ticks[-1])).limit_denominator(100_000), scale, ticks
        )


def _pack(frames: Iterator[Picture], target: Path, times: _Times) -> None:
    first = next(frames, None)
    if first is None:
        raise Fault("ffmpeg cannot unpack the film")
    rows, columns = first.shape[:2]
    even = rows % 2 == 0 and columns % 2 == 0
    packing = [
        "-c:v",
        "libx264",
        "-crf",
        "18",
        "-preset",
        "veryfast",
        "-bf",
        "0",
        "-pix_fmt",
        "yuv420p" if even else "yuv444p",
    ]
    if target.suffix.lower() == ".avi":
        packing = ["-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"]
    scale = ["-video_track_timescale", str(times.scale)] if times.scale else []
    command = [ffmpeg_program(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{columns}x{rows}", "-r",
               str(times.rate), "-i", "-", *packing, *scale, "-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact",
               str(target)]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        pipe = process.stdin
        try:
            for picture in chain([first], frames):
                if pipe is not None:
                    pipe.write(picture.tobytes())
        except BrokenPipeError as error:
            raise Fault("ffmpeg stopped while the film was packed") from error
        finally:
            if pipe is not None:
                pipe.close()
        if process.wait() != 0:
            raise Fault("ffmpeg could not pack the film")
    if times.ticks is not None:
        set_times(target, times.ticks)

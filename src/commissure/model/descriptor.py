"""Descriptors: what one session's signal is like, as a fixed-length vector."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Descriptor"]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a signal is like; comparable with descriptors of the same family and version.

    Parameters
    ----------
    family : str
        What kind of signal: ``"electro"`` (EEG, MEG, intracranial), ``"nirs"``, ``"probe"``, ``"units"``, ``"anat"``,
        ``"bold"``, ``"optical"``, ``"patch"`` or ``"behaviour"``.
    values : array of float32, shape (256,)
        Scaled so that Euclidean distance compares; zero where a block is missing.
    blocks : tuple of str
        The blocks that are present, in the order of the family's layout.
    version : int
        Of the way it is computed; other versions do not compare.
    """

    family: str
    values: NDArray[np.float32]
    blocks: tuple[str, ...]
    version: int

"""Alike: how near descriptors are, what of them is alike, and what a lab adds to all of its own.

A lab's device, cap and filters shift every descriptor of that lab the same way. Where a lab has described two datasets
or more, the mean of their means tells the shift, and it is taken out before labs are compared (re-centering; in the
tangent space that is a subtraction, Zanini et al. 2018, doi:10.1109/TBME.2017.2742541). One dataset alone cannot tell
its lab from its paradigm, and is left as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.discover.likeness_layout import LAYOUTS, SIZE, block_slices
from commissure.errors import BadInput
from commissure.model import Descriptor
from commissure.store.vectors import BlockTable

__all__ = ["Likened", "aggregate", "closeness", "compare_blocks", "distances", "recenter", "table_of"]

Array = NDArray[np.float32]
_ALIKE, _UNLIKE = 0.45, 1.6


@dataclass(frozen=True, slots=True)
class Likened:
    """How near something is, and why.

    Parameters
    ----------
    closeness : float
        From 0 to 1.
    alike, unlike : tuple of str
        What is alike, the most alike first; what is not.
    """

    closeness: float
    alike: tuple[str, ...]
    unlike: tuple[str, ...]


def closeness(distance: float) -> float:
    """A squared distance as a number from 0 to 1: 1 for the same, about 0.14 for strangers of one kind.

    >>> closeness(0.0), round(closeness(1.0), 2)
    (1.0, 0.14)
    """
    return float(np.exp(-2 * max(distance, 0.0)))


def aggregate(descriptors: Sequence[Descriptor], *, subjects: Sequence[str]) -> Descriptor:
    """The descriptor of a dataset: the mean over its subjects of the means of each one's sessions.

    A block stands where half of the sessions or more have it.

    Parameters
    ----------
    descriptors : sequence of Descriptor
        Of one family and version.
    subjects : sequence of str
        Whose each is.

    Examples
    --------
    >>> from commissure.discover.likeness_layout import pack, unpack
    >>> a, b = (pack("patch", {"rest": [x] * 4}) for x in (1.0, 3.0))
    >>> unpack(aggregate([a, a, b], subjects=["1", "1", "2"]), "rest").round(3).tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    if not descriptors:
        raise BadInput("No descriptor was given; a dataset's is the mean of its sessions'.")
    first = descriptors[0]
    if {(each.family, each.version) for each in descriptors} != {(first.family, first.version)}:
        raise BadInput("Only descriptors of one family and version can be put together.")
    where, values, blocks = block_slices(first.family), np.zeros(SIZE, dtype=np.float32), []
    for block in LAYOUTS[first.family]:
        having = [i for i, each in enumerate(descriptors) if block.name in each.blocks]
        if 2 * len(having) < len(descriptors):
            continue
        names = sorted({subjects[i] for i in having})
        means = [
            np.mean([descriptors[i].values[where[block.name]] for i in having if subjects[i] == name], axis=0)
            for name in names
        ]
        values[where[block.name]] = np.mean(means, axis=0)
        blocks.append(block.name)
    return Descriptor(first.family, values, tuple(blocks), first.version)


def _present(descriptor: Descriptor) -> NDArray[np.bool_]:
    return np.array([block.name in descriptor.blocks for block in LAYOUTS[descriptor.family]])


def table_of(descriptors: Sequence[Descriptor]) -> BlockTable:
    """A table to be asked for distances; all of one family."""
    family = descriptors[0].family
    values = np.array([each.values for each in descriptors], dtype=np.float32)
    present = np.array([_present(each) for each in descriptors])
    return BlockTable(values, present, slices=list(block_slices(family).values()),
                      weights=[block.weight for block in LAYOUTS[family]])  # fmt: skip


def distances(table: BlockTable, descriptor: Descriptor) -> Array:
    """The squared distance of a descriptor to each row of a table; about 1 for strangers."""
    return table.distances(descriptor.values, _present(descriptor))


def compare_blocks(one: Descriptor, other: Descriptor) -> Likened:
    """How near two descriptors of one family are, and which of their blocks are alike."""
    where, told = block_slices(one.family), []
    total = apart_in_all = 0.0
    for block in LAYOUTS[one.family]:
        held = (block.name in one.blocks) + (block.name in other.blocks)
        total += block.weight if held else 0.0
        if held < 2:
            apart_in_all += block.weight if held else 0.0
            continue
        gap = one.values[where[block.name]] - other.values[where[block.name]]
        apart = float((gap**2).sum())
        apart_in_all += apart
        told.append((apart / block.weight, block.words))
    told.sort()
    alike = tuple(words for apart, words in told if apart < _ALIKE)
    unlike = tuple(words for apart, words in reversed(told) if apart > _UNLIKE)
    return Likened(closeness(apart_in_all / total if total else 1.0), alike, unlike)


def _sums(rows: NDArray[np.float64], groups: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    found = np.zeros((count, rows.shape[1]))
    np.add.at(found, groups, rows)
    return found


def recenter(
    descriptors: Sequence[Descriptor], *, datasets: Sequence[str], origins: Sequence[str]
) -> tuple[Descriptor, ...]:
    """The descriptors with what each lab adds taken out, where the lab has two datasets or more.

    Parameters
    ----------
    descriptors : sequence of Descriptor
        Of one family.
    datasets, origins : sequence of str
        Whose each is: the dataset, and the lab and device; an empty origin is not known and stays.

    Examples
    --------
    >>> from commissure.discover.likeness_layout import pack, unpack
    >>> given = [pack("patch", {"rest": [x] * 4}) for x in (1.0, 2.0, 11.0, 12.0)]
    >>> moved = recenter(given, datasets=["a", "b", "c", "d"], origins=["x", "x", "y", "y"])
    >>> [round(float(unpack(each, "rest")[0]), 2) for each in moved]
    [4.33, 5.33, 7.67, 8.67]
    """
    if not descriptors:
        return ()
    family = descriptors[0].family
    values = np.array([each.values for each in descriptors], dtype=np.float64)
    present = np.array([_present(each) for each in descriptors])
    moved = values.copy()
    # each dataset of each lab once, and the lab of each
    _, first, dataset = np.unique(
        [f"{o}\0{d}" for o, d in zip(origins, datasets, strict=True)], return_index=True, return_inverse=True
    )
    labs, lab = np.unique(np.array(origins, dtype=str)[first], return_inverse=True)
    for place, where in enumerate(block_slices(family).values()):
        has = present[:, place]
        count = np.bincount(dataset[has], minlength=len(first))
        seen = count > 0
        if not seen.any():
            continue
        means = _sums(values[has][:, where], dataset[has], len(first)) / np.maximum(count, 1)[:, None]
        own = np.bincount(lab[seen], minlength=len(labs))
        middles = _sums(means[seen], lab[seen], len(labs)) / np.maximum(own, 1)[:, None]
        shift = (middles - means[seen].mean(axis=0)) * (own / (own + 1))[:, None]
        shift[(own < 2) | (labs == "")] = 0.0
        moved[:, where] -= np.where(has[:, None], shift[lab[dataset]], 0.0)
    return tuple(
        Descriptor(family, row.astype(np.float32), each.blocks, each.version)
        for row, each in zip(moved, descriptors, strict=True)
    )

"""What each lab adds, from sums that are made once; :func:`commissure.discover.alike.recenter` for one mean a dataset."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commissure.discover.likeness_layout import LAYOUTS, SIZE, block_slices

__all__ = ["Labs", "presence"]

#: values, and which blocks there are, one row a dataset
Rows = tuple[NDArray[np.float32], NDArray[np.bool_]]


class Labs:
    """The sums of the labs' means, so that a few more are added without all being read again.

    Parameters
    ----------
    family : str
        Of all.
    rows : (array of float32, shape (datasets, 256); array of bool, shape (datasets, blocks))
        The means, zero where a block is missing, and which blocks they have.
    origins : sequence of str
        The lab and device of each; an empty one is not known, and adds nothing.
    """

    def __init__(self, family: str, *, rows: Rows, origins: Sequence[str]) -> None:
        names, code = np.unique(np.array(origins, dtype=str), return_inverse=True)
        self._place = {str(name): place for place, name in enumerate(names)}
        self._block = np.zeros(SIZE, dtype=np.intp)
        for place, where in enumerate(block_slices(family).values()):
            self._block[where] = place
        order = np.argsort(code, kind="stable")
        starts = np.searchsorted(code[order], np.arange(len(names)))
        values, present = rows[0][order].astype(np.float64), rows[1][order].astype(np.float64)
        blocks = len(LAYOUTS[family])
        self._sums = np.add.reduceat(values, starts) if len(order) else np.zeros((0, SIZE))
        self._counts = np.add.reduceat(present, starts) if len(order) else np.zeros((0, blocks))
        self._total, self._seen = self._sums.sum(axis=0), self._counts.sum(axis=0)

    def shifts(self, origins: Sequence[str], *, more: Rows, labs: Sequence[str]) -> NDArray[np.float32]:
        """What the labs ``origins`` add, one row each, with ``more`` datasets, of ``labs``, counted in."""
        names = {name: place for place, name in enumerate(dict.fromkeys(origins))}
        held = [(at, self._place[name]) for name, at in names.items() if name in self._place]
        sums, counts = np.zeros((len(names), SIZE)), np.zeros((len(names), len(self._seen)))
        if held:
            at, place = (np.array(each) for each in zip(*held, strict=True))
            sums[at], counts[at] = self._sums[place], self._counts[place]
        for name, value, has in zip(labs, *more, strict=True):
            if name in names:
                sums[names[name]] += value
                counts[names[name]] += has
        total, seen = self._total + more[0].sum(axis=0), self._seen + more[1].sum(axis=0)
        own = counts[:, self._block]
        middle = total / np.maximum(seen, 1)[self._block]
        shift = (sums / np.maximum(own, 1) - middle) * (own / (own + 1))
        shift[own < 2] = 0.0
        if "" in names:
            shift[names[""]] = 0.0
        return np.asarray(shift.astype(np.float32)[[names[name] for name in origins]])

    def moved(self, rows: Rows, shifts: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows with their shifts taken out of the blocks that they have."""
        return np.asarray(rows[0] - shifts * rows[1][:, self._block])


def presence(family: str, blocks: Sequence[str]) -> NDArray[np.bool_]:
    """Which blocks there are, one row for each text of blocks' names."""
    names = [block.name for block in LAYOUTS[family]]
    kinds: dict[str, int] = {}
    which = np.array([kinds.setdefault(each, len(kinds)) for each in blocks], dtype=np.intp)
    masks = np.array([[name in kind.split() for name in names] for kind in kinds], dtype=bool)
    return np.asarray(masks.reshape(-1, len(names))[which])

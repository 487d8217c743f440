"""A bank: the means of many datasets of one family, made ready once to be asked many times."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from commissure.discover.alike import Likened, center, compare_blocks, distances, table_of
from commissure.discover.likeness_layout import LAYOUTS, SIZE, block_slices
from commissure.model import Descriptor
from commissure.store.descriptors import Mean, Means
from commissure.store.vectors import BlockTable

__all__ = ["Bank", "banks_of"]

Rows = Sequence[tuple[str, str, int, int, str]]


def banks_of(means: Mapping[str, Means]) -> dict[str, "Bank"]:
    """A bank of each family's means."""
    return {family: Bank(each) for family, each in means.items()}


class Bank:
    """The means of one family: as they are, and with what each lab adds taken out.

    Parameters
    ----------
    means : Means
        One of each dataset; their numbers are not kept twice.

    Examples
    --------
    >>> from commissure.discover.likeness_layout import pack
    >>> values = np.array([pack("patch", {"rest": [x] * 4}).values for x in (0.0, 1.0, 5.0)])
    >>> bank = Bank(Means("patch", 1, [(name, "", 5, 5, "rest") for name in "abc"], values))
    >>> asked = Mean("", pack("patch", {"rest": [0.9] * 4}), "", 1, 1)
    >>> [mean.dataset for mean, _ in bank.nearest(asked, limit=2)]
    ['b', 'a']
    """

    def __init__(self, means: Means) -> None:
        self.family, self._version, self._rows = means.family, means.version, means.rows
        self._place = {row[0]: place for place, row in enumerate(self._rows)}
        self._present = _present(self.family, self._rows)
        self._plain = self._table(means.values)

    @classmethod
    def empty(cls, family: str, *, version: int) -> "Bank":
        """One that holds nothing, to be searched with others' means only."""
        return cls(Means(family, version, (), np.zeros((0, SIZE), dtype=np.float32)))

    def __len__(self) -> int:
        return len(self._rows)

    def _table(self, values: NDArray[np.float32]) -> BlockTable:
        return BlockTable(values, self._present, slices=list(block_slices(self.family).values()),
                          weights=[block.weight for block in LAYOUTS[self.family]])  # fmt: skip

    @cached_property
    def _centered(self) -> BlockTable:
        names, origins = [row[0] for row in self._rows], [row[1] for row in self._rows]
        moved = center(
            self.family, self._plain.values(), present=self._present, datasets=names, origins=origins
        )
        return self._table(moved.astype(np.float32))

    def nearest(
        self, query: Mean, *, limit: int, more: Sequence[Mean] = ()
    ) -> Iterator[tuple[Mean, Likened]]:
        """The means most like a query, the nearest first; that of the query's own dataset is left out.

        Parameters
        ----------
        query : Mean
            What is looked for. Labs are compared without what each adds if its origin is known.
        limit : int
            How many.
        more : sequence of Mean
            Others that are searched this once, in place of those of the same datasets.
        """
        more = [mean for mean in more if mean.dataset != query.dataset]
        own = self._place.get(query.dataset)
        if query.origin and (more or own is None):
            yield from self._with([*more, query]).nearest(query, limit=limit)
            return
        asked, table = query.descriptor, self._plain
        if query.origin and own is not None:
            table = self._centered
            asked = self._mean(own, table).descriptor
        apart = distances(table, asked)
        if own is not None:
            apart[own] = np.inf
        if more:
            apart = np.concatenate([apart, distances(table_of([mean.descriptor for mean in more]), asked)])
        for place in _least(apart, limit):
            mean = self._mean(place, table) if place < len(self) else more[place - len(self)]
            yield mean, compare_blocks(asked, mean.descriptor)

    def _mean(self, place: int, table: BlockTable) -> Mean:
        dataset, origin, subjects, sessions, blocks = self._rows[place]
        values = table.values(slice(place, place + 1))[0]
        told = Descriptor(self.family, values, tuple(blocks.split()), self._version)
        return Mean(dataset, told, origin, subjects, sessions)

    def _with(self, more: Sequence[Mean]) -> "Bank":
        last = {mean.dataset: mean for mean in more}
        kept = [place for place, row in enumerate(self._rows) if row[0] not in last]
        rows = [self._rows[place] for place in kept]
        rows += [
            (m.dataset, m.origin, m.subjects, m.sessions, " ".join(m.descriptor.blocks))
            for m in last.values()
        ]
        added = np.array([mean.descriptor.values for mean in last.values()], dtype=np.float32)
        values = np.concatenate([self._plain.values(np.array(kept, dtype=np.intp)), added])
        return Bank(Means(self.family, self._version, rows, values))


def _least(apart: NDArray[np.float32], limit: int) -> list[int]:
    """The places of the smallest finite numbers, the smallest first."""
    many = min(limit + 1, len(apart))
    if not many:
        return []
    chosen = np.sort(np.argpartition(apart, many - 1)[:many])
    order = chosen[np.argsort(apart[chosen], kind="stable")]
    return [int(place) for place in order if np.isfinite(apart[place])][:limit]


def _present(family: str, rows: Rows) -> NDArray[np.bool_]:
    names = [block.name for block in LAYOUTS[family]]
    kinds: dict[str, int] = {}
    which = [kinds.setdefault(row[4], len(kinds)) for row in rows]
    masks = np.array([[name in kind.split() for name in names] for kind in kinds], dtype=bool)
    return np.asarray(masks.reshape(-1, len(names))[np.array(which, dtype=np.intp)])

"""A bank: the means of many datasets of one family, made ready once to be asked many times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from commissure.discover.alike import Likened, compare_blocks, distances
from commissure.discover.alike_labs import Labs, presence
from commissure.discover.likeness_layout import LAYOUTS, SIZE, block_slices
from commissure.model import Descriptor
from commissure.store.descriptors import Mean, Means
from commissure.store.vectors import BlockTable

__all__ = ["Bank", "banks_of"]

#: so many are compared exactly where a few that only some may see change what labs add
_CHOSEN = 1_000


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
        self._present = presence(self.family, [row[4] for row in self._rows])
        self._plain = self._table(means.values, self._present)

    @classmethod
    def empty(cls, family: str, *, version: int) -> "Bank":
        """One that holds nothing, to be searched with others' means only."""
        return cls(Means(family, version, (), np.zeros((0, SIZE), dtype=np.float32)))

    def __len__(self) -> int:
        return len(self._rows)

    def _table(self, values: NDArray[np.float32], present: NDArray[np.bool_]) -> BlockTable:
        return BlockTable(values, present, slices=list(block_slices(self.family).values()),
                          weights=[block.weight for block in LAYOUTS[self.family]])  # fmt: skip

    @cached_property
    def _labs(self) -> Labs:
        rows = (self._plain.values(), self._present)
        return Labs(self.family, rows=rows, origins=[row[1] for row in self._rows])

    @cached_property
    def _centered(self) -> BlockTable:
        shifts = self._labs.shifts([row[1] for row in self._rows], more=self._arrays(()), labs=())
        moved = self._labs.moved((self._plain.values(), self._present), shifts)
        return self._table(moved, self._present)

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
            Others that are searched this once. They change what labs add; beyond 1,000 datasets, so many are chosen
            without that, with all of the others' labs, and then compared exactly.
        """
        more = [mean for mean in more if mean.dataset != query.dataset]
        own = self._place.get(query.dataset)
        if query.origin and (more or own is None):
            asked, rows = self._anew(query, more, many=max(limit, _CHOSEN))
        else:
            table = self._centered if query.origin else self._plain
            asked = self._means([own], table)[0] if query.origin and own is not None else query
            rows = [*self._means(_least(self._apart(asked, table), limit), table), *more]
        apart = distances(self._table(*self._arrays(rows)), asked.descriptor)
        for place in _least(apart, limit):
            yield rows[place], compare_blocks(asked.descriptor, rows[place].descriptor)

    def _apart(self, asked: Mean, table: BlockTable) -> NDArray[np.float32]:
        apart = distances(table, asked.descriptor)
        if asked.dataset in self._place:
            apart[self._place[asked.dataset]] = np.inf
        return apart

    def _anew(self, query: Mean, more: Sequence[Mean], *, many: int) -> tuple[Mean, list[Mean]]:
        """The query and what it is compared with, without what labs add when ``more`` are counted in."""
        added = list(more) if query.dataset in self._place else [query, *more]
        counted, labs = self._arrays(added), [mean.origin for mean in added]

        def moved(means: Sequence[Mean]) -> list[Mean]:
            shifts = self._labs.shifts([mean.origin for mean in means], more=counted, labs=labs)
            values = self._labs.moved(self._arrays(means), shifts)
            return [replace(mean, descriptor=replace(mean.descriptor, values=row))
                    for mean, row in zip(means, values, strict=True)]  # fmt: skip

        (asked,) = moved([query])
        chosen = _least(self._apart(asked, self._centered), many)
        if len(chosen) < len(self):
            theirs = (place for lab in set(labs) for place in self._of_lab.get(lab, ()))
            chosen = sorted({*chosen, *theirs} - {self._place.get(query.dataset, -1)})
        return asked, moved([*self._means(chosen, self._plain), *more])

    @cached_property
    def _of_lab(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, row in enumerate(self._rows):
            found.setdefault(row[1], []).append(place)
        return found

    def _arrays(self, means: Sequence[Mean]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        values = np.array([mean.descriptor.values for mean in means], dtype=np.float32).reshape(-1, SIZE)
        return values, presence(self.family, [" ".join(mean.descriptor.blocks) for mean in means])

    def _means(self, places: Sequence[int], table: BlockTable) -> list[Mean]:
        found = []
        values = table.values(np.array(places, dtype=np.intp))
        for place, row in zip(places, values, strict=True):
            dataset, origin, subjects, sessions, blocks = self._rows[place]
            told = Descriptor(self.family, row, tuple(blocks.split()), self._version)
            found.append(Mean(dataset, told, origin, subjects, sessions))
        return found


def _least(apart: NDArray[np.float32], limit: int) -> list[int]:
    """The places of the smallest finite numbers, the smallest first."""
    many = min(limit + 1, len(apart))
    if not many:
        return []
    chosen = np.sort(np.argpartition(apart, many - 1)[:many])
    order = chosen[np.argsort(apart[chosen], kind="stable")]
    return [int(place) for place in order if np.isfinite(apart[place])][:limit]

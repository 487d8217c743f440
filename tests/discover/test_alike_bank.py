"""A bank answers as comparing everything anew does, whoever asks and whatever is missing."""

import numpy as np
import pytest

from commissure.discover.alike import compare_blocks, distances, recenter, table_of
from commissure.discover.alike_bank import Bank
from commissure.discover.likeness_layout import LAYOUTS, VERSION, pack
from commissure.store.descriptors import Mean, Means

rng = np.random.default_rng(0)


def _mean(name: str, lab: str) -> Mean:
    parts = {block.name: rng.normal(size=block.size) for block in LAYOUTS["probe"] if rng.random() < 0.8}
    return Mean(name, pack("probe", parts or {"lfp": rng.normal(size=16)}), lab, 5, 7)


def _anew(query: Mean, known: list[Mean], limit: int) -> list[tuple[str, float]]:
    rows = [mean for mean in known if mean.dataset != query.dataset]
    moved = [query.descriptor, *(row.descriptor for row in rows)]
    if query.origin:
        everyone = [query, *rows]
        names, labs = [m.dataset for m in everyone], [m.origin for m in everyone]
        moved = list(recenter(moved, datasets=names, origins=labs))
    order = distances(table_of(moved[1:]), moved[0]).argsort(kind="stable")[:limit]
    return [(rows[i].dataset, compare_blocks(moved[0], moved[i + 1]).closeness) for i in order]


@pytest.fixture(scope="module")
def known() -> list[Mean]:
    return [_mean(f"ds-{n:03}", f"lab{n % 7}|" if n % 9 else "") for n in range(80)]


@pytest.fixture(scope="module")
def bank(known: list[Mean]) -> Bank:
    rows = [(m.dataset, m.origin, m.subjects, m.sessions, " ".join(m.descriptor.blocks)) for m in known]
    return Bank(Means("probe", VERSION, rows, np.array([mean.descriptor.values for mean in known])))


@pytest.mark.parametrize("private", [0, 3])
@pytest.mark.parametrize("who", ["a file", "a public dataset", "a private dataset"])
def test_a_bank_gives_what_comparing_all_gives(known: list[Mean], bank: Bank, private: int, who: str) -> None:
    more = [_mean(f"own-{n}", "lab1|") for n in range(private)]
    for number in range(5):
        query = {"a file": _mean("", ""), "a public dataset": known[11 * number + 1],
                 "a private dataset": _mean("own-0", "lab1|")}[who]  # fmt: skip
        found = [(mean.dataset, told.closeness) for mean, told in bank.nearest(query, limit=9, more=more)]
        expected = _anew(query, [*known, *more], 9)
        assert [name for name, _ in found] == [name for name, _ in expected]
        assert np.allclose([near for _, near in found], [near for _, near in expected], atol=1e-4)


def test_a_first_choice_among_many_keeps_what_comparing_all_gives(
    known: list[Mean], bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commissure.discover.alike_bank._CHOSEN", 40)
    more = [_mean(f"own-{n}", "lab1|") for n in range(2)]
    for query in (known[1], known[12], more[0], _mean("elsewhere", "lab3|")):
        found = [mean.dataset for mean, _ in bank.nearest(query, limit=5, more=more)]
        assert found == [name for name, _ in _anew(query, [*known, *more], 5)]


def test_an_empty_bank_finds_what_is_given_beside_it() -> None:
    bank, own = Bank.empty("probe", version=VERSION), [_mean("own-0", "lab1|"), _mean("own-1", "lab2|")]
    assert list(bank.nearest(_mean("", ""), limit=5)) == []
    assert list(bank.nearest(own[0], limit=5)) == []
    assert [mean.dataset for mean, _ in bank.nearest(own[0], limit=5, more=own)] == ["own-1"]
    assert len(list(bank.nearest(_mean("", ""), limit=5, more=own))) == 2

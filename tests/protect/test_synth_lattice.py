"""The digits that people like are learned of a column as a whole; a heap is what stands out of them."""

import numpy as np
import pytest

from commissure.protect.synthetic.columns import Column, Table
from commissure.protect.synthetic.lattice import find_lattice
from commissure.protect.synthetic.table import SequentialForest


def pressures(count: int, rng: np.random.Generator) -> np.ndarray:
    """Blood pressures of which seven in ten are read in tens and the others in twos."""
    true = rng.normal(132, 18, count)
    return np.where(rng.uniform(size=count) < 0.7, 10 * np.round(true / 10), 2 * np.round(true / 2))


def test_digits_are_learned_and_drawn_again() -> None:
    rng = np.random.default_rng(0)
    real = pressures(800, rng)
    lattice, heaps = find_lattice(np.sort(real))
    assert lattice is not None and lattice.places == 0 and lattice.rounded
    assert lattice.liked[0] > 5 and lattice.liked[[1, 3, 5, 7, 9]].max() == 0
    # tens are a habit, so hardly one of them is a value of its own
    assert (heaps > 0.5).mean() < 0.1
    drawn = lattice.draw(rng.normal(132, 18, 20_000), rng=rng)
    digits = [np.bincount(rows.astype(int) % 10, minlength=10) / len(rows) for rows in (real, drawn)]
    assert np.abs(digits[1] - digits[0]).max() < 0.03
    assert drawn.mean() == pytest.approx(132, abs=0.6) and drawn.std() == pytest.approx(18, rel=0.03)


@pytest.mark.parametrize(("scale", "places"), [(1.0, 0), (1000.0, -3), (0.01, 2), (1e-13, None)])
def test_the_lattice_is_the_one_of_the_numbers(scale: float, places: int | None) -> None:
    rng = np.random.default_rng(1)
    lattice, _ = find_lattice(np.sort(rng.integers(1, 400, 300) * scale))
    assert (None if lattice is None else lattice.places) == places
    assert lattice is None or lattice.even


def test_a_true_heap_stands_out_of_density_and_digits() -> None:
    rng = np.random.default_rng(2)
    real = np.concatenate([np.zeros(60), pressures(540, rng)])
    column = Column.of(real)
    assert column.apart().tolist() == [0.0]
    kinds = column.kinds(np.array([0.0, 130.0, 132.0, np.nan]), column.apart())
    assert kinds[:3].tolist() == [2.0, 1.0, 0.0] and np.isnan(kinds[3])


@pytest.mark.parametrize("seed", range(4))
def test_counts_and_long_tails_keep_their_size(seed: int) -> None:
    """Digits of small counts are sizes and not habits, and a few far values must not stretch all others."""
    rng = np.random.default_rng(seed)
    visits = np.where(rng.uniform(size=500) < 0.3, 0, rng.geometric(0.25, 500)).astype(float)
    town = np.round(np.exp(rng.normal(3, 2, 500)))
    age = rng.integers(20, 80, 500).astype(float)
    real = np.column_stack([visits, town, age])
    made = SequentialForest().fit(Table(("visits", "town", "age"), real)).sample(2000, rng).values
    assert (made >= real.min(axis=0)).all() and (made <= real.max(axis=0)).all()
    assert abs((made[:, 0] == 0).mean() - (visits == 0).mean()) < 0.08
    for column in (0, 1):
        low, middle, high = (np.quantile(made[:, column], [0.25, 0.5, 0.75]) - np.quantile(real[:, column], [0.25, 0.5, 0.75])) / (
            np.subtract(*np.quantile(real[:, column], [0.75, 0.25])))  # fmt: skip
        assert max(abs(low), abs(middle), abs(high)) < 0.35

"""Rows are chosen so that their moments are the real ones', each once, and none for being near to somebody."""

import numpy as np
import pytest

from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.table import SequentialForest
from commissure.protect.synthetic.table_choice import choose_rows


def test_chosen_rows_are_different_and_have_the_moments_of_the_real_ones() -> None:
    rng = np.random.default_rng(0)
    real = rng.multivariate_normal([1.0, 2.0], [[1.0, 0.6], [0.6, 1.0]], 400)
    pool = rng.multivariate_normal([1.2, 1.8], [[1.3, 0.4], [0.4, 1.3]], 1200)
    pool[::7, 1] = np.nan
    real[::7, 1] = np.nan
    places = choose_rows(pool, real=real, count=400, rng=rng)
    assert len(set(places.tolist())) == len(places) == 400
    moments = []
    for rows in (real, pool[places], pool[rng.permutation(1200)[:400]]):
        full = rows[~np.isnan(rows).any(axis=1)]
        moments.append([*np.nanmean(rows, axis=0), *np.nanstd(rows, axis=0), np.corrcoef(full.T)[0, 1]])
    chosen, chance = (np.abs(np.subtract(m, moments[0])).max() for m in moments[1:])
    assert chosen < 0.08 and chance > 0.15
    assert np.isnan(pool[places, 1]).mean() == pytest.approx(1 / 7, abs=0.02)


@pytest.mark.parametrize("count", [1, 5, 30])
def test_few_rows_can_be_chosen_too(count: int) -> None:
    rng = np.random.default_rng(1)
    made = SequentialForest(trees=4).fit(Table(("a", "b"), rng.normal(size=(80, 2)))).sample(count, rng)
    assert made.values.shape == (count, 2) and np.isfinite(made.values).all()


def test_what_is_learned_from_synthetic_rows_is_what_real_rows_say() -> None:
    """Slopes of as many synthetic rows as there are real ones miss those of the real rows by less than chance would."""
    rng = np.random.default_rng(2)
    first = rng.normal(size=(300, 3))
    real = np.column_stack([first, first @ [0.6, -0.4, 0.2] + rng.normal(size=300)])
    model, chance = SequentialForest().fit(Table(tuple("abcd"), real)), 1 / np.sqrt(300)
    slopes = [np.linalg.lstsq(rows[:, :3], rows[:, 3], rcond=None)[0] for rows in
              (real, *(model.sample(300, np.random.default_rng(seed)).values for seed in range(6)))]  # fmt: skip
    missed = np.sqrt(np.mean((np.array(slopes[1:]) - slopes[0]) ** 2))
    assert missed < 0.8 * chance

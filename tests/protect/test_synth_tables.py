"""Synthetic tables are hard to tell from real ones, give nobody away, and the bootstrap is caught."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.protect.private.budget import gaussian_mu
from commissure.protect.private.membership import attack_membership
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.judge import (
    Judgement,
    attribute_gain,
    check_synthetic,
    judge,
    nearest_scores,
    train_on_synthetic,
    two_sample_auc,
)
from commissure.protect.synthetic.port import GENERATORS, Provenance, synthetic_name
from commissure.protect.synthetic.private import PrivateCopula
from commissure.protect.synthetic.table import Bootstrap, Copula, SequentialForest

NAMES = ("age", "sex", "score", "volume", "ill")


def clinic(count: int, rng: np.random.Generator) -> np.ndarray:
    """A made clinic: age and sex, a score that bends with age, a volume, a diagnosis, missing scores of the ill."""
    age = np.round(rng.normal(60, 12, count))
    sex = rng.integers(0, 2, count).astype(float)
    score = np.round(28 - ((age - 60) / 8) ** 2 + rng.normal(0, 2, count), 1)
    volume = 1400 + 120 * sex - 3 * age + rng.normal(0, 40, count)
    ill = (rng.uniform(size=count) < 1 / (1 + np.exp((score - 24) / 2))).astype(float)
    score[(ill > 0) & (rng.uniform(size=count) < 0.2)] = np.nan
    return np.column_stack([age, sex, score, volume, ill])


@pytest.fixture(scope="module")
def halves() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return clinic(500, rng), clinic(500, rng)


def test_the_forest_is_hard_to_tell_from_real_rows_where_the_copula_is_not(
    halves: tuple[np.ndarray, np.ndarray],
) -> None:
    fitted, unseen = halves
    forest, copula = (
        model.fit(Table(NAMES, fitted)).sample(500, np.random.default_rng(1)).values
        for model in (SequentialForest(), Copula())
    )
    alike = two_sample_auc(unseen, forest)
    assert alike < 0.65 and two_sample_auc(unseen, copula) > alike + 0.05
    assert np.isnan(forest[:, 2]).mean() == pytest.approx(np.isnan(unseen[:, 2]).mean(), abs=0.05)
    assert set(forest[:, 1]) == {0.0, 1.0} and (forest[:, 0] == np.round(forest[:, 0])).all()
    synthetic, real = train_on_synthetic(forest, fitted=fitted, unseen=unseen, target=4)
    assert synthetic > 0.95 * real


def test_the_bootstrap_is_caught_and_the_forest_is_not(halves: tuple[np.ndarray, np.ndarray]) -> None:
    fitted, unseen = halves
    people = np.concatenate([fitted[:300], unseen[:300]])
    found = {}
    for model in (Bootstrap(), SequentialForest(trees=8)):
        rows = model.fit(Table(NAMES, people[:300])).sample(300, np.random.default_rng(2)).values
        attack = attack_membership(
            lambda who, model=model: nearest_scores(people, model.fit(Table(NAMES, people[who])).sample(len(who), np.random.default_rng(int(who.sum()))).values),
            people=600, runs=8, rng=np.random.default_rng(3))  # fmt: skip
        judged = judge(rows, fitted=people[:300], unseen=people[300:])
        gain = attribute_gain(rows, fitted=people[:300], unseen=people[300:], secret=4)
        found[type(model).__name__] = (attack.auc, judged, gain)
    auc, judged, gain = found["Bootstrap"]
    assert auc > 0.75 and judged.copies == 1.0 and judged.neighbour_ratio < 0.1 and gain > 0.08
    assert [f.check for f in check_synthetic(judged, membership=auc)][:1] == ["privacy.synthetic_leaks"]
    auc, judged, gain = found["SequentialForest"]
    assert auc < 0.58 and judged.copies < 0.01 and judged.neighbour_ratio > 0.85 and gain < 0.12
    assert not check_synthetic(judged, membership=auc)


def test_an_attack_that_surely_tells_a_little_is_a_warning_and_one_that_may_be_chance_is_none() -> None:
    found = Judgement(0.55, 0.0, 0.9, 0.9, 1.0, 0.0)
    many = check_synthetic(found, membership=0.56, guesses=178 * 100)
    assert [f.check for f in many] == ["privacy.synthetic_membership"] and "0.560 ± 0.013" in many[0].message
    assert not check_synthetic(found, membership=0.56, guesses=178 * 8)
    leaks = check_synthetic(found, membership=0.7, guesses=178 * 100)
    assert [f.check for f in leaks] == ["privacy.synthetic_leaks"]


def test_a_copula_of_noisy_statistics_alone_keeps_what_is_strong() -> None:
    rng = np.random.default_rng(4)
    real = clinic(4000, rng)
    edges = [
        np.arange(20, 101, 5),
        [-0.5, 0.5, 1.5],
        np.arange(0, 33, 2),
        np.arange(900, 1700, 50),
        [-0.5, 0.5, 1.5],
    ]
    model = PrivateCopula(mu=gaussian_mu(3.0, 1e-5), edges=edges, whole=[True, True, False, False, True])
    made = model.fit(Table(NAMES, real)).sample(4000, rng).values
    assert np.nanmean(made, axis=0) == pytest.approx(np.nanmean(real, axis=0), rel=0.06)
    pairs = (rows[~np.isnan(rows).any(axis=1)] for rows in (made, real))
    private, true = (np.corrcoef(rows[:, 1], rows[:, 3])[0, 1] for rows in pairs)
    assert private == pytest.approx(true, abs=0.2) and true > 0.7


def test_bad_tables_are_refused_with_the_numbers(halves: tuple[np.ndarray, np.ndarray]) -> None:
    rows = halves[0].copy()
    with pytest.raises(BadInput, match=r"50 subjects at least.*\(20, 5\)"):
        SequentialForest().fit(Table(NAMES, rows[:20]))
    rows[:, 3] = 5.0
    with pytest.raises(BadInput, match=r"\['volume'\] are constant"):
        Copula().fit(Table(NAMES, rows))
    rows[20:, 3] = np.nan
    with pytest.raises(BadInput, match=r"under 25 values: \{'volume': 20\}"):
        Copula().fit(Table(NAMES, rows))
    rows = halves[0].copy()
    rows[:2, 3] = np.inf, 1e200
    with pytest.raises(BadInput, match=r"infinite or beyond 1e\+100.*\{'volume': 2\}"):
        SequentialForest().fit(Table(NAMES, rows))
    with pytest.raises(BadInput, match="age are there twice"):
        SequentialForest().fit(Table(("age", "age", "score", "volume", "ill"), halves[0]))


def test_a_value_that_one_person_has_is_drawn_for_nobody() -> None:
    rng = np.random.default_rng(6)
    rows = np.column_stack([rng.integers(0, 4, 300).astype(float), rng.normal(size=300)])
    rows[0, 0] = 9.0
    made = SequentialForest(trees=4).fit(Table(("visits", "score"), rows)).sample(3000, rng).values
    assert set(made[:, 0]) == {0.0, 1.0, 2.0, 3.0}


def test_who_rounds_and_who_scores_nothing_go_with_all_else_as_in_real_rows() -> None:
    def people(count: int, rng: np.random.Generator) -> np.ndarray:
        """Pressure is read in tens at one of two places; a dose is none, mostly for the well."""
        place = rng.integers(0, 2, count)
        pressure = np.round(rng.normal(132, 17, count))
        pressure = np.where(place == 1, np.round(pressure, -1), pressure)
        dose = np.where(
            rng.uniform(size=count) < 0.2 + 0.6 * place, 0.0, np.round(rng.gamma(3, 1.0, count), 1)
        )
        return np.column_stack([place, pressure, dose]).astype(float)

    rng = np.random.default_rng(7)
    fitted, unseen = people(600, rng), people(600, rng)
    made = SequentialForest().fit(Table(("place", "pressure", "dose"), fitted)).sample(600, rng).values
    for place in (0, 1):
        real, drawn = (rows[rows[:, 0] == place] for rows in (unseen, made))
        for j, unit in ((1, 10), (2, 100)):  # tens of pressure; a dose of 0
            shares = [
                (np.round(rows[:, j] * (1 if j == 1 else 10)) % unit == 0).mean() for rows in (real, drawn)
            ]
            assert shares[1] == pytest.approx(shares[0], abs=0.09)
    assert two_sample_auc(unseen, made) < 0.58
    assert two_sample_auc(unseen, Copula().fit(Table(("a", "b", "c"), fitted)).sample(600, rng).values) > 0.6


def test_everything_synthetic_says_so() -> None:
    note = Provenance.of(b"x", generator="forest", subjects=3)
    assert note.sidecar()["Synthetic"] is True and "SYNTHETIC" in str(note.sidecar()["Description"])
    assert note.activity(made=("a",)).kind == "synthesize" and note.activity().used[0].startswith("sha256:")
    assert "synthetic" in synthetic_name("sub-01_bold.nii.gz")
    assert all(hasattr(kind, "fit") and hasattr(kind, "sample") for _, kind in GENERATORS.items())

"""Generators put right: what is measured on decoded brains gets the cohort's moments, and bad shapes are refused."""

from typing import Any

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.extras import has
from commissure.protect.synthetic.mend import Mend, Moments
from commissure.protect.synthetic.rois import ROIS, measure_rois
from commissure.protect.synthetic.tissue import Tissue, local_shares
from commissure.protect.synthetic.training import Training
from commissure.protect.synthetic.volume_judge import roi_errors
from commissure.testing.brains import made_brains

deep = pytest.mark.skipif(not (has("torch") and has("monai")), reason="needs the extra deep")


def test_one_mend_after_another_is_one_mend() -> None:
    rng = np.random.default_rng(0)
    first, second = (Mend(rng.normal(size=(2, 3)), rng.normal(size=(3, 3))) for _ in range(2))
    drawn, design = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    np.testing.assert_allclose(first.then(second)(drawn, design), second(first(drawn, design), design))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_moments_are_met_on_draws_that_were_not_seen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    leads, noise = rng.normal(size=(12, 4)), np.diag([0.3, 0.3, 0.5, 0.1])
    false, true = rng.normal(size=(2, 2, 4))
    half = 0.4 * rng.normal(size=(4, 4))
    wanted = Moments(true, noise**2 + half @ half.T + 0.2 * np.eye(4))

    def measured(numbers: np.ndarray, design: np.ndarray) -> np.ndarray:
        return design @ false + numbers @ leads + rng.normal(size=(len(numbers), 4)) @ noise

    def draws(count: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.normal(size=(count, 12)), np.column_stack([np.ones(count), rng.normal(size=count)])

    numbers, design = draws(2000)
    mend = wanted.mend(numbers, measured=measured(numbers, design), design=design)
    numbers, design = draws(20000)
    found = Moments.of(measured(mend(numbers, design), design), design)
    np.testing.assert_allclose(found.effects, wanted.effects, atol=0.06)
    np.testing.assert_allclose(found.covariance, wanted.covariance, atol=0.06)


def test_what_numbers_cannot_mend_stays_and_the_rest_is_mended() -> None:
    """The first quantity varies more by itself than it should: its numbers fall silent, and nothing turns imaginary."""
    rng = np.random.default_rng(0)
    numbers, design = rng.normal(size=(4000, 3)), np.ones((4000, 1))
    measured = numbers[:, :2] + rng.normal(size=(4000, 2)) * [1.5, 0.1]
    mend = Moments(np.zeros((1, 2)), np.diag([1.0, 4.0])).mend(numbers, measured=measured, design=design)
    covariance = mend.turn.T @ mend.turn
    assert covariance[0, 0] < 0.15
    assert covariance[1, 1] == pytest.approx(4.0 - 0.1**2, rel=0.05)
    np.testing.assert_allclose(mend.turn[2], [0, 0, 1], atol=0.05)


def test_bad_shapes_are_refused_with_the_shapes() -> None:
    numbers, design = np.zeros((40, 3)), np.ones((40, 1))
    wanted = Moments(np.zeros((1, 2)), np.eye(2))
    with pytest.raises(
        BadInput, match=r"with 2 quantities and 1 columns; got \(40, 3\), \(40, 5\) and \(40, 1\)"
    ):
        wanted.mend(numbers, measured=np.zeros((40, 5)), design=design)
    with pytest.raises(BadInput, match=r"got \(40, 3\), \(39, 2\)"):
        wanted.mend(numbers, measured=np.zeros((39, 2)), design=design)
    with pytest.raises(BadInput, match="4 draws are too few for 4 numbers and columns"):
        wanted.mend(numbers[:4], measured=np.zeros((4, 2)), design=design[:4])
    with pytest.raises(BadInput, match=r"got \(40, 3\) and \(39, 1\)"):
        Moments.of(numbers, design[:39])
    with pytest.raises(BadInput, match="one row a subject; got 3 for 2"):
        Tissue.of(np.zeros((2, 16, 16, 16), dtype=np.float32), np.ones((3, 1)))


def test_tissue_is_measured_where_people_differ() -> None:
    cohort, _ = made_brains(60, rng=np.random.default_rng(0), size=16)
    design = np.ones((60, 1))
    tissue = Tissue.of(cohort.voxels, design)
    rows = tissue(cohort.voxels)
    assert len(ROIS) + 100 < rows.shape[1] < len(ROIS) + local_shares(cohort.voxels[:1]).shape[1]
    np.testing.assert_allclose(rows[:, : len(ROIS)].std(axis=0), 1.0)
    # all places together weigh what all regions weigh
    assert rows[:, len(ROIS) :].var(axis=0).sum() == pytest.approx(len(ROIS))


@deep
def test_regions_of_drawn_brains_vary_and_go_together_as_the_cohorts(monkeypatch: pytest.MonkeyPatch) -> None:
    from commissure.protect.synthetic.codec import Codec
    from commissure.protect.synthetic.latent import LatentGenerator, LatentSpace

    class Gaussian(LatentGenerator):
        def learn(self, whitened: Any, conditions: Any) -> None:
            self.numbers_ = whitened.shape[1]

        def draw(self, conditions: Any, rng: np.random.Generator) -> Any:
            return rng.normal(size=(len(conditions), self.numbers_))

    def off(cohort: Any) -> tuple[float, float, float]:
        model = Gaussian(codec=codec).fit(cohort)
        made = [model.sample(150, np.random.default_rng(n), covariates=cohort.covariates) for n in range(6)]
        rows = np.concatenate([measure_rois(each.voxels) for each in made])
        _, variance, correlation, _ = roi_errors(rows, measure_rois(cohort.voxels))
        return float(variance.mean()), float(correlation.mean()), float(variance.max())

    codec = Codec(training=Training()).fit(made_brains(80, rng=np.random.default_rng(9), size=16)[0].voxels)
    cohorts = [made_brains(150, rng=np.random.default_rng(seed), size=16)[0] for seed in (0, 1, 2)]
    with_it = np.array([off(each) for each in cohorts])
    monkeypatch.setattr(
        LatentSpace, "_matched", lambda space, cohort, *_: Mend.none(*space.mend_.shift.shape)
    )
    without = np.array([off(each) for each in cohorts])
    # 900 drawn brains know a variance to 5 per cent
    assert (with_it < without).all()
    variance, correlation, worst = with_it.mean(axis=0)
    assert variance < min(0.07, 0.75 * without[:, 0].mean()) and correlation < 0.04
    # small regions too, of whose spread the codec loses a fourth
    assert worst < 0.15

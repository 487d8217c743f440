"""Longitudinal ComBat and the mixed model below it."""

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.harmonize.combat import ComBat
from commissure.harmonize.longitudinal import LongitudinalComBat
from commissure.kernels.mixed import fit_random_intercept


def test_the_mixed_model_finds_planted_variances() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(200), 4)
    design = np.column_stack([np.ones(800), rng.normal(size=800)])
    truth = np.array([[1.0, -1.0, 3.0], [2.0, 0.5, 0.0]])
    Y = design @ truth + rng.normal(size=(200, 3))[groups] * [0.0, 1.0, 3.0] + rng.normal(size=(800, 3))
    fit = fit_random_intercept(Y, design, numbers=groups)
    assert np.allclose(fit.within, 1.0, atol=0.15)
    assert np.allclose(np.sqrt(fit.ratio), [0.0, 1.0, 3.0], atol=[0.15, 0.2, 0.5])
    assert np.all(np.abs(fit.slopes - truth) < 4 * fit.errors)


def test_the_mixed_model_is_the_reml_one() -> None:
    smf = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(50), 5)
    design = np.column_stack([np.ones(250), rng.normal(size=250)])
    y = design @ [1.0, 2.0] + rng.normal(size=50)[groups] + rng.normal(size=250)
    ours = fit_random_intercept(y[:, None], design, numbers=groups)
    theirs = smf.MixedLM(y, design, groups=groups).fit(reml=True)
    assert np.allclose(ours.slopes[:, 0], theirs.fe_params, atol=1e-3)
    assert np.allclose(ours.errors[:, 0], theirs.bse_fe, rtol=0.02)
    assert np.isclose(ours.ratio[0], theirs.cov_re[0, 0] / theirs.scale, rtol=0.05)


def test_change_within_subjects_survives_a_change_of_scanner() -> None:
    closer = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        people, visits = 60, 4
        subjects = np.repeat(np.arange(people), visits)
        years = np.tile(np.arange(visits, dtype=float), people)
        late = rng.uniform(size=people)[subjects] < 0.5
        sites = np.where((years >= 2) & late, "new", "old")
        slope = rng.normal(-0.3, 0.02, 10)
        level = rng.normal(size=(people, 10))[subjects] * 3
        X = (
            level
            + np.outer(years, slope)
            + 0.3 * rng.normal(size=(240, 10))
            + 1.5 * (sites == "new")[:, None]
        )
        given = {"sites": sites, "covariates": {"years": years}}
        errors = []
        for out in (
            ComBat(shrinkage="none").fit_transform(X, **given),
            LongitudinalComBat(shrinkage="none").fit_transform(X, **given, subjects=subjects),
        ):
            gap = (out - level - np.outer(years, slope))[sites == "new"].mean(axis=0)
            rest = (out - level - np.outer(years, slope))[sites == "old"].mean(axis=0)
            errors.append(np.abs(gap - rest).mean())
        closer += errors[1] < 0.5 * errors[0]
    assert closer >= 7


def test_what_it_cannot_take_is_said() -> None:
    rng = np.random.default_rng(2)
    X, sites, subjects = rng.normal(size=(40, 3)), np.tile(["a", "b"], 20), np.repeat(np.arange(10), 4)
    X[3, 1] = np.nan
    with pytest.raises(BadInput, match="no missing values"):
        LongitudinalComBat().fit(X, sites=sites, subjects=subjects)
    model = LongitudinalComBat().fit(np.nan_to_num(X), sites=sites, subjects=subjects)
    with pytest.raises(BadInput, match="subjects="):
        model.transform(np.nan_to_num(X), sites=sites)
    with pytest.raises(BadInput, match="independent columns"):
        fit_random_intercept(X[:, :1], np.ones((40, 2)), numbers=subjects)

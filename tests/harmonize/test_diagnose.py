"""The diagnosis sees a site that is there, sees it go, and is not fooled by rows that were fitted on."""

from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.harmonize.combat import ComBat
from commissure.harmonize.diagnose import diagnose, predict_sites, site_variance
from commissure.harmonize.floor import diagnose_made


def _planted(seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(5), [80, 80, 80, 80, 9])
    age = rng.uniform(20, 80, len(numbers))
    X = rng.normal(size=(len(numbers), 30)) + 0.04 * np.outer(age, rng.normal(size=30))
    X[:, :20] += rng.normal(size=(5, 20))[numbers]
    X[2, 3] = np.nan
    return X, np.array([f"s{n}" for n in numbers]), {"age": age}


def test_a_planted_site_is_seen_and_goes() -> None:
    X, sites, covariates = _planted(0)
    found = diagnose(X, sites, harmonizer=ComBat(), covariates=covariates, rng=np.random.default_rng(0))
    assert (found.sites, found.rows, found.chance) == (4, 160, 0.25)
    assert found.before > 0.9
    assert found.after < 0.45
    assert found.covariates_alone < 0.4
    assert np.median(found.variance_before[:20]) > 0.2
    assert np.median(found.variance_after[:20]) < 0.05
    assert np.median(found.variance_before[20:]) < 0.03
    before, after = found.covariate_errors["age"]
    assert after < 1.1 * before


def test_rows_fitted_on_mislead_and_held_out_rows_do_not() -> None:
    rng = np.random.default_rng(1)
    sites = np.repeat(["a", "b", "c", "d"], 30)
    X = rng.normal(size=(120, 60)) + np.repeat(rng.normal(size=(4, 60)), 30, axis=0)
    fooled = predict_sites(ComBat(shrinkage="none").fit_transform(X, sites=sites), sites, seed=0)
    honest = diagnose(X, sites, harmonizer=ComBat(shrinkage="none"), rng=np.random.default_rng(0))
    assert fooled < 0.1 < honest.chance < honest.after


def test_covariates_that_tell_site_are_said() -> None:
    rng = np.random.default_rng(2)
    sites = np.repeat(["young", "old"], 60)
    age = np.where(sites == "old", 70, 25) + rng.normal(size=120) * 8
    X = rng.normal(size=(120, 10)) + 0.1 * age[:, None]
    found = diagnose(X, sites, harmonizer=ComBat(), covariates={"age": age}, rng=rng)
    assert found.covariates_alone > 0.9
    assert site_variance(X, sites).min() > 0.3
    assert np.median(site_variance(X, sites, covariates={"age": age})) < 0.05


def test_too_few_rows_to_judge_are_said() -> None:
    with pytest.raises(BadInput, match="two sites of 20 rows or more; got 1"):
        diagnose(
            np.zeros((30, 2)),
            np.repeat(["a", "b"], [25, 5]),
            harmonizer=ComBat(),
            rng=np.random.default_rng(0),
        )


@pytest.mark.realdata
def test_twenty_three_real_sites(shared: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(shared / "data" / "tables" / "fcon1000.csv")
    X = table[[name for name in table.columns if "hickness" in name]].to_numpy(float)
    covariates = {"age": table["age"].to_numpy(), "sex": table["sex"].to_numpy()}
    found = diagnose(
        X, table["site"], harmonizer=ComBat(), covariates=covariates, rng=np.random.default_rng(0)
    )
    assert found.sites == 16
    assert found.before > 0.6
    assert found.after < 0.5 * found.before
    assert np.median(found.variance_after) < 0.2 * np.median(found.variance_before)
    assert found.covariate_errors["age"][1] < 1.05 * found.covariate_errors["age"][0]


def test_made_rows_tell_what_estimation_alone_leaves() -> None:
    """Where the harmonizer's model holds, real and made rows are told alike before, and leave alike after."""
    found: dict[str, list[float]] = {"before": [], "made before": [], "after": [], "made after": []}
    for seed in range(6):
        X, sites, covariates = _planted(seed)
        for name, how in (("", diagnose), ("made ", diagnose_made)):
            rng = np.random.default_rng(seed)
            told = how(X, sites, harmonizer=ComBat(), covariates=covariates, rng=rng)
            found[f"{name}before"].append(told.before)
            found[f"{name}after"].append(told.after)
    mean = {name: np.mean(values) for name, values in found.items()}
    assert abs(mean["before"] - mean["made before"]) < 0.12
    assert abs(mean["after"] - mean["made after"]) < 0.08
    assert mean["made after"] > 0.3  # more than chance, with forty rows a site: no better model is to blame
    rng = np.random.default_rng(0)
    none = diagnose_made(X, sites, harmonizer=ComBat(), covariates=covariates, rng=rng, shifted=False)
    assert none.before < 0.4

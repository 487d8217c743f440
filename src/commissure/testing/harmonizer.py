"""What every harmonizer must do; a third party runs :func:`check_harmonizer` on its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import CommissureError
from commissure.harmonize.diagnose import Harmonizer
from commissure.testing.expect import expect, expect_error

__all__ = ["check_harmonizer"]

Array = NDArray[np.float64]


def check_harmonizer(make: Callable[[], Harmonizer], *, seed: int = 0) -> None:
    """Fail where a harmonizer does not do what every one must.

    Parameters
    ----------
    make : callable
        Makes a new harmonizer.
    seed : int
        Of the data.

    Raises
    ------
    AssertionError
        With what it should have done.
    """
    rng = np.random.default_rng(seed)
    sites = np.repeat(["a", "b", "c"], 60)
    age = rng.uniform(20, 80, 180)
    slopes = rng.normal(0, 0.05, 12)
    X = rng.normal(size=(180, 12)) + np.outer(age, slopes) + np.repeat(rng.normal(0, 3, (3, 12)), 60, axis=0)
    before = X.copy()
    rows = rng.permutation(180)
    train, test = rows[:120], rows[120:]
    model = make()
    model.fit(X[train], sites=sites[train], covariates={"age": age[train]})
    out = model.transform(X[test], sites=sites[test], covariates={"age": age[test]})
    expect(
        out.shape == (60, 12) and bool(np.isfinite(out).all()), "transform gives one finite row for each row"
    )
    expect(np.array_equal(X, before), "fit and transform leave their input as it is")
    levels = [_levels(values, sites[test], age[test], slopes) for values in (X[test], out)]
    expect(levels[1] < 0.4 * levels[0], "the sites' levels come together on rows that were not fitted on")
    found = np.array([np.polyfit(age[test], column, 1)[0] for column in out.T])
    kept = float(found @ slopes / (slopes @ slopes))
    expect(0.6 < kept < 1.6, "the effect of a covariate survives")
    again = make()
    again.fit(X[train], sites=sites[train], covariates={"age": age[train]})
    same = again.transform(X[test], sites=sites[test], covariates={"age": age[test]})
    expect(np.array_equal(out, same), "the same rows give the same numbers")
    error = expect_error(
        CommissureError,
        lambda: model.transform(X[test], sites=np.full(60, "elsewhere"), covariates={"age": age[test]}),
        what="an unseen site is an error",
    )
    expect("elsewhere" in str(error), "an unseen site is named in the error")


def _levels(values: Array, sites: NDArray[Any], age: Array, slopes: Array) -> float:
    left = values - np.outer(age, slopes)
    return float(np.std([left[sites == name].mean(axis=0) for name in "abc"], axis=0).mean())

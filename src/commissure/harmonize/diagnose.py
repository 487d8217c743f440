"""Is the site still in the data? Judged on rows that the harmonizer did not see, as those it was fitted on mislead.

A harmonizer sets the means of the rows it is fitted on equal, so on those rows a classifier does worse than chance
whatever remains. Here it is fitted on one half of each site and judged on the other.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.harmonize.design import encode_covariates, site_numbers
from commissure.harmonize.moments import SiteMoments
from commissure.harmonize.slopes import pooled_slopes

__all__ = ["Diagnosis", "Harmonizer", "diagnose", "predict_sites", "site_variance"]

Array = NDArray[np.float64]
_STRENGTH = 0.03


class Harmonizer(Protocol):
    """What can be diagnosed."""

    def fit(self, X: Any, y: Any = None, *, sites: Any = None, covariates: Any = None) -> Any:
        """Learn what sites add."""
        ...

    def transform(self, X: Any, *, sites: Any = None, covariates: Any = None) -> Array:
        """Take it out."""
        ...


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How much of the site is in the features, before and after, on the half that was not fitted on.

    Parameters
    ----------
    before, after : float
        Balanced accuracy of a cross-validated classifier of site.
    chance : float
        One over the number of sites judged.
    covariates_alone : float
        Balanced accuracy from the covariates without any feature: what harmonization must not remove.
    sites : int
        How many sites had rows enough to be judged.
    rows : int
        Rows judged.
    variance_before, variance_after : array, shape (feature,)
        The share of each feature's variance that site explains beyond the covariates, corrected for chance.
    covariate_errors : dict of str to (float, float)
        For each numeric covariate, the mean absolute error of its prediction from the features before and after.
    """

    before: float
    after: float
    chance: float
    covariates_alone: float
    sites: int
    rows: int
    variance_before: Array
    variance_after: Array
    covariate_errors: dict[str, tuple[float, float]]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, features summed up."""
        told: dict[str, Any] = {name: getattr(self, name) for name in ("before", "after", "chance", "covariates_alone", "sites", "rows")}  # fmt: skip
        for name, values in (("before", self.variance_before), ("after", self.variance_after)):
            told[f"variance_{name}"] = {"median": float(np.median(values)), "largest": float(values.max())}
        errors = {name: {"before": b, "after": a} for name, (b, a) in self.covariate_errors.items()}
        return told | {"covariate_errors": errors}


def diagnose(
    X: Any,
    sites: Any,
    *,
    harmonizer: Harmonizer,
    covariates: Any = None,
    rng: np.random.Generator,
    least: int = 20,
) -> Diagnosis:
    """Fit ``harmonizer`` on one half of each site, apply it to the other, and say how well site is told there.

    Parameters
    ----------
    X : array, shape (subject, feature)
        Features; a missing value is filled by the feature's median for the classifier.
    sites : array, shape (subject,)
        Each subject's site.
    harmonizer : Harmonizer
        A :class:`ComBat` or another; it is fitted here.
    covariates : data frame, dict or None
        What must survive.
    rng : numpy.random.Generator
        Draws the halves and the folds.
    least : int
        A site with fewer rows is left out, as it cannot be judged.

    Raises
    ------
    BadInput
        If fewer than two sites have rows enough.
    """
    X = np.asarray(X, dtype=float)
    names, numbers = site_numbers(sites, rows=len(X))
    counts = np.bincount(numbers)
    rows = np.flatnonzero(counts[numbers] >= max(least, 10))
    judged = int((counts >= max(least, 10)).sum())
    if judged < 2:
        raise BadInput(f"A diagnosis needs two sites of {max(least, 10)} rows or more; got {judged}.")
    first, second = _halves(numbers, rows, rng)
    table = None if covariates is None else _table(covariates)
    half = {name: None if table is None else {k: v[own] for k, v in table.items()} for name, own in (("first", first), ("second", second))}  # fmt: skip
    labels = np.asarray(names)[numbers]
    harmonizer.fit(X[first], sites=labels[first], covariates=half["first"])
    after = harmonizer.transform(X[second], sites=labels[second], covariates=half["second"])
    seed = int(rng.integers(2**31))
    own = half["second"]
    return Diagnosis(
        before=predict_sites(X[second], numbers[second], seed=seed),
        after=predict_sites(after, numbers[second], seed=seed),
        chance=1 / judged,
        covariates_alone=_from_covariates(own, numbers[second], seed) if own else 1 / judged,
        sites=judged,
        rows=len(second),
        variance_before=site_variance(X[second], labels[second], covariates=own),
        variance_after=site_variance(after, labels[second], covariates=own),
        covariate_errors={
            name: (_error(X[second], values, seed), _error(after, values, seed))
            for name, values in (own or {}).items()
            if values.dtype.kind in "fiu" and np.unique(values).size > 2
        },
    )


def predict_sites(X: Any, sites: Any, *, seed: int, folds: int = 5) -> float:
    """Balanced accuracy of a penalized logistic classifier of site, cross-validated.

    Parameters
    ----------
    X : array, shape (subject, feature)
    sites : array, shape (subject,)
    seed : int
        Of the folds.
    folds : int
        How many.
    """
    linear: Any = need("sklearn.linear_model", purpose="Diagnosing sites")
    selection: Any = need("sklearn.model_selection", purpose="Diagnosing sites")
    metrics: Any = need("sklearn.metrics", purpose="Diagnosing sites")
    classifier = _filled(linear.LogisticRegression(C=_STRENGTH, max_iter=500))
    cut = selection.StratifiedKFold(folds, shuffle=True, random_state=seed)
    told = selection.cross_val_predict(classifier, X, sites, cv=cut)
    return float(metrics.balanced_accuracy_score(sites, told))


def site_variance(X: Any, sites: Any, *, covariates: Any = None) -> Array:
    """The share of each feature's variance that site explains beyond covariates, corrected for chance (epsilon squared).

    Parameters
    ----------
    X : array, shape (subject, feature)
        NaN where missing.
    sites : array, shape (subject,)
    covariates : array, data frame, dict or None

    Returns
    -------
    array, shape (feature,)
        0 where site explains no more than chance does.
    """
    X = np.asarray(X, dtype=float)
    names, numbers = site_numbers(sites, rows=len(X))
    columns = encode_covariates(covariates, rows=len(X)).columns(covariates, rows=len(X))
    apart = SiteMoments.of(X, columns, numbers=numbers, sites=len(names))
    as_one = SiteMoments.of(X, columns)
    left = apart.residual(pooled_slopes(apart.sums())[0]).sum(axis=0)
    whole = as_one.residual(pooled_slopes(as_one.sums())[0])[0]
    told = apart.sums()
    freedom = np.maximum(told.count - told.sites - columns.shape[1], 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (whole - left - (told.sites - 1) * left / freedom) / whole
    return np.asarray(np.clip(np.nan_to_num(share), 0.0, 1.0))


def _halves(
    numbers: NDArray[np.intp], rows: NDArray[np.intp], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = [], []
    for number in np.unique(numbers[rows]):
        own = rng.permutation(rows[numbers[rows] == number])
        first.append(own[: len(own) // 2])
        second.append(own[len(own) // 2 :])
    return np.sort(np.concatenate(first)), np.sort(np.concatenate(second))


def _table(covariates: Any) -> dict[str, NDArray[Any]]:
    if hasattr(covariates, "columns"):
        return {str(name): np.asarray(covariates[name]) for name in covariates.columns}
    if isinstance(covariates, dict):
        return {str(name): np.asarray(values) for name, values in covariates.items()}
    return {f"covariate {n}": column for n, column in enumerate(np.atleast_2d(np.asarray(covariates).T))}


def _filled(last: Any) -> Any:
    pipeline: Any = need("sklearn.pipeline", purpose="Diagnosing sites")
    impute: Any = need("sklearn.impute", purpose="Diagnosing sites")
    scale: Any = need("sklearn.preprocessing", purpose="Diagnosing sites")
    return pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), scale.StandardScaler(), last)


def _from_covariates(table: dict[str, NDArray[Any]], numbers: NDArray[np.intp], seed: int) -> float:
    """As well as covariates alone tell site; a number of many values may bend."""
    rows = len(numbers)
    smooth = [name for name, v in table.items() if v.dtype.kind in "fiu" and np.unique(v).size >= 20]
    design = encode_covariates(table, rows=rows, smooth=smooth, functions=6)
    return predict_sites(design.columns(table, rows=rows), numbers, seed=seed)


def _error(X: Array, values: NDArray[Any], seed: int) -> float:
    linear: Any = need("sklearn.linear_model", purpose="Diagnosing sites")
    selection: Any = need("sklearn.model_selection", purpose="Diagnosing sites")
    model = _filled(linear.RidgeCV(alphas=np.logspace(0, 5, 11)))
    cut = selection.KFold(5, shuffle=True, random_state=seed)
    told = selection.cross_val_predict(model, X, values.astype(float), cv=cut)
    return float(np.abs(told - values).mean())

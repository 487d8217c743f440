"""Case-control effect sizes a region: Cohen's d with its interval, at one site, or over sites at once.

With covariates d is the adjusted difference over the residual standard deviation; so covariates that go with the
diagnosis widen its interval and do not shrink it, as d taken from t would be. Without covariates it is the textbook's.

References
----------
Cohen 1988, doi:10.4324/9780203771587; Thompson et al. 2014, doi:10.1007/s11682-013-9269-5 (ENIGMA).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.harmonize.design import encode_covariates, site_numbers
from commissure.harmonize.moments import SiteMoments
from commissure.harmonize.slopes import check_confounding, pooled_slopes
from commissure.kernels.mixed import fit_random_intercept

__all__ = ["Effects", "cohens_d", "mega_analysis"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effects:
    """Cohen's d of cases against controls for each feature.

    Parameters
    ----------
    d, error, low, high, p : array, shape (feature,)
        Effect, its standard error, the interval, and the two-sided p of no effect.
    cases, controls : array, shape (feature,)
        Rows that were there.
    """

    d: Array
    error: Array
    low: Array
    high: Array
    p: Array
    cases: Array
    controls: Array


def cohens_d(
    X: Any, cases: Any, *, covariates: Any = None, sites: Any = None, level: float = 0.95
) -> Effects:
    """Cohen's d of cases against controls, adjusted for covariates and, if given, for one level a site.

    Parameters
    ----------
    X : array, shape (subject, feature)
        NaN where missing.
    cases : array of bool, shape (subject,)
        Who is a case.
    covariates : array, data frame, dict or None
        What is adjusted for.
    sites : array or None
        Each subject's site, a fixed effect; for a random one see :func:`mega_analysis`.
    level : float
        Of the interval.

    Raises
    ------
    BadInput
        If there are no cases or no controls, or they are confounded with site or covariates.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cases = np.arange(400) < 200
    >>> found = cohens_d(rng.normal(size=(400, 1)) + 0.5 * cases[:, None], cases)
    >>> bool(found.low[0] < 0.5 < found.high[0])
    True
    """
    X = np.asarray(X, dtype=float)
    group, columns, names = _columns(cases, covariates, rows=len(X))
    _, numbers = site_numbers(np.zeros(len(X), int) if sites is None else sites, rows=len(X))
    own = SiteMoments.of(X, columns, numbers=numbers, sites=int(numbers.max()) + 1)
    sums = own.sums()
    check_confounding(sums, names=names)
    slopes, _ = pooled_slopes(sums)
    freedom = sums.count - sums.sites - columns.shape[1]
    gram = np.moveaxis(sums.spread, 2, 0)
    first = np.linalg.pinv(gram, hermitian=True)[:, 0, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = own.residual(slopes).sum(axis=0) / freedom
        d = slopes[0] / np.sqrt(variance)
    there = ~np.isnan(X)
    counts = there[group].sum(axis=0), there[~group].sum(axis=0)
    return _effects(d, np.sqrt(first), freedom=freedom, counts=counts, level=level)


def mega_analysis(X: Any, cases: Any, *, sites: Any, covariates: Any = None, level: float = 0.95) -> Effects:
    """Cohen's d from all rows of all sites at once, by a mixed model with a random intercept a site.

    Parameters
    ----------
    X : array, shape (subject, feature)
        None missing.
    cases, covariates, level
        As for :func:`cohens_d`.
    sites : array, shape (subject,)
        Each subject's site.

    Raises
    ------
    BadInput
        If a value is missing, or there are no cases or no controls.
    """
    X = np.asarray(X, dtype=float)
    if np.isnan(X).any():
        raise BadInput(
            "A mega-analysis takes no missing values; leave these rows out, or use cohens_d with sites=."
        )
    group, columns, _ = _columns(cases, covariates, rows=len(X))
    _, numbers = site_numbers(sites, rows=len(X))
    design = np.column_stack([columns, np.ones(len(X))])
    fit = fit_random_intercept(X, design, numbers=numbers)
    spread = np.sqrt(fit.within)
    freedom = np.full(X.shape[1], float(len(X) - design.shape[1]))
    counts = np.full(X.shape[1], group.sum()), np.full(X.shape[1], (~group).sum())
    return _effects(
        fit.slopes[0] / spread, fit.errors[0] / spread, freedom=freedom, counts=counts, level=level
    )


def _columns(cases: Any, covariates: Any, *, rows: int) -> tuple[NDArray[np.bool_], Array, tuple[str, ...]]:
    group = np.asarray(cases)
    if group.shape != (rows,) or not np.isin(group, (0, 1)).all():
        raise BadInput(f"cases must be true or false for each of {rows} rows; got shape {group.shape}.")
    group = group.astype(bool)
    if group.all() or not group.any():
        raise BadInput("Both cases and controls are needed; got one of them alone.")
    design = encode_covariates(covariates, rows=rows)
    columns = np.column_stack([group.astype(float), design.columns(covariates, rows=rows)])
    return group, columns, ("cases", *design.column_names)


def _effects(
    d: Array, scaled: Array, *, freedom: Array, counts: tuple[NDArray[Any], NDArray[Any]], level: float
) -> Effects:
    """From d and the standard error of the difference, in residual standard deviations."""
    stats: Any = need("scipy.stats", purpose="Effect sizes")
    freedom = np.maximum(freedom, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(d / scaled), freedom)
        error = np.sqrt(scaled**2 + d**2 / (2 * freedom))
    wide = stats.norm.ppf(0.5 + level / 2) * error
    return Effects(d, error, d - wide, d + wide, p, counts[0].astype(float), counts[1].astype(float))

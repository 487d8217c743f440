"""How many sites, how many subjects: the power of a case-control study over sites whose effects differ.

The effect is pooled by a random-effects model: a site's estimate has its sampling variance and, besides, the variance
between sites, which no number of subjects at one site can lower (Hedges & Pigott 2001,
doi:10.1037/1082-989X.6.3.203).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.extras import need
from commissure.harmonize.meta import pool_effects

__all__ = ["plan_sites", "plan_subjects", "power_over_sites", "simulated_power"]

_MOST = 100_000


def power_over_sites(
    d: float, sites: Sequence[tuple[int, int]], *, tau2: float = 0.0, alpha: float = 0.05
) -> float:
    """The chance that a study finds an effect of Cohen's ``d``, two-sided.

    Parameters
    ----------
    d : float
        The mean effect.
    sites : sequence of (int, int)
        Cases and controls of each site.
    tau2 : float
        The variance of the effect between sites.
    alpha : float
        The level of the test.

    Examples
    --------
    >>> round(power_over_sites(0.5, [(64, 64)]), 2)
    0.8
    """
    stats: Any = need("scipy.stats", purpose="Power")
    _check(d, sites, tau2=tau2, alpha=alpha)
    total = sum(1 / (_variance(d, cases, controls) + tau2) for cases, controls in sites)
    shift, bound = abs(d) * np.sqrt(total), stats.norm.ppf(1 - alpha / 2)
    return float(stats.norm.sf(bound - shift) + stats.norm.cdf(-bound - shift))


def simulated_power(
    d: float,
    sites: Sequence[tuple[int, int]],
    *,
    tau2: float = 0.0,
    alpha: float = 0.05,
    draws: int = 2000,
    rng: np.random.Generator,
) -> float:
    """The share of simulated studies that find the effect: subjects drawn, d estimated at each site, pooled by REML.

    Parameters
    ----------
    d, sites, tau2, alpha
        As for :func:`power_over_sites`; two sites or more.
    draws : int
        Studies simulated.
    rng : numpy.random.Generator
        Draws them.
    """
    _check(d, sites, tau2=tau2, alpha=alpha)
    effects, variances = [], []
    for cases, controls in sites:
        own = d + np.sqrt(tau2) * rng.normal(size=draws)
        freedom = cases + controls - 2
        apart = own + rng.normal(size=draws) * np.sqrt(1 / cases + 1 / controls)
        found = apart / np.sqrt(rng.chisquare(freedom, size=draws) / freedom)
        found *= 1 - 3 / (4 * freedom - 1)
        effects.append(found)
        variances.append((cases + controls) / (cases * controls) + found**2 / (2 * (cases + controls)))
    return float((pool_effects(np.stack(effects), np.stack(variances), interval="normal").p < alpha).mean())


def plan_sites(
    d: float, *, per_site: tuple[int, int], tau2: float = 0.0, power: float = 0.8, alpha: float = 0.05
) -> int:
    """The least number of sites, each with ``per_site`` cases and controls, that gives ``power``.

    Examples
    --------
    >>> plan_sites(0.3, per_site=(20, 20), tau2=0.02)
    11
    """
    return _least(lambda n: power_over_sites(d, [per_site] * n, tau2=tau2, alpha=alpha), power, what="sites")


def plan_subjects(d: float, *, sites: int, tau2: float = 0.0, power: float = 0.8, alpha: float = 0.05) -> int:
    """The least number of cases (and as many controls) at each of ``sites`` that gives ``power``.

    Raises
    ------
    BadInput
        If no number does, as the effect differs too much between so few sites.

    Examples
    --------
    >>> plan_subjects(0.3, sites=10, tau2=0.02)
    22
    """
    return _least(
        lambda n: power_over_sites(d, [(n, n)] * sites, tau2=tau2, alpha=alpha),
        power,
        what="subjects",
        first=2,
    )


def _least(reached: Any, power: float, *, what: str, first: int = 1) -> int:
    if not 0 < power < 1:
        raise BadInput(f"power is above 0 and below 1; got {power!r}.")
    if reached(_MOST) < power:
        raise BadInput(
            f"No number of {what} up to {_MOST:,} gives a power of {power:g}: it reaches {reached(_MOST):.2f}. With few "
            "sites the variance between them sets the limit; add sites."
        )
    low, high = first - 1, _MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= power else (middle, high)
    return high


def _variance(d: float, cases: int, controls: int) -> float:
    return (cases + controls) / (cases * controls) + d**2 / (2 * (cases + controls))


def _check(d: float, sites: Sequence[tuple[int, int]], *, tau2: float, alpha: float) -> None:
    if not sites or any(min(pair) < 1 or sum(pair) < 3 for pair in sites):
        raise BadInput("Each site needs a case, a control and three subjects or more.")
    if not np.isfinite(d) or d == 0 or tau2 < 0 or not 0 < alpha < 1:
        raise BadInput(f"d is not zero, tau2 not below zero, alpha in 0-1; got {d!r}, {tau2!r}, {alpha!r}.")

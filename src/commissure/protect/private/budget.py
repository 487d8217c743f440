"""Privacy budgets: what a dataset's releases have cost together, and what is left.

The neighbouring relation is always about one *subject*: all that is known of one person is added, removed or replaced.
Gaussian releases compose exactly as Gaussian differential privacy: their ``mu`` add in quadrature, and ``delta`` is a
closed form of ``epsilon``. What is not Gaussian (Laplace, subsampled training) is composed with them through privacy
loss distributions.

References
----------
Dong, Roth & Su 2022, doi:10.1111/rssb.12454; Balle & Wang 2018, arXiv:1805.06530; Koskela et al. 2020, arXiv:1906.03049.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np

from commissure.errors import BadInput, NotPermitted
from commissure.extras import need

__all__ = [
    "Limit",
    "Neighbours",
    "Spend",
    "attack_auc",
    "attack_mu",
    "ceiling_auc",
    "check_spend",
    "gaussian_delta",
    "gaussian_epsilon",
    "gaussian_mu",
    "total_epsilon",
    "within_auc",
    "zcdp_epsilon",
]

_HIGHEST_EPSILON = 1e4
_STEPS = 200
_FINE, _COARSE, _FAINT = 1e-4, 1e-3, 0.8


class Neighbours(StrEnum):
    """Which two datasets must look alike: they differ in one subject, with all that was measured of them."""

    ADD_REMOVE = "add-or-remove-one-subject"
    REPLACE = "replace-one-subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What one release costs.

    Parameters
    ----------
    what : str
        The statistic: ``"mean of age"``.
    kind : str
        ``"gaussian"`` (by ``mu``), ``"laplace"`` (by ``epsilon``) or ``"sampled-gaussian"`` (by the other three).
    mu : float
        Sensitivity over noise deviation; zCDP's rho is ``mu**2 / 2``.
    epsilon : float
        Of a Laplace release.
    noise_multiplier, rate, steps : float, float, int
        Of training on Poisson samples: noise deviation over clip norm, a subject's chance a step, and how many steps.
    neighbours : Neighbours
        The relation for which this holds.
    asked_mu : float
        What was asked for where a limit on attacks let it spend less; 0 where it spends what was asked.

    Examples
    --------
    >>> Spend(what="mean of age", mu=0.2).kind
    'gaussian'
    """

    what: str
    kind: str = "gaussian"
    mu: float = 0.0
    epsilon: float = 0.0
    noise_multiplier: float = 0.0
    rate: float = 0.0
    steps: int = 0
    neighbours: Neighbours = Neighbours.ADD_REMOVE
    asked_mu: float = 0.0

    def __post_init__(self) -> None:
        numbers = {
            "gaussian": (self.mu,),
            "laplace": (self.epsilon,),
            "sampled-gaussian": (self.noise_multiplier, self.rate, float(self.steps)),
        }
        if self.kind not in numbers:
            raise BadInput(f"A spend's kind is one of {', '.join(numbers)}; got {self.kind!r}.")
        if not all(math.isfinite(value) and value > 0 for value in numbers[self.kind]) or self.rate > 1:
            raise BadInput(f"A {self.kind} spend needs finite numbers above 0; got {numbers[self.kind]}.")

    def to_dict(self) -> dict[str, Any]:
        """The spend as JSON-able values."""
        return {key: str(value) if key == "neighbours" else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Spend":
        """What :meth:`to_dict` wrote."""
        return cls(**{**values, "neighbours": Neighbours(values["neighbours"])})


@dataclass(frozen=True, slots=True)
class Limit:
    """How much all releases of a dataset may cost together.

    Parameters
    ----------
    epsilon, delta : float
        The guarantee.
    neighbours : Neighbours
        Which two datasets must look alike.
    most_auc : float
        What no membership attack on all releases together may be able to pass; 1 for no such limit.
    """

    epsilon: float
    delta: float
    neighbours: Neighbours = Neighbours.ADD_REMOVE
    most_auc: float = 1.0

    def __post_init__(self) -> None:
        if not 0.5 < self.most_auc <= 1:
            raise BadInput(
                f"An attack's area under the curve is above 0.5 and at most 1; got {self.most_auc!r}."
            )
        if not 0 < self.epsilon <= _HIGHEST_EPSILON or not 0 < self.delta < 1:
            raise BadInput(
                f"A budget needs an epsilon above 0 and a delta between 0 and 1; got {self.epsilon!r} and {self.delta!r}."
            )


def gaussian_delta(mu: float, epsilon: float) -> float:
    """The smallest ``delta`` at which ``mu``-Gaussian differential privacy is (``epsilon``, ``delta``).

    >>> round(gaussian_delta(1.0, 1.0), 6)
    0.126937
    """
    special: Any = need("scipy.special", purpose="Accounting for privacy")
    if mu <= 0:
        return 0.0
    first = float(special.log_ndtr(-epsilon / mu + mu / 2))
    second = epsilon + float(special.log_ndtr(-epsilon / mu - mu / 2))
    return math.exp(first) * -math.expm1(min(second - first, 0.0))


def gaussian_epsilon(mu: float, delta: float) -> float:
    """The smallest ``epsilon`` at which ``mu``-Gaussian differential privacy holds with ``delta``; rounded up.

    >>> round(gaussian_epsilon(1.0, 1e-5), 3)
    4.377
    """
    _check_delta(delta)
    if gaussian_delta(mu, 0.0) <= delta:
        return 0.0
    low, high = 0.0, 1.0
    while gaussian_delta(mu, high) > delta:
        low, high = high, high * 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if gaussian_delta(mu, middle) > delta else (low, middle)
    return high


def gaussian_mu(epsilon: float, delta: float) -> float:
    """The largest ``mu`` that is (``epsilon``, ``delta``)-differentially private; rounded down.

    >>> round(gaussian_mu(4.377, 1e-5), 3)
    1.0
    """
    _check_delta(delta)
    if not 0 < epsilon <= _HIGHEST_EPSILON:
        raise BadInput(f"epsilon must be above 0 and at most {_HIGHEST_EPSILON:g}; got {epsilon!r}.")
    low, high = 0.0, 1.0
    while gaussian_delta(high, epsilon) <= delta:
        low, high = high, high * 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if gaussian_delta(middle, epsilon) > delta else (middle, high)
    return low


def attack_auc(mu: float) -> float:
    """The area under the ROC curve that no membership attack on a ``mu``-Gaussian private release can pass.

    >>> round(attack_auc(gaussian_mu(1.0, 1e-5)), 3), round(attack_auc(gaussian_mu(3.0, 1e-5)), 3)
    (0.575, 0.694)
    """
    special: Any = need("scipy.special", purpose="Accounting for privacy")
    return float(special.ndtr(mu / math.sqrt(2)))


def attack_mu(auc: float) -> float:
    """The largest ``mu`` with which no membership attack passes an area ``auc`` under the ROC curve.

    >>> mu = attack_mu(0.55)
    >>> round(mu, 3), round(gaussian_epsilon(mu, 1e-5), 2)
    (0.178, 0.64)
    """
    if not 0.5 < auc < 1:
        raise BadInput(f"An area under the curve to stay below is between 0.5 and 1; got {auc!r}.")
    special: Any = need("scipy.special", purpose="Accounting for privacy")
    return math.sqrt(2) * float(special.ndtri(auc))


def within_auc(mu: float, most_auc: float) -> float:
    """The Gaussian budget that is within ``mu`` and with which no membership attack passes ``most_auc``; 1 is no limit.

    >>> round(within_auc(0.5, 0.55), 3), within_auc(0.1, 0.55), within_auc(0.5, 1.0)
    (0.178, 0.1, 0.5)
    """
    return mu if most_auc == 1 else min(mu, attack_mu(most_auc))


def ceiling_auc(spends: Iterable[Spend]) -> float:
    """The area under the ROC curve that no membership attack on all ``spends`` together can pass; 0.5 for none.

    The trade-off between an attack's two errors follows from ``delta`` at every ``epsilon``: exactly for Gaussian releases,
    from their joint loss distribution for others.

    Examples
    --------
    >>> round(ceiling_auc([Spend(what="mean", mu=gaussian_mu(3.0, 1e-5))]), 3)
    0.694
    """
    listed = list(spends)
    mu = math.sqrt(math.fsum(spend.mu**2 for spend in listed if spend.kind == "gaussian"))
    others = [spend for spend in listed if spend.kind != "gaussian"]
    if not others:
        return attack_auc(mu)
    epsilons = np.concatenate([[0.0], np.geomspace(1e-3, 50.0, 400)])
    deltas = np.array(_composed(mu, tuple(others)).get_delta_for_epsilon(epsilons.tolist()))
    false = np.concatenate([np.geomspace(1e-9, 1e-3, 200), np.linspace(1e-3, 1.0, 2000)])
    steep = 1 - deltas[:, None] - np.exp(epsilons)[:, None] * false
    flat = np.exp(-epsilons)[:, None] * (1 - deltas[:, None] - false)
    miss = np.maximum(np.maximum(steep, flat).max(axis=0), 0.0)
    # the curve of misses is convex: steps at the right ends stay below it
    return float(1 - (np.diff(false, prepend=0.0) * miss).sum())


def zcdp_epsilon(rho: float, delta: float) -> float:
    """The ``epsilon`` that zCDP's own bound gives, for comparison: ``rho + 2 sqrt(rho ln(1/delta))``."""
    _check_delta(delta)
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))


def total_epsilon(spends: Iterable[Spend], *, delta: float) -> float:
    """What all ``spends`` cost together, as ``epsilon`` at ``delta``; 0 for none.

    Raises
    ------
    BadInput
        If the spends are for different neighbouring relations.

    Examples
    --------
    >>> fifty = [Spend(what="mean", mu=(2 * 0.01) ** 0.5)] * 50
    >>> round(total_epsilon(fifty, delta=1e-5), 3)
    4.377
    """
    _check_delta(delta)
    listed = list(spends)
    if len({spend.neighbours for spend in listed}) > 1:
        raise BadInput(
            "Releases for different neighbouring relations cannot be added; keep a budget of each."
        )
    mu = math.sqrt(math.fsum(spend.mu**2 for spend in listed if spend.kind == "gaussian"))
    others = [spend for spend in listed if spend.kind != "gaussian"]
    if not others:
        return gaussian_epsilon(mu, delta) if mu else 0.0
    return float(_composed(mu, tuple(others)).get_epsilon_for_delta(delta))


def check_spend(spent: Iterable[Spend], wanted: Spend, *, limit: Limit) -> float:
    """The ``epsilon`` that is spent once ``wanted`` is; the decision uses public numbers only.

    Raises
    ------
    NotPermitted
        If the budget does not allow it; the message has the numbers.
    """
    before = list(spent)
    if wanted.neighbours != limit.neighbours:
        raise NotPermitted(
            f"This budget is for {limit.neighbours}, the release is for {wanted.neighbours}; it cannot be charged."
        )
    total = total_epsilon([*before, wanted], delta=limit.delta)
    if total > limit.epsilon * (1 + 1e-9):
        used = total_epsilon(before, delta=limit.delta)
        raise NotPermitted(
            f"The budget does not allow it: {used:.4g} of epsilon {limit.epsilon:.4g} is spent over {len(before)} releases, "
            f"with this one it would be {total:.4g} (delta {limit.delta:g}); ask for less, or not at all."
        )
    if limit.most_auc < 1 and (auc := ceiling_auc([*before, wanted])) > limit.most_auc * (1 + 1e-9):
        least = gaussian_epsilon(attack_mu(limit.most_auc), limit.delta)
        raise NotPermitted(
            f"With this release an attack could tell members from others with an area under the curve of {auc:.3f}, allowed "
            f"is {limit.most_auc:g}; Gaussian releases stay below it up to epsilon {least:.3g} in all."
        )
    return total


@lru_cache(maxsize=64)
def _composed(mu: float, others: tuple[Spend, ...]) -> Any:
    """The privacy loss distribution of all together; kept, as a ledger asks for the same ones again and again."""
    pld: Any = need("dp_accounting.pld.privacy_loss_distribution", purpose="Accounting for privacy")
    # little noise spreads the loss far: a fine grid would take minutes, and the coarse one errs to the safe side
    faint = any(spend.kind == "sampled-gaussian" and spend.noise_multiplier < _FAINT for spend in others)
    grid = _COARSE if faint else _FINE
    parts = [pld.from_gaussian_mechanism(1 / mu, value_discretization_interval=grid)] if mu else []
    for spend in others:
        if spend.kind == "laplace":
            parts.append(pld.from_laplace_mechanism(1 / spend.epsilon, value_discretization_interval=grid))
        else:
            one = pld.from_gaussian_mechanism(
                spend.noise_multiplier, sampling_prob=spend.rate, value_discretization_interval=grid
            )
            parts.append(one.self_compose(spend.steps))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.compose(part)
    return whole


def _check_delta(delta: float) -> None:
    if not 0 < delta < 1:
        raise BadInput(f"delta must be between 0 and 1; got {delta!r}.")

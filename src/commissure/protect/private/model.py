"""A private classifier: logistic regression by clipped gradients with noise (DP-SGD).

References
----------
Abadi et al. 2016, doi:10.1145/2976749.2978318; Bu et al. 2020 (GDP of SGD), doi:10.1162/99608f92.cfc5dd25.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend
from commissure.protect.private.noise import NoiseSource, noisy_sum, secure_uniform
from commissure.protect.private.statistic import Bounds, PrivateStatistic, check_labels, one_row_a_subject

__all__ = ["PrivateLogistic", "train_logistic"]

Array = NDArray[np.float64]
_CLIP = 1.0


@dataclass(frozen=True, slots=True)
class PrivateLogistic:
    """A trained classifier that may be published.

    Parameters
    ----------
    weights : array, shape (feature + 1,)
        Intercept first, for features brought to -1 … 1 by ``bounds``.
    bounds : Bounds
        The public limits of the features.
    spend : Spend
        What the training cost.
    """

    weights: Array
    bounds: Bounds
    spend: Spend

    def probability(self, table: Array) -> Array:
        """The probability of class 1 for each row."""
        rows = self.bounds.scaled(table)
        return _sigmoid(self.weights[0] + rows @ self.weights[1:])

    def statistic(self, name: str = "") -> PrivateStatistic:
        """The weights as a statistic that may be published."""
        what = f"classifier for {name}" if name else "classifier"
        values = {
            "weight": self.weights,
            "lower": np.array(self.bounds.lower),
            "upper": np.array(self.bounds.upper),
        }
        note = "the intercept comes first; features are brought to -1 … 1 by lower and upper"
        return PrivateStatistic(what, values, self.spend, notes=(note,))


def train_logistic(
    table: Array, labels: Array, *, bounds: Bounds, mu: float, planned_n: int, rate: float = 1.0,
    noise: NoiseSource | None = None,
) -> PrivateLogistic:  # fmt: skip
    """Train on every subject (``rate`` 1: exact Gaussian composition) or on Poisson samples of them.

    Parameters
    ----------
    table : array, shape (subject, feature)
        One row a subject.
    labels : array, shape (subject,)
        0 or 1.
    bounds : Bounds
        Public limits of the features.
    mu : float
        With ``rate`` 1 the whole training's Gaussian budget; below 1, that of a step without sampling times the square
        root of the steps (sampling then costs less: the spend says how much).
    planned_n : int
        The announced cohort size, by which the gradient is divided; a public number.
    rate : float
        The chance of a subject to be in a step.

    Raises
    ------
    BadInput
        If a label is not 0 or 1, a value is missing, or there is one class only.
    """
    one_row_a_subject(None, rows=len(table))
    check_labels(labels)
    if not np.isfinite(table).all() or not 0 < rate <= 1:
        raise BadInput(f"Features must not be missing and rate be in (0, 1]; got rate {rate!r}.")
    steps = 40
    rows = np.column_stack([np.ones(len(table)), bounds.scaled(table)])
    rows[:, 1:] /= max(1.0, (rows.shape[1] - 1) ** 0.5 / 2)
    each = mu / steps**0.5
    weights, average, velocity = np.zeros(rows.shape[1]), np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    for step in range(steps):
        drawn = np.ones(len(rows), bool) if rate == 1 else secure_uniform(len(rows)) < rate
        gradient = (_sigmoid(rows[drawn] @ weights) - labels[drawn])[:, None] * rows[drawn]
        total = noisy_sum(gradient, norm=_CLIP, mu=each, noise=noise)
        velocity = 0.8 * velocity + total / (planned_n * rate)
        weights = weights - 1.0 * velocity
        if step >= steps // 2:
            average += weights / (steps - steps // 2)
    average[1:] /= max(1.0, (rows.shape[1] - 1) ** 0.5 / 2)
    spend = (
        Spend(what="logistic regression", mu=mu)
        if rate == 1
        else Spend(
            what="logistic regression",
            kind="sampled-gaussian",
            noise_multiplier=1 / each,
            rate=rate,
            steps=steps,
        )
    )
    return PrivateLogistic(average, bounds, spend)


def _sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -50, 50))))

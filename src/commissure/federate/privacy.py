"""What rounds of Gaussian noise cost: epsilon at a given delta, for the release of all rounds.

The unit of privacy is a site: with or without all that a site holds, what is released is nearly as likely.

References
----------
Bun & Steinke 2016 (concentrated privacy), doi:10.1007/978-3-662-53641-4_24; Canonne, Kamath & Steinke 2020
(conversion), arXiv:2004.00010.
"""

import numpy as np

from commissure.errors import BadInput

__all__ = ["mu_of_subject", "noise_for", "spent_epsilon"]


def spent_epsilon(*, noise: float, rounds: int, delta: float) -> float:
    """Epsilon of ``rounds`` sums, each with Gaussian noise of ``noise`` times the clipping norm.

    >>> round(spent_epsilon(noise=4.0, rounds=10, delta=1e-5), 2)
    3.62
    """
    if not (noise > 0 and rounds > 0 and 0 < delta < 1):
        raise BadInput("noise and rounds must be above zero, and delta between 0 and 1.")
    rho = rounds / (2 * noise**2)
    alpha = 1 + np.exp(np.linspace(-6, 10, 4000))
    epsilon = alpha * rho + np.log1p(-1 / alpha) - (np.log(delta) + np.log(alpha)) / (alpha - 1)
    return float(max(epsilon.min(), 0.0))


def noise_for(*, epsilon: float, rounds: int, delta: float) -> float:
    """The least noise, as a multiple of the clipping norm, with which ``rounds`` sums cost ``epsilon`` at most."""
    if epsilon <= 0:
        raise BadInput(f"epsilon must be above zero; got {epsilon!r}.")
    low, high = 1e-3, 1e6
    for _ in range(100):
        middle = float(np.sqrt(low * high))
        low, high = (
            (middle, high)
            if spent_epsilon(noise=middle, rounds=rounds, delta=delta) > epsilon
            else (low, middle)
        )
    return high


def mu_of_subject(*, noise: float, rounds: int, rows: bool) -> float:
    """What a study costs one subject of a site, in Gaussian differential privacy.

    Parameters
    ----------
    noise : float
        Of each sum, as a multiple of the clipping norm.
    rounds : int
    rows : bool
        Whether each row is clipped: a subject then moves a sum by one clipping norm. If each site's answer is, by two: from
        one side of the ball of clipped answers to the other.

    Examples
    --------
    >>> mu_of_subject(noise=4.0, rounds=4, rows=False), mu_of_subject(noise=4.0, rounds=4, rows=True)
    (1.0, 0.5)
    """
    if not (noise > 0 and rounds > 0):
        raise BadInput("noise and rounds must be above zero.")
    return (1.0 if rows else 2.0) * float(np.sqrt(rounds)) / noise

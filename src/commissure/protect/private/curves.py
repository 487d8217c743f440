"""Private curves: event-related potentials and survival.

References
----------
Luck 2014, *An Introduction to the Event-Related Potential Technique*; Gondara & Wang 2020 (survival), arXiv:1910.05108.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend
from commissure.protect.private.noise import NoiseSource, clip_rows, noisy_sum
from commissure.protect.private.statistic import PrivateStatistic, one_row_a_subject

__all__ = ["release_erp", "release_survival"]

Array = NDArray[np.float64]
_COUNT = 0.3


def release_erp(
    waves: Array, *, rate_hz: float, clip_v: float, mu: float, highest_hz: float = 15.0,
    subjects: Sequence[object] | None = None, noise: NoiseSource | None = None,
) -> PrivateStatistic:  # fmt: skip
    """The grand average of an event-related potential.

    A subject's waves are described by slow cosines up to ``highest_hz``: noise goes into a few numbers a channel instead
    of into every sample. What then drowns in the noise, whose size is public, is shrunken (James-Stein).

    Parameters
    ----------
    waves : array, shape (subject, time, channel)
        One average a subject, in volts.
    rate_hz : float
        Samples a second.
    clip_v : float
        The clip norm as root mean square over time and channels, in volts: a public number, such as 5e-6.
    mu : float
        The Gaussian budget.
    highest_hz : float
        What is faster is left out.

    Returns
    -------
    PrivateStatistic
        ``erp_v`` of shape (time, channel), and the noise in it.
    """
    if waves.ndim != 3 or clip_v <= 0:
        raise BadInput(
            f"waves must have shape (subject, time, channel), clip_v be above 0; got {waves.shape}, {clip_v!r}."
        )
    one_row_a_subject(subjects, rows=len(waves))
    people, samples, channels = waves.shape
    basis = _cosines(samples, rate_hz=rate_hz, highest_hz=highest_hz)
    norm = clip_v * (samples * channels) ** 0.5
    rows = clip_rows((basis.T @ waves).reshape(people, -1), norm=norm)
    whole = np.column_stack([rows, np.full(people, _COUNT * norm)])
    length = float(np.hypot(norm, _COUNT * norm))
    total = noisy_sum(whole, norm=length, mu=mu, noise=noise)
    counted = max(float(total[-1]) / (_COUNT * norm), 1.0)
    slow = _shrunk((total[:-1] / counted).reshape(-1, channels), sd=length / mu / counted)
    erp = basis @ slow
    sd = np.sqrt((basis**2).sum(axis=1, keepdims=True)) * length / mu / counted * np.ones((1, channels))
    return PrivateStatistic(
        "ERP average",
        {"erp_v": erp, "count": np.array(counted)},
        Spend(what="ERP average", mu=mu),
        {"erp_v": sd},
    )


def release_survival(
    times: Array, events: Array, *, edges: Sequence[float], mu: float, noise: NoiseSource | None = None
) -> PrivateStatistic:
    """A Kaplan-Meier curve from noisy counts of events and of subjects at risk.

    A subject falls into one cell (which interval, event or censored), so one histogram of sensitivity 1 holds all.

    Parameters
    ----------
    times : array, shape (subject,)
        Time of event or censoring.
    events : array of bool, shape (subject,)
        Whether the event happened.
    edges : sequence of float
        Public interval edges, ascending; what is later is censored at the last.
    mu : float
        The Gaussian budget.

    Returns
    -------
    PrivateStatistic
        ``survival`` at each edge after the first, ``at_risk`` and ``events`` of each interval.
    """
    limits = np.asarray(edges, dtype=float)
    if limits.size < 2 or not (np.diff(limits) > 0).all():
        raise BadInput(f"edges must ascend, two at least; got {limits.size} of them.")
    if times.shape != events.shape or not np.isfinite(times).all():
        raise BadInput("times and events must be as many, and none missing.")
    one_row_a_subject(None, rows=len(times))
    bins = limits.size - 1
    late = times >= limits[-1]
    place = np.clip(np.searchsorted(limits, times, side="right") - 1, 0, bins - 1)
    cell = np.where(late, 2 * bins, 2 * place + np.where(events.astype(bool), 0, 1))
    rows = np.eye(2 * bins + 1)[cell]
    counts = noisy_sum(rows, norm=1.0, mu=mu, noise=noise)
    died = np.maximum(counts[0 : 2 * bins : 2], 0.0)
    left = counts[0 : 2 * bins : 2] + counts[1 : 2 * bins : 2]
    risk = counts.sum() - np.concatenate([[0.0], np.cumsum(left)[:-1]])
    # censored within an interval: half of them count as at risk, the actuarial rule
    effective = np.maximum(risk - np.maximum(counts[1 : 2 * bins : 2], 0) / 2, 1.0)
    survival = np.cumprod(1 - np.clip(died / effective, 0, 1))
    return PrivateStatistic(
        "survival curve", {"survival": survival, "at_risk": risk, "events": died, "edge": limits[1:]},
        Spend(what="survival curve", mu=mu), {"events": np.full(bins, 1 / mu)})  # fmt: skip


def _shrunk(slow: Array, *, sd: float) -> Array:
    """James-Stein by blocks: what drowns in noise of known size goes towards zero; no private data are used again."""
    whole, block = slow.copy(), max(1, -(-8 // slow.shape[1]))
    for start in range(0, len(slow), block):
        part = whole[start : start + block]
        power = max(float((part**2).sum()), 1e-300)
        whole[start : start + block] = part * max(0.0, 1 - max(part.size - 2, 0) * sd**2 / power)
    return whole


def _cosines(samples: int, *, rate_hz: float, highest_hz: float) -> Array:
    count = int(min(samples, np.floor(2 * highest_hz * samples / rate_hz) + 1))
    place = (np.arange(samples) + 0.5) / samples
    basis = np.cos(np.pi * place[:, None] * np.arange(count)[None, :])
    return np.asarray(basis / np.linalg.norm(basis, axis=0))

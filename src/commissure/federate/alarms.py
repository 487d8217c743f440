"""Alarms over time: how many events a detector finds, and how often it alarms for nothing; each a count that adds up."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.federate.analysis import Array, Table
from commissure.federate.predictor import Predictor

__all__ = ["Alarms", "alarms_over_sites", "count_alarms", "quiet_threshold"]


@dataclass(frozen=True, slots=True)
class Alarms:
    """What a detector did over some hours.

    Parameters
    ----------
    events, found : int
        Events, and those in which it alarmed.
    false : int
        Alarms outside any event.
    hours : float
    threshold : float
        The chance from which on it alarms.
    """

    events: int
    found: int
    false: int
    hours: float
    threshold: float

    def __add__(self, other: "Alarms") -> "Alarms":
        return Alarms(
            self.events + other.events, self.found + other.found, self.false + other.false,
            self.hours + other.hours, self.threshold,
        )  # fmt: skip


def count_alarms(case: Array, told: Array, *, person: Array, window_s: float, threshold: float) -> Alarms:
    """Events and alarms of windows in their order; windows in a row above the threshold are one alarm.

    Parameters
    ----------
    case, told : array, shape (window,)
        0 or 1; the chance that the model gives.
    person : array, shape (window,)
        No event or alarm goes on from one person to the next.
    window_s, threshold : float

    Examples
    --------
    >>> case, told = np.array([0.0, 0, 1, 1, 0, 0]), np.array([0.9, 0, 0, 0.8, 0, 0.7])
    >>> found = count_alarms(case, told, person=np.zeros(6), window_s=600.0, threshold=0.5)
    >>> found.events, found.found, found.false, found.hours
    (1, 1, 2, 1.0)
    """
    high, events, found, false = told > threshold, 0, 0, 0
    for who in np.unique(person):
        own = person == who
        inside, alarms = _runs(case[own] > 0.5), _runs(high[own])
        events += len(inside)
        found += sum(any(a < end and b > begin for a, b in alarms) for begin, end in inside)
        false += sum(not any(a < end and b > begin for begin, end in inside) for a, b in alarms)
    return Alarms(events, found, false, len(case) * window_s / 3600, threshold)


def quiet_threshold(fine: Array, *, share: float = 0.995) -> float:
    """The chance that so large a share of windows without an event stays below, from counts (class, bin) of all sites."""
    below = np.cumsum(fine[0]) / max(float(fine[0].sum()), 1.0)
    return float((np.searchsorted(below, share) + 1) / fine.shape[1])


def alarms_over_sites(
    model: Predictor, tables: Mapping[str, Table], *, person: str, window_s: float, threshold: float
) -> Alarms:
    """The sum of what each site counts."""
    total = Alarms(0, 0, 0, 0.0, threshold)
    for table in tables.values():
        total += count_alarms(
            table[model.outcome],
            model.predict(table),
            person=table[person],
            window_s=window_s,
            threshold=threshold,
        )
    return total


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begin and end of each run of marked windows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))

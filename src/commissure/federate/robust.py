"""Robust aggregation: one answer of many, of which some may be poisoned.

Each rule must see every site's own answer, so none can be had together with secure aggregation, which shows only the
sum; a plan says which of the two it wants.

References
----------
Yin et al. 2018 (trimmed mean, median), arXiv:1803.01498; Blanchard et al. 2017 (Krum), arXiv:1703.02757.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array

__all__ = ["combiner", "krum", "median", "trimmed_mean"]


def trimmed_mean(answers: Array, *, trim: float = 0.2) -> Array:
    """The mean of each number without the ``trim`` share of lowest and of highest sites, shape (value,).

    >>> trimmed_mean(np.array([[1.0], [2.0], [3.0], [4.0], [900.0]])).tolist()
    [3.0]
    """
    if not 0 <= trim < 0.5:
        raise BadInput(f"trim must be at least 0 and below .5; got {trim!r}.")
    cut = int(np.ceil(trim * len(answers))) if trim else 0
    if 2 * cut >= len(answers):
        raise BadInput(f"Trimming {cut} of {len(answers)} sites on each side leaves none.")
    return np.asarray(np.sort(answers, axis=0)[cut : len(answers) - cut].mean(axis=0))


def median(answers: Array) -> Array:
    """The median of each number over sites, shape (value,)."""
    return np.asarray(np.median(answers, axis=0))


def krum(answers: Array, *, poisoned: int = 1, keep: int = 1) -> Array:
    """The mean of the ``keep`` answers that lie closest to their neighbours, shape (value,).

    Parameters
    ----------
    answers : array, shape (site, value)
    poisoned : int
        How many may be; the rule needs 2 ``poisoned`` + 3 sites.
    keep : int
        1 for Krum, more for Multi-Krum.
    """
    count = len(answers)
    if count < 2 * poisoned + 3:
        raise BadInput(f"Krum against {poisoned} poisoned sites needs {2 * poisoned + 3} sites; got {count}.")
    squares = (answers**2).sum(axis=1)
    distance = np.maximum(squares[:, None] + squares - 2 * answers @ answers.T, 0.0)
    np.fill_diagonal(distance, np.inf)
    score = np.sort(distance, axis=1)[:, : count - poisoned - 2].sum(axis=1)
    return np.asarray(answers[np.argsort(score, kind="stable")[:keep]].mean(axis=0))


def combiner(parameters: Mapping[str, Any]) -> Callable[[Array], Array] | None:
    """The rule that a plan's ``robust`` names, scaled to stand for a sum; None where it names none.

    Raises
    ------
    BadInput
        If there is no such rule.
    """
    name = parameters.get("robust", "")
    rules: dict[str, Callable[[Array], Array]] = {
        "trimmed_mean": trimmed_mean,
        "median": median,
        "krum": krum,
    }
    if not name:
        return None
    if name not in rules:
        raise BadInput(f"robust must be one of {', '.join(rules)}; got {name!r}.")
    return lambda answers: len(answers) * rules[name](answers)

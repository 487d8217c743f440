"""Choose among models by inner cross-validation over sites: only the sum of the held-out loss leaves a site.

The choice must not see the rows that the chosen model is judged on; run this on each training part alone.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.federate.analysis import Array, Table, stacked
from commissure.federate.predictor import Predictor, fit_predictor

__all__ = ["choose", "fold_numbers", "held_out_loss", "rows_where"]

Candidate = tuple[str, Mapping[str, Any]]


def fold_numbers(
    table: Table, folds: int, *, seed: int, person: str = "", outcome: str = ""
) -> NDArray[np.intp]:
    """The fold of each row of a site; rows of one person go together, and each fold gets its share of cases.

    Parameters
    ----------
    table : mapping of str to array
    folds : int
    seed : int
    person, outcome : str
        Columns; empty where each row is a person, or cases are not to be spread.
    """
    rows = len(next(iter(table.values())))
    people = np.asarray(table[person]) if person else np.arange(rows)
    _, first, index = np.unique(people, return_index=True, return_inverse=True)
    order = np.random.default_rng([seed, rows]).permutation(first.size)
    if outcome:
        share = np.bincount(index, weights=np.nan_to_num(table[outcome])) / np.bincount(index)
        order = order[np.argsort(share[order], kind="stable")]
    place = np.empty(first.size, int)
    place[order] = np.arange(first.size) % folds
    return np.asarray(place[index])


def held_out_loss(predictor: Predictor, tables: Mapping[str, Table]) -> float:
    """The mean log loss or squared error over all sites' rows, each site sending its sum and count."""
    total, rows = 0.0, 0
    for table in tables.values():
        y = stacked(table, [predictor.outcome])[:, 0]
        there = ~np.isnan(y)
        eta = predictor.margin(predictor.standardized(table))[there]
        y = y[there]
        each = np.logaddexp(0, eta) - y * eta if predictor.family == "logistic" else (y - eta) ** 2
        total, rows = total + float(each.sum()), rows + len(y)
    return total / max(rows, 1)


def choose(
    candidates: Mapping[str, Candidate],
    *,
    tables: Mapping[str, Table],
    folds: int = 3,
    seed: int = 0,
    person: str = "",
) -> tuple[str, dict[str, float]]:
    """The name of the candidate with the least held-out loss, and the loss of each.

    Parameters
    ----------
    candidates : mapping of str to (analysis, parameters)
    tables : mapping of str to Table
        Training rows alone.
    folds, seed : int
    person : str
        As for :func:`fold_numbers`.

    Raises
    ------
    BadInput
        If there is no candidate.
    """
    if not candidates:
        raise BadInput("There is no model to choose from.")
    losses = dict.fromkeys(candidates, 0.0)
    outcome = str(next(iter(candidates.values()))[1]["outcome"])
    parts = {
        site: fold_numbers(t, folds, seed=seed, person=person, outcome=outcome) for site, t in tables.items()
    }
    for fold in range(folds):
        train = {site: rows_where(table, parts[site] != fold) for site, table in tables.items()}
        test = {site: rows_where(table, parts[site] == fold) for site, table in tables.items()}
        for name, (analysis, parameters) in candidates.items():
            losses[name] += held_out_loss(fit_predictor(analysis, parameters, tables=train), test) / folds
    return min(losses, key=losses.__getitem__), losses


def rows_where(table: Table, chosen: NDArray[np.bool_]) -> dict[str, Array]:
    """The chosen rows of a table."""
    return {name: np.asarray(values)[chosen] for name, values in table.items()}

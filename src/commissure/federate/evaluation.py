"""Did federation help? One model of all sites beside pooled rows and each site alone, on the same rows held out.

References
----------
DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from commissure.errors import BadInput
from commissure.federate.analysis import Array

__all__ = ["Score", "auc_scores", "judge", "mean_error_scores"]

_SPREAD = 1.959964


@dataclass(frozen=True, slots=True)
class Score:
    """One model's score with its 95 % confidence interval."""

    name: str
    value: float
    low: float
    high: float
    rows: int

    def to_dict(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


def auc_scores(
    outcome: Array, predictions: Mapping[str, Array], *, persons: Array | None = None
) -> tuple[list[Score], Array]:
    """The area under the ROC curve of each model on the same rows, and the covariance of their errors.

    Parameters
    ----------
    outcome : array, shape (row,)
        0 or 1.
    predictions : mapping of str to array, shape (row,)
    persons : array, shape (row,), optional
        Who each row is of, where one person gives several: rows of one person are then no independent evidence
        (Obuchowski 1997, doi:10.2307/2533958).

    Raises
    ------
    BadInput
        If the rows hold one class only.

    Examples
    --------
    >>> scores, _ = auc_scores(np.array([0.0, 0, 1, 1]), {"m": np.array([0.1, 0.4, 0.35, 0.8])})
    >>> scores[0].value
    0.75
    """
    case = outcome > 0.5
    count, others = int(case.sum()), int((~case).sum())
    if not count or not others:
        raise BadInput("The rows held out have one class only; an area under the curve needs both.")
    above, below, values = [], [], []
    for prediction in predictions.values():
        everyone = _midranks(prediction)
        above.append((everyone[case] - _midranks(prediction[case])) / others)
        below.append(1 - (everyone[~case] - _midranks(prediction[~case])) / count)
        values.append(float(above[-1].mean()))
    if persons is None:
        covariance = np.atleast_2d(_cov(above) / count + _cov(below) / others)
    else:
        each = np.zeros((len(values), len(outcome)))
        for row, value in enumerate(values):
            each[row, case], each[row, ~case] = (above[row] - value) / count, (below[row] - value) / others
        covariance = _clustered(each, persons)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    scores = [
        Score(name, value, max(value - _SPREAD * error, 0.0), min(value + _SPREAD * error, 1.0), len(outcome))
        for name, value, error in zip(predictions, values, errors, strict=True)
    ]
    return scores, covariance


def mean_error_scores(
    outcome: Array, predictions: Mapping[str, Array], *, persons: Array | None = None
) -> tuple[list[Score], Array]:
    """The mean absolute error of each model on the same rows, and the covariance of these means."""
    errors = np.array([np.abs(prediction - outcome) for prediction in predictions.values()])
    if persons is None:
        covariance = np.atleast_2d(_cov(list(errors)) / len(outcome))
    else:
        covariance = _clustered((errors - errors.mean(axis=1, keepdims=True)) / len(outcome), persons)
    spread = _SPREAD * np.sqrt(np.diag(covariance))
    return [
        Score(name, float(row.mean()), float(row.mean() - s), float(row.mean() + s), len(outcome))
        for name, row, s in zip(predictions, errors, spread, strict=True)
    ], covariance


def judge(scores: Sequence[Score], covariance: Array, *, higher_is_better: bool = True) -> str:
    """One sentence: whether the federated model is better than the best single site's, and how it stands to the pooled.

    ``scores`` hold ``"federated"``, ``"pooled"`` and one a site.
    """
    names = [score.name for score in scores]
    fed, pooled = names.index("federated"), names.index("pooled")
    sign = 1.0 if higher_is_better else -1.0
    alone = [n for n in range(len(names)) if n not in (fed, pooled)]
    best = max(alone, key=lambda n: sign * scores[n].value)
    gain = sign * (scores[fed].value - scores[best].value)
    spread = _SPREAD * float(
        np.sqrt(max(covariance[fed, fed] + covariance[best, best] - 2 * covariance[fed, best], 0.0))
    )
    interval = f"{gain:+.3f} [{gain - spread:+.3f}, {gain + spread:+.3f}]"
    if gain - spread > 0:
        verdict = f"Federation helps: {interval} over the best single site ({names[best]})."
    elif gain + spread < 0:
        verdict = f"Federation does not help: {interval} against the best single site ({names[best]})."
    else:
        verdict = (
            f"Federation is not shown to help over the best single site ({names[best]}), which no one knows beforehand: "
            f"{interval}."
        )
    typical = float(np.median([sign * (scores[fed].value - scores[n].value) for n in alone]))
    apart = sign * (scores[fed].value - scores[pooled].value)
    return f"{verdict} Over the typical site: {typical:+.3f}. Against pooled rows: {apart:+.4f}."


def _clustered(each: Array, persons: Array) -> Array:
    """The covariance of sums of what rows add, shape (model, row), where rows of one person go together."""
    known, index = np.unique(persons, return_inverse=True)
    sums = np.stack([np.bincount(index, weights=row, minlength=known.size) for row in each])
    return np.asarray(sums @ sums.T * known.size / max(known.size - 1, 1))


def _cov(rows: list[Array]) -> Array:
    return np.asarray(np.cov(np.array(rows)) if len(rows[0]) > 1 else np.zeros((len(rows), len(rows))))


def _midranks(values: Array) -> Array:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2.0)[where])

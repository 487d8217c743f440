"""What a private release gives: values, how much noise is in them, and what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend

__all__ = ["Bounds", "PrivateStatistic", "baseline", "check_labels", "one_row_a_subject"]

Array = NDArray[np.float64]
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class PrivateStatistic:
    """A statistic that may be published.

    Parameters
    ----------
    name : str
        What it is.
    values : mapping of str to array
        The numbers.
    noise_sd : mapping of str to array
        The deviation that privacy adds to the values of the same name, from public numbers only.
    spend : Spend
        What it costs.
    notes : tuple of str
        What a reader must know.
    cost : mapping of str to float
        Where a budget was charged: ``epsilon`` and ``delta``, what was asked for (``asked_epsilon``), the limit on attacks
        (``most_auc``), and what no membership attack on this one release can pass (``attack_auc``).
    """

    name: str
    values: Mapping[str, Array]
    spend: Spend
    noise_sd: Mapping[str, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cost: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON-able values."""
        return {
            "name": self.name,
            "values": {key: np.asarray(value).tolist() for key, value in self.values.items()},
            "noise_sd": {key: np.asarray(value).tolist() for key, value in self.noise_sd.items()},
            "spend": self.spend.to_dict(),
            "notes": list(self.notes),
            "cost": dict(self.cost),
        }


@dataclass(frozen=True, slots=True)
class Bounds:
    """Public limits of each column: what is outside is moved to the limit.

    >>> Bounds((0.0,), (10.0,)).scaled(np.array([[10.0], [5.0], [99.0]])).ravel().tolist()
    [1.0, 0.0, 1.0]
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.lower) != len(self.upper) or not self.lower:
            raise BadInput(
                f"Bounds need as many lower as upper limits; got {len(self.lower)} and {len(self.upper)}."
            )
        wrong = [i for i, (a, b) in enumerate(zip(self.lower, self.upper, strict=True)) if not a < b]
        if wrong:
            raise BadInput(f"Each lower limit must be below its upper; columns {wrong} are not.")

    @property
    def centre(self) -> Array:
        """The middle of each column's limits."""
        return np.asarray(np.add(self.lower, self.upper) / 2, dtype=np.float64)

    @property
    def half(self) -> Array:
        """Half the width of each column's limits."""
        return np.asarray(np.subtract(self.upper, self.lower) / 2, dtype=np.float64)

    def scaled(self, rows: Array) -> Array:
        """``rows`` clipped to the limits and brought to -1 … 1."""
        if rows.ndim != 2 or rows.shape[1] != len(self.lower):
            raise BadInput(
                f"The table must have {len(self.lower)} columns, as the bounds do; got shape {rows.shape}."
            )
        return np.asarray((np.clip(rows, self.lower, self.upper) - self.centre) / self.half)


def baseline(statistic: str, *, columns: int, planned_n: int, mu: float) -> str:
    """A release beside what may be published for nothing, from public numbers only; refused if it says no more.

    Parameters
    ----------
    statistic : str
        ``"histogram"``, ``"mean"``, ``"quantiles"``, ``"correlation"``, ``"regression"``, ``"survival"``, ``"erp"``,
        ``"classifier"`` or ``"network"``.
    columns : int
        How many columns, categories, edges, waves' coefficients or weights share in the noise.
    planned_n : int
        The announced number of subjects, not a count of the private rows.
    mu : float
        The Gaussian budget.

    Returns
    -------
    str
        Both errors, as shares of half the public range (of the cohort, for counts).

    Raises
    ------
    BadInput
        If the noise would exceed a quarter of what is measured, or the error of the public guess; with how many subjects
        it takes.

    Examples
    --------
    >>> baseline("mean", columns=1, planned_n=1000, mu=0.5)
    'publishing only the middle of the public limits has an expected error of 0.577; the noise of this release is 0.002'
    """
    length, guess, guess_error = _against(statistic, columns)
    allowed = min(0.25, guess_error)
    least = int(np.ceil(length / mu / allowed))
    noise = length / mu / max(planned_n, 1)
    if planned_n < least:
        raise BadInput(
            f"{planned_n} subjects are too few for a {statistic} of {columns} columns at mu {mu:.3g}: the noise would be "
            f"{noise:.0%} of the range, publishing only {guess} has {guess_error:.0%}; it takes {least} subjects, fewer "
            "columns or a larger epsilon."
        )
    return f"publishing only {guess} has an expected error of {guess_error:.3f}; the noise of this release is {noise:.3f}"


def _against(statistic: str, columns: int) -> tuple[float, str, float]:
    """Noise times subjects times mu; what may be published for nothing; and its error if all values were as likely."""
    even = 3**-0.5
    shares = (max(columns - 1, 1) / (columns + 1)) ** 0.5 / columns
    known = {
        "histogram": (1.0, "equal shares", shares),
        "mean": (1.12 * columns**0.5, "the middle of the public limits", even),
        "quantiles": (10**0.5, "the middle of the public limits", even),
        "correlation": (1.5 * columns, "no correlation at all", even),
        "regression": (1.5 * columns, "slopes of zero", even),
        "survival": (columns**0.5, "a straight line", even / 2),
        "erp": (1.04 * columns**0.5, "a flat line", 1.0),
        "classifier": (columns**0.5, "a coin", 1.0),
        "network": (columns**0.5, "a coin", 1.0),
    }
    if statistic not in known:
        raise BadInput(f"A statistic with a baseline is one of {', '.join(known)}; got {statistic!r}.")
    return known[statistic]


def check_labels(labels: Array) -> None:
    """Refuse labels of a classifier that are not 0 and 1, both of them.

    >>> check_labels(np.array([0.0, 1.0, 1.0]))
    """
    kinds = np.unique(labels)
    if not np.isin(kinds, (0, 1)).all() or len(kinds) < 2:
        raise BadInput(f"labels must be 0 and 1, both; got {len(kinds)} different values.")


def one_row_a_subject(subjects: object, *, rows: int, fewest: int = _FEWEST) -> None:
    """Check that every row is another subject's, and that there are ``fewest`` at least.

    Parameters
    ----------
    subjects : sequence or None
        The subject of each row; None if the caller vouches that each row is another's.
    rows : int
        How many rows there are.
    fewest : int
        A cohort below this is refused.

    Raises
    ------
    BadInput
        With the numbers, for whoever holds the data; the message itself must not be published.
    """
    if rows < fewest:
        raise BadInput(
            f"The cohort is too small for a private statistic: {rows} subjects, it takes {fewest} at least."
        )
    if subjects is None:
        return
    named = np.asarray(subjects)
    if named.shape != (rows,):
        raise BadInput(f"subjects must name one subject a row: {rows} rows, got shape {named.shape}.")
    most = int(np.unique(named, return_counts=True)[1].max())
    if most > 1:
        raise BadInput(
            f"One subject has {most} rows; privacy here is a subject's, so give one row each (their mean, or one scan)."
        )

"""What may be asked of a dataset's private data: all of it is public, and said before anybody looks."""

from dataclasses import dataclass

from commissure.errors import BadInput
from commissure.protect.private.connectivity_plan import MOST_AUC
from commissure.protect.private.network import TrainingPlan, plan_training

__all__ = ["STATISTICS", "Ask"]

#: what there is, and what the `table` of each is called if nothing is said
STATISTICS = {
    "count": "participants.tsv",
    "histogram": "participants.tsv",
    "mean": "participants.tsv",
    "quantiles": "participants.tsv",
    "correlation": "participants.tsv",
    "regression": "participants.tsv",
    "survival": "participants.tsv",
    "classifier": "participants.tsv",
    "network": "participants.tsv",
    "connectivity": "_relmat.tsv",
    "erp": "_eeg",
}
_ONCE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of a dataset; all of it public.

    Parameters
    ----------
    statistic : str
        ``count``, ``histogram``, ``mean``, ``quantiles``, ``correlation`` (covariances too), ``regression`` (the last column
        on the others), ``survival`` (time, event), ``classifier`` and ``network`` (the last column, 0 or 1, from the
        others), ``connectivity`` or ``erp``.
    epsilon : float
        What this one release may cost.
    columns : tuple of str
        The table's columns it is about; the channels of an ERP.
    lower, upper : tuple of float
        Public limits, one a column; a classifier's label needs none.
    categories : tuple of str
        What may occur, for a histogram.
    points : tuple of float
        Probabilities of quantiles, edges of a survival curve, or from when to when an ERP goes (seconds from the event).
    planned_n : int
        The announced number of subjects, a public number; only a count goes without.
    several : str
        What to do where a subject has several rows or scans: ``"refuse"``, or ``"mean"`` to average them first, so that
        each subject still contributes once.
    public : tuple of str
        Public datasets whose connectivity is the reference, a cohort each.
    regions : bool
        Whether connectivity is released between regions, not between the 7 or 17 networks that their names tell.
    event : str
        The ``trial_type`` (or value) whose ERP is released.
    clip_v : float
        The clip norm of an ERP, root mean square in volts.
    hidden : int
        Units of a network's hidden layer.
    most_auc : float or None
        The area under the ROC curve that no membership attack on this release may be able to pass: it spends less than
        ``epsilon`` where that would allow more. 1 for no such limit; None for 0.55 with connectivity and 1 with others.
    """

    statistic: str
    epsilon: float
    columns: tuple[str, ...] = ()
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    points: tuple[float, ...] = ()
    planned_n: int = 0
    several: str = _ONCE
    public: tuple[str, ...] = ()
    regions: bool = False
    event: str = ""
    clip_v: float = 0.0
    hidden: int = 8
    most_auc: float | None = None

    def __post_init__(self) -> None:
        if self.statistic not in STATISTICS:
            raise BadInput(f"A statistic is one of {', '.join(STATISTICS)}; got {self.statistic!r}.")
        if self.statistic != "count" and self.planned_n < 1:
            raise BadInput(
                f"Say how many subjects were announced (planned_n): a {self.statistic} is set beside its public baseline "
                "before it is paid for, and the true number is private."
            )
        if self.statistic not in {"count", "connectivity"} and not self.columns:
            raise BadInput(f"A {self.statistic} needs the names of its columns (or channels).")
        if self.several not in {_ONCE, "mean"}:
            raise BadInput(f"Several rows of a subject are met by 'refuse' or 'mean'; got {self.several!r}.")

        if self.most_auc is not None and not 0.5 < self.most_auc <= 1:
            raise BadInput(
                f"An attack's AUC to stay below is above 0.5, and 1 for no limit; got {self.most_auc!r}."
            )

    @property
    def auc_limit(self) -> float:
        """What no membership attack on this release may be able to pass; 1 for no limit."""
        if self.most_auc is not None:
            return self.most_auc
        return MOST_AUC if self.statistic == "connectivity" else 1.0

    @property
    def width(self) -> int:
        """How many columns, categories, intervals, coefficients of a wave or weights share in the noise."""
        features = len(self.columns) - 1
        wide = {
            "histogram": len(self.categories),
            "survival": len(self.points),
            "erp": len(self.columns)
            * round(1 + 30 * sum(p * s for p, s in zip(self.points, (-1, 1), strict=False))),
            "classifier": features + 1,
            "network": (features + 2) * self.hidden + 1 if self.hidden else features + 1,
        }
        return max(1, wide.get(self.statistic, len(self.columns)))

    def training(self, *, delta: float) -> TrainingPlan:
        """How a network is trained for this price."""
        return plan_training(self.epsilon, delta=delta, planned_n=self.planned_n, hidden=self.hidden)

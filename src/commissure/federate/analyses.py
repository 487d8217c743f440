"""The table of analyses: what a plan may name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from commissure.errors import BadInput
from commissure.federate.analysis import Analysis
from commissure.federate.boosting import Boosting
from commissure.federate.compression import Compressed
from commissure.federate.deep import DeepTraining
from commissure.federate.mixed import MixedModel
from commissure.federate.plan import Plan
from commissure.federate.private_training import PrivateTraining
from commissure.federate.regression import Regression
from commissure.federate.scaled import Scaled
from commissure.federate.summaries import Components, Histogram, Moments, Quantiles
from commissure.federate.survival import CoxRegression
from commissure.federate.training import Training

__all__ = ["ANALYSES", "build"]


def _regression(features: list[str], **said: Any) -> Analysis:
    return Scaled(features, Regression(features, **said))


def _training(
    features: list[str], *, compress: Mapping[str, Any] | None = None, layers: Sequence[int] = (), **said: Any
) -> Analysis:
    training: Any = DeepTraining(features, layers=layers, **said) if layers else Training(features, **said)
    made: Analysis = training
    if compress is not None:
        if training.noise:
            raise BadInput(
                "The price of noise is not known after rounding to 16 bits: take compress or noise."
            )
        made = Compressed(training, training.clip, **compress)
    if (
        training.noise
    ):  # means and spreads would be released without it: with it, columns are taken as they are
        return made
    # a number that is predicted is standardized, too: step sizes suit one scale
    own = [training.outcome] if training.family == "linear" else []
    return Scaled([*training.features, *own], made, unfilled=own)


def _deep(features: list[str], *, layers: Sequence[int] = (16, 8), **said: Any) -> Analysis:
    return _training(features, layers=layers, **said)


def _trees(features: list[str], **said: Any) -> Analysis:
    return Scaled(features, Boosting(features, **said))


#: a name, and what makes the analysis from a plan's parameters
ANALYSES: Mapping[str, Callable[..., Analysis]] = {
    "moments": Moments,
    "histogram": Histogram,
    "quantiles": Quantiles,
    "components": Components,
    "regression": _regression,
    "cox": CoxRegression,
    "mixed": MixedModel,
    "training": _training,
    "deep": _deep,
    "private_training": PrivateTraining,
    "trees": _trees,
}


def build(plan: Plan, *, checked: bool = True) -> Analysis:
    """The analysis that a plan names.

    Parameters
    ----------
    plan : Plan
    checked : bool
        Whether its first state is made to see that it can begin; a site need not, the coordinator has.

    Raises
    ------
    BadInput
        If there is none of that name, or its parameters do not fit.
    """
    if plan.analysis not in ANALYSES:
        raise BadInput(f"No analysis is called {plan.analysis!r}; there are: {', '.join(ANALYSES)}.")
    try:
        analysis = ANALYSES[plan.analysis](**plan.parameters)
        if checked:
            analysis.first()
    except TypeError as error:
        raise BadInput(
            f"The parameters {sorted(plan.parameters)} do not fit the analysis {plan.analysis!r}."
        ) from error
    return analysis

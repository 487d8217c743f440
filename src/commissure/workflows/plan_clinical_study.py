"""Plan one of the studies that work out of the box among hospitals: its columns, a model of its own, and who takes part."""

from collections.abc import Sequence

from commissure.errors import BadInput
from commissure.federate.clinical import ClinicalStudy
from commissure.federate.plan import Plan
from commissure.workflows.plan_study import plan_study

__all__ = ["plan_clinical_study"]


def plan_clinical_study(
    study: ClinicalStudy,
    *,
    sites: Sequence[str],
    model: str = "",
    without: Sequence[str] = (),
    minimum: int = 0,
) -> Plan:
    """The plan that sites approve, coordinate and join.

    Parameters
    ----------
    study : ClinicalStudy
    sites : sequence of str
        ``"NAME=KEY"``, the key in hexadecimal.
    model : str
        One of the study's models; its first, the plainest, if not said.
    without : sequence of str
        Features that are left out, such as one that a site has not measured at all.
    minimum : int
        Fewest sites in a sum; 0 for two thirds and one.

    Raises
    ------
    BadInput
        If the study has no such model or feature, none is left, or a site cannot be read.

    Examples
    --------
    >>> from commissure.federate.clinical import find_study
    >>> sites = [f"hospital-{n}={n:064x}" for n in range(3)]
    >>> plan = plan_clinical_study(find_study("dementia"), sites=sites, without=["ptau217"])
    >>> plan.analysis, plan.columns[0].unit, plan.minimum
    ('regression', 'a', 3)
    """
    candidates = study.candidates()
    name = model or next(iter(candidates))
    if name not in candidates:
        raise BadInput(f"The study {study.name!r} has no model {name!r}; there are: {', '.join(candidates)}.")
    if unknown := [column for column in without if column not in study.features]:
        raise BadInput(
            f"The study {study.name!r} has no feature {unknown[0]!r}; there are: {', '.join(study.features)}."
        )
    features = [column for column in study.features if column not in without]
    if not features:
        raise BadInput(
            f"Without these columns the study {study.name!r} has no feature left; leave out fewer."
        )
    analysis, said = candidates[name]
    columns = [column for column in study.columns if column.name in {*features, study.outcome}]
    return plan_study(
        study.title,
        sites=sites,
        columns=columns,
        analysis=analysis,
        parameters={**said, "features": features},
        minimum=minimum,
    )

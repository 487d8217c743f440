"""Private group connectivity: a cohort's mean correlation matrix, for a price, never worse than a public reference.

References
----------
Arsigny et al. 2006, doi:10.1002/mrm.20965; Yeo et al. 2011 (7 and 17 networks), doi:10.1152/jn.00338.2011.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput, NotPermitted
from commissure.protect.private.connectivity_plan import ConnectivityPlan
from commissure.protect.private.noise import NoiseSource, clip_rows, noisy_sum
from commissure.protect.private.statistic import PrivateStatistic, one_row_a_subject

__all__ = ["check_plan", "release_connectivity"]

Array = NDArray[np.float64]


def check_plan(plan: ConnectivityPlan, *, least_gain: float = 0.02) -> None:
    """Refuse a release that would say no more than the public reference.

    The decision uses public numbers alone (the announced size, the budget, public cohorts), so that the refusal tells
    nothing of the private data and costs nothing.

    Raises
    ------
    NotPermitted
        With both errors.
    """
    if plan.expected_error > (1 - least_gain) * plan.reference_error:
        raise NotPermitted(
            f"With {plan.planned_n} subjects and mu {plan.mu:.3g} the release would have a relative error of "
            f"{plan.expected_error:.4f}, the public reference alone has {plan.reference_error:.4f}: publish the reference "
            f"(it costs nothing), use fewer and larger networks, or {_more(plan)}."
        )


def release_connectivity(
    matrices: Array, *, plan: ConnectivityPlan, subjects: Sequence[object] | None = None, noise: NoiseSource | None = None
) -> PrivateStatistic:  # fmt: skip
    """The cohort's mean connectivity.

    Each subject's offset from the public reference is weighted and clipped as the plan says; the sum gets noise and the
    plan's public weight of the reference; the result is projected to a correlation matrix.

    Parameters
    ----------
    matrices : array, shape (subject, region, region)
        One correlation matrix a subject.
    plan : ConnectivityPlan
        From :func:`~commissure.protect.private.connectivity_plan.plan_connectivity`.
    subjects : sequence, optional
        The subject of each matrix, to check that there is one each.
    noise : NoiseSource, optional
        By default :class:`~commissure.protect.private.noise.SecureNoise`.

    Returns
    -------
    PrivateStatistic
        ``correlation`` (the release), ``reference`` (the baseline), and both expected relative errors.

    Raises
    ------
    NotPermitted
        If the release would be worse than the public reference.
    BadInput
        If a matrix is not a correlation matrix, or a subject has several.
    """
    check_plan(plan)
    size = plan.reference.shape[0]
    if matrices.ndim != 3 or matrices.shape[1:] != (size, size):
        raise BadInput(
            f"matrices must have shape (subject, {size}, {size}), as the plan's reference; got {matrices.shape}."
        )
    one_row_a_subject(subjects, rows=len(matrices))
    _check_correlations(matrices)
    rows = clip_rows(plan.coordinates(matrices), norm=plan.clip)
    rows = np.column_stack([rows, np.full(len(rows), plan.count)])
    total = noisy_sum(rows, norm=plan.norm, mu=plan.mu, noise=noise)
    people = max(float(total[-1]) / plan.count, plan.planned_n / 2)
    matrix = plan.matrix(plan.gain * total[:-1] / people)
    what = f"group connectivity of {size} regions"
    values = {
        "correlation": matrix,
        "reference": plan.reference,
        "expected_error": np.array(plan.expected_error),
        "reference_error": np.array(plan.reference_error),
    }
    note = (
        f"publishing only the public reference has an expected relative error of {plan.reference_error:.4f}, this release "
        f"{plan.expected_error:.4f}"
    )
    return PrivateStatistic(what, values, plan.spend(what), notes=(note, *_limited(plan)))


def _more(plan: ConnectivityPlan) -> str:
    if plan.mu < plan.asked_mu:
        return f"lift the limit on attacks (most_auc above {plan.most_auc:g}; 1 for none) to spend what was asked"
    return "ask for more budget"


def _limited(plan: ConnectivityPlan) -> tuple[str, ...]:
    """What the limit on attacks kept from being spent."""
    if plan.mu >= plan.asked_mu:
        return ()
    return (
        f"mu {plan.mu:.3g} of the {plan.asked_mu:.3g} asked for is spent, so that no membership attack on this release passes "
        f"an AUC of {plan.most_auc:g}; most_auc=1 lifts this limit",
    )


def _check_correlations(matrices: Array) -> None:
    if not np.isfinite(matrices).all():
        raise BadInput(
            f"{int((~np.isfinite(matrices)).any(axis=(1, 2)).sum())} matrices hold missing values."
        )
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    bad = (np.abs(diagonal - 1) > 1e-6).any(axis=1) | (np.abs(matrices) > 1 + 1e-6).any(axis=(1, 2))
    flat = (np.abs(matrices - np.eye(matrices.shape[1])) < 1e-12).all(axis=(1, 2))
    if bad.any() or flat.any():
        raise BadInput(
            f"{int(bad.sum())} matrices are no correlation matrices and {int(flat.sum())} have no correlation at all "
            "(constant series?); take them out or compute them anew."
        )

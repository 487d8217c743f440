"""A plan for a private group connectivity: everything that may be decided, decided from public data alone.

A release says how far a cohort's mean lies from a *public* reference. Public cohorts tell in which directions people
differ, how far, and how much of that distance whole cohorts differ; from that follow, without a look at private data:
which directions to measure and how finely (water-filling: the clip norm is shared so that the expected error is least),
the clip norm, how much of the noisy answer to believe (the weight of the public reference), and the expected error, which
is set beside that of publishing the public reference alone.

References
----------
Arsigny et al. 2006 (log-Euclidean mean), doi:10.1002/mrm.20965; Dong, Roth & Su 2022, doi:10.1111/rssb.12454.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.protect.private.budget import Spend, within_auc

__all__ = ["MOST_AUC", "ConnectivityPlan", "as_correlation", "network_matrices", "plan_connectivity"]

Array = NDArray[np.float64]
#: what no membership attack on one connectivity may pass, unless its owner says otherwise
MOST_AUC = 0.55
#: how much identity is mixed into a matrix before its logarithm, which few volumes would make wild
_RIDGE = 0.1
_MOST_DIRECTIONS = 100
_FEWEST_PUBLIC = 20
#: the share of between-person variance by which cohorts differ, where only one public cohort is at hand
_DEFAULT_SHARE = 0.05
#: the count's share of a subject's length
_COUNT = 0.3


@dataclass(frozen=True, slots=True)
class ConnectivityPlan:
    """What a release of group connectivity will do; made by :func:`plan_connectivity` from public data.

    Parameters
    ----------
    reference : array, shape (region, region)
        The public reference: the mean correlation of the public cohorts.
    base : array, shape (coordinate,)
        The reference in tangent coordinates.
    basis : array, shape (coordinate, direction)
        The directions that are measured.
    weight : array, shape (direction,)
        How strongly, before clipping.
    gain : array, shape (direction,)
        From a noisy mean of clipped weighted coordinates to the expected offset.
    gap : array, shape (region, region)
        Arithmetic mean minus back-projected tangent mean, of the public cohorts.
    clip : float
        The clip norm.
    mu : float
        The Gaussian budget that is spent.
    asked_mu : float
        The one that was asked for; more than ``mu`` where the limit on attacks did not allow it.
    most_auc : float
        That limit.
    planned_n : int
        The announced size of the cohort: a public number.
    reference_error, expected_error : float
        Relative errors to expect of the reference alone, and of this release.
    geometry : str
        ``"tangent"`` (log-Euclidean) or ``"correlation"``.
    """

    reference: Array
    base: Array
    basis: Array
    weight: Array
    gain: Array
    gap: Array
    clip: float
    mu: float
    asked_mu: float
    most_auc: float
    planned_n: int
    reference_error: float
    expected_error: float
    geometry: str

    @property
    def count(self) -> float:
        """The constant that each subject adds, to count."""
        return _COUNT * self.clip

    @property
    def norm(self) -> float:
        """The length that a subject's whole vector cannot pass."""
        return float(np.hypot(self.clip, self.count))

    def spend(self, what: str) -> Spend:
        """The price, named ``what``."""
        return Spend(what=what, mu=self.mu, asked_mu=self.asked_mu if self.mu < self.asked_mu else 0.0)

    def coordinates(self, matrices: Array) -> Array:
        """Weighted offsets from the reference, shape (subject, direction), before clipping."""
        return np.asarray((_coordinates(matrices, self.geometry) - self.base) @ self.basis * self.weight)

    def matrix(self, offset: Array) -> Array:
        """The correlation matrix at ``offset``, shape (direction,), from the reference."""
        back = _back(self.base + self.basis @ offset, self.geometry, self.reference.shape[0])
        return as_correlation(back + self.gap)


def plan_connectivity(
    public: Sequence[Array], *, planned_n: int, mu: float, most_auc: float = MOST_AUC, geometry: str = "tangent"
) -> ConnectivityPlan:  # fmt: skip
    """Decide how to release a cohort's mean connectivity.

    Parameters
    ----------
    public : sequence of array, each of shape (subject, region, region)
        Correlation matrices of *public* cohorts, a site each.
    planned_n : int
        The announced size of the private cohort; a public number, not a count of the private data.
    mu : float
        The Gaussian budget that may be spent (:func:`~commissure.protect.private.budget.gaussian_mu` gives it for an epsilon and delta).
    most_auc : float
        The area under the ROC curve that no membership attack on the release may be able to pass: where ``mu`` would allow
        more, less is spent. 1 for no such limit.
    geometry : str
        ``"tangent"``: clip offsets of matrix logarithms (log-Euclidean); ``"correlation"``: of the matrices themselves.

    Raises
    ------
    BadInput
        If there are too few public subjects, or the shapes do not fit.
    """
    cohorts = [np.asarray(each, dtype=float) for each in public]
    _check_public(cohorts, planned_n, geometry)
    asked_mu, mu = mu, within_auc(mu, most_auc)
    coordinates = [_coordinates(each, geometry) for each in cohorts]
    base = np.mean([each.mean(axis=0) for each in coordinates], axis=0)
    inner = np.concatenate([each - each.mean(axis=0) for each in coordinates])
    _, sizes, rows = np.linalg.svd(inner, full_matrices=False)
    kept = min(_MOST_DIRECTIONS, int((sizes > sizes[0] * 1e-6).sum()))
    basis, spread = rows[:kept].T, sizes[:kept] ** 2 / len(inner)
    sizes_out = float((sizes[kept:] ** 2).sum()) / len(inner)
    offsets, counts = [each.mean(axis=0) - base for each in coordinates], [len(each) for each in coordinates]
    prior, beyond = _cohort_variance(offsets, counts, basis, (spread, sizes_out))
    sd = float(np.hypot(1.0, _COUNT)) / (mu * planned_n)
    share = _fill(prior, spread, sd)
    weight = np.sqrt(share)
    lengths = np.linalg.norm(np.concatenate([(each - base) @ basis * weight for each in coordinates]), axis=1)
    clip = float(np.median(lengths))
    shrunk = float(np.minimum(1.0, clip / lengths).mean())
    variance = (sd * clip / shrunk) ** 2 + share * spread / planned_n
    gain = weight * prior / (share * prior + variance) / shrunk
    inside = np.where(share > 0, prior * variance / (share * prior + variance), prior)
    left = float((inside.sum() + beyond) / (prior.sum() + beyond))
    reference = np.mean([each.mean(axis=0) for each in cohorts], axis=0)
    gap = reference - as_correlation(_back(base, geometry, reference.shape[0]))
    alone = _reference_error(cohorts, reference, (prior.sum() + beyond) / (spread.sum() + sizes_out))
    return ConnectivityPlan(
        reference,
        base,
        basis,
        weight,
        gain,
        gap,
        clip,
        mu,
        asked_mu,
        most_auc,
        planned_n,
        alone,
        alone * left**0.5,
        geometry,
    )


def as_correlation(matrix: Array) -> Array:
    """A symmetric matrix (or a stack) as a correlation matrix: no eigenvalue below zero, diagonal one."""
    values, vectors = np.linalg.eigh((matrix + np.swapaxes(matrix, -1, -2)) / 2)
    lifted = (vectors * np.maximum(values, 1e-6)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    scale = np.sqrt(np.diagonal(lifted, axis1=-2, axis2=-1))
    return np.asarray(lifted / (scale[..., :, None] * scale[..., None, :]))


def network_matrices(matrices: Array, labels: Sequence[object]) -> Array:
    """Correlations between the mean series of networks, from correlations between regions.

    Parameters
    ----------
    matrices : array, shape (subject, region, region)
        Correlations of standardized series.
    labels : sequence
        The network of each region; 7 or 17 of them are the usual choice, and cost far less noise than regions.

    Examples
    --------
    >>> network_matrices(np.eye(4)[None], ["a", "a", "b", "b"])[0].round(6).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    names = list(dict.fromkeys(labels))
    if len(labels) != matrices.shape[-1] or len(names) < 2:
        raise BadInput(
            f"labels must name a network of each of {matrices.shape[-1]} regions, two at least; got {len(labels)}."
        )
    mean = np.array([[1.0 if label == name else 0.0 for label in labels] for name in names])
    blocks = mean @ matrices @ mean.T
    scale = np.sqrt(np.diagonal(blocks, axis1=-2, axis2=-1))
    return np.asarray(blocks / (scale[..., :, None] * scale[..., None, :]))


def _check_public(cohorts: list[Array], planned_n: int, geometry: str) -> None:
    shapes = {each.shape[1:] for each in cohorts}
    people = sum(len(each) for each in cohorts)
    if len(shapes) != 1 or any(each.ndim != 3 or each.shape[1] != each.shape[2] for each in cohorts):
        raise BadInput(
            f"Public cohorts must have shape (subject, region, region), regions alike; got {sorted(shapes)}."
        )
    if people < _FEWEST_PUBLIC or any(len(each) < 2 for each in cohorts):
        raise BadInput(
            f"A plan takes {_FEWEST_PUBLIC} public subjects and 2 a cohort at least; got {people} in {len(cohorts)}."
        )
    if planned_n < 2 or geometry not in {"tangent", "correlation"}:
        raise BadInput(
            f"planned_n must be 2 or more, geometry 'tangent' or 'correlation'; got {planned_n}, {geometry!r}."
        )


def _coordinates(matrices: Array, geometry: str) -> Array:
    if geometry == "tangent":
        size = matrices.shape[-1]
        values, vectors = np.linalg.eigh((1 - _RIDGE) * matrices + _RIDGE * np.eye(size))
        logs = np.log(np.maximum(values, _RIDGE / 2))
        matrices = (vectors * logs[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    i, j = np.triu_indices(matrices.shape[-1])
    return np.asarray(matrices[..., i, j] * np.where(i == j, 1.0, 2**0.5))


def _back(coordinates: Array, geometry: str, size: int) -> Array:
    i, j = np.triu_indices(size)
    matrix = np.zeros((size, size))
    matrix[i, j] = matrix[j, i] = coordinates / np.where(i == j, 1.0, 2**0.5)
    if geometry == "tangent":
        values, vectors = np.linalg.eigh(matrix)
        matrix = ((vectors * np.exp(values)) @ vectors.T - _RIDGE * np.eye(size)) / (1 - _RIDGE)
    return matrix


def _cohort_variance(
    offsets: list[Array], sizes: list[int], basis: Array, spread: tuple[Array, float]
) -> tuple[Array, float]:
    """How far a new cohort's mean is expected from the reference: a variance in each direction, and beyond them all."""
    inside, outside = spread
    cohorts, total = len(offsets), float(inside.sum())
    share, beyond = _DEFAULT_SHARE, _DEFAULT_SHARE * outside
    if cohorts > 1:
        one = float(np.mean([1 / size for size in sizes]))
        within = np.array(offsets) @ basis
        seen = float((within**2).sum()) / (cohorts - 1)
        rest = float((np.array(offsets) ** 2).sum()) / (cohorts - 1) - seen
        share = max(seen / total - one, 1e-3)
        beyond = max(rest - outside * one, 0.0)
    return np.asarray(share * inside * (1 + 1 / cohorts)), beyond * (1 + 1 / cohorts)


def _fill(prior: Array, spread: Array, sd: float) -> Array:
    """Squared weights of least expected error for a mean squared length of one: reverse water-filling."""
    low, high = 1e-12, 1e12
    share = np.zeros_like(prior)
    for _ in range(200):
        level = float(np.sqrt(low * high))
        share = np.maximum(sd * prior / np.sqrt(level * spread) - sd**2, 0.0) / prior
        low, high = (level, high) if float(share @ spread) > 1 else (low, level)
    return share


def _reference_error(cohorts: list[Array], reference: Array, share: float) -> float:
    """The relative error to expect of the reference alone: people's distance from it, times how cohorts share in it."""
    away = np.concatenate([each - each.mean(axis=0) for each in cohorts])
    person = float((away**2).sum(axis=(1, 2)).mean())
    return float(np.sqrt(person * share) / np.linalg.norm(reference))

"""Membership inference: can it be told from what was published whether somebody was in the data?

The attacker holds people of whom half are in, knows how the release is made, and makes shadow releases of random halves
to learn what each person's score looks like with and without them (a likelihood ratio for each person).

References
----------
Carlini et al. 2022 (likelihood ratios from shadow models), doi:10.1109/SP46214.2022.9833649; Homer et al. 2008,
doi:10.1371/journal.pgen.1000167; Dwork et al. 2015 (tracing means), doi:10.1109/FOCS.2015.46.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput

__all__ = ["Attack", "attack_membership", "attack_scores", "auc", "tracing_scores"]

Array = NDArray[np.float64]
_FEWEST_RUNS = 8


@dataclass(frozen=True, slots=True)
class Attack:
    """How well an attack did: 0.5 is a coin.

    Parameters
    ----------
    auc : float
        The chance that a member scores above a non-member, by likelihood ratio.
    plain_auc : float
        The same by the raw score, without shadow releases.
    advantage : float
        The largest difference of true and false positive rates.
    at_low_false : float
        True positive rate at a false positive rate of 1 %.
    runs : int
        How many shadow releases.
    """

    auc: float
    plain_auc: float
    advantage: float
    at_low_false: float
    runs: int


def attack_membership(
    release: Callable[[NDArray[np.int64]], Array], *, people: int, runs: int, rng: np.random.Generator
) -> Attack:
    """Attack a way to release with ``runs`` shadow releases.

    Parameters
    ----------
    release : callable
        From the indices of who is in, to a score of every person, shape (people,): higher, more likely in. It makes the
        release anew each time, noise and all.
    people : int
        How many there are; each run takes a random half.
    runs : int
        Shadow releases, 8 at least; each run is judged by what the others taught.

    Examples
    --------
    >>> rng = np.random.default_rng(0); x = rng.normal(size=(60, 40))
    >>> attack_membership(lambda who: x @ x[who].mean(axis=0), people=60, runs=20, rng=rng).auc > 0.7
    True
    """
    if runs < _FEWEST_RUNS or people < 4:
        raise BadInput(f"An attack takes 8 runs on 4 people at least; got {runs} on {people}.")
    member = np.zeros((runs, people), dtype=bool)
    score = np.empty((runs, people))
    for run in range(runs):
        who = np.sort(rng.permutation(people)[: people // 2])
        member[run, who] = True
        score[run] = release(who)
    return attack_scores(score, member=member)


def attack_scores(score: Array, *, member: NDArray[np.bool_]) -> Attack:
    """The attack on scores that are there already, by the likelihood ratio that all other runs teach of each person.

    Parameters
    ----------
    score : array, shape (run, person)
        Higher, more likely in.
    member : array of bool, shape (run, person)
        Who was in.
    """
    if score.shape != member.shape or score.ndim != 2 or len(score) < _FEWEST_RUNS:
        raise BadInput(
            f"score and member must have one shape (run, person), {_FEWEST_RUNS} runs at least; got {score.shape} and "
            f"{member.shape}."
        )
    ratio = _likelihood_ratio(score, member)
    truth = member.ravel()
    order = np.argsort(-ratio.ravel(), kind="stable")
    true, false = np.cumsum(truth[order]) / truth.sum(), np.cumsum(~truth[order]) / (~truth).sum()
    return Attack(
        auc(ratio[member], ratio[~member]),
        auc(score[member], score[~member]),
        float((true - false).max()),
        float(true[false <= 0.01].max(initial=0.0)),
        len(score),
    )


def tracing_scores(people: Array, *, centre: Array, released: Array) -> Array:
    """How much each person's offset from a public centre goes along with the released offset: the tracing statistic.

    Parameters
    ----------
    people : array, shape (person, value)
        The attacker's candidates.
    centre, released : array, shape (value,)
        What was public before, and what is now.
    """
    offset = released - centre
    return np.asarray((people - centre) @ offset / max(float(np.linalg.norm(offset)), 1e-300))


def auc(members: Array, others: Array) -> float:
    """The chance that one of ``members`` is above one of ``others``; ties count half.

    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    below = np.searchsorted(np.sort(others), members, side="left")
    upto = np.searchsorted(np.sort(others), members, side="right")
    return float((below + upto).mean() / 2 / len(others))


def _likelihood_ratio(score: Array, member: NDArray[np.bool_]) -> Array:
    """The log likelihood ratio of in and out for each run and person, from all other runs; deviations are pooled."""
    inside, outside = member.astype(float), (~member).astype(float)
    mean_in, count_in = _left_out(score, inside)
    mean_out, count_out = _left_out(score, outside)
    rest = inside * (score - mean_in) ** 2 + outside * (score - mean_out) ** 2
    known = (count_in > 0) & (count_out > 0)
    variance = np.maximum(np.where(known, rest, 0.0).mean(axis=0, keepdims=True), 1e-300)
    gap = np.where(known, mean_in - mean_out, 0.0)
    # what few shadow releases say of one person is pulled to what holds for all
    shared = float(np.median(gap / variance**0.5)) * variance**0.5
    trust = 0.5
    gap = trust * gap + (1 - trust) * shared
    middle = np.where(known, (mean_in + mean_out) / 2, score)
    return np.asarray(gap * (score - middle) / variance)


def _left_out(score: Array, weight: Array) -> tuple[Array, Array]:
    count = weight.sum(axis=0, keepdims=True) - weight
    total = (weight * score).sum(axis=0, keepdims=True) - weight * score
    return total / np.maximum(count, 1.0), count

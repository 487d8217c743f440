"""Attacks on private brains: who was in, told from the noisy sums themselves, and a canary that shows as much as any person can.

Whoever has the sums has more than whoever has the brains drawn by them. So an attacker is given both sums, the public
brains and the candidates' own. Each candidate is scored by how much the sums lean towards what that person would have
added, weighed by the noise and by what the others differ by. Nobody adds more than a canary: extreme covariates,
regions far from anybody's.

References
----------
Homer et al. 2008 (tracing sums), doi:10.1371/journal.pgen.1000167; Carlini et al. 2022 (likelihood ratios),
doi:10.1109/SP46214.2022.9833649; Jagielski, Ullman & Oprea 2020 (auditing by canaries), arXiv:2006.07709.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.protect.private.audit import epsilon_lower_bound
from commissure.protect.private.membership import Attack, attack_membership, auc
from commissure.protect.private.noise import clip_rows
from commissure.protect.synthetic.columns import Table
from commissure.protect.synthetic.private_cohort import PrivateCohort
from commissure.protect.synthetic.rois import measure_rois
from commissure.protect.synthetic.volumes import Volumes

__all__ = ["Audit", "attack_cohort", "audit_cohort", "traced"]

Array = NDArray[np.float64]
_FAR = 100.0
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Audit:
    """What a canary betrays.

    Parameters
    ----------
    epsilon : float
        Proved at least, of what is claimed.
    auc : float
        The area under the ROC curve for canary in against canary out: the largest that anybody's membership can have, to
        be held against :func:`commissure.protect.private.budget.attack_auc`.
    runs : int
        How many fits of each kind.
    """

    epsilon: float
    auc: float
    runs: int


def traced(found: PrivateCohort, *, volumes: Array, table: Table) -> Array:
    """For each candidate how much the released sums speak for having been in, shape (person,): higher, more likely.

    Parameters
    ----------
    found : PrivateCohort
        Fitted.
    volumes : array, shape (person, region)
        Of the candidates' regions, in millilitres.
    table : Table
        Their covariates.
    """
    linalg: Any = need("scipy.linalg", purpose="Attacking private brains")
    score = np.zeros(len(volumes))
    for rows, total, noise in _sums(found, volumes, table):
        own = rows - rows.mean(axis=0)
        # half of the candidates are in: what they differ by hides each of them, beside the noise
        hidden = found.count_ * own.T @ own / len(own) + (noise**2 + _LEAST) * np.eye(rows.shape[1])
        score += own @ linalg.solve(hidden, total - found.count_ * rows.mean(axis=0), assume_a="pos")
    return score


def attack_cohort(asked: PrivateCohort, people: Volumes, *, runs: int, rng: np.random.Generator) -> Attack:
    """Attack by ``runs`` shadow releases of random halves of ``people``: no net is trained, so hundreds are soon made.

    Examples
    --------
    >>> from commissure.protect.private.noise import RehearsalNoise
    >>> from commissure.testing.brains import made_brains
    >>> public, people = (made_brains(60, rng=np.random.default_rng(seed), size=16)[0] for seed in (0, 1))
    >>> rng = np.random.default_rng(2)
    >>> asked = PrivateCohort(public, epsilon=1.0, noise=RehearsalNoise(rng))
    >>> attack_cohort(asked, people, runs=8, rng=rng).auc < 0.7
    True
    """
    volumes, table = measure_rois(people.voxels), people.covariates

    def scores(who: NDArray[np.int64]) -> Array:
        asked.fit_measured(volumes[who], replace(table, values=table.values[who]))
        return traced(asked, volumes=volumes, table=table)

    return attack_membership(scores, people=len(volumes), runs=runs, rng=rng)


def audit_cohort(asked: PrivateCohort, people: Volumes, *, runs: int, confidence: float = 0.95) -> Audit:
    """What ``runs`` fits to ``people`` with a canary, and as many without, betray.

    The canary has the last word of every covariate, numbers beyond all public ones, and regions a hundred deviations off: it
    weighs as much as anybody can.
    """
    if not len(people.voxels):
        raise BadInput("A canary hides among people; got none.")
    volumes, table = measure_rois(people.voxels), people.covariates
    levels = table.levels or ((),) * len(table.names)
    odd = [float(len(words) - 1) if words else float(2 * column.max() - column.min()) for words, column in zip(levels, asked.public.values.T, strict=True)]  # fmt: skip
    canary = replace(table, values=np.array([odd]), levels=levels)
    far = asked.effects[0] + _FAR * asked.scale
    both = np.vstack([volumes, far]), replace(table, values=np.vstack([table.values, odd]), levels=levels)

    def shown(inside: bool) -> float:
        asked.fit_measured(*(both if inside else (volumes, replace(table, levels=levels))))
        sums = _sums(asked, far[None], canary)
        return float(sum(total @ rows[0] / noise**2 for rows, total, noise in sums))

    inside, outside = (np.array([shown(each) for _ in range(runs)]) for each in (True, False))
    proved = epsilon_lower_bound(inside, outside, delta=asked.delta, confidence=confidence)
    return Audit(proved, auc(inside, outside), runs)


def _sums(found: PrivateCohort, volumes: Array, table: Table) -> list[tuple[Array, Array, float]]:
    """For both sums: what each person adds, what was released, and the deviation of the noise."""
    people, asked = found.people_, found.asked_
    return [
        (clip_rows(rows, norm=each.norm), total, each.norm / each.mu)
        for each, rows, total in (
            (people, people.rows(table), people.released_),
            (asked, asked.rows(*found.numbers(volumes, table)), found.released_),
        )
    ]

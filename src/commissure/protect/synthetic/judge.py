"""How good and how safe synthetic rows are: what a classifier, a kernel and neighbours see, and what an attacker learns.

References
----------
Lopez-Paz & Oquab 2017 (C2ST), arXiv:1610.06545; Gretton et al. 2012 (MMD), jmlr.org/papers/v13/gretton12a; Kynkäänniemi
et al. 2019 (precision and recall), arXiv:1904.06991; Stadler, Oprisanu & Troncoso 2022, arXiv:2011.07018.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.extras import need
from commissure.model import Finding, Severity
from commissure.protect.private.membership import Attack, attack_membership, auc

__all__ = [
    "Judgement",
    "attack_generator",
    "attribute_gain",
    "check_synthetic",
    "judge",
    "nearest_scores",
    "train_on_synthetic",
    "two_sample_auc",
]

Array = NDArray[np.float64]
_NEIGHBOURS = 5
_FEWEST = 20
#: what an attack on a release may reach, and how much wider than by independent guesses repeated attacks scatter
_HIDDEN, _WIDER = 0.53, 1.5


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was measured on synthetic rows.

    Parameters
    ----------
    two_sample : float
        A classifier's area under the ROC curve for real against synthetic: 0.5 is indistinguishable.
    mmd : float
        Maximum mean discrepancy with a Gaussian kernel, to unseen rows; compare it with that of the fitted rows.
    precision, recall : float
        The share of synthetic rows among real ones, and of real rows among synthetic ones.
    neighbour_ratio : float
        Median distance from synthetic to the fitted rows over that to rows never seen: 1 is safe, near 0 a copy; few
        columns of whole numbers give less than 1 without harm.
    copies : float
        The share of synthetic rows that are a fitted row, beyond the share that is an unseen row by chance.
    """

    two_sample: float
    mmd: float
    precision: float
    recall: float
    neighbour_ratio: float
    copies: float


def judge(
    synthetic: Array, *, fitted: Array, unseen: Array, seed: int = 0, fewest: int = _FEWEST
) -> Judgement:
    """Measure synthetic rows against those that were fitted and those that were kept back.

    Parameters
    ----------
    synthetic, fitted, unseen : array, shape (row, column)
        NaN where missing; ``fitted`` and ``unseen`` are disjoint random parts of the real rows.
    fewest : int
        Rows of each kind that are enough; 6 at least, and then the figures are rough.
    """
    if min(len(synthetic), len(fitted), len(unseen)) < fewest:
        raise BadInput(
            f"Judging takes {fewest} rows of each kind; got {len(synthetic)}, {len(fitted)} and {len(unseen)}."
        )
    s, f, u = (_standard(rows, unseen) for rows in (synthetic, fitted, unseen))
    near_fitted, near_unseen = _nearest(s, f), _nearest(s, u)
    return Judgement(
        two_sample_auc(unseen, synthetic, seed=seed),
        _mmd(u, s),
        _covered(s, by=u),
        _covered(u, by=s),
        float(np.median(near_fitted) / max(float(np.median(near_unseen)), 1e-12)),
        max(0.0, float((near_fitted < 1e-9).mean() - (near_unseen < 1e-9).mean())),
    )


def two_sample_auc(real: Array, synthetic: Array, *, seed: int = 0) -> float:
    """How well a random forest tells real from synthetic, by cross-validation: 0.5 not at all, 1 always."""
    ensemble: Any = need("sklearn.ensemble", purpose="Judging synthetic data")
    selection: Any = need("sklearn.model_selection", purpose="Judging synthetic data")
    count = min(len(real), len(synthetic))
    rows = np.concatenate([real[:count], synthetic[:count]])
    truth = np.repeat([1, 0], count)
    features = np.column_stack([np.nan_to_num(rows, nan=-1e4), np.isnan(rows)])
    forest = ensemble.RandomForestClassifier(200, min_samples_leaf=2, random_state=seed)
    folds = selection.StratifiedKFold(5, shuffle=True, random_state=seed)
    said = selection.cross_val_predict(forest, features, truth, cv=folds, method="predict_proba")[:, 1]
    return auc(said[truth == 1], said[truth == 0])


def train_on_synthetic(synthetic: Array, *, fitted: Array, unseen: Array, target: int) -> tuple[float, float]:
    """The score on unseen real rows of a model trained on synthetic rows, and of one trained on the fitted rows.

    Parameters
    ----------
    target : int
        The column that is predicted from the others; one of two values, or a number (then the score is R squared).
    """
    ensemble: Any = need("sklearn.ensemble", purpose="Judging synthetic data")
    truth = unseen[:, target]
    two = len(np.unique(truth[~np.isnan(truth)])) == 2
    scores = []
    for rows in (synthetic, fitted):
        known = ~np.isnan(rows[:, target])
        features = np.delete(np.nan_to_num(rows, nan=-1e4), target, axis=1)[known]
        kind = ensemble.RandomForestClassifier if two else ensemble.RandomForestRegressor
        model = kind(100, min_samples_leaf=5, random_state=0).fit(features, rows[known, target])
        have = ~np.isnan(truth)
        asked = np.delete(np.nan_to_num(unseen, nan=-1e4), target, axis=1)[have]
        if two:
            said, high = model.predict_proba(asked)[:, 1], truth[have] == np.nanmax(truth)
            scores.append(auc(said[high], said[~high]))
        else:
            left = ((truth[have] - model.predict(asked)) ** 2).sum()
            scores.append(float(1 - left / ((truth[have] - truth[have].mean()) ** 2).sum()))
    return scores[0], scores[1]


def attribute_gain(synthetic: Array, *, fitted: Array, unseen: Array, secret: int) -> float:
    """How much better a secret column is guessed for the people who were fitted than for others: 0 is safe.

    The attacker knows all other columns and takes the secret of the nearest synthetic row; the score is the share
    guessed (few values), or the correlation.
    """
    found = []
    others = np.delete(synthetic, secret, axis=1)
    for people in (fitted, unseen):
        known = np.delete(people, secret, axis=1)
        place = _places(_standard(known, others), _standard(others, others))
        guess, truth = synthetic[place, secret], people[:, secret]
        have = ~np.isnan(guess) & ~np.isnan(truth)
        few = len(np.unique(truth[have])) <= 12
        found.append(
            float((guess[have] == truth[have]).mean())
            if few
            else float(np.corrcoef(guess[have], truth[have])[0, 1])
        )
    return found[0] - found[1]


def nearest_scores(people: Array, synthetic: Array) -> Array:
    """For each person the negative distance to the nearest synthetic row: the plain score of a membership attack."""
    return -_nearest(_standard(people, synthetic), _standard(synthetic, synthetic))


def attack_generator(
    rows: Array, drawn: Callable[[NDArray[np.int64]], Array], *, runs: int, rng: np.random.Generator, fewest: int = _FEWEST
) -> tuple[Judgement, Attack]:  # fmt: skip
    """Judge what a generator makes of a half of the rows against the other half, and attack it by shadow models of random halves.

    Parameters
    ----------
    rows : array, shape (row, feature)
        What an attacker measures of each person: connectivity, band powers, counts.
    drawn : callable
        From the indices of who is in, to the features of what a generator that is fitted to them makes.
    runs : int
        Shadow models, 8 at least.
    rng : numpy.random.Generator
        Draws the halves.
    fewest : int
        Rows of a half that are enough, 6 at least.

    Examples
    --------
    >>> rng = np.random.default_rng(0); rows = rng.normal(size=(60, 5))
    >>> found, attack = attack_generator(rows, lambda who: rows[rng.permutation(who)], runs=8, rng=rng)
    >>> found.copies, found.neighbour_ratio, attack.plain_auc > 0.95
    (1.0, 0.0, True)
    """
    who, others = np.split(rng.permutation(len(rows)), [len(rows) // 2])
    judged = judge(drawn(np.sort(who)), fitted=rows[who], unseen=rows[others], fewest=fewest)
    attack = attack_membership(
        lambda inside: nearest_scores(rows, drawn(inside)), people=len(rows), runs=runs, rng=rng
    )
    return judged, attack


def check_synthetic(found: Judgement, *, membership: float, guesses: int = 0) -> tuple[Finding, ...]:
    """Findings on synthetic rows that give people away or are of little use.

    Parameters
    ----------
    found : Judgement
        From :func:`judge`.
    membership : float
        The area under the curve of a membership attack.
    guesses : int
        People times runs of the attack, from which it is told whether it did better than chance and 0.53; 0 to leave that out.
    """
    findings = []
    if membership > 0.6 or found.copies > 0.05 or found.neighbour_ratio < 0.5:
        message = (
            f"The synthetic rows leak: membership attack {membership:.3f} (0.5 is chance), {found.copies:.1%} are copies, "
            f"distance to fitted over unseen people {found.neighbour_ratio:.2f} (1 is safe)."
        )
        findings.append(Finding("privacy.synthetic_leaks", Severity.ERROR, message, remedy="Do not release them; use another generator or formal privacy."))  # fmt: skip
    elif guesses > 0 and membership - (error := 1.96 * _WIDER * (3 * guesses) ** -0.5) > _HIDDEN:
        message = (
            f"Who was in is told a little: membership attack {membership:.3f} ± {error:.3f}, above {_HIDDEN}; of few people, or of "
            "many columns for them, what is learned is nearer to each."
        )
        findings.append(Finding("privacy.synthetic_membership", Severity.WARNING, message, remedy="Fit more people or fewer columns, or take formal privacy."))  # fmt: skip
    if found.two_sample > 0.8:
        message = f"A classifier tells real from synthetic rows with {found.two_sample:.2f} (0.5 is chance)."
        findings.append(Finding("privacy.synthetic_unlike", Severity.WARNING, message, remedy="Use them for software tests, not for science."))  # fmt: skip
    return tuple(findings)


def _standard(rows: Array, by: Array) -> Array:
    centre, scale = np.nanmean(by, axis=0), np.nanstd(by, axis=0)
    return np.asarray(np.nan_to_num((rows - centre) / np.where(scale > 0, scale, 1.0), nan=-3.0))


def _tree(rows: Array) -> Any:
    return need("scipy.spatial", purpose="Judging synthetic data").cKDTree(rows)


def _nearest(rows: Array, among: Array) -> Array:
    return np.asarray(_tree(among).query(rows, k=1)[0])


def _places(rows: Array, among: Array) -> NDArray[np.int64]:
    return np.asarray(_tree(among).query(rows, k=1)[1])


def _gaps(rows: Array, others: Array) -> Array:
    return np.asarray(need("scipy.spatial.distance", purpose="Judging synthetic data").cdist(rows, others))


def _covered(rows: Array, *, by: Array) -> float:
    """The share of rows within the reach of some row of ``by`` (its distance to its fifth neighbour)."""
    reach = _tree(by).query(by, k=_NEIGHBOURS + 1)[0][:, -1]
    if len(rows) * len(by) >= 2_000_000:
        distance, place = _tree(by).query(rows, k=_NEIGHBOURS)
        return float((distance <= reach[place]).any(axis=1).mean())
    return float((_gaps(rows, by) <= reach[None, :]).any(axis=1).mean())


def _mmd(first: Array, second: Array) -> float:
    count = min(len(first), len(second), 500)
    a, b = first[:count], second[:count]
    whole = np.concatenate([a, b])
    square = _gaps(whole, whole) ** 2
    kernel = np.exp(-square / max(float(np.median(square)), 1e-12))
    np.fill_diagonal(kernel, 0.0)
    inside = (kernel[:count, :count].sum() + kernel[count:, count:].sum()) / (count * (count - 1))
    return float(max(inside - 2 * kernel[:count, count:].mean(), 0.0) ** 0.5)

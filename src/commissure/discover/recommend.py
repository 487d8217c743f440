"""Recommend datasets: what people used together, blended in closed form with what datasets are about.

Used-together is EASE, the item-item ridge regression with a zero diagonal (Steck 2019,
https://doi.org/10.1145/3308558.3313710), with content as further rows of the same regression (Jeunen et al.
2020, https://doi.org/10.1145/3383313.3418480): ``B = I - P diag(1/P)``, ``P = (X'X + c F'F + r I)^-1``. It needs
co-use counts alone, so that hubs may pool noisy counts (:func:`private_couse`) instead of events. Beside it stand
the likeness of texts, facets and titles, shared people, papers a dataset names, and the use that like-minded
profiles made; ridge regression on their standard scores gives the weights. Who has used nothing yet is served by
content alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commissure.discover.recommend_content import Content, Item, Profile

__all__ = ["BLEND", "PARTS", "Recommendation", "Recommender", "ease", "fit_blend", "private_couse"]

Floats = npt.NDArray[np.float64]

#: the parts of a score, in the order of the weights
PARTS = (
    "together", "text", "facets", "title", "meaning", "people", "named", "alike_text", "alike_meaning", "alike_people",
    "popular",
)  # fmt: skip
#: fitted in closed form on the development pairs of papers and datasets, the last parts then by a small grid;
#: benchmarks/discover.py prints the figures of these weights and of weights fitted on four fifths of the people
BLEND: Mapping[str, float] = {
    "together": 0.73, "text": 0.18, "facets": 0.08, "title": 0.2, "meaning": 0.1, "people": 0.85, "named": 1.0,
    "alike_text": 0.13, "alike_meaning": 0.18, "alike_people": 0.07, "popular": 0.05,
}  # fmt: skip
_RIDGE, _SIDE = 5.0, 2.0
#: parts that say nothing about an item nobody used yet: it is neither better nor worse for that
_BY_USE = [PARTS.index(name) for name in ("alike_text", "alike_meaning", "alike_people", "popular")]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One dataset recommended, and why.

    Attributes
    ----------
    item : str
        The dataset's id.
    score : float
        The blended score, in standard deviations of all candidates.
    because : str
        ``"you used X"``, ``"people like you used it"``, ``"it shares people with you"`` … in words.
    parts : mapping of str to float
        What each part gave.
    """

    item: str
    score: float
    because: str
    parts: Mapping[str, float]


def ease(couse: Floats, *, ridge: float = _RIDGE) -> Floats:
    """Item-item weights from co-use counts, in closed form.

    Parameters
    ----------
    couse : array, shape (items, items)
        How many people used both; the diagonal is how many used the item.
    ridge : float
        Strength of the ridge penalty.

    Returns
    -------
    array, shape (items, items)
        Column ``j`` predicts the use of item ``j``; the diagonal is zero.

    Examples
    --------
    >>> import numpy as np
    >>> used = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=float)
    >>> bool(ease(used.T @ used)[0, 1] > ease(used.T @ used)[0, 2])
    True
    """
    inverse = np.linalg.inv(couse + ridge * np.eye(len(couse)))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights, dtype=np.float64)


def private_couse(
    used: Sequence[frozenset[str]],
    items: Sequence[str],
    *,
    epsilon: float,
    most: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Co-use counts that may leave a hub: differentially private towards each person.

    Each person counts with at most ``most`` datasets, so that one person changes at most ``most (most + 1) / 2``
    counts by one each; integer noise of the two-sided geometric law with that sensitivity is added (Ghosh et al.
    2012, https://doi.org/10.1137/09076828X).

    Parameters
    ----------
    used : sequence of frozenset of str
        What each person used.
    items : sequence of str
        The datasets counted, in order.
    epsilon : float
        The privacy loss towards one person; above 0.
    most : int
        Datasets counted a person.
    rng : Generator
        Source of noise and of which datasets are left out.

    Returns
    -------
    array of int64, shape (items, items)
        Symmetric; noisy counts may be negative.
    """
    place = {item: i for i, item in enumerate(items)}
    counts = np.zeros((len(items), len(items)), dtype=np.int64)
    for one in used:
        known = sorted(place[item] for item in one if item in place)
        kept = np.sort(rng.permutation(known)[:most]) if known else np.zeros(0, dtype=np.int64)
        counts[np.ix_(kept, kept)] += 1
    stop = 1.0 - np.exp(-epsilon / (most * (most + 1) / 2))
    upper = np.triu_indices(len(items))
    noise = rng.geometric(stop, len(upper[0])) - rng.geometric(stop, len(upper[0]))
    noisy = np.zeros_like(counts)
    noisy[upper] = counts[upper] + noise
    return noisy + np.triu(noisy, 1).T


class Recommender:
    """Learns from profiles and recommends items.

    Parameters
    ----------
    items : sequence of Item
        The catalogue.
    profiles : sequence of Profile
        Who used what.
    blend : mapping
        The weight of each part; a part left out weighs nothing.
    couse : array, optional
        Co-use counts from elsewhere (of other hubs) that are added to those of the profiles.
    """

    def __init__(
        self, items: Sequence[Item], profiles: Sequence[Profile], *, blend: Mapping[str, float] = BLEND,
        couse: Floats | None = None, content: Content | None = None,
    ) -> None:  # fmt: skip
        self.content = content or Content(items, profiles)
        self.blend = np.array([blend.get(part, 0.0) for part in PARTS])
        self._items = [item.id for item in items]
        self._place = {item.id: i for i, item in enumerate(items)}
        self._used = np.zeros((len(profiles), len(items)))
        for row, profile in enumerate(profiles):
            self._used[row, self.places(profile.used)] = 1.0
        self._couse = self._used.T @ self._used + (0.0 if couse is None else couse)
        self._weights: Floats | None = None

    def places(self, items: frozenset[str]) -> list[int]:
        """Where these items stand; unknown ones are left out."""
        return sorted(self._place[item] for item in items if item in self._place)

    def parts(self, profile: Profile, *, without: int | None = None) -> Floats:
        """The standard scores of every item by every part.

        Parameters
        ----------
        profile : Profile
            For whom.
        without : int, optional
            The row of the same profile among those learned from, to be left out (for leave-one-out tests).

        Returns
        -------
        array, shape (parts, items)
        """
        used = np.zeros(len(self._items))
        used[self.places(profile.used)] = 1.0
        others, couse = self._used, self._couse
        if without is not None:
            others = self._used.copy()
            others[without] = 0.0
            couse = couse - np.outer(self._used[without], self._used[without]) + np.outer(used, used)
        if without is not None or self._weights is None:
            weights = ease(couse + _SIDE * self.content.gram)
            self._weights = weights if without is None else None
        else:
            weights = self._weights
        alike = self.content.alike(profile, without=without)
        about = self.content.about(profile)
        found = np.array([
            used @ weights, about["text"], about["facets"], about["title"], about["meaning"], about["people"],
            about["named"], *(like @ others for like in alike), np.log1p(others.sum(axis=0)),
        ])  # fmt: skip
        spread = found.std(axis=1, keepdims=True)
        parts = (found - found.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
        unused = others.sum(axis=0) == 0
        for row in _BY_USE:
            parts[row, unused] = 0.0
        return np.asarray(parts)

    def recommend(self, profile: Profile, *, limit: int = 10) -> list[Recommendation]:
        """The items that the profile does not use yet, best first, each with why."""
        parts = self.parts(profile)
        known = self.places(profile.used)
        score = self.blend @ parts
        score[known] = -np.inf
        order = np.argsort(-score, kind="stable")[: max(0, min(limit, len(score) - len(known)))]
        return [self._told(int(i), profile, parts[:, i], float(score[i])) for i in order]

    def _told(self, place: int, profile: Profile, parts: Floats, score: float) -> Recommendation:
        given = dict(zip(PARTS, (float(v) for v in self.blend * parts), strict=True))
        part = max(given, key=lambda name: given[name])
        because = _WHY[part]
        known = self.places(profile.used)
        if part in {"together", "text", "facets"} and known:
            weights = self._weights if self._weights is not None else ease(self._couse)
            like = weights[known, place] + self.content.gram[known, place]
            because = f"you used {self._items[known[int(np.argmax(like))]]}"
        return Recommendation(self._items[place], score, because, given)


_WHY = {
    "together": "it is used together with what you used", "text": "its description is close to your words",
    "facets": "it is about what you work on", "meaning": "it means much the same as your words", "title": "its title is close to your words",
    "people": "it shares people with your work", "named": "it names your paper",
    "alike_text": "labs like yours used it", "alike_meaning": "labs like yours used it", "alike_people": "people you work with used it", "popular": "many used it",
}  # fmt: skip


def fit_blend(parts: Sequence[Floats], wanted: Sequence[int], *, ridge: float = 1.0) -> dict[str, float]:
    """Weights of the parts in closed form: ridge regression of "this one was used" on the standard scores.

    Parameters
    ----------
    parts : sequence of array, shape (parts, candidates)
        One a case.
    wanted : sequence of int
        The candidate that was used in each case.
    ridge : float
        Strength of the ridge penalty, in hundredths of a candidate.

    Returns
    -------
    dict of str to float
        The weights, the largest 1.
    """
    gram, target, count = np.zeros((len(PARTS), len(PARTS))), np.zeros(len(PARTS)), 0
    for matrix, place in zip(parts, wanted, strict=True):
        gram += matrix @ matrix.T
        target += matrix[:, place]
        count += matrix.shape[1]
    weights = np.linalg.solve(gram + ridge * count / 100 * np.eye(len(PARTS)), target)
    top = np.abs(weights).max()
    return {name: float(w / top) for name, w in zip(PARTS, weights, strict=True)}

"""What items and profiles say, as vectors: words by TF-IDF, facets by rarity, people, titles, papers named."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from commissure.discover.words import STOP_WORDS, cut, fold_text

__all__ = ["Content", "Item", "Profile", "people_of"]

Floats = npt.NDArray[np.float64]
_EMAIL = re.compile(r"\S+@\S+")
_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST_TITLE = 25
_SHARPEN = 3.0


@dataclass(frozen=True, slots=True)
class Item:
    """A dataset as recommendation sees it.

    Attributes
    ----------
    id, title, text : str
        ``text`` is all else that it says, references included.
    facets : mapping of str to float
        Concept id to confidence.
    people : frozenset of str
        As :func:`people_of` gives them.
    vector : array or None
        Its meaning, of length one; None where there is no embedder.
    """

    id: str
    title: str
    text: str = ""
    facets: Mapping[str, float] = field(default_factory=dict)
    people: frozenset[str] = frozenset()
    vector: npt.NDArray[np.floating] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody, or a paper or project: what was used, and what is said about it.

    Attributes
    ----------
    used : frozenset of str
        Ids of items.
    titles : tuple of str
        Titles or descriptions of the work.
    facets : mapping of str to float
        Concept id to confidence.
    people : frozenset of str
        Who takes part.
    vector : array or None
        The meaning of the titles, of length one.
    """

    used: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    facets: Mapping[str, float] = field(default_factory=dict)
    people: frozenset[str] = frozenset()
    vector: npt.NDArray[np.floating] | None = None


def people_of(names: str | Iterable[object] | None) -> frozenset[str]:
    """People as surname and first initial, however they are written.

    Examples
    --------
    >>> sorted(people_of("JF Cavanagh, A Singh")) == sorted(people_of(["James F Cavanagh", "Arun Singh a@b.org"]))
    True
    """
    listed = names.split(",") if isinstance(names, str) else [str(n) for n in names or ()]
    found = set()
    for name in listed:
        plain = _EMAIL.sub("", name)
        if isinstance(names, list | tuple) and plain.count(",") == 1:
            plain = " ".join(reversed(plain.split(",")))
        words = _LETTERS.findall(fold_name(plain))
        if len(words) > 1:
            found.add(f"{words[-1]} {words[0][0]}")
    return frozenset(found)


def fold_name(name: str) -> str:
    """A name in small letters, without accents."""
    return fold_text(name) if not name.isascii() else name.lower()


def _words(text: str) -> list[str]:
    return [word for word in cut(text).folded if len(word) > 1 and word not in STOP_WORDS]


class _Space:
    """Rows of weighted features by inverted lists: the likeness of one row to all touches only what they share."""

    def __init__(
        self, rows: Sequence[Mapping[str, float]], *, others: Sequence[Mapping[str, float]] = ()
    ) -> None:
        counts = Counter(name for row in (*rows, *others) for name in row)
        total = len(rows) + len(others)
        self._rarity = {name: math.log((total + 1) / count) + 0.05 for name, count in counts.items()}
        self.size = len(rows)
        self.rows = [self.unit(row) for row in rows]
        lists: dict[str, list[tuple[int, float]]] = {}
        for place, row in enumerate(self.rows):
            for name, weight in row.items():
                lists.setdefault(name, []).append((place, weight))
        self._lists = {
            name: (np.array([p for p, _ in pairs]), np.array([w for _, w in pairs]))
            for name, pairs in lists.items()
        }

    def unit(self, row: Mapping[str, float]) -> dict[str, float]:
        """A row weighed by rarity and scaled to length one; unknown features count in the length."""
        common = max(self._rarity.values(), default=1.0)
        weighed = {name: value * self._rarity.get(name, common) for name, value in row.items() if value > 0}
        length = math.sqrt(sum(value * value for value in weighed.values()))
        return {name: value / length for name, value in weighed.items()} if length else {}

    def like(self, row: Mapping[str, float]) -> Floats:
        """The cosine of a row of length one with every row."""
        found = np.zeros(self.size)
        for name, weight in row.items():
            if name in self._lists:
                places, weights = self._lists[name]
                found[places] += weight * weights
        return found


def _counted(words: Iterable[str], *, flat: bool = False) -> dict[str, float]:
    return {word: 1.0 if flat else 1.0 + math.log(count) for word, count in Counter(words).items()}


class Content:
    """The content of a catalogue and of those who use it.

    Parameters
    ----------
    items : sequence of Item
        The catalogue.
    profiles : sequence of Profile
        Those whose titles and people are compared with a new one's.
    among : sequence of int, optional
        The items that are given back, by their place; all if left out. Words keep the rarity that they have in
        the whole catalogue.
    """

    def __init__(
        self, items: Sequence[Item], profiles: Sequence[Profile], *, among: Sequence[int] | None = None
    ) -> None:
        self._among = np.arange(len(items)) if among is None else np.array(among, dtype=np.int64)
        titles = [_counted(_words(item.title), flat=True) for item in items]
        asked = [_counted(_words(" ".join(p.titles)), flat=True) for p in profiles]
        self._texts = _Space([_counted(_words(" ".join([item.title] * 3 + [item.text]))) for item in items])
        self._titles = _Space(titles, others=asked)
        self._asked = _Space(asked, others=titles)
        self._facets = _Space([item.facets for item in items])
        chosen = [items[int(i)] for i in self._among]
        self._people = [item.people for item in chosen]
        self._folded = [fold_text(f"{item.title} {item.text}") for item in chosen]
        self._profile_people = [p.people for p in profiles]
        self._meanings = _stacked([item.vector for item in chosen])
        self._profile_meanings = _stacked([profile.vector for profile in profiles])
        #: likeness of items to each other: the further rows of the regression
        self.gram: Floats = np.array([
            (self._texts.like(self._texts.rows[i]) + self._facets.like(self._facets.rows[i]))[self._among]
            for i in self._among
        ]).reshape(len(self._among), len(self._among))  # fmt: skip

    def about(self, profile: Profile) -> dict[str, Floats]:
        """How like each item is to what a profile says: arrays by part, one number an item, 0 to 1."""
        zero = np.zeros(len(self._among))
        if not profile.titles and not profile.people:
            return dict.fromkeys(("text", "facets", "title", "people", "named", "meaning"), zero)
        folded = [title for title in map(fold_text, profile.titles) if len(title) > _SHORTEST_TITLE]
        texts, titles = [zero], [zero]
        for words in map(_words, profile.titles):
            texts.append(self._texts.like(self._texts.unit(_counted(words)))[self._among])
            titles.append(self._titles.like(self._titles.unit(_counted(words, flat=True)))[self._among])
        return {
            "meaning": _dots(self._meanings, profile.vector),
            "text": np.max(texts, axis=0),
            "title": np.max(titles, axis=0),
            "facets": self._facets.like(self._facets.unit(profile.facets))[self._among],
            "people": np.array([_overlap(profile.people, people) for people in self._people]),
            "named": np.array([float(any(title in text for title in folded)) for text in self._folded]),
        }

    def alike(self, profile: Profile, *, without: int | None = None) -> tuple[Floats, Floats, Floats]:
        """How like each known profile is, by titles and by meaning (sharpened) and by people; ``without`` is not."""
        words = self._asked.unit(_counted(_words(" ".join(profile.titles)), flat=True))
        by_text = self._asked.like(words) ** _SHARPEN
        by_people = np.array([_overlap(profile.people, people) for people in self._profile_people])
        by_meaning = np.maximum(_dots(self._profile_meanings, profile.vector), 0.0) ** (2 * _SHARPEN)
        if without is not None:
            by_text[without] = by_people[without] = by_meaning[without] = 0.0
        return by_text, by_meaning, by_people.reshape(len(self._profile_people))


def _stacked(vectors: Sequence[npt.NDArray[np.floating] | None]) -> Floats:
    size = next((len(vector) for vector in vectors if vector is not None), 1)
    rows = [np.zeros(size) if vector is None else np.asarray(vector, dtype=np.float64) for vector in vectors]
    return np.array(rows).reshape(len(rows), size)


def _dots(rows: Floats, vector: npt.NDArray[np.floating] | None) -> Floats:
    if vector is None or rows.shape[1] != len(vector):
        return np.zeros(len(rows))
    return np.asarray(rows @ np.asarray(vector, dtype=np.float64))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0

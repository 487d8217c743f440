"""What items and profiles say, as vectors: words by TF-IDF, facets by rarity, people, titles, papers named."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
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
    """

    id: str
    title: str
    text: str = ""
    facets: Mapping[str, float] = field(default_factory=dict)
    people: frozenset[str] = frozenset()


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
    """

    used: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    facets: Mapping[str, float] = field(default_factory=dict)
    people: frozenset[str] = frozenset()


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
    """TF-IDF over a vocabulary."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        counts = Counter(word for text in texts for word in set(text))
        self.place = {word: i for i, word in enumerate(sorted(counts))}
        self.rarity = np.array([math.log((len(texts) + 1) / counts[word]) + 0.1 for word in self.place])

    def rows(self, texts: Sequence[Sequence[str]], *, flat: bool = False) -> Floats:
        matrix = np.zeros((len(texts), len(self.place)))
        for row, text in enumerate(texts):
            for word, count in Counter(text).items():
                if word in self.place:
                    matrix[row, self.place[word]] = 1.0 if flat else 1.0 + math.log(count)
        return _unit(matrix * self.rarity)


def _unit(matrix: Floats) -> Floats:
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(length > 0, length, 1.0))


class Content:
    """The content of a catalogue and of those who use it.

    Parameters
    ----------
    items : sequence of Item
        The catalogue.
    profiles : sequence of Profile
        Those whose titles and people are compared with a new one's.
    """

    def __init__(self, items: Sequence[Item], profiles: Sequence[Profile]) -> None:
        said = [_words(" ".join([item.title] * 3 + [item.text])) for item in items]
        titles = [_words(item.title) for item in items]
        self._texts = _Space(said)
        self._titles = _Space([*titles, *(_words(" ".join(p.titles)) for p in profiles)])
        self._concepts = sorted({concept for item in items for concept in item.facets})
        counts = Counter(concept for item in items for concept in item.facets)
        self._rarity = np.array([math.log((len(items) + 1) / counts[c]) + 0.01 for c in self._concepts])
        self._text_rows = self._texts.rows(said)
        self._title_rows = self._titles.rows(titles, flat=True)
        self._facet_rows = self._facets([item.facets for item in items])
        self._people = [item.people for item in items]
        self._folded = [fold_text(f"{item.title} {item.text}") for item in items]
        self._profile_titles = self._titles.rows([_words(" ".join(p.titles)) for p in profiles], flat=True)
        self._profile_people = [p.people for p in profiles]
        #: likeness of items to each other: the further rows of the regression
        self.gram: Floats = self._text_rows @ self._text_rows.T + self._facet_rows @ self._facet_rows.T

    def among(self, places: Sequence[int]) -> "Content":
        """The same content for some of the items only; words keep the rarity they have in the whole catalogue."""
        part = copy(self)
        part._text_rows, part._title_rows = self._text_rows[places], self._title_rows[places]
        part._facet_rows = self._facet_rows[places]
        part._people = [self._people[i] for i in places]
        part._folded = [self._folded[i] for i in places]
        part.gram = part._text_rows @ part._text_rows.T + part._facet_rows @ part._facet_rows.T
        return part

    def _facets(self, found: Sequence[Mapping[str, float]]) -> Floats:
        if not self._concepts:
            return np.zeros((len(found), 1))
        rows = np.array([[facets.get(c, 0.0) for c in self._concepts] for facets in found], dtype=np.float64)
        return _unit(rows.reshape(len(found), len(self._concepts)) * self._rarity)

    def about(self, profile: Profile) -> dict[str, Floats]:
        """How like each item is to what a profile says: arrays by part, one number an item, 0 to 1."""
        zero = np.zeros(len(self._people))
        if not profile.titles and not profile.people:
            return dict.fromkeys(("text", "facets", "title", "people", "named"), zero)
        words = [_words(title) for title in profile.titles]
        folded = [title for title in map(fold_text, profile.titles) if len(title) > _SHORTEST_TITLE]
        named = [float(any(title in text for title in folded)) for text in self._folded]
        return {
            "text": (self._texts.rows(words) @ self._text_rows.T).max(axis=0) if words else zero,
            "title": (self._titles.rows(words, flat=True) @ self._title_rows.T).max(axis=0) if words else zero,
            "facets": self._facets([profile.facets])[0] @ self._facet_rows.T,
            "people": np.array([_overlap(profile.people, people) for people in self._people]),
            "named": np.array(named),
        }

    def alike(self, profile: Profile, *, without: int | None = None) -> tuple[Floats, Floats]:
        """How like each known profile is, by titles (sharpened) and by people; ``without`` counts as unlike."""
        words = [_words(" ".join(profile.titles))]
        by_text = np.maximum(self._titles.rows(words, flat=True)[0] @ self._profile_titles.T, 0.0) ** _SHARPEN
        by_people = np.array([_overlap(profile.people, people) for people in self._profile_people])
        if without is not None:
            by_text[without] = by_people[without] = 0.0
        return by_text, by_people.reshape(len(self._profile_people))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0

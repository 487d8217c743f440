"""How alike a written name and a known name are: two dozen numbers a pair, for a whole pool at once.

Words are compared softly (a typo still counts), weighted by how rare they are, both ways; directions, numbers and
head nouns that contradict each other are counted apart, since ``anterior`` and ``posterior`` differ by little ink.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.terms.grams import GramIndex
from commissure.terms.lexicon import Name
from commissure.terms.normal import Forms, forms, plain, stem
from commissure.terms.relations import CONTRARY, DIRECTIONS, FOREIGN, HEADS, NEAR
from commissure.terms.words import FILLER
from commissure.translate.initials import ShortForms

__all__ = ["FEATURES", "Names", "Query", "query"]

FEATURES: tuple[str, ...] = (
    "cosine", "coverage_query", "coverage_name", "edit", "edit_sorted", "partial", "conflict", "missing_direction",
    "extra_direction", "number_conflict", "number_missing", "number_extra", "head_same", "head_conflict",
    "first_token", "last_token", "length_ratio", "is_label", "is_loose", "is_abbreviation", "label_cosine",
    "support", "residual_above", "edit_plain", "short_query", "initials", "align", "exact_bag", "behind_best",
    "odd_species", "exact_plain", "kin_mean", "kin_least", "least_covered",
    "foreign", "foreign_missing", "align_behind", "fiber_case", "references",
    "term_coverage", "term_behind", "coverage_behind", "label_behind", "edit_behind", "unknown_words",
)  # fmt: skip
WIDTH = 12
_FOREIGN_STEMS = frozenset(stem(word) for word in FOREIGN)
#: heads of names whose abbreviations are customarily in small letters
_FIBERS = ("tract", "nerve", "bundle", "commissure", "decussation", "fiber", "stria", "peduncle", "capsul", "lemnisc", "arm",
           "funicul", "sulcus", "fissure", "column", "root")  # fmt: skip
_BITS = {word: i for i, word in enumerate(sorted(DIRECTIONS))}
_HEAD_BITS = {word: i for i, word in enumerate(sorted(HEADS))}
_AGAINST = dict.fromkeys(DIRECTIONS, 0)
for _a, _b in CONTRARY:
    if _a in _BITS and _b in _BITS:
        _AGAINST[_a] |= 1 << _BITS[_b]


@lru_cache(maxsize=1)
def substitutes() -> dict[str, dict[str, float]]:
    """Word → the words that may stand for it, each with how alike the two count (0 to 1).

    By hand (:data:`NEAR`), and as ``tools/mine_substitutes.py`` finds them in the lexicon's own synonyms.
    """
    table: dict[str, dict[str, float]] = {}
    lines = (Path(__file__).parent / "data" / "substitutes.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        word, other, _, share = line.split("\t")
        value = min(0.85, 0.45 + float(share))
        table.setdefault(word, {})[other] = value
        table.setdefault(other, {})[word] = value
    for word, other in NEAR:
        table.setdefault(word, {})[other] = max(0.7, table.get(word, {}).get(other, 0.0))
    return table


def _mask(items: Sequence[str], bits: Mapping[str, int]) -> int:
    value = 0
    for item in items:
        if item in bits:
            value |= 1 << bits[item]
    return value


def _numbers(items: Sequence[str]) -> int:
    value = 0
    for item in items:
        if any(c.isdigit() for c in item):
            value |= 1 << (sum(ord(c) * (i + 1) * 31 for i, c in enumerate(item)) % 62)
    return value


def _initials(items: Sequence[str]) -> str:
    return "".join(
        item if item[0].isdigit() else item[0] for item in items if item not in FILLER or item == "part"
    )


@dataclass(frozen=True, slots=True)
class Query:
    """A written name, prepared once for comparison with many."""

    forms: Forms
    content: tuple[str, ...]
    text: str
    directions: int
    against: int
    numbers: int
    heads: int
    letters: str
    short: bool
    small: bool


def query(text: str) -> Query:
    """Prepare a written name."""
    shape = forms(text)
    content = tuple(t for t in shape.tokens if t not in FILLER) or shape.tokens
    against = 0
    for token in content:
        against |= _AGAINST.get(token, 0)
    letters = "".join(c for c in shape.plain if c.isalnum())
    short = " " not in text.strip() and len(letters) <= 8
    directions = _mask(content, _BITS)
    return Query(
        shape, content, " ".join(content), directions, against & ~directions, _numbers(content),
        _mask(content, _HEAD_BITS), letters, short, text.islower(),
    )  # fmt: skip


class Names:
    """The known names, as arrays.

    Parameters
    ----------
    names : sequence of Name
        The names to choose from.
    above : mapping of str to set of str
        For each term, the words of the labels of its parents and grandparents.
    outside : set of str
        The terms that are not wanted and only compete.
    references : mapping of str to int
        How many other vocabularies point to each term; a term that many name is the likelier.
    """

    def __init__(
        self,
        names: Sequence[Name],
        above: Mapping[str, frozenset[str]],
        outside: frozenset[str],
        references: Mapping[str, int] | None = None,
    ) -> None:
        self.names = list(names)
        self.contents = [tuple(t for t in n.tokens if t not in FILLER) or n.tokens for n in self.names]
        self.texts = [" ".join(content) for content in self.contents]
        self.sorted_texts = [" ".join(sorted(content)) for content in self.contents]
        self.plains = [plain(n.text) for n in self.names]
        self.index = GramIndex(self.texts)
        curies = list(dict.fromkeys(n.curie for n in self.names))
        self.curies = curies
        number = {curie: i for i, curie in enumerate(curies)}
        self.term = np.array([number[n.curie] for n in self.names], dtype=np.int32)
        self._tables()
        self.label = np.zeros(len(curies), dtype=np.int32)
        for i in range(len(self.names) - 1, -1, -1):
            if self.names[i].scope == "label" or self.label[self.term[i]] == 0:
                self.label[self.term[i]] = i
        self.above = [above.get(curie, frozenset()) for curie in curies]
        self.initials = [_initials(content) for content in self.contents]
        self.odd = np.array([c.startswith("UBERON:2") for c in curies], dtype=np.float32)  # teleosts
        self.away = np.array([c in outside for c in curies])
        self.references = np.log1p(np.array([(references or {}).get(c, 0) for c in curies], dtype=np.float32))
        self.fiber = (self.heads & _mask(_FIBERS, _HEAD_BITS)) != 0
        self._count_kin()
        self._aligned = ("", np.zeros(len(self.names), dtype=np.float32))
        #: for a term's number, the pairs of substitutes that are known from its own names alone (in training)
        self.unsaid: dict[int, frozenset[tuple[str, str]]] = {}

    def _count_kin(self) -> None:
        """How many wanted and unwanted terms use each word."""
        pairs = np.unique(np.stack([np.repeat(self.term, WIDTH), self.tokens.ravel()]), axis=1)
        away = self.away[pairs[0]]
        size = len(self.vocabulary) + 1
        self._inside = np.bincount(pairs[1][~away], minlength=size).astype(np.float32)
        self._outside = np.bincount(pairs[1][away], minlength=size).astype(np.float32)
        self._own: dict[int, frozenset[int]] = {}

    def kinship(self, q: Query, *, without: int = -1) -> tuple[float, float]:
        """How much a query's words belong to wanted rather than unwanted terms: mean and least log odds.

        ``without`` is the number of a term whose own words are not to count (in training).
        """
        if without >= 0 and without not in self._own:
            self._own[without] = frozenset(self.tokens[self.term == without].ravel().tolist())
        own = self._own.get(without, frozenset())
        odds = []
        all_in, all_out = max(1, int((~self.away).sum())), max(1, int(self.away.sum()))
        for token in q.content:
            i = self.number_of.get(token, 0)
            inside, outside = float(self._inside[i]), float(self._outside[i])
            if i in own:
                inside, outside = (inside, outside - 1) if self.away[without] else (inside - 1, outside)
            if i and inside + outside > 0:
                odds.append(float(np.log((inside + 0.3) / all_in) - np.log((outside + 0.3) / all_out)))
        return (sum(odds) / len(odds), min(odds)) if odds else (0.0, 0.0)

    def _tables(self) -> None:
        vocabulary = sorted({t for content in self.contents for t in content})
        self.vocabulary = vocabulary
        self.number_of = {token: i + 1 for i, token in enumerate(vocabulary)}
        self.tokens = np.zeros((len(self.names), WIDTH), dtype=np.int32)
        for row, content in enumerate(self.contents):
            ids = [self.number_of[t] for t in content[:WIDTH]]
            self.tokens[row, : len(ids)] = ids
        counts = np.bincount(self.tokens.ravel(), minlength=len(vocabulary) + 1)
        self.idf = np.log((len(self.names) + 1) / (counts + 0.5)).astype(np.float32)
        self.idf[0] = 0.0
        self.unknown_idf = float(np.log(len(self.names) + 1))
        self.directions = np.array([_mask(c, _BITS) for c in self.contents], dtype=np.int64)
        self.numbers = np.array([_numbers(c) for c in self.contents], dtype=np.int64)
        self.heads = np.array([_mask(c, _HEAD_BITS) for c in self.contents], dtype=np.int64)
        self.last = np.array([self.number_of[c[-1]] if c else 0 for c in self.contents], dtype=np.int32)
        scopes = [n.scope for n in self.names]
        self.is_label = np.array([s == "label" for s in scopes], dtype=np.float32)
        self.is_loose = np.array([s in ("related", "broad", "narrow") for s in scopes], dtype=np.float32)
        self.is_short = np.array([s == "abbreviation" for s in scopes], dtype=np.float32)
        self.length = np.array([max(1, len(t)) for t in self.texts], dtype=np.float32)

    @cached_property
    def _shorts(self) -> dict[str, list[int]]:
        table: dict[str, list[int]] = {}
        for i in np.flatnonzero(self.is_short):
            table.setdefault(self.plains[i], []).append(int(i))
        return table

    def short_forms(self, text: str) -> list[int]:
        """Where abbreviations stand that differ from ``text`` in case alone: they are other abbreviations."""
        return [i for i in self._shorts.get(plain(text), ()) if self.names[i].text != text]

    @cached_property
    def _distances(self) -> tuple[Any, Any, Any]:
        process = need("rapidfuzz.process", purpose="Matching names that are not written as known")
        fuzz = need("rapidfuzz.fuzz", purpose="Matching names that are not written as known")
        distance = need("rapidfuzz.distance", purpose="Matching names that are not written as known")
        return process.cdist, fuzz, distance

    def pool(
        self, q: Query, *, size: int = 50, barred: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The positions of the ``size`` names most alike, and the cosine with every name."""
        scores = self.index.scores(q.text)
        ranks = scores
        if q.short:
            ranks = np.maximum(scores, self._alignment(q))
        if barred is not None:
            scores = scores.copy()
            scores[barred] = 0.0
            ranks = ranks.copy()
            ranks[barred] = -1.0
        count = min(size, len(ranks))
        best = np.argpartition(-ranks, count - 1)[:count] if count else np.empty(0, dtype=np.int64)
        best = best[ranks[best] > 0.05]
        return best[np.argsort(-ranks[best], kind="stable")], scores

    @cached_property
    def _short_forms(self) -> ShortForms:
        return ShortForms(
            ["" if short else text for short, text in zip(self.is_short, self.plains, strict=True)]
        )

    def _alignment(self, q: Query) -> NDArray[np.float32]:
        if self._aligned[0] != q.letters:
            self._aligned = (q.letters, self._short_forms.scores(q.letters))
        return self._aligned[1]

    def features(
        self, q: Query, pool: NDArray[np.int64], scores: NDArray[np.float32], *, without: int = -1
    ) -> NDArray[np.float32]:
        """The features of every pair (query, name of the pool), shape (n, number of FEATURES)."""
        out = np.zeros((len(pool), len(FEATURES)), dtype=np.float32)
        out[:, 0] = scores[pool]
        unsaid = self.unsaid.get(without, frozenset())
        out[:, 1], out[:, 2], out[:, 33], out[:, 39], residual = self._coverage(q, pool, unsaid)
        self._strings(q, pool, out)
        self._contradictions(q, pool, out)
        out[:, 16] = np.minimum(self.length[pool], len(q.text)) / np.maximum(
            self.length[pool], max(1, len(q.text))
        )
        out[:, 17], out[:, 18], out[:, 19] = self.is_label[pool], self.is_loose[pool], self.is_short[pool]
        terms = self.term[pool]
        out[:, 20] = scores[self.label[terms]]
        out[:, 21] = np.log1p(np.bincount(terms, minlength=len(self.curies))[terms])
        out[:, 22] = [self._residual(t, r) for t, r in zip(terms, residual, strict=True)]
        out[:, 24] = q.short
        if q.short:
            aligned = self._alignment(q)
            out[:, 26] = aligned[pool]
            out[:, 36] = aligned[pool].max(initial=0.0) - aligned[pool]
            out[:, 37] = np.where(self.fiber[pool] == q.small, 1.0, -1.0)
        out[:, 38] = self.references[terms]
        out[:, 27] = [1.0 if self.sorted_texts[i] == " ".join(sorted(q.content)) else 0.0 for i in pool]
        out[:, 28] = scores[pool].max(initial=0.0) - scores[pool]
        out[:, 29] = self.odd[terms]
        out[:, 30] = [self.plains[i] == q.forms.plain for i in pool]
        out[:, 31], out[:, 32] = self.kinship(q, without=without)
        for column, behind in ((39, 40), (1, 41), (20, 42), (4, 43)):
            out[:, behind] = out[:, column].max(initial=0.0) - out[:, column]
        out[:, 44] = sum(t not in self.number_of for t in q.content) / max(1, len(q.content))
        foreign = _FOREIGN_STEMS.intersection(q.content)
        out[:, 34] = len(foreign)
        out[:, 35] = [len(foreign.difference(self.contents[i])) for i in pool] if foreign else 0.0
        return out

    def _soften(
        self, soft: NDArray[np.float32], q: Query, words: list[str], unsaid: frozenset[tuple[str, str]]
    ) -> None:
        """Count words that may stand for each other as alike."""
        place = {word: j for j, word in enumerate(words)}
        for i, word in enumerate(q.content):
            for other, value in substitutes().get(word, {}).items():
                j = place.get(other, -1)
                if j >= 0 and value > soft[i, j] and (min(word, other), max(word, other)) not in unsaid:
                    soft[i, j] = value

    def _coverage(
        self, q: Query, pool: NDArray[np.int64], unsaid: frozenset[tuple[str, str]]
    ) -> tuple[
        NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], list[list[str]]
    ]:
        cdist, _, distance = self._distances
        tokens = self.tokens[pool]
        used = np.unique(tokens)
        words = [self.vocabulary[i - 1] if i else "" for i in used]
        raw = cdist(
            q.content, words, scorer=distance.DamerauLevenshtein.normalized_similarity, dtype=np.float32
        )
        soft = np.where(raw >= 0.6, raw, 0.0) ** 2
        self._soften(soft, q, words, unsaid)
        soft[:, used == 0] = 0.0
        table = soft[:, np.searchsorted(used, tokens)]  # (query words, pool, width)
        best = table.max(axis=2, initial=0.0)  # (query words, pool)
        nearest = soft.argmax(axis=1) if soft.shape[1] else np.zeros(len(q.content), dtype=np.int64)
        known = np.array([self.number_of.get(t, 0) for t in q.content])
        weight = np.where(known > 0, self.idf[known], self.unknown_idf)
        close = soft.max(axis=1, initial=0.0) > 0.5
        weight = np.where((known == 0) & close, self.idf[used[nearest]], weight).astype(np.float32)
        forward = (best * weight[:, None]).sum(axis=0) / max(1e-6, float(weight.sum()))
        back = self.idf[tokens]
        backward = (table.max(axis=0, initial=0.0) * back).sum(axis=1) / np.maximum(back.sum(axis=1), 1e-6)
        least = best.min(axis=0, initial=1.0)
        poor = best < 0.36
        residual = [
            [q.content[j] for j in range(len(q.content)) if poor[j, i]] if least[i] < 0.36 else []
            for i in range(len(pool))
        ]
        terms, place = np.unique(self.term[pool], return_inverse=True)
        joint = np.zeros((len(terms), len(q.content)), dtype=np.float32)
        np.maximum.at(joint, place, best.T)
        together = (joint @ weight / max(1e-6, float(weight.sum())))[place]
        return forward, backward, least, together, residual

    def _residual(self, term: int, residual: list[str]) -> float:
        if not residual:
            return 1.0
        above = self.above[term]
        return sum(1.0 for token in residual if token in above) / len(residual)

    def _strings(self, q: Query, pool: NDArray[np.int64], out: NDArray[np.float32]) -> None:
        cdist, fuzz, distance = self._distances
        texts = [self.texts[i] for i in pool]
        out[:, 3] = cdist([q.text], texts, scorer=distance.OSA.normalized_similarity, dtype=np.float32)[0]
        ordered = " ".join(sorted(q.content))
        out[:, 4] = (
            cdist([ordered], [self.sorted_texts[i] for i in pool], scorer=fuzz.ratio, dtype=np.float32)[0]
            / 100
        )
        squashed = [t.replace(" ", "") for t in texts]
        out[:, 5] = cdist(
            [q.text.replace(" ", "")], squashed, scorer=distance.OSA.normalized_similarity, dtype=np.float32
        )[0]
        initials = [self.initials[i] for i in pool]
        out[:, 25] = (
            cdist([q.letters], initials, scorer=fuzz.ratio, dtype=np.float32)[0] / 100 if q.short else 0.0
        )
        plains = [self.plains[i] for i in pool]
        out[:, 23] = cdist(
            [q.forms.plain], plains, scorer=distance.OSA.normalized_similarity, dtype=np.float32
        )[0]

    def _contradictions(self, q: Query, pool: NDArray[np.int64], out: NDArray[np.float32]) -> None:
        directions = self.directions[pool]
        out[:, 6] = np.bitwise_count(directions & q.against & ~q.directions)
        out[:, 7] = np.bitwise_count(q.directions & ~directions)
        out[:, 8] = np.bitwise_count(directions & ~q.directions)
        numbers = self.numbers[pool]
        out[:, 9] = ((numbers != 0) & (q.numbers != 0) & ((numbers & q.numbers) == 0)).astype(np.float32)
        out[:, 10] = np.bitwise_count(q.numbers & ~numbers)
        out[:, 11] = np.bitwise_count(numbers & ~q.numbers)
        heads = self.heads[pool]
        out[:, 12] = (heads & q.heads) != 0
        out[:, 13] = (heads != 0) & (q.heads != 0) & ((heads & q.heads) == 0)
        out[:, 14] = self.tokens[pool, 0] == self.number_of.get(q.content[0] if q.content else "", -1)
        out[:, 15] = self.last[pool] == self.number_of.get(q.content[-1] if q.content else "", -1)

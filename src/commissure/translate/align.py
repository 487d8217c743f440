"""Align two ontologies: which term of the one is which of the other, one to one.

The same normalizer, n-gram pool and ranker as for names. Every term's names are asked for in the other ontology,
both ways; a pair's score adds up the ranker's two opinions, how exactly names agree, how much of the rarer words
each name explains of the other, and whether their ancestors are aligned too. Pairs are taken greedily from the best
down, each term once, twice over (the second time the ancestors are known). No pair is written by hand, and
cross-references are not read; the lexicon's synonyms serve as a go-between.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.terms.lexicon import Lexicon, Name
from commissure.terms.load import RawTerm
from commissure.terms.normal import plain, squash, tokens
from commissure.translate.features import FEATURES, Names, query
from commissure.translate.ranker import Ranker

__all__ = ["PARTS", "WEIGHTS", "Comparison", "Pair", "align", "as_sssom", "compare"]

THRESHOLD = 9.2
POOL = 15
PARTS: tuple[str, ...] = (
    "rank", "exact", "grouping", "coverage", "least", "conflict", "cell", "sorted", "residual"
)  # fmt: skip
WEIGHTS: dict[str, float] = {  # tools/tune_alignment.py
    "rank": 0.3, "exact": 1.25, "grouping": -4.0, "coverage": 1.0, "least": 1.0, "conflict": -1.0, "cell": -2.5,
    "sorted": 0.8, "residual": 1.0, "above": 1.0, "ahead": 0.5,
}  # fmt: skip
Row = NDArray[np.float32]
Parts = NDArray[np.float64]
_AT = {name: i for i, name in enumerate(FEATURES)}
_LIMB = re.compile(r"\b(upper|lower) (?:limb|extremity)\b", re.IGNORECASE)
_GENERIC = frozenset(
    ("tissue", "surfac", "system", "organ", "membran", "mater", "muscle", "region", "part", "urine", "coat", "area",
     "body", "tubule", "bone", "human", "structur")
)  # fmt: skip
_JOINING = frozenset(("of", "the", "and", "a", "an", "in", "to", "for", "or"))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two terms that are the same, and how sure that is (0 to 1)."""

    left: str
    right: str
    left_label: str
    right_label: str
    confidence: float

    def to_dict(self) -> dict[str, object]:
        """The pair as a row of SSSOM."""
        return {
            "subject_id": self.left,
            "subject_label": self.left_label,
            "predicate_id": "skos:exactMatch",
            "object_id": self.right,
            "object_label": self.right_label,
            "mapping_justification": "semapv:LexicalSimilarityThresholdMatching",
            "confidence": round(self.confidence, 4),
        }


class _Side:
    """One ontology, prepared."""

    def __init__(self, terms: Iterable[RawTerm], lexicon: Lexicon) -> None:
        self.terms = {t.curie: t for t in terms if not t.deprecated and t.label}
        self.above = {curie: self._closure(curie) for curie in self.terms}
        self.labels = {c: plain(_clean(t.label)) for c, t in self.terms.items()}
        self.written = {
            c: {plain(_clean(n)) for n in (t.label, *(s for s, _ in t.synonyms))}
            for c, t in self.terms.items()
        }
        self.bags = {c: {_bag(n) for n in names} for c, names in self.written.items()}
        self.cores = {c: {_core(b) for b in bags} - {""} for c, bags in self.bags.items()}
        self.joined = {c: {squash(n) for n in names} for c, names in self.written.items()}
        self.cell = {c: tokens(label)[-1:] in (("cell",), ("neuron",)) for c, label in self.labels.items()}
        self.between = {c: self._through(lexicon, names) for c, names in self.written.items()}
        self.names = [
            Name(c, text, "label" if text == self.labels[c] else "exact", "", "", tokens(text))
            for c, names in self.written.items()
            for text in sorted(names, key=lambda n: (n != self.labels[c], n))
            if tokens(text)
        ]

    def _closure(self, curie: str) -> frozenset[str]:
        seen: set[str] = set()
        queue = [curie]
        for current in queue:
            for parent in self.terms[current].parents + self.terms[current].part_of:
                if parent in self.terms and parent not in seen and parent != curie:
                    seen.add(parent)
                    queue.append(parent)
        return frozenset(seen)

    @staticmethod
    def _through(lexicon: Lexicon, names: set[str]) -> set[str]:
        found = (m for n in names for m in lexicon.match(n, kinds=("region", "anatomy")))
        return {m.term.curie for m in found if m.how == "exact" and m.name.scope in ("label", "exact")}

    def pool(self) -> Names:
        words = {c: frozenset(w for p in self._near(c) for w in tokens(self.labels[p])) for c in self.terms}
        return Names(self.names, words, frozenset())

    def _near(self, curie: str) -> set[str]:
        first = {p for p in self.terms[curie].parents + self.terms[curie].part_of if p in self.terms}
        return first | {
            q for p in first for q in self.terms[p].parents + self.terms[p].part_of if q in self.terms
        }


def align(left: Sequence[RawTerm], right: Sequence[RawTerm], *, lexicon: Lexicon) -> list[Pair]:
    """The pairs of terms that mean the same, best first.

    Parameters
    ----------
    left, right : sequence of RawTerm
        The two ontologies, as :func:`commissure.terms.load.read_ontology` gives them; only terms whose prefix is
        the commonest in each are aligned.
    lexicon : Lexicon
        Its synonyms serve as a go-between.

    Raises
    ------
    BadInput
        If one of them has no term with a label.
    """
    return compare(left, right, lexicon=lexicon).choose()


def compare(left: Sequence[RawTerm], right: Sequence[RawTerm], *, lexicon: Lexicon) -> "Comparison":
    """All pairs that may be the same with what speaks for each; :meth:`Comparison.choose` decides.

    Raises
    ------
    BadInput
        If one of the ontologies has no term with a label.
    """
    one, two = _Side(_own(left), lexicon), _Side(_own(right), lexicon)
    if not one.names or not two.names:
        raise BadInput("Both ontologies need terms with labels; one has none.")
    there, back = _opinions(one, two), _opinions(two, one)
    pairs = [(a, b) for a, b in there if (b, a) in back]
    parts = [_parts(one, two, a, b, there[a, b], back[b, a]) for a, b in pairs]
    return Comparison(one, two, pairs, np.array(parts, dtype=np.float64).reshape(-1, len(PARTS)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate pairs of two ontologies, and what speaks for each: a row of ``parts`` in the order of ``PARTS``."""

    one: _Side
    two: _Side
    pairs: list[tuple[str, str]]
    parts: Parts

    def choose(
        self, weights: Mapping[str, float] | None = None, *, threshold: float = THRESHOLD
    ) -> list[Pair]:
        """The pairs taken greedily, best first, each term once.

        Parameters
        ----------
        weights : mapping of str to float
            What each part counts, with ``"above"`` for aligned ancestors and ``"ahead"`` for the lead over rivals.
        threshold : float
            Pairs with less are not taken.
        """
        w = WEIGHTS if weights is None else weights
        totals = self.parts @ np.array([w[name] for name in PARTS])
        near = totals + w["above"] + 6 * w["ahead"] >= threshold
        base = {pair: float(v) for pair, v, keep in zip(self.pairs, totals, near, strict=True) if keep}
        scores, taken = dict(base), dict[str, str]()
        for _ in range(3):
            taken = _greedy(scores, threshold)
            scores = {p: v + w["above"] * _context(self.one, self.two, p, taken) for p, v in base.items()}
        ahead = _lead(scores)
        final = {pair: value + w["ahead"] * ahead[pair] for pair, value in scores.items()}
        chosen = sorted(_greedy(final, threshold).items(), key=lambda pair: -final[pair])
        return [
            Pair(a, b, self.one.terms[a].label, self.two.terms[b].label,
                 float(1 / (1 + np.exp(-0.6 * (final[a, b] - threshold + 2)))))
            for a, b in chosen
        ]  # fmt: skip


def as_sssom(pairs: Sequence[Pair]) -> str:
    """Pairs as a SSSOM table (https://mapping-commons.github.io/sssom/)."""
    rows = [pair.to_dict() for pair in pairs]
    head = list(Pair("", "", "", "", 0.0).to_dict())
    return "\n".join("\t".join(map(str, row)) for row in [head, *(r.values() for r in rows)]) + "\n"


def _own(terms: Sequence[RawTerm]) -> list[RawTerm]:
    counts: dict[str, int] = defaultdict(int)
    for term in terms:
        counts[term.curie.partition(":")[0]] += 1
    if len(counts) > 1:
        counts.pop("LOCAL", None)
    prefix = max(counts, key=lambda p: counts[p], default="")
    return [t for t in terms if t.curie.startswith(f"{prefix}:")]


def _clean(name: str) -> str:
    return _LIMB.sub(lambda m: "forelimb" if m[1].lower() == "upper" else "hindlimb", name.replace("_", " "))


def _bag(name: str) -> str:
    return " ".join(sorted(t for t in tokens(name) if t not in _JOINING))


def _core(words: str) -> str:
    """A bag of words without those that many names of one thing have and others leave out."""
    return " ".join(w for w in words.split() if w not in _GENERIC)


def _opinions(one: _Side, two: _Side) -> dict[tuple[str, str], tuple[float, Row]]:
    """For each pair that the pool finds, the ranker's best score and that name pair's features."""
    names, ranker = two.pool(), Ranker.load()
    best: dict[tuple[str, str], tuple[float, Row]] = {}
    for name in one.names:
        q = query(name.text)
        pool, cosines = names.pool(q, size=POOL) if q.content else (np.empty(0, dtype=np.int64), None)
        if cosines is None or not len(pool):
            continue
        features = names.features(q, pool, cosines)
        for i, value, row in zip(pool, ranker.scores(features), features, strict=True):
            key = (name.curie, names.names[i].curie)
            if key not in best or value > best[key][0]:
                best[key] = (float(value), row)
    return best


def _exactness(one: _Side, two: _Side, a: str, b: str) -> float:
    if one.labels[a] == two.labels[b]:
        return 3.2
    if one.labels[a] in two.written[b] or two.labels[b] in one.written[a]:
        return 3.0
    if one.written[a] & two.written[b]:
        return 2.5
    if one.bags[a] & two.bags[b]:
        return 2.4 if _bag(one.labels[a]) == _bag(two.labels[b]) else 2.0
    if one.joined[a] & two.joined[b]:
        return 2.4
    if one.between[a] & two.between[b]:
        return 2.0
    return 1.7 if one.cores[a] & two.cores[b] else 0.0


def _parts(
    one: _Side, two: _Side, a: str, b: str, there: tuple[float, Row], back: tuple[float, Row]
) -> list[float]:  # fmt: skip
    """What speaks for a pair, in the order of ``PARTS``."""
    (value, f), (other, g) = there, back
    return [
        value + other,
        _exactness(one, two, a, b),
        float(two.labels[b].endswith(" part") != one.labels[a].endswith(" part")),
        float(f[_AT["coverage_query"]] + f[_AT["coverage_name"]]),
        float(f[_AT["least_covered"]] + g[_AT["least_covered"]]),
        float(f[_AT["conflict"]]),
        float(one.cell[a] != two.cell[b]),
        float(f[_AT["edit_sorted"]]),
        float(f[_AT["residual_above"]] + g[_AT["residual_above"]]),
    ]


def _context(one: _Side, two: _Side, pair: tuple[str, str], taken: Mapping[str, str]) -> float:
    above = {taken[x] for x in one.above[pair[0]] if x in taken}
    return len(above & two.above[pair[1]]) / max(1, len(above))


def _lead(scores: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """How far each pair is ahead of the best rival of each of its terms, both clipped to ±3 and added."""
    by_term: dict[tuple[int, str], list[float]] = defaultdict(list)
    for (a, b), value in scores.items():
        by_term[0, a].append(value)
        by_term[1, b].append(value)
    for values in by_term.values():
        values.sort(reverse=True)
    out = {}
    for (a, b), value in scores.items():
        total = 0.0
        for values in (by_term[0, a], by_term[1, b]):
            rival = values[1] if value >= values[0] and len(values) > 1 else values[0]
            total += float(np.clip(value - rival if len(values) > 1 else 3.0, -3, 3))
        out[a, b] = total
    return out


def _greedy(scores: Mapping[tuple[str, str], float], threshold: float) -> dict[str, str]:
    pairs: dict[str, str] = {}
    used: set[str] = set()
    for (a, b), value in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if value < threshold:
            break
        if a not in pairs and b not in used:
            pairs[a] = b
            used.add(b)
    return pairs

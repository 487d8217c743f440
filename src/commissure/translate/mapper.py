"""Names to terms: accept, ask with the best five, or none of these.

A name that is known is answered from a table in microseconds. Any other goes to its 50 nearest names by character
3-grams, each pair is scored by a small network, and a second network says how likely the first place is right.

>>> from commissure.terms.lexicon import Lexicon
>>> mapper = Mapper(Lexicon.load())
>>> answer = mapper.map("anterior cingulate gyrus")
>>> answer.curie, answer.decision
('UBERON:0002756', 'accept')
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from commissure.terms.lexicon import Lexicon, Match
from commissure.terms.normal import sides
from commissure.translate.features import Names, query
from commissure.translate.ranker import Ranker, decision_features

__all__ = ["KNOWN_AWAY", "Candidate", "Mapper", "Mapping", "Near", "pool_names"]

#: kinds that compete for a region's name and mean "none of these" when they win
KNOWN_AWAY: tuple[str, ...] = ("anatomy",)
CANDIDATES = 5
GIVE = 0.1  # below, no id is given: none of these
ASK = 0.9  # below, the decision is to ask a person
_PARENTHESES = re.compile(r"\s*\([^()]*\)\s*|\s*\[[^\[\]]*\]\s*")
_SCOPE_ORDER = ("label", "exact", "abbreviation", "narrow", "related", "broad")
_SOURCE_ORDER = {"commissure": 0, "openminds": 1, "mbao": 2, "hbao": 2, "uberon": 3, "nifstd": 4}
#: how often a name that is known in this way means this term: (step, scope) → confidence
_SURE: dict[tuple[str, str], float] = {
    ("", "label"): 0.99, ("", "exact"): 0.98, ("", "abbreviation"): 0.95, ("", "narrow"): 0.95,
    ("", "related"): 0.95, ("", "broad"): 0.9,
    ("words", "label"): 0.97, ("words", "exact"): 0.94, ("words", "related"): 0.9, ("words", "narrow"): 0.88,
    ("words", "broad"): 0.8, ("words", "abbreviation"): 0.7,
    ("shortened", "label"): 0.93, ("shortened", "exact"): 0.92, ("shortened", "related"): 0.88,
    ("shortened", "abbreviation"): 0.5, ("squashed", "abbreviation"): 0.8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term that the name may mean, with its share of the belief (0 to 1)."""

    curie: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Near:
    """A term that is close to the answer, and how: ``skos:closeMatch``, ``broadMatch`` or ``narrowMatch``."""

    curie: str
    label: str
    predicate: str

    def to_dict(self) -> dict[str, str]:
        """The term as plain values, for JSON."""
        relation = self.predicate.removeprefix("skos:").removesuffix("Match")
        return {"id": self.curie, "label": self.label, "predicate": self.predicate, "relation": relation}


@dataclass(frozen=True, slots=True)
class Mapping:
    """The answer to one name.

    ``curie`` is None where none of the terms is likely; ``decision`` is ``"accept"``, ``"ask"`` or ``"none"``;
    ``how`` tells the step that answered; ``side`` is ``"left"``, ``"right"``, ``"both"`` or empty.
    """

    query: str
    curie: str | None
    label: str | None
    confidence: float
    decision: str
    how: str
    side: str = ""
    candidates: tuple[Candidate, ...] = field(default=())

    def to_dict(self) -> dict[str, object]:
        """The answer as plain values, for JSON."""
        return {
            "query": self.query,
            "id": self.curie,
            "label": self.label,
            "confidence": round(self.confidence, 4),
            "candidates": [
                {"id": c.curie, "label": c.label, "score": round(c.score, 4)} for c in self.candidates
            ],
            "decision": self.decision,
            "how": self.how,
            "side": self.side,
        }


def pool_names(lexicon: Lexicon, kinds: Iterable[str]) -> Names:
    """The names of all terms of some kinds, and of those that only compete, ready for comparison."""
    wanted = set(kinds)
    inside = {t.curie for t in lexicon.terms(*wanted, *KNOWN_AWAY)}
    away = {t.curie for t in lexicon.terms(*KNOWN_AWAY) if t.kind not in wanted}
    above = {}
    for curie in inside:
        near = lexicon.parents(curie)
        far = [p for parent in near for p in lexicon.parents(parent.curie)]
        above[curie] = frozenset(
            token for t in near + far for token in lexicon.names[lexicon.names_of[t.curie][0]].tokens
        )
    references = Counter(x.object for x in lexicon.cross_references)
    return Names([n for n in lexicon.names if n.curie in inside], above, frozenset(away), references)


class Mapper:
    """Maps names to terms of some kinds.

    Parameters
    ----------
    lexicon : Lexicon
        The terms.
    kinds : sequence of str
        The kinds that may be answered; brain regions unless told otherwise.
    also : sequence of str
        Further kinds, answered only for names that are known as written.
    """

    def __init__(
        self, lexicon: Lexicon, *, kinds: Sequence[str] = ("region",), also: Sequence[str] = ()
    ) -> None:
        self.lexicon = lexicon
        self.kinds = tuple(kinds)
        self.also = tuple(also)
        self._seen: dict[str, Mapping] = {}

    @cached_property
    def _names(self) -> Names:
        return pool_names(self.lexicon, self.kinds)

    @cached_property
    def _ranker(self) -> Ranker:
        return Ranker.load()

    def map(self, text: str) -> Mapping:
        """The term a name means."""
        if text not in self._seen:
            if len(self._seen) > 200_000:
                self._seen.clear()
            self._seen[text] = self._known(text) or self.likely(text)
        return self._seen[text]

    def map_all(self, texts: Iterable[str]) -> list[Mapping]:
        """One answer a name, in order; a repeated name is worked out once."""
        return [self.map(text) for text in texts]

    def near(self, text: str, *, besides: str | None = None, limit: int = 5) -> list[Near]:
        """Terms close to a name but not the same, each with its SKOS relation to the term ``besides``."""
        bare, side = sides(text)[-1]
        ranked = self._ranked(text, bare, side)
        broader = {t.curie for t in self.lexicon.broader(besides)} if besides else set()
        narrower = {t.curie for t in self.lexicon.narrower(besides)} if besides else set()
        out = []
        for c in ranked.candidates:
            if c.curie != besides:
                relation = "broad" if c.curie in broader else "narrow" if c.curie in narrower else "close"
                out.append(Near(c.curie, c.label, f"skos:{relation}Match"))
        return out[:limit]

    # ---- names that are known

    def _known(self, text: str) -> Mapping | None:
        if not text.strip():
            return Mapping(text, None, None, 0.0, "none", "empty")
        for strict, kinds in ((True, self.kinds), (True, self.also), (False, self.kinds)):
            for variant, side, how in self._variants(text) if kinds else ():
                found = [
                    m for m in self._matches(variant, kinds) if self._same_case(m, variant, strict=strict)
                ]
                if found:
                    return self._choose(text, found, side or found[0].side, how or found[0].how)
        return None

    def _matches(self, text: str, kinds: tuple[str, ...]) -> list[Match]:
        """The terms with this very name."""
        return self.lexicon.match(text, kinds=kinds)

    def _barred(self, text: str) -> list[int]:
        """The positions of names that are not to compete: abbreviations that differ in case alone."""
        return self._names.short_forms(text)

    @staticmethod
    def _variants(text: str) -> Iterator[tuple[str, str, str]]:
        side = sides(text)[-1][1]
        bare = sides(text)[-1][0]
        if side in ("left", "right") and side in text.lower():
            yield f"{side} {bare}", side, "side"
        yield text, "", ""
        without = _PARENTHESES.sub(" ", bare).strip()
        if without and without != bare:
            yield without, side, "shortened"

    @staticmethod
    def _same_case(match: Match, text: str, *, strict: bool = False) -> bool:
        """An abbreviation in another case is another abbreviation, unless the text is all in one case."""
        name = match.name.text
        if match.name.scope != "abbreviation" or name in text:
            return True
        return not strict and match.how == "exact" and (text.isupper() or text.islower()) and len(text) > 2

    def _choose(self, text: str, found: list[Match], side: str, how: str) -> Mapping:
        ranked = sorted(found, key=lambda m: self._preference(m, text))
        first = ranked[0]
        base = _SURE.get((how, first.name.scope), _SURE["", first.name.scope])
        if first.name.scope == "abbreviation" and first.name.text not in text:
            base = 0.6
        depth = 3 if first.name.source == "commissure" else 2  # a name curated by hand settles a tie
        rank = self._preference(first, text)[:depth]
        rivals = [m for m in ranked[1:] if self._preference(m, text)[:depth] <= rank]
        confidence = base / (1 + 0.85 * len(rivals)) if rivals else base - (0.03 if len(ranked) > 1 else 0.0)
        rest = (1.0 - confidence) / max(1, len(ranked) - 1)
        candidates = tuple(
            Candidate(m.term.curie, m.term.label, confidence if m is first else min(rest, confidence))
            for m in ranked[:CANDIDATES]
        )
        decision = "accept" if confidence >= ASK else "ask"
        return Mapping(text, first.term.curie, first.term.label, confidence, decision, how, side, candidates)

    @staticmethod
    def _preference(match: Match, text: str) -> tuple[int, int, int, str]:
        scope = _SCOPE_ORDER.index(match.name.scope)
        return (
            scope,
            int(match.name.text not in text),
            _SOURCE_ORDER.get(match.name.source, 9),
            match.term.curie,
        )

    # ---- names that are not

    def likely(self, text: str) -> Mapping:
        """The term a name means by its likeness to all names, as if it were not known as written."""
        bare, side = sides(text)[-1]
        return self._ranked(text, bare, side)

    def _ranked(self, text: str, bare: str, side: str) -> Mapping:
        names = self._names
        q = query(bare)
        if not q.content:
            return Mapping(text, None, None, 0.0, "none", "unlike", side)
        barred = self._barred(bare)
        pool, cosines = names.pool(q, barred=np.array(barred, dtype=np.int64) if barred else None)
        if not len(pool):
            return Mapping(text, None, None, 0.0, "none", "unlike", side)
        features = names.features(q, pool, cosines)
        scores = self._ranker.scores(features)
        terms = names.term[pool]
        best, evidence = decision_features(features, scores, terms=terms, away=names.away[terms])
        belief = np.exp(scores - scores.max())
        belief /= belief.sum()
        shares: dict[int, float] = {}
        for term, share in zip(terms.tolist(), belief.tolist(), strict=True):
            if not names.away[term]:
                shares[term] = shares.get(term, 0.0) + share
        order = sorted(shares, key=lambda t: -shares[t])[:CANDIDATES]
        candidates = tuple(
            Candidate(names.curies[t], self.lexicon.get(names.curies[t]).label, shares[t]) for t in order
        )
        if best < 0:
            return Mapping(text, None, None, 0.0, "none", "unlike", side, candidates)
        curie = names.curies[int(terms[best])]
        confidence = self._ranker.confidence(evidence)
        decision = "accept" if confidence >= ASK else "ask" if confidence >= GIVE else "none"
        if decision == "none":
            return Mapping(text, None, None, confidence, decision, "ranked", side, candidates)
        label = self.lexicon.get(curie).label
        return Mapping(text, curie, label, confidence, decision, "ranked", side, candidates)

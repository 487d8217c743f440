"""Get from the index what is needed to rank records for a question: ranks by words and by meaning, evidence, masks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commissure.discover.concepts import Concepts
from commissure.discover.question import Need, Question
from commissure.discover.question_numbers import Limit
from commissure.discover.ranking import Credit, Evidence, Weights, credits_of, fuse
from commissure.discover.words import STOP_WORDS, fold_text
from commissure.kernels.embed import can_embed, minilm
from commissure.store.index import SearchIndex

__all__ = ["Found", "filters_of", "retrieve"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_LISTED = 300
_MOST_NAMES = 24
_SURE = 0.4
#: beyond so many records a word or a concept tells too little to be looked up record by record
_COMMON = 20_000
_SCORED = 15_000
#: families whose names are all alike in meaning
_PLAIN = frozenset(("modality", "species", "age", "sex"))


@dataclass(frozen=True, slots=True)
class Found:
    """What the index has for a question.

    Attributes
    ----------
    credits : list of Credit
        The needs and what meets them.
    evidence : Evidence
        One column a record id.
    allowed : array of bool
        Records that pass the filters and that the viewer may see.
    listed : array of bool
        Records that a need, a word or the meaning points to.
    """

    credits: list[Credit]
    evidence: Evidence
    allowed: Mask
    listed: Mask


def retrieve(
    index: SearchIndex,
    question: Question,
    *,
    concepts: Concepts,
    weights: Weights,
    viewer: str,
    meaning: bool = True,
    lists: Sequence[Sequence[int]] = (),
) -> Found:
    """Look a question up in the index.

    Parameters
    ----------
    index : SearchIndex
        Where to look.
    question : Question
        What is asked.
    concepts : Concepts
        Their hierarchy.
    weights : Weights
        The scheme of the ranking.
    viewer : str
        Who asks; their own private records are found too.
    meaning : bool
        Whether to use vectors, where there are any.
    lists : sequence of sequence of int
        Ranked record ids from elsewhere, fused with the index's own.

    Returns
    -------
    Found
    """
    top = index.top()
    worded = {
        need.words: [] if index.word_count(need.words) > _COMMON else index.match(_any_of(need), limit=-1)
        for need in question.needs
        if not need.concepts
    }
    counts = {c: len(index.having(c)[0]) for need in question.needs for c in need.concepts}
    counts |= {word: len(ids) or index.word_count(word) for word, ids in worded.items()}
    credits = credits_of(question, concepts=concepts, counts=counts, records=index.size(), weights=weights)
    met = np.zeros((len(credits), top))
    for row, credit in enumerate(credits):
        if credit.need.concepts:
            _best(met[row], index, credit.worth)
            common = max(counts[concept] for concept in credit.need.concepts) > _COMMON
            if credit.need.family not in _PLAIN and not common:
                said = [index.match([fold_text(part)], limit=-1) for part in credit.need.words.split(" / ")]
                uses = np.zeros(top, dtype=np.bool_)
                uses[[record for ids in said for record in ids]] = True
                met[row] *= np.where(uses, 1.0, 1.0 - weights.exact)
        else:
            met[row, worded[credit.need.words]] = 0.9
    limits = np.array([_holds(index, limit) for limit in question.limits]).reshape(-1, top)
    ranks = [*_lists(index, question, concepts=concepts, meaning=meaning), *map(list, lists)]
    listed = np.asarray((met > 0).any(axis=0), dtype=np.bool_) if credits else np.zeros(top, dtype=np.bool_)
    for ranked in ranks:
        listed[ranked] = True
    if not ranks and not credits:
        listed[:] = True
    fused = fuse(ranks, top, reciprocal=weights.reciprocal)
    evidence = Evidence(credits, met, limits, _refused(index, question, concepts, top), fused, weights)
    return Found(credits, evidence, _allowed(index, question, concepts=concepts, viewer=viewer), listed)


def _best(row: Floats, index: SearchIndex, worth: Mapping[str, float]) -> None:
    for concept, value in worth.items():
        ids, confidence = index.having(concept)
        row[ids] = np.maximum(row[ids], value * confidence)


def _holds(index: SearchIndex, limit: Limit) -> Floats:
    if limit.field != "age":
        values = index.numbers("n" if limit.field == "n" else "year").astype(float)
        return _compare(values, limit)
    low, high = index.numbers("age_min").astype(float), index.numbers("age_max").astype(float)
    whole, part = (low, high) if limit.sign.startswith(">") else (high, low)
    return np.maximum(_compare(whole, limit), 0.6 * _compare(part, limit))


def _compare(values: Floats, limit: Limit) -> Floats:
    compare = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal, "=": np.equal}
    held = compare[limit.sign](values, limit.value).astype(float)
    held[np.isnan(values)] = np.nan
    return held


def _refused(index: SearchIndex, question: Question, concepts: Concepts, top: int) -> Floats:
    refused = np.zeros(top)
    ids = [c for need in question.refused for c in need.concepts]
    if question.only_healthy:
        ids += [c.id for c in concepts if c.family == "condition"]
    for concept in dict.fromkeys(ids):
        found, confidence = index.having(concept)
        sure = (
            np.where(confidence >= 0.9, confidence, 0.45 * confidence)
            if question.only_healthy
            else confidence
        )
        refused[found] = np.maximum(refused[found], sure)
    for need in question.refused:
        if not need.concepts:
            refused[index.match([fold_text(need.words)], limit=-1)] = 0.9
    return refused


def _any_of(need: Need) -> list[str]:
    """A plain word, or a term by any of its names."""
    return list(dict.fromkeys(p for p in map(fold_text, (need.words, *need.names)) if p))


def _lists(index: SearchIndex, question: Question, *, concepts: Concepts, meaning: bool) -> list[list[int]]:
    words = [
        word
        for word in dict.fromkeys(question.text.split())
        if word not in STOP_WORDS or len(question.text) < 12
    ]
    words = [word for word in words if index.word_count(word) <= _COMMON] or words[:1]
    plain = _affordable(index, [fold_text(word) for word in words[:32]])
    asked = [c for need in question.needs for c in need.concepts if len(index.having(c)[0]) <= _COMMON]
    names = [name.lstrip("=?!") for c in asked for name in (concepts.get(c).label, *concepts.get(c).names)]
    wide = _affordable(index, [fold_text(name.rstrip("*")) for name in names[:_MOST_NAMES]])
    lists = []
    if plain:
        lists.append(index.match(plain, limit=_LISTED))
    if wide:
        lists.append(index.match(list(dict.fromkeys((*plain, *wide))), limit=_LISTED))
    if meaning and words and can_embed():
        lists.append(_near(index, question.text))
    return [ranked for ranked in lists if ranked]


def _affordable(index: SearchIndex, phrases: Sequence[str]) -> list[str]:
    """As many of the phrases, in order, as can be scored in time: by the records of each one's rarest word."""
    left = _SCORED
    kept = []
    for phrase in dict.fromkeys(phrases):
        cost = min((index.word_count(word) for word in phrase.split()), default=0)
        if phrase and cost <= left:
            kept.append(phrase)
            left -= cost
    return kept


def _near(index: SearchIndex, text: str) -> list[int]:
    return [int(i) for i in index.nearest(minilm().embed([text])[0], many=_LISTED)[0]]


def filters_of(filters: Mapping[str, object] | None) -> str:
    """Filters by name as query syntax: ``{"species": ["mouse"]}`` gives ``species:"mouse"``."""
    parts = []
    for name, values in (filters or {}).items():
        for value in values if isinstance(values, list | tuple) else [values]:
            clean = str(value).replace('"', " ")
            parts.append(f'{name}:"{clean}"')
    return " ".join(parts)


def _allowed(index: SearchIndex, question: Question, *, concepts: Concepts, viewer: str) -> Mask:
    top = index.top()
    allowed = index.numbers("public") == 1.0
    if viewer:
        allowed = allowed.copy()
        allowed[index.where("owner", viewer)] = True
    for term in question.terms.filters:
        mask = np.zeros(top, dtype=bool)
        for ids in _filtered(index, term.field, term.value, concepts):
            mask[ids] = True
        allowed = allowed & (mask if term.wanted else ~mask)
    for limit in question.terms.limits:
        allowed = allowed & (_holds(index, limit) >= 0.5)
    for phrase, wanted in (
        *((p, True) for p in question.terms.phrases),
        *((b, False) for b in question.terms.banned),
    ):
        mask = np.zeros(top, dtype=bool)
        mask[index.match([fold_text(phrase)], limit=-1)] = True
        if not wanted:
            for mention in concepts.find(phrase, asked=True):
                bearers, confidence = index.having(mention.concept)
                mask[bearers[confidence >= _SURE]] = True
        allowed = allowed & (mask if wanted else ~mask)
    return np.asarray(allowed, dtype=np.bool_)


def _filtered(index: SearchIndex, field: str, value: str, concepts: Concepts) -> Sequence[Sequence[int]]:
    if field in {"source", "licence", "author", "title", "id"}:
        column = {"author": "authors", "id": "source_id"}.get(field, field)
        return [index.where(column, value)]
    named = {m.concept for m in concepts.find(value, asked=True)} | ({value} if value in concepts else set())
    near = {c for c in named if concepts.get(c).family == field} or named
    narrow = near - {w for c in near for w in concepts.broader(c)}
    if not narrow:
        return [index.match([fold_text(value)], limit=-1)]
    found = []
    for concept in narrow:
        ids, confidence = index.having(concept)
        found.append([int(i) for i in ids[confidence >= _SURE]])
    return found

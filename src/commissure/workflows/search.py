"""Search: a question in plain words in, the records that answer it best out, each with why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from commissure.discover.concepts import Concepts, load_concepts
from commissure.discover.explain import Reason, highlight, reasons, relaxations
from commissure.discover.question import Question, understand
from commissure.discover.question_numbers import Limit
from commissure.discover.ranking import Weights, rank
from commissure.discover.spelling import corrector
from commissure.discover.words import fold
from commissure.errors import BadInput
from commissure.hub import Hub
from commissure.store.index import SearchIndex
from commissure.terms.lexicon import Lexicon
from commissure.workflows.harvest import index_of
from commissure.workflows.retrieval import Found, filters_of, retrieve

__all__ = ["SearchReply", "SearchResult", "answer", "search", "shown", "understood"]

_SORTS = ("relevance", "newest", "size", "title")
_COUNTED = 200
#: kinds of terms of the lexicon that a question is searched for, and the facet each stands for
_KINDS = {
    "region": "region", "anatomy": "region", "cell type": "region", "diagnosis": "condition", "species": "species",
    "strain": "species", "task": "task", "cognitive concept": "cognition", "device": "technique",
}  # fmt: skip
_SHORTEST_TERM = 4
_FAMILIES = (
    "modality",
    "species",
    "condition",
    "task",
    "cognition",
    "region",
    "technique",
    "age",
    "design",
    "state",
)
_MOST_VALUES = 12
WEIGHTS = Weights()
Ids = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One record found, and why.

    Attributes
    ----------
    id : str
        ``source:source_id``, unique in the index.
    source, source_id, title : str
        Where it comes from, its id there, its title.
    score : float
        From 0 to 1.
    met, missed : tuple of Reason
        What of the question it meets, with the words that say so, and what it misses.
    highlight : str
        A part of its description, the telling words between ``**``.
    record : mapping
        What else is known: n, licence, year, modality, species, tasks …
    """

    id: str
    source: str
    source_id: str
    title: str
    score: float
    met: tuple[Reason, ...]
    missed: tuple[Reason, ...]
    highlight: str
    record: Mapping[str, object]

    def to_dict(self) -> dict[str, object]:
        """The result as plain values for JSON."""
        return {
            "id": self.id,
            "source": self.source,
            "source_id": self.source_id,
            "title": self.title,
            "score": round(self.score, 4),
            "met": [reason.to_dict() for reason in self.met],
            "missed": [reason.to_dict() for reason in self.missed],
            "highlight": self.highlight,
            "record": dict(self.record),
        }


@dataclass(frozen=True, slots=True)
class SearchReply:
    """The answer to a question.

    Attributes
    ----------
    question : mapping
        How the question was understood: needs, ruled out, limits, corrected words.
    results : tuple of SearchResult
        One page.
    total : int
        How many records answer at least half as well as the best.
    exact : bool
        Whether the first result meets all that was asked.
    message : str
        "No exact match" and what to relax, or empty.
    relax : tuple of str
        What to relax, the most telling first.
    facets : mapping
        Family to value to count, over the records that answer.
    offset : int
        Where the page starts.
    """

    question: Mapping[str, object]
    results: tuple[SearchResult, ...] = ()
    total: int = 0
    exact: bool = False
    message: str = ""
    relax: tuple[str, ...] = ()
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    offset: int = 0

    def to_dict(self) -> dict[str, object]:
        """The reply as plain values for JSON."""
        return {
            "question": dict(self.question),
            "total": self.total,
            "offset": self.offset,
            "exact": self.exact,
            "message": self.message,
            "relax": list(self.relax),
            "results": [result.to_dict() for result in self.results],
            "facets": {name: dict(values) for name, values in self.facets.items()},
        }


def search(
    hub: Hub | Path | str,
    words: str,
    *,
    limit: int = 10,
    offset: int = 0,
    filters: Mapping[str, object] | None = None,
    sort: str = "relevance",
    viewer: str = "",
) -> SearchReply:
    """Find records by what they are about.

    Parameters
    ----------
    hub : Hub or path
        The hub, or the index's file.
    words : str
        Plain words, or the query syntax (``species:mouse technique:"two-photon" n:>=30 -task:rest``).
    limit, offset : int
        How many results (1 to 1,000), from where on.
    filters : mapping, optional
        Further filters, name to value or values, as in the query syntax.
    sort : str
        ``"relevance"``, ``"newest"``, ``"size"`` (participants) or ``"title"``; other than by relevance, the
        records that answer are sorted.
    viewer : str
        Who asks: their own private releases are found too.

    Raises
    ------
    BadInput
        If ``limit``, ``offset`` or ``sort`` cannot be used.
    """
    return answer(index_of(hub), words, page=(offset, limit), filters=filters, sort=sort, viewer=viewer)


def answer(
    index: SearchIndex,
    words: str,
    *,
    page: tuple[int, int],
    filters: Mapping[str, object] | None = None,
    sort: str = "relevance",
    viewer: str = "",
    lists: Sequence[Sequence[int]] = (),
) -> SearchReply:
    """The answer of one index to a question.

    Parameters
    ----------
    index : SearchIndex
        Where to look.
    words, filters, sort, viewer
        As for :func:`search`.
    page : tuple of int
        From where on, and how many (1 to 1,000).
    lists : sequence of sequence of int
        Ranked record ids from elsewhere, fused with the index's own.
    """
    offset, limit = page
    if not 1 <= limit <= 1_000 or offset < 0:
        raise BadInput(f"limit must be 1 to 1000 and offset 0 or more; got {limit} and {offset}.")
    if sort not in _SORTS:
        raise BadInput(f"sort must be one of {', '.join(_SORTS)}; got {sort!r}.")
    question, concepts = understood(index, words, filters=filters), load_concepts()
    found = retrieve(index, question, concepts=concepts, weights=WEIGHTS, viewer=viewer, lists=lists)
    order, score = rank(found.evidence, among=found.allowed & found.listed)
    answering = _answering(order, score)
    if sort != "relevance":
        order = answering = _sorted(index, answering, sort)
    return _reply(
        index, question, found=found, order=order, score=score, page=(offset, limit, len(answering))
    )


def understood(index: SearchIndex, words: str, *, filters: Mapping[str, object] | None = None) -> Question:
    """How a question is understood beside an index, which knows the words that are no typing errors."""
    concepts = load_concepts()
    asked = f"{filters_of(filters)} {words}".strip()
    return understand(asked, concepts=concepts, correct=_corrector(index, concepts), lookup=_terms_in)


def _corrector(index: SearchIndex, concepts: Concepts) -> Callable[[str], str]:
    meant = corrector(
        known=concepts.vocabulary(),
        count=index.word_count,
        like=lambda first: index.words(first=first, least=8),
    )

    def correct(word: str) -> str:
        better = meant(word)
        known = better != word and (word in _lexicon_words() or concepts.find(word, asked=True))
        return word if known else better

    return correct


@lru_cache(maxsize=1)
def _lexicon_words() -> frozenset[str]:
    """Every word of every name in the lexicon: none of them is a typing error."""
    return frozenset(fold(word) for name in Lexicon.load().names for word in name.text.split())


def _terms_in(text: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """The regions, cells, diagnoses and so on that the lexicon knows and the curated concepts do not."""
    lexicon = Lexicon.load()
    return [
        (hit.text, _KINDS[hit.terms[0].kind], hit.terms[0].label, tuple(lexicon.synonyms(hit.terms[0].curie)))
        for hit in lexicon.find(text, kinds=_KINDS)
        if len(hit.text) >= _SHORTEST_TERM
    ]


def _answering(order: Ids, score: Floats) -> Ids:
    best = score[order[0]] if len(order) else 0.0
    return order[score[order] >= 0.5 * best]


def _sorted(index: SearchIndex, ids: Ids, sort: str) -> Ids:
    if sort == "title":
        titles = {int(r["id"]): str(r["title"]).lower() for r in index.rows([int(i) for i in ids])}
        return np.array(sorted(ids, key=lambda i: titles[int(i)]), dtype=np.int64)
    values = np.nan_to_num(index.numbers("year" if sort == "newest" else "n")[ids], nan=-1.0)
    return ids[np.argsort(-values, kind="stable")]


def _reply(
    index: SearchIndex, question: Question, *, found: Found, order: Ids, score: Floats,
    page: tuple[int, int, int],
) -> SearchReply:  # fmt: skip
    concepts = load_concepts()
    offset, limit, total = page
    ids = [int(i) for i in order[offset : offset + limit]]
    results = [_result(row, found, question, concepts, float(score[row["id"]])) for row in index.rows(ids)]
    missed = [result.missed for result in results[:10]]
    missed = [tuple(r for r in of_one if r.facet != "word") or of_one[:0] for of_one in missed]
    exact = bool(results) and any(not m for m in missed)
    relax = () if exact else tuple(relaxations(missed))
    message = ""
    if not results:
        message = "Nothing found; use fewer or other words, or take filters away."
    elif not exact and relax:
        message = f"No exact match: nothing meets all that was asked; relax {relax[0]!r}."
    counted = [int(i) for i in order[: min(total, _COUNTED)]]
    told = _told(question)
    return SearchReply(
        told, tuple(results), total, exact, message, relax, _facets(index, counted, concepts), offset
    )


def _told(question: Question) -> dict[str, object]:
    return {
        "text": question.text,
        "asks": [{"facet": need.family, "value": need.label} for need in question.needs],
        "not": [need.label for need in question.refused]
        + (["clinical populations"] if question.only_healthy else []),
        "limits": [str(limit) for limit in question.limits],
        "corrected": dict(question.corrected),
    }


def _facets(index: SearchIndex, ids: list[int], concepts: Concepts) -> dict[str, dict[str, int]]:
    facets: dict[str, dict[str, int]] = {name: {} for name in _FAMILIES}
    for family, concept, count in index.facet_counts(ids):
        if family in facets and len(facets[family]) < _MOST_VALUES:
            facets[family][concepts.get(concept).label] = count
    for column in ("source", "licence", "year"):
        facets[column] = dict(index.column_counts(column, ids)[:_MOST_VALUES])
    return facets


def _result(
    row: Mapping[str, Any], found: Found, question: Question, concepts: Concepts, score: float
) -> SearchResult:
    asked = found.credits
    held = {
        credit.need.words: float(found.evidence.met[place, row["id"]])
        for place, credit in enumerate(asked)
        if not credit.need.concepts
    }
    labels = {c: concepts.get(c).label for credit in asked for c in credit.worth}
    said = reasons(asked, row["facets"], labels=labels, held=held)
    said += [_limit_reason(limit, row) for limit in question.limits]
    met, missed = tuple(r for r in said if r.met), tuple(r for r in said if not r.met)
    told = [r.words for r in met if r.words] + question.text.split()
    return shown(row, met=met, missed=missed, words=told, score=score)


def shown(
    row: Mapping[str, Any],
    *,
    met: tuple[Reason, ...],
    missed: tuple[Reason, ...],
    words: Sequence[str],
    score: float,
) -> SearchResult:
    """A row of the index as a result.

    Parameters
    ----------
    row : mapping
        The row.
    met, missed : tuple of Reason
        Why.
    words : sequence of str
        The words to set off in the description.
    score : float
        From 0 to 1.
    """
    document = {name: value for name, value in row["document"].items() if name != "embed"}
    known = ("n", "age_min", "age_max", "year", "licence")
    document |= {name: row[name] for name in known if row[name] not in (None, "")}
    text = highlight(str(document.get("description") or row["title"]), words)
    return SearchResult(
        row["uid"], row["source"], row["source_id"], row["title"], score, met, missed, text, document
    )


def _limit_reason(limit: Limit, row: Mapping[str, Any]) -> Reason:
    label, name = str(limit), limit.field
    value = row["age_max" if limit.sign.startswith(">") else "age_min"] if name == "age" else row[name]
    if value is None:
        return Reason(name, label, False, near="not known")
    said = f"{value:g}" if isinstance(value, int | float) else str(value)
    return Reason(name, label, bool(limit.holds(float(str(value)))), said, name, 1.0)

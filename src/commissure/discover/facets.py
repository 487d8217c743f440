"""What a record is about: facets read out of its fields, each with its source and confidence.

Metadata is poor in the wild, so every field is read: what a depositor filled in counts most, then the
title, tasks and keywords, then the prose. A narrower concept brings its wider ones along. Nothing is
invented: each facet keeps the words that say so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commissure.discover.concepts import Concepts, Mention
from commissure.discover.words import Words, cut

__all__ = ["Facet", "Numbers", "derive", "numbers_of", "texts_of"]

#: how far a field is trusted: filled in by the depositor, or read out of prose
TRUST = {
    "modality": 1.0, "species": 1.0, "diagnosis": 1.0, "technique": 1.0, "tasks": 0.95, "title": 0.97,
    "keywords": 0.92, "domain": 0.85, "study_design": 0.85, "description": 0.80, "ai_summary": 0.80,
    "cited": 0.80, "variables": 0.70, "participants_tsv_head": 0.60, "references": 0.55,
}  # fmt: skip
_WIDER = 0.97
#: "EEG" inside the name of an invasive kind is not scalp EEG
_INNER, _OUTER = frozenset(("eeg",)), frozenset(("ieeg",))
_LONGEST_FIELD = 20_000
_PROSE = frozenset(("description", "ai_summary", "references"))
_RULED_OUT = frozenset(
    ("no", "without", "neither", "nor", "absence", "free", "never", "criteria", "criterion")
)
_REACH = 10
_SURE = 0.8
_ANIMALS = ("nonhuman", "mouse", "rat", "rodent", "macaque", "nhp", "pig", "sheep", "dog", "rabbit")
#: what a bare abbreviation, and what a condition named to be ruled out, is worth in prose
_BARE, _DENIED = 0.6, 0.5
_COUNT = re.compile(
    r"\b(\d{1,5})\s+(?:[a-z-]+\s+){0,3}?(?:subjects|participants|patients|volunteers|adults|children|individuals|people)\b",
    re.IGNORECASE,
)
_AGES = re.compile(
    r"\b(?:aged?|ages)\s*(?:between|from|of|range[d:]*)?\s*(\d{1,3})\s*(?:-|–|to|and|\s)\s*(\d{1,3})\b"
    r"|\b(\d{1,2})\s*(?:-|–|to)\s*(\d{1,3})[\s-]*years?\b",
    re.IGNORECASE,
)
_BUCKET = re.compile(r"(\d{1,3})\s*(?:-\s*(\d{1,3})|\+)")


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing a record is about, and how that is known.

    Attributes
    ----------
    concept, family : str
        The id of the concept and its family (``parkinson``, ``condition``).
    confidence : float
        From 0 to 1: how surely the record is about it.
    source : str
        The field that says so; ``"BIDS default"`` where the standard does.
    words : str
        The words that say so.
    """

    concept: str
    family: str
    confidence: float
    source: str
    words: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """A record's numbers: participants, ages in years, year of release; None where unknown."""

    n: int | None = None
    age_min: float | None = None
    age_max: float | None = None
    year: int | None = None


def texts_of(record: Mapping[str, object]) -> list[tuple[str, str]]:
    """The texts of a record, as (field, text), whatever is missing or of an odd type."""
    fields = [(name, _text(record.get(name))) for name in TRUST if name != "references"]
    fields.append(("references", _text(record.get("references_and_links"))))
    return [(name, text[:_LONGEST_FIELD]) for name, text in fields if text]


def derive(
    record: Mapping[str, object], *, concepts: Concepts, fields: Mapping[str, Words] | None = None
) -> tuple[Facet, ...]:
    """Read the facets out of a record.

    Parameters
    ----------
    record : mapping
        Any of ``title, description, modality, tasks, species, diagnosis, keywords, ages, …``; fields that
        are missing, null or of another type are passed over.
    concepts : Concepts
        What can be found.
    fields : mapping, optional
        The words of its fields, if they are cut already.

    Returns
    -------
    tuple of Facet
        One a concept, the most trusted, most trusted first.
    """
    best: dict[str, tuple[float, str, str]] = {}
    if fields is None:
        fields = {name: cut(text) for name, text in texts_of(record)}
    for name, cut_text in fields.items():
        for concept, (confidence, words) in _found(name, cut_text, concepts).items():
            _keep(best, concept, (confidence, name, words))
    animal = any(concept in best and best[concept][0] >= _SURE for concept in _ANIMALS)
    for concept, confidence, words in (
        () if animal else _by_age(numbers_of(record), _text(record.get("ages")))
    ):
        if concept in concepts:
            _keep(best, concept, (confidence, "ages", words))
    if not any(concepts.get(c).family == "species" for c in best) and _is_bids(record):
        best["human"] = (0.5, "BIDS default", "no species stated")
    for concept, (confidence, source, words) in list(best.items()):
        for wider in concepts.broader(concept):
            _keep(best, wider, (confidence * _WIDER, source, words))
    facets = (Facet(c, concepts.get(c).family, round(v[0], 4), v[1], v[2]) for c, v in best.items())
    return tuple(sorted(facets, key=lambda facet: (-facet.confidence, facet.concept)))


def _found(name: str, text: Words, concepts: Concepts) -> dict[str, tuple[float, str]]:
    counts: dict[str, int] = {}
    said: dict[str, str] = {}
    doubt: dict[str, float] = {}
    prose = name in _PROSE
    for mention in _telling(concepts.find(text), concepts):
        concept = mention.concept
        counts[concept] = counts.get(concept, 0) + 1
        said.setdefault(concept, mention.words)
        if prose:
            clinical = concepts.get(concept).family == "condition"
            sure = _BARE if mention.bare else _DENIED if clinical and _denied(text, mention.first) else 1.0
            doubt[concept] = max(doubt.get(concept, 0.0), sure)
    trust = TRUST[name]
    return {
        concept: (
            min(trust * doubt.get(concept, 1.0) + (0.04 * min(count - 1, 3) if prose else 0.0), 1.0),
            said[concept],
        )
        for concept, count in counts.items()
    }


def _denied(text: Words, place: int) -> bool:
    """Whether prose names something to rule it out: "no history of head injury"."""
    before = text.folded[max(0, place - _REACH) : place]
    return any(word in _RULED_OUT or word.startswith(("exclu", "contraindic")) for word in before)


def _telling(mentions: list[Mention], concepts: Concepts) -> list[Mention]:
    """Leave out a modality named inside the longer name of another: the "EEG" of "intracranial EEG"."""
    long = [m for m in mentions if m.last > m.first and concepts.get(m.concept).family == "modality"]
    if not long:
        return mentions
    inside = {(m.concept, i) for m in long for i in range(m.first, m.last + 1)}
    names: dict[int, set[str]] = {}
    for concept, i in inside:
        names.setdefault(i, set()).add(concept)
    return [
        m for m in mentions
        if m.last > m.first or m.first not in names or m.concept in names[m.first]
        or m.concept not in _INNER or not names[m.first] & _OUTER
    ]  # fmt: skip


def _keep(best: dict[str, tuple[float, str, str]], concept: str, candidate: tuple[float, str, str]) -> None:
    if concept not in best or candidate[0] > best[concept][0]:
        best[concept] = candidate


def _by_age(numbers: Numbers, buckets: str) -> Iterable[tuple[str, float, str]]:
    low, high = numbers.age_min, numbers.age_max
    if low is None or high is None or high <= 0:
        return
    said = f"ages {buckets}" if buckets else f"ages {low:g}-{high:g}"
    if low < 2:
        yield "infant", 0.4, said
    if low < 11 and high < 40:
        yield "children", 0.7, said
    if low < 18 and high > 11 and high < 30:
        yield "adolescent", 0.6, said
    if high > 65 or low >= 50:
        yield "olderadult", 0.75 if low >= 50 else 0.5, said


def _is_bids(record: Mapping[str, object]) -> bool:
    return str(record.get("source")) in {"openneuro", "nemar", "moabb"} or record.get("standard") == "BIDS"


def numbers_of(record: Mapping[str, object]) -> Numbers:
    """Read the numbers of a record: from its fields, else out of its text."""
    count = _number(record.get("n_subjects"))
    text = _text(record.get("description"))[:_LONGEST_FIELD] or _text(record.get("ai_summary"))
    if count is None or count <= 0:
        said = [int(m.group(1)) for m in _COUNT.finditer(text) if int(m.group(1)) > 1]
        count = max(said) if said else None
    low, high = _number(record.get("age_min")), _number(record.get("age_max"))
    buckets = [m.groups() for m in _BUCKET.finditer(_text(record.get("ages")))]
    if low is None and buckets:
        low = float(min(int(a) for a, _ in buckets))
        high = float(max(int(b) if b else 90 for _, b in buckets))
    if low is None and (match := _AGES.search(text)):
        pair = [float(g) for g in match.groups() if g]
        low, high = (pair[0], pair[1]) if pair[0] < pair[1] <= 110 else (None, None)
    year = re.match(r"(\d{4})", _text(record.get("date")))
    return Numbers(int(count) if count is not None else None, low, high, int(year.group(1)) if year else None)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if value == value and abs(value) < 1e9 else None
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}(\.\d+)?\s*", value):
        return float(value)
    return None


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return " ; ".join(_text(v) for v in value.values())
    if isinstance(value, Iterable):
        return " ; ".join(_text(v) for v in value)
    return str(value)

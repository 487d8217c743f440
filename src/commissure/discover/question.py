"""Understand a question: which facets it asks for, which it rules out, which numbers must hold.

>>> from commissure.discover.concepts import load_concepts
>>> q = understand("motor imagery EEG, more than 50 participants", concepts=load_concepts())
>>> [need.label for need in q.needs], [str(limit) for limit in q.limits]
(['motor imagery', 'EEG'], ['n > 50'])
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from commissure.discover.concepts import Concepts, Mention
from commissure.discover.question_numbers import Limit, find_limits
from commissure.discover.question_syntax import Terms, split_terms
from commissure.discover.words import STOP_WORDS, Token, Words, tokens

__all__ = ["Lookup", "Need", "Question", "understand"]

_LONGEST = 1_000
_OLD, _YOUNG = 50, 18
_MINORS = frozenset(("children", "adolescent", "infant", "fetal"))
_ADULTS = re.compile(r"\badults?\s+only\b|\bonly\s+(?:in\s+)?adults\b", re.IGNORECASE)
_NOT = frozenset(("no", "not", "without", "excluding", "exclude", "except", "non", "nor", "never", "minus"))
_NOT_TWO = frozenset((("other", "than"), ("apart", "from"), ("rather", "than"), ("instead", "of")))
_NON = frozenset(("human", "invasive", "linear", "rem", "native", "word", "musician", "verbal", "stationary"))
_ENDS_NOT = frozenset(("but", "with", "including", "only", "while", "during", "from"))
_OR = frozenset(("or", "and", "plus", "versus", "vs"))
#: families in which several asked values are alternatives: "Alzheimer's disease and dementia"
_ALTERNATIVES = frozenset(("condition", "species", "age", "sex"))
#: families of which one thing may stand for the other: "insomnia or sleep deprivation"
_AKIN = ({"condition", "state"}, {"task", "cognition"}, {"modality", "technique"})
#: what a family's match weighs; a record of the wrong condition is of no use, one of another modality is of some
WEIGHT = {
    "condition": 4.0, "state": 3.5, "task": 3.0, "species": 3.0, "technique": 3.0, "cognition": 2.5,
    "region": 2.5, "design": 2.0, "age": 2.2, "modality": 2.4, "sex": 1.5, "word": 1.0,
}  # fmt: skip
#: families in which a wider thing asked beside a narrower one widens the choice
_KEPT = frozenset(("condition", "state", "cognition"))
_VAGUE = frozenset(("patients", "human", "healthy", "neocortex", "behavior"))


@dataclass(frozen=True, slots=True)
class Need:
    """One thing asked for: any of ``concepts`` meets it.

    Attributes
    ----------
    family, label : str
        Of the first concept.
    concepts : tuple of str
        Concept ids; empty for a plain word.
    words : str
        The words of the question.
    weight : float
        How much it counts before rarity.
    names : tuple of str
        Other names of a term of the lexicon, for one that is no curated concept.
    """

    family: str
    label: str
    concepts: tuple[str, ...]
    words: str
    weight: float
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood.

    Attributes
    ----------
    text : str
        The free words, cleaned.
    needs : tuple of Need
        What is asked for.
    refused : tuple of Need
        What is ruled out.
    limits : tuple of Limit
        Numbers that must hold.
    terms : Terms
        The ``field:value`` filters and quoted phrases.
    only_healthy : bool
        Whether clinical populations are ruled out as a whole.
    corrected : tuple of (str, str)
        Words read as other words (typing errors).
    """

    text: str
    needs: tuple[Need, ...] = ()
    refused: tuple[Need, ...] = ()
    limits: tuple[Limit, ...] = ()
    terms: Terms = field(default_factory=Terms)
    only_healthy: bool = False
    corrected: tuple[tuple[str, str], ...] = ()


#: finds terms of a lexicon in a text: (the words as they stand, kind, label, all names) of each
Lookup = Callable[[str], Sequence[tuple[str, str, str, tuple[str, ...]]]]


def understand(
    words: str,
    *,
    concepts: Concepts,
    correct: Callable[[str], str] | None = None,
    lookup: Lookup | None = None,
) -> Question:
    """Understand a question in plain words or in the query syntax.

    Parameters
    ----------
    words : str
        The question; control characters are dropped and only the first 1,000 characters are read.
    concepts : Concepts
        What can be asked for.
    correct : callable, optional
        Gives the word that a folded word was meant to be, or the word itself.
    lookup : callable, optional
        Finds the terms of a lexicon in a text; asked only about words that no concept takes.

    Returns
    -------
    Question
    """
    clean = " ".join("".join(c if c.isprintable() else " " for c in words[: 4 * _LONGEST]).split())
    terms, free = split_terms(clean[:_LONGEST])
    limits, free = find_limits(free)
    found, fixed = _correct(tokens(free), correct)
    denied = _denied(found)
    kept = _longest(
        concepts.find(Words([t.folded for t in found], [t.written for t in found]), asked=True), concepts
    )
    wanted = [m for m in kept if m[0].first not in denied]
    refused = [m for m in kept if m[0].first in denied]
    only_healthy = _only_healthy(found, refused)
    needs = _needs(wanted, found, concepts)
    covered = {i for mentions in kept for i in range(mentions[0].first, mentions[0].last + 1)}
    free_places = [i for i in range(len(found)) if i not in covered and i not in denied]
    named = _named(found, free_places, lookup) if any(_tells(found[i]) for i in free_places) else []
    taken = {i for _, places in named for i in places}
    needs += [need for need, _ in named]
    plain = tuple(
        Need("word", found[i].written, (), found[i].folded, WEIGHT["word"])
        for i in free_places
        if i not in taken and _tells(found[i])
    )
    if only_healthy:
        needs = [need for need in needs if need.concepts != ("healthy",)]
        refused = []
    unwanted = tuple(_need(group, concepts) for group in refused)
    needs += _by_age((*terms.limits, *limits), needs)
    if _ADULTS.search(clean) and not any("children" in need.concepts for need in needs):
        unwanted += (Need("age", "children", ("children",), "adults only", WEIGHT["age"]),)
    text = " ".join(token.folded for i, token in enumerate(found) if i not in denied)
    return Question(text, (*needs, *plain), unwanted, (*terms.limits, *limits), terms, only_healthy, fixed)


def _named(found: Sequence[Token], free: list[int], lookup: Lookup | None) -> list[tuple[Need, set[int]]]:
    """The terms of the lexicon among the words that no concept takes, each with its places."""
    if lookup is None:
        return []
    named = []
    stretch = " ".join(found[i].written if i in set(free) else "|" for i in range(len(found)))
    folded = [token.folded for token in found]
    for said, kind, label, names in lookup(stretch):
        words = [token.folded for token in tokens(said)]
        start = next((i for i in free if folded[i : i + len(words)] == words), None)
        if start is not None and any(_tells(found[i]) for i in range(start, start + len(words))):
            need = Need(kind, label, (), " ".join(words), WEIGHT.get(kind, WEIGHT["region"]), names)
            named.append((need, set(range(start, start + len(words)))))
    return named


def _tells(token: Token) -> bool:
    return (
        len(token.folded) > 1 and token.folded not in STOP_WORDS and token.written.lower() not in STOP_WORDS
    )


def _correct(
    found: list[Token], correct: Callable[[str], str] | None
) -> tuple[list[Token], tuple[tuple[str, str], ...]]:
    if correct is None:
        return found, ()
    better = [
        Token(correct(t.folded), t.written, t.start, t.end) if t.folded.isalpha() and len(t.folded) > 3 else t
        for t in found
    ]
    changed = tuple(
        (old.written, new.folded) for old, new in zip(found, better, strict=True) if old.folded != new.folded
    )
    return better, changed


def _denied(found: Sequence[Token]) -> set[int]:
    """The places that a "no", "without", "other than" or "non-" reaches."""
    reach: set[int] = set()
    on = begun = False
    for i, token in enumerate(found):
        word = token.written.lower()
        before = found[i - 1].written.lower() if i else ""
        gap = i > 0 and token.start - found[i - 1].end > 1
        if on and begun and (word in _ENDS_NOT or (gap and word not in _OR and before not in _OR)):
            on = False
        if word == "non" and not _joined(found, i):
            reach |= {i, i + 1}
        elif (word in _NOT and word != "non" and not _joined(found, i)) or (before, word) in _NOT_TWO:
            on, begun = True, False
            reach |= {i, i - 1} if (before, word) in _NOT_TWO else {i}
        elif on:
            begun = begun or word not in _ENDS_NOT
            reach.add(i)
    return reach


def _joined(found: Sequence[Token], i: int) -> bool:
    """Whether a "no" or "non" is part of a name: go/no-go, non-human primate, non-invasive."""
    after = found[i + 1].folded if i + 1 < len(found) else ""
    return after == "go" or (found[i].written.lower() == "non" and after in _NON)


def _longest(mentions: list[Mention], concepts: Concepts) -> list[list[Mention]]:
    """Keep the longest mentions; those of one stretch together, without what a narrower one implies."""
    taken: set[int] = set()
    groups: list[list[Mention]] = []
    for mention in sorted(mentions, key=lambda m: (m.first - m.last, m.first)):
        span = set(range(mention.first, mention.last + 1))
        same = next((g for g in groups if (g[0].first, g[0].last) == (mention.first, mention.last)), None)
        if same is not None:
            same.append(mention)
        elif not span & taken:
            groups.append([mention])
            taken |= span
    narrowed = []
    for group in groups:
        wider = {w for m in group for w in concepts.broader(m.concept)}
        kept = [m for m in group if m.concept not in wider]
        precise = [m for m in kept if concepts.get(m.concept).family != "cognition"]
        narrowed.append(precise or kept)
    return sorted(narrowed, key=lambda g: g[0].first)


def _need(group: Sequence[Mention], concepts: Concepts) -> Need:
    ids = tuple(dict.fromkeys(mention.concept for mention in group))
    first = concepts.get(ids[0])
    said = " / ".join(dict.fromkeys(mention.words for mention in group))
    weight = max(WEIGHT[concepts.get(i).family] for i in ids) * (0.4 if ids[0] in _VAGUE else 1.0)
    return Need(first.family, first.label, ids, said, weight)


def _needs(groups: list[list[Mention]], found: Sequence[Token], concepts: Concepts) -> list[Need]:
    merged: list[list[Mention]] = []
    for group in groups:
        host = next((m for m in merged if _alternative(m, group, found, concepts)), None)
        if host is None:
            merged.append(list(group))
        else:
            host.extend(group)
    asked = {mention.concept for group in merged for mention in group}
    implied = {wider for concept in asked for wider in concepts.broader(concept)}
    clinical = any(concepts.get(c).family == "condition" for c in asked)
    needs = []
    for group in merged:
        ids = {mention.concept for mention in group}
        nearest = {w for c in asked for w in concepts.get(c).broader if concepts.get(w).family in _KEPT}
        implied_here = implied - (ids & nearest if len(_spans(group)) > 1 else set())
        if ids <= implied or (clinical and ids <= {"patients", "healthy", "human"}):
            continue
        if ids == {"neocortex"} and any(concepts.get(c).family == "region" for c in asked - ids):
            continue
        if ids <= {"human"} and not any(m.words.lower().startswith(("human", "homo")) for m in group):
            continue
        needs.append(_need([m for m in group if m.concept not in implied_here] or group, concepts))
    return needs


def _by_age(limits: Sequence[Limit], needs: Sequence[Need]) -> list[Need]:
    """The age group that a limit of age asks for: "over 65" are older adults, "under 12" children."""
    asked = {concept for need in needs for concept in need.concepts}
    found = []
    for limit in limits:
        if (
            limit.field == "age"
            and limit.sign[0] == ">"
            and limit.value >= _OLD
            and "olderadult" not in asked
        ):
            found.append(Need("age", "older adults", ("olderadult",), str(limit), WEIGHT["age"]))
        if limit.field == "age" and limit.sign[0] == "<" and limit.value <= _YOUNG and not asked & _MINORS:
            found.append(Need("age", "children", ("children",), str(limit), WEIGHT["age"]))
    return found


def _spans(group: Sequence[Mention]) -> set[tuple[int, int]]:
    return {(mention.first, mention.last) for mention in group}


def _alternative(
    one: Sequence[Mention], other: Sequence[Mention], found: Sequence[Token], concepts: Concepts
) -> bool:
    ids, others = {m.concept for m in one}, {m.concept for m in other}
    if ids & others:
        return True
    between = [t.written.lower() for t in found[one[-1].last + 1 : other[0].first]]
    nearer = ids & {w for c in others for w in concepts.get(c).broader} or others & {
        w for c in ids for w in concepts.get(c).broader
    }
    if len(between) <= 3 and _OR & set(between) and any(concepts.get(c).family in _KEPT for c in nearer):
        return True
    family, second = concepts.get(one[-1].concept).family, concepts.get(other[0].concept).family
    if family != second:
        return "or" in between and len(between) <= 3 and {family, second} in _AKIN
    if family in _ALTERNATIVES and not (ids | others) & {"healthy", "patients", "human"}:
        return True
    return "or" in between and len(between) <= 3


def _only_healthy(found: Sequence[Token], refused: list[list[Mention]]) -> bool:
    no_patients = any(m.concept == "patients" for group in refused for m in group)
    text = " ".join(token.folded for token in found)
    return no_patients or bool(
        re.search(
            r"healthy (?:\w+ ){0,2}only|only (?:\w+ )?healthy|healthy only|non clinical|nonclinical", text
        )
    )

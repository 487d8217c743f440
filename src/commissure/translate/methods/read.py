"""A paper's method text to metadata: the whole, in one call.

>>> from commissure.terms.lexicon import Lexicon
>>> text = "# Participants\\nTwenty-four healthy adults (12 women; mean age 25.3 years) took part. fMRI at 3 T, TR = 2 s."
>>> found = read_methods(from_text(text), lexicon=Lexicon.load())
>>> found.n, found.groups[0].female, sorted({t.field for t in found.tags} & {"field_strength_T", "repetition_time_s"})
(24, 12, ['field_strength_T', 'repetition_time_s'])
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from commissure.terms.lexicon import Lexicon
from commissure.translate.methods.acquisition import find_acquisition
from commissure.translate.methods.ages import find_ages
from commissure.translate.methods.groups import Group, find_groups
from commissure.translate.methods.mentions import Mention
from commissure.translate.methods.people import ABSTAIN_BELOW, count_people, mentions_of
from commissure.translate.methods.sections import Paper, Sentence, from_text
from commissure.translate.methods.tag import Tag
from commissure.translate.methods.terms import find_terms

__all__ = ["Methods", "from_text", "read_methods"]

_PEOPLE = re.compile(
    r"\b(participants?|volunteers?|patients?|students?|men|women|adults|children|individuals|informed consent)\b",
    re.IGNORECASE,
)
_ANIMAL = re.compile(
    r"\b(mice|mouse|rats?|monkeys?|macaques?|marmosets?|zebrafish|ferrets?)\b", re.IGNORECASE
)


@dataclass(slots=True)
class Methods:
    """What a method text says.

    ``n`` is the likeliest total, ``n_confidence`` how likely it is right, ``n_abstains`` whether that is too little
    to go by; ``tags`` hold every other fact with its place.
    """

    n: int | None = None
    n_confidence: float = 0.0
    n_abstains: bool = True
    n_evidence: list[tuple[int, int]] = field(default_factory=list)
    n_candidates: list[tuple[int, float]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)

    def to_dict(self, text: str) -> dict[str, object]:
        """All of it as plain values, for JSON, with the evidence's own words."""
        return {
            "n": self.n,
            "n_confidence": round(self.n_confidence, 4),
            "n_abstains": self.n_abstains,
            "n_candidates": [{"n": n, "probability": round(p, 4)} for n, p in self.n_candidates],
            "n_evidence": [
                {"start": s, "end": e, "text": text[max(0, s - 30) : e + 40]} for s, e in self.n_evidence
            ],
            "groups": [group.to_dict() for group in self.groups],
            "tags": [tag.to_dict() for tag in self.tags],
        }


def read_methods(paper: Paper, *, lexicon: Lexicon) -> Methods:
    """Everything the grammars and the lexicon find in a paper; nothing is said that has no place in the text."""
    found = Methods()
    sentences, mentions = mentions_of(paper)
    totals = count_people(paper)
    if totals:
        best = totals[0]
        found.n, found.n_confidence = best.value, best.probability
        found.n_abstains = best.probability < ABSTAIN_BELOW
        found.n_evidence = sorted(set(best.evidence))[:6]
        found.n_candidates = [(c.value, c.probability) for c in totals[:5]]
        found.groups = find_groups(best, sentences=sentences, mentions=mentions)
    tags = find_terms(sentences, lexicon, document=paper.text)
    for sentence in sentences:
        if sentence.role in ("methods", "abstract", "people", "front", ""):
            tags += find_acquisition(sentence.text, offset=sentence.start)
    tags += [t for s in sentences if s.role in ("abstract", "people", "methods") for t in _ages(s)]
    tags += _counts(mentions, paper)
    found.tags = sorted([*tags, *_species(paper, tags)], key=lambda t: (t.start, t.field, t.end))
    return found


def _ages(sentence: Sentence) -> list[Tag]:
    """The ages a sentence says; the unit is in the field's name (``age_mean`` is in years)."""
    return [
        Tag(age.field if age.unit == "year" else f"{age.field}_{age.unit}s", age.value, sentence.start + age.start,
            sentence.start + age.end, sentence.text[age.start : age.end], "", 0.9)
        for age in find_ages(sentence.text)
    ]  # fmt: skip


def _counts(mentions: Sequence[Mention], paper: Paper) -> list[Tag]:
    """The numbers of people that the abstract and the participants' section say, by sex where it is said."""
    return [
        Tag(f"n_{m.sex}" if m.sex else "n_excluded" if m.excluded else "n_group", m.value, m.start, m.end,
            paper.text[m.start : m.end], "", 0.8)
        for m in mentions
        if m.role in ("abstract", "people") and not m.earlier and m.noun != "some"
    ]  # fmt: skip


def _species(paper: Paper, tags: list[Tag]) -> list[Tag]:
    """People are seldom called Homo sapiens: participants who consent are human."""
    if any(t.field == "species" for t in tags):
        return []
    words = Counter(m[0].lower() for m in _PEOPLE.finditer(paper.text))
    match = _PEOPLE.search(paper.text)
    if match is None or sum(words.values()) < 1 or len(_ANIMAL.findall(paper.text)) > sum(words.values()):
        return []
    return [Tag("species", "Homo sapiens", match.start(), match.end(), match[0], "NCBITaxon:9606", 0.85)]

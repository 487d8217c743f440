"""How many people (or animals) a paper is about: candidates from the grammar, weighed by where and how they are said.

A candidate is a number said directly, the sum of the groups or the sexes of one sentence, or what a section's account
of its sample comes to (:mod:`~commissure.translate.methods.story`). Each has plain features (said in the abstract,
called final, the account of the abstract and of the participants' section alike, backed by a test's degrees of
freedom …); a linear model fitted on annotated papers turns them into a probability. Below the threshold the answer is
to abstain.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from commissure.errors import Fault
from commissure.translate.methods.mentions import Mention, find_mentions
from commissure.translate.methods.sections import Paper, Sentence, sentences
from commissure.translate.methods.story import propose_stories
from commissure.translate.methods.sums import (
    At,
    propose_sexes,
    propose_sums,
)

__all__ = ["ABSTAIN_BELOW", "Candidate", "candidates", "count_people", "mentions_of"]

_WEIGHTS = Path(__file__).parent.parent / "data" / "people.json"
ABSTAIN_BELOW = 0.92  # .954 right of the .44 of papers above it, five-fold over eight partitions
_DF = re.compile(
    r"\b[tT]\s*_?\(\s*(\d{1,4})\s*\)|\b[tT]_?(\d{1,4})\s*=|\b[fF]\s*_?\(\s*\d{1,2}\s*,\s*(\d{1,4})\s*\)|df\s*=\s*(\d{1,4})\b"
)


@dataclass(slots=True)
class Candidate:
    """A possible total, with its features and where it is said."""

    value: int
    features: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    evidence: list[tuple[int, int]] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)
    probability: float = 0.0

    def mark(self, feature: str, *mentions: Mention) -> None:
        """Add a feature, with the mentions it rests on."""
        self.features[feature] = 1.0
        self.rest_on(*mentions)

    def rest_on(self, *mentions: Mention) -> None:
        """Add the mentions a value rests on."""
        self.evidence += [(m.start, m.end) for m in mentions]
        self.roles |= {m.role for m in mentions}


def mentions_of(paper: Paper) -> tuple[list[Sentence], list[Mention]]:
    """The sentences of a paper and all mentions of people in them."""
    all_sentences = sentences(paper)
    found = [m for i, s in enumerate(all_sentences) for m in find_mentions(s, index=i)]
    return all_sentences, found


def candidates(paper: Paper) -> list[Candidate]:
    """The possible totals of a paper, with features."""
    said, mentions = mentions_of(paper)
    usable = [
        m for m in mentions if m.role in ("abstract", "people", "methods", "results", "title", "front", "")
    ]
    table: dict[int, Candidate] = {}

    def at(value: int) -> Candidate:
        if value not in table:
            table[value] = Candidate(value)
        return table[value]

    beside: dict[int, list[Mention]] = defaultdict(list)
    for m in usable:
        beside[m.sentence].append(m)
    plain = [
        m for m in usable
        if (not m.sex or _alone(m, beside[m.sentence])) and m.noun != "some" and not m.earlier
    ]  # fmt: skip
    _direct(plain, at)
    propose_sums(plain, at)
    propose_sexes(usable, at)
    propose_stories([m for m in mentions if m.noun != "some" or m.excluded], said, at=at)
    _backed(paper, table)
    for candidate in table.values():
        f = candidate.features
        f["bias"] = 1.0
        f["tiny"] = float(candidate.value < 4)
        f["huge"] = float(candidate.value > 500)
        f["log"] = math.log1p(candidate.value) / 5.0
        f["in_abstract_and_people"] = float({"abstract", "people"} <= candidate.roles)
        f["roles"] = float(len(candidate.roles))
        f["sums"] = math.log1p(f.pop("n_sums", 0.0))
        f["shares"] = math.log1p(f.pop("n_shares", 0.0))
        f["parts"] = math.log1p(f.pop("n_parts", 0.0))
    return [c for c in table.values() if c.value > 0]


def _alone(mention: Mention, mentions: Sequence[Mention]) -> bool:
    """Whether a number of men or women is the only number of its sentence: the sample is of one sex."""
    return not mention.inside and not any(m.start != mention.start and m.value > 2 for m in mentions)


def _direct(plain: Sequence[Mention], at: At) -> None:
    both = {m.role for m in plain if m.group == "patients"} & {m.role for m in plain if m.group == "healthy"}
    for m in plain:
        if m.excluded:
            continue
        role = m.role if m.role in ("abstract", "people", "methods", "results") else "other"
        c = at(m.value)
        c.mark(f"said_{role}_{'part' if m.group and m.role in both else 'whole'}", m)
        for flag in ("final", "total", "took_part", "kept"):
            if getattr(m, flag):
                c.mark(f"{flag}_{'near' if role in ('abstract', 'people') else 'far'}", m)
        if m.inside:
            c.mark("inside", m)


def _backed(paper: Paper, table: dict[int, Candidate]) -> None:
    """Degrees of freedom of the tests in the text: one less for one group, two less for two."""
    counts: dict[int, int] = defaultdict(int)
    for match in _DF.finditer(paper.text):
        counts[int(next(filter(None, match.groups())))] += 1
    for value, candidate in table.items():
        if value > 7:
            candidate.features["df_one"] = math.log1p(counts.get(value - 1, 0))
            candidate.features["df_two"] = math.log1p(counts.get(value - 2, 0))


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    try:
        return {str(k): float(v) for k, v in json.loads(_WEIGHTS.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError) as error:
        raise Fault("The weights for counting people cannot be read; install commissure again.") from error


def count_people(paper: Paper) -> list[Candidate]:
    """The possible totals with their probabilities, the likeliest first; empty if none is said."""
    found, weights = candidates(paper), _weights()
    if not found:
        return []
    scores = [sum(weights.get(k, 0.0) * v for k, v in c.features.items()) for c in found]
    top = max(scores)
    total = sum(math.exp(s - top) for s in scores) + math.exp(weights.get("none", 0.0) - top)
    for candidate, score in zip(found, scores, strict=True):
        candidate.probability = math.exp(score - top) / total
    return sorted(found, key=lambda c: (-c.probability, c.value))

"""How many people (or animals) a paper is about: candidates from the grammar, weighed by where and how they are said.

A candidate is a number said directly, the sum of the groups of one sentence or of neighbouring ones, the sum of the
sexes, or what remains after exclusions. Each has plain features (said in the abstract, first in the participants'
section, called final, backed by a test's degrees of freedom …); a linear model fitted on annotated papers turns them
into a probability. Below the threshold the answer is to abstain.
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

__all__ = ["ABSTAIN_BELOW", "Candidate", "candidates", "count_people", "mentions_of"]

_WEIGHTS = Path(__file__).parent.parent / "data" / "people.json"
ABSTAIN_BELOW = 0.75
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
        self.evidence += [(m.start, m.end) for m in mentions]
        self.roles |= {m.role for m in mentions if not feature.startswith(("excluded", "loses"))}


def mentions_of(paper: Paper) -> tuple[list[Sentence], list[Mention]]:
    """The sentences of a paper and all mentions of people in them."""
    all_sentences = sentences(paper)
    found = [m for i, s in enumerate(all_sentences) for m in find_mentions(s, index=i)]
    return all_sentences, found


def candidates(paper: Paper) -> list[Candidate]:
    """The possible totals of a paper, with features."""
    _, mentions = mentions_of(paper)
    usable = [
        m for m in mentions if m.role in ("abstract", "people", "methods", "results", "title", "front", "")
    ]
    table: dict[int, Candidate] = {}

    def at(value: int) -> Candidate:
        if value not in table:
            table[value] = Candidate(value)
        return table[value]

    plain = [m for m in usable if (not m.sex or _alone(m, usable)) and m.noun != "some" and not m.earlier]
    _direct(plain, at)
    _sums(plain, at)
    _sexes(usable, at)
    _remains(plain, at)
    _sections(plain, at)
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
        f["parts"] = math.log1p(f.pop("n_parts", 0.0))
        f["log_mentions"] = math.log1p(sum(m.value == candidate.value for m in plain))
    return [c for c in table.values() if c.value > 0]


def _alone(mention: Mention, mentions: Sequence[Mention]) -> bool:
    """Whether a number of men or women is the only number of its sentence: the sample is of one sex."""
    others = (
        m for m in mentions if m.sentence == mention.sentence and m.start != mention.start and m.value > 2
    )
    return not mention.inside and not any(others)


def _direct(plain: Sequence[Mention], at: "object") -> None:
    make = at  # a function of a value
    first: dict[str, bool] = {}
    both = {m.role for m in plain if m.group == "patients"} & {m.role for m in plain if m.group == "healthy"}
    for m in plain:
        role = m.role if m.role in ("abstract", "people", "methods", "results") else "other"
        if m.excluded:
            make(m.value).mark(f"excluded_{role}", m)  # type: ignore[operator]
            continue
        c = make(m.value)  # type: ignore[operator]
        kind = "part" if m.group and m.role in both else "whole"
        c.mark(f"said_{role}_{kind}", m)
        if role not in first:
            first[role] = True
            c.mark(f"first_{role}", m)
        for flag in ("final", "total", "took_part"):
            if getattr(m, flag):
                c.mark(f"{flag}_{'near' if role in ('abstract', 'people') else 'far'}", m)
        if m.noun in ("n", "they"):
            c.mark(f"noun_{m.noun}_{role}", m)
        if m.inside:
            c.mark("inside", m)


def _sums(plain: Sequence[Mention], at: "object") -> None:
    by_sentence: dict[int, list[Mention]] = defaultdict(list)
    for m in plain:
        if not m.excluded and m.value > 1:
            by_sentence[m.sentence].append(m)
    for group in by_sentence.values():
        role = group[0].role if group[0].role in ("abstract", "people") else "other"
        outside = [m for m in group if not m.inside]
        inside = [m for m in group if m.inside and m.noun == "n"]
        for name, members in (("outside", outside), ("inside", inside)):
            distinct = members[:5]
            if len(distinct) == 2 and name == "outside" or len(distinct) == 2 and size_two(distinct):
                at(sum(m.value for m in distinct)).features["n_sums"] += 1.0  # type: ignore[operator]
                for m in distinct:
                    at(m.value).features["n_parts"] += 1.0  # type: ignore[operator]
            if 2 <= len(distinct) <= 4 and all(m.final for m in distinct):
                at(sum(m.value for m in distinct)).mark(f"sum_final_{role}", *distinct)  # type: ignore[operator]
            for size in (2, 3, 4):
                if len(distinct) == size:
                    at(sum(m.value for m in distinct)).mark(f"sum_{role}_{name}_{min(size, 3)}", *distinct)  # type: ignore[operator]
            if len(distinct) > 2:
                at(sum(m.value for m in distinct[:2])).mark(f"sum_{role}_first_two", *distinct[:2])  # type: ignore[operator]
            if size_two(distinct):
                at(sum(m.value for m in distinct)).mark(f"sum_{role}_patients_healthy", *distinct)  # type: ignore[operator]
    for role in ("abstract", "people", "methods"):
        here = [m for m in plain if m.role == role and not m.excluded and m.value > 1]
        sick = [m for m in here if m.group == "patients"]
        well = [m for m in here if m.group == "healthy"]
        if sick and well:
            at(sick[0].value + well[0].value).mark(f"groups_first_{role}", sick[0], well[0])  # type: ignore[operator]
            at(sick[-1].value + well[-1].value).mark(f"groups_last_{role}", sick[-1], well[-1])  # type: ignore[operator]
        final = [m for m in here if m.final and m.group]
        if len(final) == 2:
            at(final[0].value + final[1].value).mark(f"groups_final_{role}", *final)  # type: ignore[operator]


def _sections(plain: Sequence[Mention], at: "object") -> None:
    """Sums over several sections about people: several experiments, studies or samples in one paper."""
    firsts: dict[str, Mention] = {}
    finals: dict[str, Mention] = {}
    order: list[tuple[str, int]] = []
    for m in plain:
        if m.role != "people" or m.excluded or m.value < 4:
            continue
        key = m.heading if not order or order[-1][0] == m.heading else f"{m.heading}{len(order)}"
        if not order or order[-1][0] != m.heading:
            order.append((m.heading, m.start))
            firsts[key] = m
        if m.final:
            finals[order[-1][0]] = m
    if 2 <= len(firsts) <= 4:
        at(sum(m.value for m in firsts.values())).mark("sum_sections_first", *firsts.values())  # type: ignore[operator]
        best = [finals.get(m.heading, m) for m in firsts.values()]
        at(sum(m.value for m in best)).mark("sum_sections_final", *best)  # type: ignore[operator]
    for m in plain:
        if m.role in ("abstract", "people") and not m.excluded and m.each:
            at(2 * m.value).mark("twice_each", m)  # type: ignore[operator]
            at(3 * m.value).mark("thrice_each", m)  # type: ignore[operator]


def size_two(members: Sequence[Mention]) -> bool:
    """Whether two mentions are one group of patients and one of healthy people."""
    return {m.group for m in members} == {"patients", "healthy"} and len(members) == 2


def _sexes(usable: Sequence[Mention], at: "object") -> None:
    by_sentence: dict[int, list[Mention]] = defaultdict(list)
    for m in usable:
        if m.sex and not m.excluded:
            by_sentence[m.sentence].append(m)
    for group in by_sentence.values():
        men = [m for m in group if m.sex == "male"]
        women = [m for m in group if m.sex == "female"]
        role = group[0].role if group[0].role in ("abstract", "people") else "other"
        for man, woman in zip(men, women, strict=False):
            at(man.value + woman.value).mark(f"sexes_{role}", man, woman)  # type: ignore[operator]
        if len(men) == len(women) == 2:
            at(sum(m.value for m in group)).mark(f"sexes_all_{role}", *group)  # type: ignore[operator]
        if len(group) == 1:
            at(group[0].value).mark(f"one_sex_{role}", group[0])  # type: ignore[operator]


def _remains(plain: Sequence[Mention], at: "object") -> None:
    """What is left of the first number of a section after the exclusions that follow it."""
    for role in ("people", "methods", "abstract"):
        here = [m for m in plain if m.role == role and m.noun != "some"]
        starts = [m for m in here if not m.excluded and m.value >= 5][:2]
        for start in starts:
            lost: list[Mention] = []
            for m in here:
                if m.excluded and m.start > start.start and m.value < start.value:
                    lost.append(m)
                    left = start.value - sum(x.value for x in lost)
                    if left > 2:
                        at(left).mark(f"remains_{role}_{min(len(lost), 3)}", start, *lost)  # type: ignore[operator]
            if lost:
                at(start.value).mark(f"loses_{role}", start)  # type: ignore[operator]
                left = start.value - sum(x.value for x in lost)
                if left > 2:
                    at(left).mark(f"remains_{role}_all", start, *lost)  # type: ignore[operator]


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

"""The groups of a sample: how many, which sexes, which ages, and which diagnosis, each from one stretch of text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from commissure.translate.methods.ages import find_ages
from commissure.translate.methods.mentions import Mention
from commissure.translate.methods.people import Candidate
from commissure.translate.methods.sections import Sentence

__all__ = ["Group", "find_groups"]


@dataclass(slots=True)
class Group:
    """One group of participants; what is not said is None.

    ``further`` marks a group that is told of besides those that make up the total: a subgroup, those before exclusions.
    """

    kind: str
    n: int | None
    male: int | None = None
    female: int | None = None
    ages: dict[str, float] = field(default_factory=dict)
    start: int = 0
    end: int = 0
    further: bool = False

    def to_dict(self) -> dict[str, object]:
        """The group as plain values, for JSON."""
        return {
            "group": self.kind, "n": self.n, "male": self.male, "female": self.female, **self.ages,
            "further": self.further, "start": self.start, "end": self.end,
        }  # fmt: skip


def find_groups(
    total: Candidate, *, sentences: Sequence[Sentence], mentions: Sequence[Mention]
) -> list[Group]:
    """The groups that make up a total.

    The mentions the total rests on become groups when their numbers add up to it; otherwise the whole is one group.
    Sexes and ages are taken from the sentence that counts the group, and the two after it.
    """
    resting = [
        m for m in mentions if (m.start, m.end) in set(total.evidence) and not m.sex and not m.excluded
    ]
    parts = _parts(resting, total.value)
    if not parts:
        whole = next((m for m in resting if m.value == total.value and m.role == "people"), None)
        whole = whole or next((m for m in resting if m.value == total.value), resting[0] if resting else None)
        parts = [whole] if whole else []
    groups = []
    for mention in parts:
        n = mention.value if len(parts) > 1 else total.value
        group = Group(mention.group or "all", n, start=mention.start, end=mention.end)
        same = [m for m in mentions if m.value == n and not m.sex and not m.excluded and m is not mention]
        same = [m for m in same if m.group == mention.group or not m.group or not mention.group]
        roles = ("people", "methods", "abstract", "results")
        same = sorted((m for m in same if m.role in roles), key=lambda m: roles.index(m.role))
        for told in [mention, *same][:12]:
            if group.male is None or not group.ages:
                _describe(group, told, sentences, mentions)
        groups.append(group)
    if len(groups) == 2 and groups[0].ages == groups[1].ages and groups[0].n == groups[1].n:
        _apart(groups, sentences)
    _in_turn(groups, sentences)
    return groups + _further(groups, total.value, sentences=sentences, mentions=mentions)


def _in_turn(groups: Sequence[Group], sentences: Sequence[Sentence]) -> None:
    """Groups without ages, where the participants' section says just as many mean ages as there are groups."""
    ages = [a for s in sentences if s.role == "people" for a in find_ages(s.text) if a.unit == "year"]
    means = [a.value for a in ages if a.field == "age_mean"]
    if len(means) == len(groups) and not any("age_mean" in g.ages for g in groups):
        for group, mean in zip(groups, means, strict=True):
            group.ages["age_mean"] = mean
        if len(groups) == 1:
            for age in ages:
                groups[0].ages.setdefault(age.field, age.value)


def _further(
    groups: Sequence[Group], total: int, *, sentences: Sequence[Sentence], mentions: Sequence[Mention]
) -> list[Group]:
    """Groups that the participants' section describes besides: subgroups, or those of another experiment."""
    seen = {(g.n, g.male, g.female) for g in groups}
    out = []
    for m in mentions:
        if (
            m.role != "people"
            or m.sex
            or m.excluded
            or m.inside
            or m.noun == "some"
            or not 3 <= m.value <= total
        ):
            continue
        group = Group(m.group or "all", m.value, start=m.start, end=m.end, further=True)
        _describe(group, m, sentences, mentions)
        told = group.male is not None or "age_mean" in group.ages
        if (
            told
            and (group.n, group.male, group.female) not in seen
            and not any(g.n == group.n and group.male is None for g in groups)
        ):
            seen.add((group.n, group.male, group.female))
            out.append(group)
    return out[:6]


def _apart(groups: list[Group], sentences: Sequence[Sentence]) -> None:
    """Two groups of one size with one description: if two means are said in a row, they are theirs in turn."""
    for sentence in sentences:
        means = [a.value for a in find_ages(sentence.text) if a.field == "age_mean" and a.unit == "year"]
        if sentence.role == "people" and len(means) == 2 and groups[0].ages.get("age_mean") == means[0]:
            groups[1].ages["age_mean"] = means[1]
            return


def _parts(resting: Sequence[Mention], total: int) -> list[Mention]:
    by_sentence: dict[int, list[Mention]] = {}
    for m in resting:
        by_sentence.setdefault(m.sentence, []).append(m)
    ordered = sorted(by_sentence.values(), key=lambda group: group[0].role != "people")
    for group in ordered:
        if len(group) > 1 and sum(m.value for m in group) == total:
            return group
    people = [m for m in resting if m.role == "people"]
    for i, one in enumerate(people):
        for two in people[i + 1 :]:
            if one.value + two.value == total and one.group != two.group:
                return [one, two]
    return []


def _describe(
    group: Group, mention: Mention, sentences: Sequence[Sentence], mentions: Sequence[Mention]
) -> None:
    first = sentences[mention.sentence]
    rivals = [
        m.start
        for m in mentions
        if not m.sex and not m.inside and not m.excluded and m.value > 1 and m.noun != "some"
        and mention.sentence <= m.sentence <= mention.sentence + 2 and m.start > mention.start
    ]  # fmt: skip
    alone = not any(m.sentence == mention.sentence and m.start != mention.start and not m.sex and not m.inside
                    and m.value > 1 for m in mentions)  # fmt: skip
    near = [s for s in sentences[mention.sentence : mention.sentence + 3] if s.heading == first.heading]
    start = first.start if alone else mention.start
    end = min([*rivals, near[-1].start + len(near[-1].text)])
    if group.male is None:
        _sexes(group, [m for m in mentions if m.sex and start <= m.start < end and not m.excluded])
    if not group.ages:
        for sentence in near:
            for age in find_ages(sentence.text):
                if start <= sentence.start + age.start < end and age.unit == "year":
                    group.ages.setdefault(age.field, age.value)


def _sexes(group: Group, said: Sequence[Mention]) -> None:
    n = group.n
    men = next((m.value for m in said if m.sex == "male"), None)
    women = next((m.value for m in said if m.sex == "female"), None)
    if n is None:
        group.male, group.female = men, women
    elif men is not None and women is not None:
        if men + women == n:
            group.male, group.female = men, women
        elif men <= n and said[0].sex == "male":
            group.male, group.female = men, n - men
        elif women <= n:
            group.male, group.female = n - women, women
    elif men is not None and men <= n:
        group.male, group.female = men, n - men
    elif women is not None and women <= n:
        group.male, group.female = n - women, women


def one_sex(text: str) -> str:
    """``"male"`` or ``"female"`` if a text says that all are of one sex.

    >>> one_sex("Twenty healthy male volunteers took part.")
    'male'
    """
    match = re.search(
        r"\b(?:all|healthy|right-handed|only)\s+(?:\w+\s+)?(male|female|men|women)\b(?! and| or|,)",
        text,
        re.IGNORECASE,
    )
    if not match:
        return ""
    return "male" if match[1].lower() in ("male", "men") else "female"

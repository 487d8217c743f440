"""Totals that a paper does not say in one number: sums of groups, of sexes and of experiments, and what exclusions leave.

Each function proposes values with the feature that tells how they came about; nothing is decided here.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from commissure.translate.methods.mentions import Mention

__all__ = ["propose_experiments", "propose_remains", "propose_sections", "propose_sexes", "propose_sums"]

At = Callable[[int], Any]  # a value → its candidate
ROLES = ("abstract", "people")


def _by_sentence(mentions: Sequence[Mention]) -> list[list[Mention]]:
    table: dict[int, list[Mention]] = defaultdict(list)
    for m in mentions:
        table[m.sentence].append(m)
    return list(table.values())


def _role(m: Mention) -> str:
    return m.role if m.role in ROLES else "other"


def _total(mentions: Sequence[Mention]) -> int:
    return sum(m.value for m in mentions)


def one_each(members: Sequence[Mention]) -> bool:
    """Whether two mentions are one group of patients and one of healthy people."""
    return {m.group for m in members} == {"patients", "healthy"} and len(members) == 2


def propose_sums(plain: Sequence[Mention], at: At) -> None:
    """The groups of one sentence added up, and the first, last and final patients and healthy of a section."""
    for group in _by_sentence([m for m in plain if not m.excluded and m.value > 1]):
        _sums_of_sentence(group, at)
    for role in ("abstract", "people", "methods"):
        here = [m for m in plain if m.role == role and not m.excluded and m.value > 1]
        sick = [m for m in here if m.group == "patients"]
        well = [m for m in here if m.group == "healthy"]
        if sick and well:
            at(sick[0].value + well[0].value).mark(f"groups_first_{role}", sick[0], well[0])
            at(sick[-1].value + well[-1].value).mark(f"groups_last_{role}", sick[-1], well[-1])
        final = [m for m in here if m.final and m.group]
        if len(final) == 2:
            at(_total(final)).mark(f"groups_final_{role}", *final)


def _sums_of_sentence(group: Sequence[Mention], at: At) -> None:
    role = _role(group[0])
    outside = [m for m in group if not m.inside]
    inside = [m for m in group if m.inside and m.noun == "n"]
    for name, members in (("outside", outside[:5]), ("inside", inside[:5])):
        if len(members) == 2 and (name == "outside" or one_each(members)):
            at(_total(members)).features["n_sums"] += 1.0
            for m in members:
                at(m.value).features["n_parts"] += 1.0
        if len(members) > 2 and all(m.noun != "they" for m in members):
            for m in members:
                at(m.value).features["n_shares"] += 1.0
        if 2 <= len(members) <= 4:
            at(_total(members)).mark(f"sum_{role}_{name}_{min(len(members), 3)}", *members)
            if all(m.final for m in members):
                at(_total(members)).mark(f"sum_final_{role}", *members)
        if len(members) > 2:
            at(_total(members[:2])).mark(f"sum_{role}_first_two", *members[:2])
        if one_each(members):
            at(_total(members)).mark(f"sum_{role}_patients_healthy", *members)
    if inside and outside and len(inside) + len(outside) <= 4:
        mixed = sorted([*inside, *outside], key=lambda m: m.start)
        if outside[0].value not in (_total(inside), inside[0].value):
            at(_total(mixed)).mark(f"sum_{role}_mixed", *mixed)


def propose_sections(plain: Sequence[Mention], at: At) -> None:
    """Sums over several sections about people: several experiments, studies or samples in one paper."""
    firsts: dict[str, Mention] = {}
    finals: dict[str, Mention] = {}
    order: list[str] = []
    for m in plain:
        if m.role != "people" or m.excluded or m.value < 4:
            continue
        key = m.heading if not order or order[-1] == m.heading else f"{m.heading}{len(order)}"
        if not order or order[-1] != m.heading:
            order.append(m.heading)
            firsts[key] = m
        if m.final:
            finals[order[-1]] = m
    if 2 <= len(firsts) <= 4:
        at(_total(list(firsts.values()))).mark("sum_sections_first", *firsts.values())
        best = [finals.get(m.heading, m) for m in firsts.values()]
        at(_total(best)).mark("sum_sections_final", *best)


def propose_experiments(plain: Sequence[Mention], at: At) -> None:
    """Two samples told of one after the other, where the paper speaks of several experiments or datasets."""
    here = [
        m for m in plain
        if m.role in ("people", "methods", "abstract") and not m.excluded and m.value >= 5
        and not (m.inside and m.noun != "n") and (m.took_part or m.final or m.total)
    ]  # fmt: skip
    for role in ("abstract", "people", "methods"):
        told = [m for m in here if m.role == role]
        firsts: list[Mention] = []
        for m in told:
            if all(m.sentence != other.sentence for other in firsts) and len(firsts) < 4:
                firsts.append(m)
        for i, one in enumerate(firsts):
            for two in firsts[i + 1 :]:
                near = "same" if one.heading == two.heading else "other"
                at(one.value + two.value).mark(f"experiments_{role}_{near}", one, two)


def propose_sexes(usable: Sequence[Mention], at: At) -> None:
    """Men and women added up, whether said by the noun (``12 women``) or before it (``28 female users``)."""
    for group in _by_sentence([m for m in usable if m.sex and not m.excluded]):
        men = [m for m in group if m.sex == "male"]
        women = [m for m in group if m.sex == "female"]
        role = _role(group[0])
        for man, woman in zip(men, women, strict=False):
            at(man.value + woman.value).mark(f"sexes_{role}", man, woman)
        if len(men) == len(women) == 2:
            at(_total(group)).mark(f"sexes_all_{role}", *group)
        if len(group) == 1:
            at(group[0].value).mark(f"one_sex_{role}", group[0])
    for group in _by_sentence([m for m in usable if m.adjective and not m.excluded]):
        men = [m for m in group if m.adjective == "male"]
        women = [m for m in group if m.adjective == "female"]
        if men and len(men) == len(women) <= 3 and any(not m.sex for m in group):
            at(_total(group)).mark(f"sexes_before_{_role(group[0])}", *group)
            if len(men) == 2:
                at(_total(group)).mark("sexes_before_groups", *group)


def propose_remains(plain: Sequence[Mention], at: At) -> None:
    """What is left of the first number of a section, or of its first groups, after the exclusions that follow."""
    for role in ("people", "methods", "abstract"):
        here = [m for m in plain if m.role == role and m.noun != "some"]
        for start in [m for m in here if not m.excluded and m.value >= 5][:2]:
            lost = [m for m in here if m.excluded and m.start > start.start and m.value < start.value]
            _subtract([start], lost, at=at, name=f"remains_{role}")
            if lost:
                at(start.value).mark(f"loses_{role}", start)
        groups = [g for g in _by_sentence([m for m in here if not m.excluded and not m.inside and m.value >= 5])
                  if len(g) == 2]  # fmt: skip
        if groups:
            lost = [
                m
                for m in here
                if m.excluded and m.start > groups[0][-1].start and m.value < groups[0][0].value
            ]
            _subtract(groups[0], lost, at=at, name=f"remains_groups_{role}")


def _subtract(start: Sequence[Mention], lost: Sequence[Mention], *, at: At, name: str) -> None:
    left = _total(start)
    for index, m in enumerate(lost):
        left -= m.value
        if left > 2:
            at(left).mark(f"{name}_{min(index + 1, 3)}", *start, *lost[: index + 1])
            if index + 1 == len(lost):
                at(left).mark(f"{name}_all", *start, *lost)

"""Totals that a sentence does not say in one number: its groups added up, and its men and women.

Each function proposes values with the feature that tells how they came about; nothing is decided here.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from commissure.translate.methods.mentions import Mention

__all__ = ["propose_sexes", "propose_sums"]

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
    """The groups of each sentence added up."""
    for group in _by_sentence([m for m in plain if not m.excluded and m.value > 1]):
        _sums_of_sentence(group, at)


def _sums_of_sentence(group: Sequence[Mention], at: At) -> None:
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
            at(_total(members)).rest_on(*members)
    if inside and outside and len(inside) + len(outside) <= 4:
        mixed = sorted([*inside, *outside], key=lambda m: m.start)
        if outside[0].value not in (_total(inside), inside[0].value):
            at(_total(mixed)).rest_on(*mixed)


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

"""Names: one subject and session label for both standards, and a run number where two recordings would collide."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from commissure.model import About
from commissure.standardize.registry import standard_of

__all__ = ["number_runs"]


def number_runs(abouts: Sequence[About]) -> list[About]:
    """The same Abouts, with ``run`` entities where several would be written to one file.

    Runs count from 1 in the order of the recordings' start, then of the runs they had, then in the order given. A group
    in which every member has a run of its own is left alone.

    >>> from commissure.model import Subject
    >>> a = About("eeg", Subject("01"), entities={"task": "rest"})
    >>> [x.entities.get("run") for x in number_runs([a, a])]
    ['01', '02']
    """
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, about in enumerate(abouts):
        groups[_target(about)].append(index)
    named = list(abouts)
    for members in groups.values():
        runs = [abouts[index].entities.get("run") for index in members]
        if len(set(runs)) < len(members):
            for number, index in enumerate(sorted(members, key=lambda i: _order(abouts[i], i)), start=1):
                entities = {**abouts[index].entities, "run": f"{number:02d}"}
                named[index] = replace(abouts[index], entities=entities)
    return named


def _target(about: About) -> tuple[object, ...]:
    entities = tuple(sorted((key, value) for key, value in about.entities.items() if key != "run"))
    return (
        standard_of(about),
        about.datatype,
        about.suffix,
        about.subject.label,
        about.session.label,
        entities,
    )


def _order(about: About, index: int) -> tuple[object, ...]:
    start = about.start.replace(tzinfo=None).isoformat() if about.start else ""
    return (not start, start, about.entities.get("run", ""), index)

"""Names: one subject and session label for both standards, and a run number where two recordings would collide."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from commissure.model import About
from commissure.standardize.registry import standard_of

__all__ = ["number_runs"]


def number_runs(abouts: Sequence[About]) -> list[About]:
    """The same Abouts, with ``run`` entities where several would be written to one file.

    Runs count from 1 in the order of the recordings' start, then in the order given. A group in which every
    member has a run of its own is left alone.

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
        if len(members) > 1:
            ordered = sorted(members, key=lambda i: (abouts[i].start is None, _instant(abouts[i]), i))
            for number, index in enumerate(ordered, start=1):
                named[index] = _with_run(abouts[index], number)
    return named


def _target(about: About) -> tuple[object, ...]:
    entities = tuple(sorted(about.entities.items()))
    return (
        standard_of(about),
        about.datatype,
        about.suffix,
        about.subject.label,
        about.session.label,
        entities,
    )


def _instant(about: About) -> str:
    return about.start.isoformat() if about.start else ""


def _with_run(about: About, number: int) -> About:
    before = about.entities.get("run")
    if before is None:
        return replace(about, entities={**about.entities, "run": f"{number:02d}"})
    acquisition = about.entities.get("acq", "")
    return replace(about, entities={**about.entities, "acq": f"{acquisition}{number:02d}"})

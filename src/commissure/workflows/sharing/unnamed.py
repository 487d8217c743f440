"""Recordings that tell no id: who of them are one person, by the names in their headers.

>>> from commissure.model import About, Identifier, Subject
>>> from commissure.protect.text.pseudonym import Pseudonyms
>>> nobody = About("eeg", Subject(""))
>>> first, second = (About("eeg", Subject(""), identifiers=(Identifier("name", name),)) for name in ("Ada", "Santiago"))
>>> labels = tell_apart([first, second, first, nobody], dataset="ds-1", pseudonyms=Pseudonyms(bytes(32)))
>>> len(set(labels)), labels[0] == labels[2], any("ada" in label.casefold() for label in labels)
(3, True, False)
>>> len(set(tell_apart([first, nobody], dataset="ds-1", pseudonyms=Pseudonyms(bytes(32)))))
1
"""

import re
from collections.abc import Sequence

from commissure.model import About
from commissure.protect.text.pseudonym import Pseudonyms

__all__ = ["UNNAMED", "is_unnamed", "tell_apart"]

#: begins the label of a subject whose recordings tell no id
UNNAMED = "unnamed subject of "
_WORD = re.compile(r"[^\W\d_]{2,}")


def is_unnamed(about: About) -> bool:
    """Whether nothing tells the id of a recording's subject."""
    return about.subject.label in {"", "unknown"}


def tell_apart(abouts: Sequence[About], *, dataset: str, pseudonyms: Pseudonyms) -> list[str]:
    """A label for the subject of each recording that tells no id, which bears no name.

    Recordings are of different people only if each has a name and none of its words is shared, straight or by way of a third
    recording. Those without a name belong to the one person that is named, or, where several are, to one of their own.

    Parameters
    ----------
    abouts : sequence of About
        Of recordings for which :func:`is_unnamed` holds.
    dataset : str
        Two datasets' unnamed subjects are never the same.
    pseudonyms : Pseudonyms
        Hides the names.
    """
    people: list[set[str]] = []
    words = [_words(about) for about in abouts]
    for found in filter(None, words):
        same = [one for one in people if one & found]
        people = [one for one in people if not one & found] + [set().union(found, *same)]
    labels = {
        word: f"{UNNAMED}{dataset} {pseudonyms.token('unnamed', min(one))}" for one in people for word in one
    }
    without = labels[min(people[0])] if len(people) == 1 else UNNAMED + dataset
    return [labels[min(found)] if found else without for found in words]


def _words(about: About) -> set[str]:
    told = (one.value for one in about.identifiers if one.category == "name")
    return {word.casefold() for value in told for word in _WORD.findall(value)}

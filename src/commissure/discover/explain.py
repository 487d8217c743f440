"""Say why a record answers a question: what it meets, what it misses, the words that say so."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commissure.discover.ranking import Credit
from commissure.discover.words import cut, tokens

__all__ = ["Reason", "highlight", "reasons", "relaxations"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One asked thing and what the record says to it.

    Attributes
    ----------
    facet, asked : str
        The family (``condition``) and what was asked (``mild cognitive impairment``).
    met : bool
        Whether the record meets it.
    words, source : str
        The record's words that say so, and the field they stand in; empty where it misses it.
    confidence : float
        How surely.
    near : str
        For something missed: the related thing the record has instead, if any.
    """

    facet: str
    asked: str
    met: bool
    words: str = ""
    source: str = ""
    confidence: float = 0.0
    near: str = ""

    def to_dict(self) -> dict[str, object]:
        """The reason as plain values, empty parts left out."""
        values: dict[str, object] = {"facet": self.facet, "asked": self.asked}
        if self.words:
            values |= {"words": self.words, "source": self.source, "confidence": round(self.confidence, 3)}
        if self.near:
            values["near"] = self.near
        return values


def reasons(
    asked: Sequence[Credit],
    facets: Mapping[str, tuple[float, str, str]],
    *,
    labels: Mapping[str, str],
    held: Mapping[str, float],
) -> list[Reason]:
    """Compare what was asked with the facets of one record.

    Parameters
    ----------
    asked : sequence of Credit
        The needs.
    facets : mapping
        Concept id to (confidence, source, words) of the record.
    labels : mapping
        Concept id to label.
    held : mapping of str to float
        For needs that are plain words or terms: how surely the record holds them, by their words.

    Returns
    -------
    list of Reason
        One a need, in the order asked.
    """
    found = []
    for credit in asked:
        need = credit.need
        if not need.concepts:
            sure = held.get(need.words, 0.0)
            where = "text" if sure > 0 else ""
            found.append(Reason(need.family, need.label, sure > 0, need.words if where else "", where, sure))
            continue
        best = max(
            ((credit.worth[c] * facets[c][0], c) for c in credit.worth if c in facets), default=(0.0, "")
        )
        label = " or ".join(dict.fromkeys(labels[c] for c in need.concepts))
        named = max(((facets[c][0], c) for c in need.concepts if c in facets), default=(0.0, ""))
        if named[1]:
            confidence, source, said = facets[named[1]]
            found.append(Reason(need.family, label, True, said, source, confidence))
        else:
            found.append(Reason(need.family, label, False, near=labels[best[1]] if best[1] else ""))
    return found


def relaxations(missed: Sequence[Sequence[Reason]]) -> list[str]:
    """What to drop or widen so that more records meet the whole question.

    Parameters
    ----------
    missed : sequence of sequence of Reason
        What each of the first records misses.

    Returns
    -------
    list of str
        The asked things, the one most often missed first.
    """
    counts: dict[str, int] = {}
    for reasons_of_one in missed:
        for reason in reasons_of_one:
            counts[reason.asked] = counts.get(reason.asked, 0) + 1
    return sorted(counts, key=lambda asked: (-counts[asked], asked))


def highlight(text: str, words: Sequence[str], *, width: int = 240) -> str:
    """Cut the part of a text with most of the words, each set between ``**``.

    Parameters
    ----------
    text : str
        Plain text; markup is shown as it is written.
    words : sequence of str
        Words or phrases as they stand in records.
    width : int
        Characters, about.

    Examples
    --------
    >>> highlight("Resting EEG of 88 people, 36 with Alzheimer's disease.", ["EEG", "Alzheimer"])
    "Resting **EEG** of 88 people, 36 with **Alzheimer**'s disease."
    """
    plain = " ".join(text.split())
    wanted = {word for word in cut(" ".join(words)).folded if len(word) > 1}
    hits = [token for token in tokens(plain) if token.folded in wanted]
    if not hits:
        return plain[:width]
    start = max(
        0, max(hits, key=lambda t: sum(t.start <= o.start < t.start + width for o in hits)).start - 30
    )
    start = plain.rfind(" ", 0, start) + 1 if start else 0
    end = min(len(plain), start + width)
    parts, place = [], start
    for token in hits:
        if token.start >= place and token.end <= end:
            parts.append(f"{plain[place : token.start]}**{plain[token.start : token.end]}**")
            place = token.end
    parts.append(plain[place:end])
    return re.sub(r"\*\* \*\*", " ", "".join(parts))

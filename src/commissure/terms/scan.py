"""Find the names of a lexicon in running text: Aho–Corasick, whole words, the longest wins.

``pyahocorasick`` does it in one pass; without it a word trie in pure Python gives the same hits.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from commissure.extras import has, need
from commissure.model import Term

__all__ = ["Hit", "Scanner"]

_WORD = re.compile(r"\w+|[^\w\s]")
_COMMON_WORDS = (
    "all and are as at be body but by can cell cells center column complex core crown do field first for from group "
    "had has head if in is it its lesion limb lip male may middle nail no not of on one or other outer part process "
    "region root scale second set shell skin so stem structure system tail task test than that the them there these "
    "they this to two type us was we web who will with"
)
_PLURALS = {"cortex": "cortices", "gyrus": "gyri", "nucleus": "nuclei", "sulcus": "sulci", "area": "areas"}
_ORDER = {"label": 0, "variant": 2}
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Hit:
    """A name found in a text, with its offsets and the terms that have it (label and exact names first)."""

    start: int
    end: int
    text: str
    terms: tuple[Term, ...]
    scope: str


class Scanner:
    """Finds names in text.

    Parameters
    ----------
    names : iterable of (str, Term, str)
        The name, its term and its scope. Names of one or two letters and bare function words are not searched
        for; an abbreviation is found only in its own case.
    """

    def __init__(self, names: Iterable[tuple[str, Term, str]]) -> None:
        self._terms: dict[str, list[tuple[Term, str, str]]] = {}
        for name, term, scope in names:
            key = _key(name)
            if len(key) < 3 or key in _COMMON or scope in ("broad", "related", "narrow"):
                continue
            self._terms.setdefault(key, []).append((term, scope, name))
            for other in _variants(key) if scope != "abbreviation" else ():
                self._terms.setdefault(other, []).append((term, "variant", name))
        self._automaton = self._build()

    def _build(self) -> Any:
        if not self._terms or not has("ahocorasick"):
            return None
        automaton = need("ahocorasick", purpose="Finding terms in text").Automaton()
        for key in self._terms:
            automaton.add_word(f" {key} ", key)
        automaton.make_automaton()
        return automaton

    def find(self, document: str) -> list[Hit]:
        """All hits in order of appearance, none overlapping another.

        >>> cortex = Term("X:1", "visual cortex")
        >>> [h.start for h in Scanner([("visual cortex", cortex, "label")]).find("The visual  Cortex.")]
        [4]
        """
        words = [(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(document)]
        spans = self._by_automaton(words) if self._automaton is not None else self._by_words(words)
        hits: list[Hit] = []
        taken = -1
        for first, last, key in sorted(spans, key=lambda s: (s[0], -s[1])):
            if first <= taken:
                continue
            text = document[words[first][1] : words[last][2]]
            found = [(t, s) for t, s, name in self._terms[key] if s != "abbreviation" or name == text]
            if found:
                terms = tuple(dict.fromkeys(t for t, _ in sorted(found, key=lambda f: _ORDER.get(f[1], 1))))
                hits.append(Hit(words[first][1], words[last][2], text, terms, found[0][1]))
                taken = last
        return hits

    def _by_automaton(self, words: list[tuple[str, int, int]]) -> list[tuple[int, int, str]]:
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        at = 1
        for index, (word, _, _) in enumerate(words):
            starts[at], ends[at + len(word)] = index, index
            at += len(word) + 1
        text = f" {' '.join(word for word, _, _ in words)} "
        spans = []
        for end, key in self._automaton.iter(text):
            first = starts.get(end - len(key))
            last = ends.get(end)
            if first is not None and last is not None:
                spans.append((first, last, key))
        return spans

    def _by_words(self, words: list[tuple[str, int, int]]) -> list[tuple[int, int, str]]:
        longest = max((key.count(" ") + 1 for key in self._terms), default=0)
        spans = []
        for first in range(len(words)):
            key = ""
            for last in range(first, min(first + longest, len(words))):
                key = f"{key} {words[last][0]}" if key else words[last][0]
                if key in self._terms:
                    spans.append((first, last, key))
        return spans


def _variants(key: str) -> list[str]:
    """Other ways to write a name in a sentence: its plural, without its hyphen, ``motor cortical`` for motor cortex."""
    head, _, last = key.rpartition(" ")
    out = [key.replace(" - ", "")] if " - " in key else []
    if last in _PLURALS:
        out.append(f"{head} {_PLURALS[last]}".strip())
    elif len(last) > 3 and last.isalpha() and not last.endswith(("s", "y", "x", "a", "i", "um")):
        out.append(f"{head} {last}s".strip())
    if last == "cortex" and head:
        out.append(f"{head} cortical")
    return out


def _key(name: str) -> str:
    return " ".join(_WORD.findall(name.lower()))

"""The curated concepts of the field, and how to find them in a text.

``data/concepts.txt`` names, for modality, species, condition, task and so on, what people call each thing
and what is wider than it. A name is looked for word by word after folding (:mod:`.words`), the longest
name first; names in capitals only (``PD``) are kept apart from ordinary words.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from commissure.discover.words import Words, cut, fold
from commissure.errors import BadInput

__all__ = ["Concept", "Concepts", "Mention", "load_concepts", "reading_of_concepts"]


#: abbreviations of fewer letters mean several things
_CLEAR = 4


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing that can be asked for.

    Attributes
    ----------
    id, family, label : str
        ``parkinson``, ``condition``, ``Parkinson's disease``.
    broader : tuple of str
        The ids of the next wider concepts.
    names : tuple of str
        What it is called.
    kin : tuple of str
        Those of ``broader`` whose other narrower concepts are of use to one who asks for this one, as
        Alzheimer's disease is to one who asks for mild cognitive impairment.
    """

    id: str
    family: str
    label: str
    broader: tuple[str, ...]
    names: tuple[str, ...]
    kin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept found in a text: the words that name it, which ones they are, and whether it is a bare abbreviation."""

    concept: str
    words: str
    first: int
    last: int
    bare: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    words: tuple[str, ...]
    concept: str
    exact: str


@dataclass(slots=True)
class _Side:
    """The names that count on one side: in records, or in questions."""

    by_first: dict[str, list[_Name]] = field(default_factory=dict)
    prefixes: dict[str, list[_Name]] = field(default_factory=dict)
    starts: dict[str, tuple[_Name, ...]] = field(default_factory=dict)

    def add(self, name: _Name) -> None:
        first = name.words[0]
        target = self.prefixes if first.endswith("*") else self.by_first
        target.setdefault(first.rstrip("*"), []).append(name)

    def candidates(self, word: str) -> tuple[_Name, ...]:
        known = self.starts.get(word)
        if known is None:
            found = list(self.by_first.get(word, ()))
            for length in range(2, len(word) + 1):
                found.extend(self.prefixes.get(word[:length], ()))
            known = tuple(sorted(found, key=lambda name: -len(name.words)))
            if len(self.starts) < 200_000:
                self.starts[word] = known
        return known


class Concepts:
    """A set of concepts, ready to be found in records and in questions.

    Parameters
    ----------
    concepts : sequence of Concept
        Their ids are unique; ``broader`` names ids of the set.
    """

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self._all = {concept.id: concept for concept in concepts}
        self._narrower: dict[str, list[str]] = {}
        self._record, self._question = _Side(), _Side()
        self._words: frozenset[str] = frozenset()
        for concept in concepts:
            for wider in concept.broader:
                if wider not in self._all:
                    raise BadInput(f"The concept {concept.id!r} lies under {wider!r}, which is not there.")
                self._narrower.setdefault(wider, []).append(concept.id)
            for name in concept.names:
                self._add(concept, name)

    def _add(self, concept: Concept, name: str) -> None:
        mark, plain = (name[0], name[1:]) if name[0] in "=?!" else ("", name)
        words = tuple(_fold_name(word) for word in plain.replace("-", " ").replace("_", " ").split())
        entry = _Name(words, concept.id, plain if mark == "=" else "")
        if mark != "?":
            self._record.add(entry)
        if mark != "!":
            self._question.add(_Name(words, concept.id, ""))

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._all.values())

    def __contains__(self, concept: object) -> bool:
        return concept in self._all

    def get(self, concept: str) -> Concept:
        """The concept with that id; KeyError if there is none."""
        return self._all[concept]

    def broader(self, concept: str) -> frozenset[str]:
        """The ids of all that is wider, however far."""
        found: set[str] = set()
        left = list(self._all[concept].broader)
        while left:
            wider = left.pop()
            if wider not in found:
                found.add(wider)
                left.extend(self._all[wider].broader)
        return frozenset(found)

    def narrower(self, concept: str) -> tuple[str, ...]:
        """The ids of the next narrower concepts."""
        return tuple(self._narrower.get(concept, ()))

    def siblings(self, concept: str) -> frozenset[str]:
        """The ids of the next of kin: under the same wider concept, where that marks kin."""
        kin = self._all[concept].kin
        return frozenset(s for w in kin for s in self._narrower.get(w, ())) - {concept}

    def vocabulary(self) -> frozenset[str]:
        """All the words that names are made of, folded, without prefixes."""
        if not self._words:
            names = (n for names in self._question.by_first.values() for n in names)
            self._words = frozenset(word for name in names for word in name.words if not word.endswith("*"))
        return self._words

    def find(self, text: str | Words, *, asked: bool = False) -> list[Mention]:
        """Find every concept named in a text.

        Parameters
        ----------
        text : str or Words
            The text, or its words.
        asked : bool
            Whether the text is a question (lay wordings count, capitals do not).

        Returns
        -------
        list of Mention
            In the order of the text; where names overlap each concept is given, longest name first.
        """
        words = cut(text) if isinstance(text, str) else text
        side = self._question if asked else self._record
        found: list[Mention] = []
        for i, folded in enumerate(words.folded):
            candidates = side.candidates(folded)
            if not candidates:
                continue
            seen: set[str] = set()
            for name in candidates:
                if name.concept not in seen and _stands_at(name, words, i):
                    seen.add(name.concept)
                    last = i + len(name.words) - 1
                    said = " ".join(words.written[i : last + 1])
                    found.append(Mention(name.concept, said, i, last, 0 < len(name.exact) < _CLEAR))
        return self._unblocked(found)

    def _unblocked(self, mentions: list[Mention]) -> list[Mention]:
        """Leave out what stands inside a name that means something else: the "mouse" of "mouse tracking"."""
        blocks = [m for m in mentions if self._all[m.concept].family == "blocked"]
        if not blocks:
            return mentions
        return [m for m in mentions if not any(b.first <= m.first and m.last <= b.last for b in blocks)]


def _stands_at(name: _Name, words: Words, start: int) -> bool:
    if start + len(name.words) > len(words.folded):
        return False
    if name.exact and words.written[start] != name.exact:
        return False
    for offset, wanted in enumerate(name.words):
        has = words.folded[start + offset]
        if wanted[-1] == "*":
            if not has.startswith(wanted[:-1]):
                return False
        elif has != wanted:
            return False
    return True


def _fold_name(word: str) -> str:
    return word.lower() if word.endswith("*") else fold(word)


@lru_cache(maxsize=1)
def reading_of_concepts() -> str:
    """A short hash of the concepts and the words left out: facets read with others must be read again."""
    folder = resources.files("commissure.discover").joinpath("data")
    texts = (folder.joinpath(name).read_bytes() for name in ("concepts.txt", "stopwords.txt"))
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


@lru_cache(maxsize=1)
def load_concepts() -> Concepts:
    """Load the concepts that come with the package (read once)."""
    text = resources.files("commissure.discover").joinpath("data/concepts.txt").read_text(encoding="utf-8")
    found = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            family, name, label, broader, names = (part.strip() for part in line.split("|", 4))
            wider = tuple(part.strip().rstrip("!") for part in broader.split(",") if part.strip())
            kin = tuple(part.strip().rstrip("!") for part in broader.split(",") if part.strip().endswith("!"))
            listed = tuple(part.strip() for part in names.split(";") if part.strip())
            found.append(Concept(name, family, label, wider, listed, kin))
    return Concepts(found)

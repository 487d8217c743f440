"""The lexicon: facts about terms, looked up by id, by name, or found in running text.

>>> lexicon = Lexicon.load()
>>> lexicon.get("UBERON:0002148").label
'locus ceruleus'
>>> [match.term.label for match in lexicon.match("Locus coeruleus")]
['locus ceruleus']
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from commissure.errors import NotFound
from commissure.model import Term
from commissure.terms.normal import bag, forms, plain, sides
from commissure.terms.scan import Hit, Scanner
from commissure.terms.tables import DATA, NAMES, SCOPES, TERMS, XREFS, read_rows

__all__ = ["CrossReference", "Lexicon", "Match", "Name"]

_RANK = {"label": 0, "exact": 1, "abbreviation": 2, "narrow": 3, "related": 4, "broad": 5}


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one term, with its scope and where it comes from."""

    curie: str
    text: str
    scope: str
    source: str
    licence: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A term that has the asked-for name; ``how`` is ``"exact"``, ``"side"``, ``"squashed"`` or ``"words"``."""

    term: Term
    name: Name
    how: str
    side: str = ""


@dataclass(frozen=True, slots=True)
class CrossReference:
    """A mapping in the sense of SSSOM: the subject stands in ``predicate`` to the object."""

    subject: str
    label: str
    predicate: str
    object: str
    source: str


class Lexicon:
    """Terms, their names, their parents and their cross-references.

    Parameters
    ----------
    folders : sequence of Path
        Folders of tables; the first is the package's own. A later folder may add names to a term of an earlier one.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [Path(folder) for folder in folders]
        self._terms: dict[str, Term] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self.names: list[Name] = []
        for folder in self._folders:
            for curie, label, kind, _species, parents, _source, _licence in read_rows(folder / TERMS):
                self._terms.setdefault(curie, Term(curie, label, kind))
                above = tuple(filter(None, parents.split("|")))
                self._parents[curie] = tuple(dict.fromkeys(self._parents.get(curie, ()) + above))
            self.names += [
                Name(curie, name, SCOPES[scope], source, licence, tuple(items.split()))
                for curie, name, scope, source, licence, items in read_rows(folder / NAMES)
            ]

    @classmethod
    def load(cls, *more: Path) -> "Lexicon":
        """The package's lexicon, with the tables of further folders (a site's own ontologies) on top."""
        return _load((DATA, *more))

    @staticmethod
    def forget() -> None:
        """Drop what :meth:`load` keeps, so that changed tables are read again."""
        _load.cache_clear()

    def __len__(self) -> int:
        return len(self._terms)

    def __contains__(self, curie: object) -> bool:
        return curie in self._terms

    def get(self, curie: str) -> Term:
        """The term with this id; :class:`NotFound` if there is none."""
        if curie not in self._terms:
            raise NotFound(
                f"No term has the id {curie!r}; `commissure terms add FILE` loads more ontologies."
            )
        return self._terms[curie]

    def terms(self, *kinds: str) -> list[Term]:
        """All terms, or those of the given kinds, in the order of the tables."""
        return [t for t in self._terms.values() if not kinds or t.kind in kinds]

    @cached_property
    def _by_plain(self) -> dict[str, list[int]]:
        table: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(self.names):
            table[plain(name.text)].append(index)
        return table

    @cached_property
    def _by_squash(self) -> dict[str, list[int]]:
        table: dict[str, list[int]] = defaultdict(list)
        for text, indices in self._by_plain.items():
            key = "".join(c for c in text if c.isalnum())
            if key:
                table[key] += indices
        return table

    @cached_property
    def _by_bag(self) -> dict[str, list[int]]:
        table: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(self.names):
            if name.tokens:
                table[bag(name.tokens)].append(index)
        return table

    @cached_property
    def names_of(self) -> dict[str, list[int]]:
        """For each term, the positions of its names in :attr:`names`, the label first."""
        table: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(self.names):
            table[name.curie].append(index)
        return table

    def match(self, text: str, *, kinds: Iterable[str] = ()) -> list[Match]:
        """The terms with this very name, best first: as written, then without its side, then by its words.

        Parameters
        ----------
        text : str
            A name as a lab may write it: ``"ctx-lh-precuneus"``, ``"Nuclei raphe"``.
        kinds : iterable of str
            Only terms of these kinds; all if empty.
        """
        wanted = frozenset(kinds)
        for rest, side in sides(text):
            found = self._lookup(
                self._by_plain,
                plain(rest),
                wanted,
                how="side" if side else "exact",
                side=side,
                text=rest.strip(),
            )
            if found:
                return self._prefer_case(found, rest)
        for rest, side in sides(text):
            shape = forms(rest)
            for table, key, how in (
                (self._by_squash, shape.squash, "squashed"),
                (self._by_bag, shape.bag, "words"),
            ):
                found = self._lookup(table, key, wanted, how=how, side=side) if key else []
                if found:
                    return found
        return []

    def _lookup(
        self,
        table: dict[str, list[int]],
        key: str,
        kinds: frozenset[str],
        *,
        how: str,
        side: str,
        text: str = "",
    ) -> list[Match]:
        found: dict[str, Match] = {}
        names = sorted(
            (self.names[i] for i in table.get(key, ())), key=lambda n: (_RANK[n.scope], n.text != text)
        )
        for name in names:
            term = self._terms[name.curie]
            if not kinds or term.kind in kinds:
                found.setdefault(term.curie, Match(term, name, how, side))
        return list(found.values())

    @staticmethod
    def _prefer_case(found: list[Match], text: str) -> list[Match]:
        return sorted(found, key=lambda m: m.name.scope == "abbreviation" and m.name.text != text.strip())

    def find(self, document: str, *, kinds: Iterable[str] = ()) -> list[Hit]:
        """Every term named in a running text, longest names first, without overlap, by character offsets."""
        return self._scanner(frozenset(kinds)).find(document)

    def _scanner(self, kinds: frozenset[str]) -> Scanner:
        made: dict[frozenset[str], Scanner] = self.__dict__.setdefault("_scanners", {})
        if kinds not in made:
            made[kinds] = Scanner(
                (n.text, self._terms[n.curie], n.scope)
                for n in self.names
                if not kinds or self._terms[n.curie].kind in kinds
            )
        return made[kinds]

    def synonyms(
        self, curie: str, *, scopes: Iterable[str] = ("label", "exact", "abbreviation")
    ) -> list[str]:
        """The names of a term in the given scopes, the label first."""
        self.get(curie)
        wanted = set(scopes)
        names = (self.names[i] for i in self.names_of[curie])
        return list(dict.fromkeys(n.text for n in names if n.scope in wanted))

    def parents(self, curie: str) -> list[Term]:
        """The terms directly above: what it is a kind of, or a part of."""
        self.get(curie)
        return [self._terms[p] for p in self._parents[curie] if p in self._terms]

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        table: dict[str, list[str]] = defaultdict(list)
        for curie, above in self._parents.items():
            for parent in above:
                table[parent].append(curie)
        return table

    def children(self, curie: str) -> list[Term]:
        """The terms directly below."""
        self.get(curie)
        return [self._terms[c] for c in self._children.get(curie, ())]

    def narrower(self, curie: str) -> list[Term]:
        """All terms below, each once; cycles do no harm."""
        return self._walk(curie, self._children)

    def broader(self, curie: str) -> list[Term]:
        """All terms above, the nearest first, each once."""
        return self._walk(curie, self._parents)

    def _walk(self, curie: str, table: "dict[str, list[str]] | dict[str, tuple[str, ...]]") -> list[Term]:
        self.get(curie)
        seen, queue = {curie: None}, [curie]
        for current in queue:
            for other in table.get(current, ()):
                if other not in seen and other in self._terms:
                    seen[other] = None
                    queue.append(other)
        return [self._terms[c] for c in list(seen)[1:]]

    @cached_property
    def cross_references(self) -> list[CrossReference]:
        """All mappings of other vocabularies' ids to these terms."""
        rows = [
            row for folder in self._folders if (folder / XREFS).is_file() for row in read_rows(folder / XREFS)
        ]
        return [CrossReference(s, label, p, o, source) for s, label, p, o, _, _, source, _ in rows]

    def xrefs(self, curie: str) -> list[CrossReference]:
        """The mappings in which an id takes part, as subject or object."""
        return [x for x in self.cross_references if curie in (x.subject, x.object)]


@lru_cache(maxsize=4)
def _load(folders: tuple[Path, ...]) -> Lexicon:
    return Lexicon(folders)

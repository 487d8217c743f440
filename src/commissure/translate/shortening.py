"""Abbreviations that a region's name would give, for those that no table has: ``OTS`` from occipitotemporal sulcus.

Each word gives its first letter, a compound (``orbitofrontal``) also the first letter of its second half; a single
word gives its first three or four letters. Where several regions give the same, one that an atlas labels, or one
with many names, is the likelier.

>>> table = derived_forms([("X:1", "occipitotemporal sulcus", 9), ("X:2", "old tectal stria", 1)])
>>> table["OTS"]
('X:1', 0.9)
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable

from commissure.terms.lexicon import Lexicon
from commissure.terms.normal import plain

__all__ = ["derived_forms", "regions_with_weights"]

_PREFIXES = (
    "dorso", "ventro", "antero", "postero", "medio", "latero", "orbito", "intra", "inter", "supra", "infra", "para", "peri",
    "pre", "post", "sub", "retro", "temporo", "parieto", "occipito", "fronto", "hypo", "hippo", "meta", "epi", "ento",
    "rostro", "caudo",
)  # fmt: skip
_LITTLE = frozenset(("of", "the", "and", "in", "to", "part", "a"))
_ATLASES = frozenset(("AAL", "DK", "Aseg", "Julich", "Brodmann"))


def _letters(word: str) -> list[str]:
    halves = [word[len(p)] for p in _PREFIXES if word.startswith(p) and len(word) - len(p) >= 4]
    return [word[0], *(word[0] + half for half in halves)]


def _forms(name: str) -> set[str]:
    words = [w for w in re.findall(r"[a-z]+", plain(name)) if w not in _LITTLE]
    if len(words) == 1 and len(words[0]) > 5:
        return {words[0][:3].upper(), words[0][:4].upper()}
    if not 2 <= len(words) <= 5:
        return set()
    return {
        "".join(parts).upper() for parts in itertools.islice(itertools.product(*map(_letters, words)), 24)
    }


def regions_with_weights(lexicon: Lexicon) -> list[tuple[str, str, float]]:
    """Each region's names with how well known the region is: ``(curie, name, weight)``."""
    drawn = {x.object for x in lexicon.cross_references if x.subject.partition(":")[0] in _ATLASES}
    out = []
    for term in lexicon.terms("region"):
        names = lexicon.synonyms(term.curie, scopes=("label", "exact"))
        weight = len(names) + (12.0 if term.curie in drawn else 0.0)
        out += [(term.curie, name, weight) for name in names]
    return out


def derived_forms(names: Iterable[tuple[str, str, float]]) -> dict[str, tuple[str, float]]:
    """Abbreviation in capitals → the likeliest region and its share among all that give it (0 to 1)."""
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for curie, name, weight in names:
        for form in _forms(name):
            table[form][curie] = max(weight, table[form].get(curie, 0.0))
    best = {}
    for form, owners in table.items():
        curie = max(sorted(owners), key=lambda c: owners[c])
        best[form] = (curie, owners[curie] / sum(owners.values()))
    return best

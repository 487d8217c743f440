"""Which words of anatomy stand for each other, counted over the lexicon's own synonyms.

    python tools/mine_substitutes.py

Two synonyms of one term that differ in one word each say that the two words may stand for each other (``fillet`` and
``lemniscus``). A pair is kept if two terms or more say so, and if that is no accident of frequent words. No benchmark
is read.
"""

from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

from commissure.terms.lexicon import Lexicon
from commissure.terms.relations import CONTRARY
from commissure.terms.words import FILLER

OUT = Path(__file__).parents[1] / "src" / "commissure" / "translate" / "data" / "substitutes.tsv"
LEAST_TERMS, LEAST_SHARE = 2, 0.05

Pair = tuple[str, str]


def mine(lexicon: Lexicon) -> tuple[dict[Pair, set[str]], Counter[str]]:
    """Pair of stems → the terms that say so, and in how many terms each stem is."""
    said: dict[Pair, set[str]] = defaultdict(set)
    terms_with: Counter[str] = Counter()
    for term in lexicon.terms("region", "anatomy"):
        names = {
            frozenset(t for t in lexicon.names[i].tokens if t not in FILLER)
            for i in lexicon.names_of[term.curie]
            if lexicon.names[i].scope in ("label", "exact", "related")
        }
        terms_with.update({token for name in names for token in name})
        for one, two in combinations(names, 2):
            left, right = one - two, two - one
            if len(left) == len(right) == 1 and one & two:
                pair = tuple(sorted((*left, *right)))
                if pair not in CONTRARY and not any(c.isdigit() for c in "".join(pair)):
                    said[pair].add(term.curie)
    return said, terms_with


def share(pair: Pair, count: int, terms_with: Counter[str]) -> float:
    """How often the rarer word of a pair stands for the other."""
    return count / min(terms_with[pair[0]], terms_with[pair[1]])


def main() -> None:
    said, terms_with = mine(Lexicon.load())
    rows = []
    for pair, terms in sorted(said.items()):
        part = share(pair, len(terms), terms_with)
        if len(terms) >= LEAST_TERMS and part >= LEAST_SHARE:
            rows.append(f"{pair[0]}\t{pair[1]}\t{len(terms)}\t{part:.2f}")
    OUT.write_text("\n".join(["word\tother\tterms\tshare", *rows]) + "\n", encoding="utf-8")
    print(len(rows), "pairs of words")


if __name__ == "__main__":
    main()

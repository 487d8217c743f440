"""Choose the alignment's weights on one half of a reference and judge them on the other, over several splits.

    python tools/tune_alignment.py ../shared/bench/oaei_anatomy [SPLITS]

The search starts from weights that have seen nothing (each part counts one, what speaks against a pair minus one).
With SPLITS 0 the weights are chosen on the whole reference, for shipping.
"""

import random
import re
import sys
from pathlib import Path

from commissure.terms.lexicon import Lexicon
from commissure.terms.load import contract, read_ontology
from commissure.translate.align import Comparison, compare

START = {
    "rank": 0.3, "exact": 1.0, "grouping": -1.0, "coverage": 1.0, "least": 1.0, "conflict": -1.0, "cell": -1.0,
    "sorted": 1.0, "residual": 1.0, "above": 1.0, "ahead": 0.5, "threshold": 8.0,
}  # fmt: skip
STEPS = (0.5, 0.8, 1.25, 2.0)


def reference(folder: Path) -> set[tuple[str, str]]:
    text = (folder / "reference.rdf").read_text()
    found = re.finditer(r'entity1 rdf:resource="([^"]+)".*?entity2 rdf:resource="([^"]+)"', text, re.DOTALL)
    return {(contract(m[1]), contract(m[2])) for m in found}


def f1(pairs: set[tuple[str, str]], wanted: set[tuple[str, str]]) -> float:
    return 2 * len(pairs & wanted) / max(1, len(pairs) + len(wanted))


def chosen(compared: Comparison, weights: dict[str, float]) -> set[tuple[str, str]]:
    return {(p.left, p.right) for p in compared.choose(weights, threshold=weights["threshold"])}


def tune(
    compared: Comparison, wanted: set[tuple[str, str]], half: set[str], *, rounds: int = 2
) -> dict[str, float]:
    """Coordinate search: each weight in turn is made smaller or larger while that helps on the half."""

    def judge(weights: dict[str, float]) -> float:
        return f1({p for p in chosen(compared, weights) if p[0] in half}, {p for p in wanted if p[0] in half})

    best = dict(START)
    top = judge(best)
    for _ in range(rounds):
        for name in ("threshold", "exact", "coverage", "above", "rank", "ahead", "least", "grouping", "cell",
                     "conflict", "sorted", "residual", "threshold"):  # fmt: skip
            for step in STEPS if name != "threshold" else (0.85, 0.93, 1.07, 1.15):
                tried = best | {name: best[name] * step}
                value = judge(tried)
                if value > top + 1e-4:
                    best, top = tried, value
    return best


def halves(compared: Comparison, wanted: set[tuple[str, str]], splits: int) -> list[float]:
    """F1 on the half that the weights have not seen, for each of several splits and both ways round."""
    terms = sorted(compared.one.terms)
    out = []
    for seed in range(splits):
        mixed = random.Random(seed).sample(terms, len(terms))
        one, two = set(mixed[: len(mixed) // 2]), set(mixed[len(mixed) // 2 :])
        for seen, unseen in ((one, two), (two, one)):
            pairs = chosen(compared, tune(compared, wanted, seen, rounds=1))
            out.append(f1({p for p in pairs if p[0] in unseen}, {p for p in wanted if p[0] in unseen}))
    return out


def main() -> None:
    folder, splits = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2
    wanted = reference(folder)
    compared = compare(
        read_ontology(folder / "mouse.owl"), read_ontology(folder / "human.owl"), lexicon=Lexicon.load()
    )
    if splits:
        print("F1 on the unseen half:", [round(f, 4) for f in halves(compared, wanted, splits)])
        return
    weights = tune(compared, wanted, set(compared.one.terms))
    print({k: round(v, 3) for k, v in weights.items()}, round(f1(chosen(compared, weights), wanted), 4))


if __name__ == "__main__":
    main()

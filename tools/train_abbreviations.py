"""Weigh the words around an abbreviation: logistic regression on annotated contexts, five-fold by paper.

    python tools/train_abbreviations.py ../shared/bench/terms

The definition is taken out of the context first, so the weights learn from what is left. The weights are of words
of general English and of the table's prior; no abbreviation has a weight of its own.
"""

import copy
import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from commissure.terms.lexicon import Lexicon
from commissure.translate.abbreviations import ANSWER, ANSWER_UNLISTED, AbbreviationReader
from commissure.translate.mapper import Mapper

OUT = Path(__file__).parents[1] / "src" / "commissure" / "translate" / "data" / "context.json"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def hide(row: dict[str, str]) -> str:
    return re.sub(re.escape(row["long_form"].strip("([ ")), "", row["context"])


def without_table(lexicon: Lexicon) -> Lexicon:
    """The lexicon without the short names that come from the table of customary abbreviations."""
    other = copy.copy(lexicon)
    for key in ("_by_plain", "_by_squash", "_by_bag", "names_of", "_scanners"):
        other.__dict__.pop(key, None)
    other.names = [n for n in lexicon.names if (n.source, n.scope) != ("commissure", "abbreviation")]
    return other


def main() -> None:
    bench = Path(sys.argv[1])
    reader = AbbreviationReader(Mapper(Lexicon.load()))
    bare = AbbreviationReader(Mapper(without_table(reader.lexicon)))
    positive, negative = rows(bench / "abbreviations.tsv"), rows(bench / "abbreviation_negatives.tsv")
    data = []
    for row in positive + negative:
        gold = set(filter(None, (row.get("gold_curie") or "").split("|")))
        meant = reader.mapper.map(re.split(r"[)/–]", row["long_form"])[-1].strip("([ "))
        relabelled = not gold and meant.curie is not None and meant.confidence >= 0.85
        features, curie = reader.evidence(row["abbrev"], hide(row))
        unlisted = bare.evidence(row["abbrev"], hide(row), listed=False)
        data.append((row, gold, {meant.curie} if relabelled else gold, features, curie, unlisted))
    counts = Counter(key for d in data for key in (*d[3], *d[5][0]))
    papers_of: dict[str, set[str]] = {}
    for d in data:
        for key in {*d[3], *d[5][0]}:
            papers_of.setdefault(key, set()).add(d[0]["pmcid"])
    keys = sorted(k for k in counts if not k.startswith("w:") or len(papers_of[k]) >= 12)
    x = np.array([[d[3].get(k, 0.0) for k in keys] for d in data])
    y = np.array([bool(d[2]) for d in data])
    x_unlisted = np.array([[d[5][0].get(k, 0.0) for k in keys] for d in data])
    y_unlisted = np.array([d[5][1] in d[2] for d in data])
    known = np.array([d[3]["known"] > 0 for d in data])
    scale = np.array([1.0 if k.startswith("w:") else 1.5 for k in keys])
    papers = [d[0]["pmcid"] for d in data]
    fold = np.array([sum(map(ord, p)) % 5 for p in papers])
    sure = np.zeros(len(data))
    model = LogisticRegression(C=0.15, max_iter=2000, fit_intercept=False)
    sure_unlisted = np.zeros(len(data))

    def fit(rows: np.ndarray) -> None:
        """On each row twice: as it is, and as if the table lacked its abbreviation."""
        model.fit(np.vstack([x[rows], x_unlisted[rows]]) * scale, np.append(y[rows], y_unlisted[rows]))

    for k in range(5):
        fit(fold != k)
        sure[fold == k] = model.predict_proba(x[fold == k] * scale)[:, 1]
        sure_unlisted[fold == k] = model.predict_proba(x_unlisted[fold == k] * scale)[:, 1]
    for name, which in (("as given", 1), ("relabelled", 2)):
        for cut in (0.5, 0.55, ANSWER, 0.65, 0.7):
            given = [
                (d[4] in d[which], bool(d[which]))
                for d, s, listed in zip(data, sure, known, strict=True)
                if s >= (cut if listed else ANSWER_UNLISTED) and d[4]
            ]
            right = sum(a for a, _ in given)
            wanted = sum(bool(d[which]) for d in data)
            print(f"{name}, cut {cut}: P {right / len(given):.3f} R {right / wanted:.3f} ({wanted} wanted)")
    for cut in (0.6, 0.7, ANSWER_UNLISTED, 0.85):
        given = [d[5][1] in d[2] for d, s in zip(data, sure_unlisted, strict=True) if s >= cut and d[5][1]]
        recall = sum(given) / sum(bool(d[2]) for d in data)
        print(f"as if none were listed, cut {cut}: P {np.mean(given):.3f} R {recall:.3f}")
    fit(np.ones(len(x), dtype=bool))
    weights = {
        k: round(float(w * s), 4)
        for k, w, s in zip(keys, model.coef_[0], scale, strict=True)
        if abs(w * s) >= 0.05
    }
    OUT.write_text(json.dumps(weights, indent=0, sort_keys=True) + "\n")
    print(len(weights), "weights", {k: v for k, v in weights.items() if not k.startswith("w:")})
    if "-v" in sys.argv:
        for d, s in sorted(zip(data, sure, strict=True), key=lambda z: -z[1]):
            if s >= ANSWER and d[4] and d[4] not in d[2]:
                print("FP", round(s, 2), d[0]["abbrev"], "|", d[0]["long_form"], "|", d[4], d[2])
        for d, s in sorted(zip(data, sure, strict=True), key=lambda z: z[1]):
            if d[2] and not (s >= ANSWER and d[4] in d[2]):
                print("FN", round(s, 2), d[0]["abbrev"], "|", d[0]["long_form"], "|", d[4], d[2])


if __name__ == "__main__":
    main()

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
from dataclasses import dataclass
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


@dataclass
class Case:
    """An abbreviation in its context, what is right, and what the reader finds, with the table and without it.

    ``gold`` is the annotators', ``relabelled`` adds what the long form's name means where they gave none.
    """

    row: dict[str, str]
    gold: set[str]
    relabelled: set[str]
    features: dict[str, float]
    curie: str
    features_unlisted: dict[str, float]
    curie_unlisted: str


@dataclass
class Table:
    """The cases as numbers; words that fewer than 12 papers use are left out."""

    keys: list[str]
    listed: np.ndarray
    unlisted: np.ndarray
    right: np.ndarray
    right_unlisted: np.ndarray
    scale: np.ndarray
    fold: np.ndarray


def cases(bench: Path) -> list[Case]:
    reader = AbbreviationReader(Mapper(Lexicon.load()))
    bare = AbbreviationReader(Mapper(without_table(reader.lexicon)))
    made = []
    for row in rows(bench / "abbreviations.tsv") + rows(bench / "abbreviation_negatives.tsv"):
        gold = set(filter(None, (row.get("gold_curie") or "").split("|")))
        meant = reader.mapper.map(re.split(r"[)/–]", row["long_form"])[-1].strip("([ "))
        relabelled = not gold and meant.curie is not None and meant.confidence >= 0.85
        found = reader.evidence(row["abbrev"], hide(row))
        unlisted = bare.evidence(row["abbrev"], hide(row), listed=False)
        made.append(Case(row, gold, {meant.curie} if relabelled else gold, *found, *unlisted))
    return made


def table(data: list[Case]) -> Table:
    papers_of: dict[str, set[str]] = {}
    for d in data:
        for key in {*d.features, *d.features_unlisted}:
            papers_of.setdefault(key, set()).add(d.row["pmcid"])
    keys = sorted(k for k, papers in papers_of.items() if not k.startswith("w:") or len(papers) >= 12)
    return Table(
        keys,
        np.array([[d.features.get(k, 0.0) for k in keys] for d in data]),
        np.array([[d.features_unlisted.get(k, 0.0) for k in keys] for d in data]),
        np.array([bool(d.relabelled) for d in data]),
        np.array([d.curie_unlisted in d.relabelled for d in data]),
        np.array([1.0 if k.startswith("w:") else 1.5 for k in keys]),
        np.array([sum(map(ord, d.row["pmcid"])) % 5 for d in data]),
    )


def fit(told: Table, which: np.ndarray) -> LogisticRegression:
    """On each row twice: as it is, and as if the table lacked its abbreviation."""
    model = LogisticRegression(C=0.15, max_iter=2000, fit_intercept=False)
    both = np.vstack([told.listed[which], told.unlisted[which]]) * told.scale
    return model.fit(both, np.append(told.right[which], told.right_unlisted[which]))


def held_out(told: Table) -> tuple[np.ndarray, np.ndarray]:
    """How sure a model is of each case that learned on other papers, with the table and without it."""
    sure, sure_unlisted = np.zeros(len(told.right)), np.zeros(len(told.right))
    for k in range(5):
        model, out = fit(told, told.fold != k), told.fold == k
        sure[out] = model.predict_proba(told.listed[out] * told.scale)[:, 1]
        sure_unlisted[out] = model.predict_proba(told.unlisted[out] * told.scale)[:, 1]
    return sure, sure_unlisted


def print_scores(data: list[Case], sure: np.ndarray, sure_unlisted: np.ndarray) -> None:
    for name, field in (("as given", "gold"), ("relabelled", "relabelled")):
        right_of = [getattr(d, field) for d in data]
        wanted = sum(map(bool, right_of))
        for cut in (0.5, 0.55, ANSWER, 0.65, 0.7):
            limits = [cut if d.features["known"] > 0 else ANSWER_UNLISTED for d in data]
            given = [
                d.curie in right
                for d, right, s, limit in zip(data, right_of, sure, limits, strict=True)
                if s >= limit and d.curie
            ]
            print(f"{name}, cut {cut}: P {np.mean(given):.3f} R {sum(given) / wanted:.3f} ({wanted} wanted)")
    for cut in (0.6, 0.7, ANSWER_UNLISTED, 0.85):
        given = [
            d.curie_unlisted in d.relabelled
            for d, s in zip(data, sure_unlisted, strict=True)
            if s >= cut and d.curie_unlisted
        ]
        recall = sum(given) / sum(bool(d.relabelled) for d in data)
        print(f"as if none were listed, cut {cut}: P {np.mean(given):.3f} R {recall:.3f}")


def print_wrong(data: list[Case], sure: np.ndarray) -> None:
    for d, s in sorted(zip(data, sure, strict=True), key=lambda z: -z[1]):
        if s >= ANSWER and d.curie and d.curie not in d.relabelled:
            print("FP", round(s, 2), d.row["abbrev"], "|", d.row["long_form"], "|", d.curie, d.relabelled)
    for d, s in sorted(zip(data, sure, strict=True), key=lambda z: z[1]):
        if d.relabelled and not (s >= ANSWER and d.curie in d.relabelled):
            print("FN", round(s, 2), d.row["abbrev"], "|", d.row["long_form"], "|", d.curie, d.relabelled)


def main() -> None:
    data = cases(Path(sys.argv[1]))
    told = table(data)
    sure, sure_unlisted = held_out(told)
    print_scores(data, sure, sure_unlisted)
    model = fit(told, np.ones(len(data), dtype=bool))
    weights = {
        k: round(float(w * s), 4)
        for k, w, s in zip(told.keys, model.coef_[0], told.scale, strict=True)
        if abs(w * s) >= 0.05
    }
    OUT.write_text(json.dumps(weights, indent=0, sort_keys=True) + "\n")
    print(len(weights), "weights", {k: v for k, v in weights.items() if not k.startswith("w:")})
    if "-v" in sys.argv:
        print_wrong(data, sure)


if __name__ == "__main__":
    main()

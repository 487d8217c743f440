"""Weigh how a paper says its number of participants: softmax over candidates; benchmarks/translate.py judges it five-fold.

python tools/train_people.py ../shared/bench/terms
"""

import csv
import gzip
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from commissure.translate.methods.people import Candidate, candidates
from commissure.translate.methods.sections import from_text

DECAY = 1.0  # the best of 0.3 to 4 over six partitions of the papers not held out
OUT = Path(__file__).parents[1] / "src" / "commissure" / "translate" / "data" / "people.json"


def load(bench: Path) -> dict[int, tuple[str, float]]:
    papers = {}
    with gzip.open(bench / "papers.jsonl.gz", "rt") as file:
        for line in file:
            paper = json.loads(line)
            papers[int(paper["metadata"]["pmcid"])] = paper["text"]
    with (bench / "participants_n.tsv").open() as file:
        counts = {int(r["pmcid"]): float(r["count"]) for r in csv.DictReader(file, delimiter="\t")}
    return {k: (papers[k], counts[k]) for k in sorted(counts) if k in papers}


def fit(data: list[tuple[np.ndarray, np.ndarray]], *, decay: float) -> np.ndarray:
    """Weights and, last, the score of "none of these": softmax over a paper's candidates, all that are right counting."""
    width = data[0][0].shape[1]
    table = np.vstack(
        [np.vstack([np.pad(x, ((0, 0), (0, 1))), np.eye(1, width + 1, width)]) for x, _ in data]
    )
    right = np.concatenate([np.append(y, not y.any()) for _, y in data])
    starts = np.cumsum([0, *(len(y) + 1 for _, y in data[:-1])])
    paper = np.repeat(np.arange(len(data)), [len(y) + 1 for _, y in data])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        scores = table @ w
        scores -= np.maximum.reduceat(scores, starts)[paper]
        all_of, good = np.exp(scores), np.where(right, np.exp(scores), 0.0)
        sums, good_sums = np.add.reduceat(all_of, starts), np.add.reduceat(good, starts) + 1e-300
        slope = table.T @ (all_of / sums[paper] - good / good_sums[paper])
        free = np.append(np.ones(width), 0.0)
        return float(
            np.log(sums / good_sums).sum() + decay * (free * w**2).sum()
        ), slope + 2 * decay * free * w

    return np.asarray(
        minimize(loss, np.zeros(width + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    )


def answers(bench: Path) -> dict[int, dict[str, float]]:
    """Paper → annotator → the sum of that annotator's groups."""
    sums: dict[int, dict[str, float]] = {}
    with (bench / "participant_groups.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["pmcid"].isdigit():
                of_paper = sums.setdefault(int(row["pmcid"]), {})
                of_paper[row["annotator_name"]] = of_paper.get(row["annotator_name"], 0.0) + float(
                    row["count"] or 0
                )
    return sums


def matrices(
    found: list[list[Candidate]], right: list[set[float]]
) -> tuple[list[str], list[tuple[np.ndarray, np.ndarray]]]:
    """The features that at least three papers have, and each paper's candidates with which of them are right."""
    seen = Counter(key for cs in found for key in {k for c in cs for k in c.features})
    keys = sorted(key for key, n in seen.items() if n >= 3)
    data = []
    for cs, totals in zip(found, right, strict=True):
        x = np.array([[c.features.get(key, 0.0) for key in keys] for c in cs]).reshape(-1, len(keys))
        data.append((x, np.array([c.value in totals for c in cs], dtype=bool)))
    return keys, data


def judge(w: np.ndarray, x: np.ndarray) -> tuple[int, float]:
    """The best candidate (-1 if there is none) and its probability."""
    if not len(x):
        return -1, 0.0
    scores = np.append(x @ w[:-1], w[-1])
    shares = np.exp(scores - scores.max())
    best = int(shares[:-1].argmax())
    return best, float(shares[best] / shares.sum())


def main() -> None:
    bench = Path(sys.argv[1])
    papers, of_annotators = load(bench), answers(bench)
    found = [candidates(from_text(text)) for text, _ in papers.values()]
    # where two annotators differ the benchmark takes the middle, which may be nobody's answer: either is taught
    right = [{n, *of_annotators.get(k, {}).values()} for k, (_, n) in papers.items()]
    keys, data = matrices(found, right)
    print("candidate recall", np.mean([y.any() for _, y in data]).round(3), "features", len(keys))
    w = fit([d for d in data if len(d[0])], decay=DECAY)
    weights = dict(zip([*keys, "none"], (round(float(v), 4) for v in w), strict=True))
    OUT.write_text(json.dumps(weights, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

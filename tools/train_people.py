"""Weigh how a paper says its number of participants: softmax over candidates, five-fold by paper.

python tools/train_people.py ../shared/bench/terms
"""

import csv
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import torch

from commissure.translate.methods.people import candidates
from commissure.translate.methods.sections import from_text

DECAY = 1.0  # the weakest penalty whose 0.8 means 0.95 over three partitions
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
    torch.manual_seed(0)
    width = data[0][0].shape[1]
    w = torch.zeros(width, requires_grad=True)
    none = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([w, none], max_iter=200, line_search_fn="strong_wolfe")
    tensors = [(torch.tensor(x, dtype=torch.float32), torch.tensor(y)) for x, y in data]

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = decay * (w**2).sum()
        for x, y in tensors:
            scores = torch.cat([x @ w, none])
            right = torch.cat([y, ~y.any().reshape(1)])
            loss = loss + scores.logsumexp(0) - scores[right].logsumexp(0)
        loss.backward()
        return loss

    optimizer.step(closure)
    return np.append(w.detach().numpy(), none.detach().numpy())


def main() -> None:
    torch.set_num_threads(1)
    papers = load(Path(sys.argv[1]))
    found = {k: candidates(from_text(text)) for k, (text, _) in papers.items()}
    seen: dict[str, set[int]] = {}
    for k, cs in found.items():
        for c in cs:
            for key in c.features:
                seen.setdefault(key, set()).add(k)
    keys = sorted(key for key, where in seen.items() if len(where) >= 4)
    data, ids = [], []
    for k, (_, n) in papers.items():
        x = np.array([[c.features.get(key, 0.0) for key in keys] for c in found[k]]).reshape(-1, len(keys))
        data.append((x, np.array([c.value == n for c in found[k]], dtype=bool)))
        ids.append(k)
    print("candidate recall", np.mean([y.any() for _, y in data]).round(3), "features", len(keys))
    fold = np.array([k % 5 for k in ids])
    for decay in (0.6, 1.0):
        right, sure = [], []
        for k in range(5):
            w = fit([d for d, f in zip(data, fold, strict=True) if f != k and len(d[0])], decay=decay)
            for (x, y), f in zip(data, fold, strict=True):
                if f == k:
                    s = np.append(x @ w[:-1], w[-1])
                    p = np.exp(s - s.max()) / np.exp(s - s.max()).sum()
                    best = int(p[:-1].argmax()) if len(x) else -1
                    right.append(bool(len(x) and y[best]))
                    sure.append(p[best] if len(x) else 0.0)
        right, sure = np.array(right), np.array(sure)
        line = [
            f"{t}: {right[sure >= t].mean():.3f} of {np.mean(sure >= t):.2f}" for t in (0.6, 0.7, 0.8, 0.85)
        ]
        print(f"decay {decay}: exact {right.mean():.3f}; precision where sure", "; ".join(line))
    w = fit([d for d in data if len(d[0])], decay=DECAY)
    weights = dict(zip([*keys, "none"], (round(float(v), 4) for v in w), strict=True))
    OUT.write_text(json.dumps(weights, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

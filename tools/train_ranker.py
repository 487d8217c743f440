"""Train the name ranker and its calibration on the lexicon's own synonyms; no benchmark row is read.

    python tools/train_ranker.py

One synonym at a time is hidden from the lexicon and must be mapped back to its term, against all siblings. Some
queries get typing errors or lose their spaces. For "none of these", every name of a term is hidden, or a structure
outside the nervous system is asked for. The second network, which says how sure an answer is, is trained on
queries whose terms the first did not see (five-fold by term).
"""

import random
import sys
from collections import defaultdict
from pathlib import Path

import mine_substitutes
import numpy as np
import torch

from commissure.terms.lexicon import Lexicon
from commissure.terms.normal import plain, stem
from commissure.terms.relations import FOREIGN, HEADS, NEAR
from commissure.translate.features import FEATURES, Names, query
from commissure.translate.mapper import pool_names
from commissure.translate.ranker import DECISION, decision_features

OUT = Path(__file__).parents[1] / "src" / "commissure" / "translate" / "data" / "ranker.npz"
POOL = 50
OUTSIDE = sorted(FOREIGN)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def misspell(text: str, rng: random.Random, edits: int = 2) -> str:
    chars = list(text)
    for _ in range(edits):
        at = rng.randrange(len(chars))
        kind = rng.randrange(4)
        if kind == 0 and len(chars) > 3:
            del chars[at]
        elif kind == 1:
            chars.insert(at, rng.choice(LETTERS))
        elif kind == 2:
            chars[at] = rng.choice(LETTERS)
        elif at + 1 < len(chars):
            chars[at], chars[at + 1] = chars[at + 1], chars[at]
    return "".join(chars)


def foreign(name: str, rng: random.Random) -> str:
    """A structure outside the nervous system that is called like one inside: ``buccal nerve`` → ``buccal artery``."""
    words = name.split()
    nouns = [i for i, w in enumerate(words) if stem(w.strip(",()").lower()) in HEADS]
    if not nouns or len(words) > 7 or any(c.isdigit() for c in name):
        return ""
    words[rng.choice(nouns)] = rng.choice(OUTSIDE)
    return " ".join(words)


def questions(names: Names, regions: set[str], rng: random.Random) -> list[tuple[str, str, list[int], str]]:
    """(text, curie or "", positions to hide, group for folds)"""
    same, of, owners = defaultdict(list), defaultdict(list), defaultdict(set)
    for i, name in enumerate(names.names):
        same[name.curie, plain(name.text)].append(i)
        of[name.curie].append(i)
        owners[plain(name.text)].add(name.curie)
    out = []
    for curie, positions in of.items():
        for i in positions:
            name = names.names[i]
            hidden = same[curie, plain(name.text)]
            if len(hidden) == len(positions):
                hidden = []
            inside = curie in regions
            if len(owners[plain(name.text)]) > 1:
                continue
            if inside and rng.random() < 0.06:
                out.append((name.text, curie, [], curie))
            if hidden and (inside or rng.random() < 0.3) and name.scope != "broad":
                out.append((name.text, curie, hidden, curie))
                if rng.random() < 0.15:
                    out.append(
                        (
                            misspell(name.text, rng, 1) if len(name.text) > 6 else name.text,
                            curie,
                            hidden,
                            curie,
                        )
                    )
            if inside and name.scope in ("label", "exact") and len(name.text) > 5 and rng.random() < 0.45:
                out.append((misspell(name.text, rng, rng.choice((1, 2, 2, 3))), curie, [], curie))
            if inside and name.scope == "label" and rng.random() < 0.1:
                out.append(("".join(c for c in name.text if c.isalpha()), curie, [], curie))
        if curie in regions and rng.random() < 0.5:
            strange = foreign(names.names[rng.choice(positions)].text, rng)
            out += [(strange, "", [], curie)] if strange else []
        if curie in regions and rng.random() < 0.35 or curie not in regions:
            name = names.names[rng.choice(positions)]
            if name.scope != "abbreviation":
                out.append((name.text, "", positions, curie))
    rng.shuffle(out)
    return out


def forget_own(names: Names, lexicon: Lexicon) -> None:
    """A question about a term must not profit from substitutes that the term's own names taught."""
    said, _ = mine_substitutes.mine(lexicon)
    own = defaultdict(set)
    for pair, terms in said.items():
        if len(terms) <= mine_substitutes.LEAST_TERMS and pair not in NEAR:
            for curie in terms:
                own[curie].add(pair)
    names.unsaid = {i: frozenset(own[curie]) for i, curie in enumerate(names.curies) if curie in own}


def collect(names: Names, asked: list[tuple[str, str, list[int], str]]) -> dict[str, np.ndarray]:
    x = np.zeros((len(asked), POOL, len(FEATURES)), dtype=np.float32)
    mask = np.zeros((len(asked), POOL), dtype=bool)
    gold = np.zeros((len(asked), POOL), dtype=bool)
    term = np.full((len(asked), POOL), -1, dtype=np.int32)
    number = {curie: i for i, curie in enumerate(names.curies)}
    for row, (text, curie, hidden, group) in enumerate(asked):
        q = query(text)
        pool, scores = names.pool(q, barred=np.array(hidden, dtype=np.int64))
        n = len(pool)
        if n:
            x[row, :n] = names.features(q, pool, scores, without=number[group])
            mask[row, :n] = True
            term[row, :n] = names.term[pool]
            gold[row, :n] = [names.names[i].curie == curie for i in pool]
    return {"x": x, "mask": mask, "gold": gold, "term": term}


def network(inputs: int, hidden: int) -> torch.nn.Sequential:
    second = max(16, hidden // 2)
    return torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, second),
                               torch.nn.ReLU(), torch.nn.Linear(second, 1))  # fmt: skip


def fit_ranker(
    data: dict[str, np.ndarray], rows: np.ndarray, *, epochs: int = 14, seed: int = 0
) -> torch.nn.Sequential:
    rows = rows[data["gold"][rows].any(axis=1)]
    flat = data["x"][rows][data["mask"][rows]]
    mean, scale = flat.mean(0), flat.std(0) + 1e-3
    torch.manual_seed(seed)
    net = network(len(FEATURES), 64)
    net.mean, net.scale = torch.tensor(mean), torch.tensor(scale)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(rows)
        for start in range(0, len(order), 128):
            batch = order[start : start + 128]
            logits = score(net, data["x"][batch]).masked_fill(~torch.tensor(data["mask"][batch]), -1e9)
            gold = torch.tensor(data["gold"][batch])
            loss = (logits.logsumexp(1) - logits.masked_fill(~gold, -1e9).logsumexp(1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return net


def score(net: torch.nn.Sequential, x: np.ndarray) -> torch.Tensor:
    return net((torch.tensor(x) - net.mean) / net.scale).squeeze(-1)


def decisions(
    data: dict[str, np.ndarray], logits: np.ndarray, outside: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decision features of each question, whether its first region is right, and whether it has any candidate."""
    n = len(logits)
    x = np.zeros((n, len(DECISION)), dtype=np.float32)
    y = np.zeros(n, dtype=np.float32)
    for row in range(n):
        keep = data["mask"][row]
        if keep.any():
            terms = data["term"][row][keep]
            best, x[row] = decision_features(
                data["x"][row][keep], logits[row][keep], terms=terms, away=outside[terms]
            )
            y[row] = (
                float(best >= 0 and data["gold"][row][keep][terms == terms[best]].any()) if best >= 0 else 0.0
            )
    return x, y, data["mask"].any(axis=1)


def fit_decision(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, *, epochs: int = 30, seed: int = 0
) -> torch.nn.Sequential:
    torch.manual_seed(100 + seed)
    net = network(x.shape[1], 16)
    net.mean, net.scale = torch.tensor(x.mean(0)), torch.tensor(x.std(0) + 1e-3)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=3e-3)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(x)), max(1, len(x) // 256)):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                score(net, x[batch]), torch.tensor(y[batch]), weight=torch.tensor(weight[batch]))  # fmt: skip
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


def export(prefix: str, nets: list[torch.nn.Sequential]) -> dict[str, np.ndarray]:
    each = [_arrays(prefix, net) for net in nets]
    return {key: np.stack([arrays[key] for arrays in each]) for key in each[0]}


def _arrays(prefix: str, net: torch.nn.Sequential) -> dict[str, np.ndarray]:
    out = {f"{prefix}_mean": net.mean.numpy(), f"{prefix}_scale": net.scale.numpy()}
    for i, layer in enumerate(layer for layer in net if isinstance(layer, torch.nn.Linear)):
        out[f"{prefix}_w{i}"] = layer.weight.detach().numpy().T.astype(np.float32)
        out[f"{prefix}_b{i}"] = layer.bias.detach().numpy().astype(np.float32)
    return out


def main() -> None:
    torch.set_num_threads(1)
    lexicon = Lexicon.load()
    names = pool_names(lexicon, ("region",))
    forget_own(names, lexicon)
    regions = {t.curie for t in lexicon.terms("region")}
    outside = np.array([c not in regions for c in names.curies])
    asked = questions(names, regions, random.Random(7))
    print(len(asked), "questions")
    data = collect(names, asked)
    group = {c: random.Random(c).randrange(5) for c in names.curies}
    fold = np.array([group[a[3]] for a in asked])
    logits = np.zeros(data["mask"].shape, dtype=np.float32)
    for k in range(5):
        nets = [fit_ranker(data, np.flatnonzero(fold != k), seed=s) for s in range(2)]
        with torch.no_grad():
            logits[fold == k] = sum(score(net, data["x"][fold == k]).numpy() for net in nets) / len(nets)
    x, y, _ = decisions(data, logits, outside)
    asked_region = np.array([a[1] in regions for a in asked])
    print("ranker, unseen terms: right first", y[asked_region].mean().round(3))
    ones = np.ones(len(y), dtype=np.float32)
    decision = [fit_decision(x, y, ones, seed=k) for k in range(5)]
    final = [fit_ranker(data, np.arange(len(asked)), seed=k) for k in range(3)]
    arrays = export("rank", final) | export("decide", decision)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    np.savez(OUT, **{k: v.astype(np.float32) for k, v in sorted(arrays.items())})
    print("written", OUT.name, OUT.stat().st_size, file=sys.stderr)


if __name__ == "__main__":
    main()

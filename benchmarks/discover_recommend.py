"""Recommendation beside its peers, leave one out, for ``discover.py``: popularity, ALS, EASE and TF-IDF on the same cases."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from commissure.discover.concepts import load_concepts
from commissure.discover.facets import derive, texts_of
from commissure.discover.recommend import BLEND, PARTS, Recommender, ease, fit_blend
from commissure.discover.recommend_content import Content, Item, Profile, people_of
from commissure.kernels.embed import can_embed, minilm

__all__ = ["recommend_table"]


def hits(cases: list[tuple], score: Callable[[tuple], np.ndarray], k: int = 10) -> float:
    ranks = []
    for case in cases:
        values = np.array(score(case), dtype=float)
        values[case[2]] = -np.inf
        ranks.append((values > values[case[1]]).sum() + ((values == values[case[1]]).sum() - 1) / 2)
    return float(np.mean(np.array(ranks) < k))


def cross_blend(cases: list[tuple]) -> float:
    people = sorted({case[0] for case in cases})
    fold = dict(zip(people, np.random.default_rng(0).permutation(len(people)) % 5, strict=True))
    right = 0.0
    for k in range(5):
        learned = [open_only(case) for case in cases if fold[case[0]] != k]
        blend = fit_blend([parts for parts, _ in learned], [wanted for _, wanted in learned])
        held = [case for case in cases if fold[case[0]] == k]
        weights = np.array([blend[part] for part in PARTS])
        right += len(held) * hits(held, lambda case, weights=weights: weights @ case[3])
    return right / len(cases)


def open_only(case: tuple) -> tuple[np.ndarray, int]:
    open_ = np.ones(case[3].shape[1], dtype=bool)
    open_[case[2]] = False
    return case[3][:, open_], int(open_[: case[1]].sum())


def als_scores(used: np.ndarray) -> np.ndarray:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    model = AlternatingLeastSquares(
        factors=32, regularization=0.1, iterations=15, random_state=0, num_threads=1
    )
    model.fit(csr_matrix(used), show_progress=False)
    return np.asarray(model.user_factors @ model.item_factors.T)


def leave_one_out(
    recommender: Recommender,
    profiles: list[Profile],
    ids: list[str],
    ask: Callable[[int, str], Profile] | None = None,
) -> list[tuple]:
    """(person, item held out, items known, parts) for every use; ``ask`` makes the profile that asks."""
    place = {ident: i for i, ident in enumerate(ids)}
    cases = []
    for person, profile in enumerate(profiles):
        for ident in sorted(profile.used):
            asked = replace(profile, used=profile.used - {ident}) if ask is None else ask(person, ident)
            parts = recommender.parts(asked, without=person)
            cases.append((person, place[ident], recommender.places(asked.used), parts))
    return cases


def baselines(name: str, cases: list[tuple], used: np.ndarray, blend: np.ndarray) -> None:
    def without(case: tuple) -> np.ndarray:
        left = used.copy()
        left[case[0], case[1]] = 0.0
        return left

    some = cases[:: max(1, len(cases) // 60)]
    text = PARTS.index("text")
    figures = {
        "popularity": hits(cases, lambda case: used.sum(axis=0) - np.eye(used.shape[1])[case[1]]),
        "ALS (60 cases)": hits(some, lambda case: als_scores(without(case))[case[0]]),
        "EASE": hits(cases, lambda case: without(case)[case[0]] @ ease(without(case).T @ without(case))),
        "TF-IDF": hits(cases, lambda case: case[3][text]),
        "ours": hits(cases, lambda case: blend @ case[3]),
        "ours, 5-fold": cross_blend(cases),
    }
    print(f"{name:22s}{len(cases):6d}" + "".join(f"{value:16.3f}" for value in figures.values()))


def recommend_table(folder: Path, corpus: dict[str, dict]) -> None:
    """Print how often each recommender finds what was held out, in the first ten."""
    reuse = json.loads((folder / "reuse.json").read_text())
    papers, edges, concepts = reuse["papers"], reuse["edges"], load_concepts()

    def item(ident: str) -> Item:
        record = corpus.get(ident, {})
        text = " ".join(text for name, text in texts_of(record) if name != "title")
        facets = {f.concept: f.confidence for f in derive(record, concepts=concepts)}
        return Item(ident, record.get("title") or "", text, facets, people_of(record.get("authors")))

    def profile(paper: str, used: set[str]) -> Profile:
        facets = {
            f.concept: f.confidence for f in derive({"title": papers[paper]["title"]}, concepts=concepts)
        }
        return Profile(
            frozenset(used), (papers[paper]["title"],), facets, people_of(papers[paper]["authors"])
        )

    used: dict[str, set[str]] = defaultdict(set)
    for paper, ident in edges:
        used[paper].add(ident)
    ids = sorted({ident for _, ident in edges})
    items = [item(ident) for ident in ids]
    profiles = [profile(paper, used[paper]) for paper in sorted(papers)]
    if can_embed():
        meanings = minilm().embed([f"{i.title}. {i.text[:900]}" for i in items])
        items = [replace(i, vector=v) for i, v in zip(items, meanings, strict=True)]
        meanings = minilm().embed([p.titles[0] for p in profiles])
        profiles = [replace(p, vector=v) for p, v in zip(profiles, meanings, strict=True)]
    everything = items + [item(ident) for ident in corpus if ident not in set(ids)]
    content = Content(everything, profiles, among=range(len(ids)))
    blend = np.array([BLEND[part] for part in PARTS])
    recommender = Recommender(items, profiles, content=content)
    cases = leave_one_out(recommender, profiles, ids)
    matrix = np.array([[float(ident in p.used) for ident in ids] for p in profiles])
    counts = Counter(ident for _, ident in edges)
    cold = [case for case in cases if counts[ids[case[1]]] == 1]
    names = ("popularity", "ALS (60 cases)", "EASE", "TF-IDF", "ours", "ours, 5-fold")
    print(f"\nHR@10, leave one out{'':2s}{'cases':>6s}" + "".join(f"{name:>16s}" for name in names))
    baselines("papers", cases, matrix, blend)
    baselines("cold datasets", cold, matrix, blend)
    authors_row(profiles, everything, ids, blend)
    found: Counter[int] = Counter()
    for case in cases:
        score = blend @ case[3]
        score[case[2]] = -np.inf
        found.update(int(i) for i in np.argsort(-score, kind="stable")[:10])
    share = np.array([counts[ids[i]] for i in found.elements()]) / len(profiles)
    print(f"catalogue coverage {len(found) / len(ids):.0%}; novelty {np.mean(-np.log2(share)):.2f} bits (popularity alone: "
          f"{np.mean(-np.log2(np.sort(np.array(list(counts.values())) / len(profiles))[-10:])):.2f})")  # fmt: skip


def _mean(vectors: list) -> np.ndarray | None:
    if not vectors or vectors[0] is None:
        return None
    mean = np.mean(vectors, axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)


def authors_row(papers: list[Profile], everything: list[Item], ids: list[str], blend: np.ndarray) -> None:
    by: dict[str, list[Profile]] = defaultdict(list)
    for paper in papers:
        for person in paper.people:
            by[person].append(paper)
    people = sorted(by)

    def of(person: str, ident: str | None) -> Profile:
        known = [paper for paper in by[person] if ident is None or ident not in paper.used]
        used = frozenset().union(*(paper.used for paper in by[person])) - {ident}
        facets = {c: v for paper in known for c, v in paper.facets.items()}
        titles = tuple(t for paper in known for t in paper.titles)
        return Profile(used, titles, facets, frozenset({person}), _mean([paper.vector for paper in known]))

    profiles = [of(person, None) for person in people]
    content = Content(everything, profiles, among=range(len(ids)))
    recommender = Recommender(everything[: len(ids)], profiles, content=content)
    strict_row(papers, everything, ids, blend)
    several = [p if len(p.used) > 1 else replace(p, used=frozenset()) for p in profiles]
    cases = leave_one_out(recommender, several, ids, lambda row, ident: of(people[row], ident))
    matrix = np.array([[float(ident in p.used) for ident in ids] for p in profiles])
    baselines("authors", cases, matrix, blend)


def strict_row(papers: list[Profile], everything: list[Item], ids: list[str], blend: np.ndarray) -> None:
    """Authors again, every third; all their papers' use of the dataset held out is hidden, coauthors' too."""
    content = Content(everything, papers, among=range(len(ids)))
    place = {ident: i for i, ident in enumerate(ids)}
    cases, used = [], np.array([[float(ident in p.used) for ident in ids] for p in papers])
    for person in sorted({person for paper in papers for person in paper.people})[::3]:
        rows = [i for i, paper in enumerate(papers) if person in paper.people]
        known = frozenset().union(*(papers[i].used for i in rows))
        for ident in sorted(known) if len(known) > 1 else ():
            hidden = [replace(p, used=p.used - {ident}) if i in rows else p for i, p in enumerate(papers)]
            facets = {c: v for i in rows for c, v in papers[i].facets.items()}
            titles = tuple(t for i in rows for t in papers[i].titles)
            asked = Profile(
                known - {ident}, titles, facets, frozenset({person}), _mean([papers[i].vector for i in rows])
            )
            learned = Recommender(everything[: len(ids)], hidden, content=content)
            cases.append((person, place[ident], learned.places(asked.used), learned.parts(asked)))
    popular = hits(cases, lambda case: used.sum(axis=0) - np.eye(used.shape[1])[case[1]])
    text = hits(cases, lambda case: case[3][PARTS.index("text")])
    print(f"{'authors, strict':22s}{len(cases):6d}{popular:16.3f}{'':32s}{text:16.3f}{hits(cases, lambda case: blend @ case[3]):16.3f}"
          f"{cross_blend(cases):16.3f}")  # fmt: skip

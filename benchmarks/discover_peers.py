"""Search over several hubs beside one index of everything, on the development corpus, in one run.

    python benchmarks/discover_peers.py [BENCH_FOLDER] [--hubs N]

The corpus is dealt to hubs that are served over loopback, once by archive and once at random; each question goes to an
empty hub that has them as peers. Peers of the merging, over the very same answers: the hubs' own scores compared as
they stand, scores scaled to each hub's best (min-max, as CombSUM does), round robin, and reciprocal rank fusion.
"""

import argparse
import gzip
import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import uvicorn

from commissure.discover.merge import Offer
from commissure.faces.http.app import create_app
from commissure.hub import Hub, open_hub
from commissure.settings import Settings
from commissure.workflows import search_everywhere as everywhere
from commissure.workflows.fan_out import fan_out
from commissure.workflows.harvest import add_records, index_of
from commissure.workflows.peers import add_peer, peers
from commissure.workflows.search import search, understood
from discover import HERE, WRONG, load, ndcg, reciprocal

Merger = Callable[[Sequence[Offer]], list[str]]


def by_score(offers: Sequence[Offer]) -> list[str]:
    return [o.id for o in sorted(offers, key=lambda o: -(o.score or 0.0))]


def by_share(offers: Sequence[Offer]) -> list[str]:
    best: dict[str, float] = {}
    for offer in offers:
        best[offer.origin] = max(best.get(offer.origin, 0.0), offer.score or 0.0)
    return [o.id for o in sorted(offers, key=lambda o: -(o.score or 0.0) / (best[o.origin] or 1.0))]


def by_turn(offers: Sequence[Offer]) -> list[str]:
    return [o.id for o in sorted(offers, key=lambda o: o.rank)]


MERGERS: dict[str, Merger] = {
    "hubs' scores as they stand": by_score,
    "scores scaled to each hub's best": by_share,
    "round robin (= reciprocal rank fusion of disjoint hubs)": by_turn,
}


def served(hub: Hub) -> str:
    server = uvicorn.Server(uvicorn.Config(create_app(hub), port=0, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


def hub_of(folder: Path, records: Sequence[dict]) -> Hub:
    hub = open_hub(folder, settings=Settings(hub=str(folder), jobs="inline"))
    dump = folder.parent / f"{folder.name}.jsonl.gz"
    dump.write_bytes(gzip.compress("\n".join(json.dumps(r) for r in records).encode()))
    if records:
        add_records(hub, dump, vectors=False)
    return hub


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    parser.add_argument("--hubs", type=int, default=6)
    said = parser.parse_args()
    corpus, queries, grades = load(said.folder)
    queries = [q for q in queries if q["qid"] not in WRONG]
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        whole = hub_of(top / "whole", list(corpus.values()))
        figures = [(ndcg(grades[q["qid"]], f), reciprocal(grades[q["qid"]], f))
                   for q in queries for f in [[r.source_id for r in search(whole, q["text"]).results]]]  # fmt: skip
        print(f"{len(queries)} questions, {len(corpus)} records, no vectors     nDCG@10   MRR")
        print(
            f"{'one index of everything':58}{np.mean(figures, axis=0)[0]:.3f}  {np.mean(figures, axis=0)[1]:.3f}"
        )
        rng = np.random.default_rng(0)
        deals = {"by archive": {d: r["source"] for d, r in corpus.items()},
                 f"at random over {said.hubs}": {d: f"h{rng.integers(said.hubs)}" for d in corpus}}  # fmt: skip
        for title, where in deals.items():
            measure(
                top / title.replace(" ", "-"),
                corpus,
                queries=queries,
                grades=grades,
                where=where,
                title=title,
            )


def measure(
    top: Path,
    corpus: dict[str, dict],
    *,
    queries: list[dict],
    grades: dict,
    where: dict[str, str],
    title: str,
) -> None:
    top.mkdir()
    asker = hub_of(top / "asker", [])
    for name in sorted(set(where.values())):
        part = hub_of(top / name, [r for d, r in corpus.items() if where[d] == name])
        add_peer(asker, served(part), now=asker.clock())
    index = index_of(asker)
    everywhere.search_everywhere(asker, "warm up", within_s=30)
    found: dict[str, list[tuple[float, float]]] = {}
    spent, merging = [], []
    for query in queries:
        words, judged = query["text"], grades[query["qid"]]
        begun = time.perf_counter()
        offers, told = fan_out(peers(asker), understood(index, words), words=words, limit=30, within_s=30)()
        assert all(one.state == "ok" for one in told), told
        middle = time.perf_counter()
        ours = everywhere.merge(offers, words, limit=10, sources=told)
        merging.append(time.perf_counter() - middle)
        spent.append(time.perf_counter() - begun)
        lists = {"ours: read and ranked anew": [r.source_id for r in ours.reply.results]}
        lists |= {name: merge(offers)[:10] for name, merge in MERGERS.items()}
        for name, ids in lists.items():
            found.setdefault(name, []).append((ndcg(judged, ids), reciprocal(judged, ids)))
    print(f"\n{len(set(where.values()))} hubs, {title}")
    for name, figures in found.items():
        print(f"  {name:56}{np.mean(figures, axis=0)[0]:.3f}  {np.mean(figures, axis=0)[1]:.3f}")
    print(f"  a question: median {np.median(spent) * 1e3:.0f} ms, p95 {np.quantile(spent, .95) * 1e3:.0f} ms, "
          f"of which merging {np.median(merging) * 1e3:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()

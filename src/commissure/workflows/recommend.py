"""Recommend: the datasets that go with what somebody used or is about to do, each with why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commissure.discover.concepts import load_concepts
from commissure.discover.facets import derive
from commissure.discover.recommend import Recommender
from commissure.discover.recommend_content import Item, Profile, people_of
from commissure.errors import BadInput
from commissure.hub import Hub
from commissure.kernels.embed import can_embed, minilm
from commissure.store.index import SearchIndex
from commissure.workflows.harvest import index_of
from commissure.workflows.search import search
from commissure.workflows.similar import similar

__all__ = ["RecommendReply", "Recommended", "forget_use", "recommend"]

_FROM_EACH, _FROM_WORDS, _MOST_USED, _LATEST = 60, 120, 300, 8


@dataclass(frozen=True, slots=True)
class Recommended:
    """One dataset recommended: its place in the index, its score, and why."""

    id: str
    source: str
    source_id: str
    title: str
    score: float
    because: str

    def to_dict(self) -> dict[str, object]:
        """The dataset as plain values for JSON."""
        return {
            "id": self.id, "source": self.source, "source_id": self.source_id, "title": self.title,
            "score": round(self.score, 4), "because": self.because,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecommendReply:
    """What is recommended, best first, and what it was drawn from.

    Attributes
    ----------
    results : tuple of Recommended
        The datasets.
    used : tuple of str
        What the person is known to have used (empty where that was switched off).
    candidates, coverage : int, float
        How many datasets were compared, and which share of the catalogue that is.
    """

    results: tuple[Recommended, ...]
    used: tuple[str, ...]
    candidates: int
    coverage: float

    def to_dict(self) -> dict[str, object]:
        """The reply as plain values for JSON."""
        return {
            "results": [result.to_dict() for result in self.results],
            "used": list(self.used),
            "candidates": self.candidates,
            "coverage": round(self.coverage, 4),
        }


def recommend(
    hub: Hub,
    *,
    words: str = "",
    datasets: Sequence[str] = (),
    limit: int = 10,
    viewer: str = "",
    by_use: bool = True,
) -> RecommendReply:
    """Recommend datasets to somebody.

    Parameters
    ----------
    hub : Hub
        Where to look.
    words : str
        What the person is about to do: a title, a plan.
    datasets : sequence of str
        Ids of datasets to go on from, besides what the person used.
    limit : int
        How many, 1 to 100.
    viewer : str
        The Person, by id; empty for a stranger.
    by_use : bool
        The switch: whether events of use count, the person's own and others'.

    Raises
    ------
    BadInput
        If ``limit`` cannot be used, or there is nothing to go on.
    NotFound
        If one of ``datasets`` is not indexed.
    """
    if not 1 <= limit <= 100:
        raise BadInput(f"limit must be 1 to 100; got {limit}.")
    index = index_of(hub)
    pairs = hub.records.usage.pairs() if by_use else ()
    own = [dataset for person, dataset, _ in pairs if viewer and person == viewer]
    if not (words.strip() or datasets or own):
        raise BadInput("There is nothing to go on: give words or a dataset, or use some datasets first.")
    seeds = dict.fromkeys([*datasets, *own])
    reached = _reached(hub, words, list(seeds), viewer=viewer)
    counts: dict[str, int] = {}
    for _, dataset, _ in pairs:
        counts[dataset] = counts.get(dataset, 0) + 1
    popular = sorted(counts, key=lambda dataset: (-counts[dataset], dataset))[:_MOST_USED]
    items, rows = _items(index, [*seeds, *reached, *popular], viewer=viewer)
    facets = {f.concept: f.confidence for f in derive({"title": words}, concepts=load_concepts())}
    vector = minilm().embed([words])[0] if words.strip() and can_embed() else None
    profile = Profile(frozenset(seeds), (words,) if words.strip() else (), facets, frozenset(), vector)
    found = Recommender(items, _profiles(pairs, viewer)).recommend(profile, limit=limit)
    results = tuple(
        Recommended(
            rows[r.item]["uid"], rows[r.item]["source"], r.item, rows[r.item]["title"], r.score, r.because
        )
        for r in found
    )
    return RecommendReply(results, tuple(own), len(items), len(items) / max(1, index.size()))


def forget_use(hub: Hub, person: str) -> int:
    """Delete every event of use of a person; gives how many there were."""
    return hub.records.usage.forget(person)


def _reached(hub: Hub, words: str, seeds: Sequence[str], *, viewer: str) -> list[str]:
    """Datasets near to the words and to what was used last."""
    near = (
        [r.source_id for r in search(hub, words, limit=_FROM_WORDS, viewer=viewer).results]
        if words.strip()
        else []
    )
    known = index_of(hub)
    for seed in seeds[-_LATEST:]:
        if known.where("source_id", seed):
            near += [r.source_id for r in similar(hub, seed, limit=_FROM_EACH, viewer=viewer).results]
    return near


def _items(
    index: SearchIndex, ids: Sequence[str], *, viewer: str
) -> tuple[list[Item], dict[str, dict[str, Any]]]:
    visible = index.numbers("public") == 1.0
    places = []
    own = set(index.where("owner", viewer)) if viewer else set()
    for ident in dict.fromkeys(ids):
        places += [i for i in index.where("source_id", ident)[:1] if bool(np.asarray(visible)[i]) or i in own]
    rows = {str(row["source_id"]): row for row in index.rows(places)}
    texts = index.texts(places)
    meaning = index.vectors_of(places)
    items = []
    for ident, row in rows.items():
        facets = {concept: found[0] for concept, found in row["facets"].items()}
        people = people_of(str(row["authors"]).split("; "))
        items.append(
            Item(ident, str(row["title"]), texts.get(row["id"], ""), facets, people, meaning.get(row["id"]))
        )
    return items, rows


def _profiles(pairs: Sequence[tuple[str, str, int]], viewer: str) -> list[Profile]:
    used: dict[str, set[str]] = {}
    for person, dataset, _ in pairs:
        if person and person != viewer:
            used.setdefault(person, set()).add(dataset)
    return [Profile(frozenset(datasets)) for _, datasets in sorted(used.items())]

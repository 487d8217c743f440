"""Similar: the records most like one that is known, by what they are about and what they say."""

from pathlib import Path

import numpy as np

from commissure.discover.concepts import load_concepts
from commissure.discover.explain import Reason
from commissure.errors import BadInput, NotFound
from commissure.hub import Hub
from commissure.store.index import SearchIndex
from commissure.workflows.harvest import index_of
from commissure.workflows.search import SearchReply, shown

__all__ = ["similar"]

_TOLD = 6
#: so many of the nearest in meaning count
_NEAR = 1000
_SURE = 0.5


def similar(hub: Hub | Path | str, dataset: str, *, limit: int = 10, viewer: str = "") -> SearchReply:
    """Find the records whose metadata is most like that of a dataset.

    Half the score is the likeness of facets (shared weight of rare concepts over joint weight), half the cosine
    of the meaning vectors, where there are vectors.

    Parameters
    ----------
    hub : Hub or path
        The hub, or the index's file.
    dataset : str
        The record's id: ``source:id``, or the id alone.
    limit : int
        How many, 1 to 1,000.
    viewer : str
        Who asks; their own private releases are found too.

    Raises
    ------
    NotFound
        If no such record is indexed.
    """
    if not 1 <= limit <= 1_000:
        raise BadInput(f"limit must be 1 to 1000; got {limit}.")
    index, concepts = index_of(hub), load_concepts()
    record = _find(index, dataset, viewer=viewer)
    top, records = index.top(), index.size()
    own = index.rows([record])[0]["facets"]
    shared, joint = np.zeros(top), np.zeros(top)
    total = 0.0
    for concept, (confidence, _, _) in own.items():
        ids, sure = index.having(concept)
        weight = np.log((records + 1) / (len(ids) + 1)) * confidence
        shared[ids] += weight * sure
        total += weight
    joint += max(total, 1e-9)
    score = shared / joint
    vector = index.vectors_of([record]).get(record)
    if vector is not None:
        near, alike_by = index.nearest(vector, many=_NEAR)
        score *= 0.5
        score[near] += 0.5 * alike_by
    score[record] = -1.0
    visible = index.numbers("public") == 1.0
    if viewer:
        visible = visible.copy()
        visible[index.where("owner", viewer)] = True
    order = np.argsort(-np.where(visible, score, -1.0), kind="stable")[:limit]
    results = []
    for row in index.rows([int(i) for i in order if score[i] > 0]):
        alike = [c for c in row["facets"] if c in own and min(own[c][0], row["facets"][c][0]) >= _SURE]
        alike.sort(key=lambda c: len(index.having(c)[0]))
        met = tuple(
            Reason(concepts.get(c).family, concepts.get(c).label, True, row["facets"][c][2], row["facets"][c][1],
                   row["facets"][c][0]) for c in alike[:_TOLD]
        )  # fmt: skip
        results.append(
            shown(row, met=met, missed=(), words=[r.words for r in met], score=float(score[row["id"]]))
        )
    return SearchReply({"text": dataset, "like": dataset}, tuple(results), len(results), exact=bool(results))


def _find(index: SearchIndex, dataset: str, *, viewer: str) -> int:
    source, _, ident = dataset.partition(":")
    found = index.where("source_id", dataset) or [
        i for i in index.where("source_id", ident) if i in index.where("source", source)
    ]
    seen = [
        i
        for i in found
        if index.numbers("public")[i] == 1.0 or i in (index.where("owner", viewer) if viewer else [])
    ]
    if not seen:
        raise NotFound(f"No record has the id {dataset[:120]!r}; search shows the ids there are.")
    return seen[0]

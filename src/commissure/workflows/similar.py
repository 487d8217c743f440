"""Similar: the data most like one dataset, by what records are about and by what signals are like; or like a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.discover.concepts import load_concepts
from commissure.discover.explain import Reason
from commissure.errors import BadInput, NotFound
from commissure.hub import Hub
from commissure.store.descriptors import Mean
from commissure.store.index import SearchIndex
from commissure.workflows.harvest import index_of
from commissure.workflows.likeness import (
    SessionMatch,
    SignalMatch,
    describe_file,
    near_datasets,
    near_sessions,
    signal_of,
)
from commissure.workflows.search import SearchReply, SearchResult, shown

__all__ = ["SimilarReply", "similar", "similar_to_record", "similar_to_signal"]

#: so many of the nearest in meaning count
_NEAR = 1000
_TOLD, _SURE = 6, 0.5
#: what a signal that is not described counts, between a stranger's and one that is close
_UNKNOWN = 0.3
_OURS = "commissure"
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SimilarReply:
    """What is alike.

    Parameters
    ----------
    like : str
        What was asked for: a dataset's id, or ``"a file"``.
    results : tuple of SearchResult
        Datasets; ``met`` and ``missed`` say what is alike and what is not, of the record and of the signal.
    signal : mapping of str to SignalMatch
        By dataset id, where signals could be compared.
    sessions : tuple of SessionMatch
        The nearest sessions, where they were asked for and a Grant opens them.
    """

    like: str
    results: tuple[SearchResult, ...] = ()
    signal: Mapping[str, SignalMatch] | None = None
    sessions: tuple[SessionMatch, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The reply as plain values for JSON, in the shape of a search's."""
        matches = self.signal or {}
        rows = []
        for result in self.results:
            match = matches.get(result.source_id) if result.source == _OURS else None
            rows.append(result.to_dict() | ({"signal": match.to_dict()} if match else {}))
        reply = SearchReply(
            {"text": self.like, "like": self.like}, total=len(rows), exact=bool(rows)
        ).to_dict()
        return reply | {"results": rows, "sessions": [each.to_dict() for each in self.sessions]}


def similar(
    hub: Hub | Path | str,
    like: str,
    *,
    limit: int = 10,
    viewer: str = "",
    sessions: bool = False,
    now: datetime | None = None,
) -> SimilarReply:
    """Find the datasets most like one that is known, or like a file that nobody has released.

    The likeness of records is half that of their facets (shared weight of rare concepts over joint weight), half the
    cosine of their meaning vectors. Where the signal is described, the score is the mean of the record's likeness
    and the signal's closeness, which is 0.3 where the other's is not known. A file is read where it lies and compared by its signal only; nothing of it is kept.

    Parameters
    ----------
    hub : Hub or path
        The hub, or the index's file (then records are compared only).
    like : str
        A record's id (``source:id``, or the id alone), or the path of a file or folder.
    limit : int
        How many, 1 to 1,000.
    viewer : str
        Who asks; their own private releases, and those they hold a Grant to, are found too.
    sessions : bool
        Whether to look at single sessions as well, in the datasets that a Grant opens.
    now : datetime, optional
        The instant at which a Grant must hold; the hub's by default.

    Raises
    ------
    NotFound
        If no such record is indexed, and there is no such file.
    NotPermitted
        If sessions are asked for by nobody who is known.
    BadInput
        If a file cannot be read or described.
    """
    _check_limit(limit)
    if (
        _find(index_of(hub), like, viewer=viewer) is None
        and isinstance(hub, Hub)
        and Path(like).expanduser().exists()
    ):
        asked = describe_file(Path(like))
        return similar_to_signal(hub, asked, limit=limit, viewer=viewer, sessions=sessions, now=now)
    return similar_to_record(hub, like, limit=limit, viewer=viewer, sessions=sessions, now=now)


def similar_to_record(
    hub: Hub | Path | str, like: str, *, limit: int = 10, viewer: str = "", sessions: bool = False,
    small: bool = True, now: datetime | None = None,
) -> SimilarReply:  # fmt: skip
    """The same for an id only, never a path of the hub's machine; parameters and errors as for :func:`similar`.

    With ``small`` false, datasets of too few people for a mean are not opened: a page is then quick.
    """
    _check_limit(limit)
    index = index_of(hub)
    record = _find(index, like, viewer=viewer)
    if record is None:
        raise NotFound(
            f"No record has the id {like[:120]!r}, and no such file is here; search shows the ids there are."
        )
    about = _about(index, record)
    if not isinstance(hub, Hub):
        return SimilarReply(like, _results(index, about, viewer=viewer, limit=limit, own=record, matches={}))
    at = now or hub.clock()
    row = index.rows([record])[0]
    asked = signal_of(hub, row["source_id"], viewer=viewer, now=at) if row["source"] == _OURS else ()
    near = near_datasets(hub, asked, viewer=viewer, now=at, small=small) if asked else ()
    matches = {match.dataset: match for match in near}
    if asked:
        signal = np.full(len(about), _UNKNOWN)
        for place, match in _places(index, matches).items():
            signal[place] = match.closeness
        about = (about + signal) / 2
    found = _results(index, about, viewer=viewer, limit=limit, own=record, matches=matches)
    told = _sessions(hub, asked, matches, viewer=viewer, now=at) if sessions else ()
    return SimilarReply(like, found, matches, told[:limit])


def similar_to_signal(
    hub: Hub, asked: Sequence[Mean], *, limit: int = 10, viewer: str = "", sessions: bool = False,
    now: datetime | None = None,
) -> SimilarReply:  # fmt: skip
    """The same for descriptors that came from elsewhere; parameters and errors as for :func:`similar`."""
    _check_limit(limit)
    at, index = now or hub.clock(), index_of(hub)
    matches = {m.dataset: m for m in near_datasets(hub, asked, viewer=viewer, now=at, limit=max(limit, 50))}
    score = np.zeros(index.top())
    for place, match in _places(index, matches).items():
        score[place] = match.closeness
    found = _results(index, score, viewer=viewer, limit=limit, own=-1, matches=matches)
    told = _sessions(hub, asked, matches, viewer=viewer, now=at) if sessions else ()
    return SimilarReply("a file", found, matches, told[:limit])


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= 1_000:
        raise BadInput(f"limit must be 1 to 1000; got {limit}.")


def _sessions(
    hub: Hub, asked: Sequence[Mean], matches: Mapping[str, SignalMatch], *, viewer: str, now: datetime
) -> tuple[SessionMatch, ...]:
    return near_sessions(hub, asked, among=list(matches), viewer=viewer, now=now, limit=1000)


def _about(index: SearchIndex, record: int) -> Scores:
    """How like each record is by what it is about and what it says."""
    top, records = index.top(), index.size()
    own = index.rows([record])[0]["facets"]
    shared, total = np.zeros(top), 0.0
    for concept, (confidence, _, _) in own.items():
        ids, sure = index.having(concept)
        weight = np.log((records + 1) / (len(ids) + 1)) * confidence
        shared[ids] += weight * sure
        total += weight
    score = shared / max(total, 1e-9)
    vector = index.vectors_of([record]).get(record)
    if vector is not None:
        near, alike_by = index.nearest(vector, many=_NEAR)
        score *= 0.5
        score[near] += 0.5 * alike_by
    return np.asarray(score)


def _places(index: SearchIndex, matches: Mapping[str, SignalMatch]) -> dict[int, SignalMatch]:
    """The records of our own datasets that have a match."""
    return {i: match for name, match in matches.items() for i in index.where("uid", f"{_OURS}:{name}")}


def _results(
    index: SearchIndex,
    score: Scores,
    *,
    viewer: str,
    limit: int,
    own: int,
    matches: Mapping[str, SignalMatch],
) -> tuple[SearchResult, ...]:
    concepts = load_concepts()
    mine = index.rows([own])[0]["facets"] if own >= 0 else {}
    visible = _visible(index, viewer)
    visible[list(_places(index, matches))] = True
    if own >= 0:
        visible[own] = False
    order = np.argsort(-np.where(visible, score, -1.0), kind="stable")[:limit]
    results = []
    for row in index.rows([int(i) for i in order if visible[i] and score[i] > 0]):
        alike = [c for c in row["facets"] if c in mine and min(mine[c][0], row["facets"][c][0]) >= _SURE]
        alike.sort(key=lambda c: len(index.having(c)[0]))
        met = tuple(
            Reason(concepts.get(c).family, concepts.get(c).label, True, row["facets"][c][2], row["facets"][c][1],
                   row["facets"][c][0]) for c in alike[:_TOLD]
        )  # fmt: skip
        one = shown(row, met=met, missed=(), words=[r.words for r in met], score=float(score[row["id"]]))
        match = matches.get(row["source_id"]) if row["source"] == _OURS else None
        results.append(_with_signal(one, match) if match else one)
    return tuple(results)


def _with_signal(result: SearchResult, match: SignalMatch) -> SearchResult:
    """The result with what is alike and unlike in its signal among its reasons."""
    alike = tuple(Reason("signal", words, True) for words in match.alike[:_TOLD])
    unlike = tuple(Reason("signal", words, False) for words in match.unlike[:2])
    return replace(result, met=(*alike, *result.met), missed=(*result.missed, *unlike))


def _visible(index: SearchIndex, viewer: str) -> NDArray[np.bool_]:
    visible = index.numbers("public") == 1.0
    if viewer:
        visible = visible.copy()
        visible[index.where("owner", viewer)] = True
    return np.array(visible)


def _find(index: SearchIndex, dataset: str, *, viewer: str) -> int | None:
    source, _, ident = dataset.partition(":")
    found = index.where("source_id", dataset) or [
        i for i in index.where("source_id", ident) if i in index.where("source", source)
    ]
    visible = _visible(index, viewer)
    return next((i for i in found if visible[i]), None)

"""Search everywhere: one question to this hub, its peers and archives; their answers merged by one yardstick.

What the sources score cannot be compared: each has its own index, and archives score nothing. So the records that came
are read into an index of their own, and ranked there as this hub ranks: by what of the question each record meets.
The sources' ranks are fused in (https://doi.org/10.1145/1571941.1572114), so that what a peer knows beyond the
record's text counts; a peer that scores all its records 1 gains nothing by it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commissure.discover.merge import Offer, group, merged
from commissure.errors import BadInput, NotFound
from commissure.hub import Hub
from commissure.store.index import IndexRow, SearchIndex
from commissure.workflows.fan_out import SourceStatus, cited, fan_out, safe_url
from commissure.workflows.harvest import index_of, row_of
from commissure.workflows.peers import peers
from commissure.workflows.search import SearchReply, answer, understood

__all__ = ["OWN", "EverywhereReply", "search_everywhere"]

#: what this hub is called among the sources
OWN = "this hub"
_OF_EACH = 30
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class EverywhereReply:
    """The answer of all sources.

    Attributes
    ----------
    reply : SearchReply
        The merged results, as of one index.
    found_at : mapping
        By a result's id: each source that has it, with its id, page, rank and score there.
    sources : tuple of SourceStatus
        How each source answered.
    """

    reply: SearchReply
    found_at: Mapping[str, tuple[Mapping[str, object], ...]]
    sources: tuple[SourceStatus, ...]

    @property
    def complete(self) -> bool:
        """Whether every source answered fully."""
        return all(one.state == "ok" for one in self.sources)

    def to_dict(self) -> dict[str, Any]:
        """The reply as plain values for JSON."""
        told: dict[str, Any] = self.reply.to_dict()
        for result in told["results"]:
            result["found_at"] = [dict(place) for place in self.found_at[result["id"]]]
        told["sources"] = [one.to_dict() for one in self.sources]
        told["complete"] = self.complete
        return told


def search_everywhere(
    hub: Hub,
    words: str,
    *,
    limit: int = 10,
    sources: Sequence[str] = (),
    within_s: float = 4.0,
    viewer: str = "",
) -> EverywhereReply:
    """Find records here, at the hub's peers and in archives.

    Parameters
    ----------
    hub : Hub
        Who asks.
    words : str
        Plain words, or the query syntax.
    limit : int
        How many results, 1 to 100.
    sources : sequence of str
        Only these: peers by name, and ``"this hub"``; all if empty.
    within_s : float
        How long a source may take; what came until then stands, and the source is told as timed out.
    viewer : str
        Who asks here: their own private releases are found too. Peers are asked as anybody.

    Raises
    ------
    BadInput
        If nothing is asked, or ``limit`` or ``within_s`` is out of range.
    NotFound
        If a source is no peer.
    """
    if not words.strip():
        raise BadInput("Nothing is asked; give some words.")
    if not 1 <= limit <= 100:
        raise BadInput(f"limit must be 1 to 100; got {limit}.")
    if not 0.0 < within_s <= _LONGEST_WAIT_S:
        raise BadInput(f"within_s must be more than 0 and at most {_LONGEST_WAIT_S:g}; got {within_s}.")
    index, known = index_of(hub), {one.name: one for one in peers(hub)}
    if lost := [name for name in sources if name not in known and name != OWN]:
        raise NotFound(f"{lost[0][:200]!r} is no peer; known: {', '.join((OWN, *known))}.")
    asked = [one for name, one in known.items() if not sources or name in sources]
    most = max(_OF_EACH, limit)
    gather = fan_out(asked, understood(index, words), words=words, limit=most, within_s=within_s)
    offers, own = _own(index, words, limit=most, viewer=viewer) if not sources or OWN in sources else ([], [])
    theirs, told = gather()
    return merge([*offers, *theirs], words, limit=limit, sources=(*own, *told))


def _own(
    index: SearchIndex, words: str, *, limit: int, viewer: str
) -> tuple[list[Offer], list[SourceStatus]]:
    found = answer(index, words, page=(0, limit), viewer=viewer)
    offers = []
    for rank, result in enumerate(found.results):
        ours = result.source == "commissure"
        record = {**result.record, "title": result.title}
        record |= cited(record, [r.words for r in result.met], highlight=result.highlight)
        url = f"/datasets/{result.source_id}" if ours else safe_url(result.record.get("url"))
        home = OWN if ours else result.source
        offers.append(Offer(OWN, home, result.source_id, rank, result.score, record, url))
    return offers, [SourceStatus(OWN, "own", "ok", len(offers), 0.0)]


def merge(
    offers: Sequence[Offer], words: str, *, limit: int, sources: Sequence[SourceStatus]
) -> EverywhereReply:
    """Make one list of the offers of all sources.

    Parameters
    ----------
    offers : sequence of Offer
        What came, source after source.
    words : str
        The question.
    limit : int
        How many results.
    sources : sequence of SourceStatus
        How each source answered.
    """
    groups = group(offers)
    rows, words_of = _rows(groups)
    with closing(SearchIndex(Path(":memory:"))) as index:
        index.add(rows, words=words_of)
        reply = answer(index, words, page=(0, limit), lists=_ranked(groups))
    places = {f"{one[0].home}:{one[0].id}": tuple(_place(offer) for offer in one) for one in groups}
    return EverywhereReply(reply, places, tuple(sources))


def _rows(groups: Sequence[tuple[Offer, ...]]) -> tuple[list[IndexRow], Counter[str]]:
    rows, held = [], Counter[str]()
    for number, one in enumerate(groups):
        record = {**merged(one), "id": one[0].id, "source": one[0].home}
        row, words = row_of(record, source=one[0].home, digest=str(number))
        rows.append(row)
        held.update(words)
    return rows, held


def _ranked(groups: Sequence[tuple[Offer, ...]]) -> list[list[int]]:
    """The sources' own orders as lists of record ids (from 1, in the order of the groups); hubs score alike."""
    scored: dict[int, float] = {}
    plain: dict[str, list[tuple[int, int]]] = {}
    for number, one in enumerate(groups, 1):
        for offer in one:
            if offer.score is None:
                plain.setdefault(offer.origin, []).append((offer.rank, number))
            else:
                scored[number] = max(scored.get(number, 0.0), offer.score)
    lists = [[number for _, number in sorted(ranks)] for ranks in plain.values()]
    return [sorted(scored, key=lambda number: -scored[number]), *lists] if scored else lists


def _place(offer: Offer) -> dict[str, object]:
    told: dict[str, object] = {"source": offer.origin, "home": offer.home, "id": offer.id, "url": offer.url}
    score = None if offer.score is None else round(offer.score, 4)
    return told | {"rank": offer.rank + 1, "score": score}

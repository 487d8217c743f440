"""Put one question to several hubs and archives at once; none of them holds the answer longer than it is given."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from commissure.discover.merge import Offer
from commissure.discover.question import Question
from commissure.discover.relax import steps
from commissure.errors import CommissureError
from commissure.store.archives.peer import peer as peer_hub
from commissure.store.archives.registry import CONNECTORS
from commissure.store.archives.web import Late, Web
from commissure.translate.archive_records import ARCHIVES, mapping_of, to_common, to_query
from commissure.workflows.peers import Peer

__all__ = ["Asking", "SourceStatus", "cited", "fan_out", "safe_url"]

_TRIES = 3
#: so many questions may wait for one source; further ones are told that it is busy
_MOST_WAITING = 8
_LEAST = 5
_PAGES = {
    "openneuro": "https://openneuro.org/datasets/{id}",
    "dandi": "https://dandiarchive.org/dandiset/{id}",
    "zenodo": "https://zenodo.org/records/{id}",
    "neurovault": "https://neurovault.org/collections/{id}/",
    "nemar": "https://nemar.org/dataexplorer/detail?dataset_id={id}",
    "gin": "https://gin.g-node.org/{id}",
    "ebrains": "https://search.kg.ebrains.eu/instances/{id}",
}
_waiting: Counter[str] = Counter()
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one source answered.

    Attributes
    ----------
    source, kind : str
        Its name; ``"own"``, ``"hub"`` or ``"archive"``.
    state : str
        ``"ok"``; ``"partial"`` where some records came before it failed or the time was up; ``"failed"``;
        ``"timed out"``; ``"skipped"`` where it cannot be asked this.
    found : int
        How many records it gave.
    seconds : float
        How long it took, or was waited for.
    message : str
        What went wrong, or what of the question it could not be asked.
    """

    source: str
    kind: str
    state: str
    found: int
    seconds: float
    message: str = ""

    def to_dict(self) -> dict[str, object]:
        """The status as plain values."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


@dataclass(slots=True)
class Asking:
    """One source that is being asked; its thread adds to ``offers`` as records come."""

    peer: Peer
    offers: list[Offer] = field(default_factory=list)
    state: str = ""
    message: str = ""
    seconds: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def status(self, waited_s: float) -> SourceStatus:
        """How it stands now."""
        if self.over.is_set():
            return SourceStatus(
                self.peer.name, self.peer.kind, self.state, len(self.offers), self.seconds, self.message
            )
        found = len(self.offers)
        message = f"{self.peer.name} did not answer in time."
        return SourceStatus(
            self.peer.name, self.peer.kind, "partial" if found else "timed out", found, waited_s, message
        )


def fan_out(
    peers: Sequence[Peer], question: Question, *, words: str, limit: int, within_s: float
) -> Callable[[], tuple[list[Offer], list[SourceStatus]]]:
    """Begin to ask; the call that is given back waits until all have answered, or ``within_s`` after the beginning.

    Parameters
    ----------
    peers : sequence of Peer
        Whom.
    question : Question
        For archives, which are asked in steps.
    words : str
        For hubs, which read the question themselves.
    limit : int
        The most records of each.
    within_s : float
        How long each may take.

    Returns
    -------
    callable
        Gives the offers, source after source, and how each source stands.
    """
    begun = time.monotonic()
    asked = [Asking(peer) for peer in peers]
    for one in asked:
        records = _records(one.peer, question, words=words, limit=limit, within_s=within_s)
        threading.Thread(target=_run, args=(one, records), name=f"ask {one.peer.name}", daemon=True).start()

    def gather() -> tuple[list[Offer], list[SourceStatus]]:
        for one in asked:
            one.over.wait(max(begun + within_s - time.monotonic(), 0.0))
        told = [one.status(time.monotonic() - begun) for one in asked]
        offers = [offer for one, s in zip(asked, told, strict=True) for offer in one.offers[: s.found]]
        return offers, told

    return gather


def _run(one: Asking, records: Iterator[Offer | str]) -> None:
    """Take what comes of one source; a str is a remark. Whatever goes wrong becomes its state."""
    begun, name = time.monotonic(), one.peer.name
    with _guard:
        _waiting[name] += 1
        busy = _waiting[name] > _MOST_WAITING
    state, message = "ok", ""
    try:
        if busy:
            raise Late(f"{name} has not yet answered earlier questions.")
        for item in records:
            if isinstance(item, Offer):
                one.offers.append(item)
            else:
                message = item
        state = "skipped" if message and not one.offers and message.startswith("It cannot") else "ok"
    except CommissureError as error:
        state = "timed out" if isinstance(error, Late) else "failed"
        message = str(error)
    except Exception as error:  # noqa: BLE001 - a source that is not as it should be never crashes the rest
        state, message = "failed", f"{name} answered in a shape that is not known ({type(error).__name__})."
    finally:
        with _guard:
            _waiting[name] -= 1
    one.state = "partial" if one.offers and state in {"failed", "timed out"} else state
    one.message, one.seconds = message[:400], time.monotonic() - begun
    one.over.set()


def _records(
    peer: Peer, question: Question, *, words: str, limit: int, within_s: float
) -> Iterator[Offer | str]:
    web = Web(peer.url, name=peer.name, timeout_s=within_s, tries=_TRIES, sleep=time.sleep, within_s=within_s)
    try:
        if peer.kind == "hub":
            rows = peer_hub.search({"words": words}, web=web, limit=limit)
            yield from (_of_hub(peer, row, rank) for rank, row in enumerate(rows))
        else:
            yield from _of_archive(peer, question, web=web, limit=limit)
    finally:
        web.close()


def _of_hub(peer: Peer, row: Mapping[str, Any], rank: int) -> Offer:
    """A hub's result; the words by which it met the question count as words of the record."""
    own = row["source"] == "commissure"
    record = {**row.get("record", {}), "title": row["title"]}
    said = [str(m.get("words", "")) for m in row.get("met", ()) if isinstance(m, Mapping)]
    record |= cited(record, said, highlight=str(row.get("highlight") or ""))
    url = f"{peer.url}/datasets/{quote(row['source_id'], safe='')}" if own else safe_url(record.get("url"))
    home = peer.name if own else row["source"]
    return Offer(peer.name, home, row["source_id"], rank, float(row["score"]), record, url)


def cited(record: Mapping[str, Any], said: Sequence[str], *, highlight: str) -> dict[str, object]:
    """What a source cites of a record: the words by which it met the question, and its passage in the description."""
    text, passage = str(record.get("description") or ""), highlight.replace("**", "")
    if passage and passage not in text:
        text = f"{text} … {passage}" if text else passage
    return {"description": text, "cited": " … ".join((passage, *said))}


def _of_archive(peer: Peer, question: Question, *, web: Web, limit: int) -> Iterator[Offer | str]:
    """An archive's records, asked for with less and less of the question until there are enough."""
    seen: set[str] = set()
    unsaid: tuple[str, ...] = ()
    for asked in steps(question):
        sent, left = (
            to_query(_sayable(asked, peer.name), archive=peer.name) if peer.name in ARCHIVES else (asked, ())
        )
        unsaid = unsaid or left
        if not sent:
            continue
        for raw in CONNECTORS.get(peer.name).search(sent, web=web, limit=limit - len(seen)):
            record = to_common(raw, archive=peer.name) if peer.name in ARCHIVES else dict(raw)
            id = str(record.get("id") or "")
            if id and id not in seen:
                seen.add(id)
                url = safe_url(record.get("url")) or _PAGES.get(peer.name, "").format(id=quote(id, safe="/"))
                yield Offer(peer.name, peer.name, id, len(seen) - 1, None, record, url)
        if len(seen) >= min(limit, _LEAST):
            return
    if unsaid:
        yield f"It cannot be asked for {', '.join(unsaid)}."


def safe_url(url: object) -> str:
    """An address that a page may link to, though somebody else wrote it."""
    return url if isinstance(url, str) and url.startswith("https://") else ""


def _sayable(asked: Mapping[str, object], archive: str) -> dict[str, object]:
    """The question without what the archive has no field for, unless it can stand among the words."""
    rules = mapping_of(archive).get("query", {})
    codes = {"ecephys", "icephys", "ophys", "anat", "func", "dwi", "perf", "behavior"}
    return {
        name: value for name, value in asked.items()
        if name == "words" or name in rules or name not in {"modality", "species"} or value not in codes
    }  # fmt: skip

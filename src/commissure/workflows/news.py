"""News: the newest releases, and the newest answers to a question, as Atom feeds."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from commissure.certify.atom import Entry, atom
from commissure.errors import BadInput
from commissure.hub import Hub
from commissure.store.port import Query
from commissure.workflows.search import SearchResult, search

__all__ = ["answers_feed", "newest_feed"]

_MOST = 50
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONG_AGO = "1970-01-01T00:00:00Z"


def newest_feed(hub: Hub, *, origin: str, now: datetime) -> bytes:
    """The newest public releases of a hub.

    Parameters
    ----------
    hub : Hub
        Whose.
    origin : str
        Where it is served, without a slash at the end.
    now : datetime
        The instant, in UTC.
    """
    page = hub.records.catalogue.page(Query(viewer=""), cursor=None, limit=_MOST)
    entries = []
    for card in page.cards:
        about, place = card.metadata, f"{origin}/datasets/{quote(card.dataset.id)}/{quote(card.version)}"
        entries.append(Entry(
            place, card.dataset.title or card.dataset.id, str(about.get("description") or ""), _instant(card.released), place,
            _texts(about.get("authors")), (*_texts(about.get("modality")), *_texts(about.get("species"))),
        ))  # fmt: skip
    name = hub.settings.publisher
    return atom(
        entries,
        url=f"{origin}/feed.atom",
        title=name,
        page=f"{origin}/datasets",
        now=_instant(now.isoformat()),
    )


def answers_feed(hub: Hub, words: str, *, origin: str, now: datetime) -> bytes:
    """The records that answer a question, the newest first: a saved question that tells when there is more.

    Parameters
    ----------
    hub, origin, now
        As for :func:`newest_feed`.
    words : str
        The question, plain or in the query syntax.

    Raises
    ------
    BadInput
        If nothing is asked.
    """
    if not words.strip():
        raise BadInput("Nothing is asked; give some words: /search.atom?q=EEG.")
    found = search(hub, words, limit=_MOST, sort="newest")
    # a reader is told of what meets something that was asked, not of what is merely near in meaning
    answering = [result for result in found.results[: found.total] if result.met or not result.missed]
    entries = [_entry(result, origin) for result in answering]
    asked = urlencode({"q": words})
    return atom(
        sorted(entries, key=lambda entry: entry.updated, reverse=True), url=f"{origin}/search.atom?{asked}",
        title=f"{hub.settings.publisher}: {words}", page=f"{origin}/search?{asked}", now=_instant(now.isoformat()),
    )  # fmt: skip


def _entry(result: SearchResult, origin: str) -> Entry:
    record, ours = result.record, result.source == "commissure"
    page = f"{origin}/datasets/{quote(result.source_id)}" if ours else str(record.get("url") or "")
    url = page if ours or page.startswith("https://") else ""
    id = f"{page}/{quote(str(record.get('version') or ''))}" if ours else f"urn:commissure:{quote(result.id)}"
    met = ", ".join(reason.asked for reason in result.met)
    summary = result.highlight.replace("**", "")
    return Entry(id, result.title, f"{summary} (meets {met})" if met else summary, _dated(record), url,
                 categories=(*_texts(record.get("modality")), *_texts(record.get("species"))))  # fmt: skip


def _dated(record: Mapping[str, object]) -> str:
    """When a record is from: its date, or the first day of its year; long ago where it tells none."""
    told = str(record.get("date") or "")
    if _DAY.match(told):
        return _instant(told)
    year = record.get("year")
    return (
        f"{int(year):04d}-01-01T00:00:00Z"
        if isinstance(year, int | float) and 1 <= year < 9999
        else _LONG_AGO
    )


def _instant(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        day = _DAY.match(text)
        return f"{day.group()}T00:00:00Z" if day else _LONG_AGO
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(one) for one in value) if isinstance(value, Sequence) else ()

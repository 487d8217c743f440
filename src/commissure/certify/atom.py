"""News of a catalogue as an Atom feed (RFC 4287), for people's readers and other programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from commissure.certify.datacite import valid_xml

__all__ = ["MEDIA_TYPE", "Entry", "atom"]

MEDIA_TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of news.

    Attributes
    ----------
    id : str
        An IRI that never changes.
    title, summary : str
        Plain text.
    updated : str
        RFC 3339 instant.
    url : str
        Its page; empty for none.
    authors, categories : tuple of str
        Who made it, and what it is about.
    """

    id: str
    title: str
    summary: str
    updated: str
    url: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def atom(entries: Iterable[Entry], *, url: str, title: str, page: str, now: str) -> bytes:
    """The feed.

    Parameters
    ----------
    entries : iterable of Entry
        The newest first.
    url, page : str
        Where the feed is, and the page that it stands for.
    title : str
        What it is called, and who publishes it.
    now : str
        RFC 3339 instant, for a feed without entries.

    Examples
    --------
    >>> told = atom([Entry("urn:x:1", "EEG", "", "2026-03-01T00:00:00Z")], url="u", title="t", page="p", now="")
    >>> b"<title>EEG</title>" in told
    True

    References
    ----------
    Nottingham & Sayre 2005, RFC 4287, https://doi.org/10.17487/RFC4287.
    """
    rows = list(entries)
    root = Element("feed", {"xmlns": _NAMESPACE})
    _text(root, "id", url)
    _text(root, "title", title)
    _text(root, "updated", max((row.updated for row in rows), default=now))
    SubElement(root, "link", {"rel": "self", "type": MEDIA_TYPE, "href": _clean(url)})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": _clean(page)})
    _text(SubElement(root, "author"), "name", title)
    _text(root, "generator", "commissure")
    for row in rows:
        entry = SubElement(root, "entry")
        _text(entry, "id", row.id)
        _text(entry, "title", row.title)
        _text(entry, "updated", row.updated)
        if row.url:
            SubElement(entry, "link", {"rel": "alternate", "href": _clean(row.url)})
        for name in row.authors:
            _text(SubElement(entry, "author"), "name", name)
        for term in row.categories:
            SubElement(entry, "category", {"term": _clean(term)})
        _text(entry, "summary", row.summary)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'.encode()


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    """``text`` without what XML cannot hold."""
    return "".join(c for c in text[:_LONGEST] if valid_xml(c))

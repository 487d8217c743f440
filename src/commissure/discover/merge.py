"""The same dataset from several sources, told apart from others and made one record.

Two records are one dataset if they bear the same DOI (whatever its version), the same hash over their bytes, or the
same id in the same archive. Two records that *one* source lists apart stay apart, whatever DOI a depositor typed in.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Offer", "doi_of", "group", "merged"]

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_VERSION = re.compile(r"[./]v?\d+(\.\d+)+$", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("description",)


@dataclass(frozen=True, slots=True)
class Offer:
    """One record as one source offers it.

    Attributes
    ----------
    origin : str
        The source that was asked.
    home : str
        Where the record's id is at home: an archive's name, or a hub's address.
    id : str
        Its id there.
    rank : int
        Its place in the source's answer, from 0.
    score : float or None
        What the source scored it, from 0 to 1, if it scores.
    record : mapping
        What it tells, in the common fields.
    url : str
        Its page, if known.
    """

    origin: str
    home: str
    id: str
    rank: int
    score: float | None
    record: Mapping[str, object]
    url: str = ""

    def signs(self) -> frozenset[tuple[str, str]]:
        """What tells that it is the same dataset as another."""
        found = {("id", f"{self.home}:{_plain_id(self.id)}")}
        if doi := doi_of(self.record.get("doi")):
            found.add(("doi", doi))
        digest = str(self.record.get("digest") or "")
        if _DIGEST.fullmatch(digest):
            found.add(("digest", digest))
        return frozenset(found)


def doi_of(value: object) -> str:
    """A DOI as it is compared: lower case, without resolver and version; empty if it is none.

    >>> doi_of("https://doi.org/10.18112/OpenNeuro.ds000001.v1.0.0")
    '10.18112/openneuro.ds000001'
    >>> doi_of("10.48324/dandi.000003/0.230629.1955"), doi_of("10.0.2.3/dfjj.10")
    ('10.48324/dandi.000003', '')
    """
    found = _DOI.search(str(value or ""))
    return _VERSION.sub("", found.group().rstrip(".,;)").lower()) if found else ""


def _plain_id(id: str) -> str:
    return id.strip().lower().removeprefix("dandi:")


def group(offers: Iterable[Offer]) -> list[tuple[Offer, ...]]:
    """Offers of the same dataset together, in the order of the first of each.

    >>> a = Offer("a", "openneuro", "ds1", 0, None, {"doi": "10.18112/openneuro.ds1.v1.0.0"})
    >>> b = Offer("b", "https://b", "ds-9", 0, 0.5, {"doi": "doi:10.18112/openneuro.ds1.v1.1.0"})
    >>> c = Offer("b", "https://b", "ds-8", 1, 0.4, {"doi": "10.18112/openneuro.ds1.v1.1.0"})
    >>> [[offer.id for offer in one] for one in group([a, b, c])]
    [['ds1', 'ds-9'], ['ds-8']]
    """
    groups: list[list[Offer]] = []
    held: dict[tuple[str, str], list[int]] = {}
    for offer in offers:
        places = sorted({place for key in offer.signs() for place in held.get(key, ())})
        fits = [place for place in places if not _lists_apart(groups[place], offer)]
        place = fits[0] if fits else len(groups)
        if not fits:
            groups.append([])
        if not any(o.origin == offer.origin and o.id == offer.id for o in groups[place]):
            groups[place].append(offer)
        for key in offer.signs():
            if place not in held.setdefault(key, []):
                held[key].append(place)
    return [tuple(one) for one in groups]


def _lists_apart(together: Sequence[Offer], offer: Offer) -> bool:
    """Whether the home of one of these lists this one under another id."""
    mine = _plain_id(offer.id)
    return any(o.home == offer.home and _plain_id(o.id) != mine for o in together)


def merged(offers: Sequence[Offer]) -> dict[str, object]:
    """One record of them all: each field from the first that tells it, the description from who tells most.

    The record's home comes first, then who scored it highest.
    """
    order = sorted(offers, key=lambda o: (o.origin != o.home, -(o.score or 0.0), o.rank))
    record: dict[str, object] = {}
    for offer in order:
        for name, value in offer.record.items():
            longer = name in _TEXTS and len(str(value or "")) > len(str(record.get(name) or ""))
            if longer or record.get(name) in (None, "", []):
                record[name] = value
    return record

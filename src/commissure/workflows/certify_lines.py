"""What certify wrote into the ledger, read once: each look reads only the lines that came since the last."""

from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

from commissure.hub import Hub
from commissure.store.ledger import Ledger, Line

__all__ = ["ASSESSED", "BADGE", "REGISTERED", "changed", "lines"]

ASSESSED, BADGE, REGISTERED = "assess", "badge", "identifier"
_CATALOGUE = ("release", "tombstone", REGISTERED)


@dataclass
class _Seen:
    """How far one ledger was read, and what was found."""

    lock: Lock = field(default_factory=Lock)
    seq: int = 0
    changed: int = 0
    lines: dict[str, list[Line]] = field(default_factory=dict)


@lru_cache(maxsize=16)
def _seen(_: Ledger) -> _Seen:
    return _Seen()


def _read(ledger: Ledger) -> _Seen:
    """Read on; call it under no lock."""
    seen = _seen(ledger)
    with seen.lock:
        head = ledger.head().seq
        if head > seen.seq:
            for line in ledger.of_kind(ASSESSED, BADGE, *_CATALOGUE, after=seen.seq):
                if line.seq > head:
                    break
                if line.kind in _CATALOGUE:
                    seen.changed = line.seq
                if line.kind in {ASSESSED, BADGE, REGISTERED}:
                    seen.lines.setdefault(line.kind, []).append(line)
            seen.seq = head
    return seen


def lines(hub: Hub, kind: str) -> tuple[Line, ...]:
    """The ledger's lines of one kind, in order.

    Parameters
    ----------
    hub : Hub
        Whose ledger.
    kind : str
        :data:`ASSESSED`, :data:`BADGE` or :data:`REGISTERED`.
    """
    return tuple(_read(hub.ledger).lines.get(kind, ()))


def changed(hub: Hub) -> int:
    """The number of the line at which the catalogue last changed; 0 for never."""
    return _read(hub.ledger).changed

"""Audit: checks the ledger, and the releases against it."""

from collections.abc import Iterator

from commissure.govern.audit import check_records
from commissure.hub import Hub
from commissure.model import Finding
from commissure.store.ledger import Line
from commissure.store.ledgercheck import check_ledger

__all__ = ["trail", "verify"]

_MANY = 1000


def verify(hub: Hub, *, anchor: str = "") -> tuple[Finding, ...]:
    """Findings on every edit, deletion, insertion, reordering or cut of the ledger, and of the releases it tells of.

    Parameters
    ----------
    hub : Hub
        The hub to check.
    anchor : str
        A head's hash that was noted elsewhere (``hub.ledger.head().hash``); the chain must hold it.

    Returns
    -------
    tuple of Finding
        Empty if all is as it was written.
    """
    broken = check_ledger(hub.ledger, anchor=anchor)
    if broken:
        return broken
    written = {
        str(line.body["release"]): str(line.body["digest"]) for line in _lines(hub) if line.kind == "release"
    }
    return tuple(check_records(written, hub.records.releases.digests()))


def trail(hub: Hub, dataset: str) -> tuple[Line, ...]:
    """What was done with one dataset, in order."""
    return tuple(
        line
        for line in _lines(hub)
        if line.body.get("dataset") == dataset or str(line.body.get("release", "")).startswith(f"{dataset}@")
    )


def _lines(hub: Hub) -> Iterator[Line]:
    after = 0
    while block := hub.ledger.lines(after=after, limit=_MANY):
        yield from block
        after = block[-1].seq

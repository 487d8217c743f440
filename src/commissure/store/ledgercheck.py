"""The ledger's check: finds every edit, deletion, insertion, reordering and cut, in the database and its mirror."""

import hmac
import json
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from commissure.model import Finding, Severity
from commissure.store import schema
from commissure.store.database import dumps
from commissure.store.ledger import Head, Ledger, chain

__all__ = ["check_ledger"]

_REMEDY = (
    "Compare with a backup of the hub; whoever could write to its folder or database may have changed it."
)


def check_ledger(ledger: Ledger, *, anchor: str = "") -> tuple[Finding, ...]:
    """Findings on every place where the ledger is not what was written; empty if it is whole.

    Parameters
    ----------
    ledger : Ledger
        The ledger to check.
    anchor : str
        A head's hash that was noted elsewhere; the chain must hold it. It guards against a ledger of which every copy
        was put back to an older state.

    Returns
    -------
    tuple of Finding
        ``ledger.edited``, ``ledger.missing``, ``ledger.mirror`` and ``ledger.head``, with the line's number.
    """
    with ledger.database.read() as connection:
        rows = [
            (row.seq, row.line, row.hash)
            for row in connection.execute(sa.select(schema.ledger).order_by("seq"))
        ]
    head = ledger.head()
    found = [*_chain(rows), *_head("database", rows, head, ledger)]
    mirror = _mirror(ledger)
    expected = [dumps({"hash": digest, "line": _parsed(line)}) for _, line, digest in rows]
    found += _compare(expected, mirror, ledger.mirror_head(), ledger)
    if anchor and anchor not in {digest for _, _, digest in rows}:
        found.append(
            _finding("head", "The chain does not hold the anchor that was noted elsewhere.", "database")
        )
    return tuple(found)


def _chain(rows: Sequence[tuple[int, str, str]]) -> Iterator[Finding]:
    previous = ""
    for number, (seq, line, digest) in enumerate(rows, start=1):
        where = f"database line {number}"
        body = _parsed(line)
        if seq != number or not isinstance(body, dict) or body.get("seq") != number:
            yield _finding(
                "missing", f"Line {number} is missing or moved: line {seq} stands in its place.", where
            )
            return
        if chain(previous, line) != digest:
            yield _finding("edited", f"Line {number} does not have the hash it was written with.", where)
        previous = digest


def _head(where: str, rows: Sequence[tuple[int, str, str]], head: Head, ledger: Ledger) -> Iterator[Finding]:
    last = (rows[-1][0], rows[-1][2]) if rows else (0, "")
    if (head.seq, head.hash) != last:
        message = (
            f"The {where} ends at line {last[0]}, its head says {head.seq}: lines were cut off or added."
        )
        yield _finding("head", message, where)
    if head.seq and not hmac.compare_digest(head.seal, ledger.seal(head.seq, head.hash)):
        yield _finding("head", f"The seal of the {where}'s head was not made by this hub.", where)


def _mirror(ledger: Ledger) -> list[str]:
    try:
        text = ledger.mirror_path.read_bytes().decode(errors="replace").removesuffix("\n")
    except OSError:
        return []
    return text.split("\n") if text else []


def _compare(expected: list[str], mirror: list[str], head: Head, ledger: Ledger) -> Iterator[Finding]:
    for number, (ours, theirs) in enumerate(zip(expected, mirror, strict=False), start=1):
        if ours != theirs:
            yield _finding(
                "mirror", f"Line {number} of the mirror is not the database's.", f"mirror line {number}"
            )
            break
    if len(mirror) != len(expected):
        message = f"The mirror has {len(mirror)} lines, the database {len(expected)}."
        yield _finding("mirror", message, "mirror")
    if head.seq != len(expected) or (expected and head.hash != json.loads(expected[-1])["hash"]):
        yield _finding(
            "head", f"The mirror's head says {head.seq} lines, the database has {len(expected)}.", "mirror"
        )
    if head.seq and not hmac.compare_digest(head.seal, ledger.seal(head.seq, head.hash)):
        yield _finding("head", "The seal of the mirror's head was not made by this hub.", "mirror")


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _finding(kind: str, message: str, where: str) -> Finding:
    return Finding(f"ledger.{kind}", Severity.ERROR, message, where=where, remedy=_REMEDY)

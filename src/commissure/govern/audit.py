"""Audit: whether the records say what the ledger says was done."""

from collections.abc import Iterable, Iterator, Mapping

from commissure.model import Finding, Severity

__all__ = ["check_records"]

_REMEDY = "Compare with a backup of the hub; whoever could write to its database may have changed it."


def check_records(written: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Finding]:
    """Findings on releases that are not what the ledger says was released.

    Parameters
    ----------
    written : mapping of str to str
        Digest by release id, as the ledger's lines say.
    found : mapping of str to str
        Digest by release id, as the records hold it.

    Examples
    --------
    >>> [finding.check for finding in check_records({"ds-1@0.1.0": "aa"}, {"ds-1@0.1.0": "bb", "ds-2@0.1.0": "cc"})]
    ['audit.changed', 'audit.unknown']
    """
    yield from (_finding("missing", f"Release {id} is in the ledger, but not in the records.", id)
                for id in _sorted(written.keys() - found.keys()))  # fmt: skip
    yield from (_finding("changed", f"Release {id} does not have the digest it was released with.", id)
                for id in _sorted(id for id in written.keys() & found.keys() if written[id] != found[id]))  # fmt: skip
    yield from (_finding("unknown", f"Release {id} is in the records, but not in the ledger.", id)
                for id in _sorted(found.keys() - written.keys()))  # fmt: skip


def _sorted(ids: Iterable[str]) -> list[str]:
    return sorted(ids)


def _finding(kind: str, message: str, where: str) -> Finding:
    return Finding(f"audit.{kind}", Severity.ERROR, message, where=where, remedy=_REMEDY)

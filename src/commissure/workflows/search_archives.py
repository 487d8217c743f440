"""Search archives: one question to many archives at once, each in its own words; what fails is said, the rest stands."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from commissure.errors import BadInput, CommissureError
from commissure.store.archives.registry import CONNECTORS
from commissure.store.archives.web import Web
from commissure.translate.archive_records import ARCHIVES, mapping_of, to_common, to_query

__all__ = ["ArchivesReply", "Patience", "Status", "search_archives"]

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: seconds for one answer, how often to ask, and how to wait in between."""

    timeout_s: float = 20.0
    tries: int = 4
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Status:
    """How one archive answered.

    Parameters
    ----------
    archive : str
        Which.
    state : str
        ``"ok"``; ``"partial"`` where some records came and then a failure; ``"failed"``; ``"skipped"`` where it cannot
        be asked this.
    found : int
        How many records it gave.
    message : str
        What went wrong, or what of the question it could not be asked.
    """

    archive: str
    state: str
    found: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class ArchivesReply:
    """The records of all archives in the common fields, and how each archive answered."""

    records: tuple[Mapping[str, Any], ...]
    status: tuple[Status, ...]

    @property
    def complete(self) -> bool:
        """Whether every archive answered fully."""
        return all(one.state == "ok" for one in self.status)

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "records": [dict(record) for record in self.records],
            "status": [asdict(one) for one in self.status],
            "complete": self.complete,
        }


def search_archives(
    asked: Mapping[str, Any],
    *,
    archives: Sequence[str] = (),
    limit: int = 20,
    addresses: Mapping[str, str] | None = None,
    tokens: Mapping[str, str] | None = None,
    patience: Patience | None = None,
) -> ArchivesReply:
    """Ask several archives at once.

    Parameters
    ----------
    asked : mapping
        The common question: ``words``, ``modality``, ``species``, ``tasks``, ``min_age``, ``max_age``.
    archives : sequence of str
        Which; all that are known if empty.
    limit : int
        The most records of each, from 1 to 1000.
    addresses, tokens : mapping of str to str, optional
        By archive: where it is, if not at its public address; a token, if it wants one.
    patience : Patience, optional
        How long to wait.

    Returns
    -------
    ArchivesReply
        Records in the order of the archives, and the state of each; an archive's failure is a state, not an error.

    Raises
    ------
    NotFound
        If an archive is not known.
    BadInput
        If nothing is asked or the limit is out of range.
    """
    if not 1 <= limit <= _MOST:
        raise BadInput(f"limit must be from 1 to {_MOST}; got {limit}.")
    if not any(value not in (None, "") for value in asked.values()):
        raise BadInput("Nothing is asked; give some words, a modality or a species.")
    names = tuple(dict.fromkeys(archives)) or CONNECTORS.names()
    for name in names:
        CONNECTORS.get(name)

    def one(name: str) -> tuple[list[dict[str, Any]], Status]:
        place = (addresses or {}).get(name) or CONNECTORS.get(name).base
        return _ask(
            name, asked, limit=limit, place=place, token=(tokens or {}).get(name, ""),
            patience=patience or Patience(),
        )  # fmt: skip

    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        answers = list(pool.map(one, names))
    records = tuple(record for found, _ in answers for record in found)
    return ArchivesReply(records, tuple(status for _, status in answers))


def _ask(
    name: str, asked: Mapping[str, Any], *, limit: int, place: str, token: str, patience: Patience
) -> tuple[list[dict[str, Any]], Status]:
    sent, left = to_query(asked, archive=name) if name in ARCHIVES else (dict(asked), ())
    note = f"It cannot be asked for {', '.join(left)}." if left else ""
    if left and not sent:
        return [], Status(name, "skipped", 0, note)
    title = mapping_of(name)["name"] if name in ARCHIVES else name
    web = Web(
        place,
        name=title,
        token=token,
        timeout_s=patience.timeout_s,
        tries=patience.tries,
        sleep=patience.sleep,
    )
    found: list[dict[str, Any]] = []
    try:
        for raw in CONNECTORS.get(name).search(sent, web=web, limit=limit):
            record = to_common(raw, archive=name) if name in ARCHIVES else dict(raw)
            if record.get("id") not in (None, ""):
                found.append(record)
    except CommissureError as error:
        return found, Status(name, "partial" if found else "failed", len(found), str(error))
    except Exception as error:  # noqa: BLE001 - an archive or a plugin that is not as it should be never crashes the rest
        why = f"{title} answered in a shape that is not known ({type(error).__name__})."
        return found, Status(name, "partial" if found else "failed", len(found), why)
    finally:
        web.close()
    return found, Status(name, "ok", len(found), note)

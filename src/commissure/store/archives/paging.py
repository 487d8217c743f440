"""Pages of records, whatever an archive says of their number: shared by the connectors."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from commissure.errors import Fault

__all__ = ["follow_next", "rows_of", "take"]

_MOST_PAGES = 200


def rows_of(answer: Any, *path: str, name: str) -> list[Mapping[str, Any]]:
    """The records under ``path`` of an answer; none where the archive says ``null``.

    Raises
    ------
    Fault
        If the answer has another shape.
    """
    found = answer
    for key in path:
        if not isinstance(found, Mapping):
            raise Fault(f"{name} answered in a shape that is not known (no {'.'.join(path)!r}).")
        found = found.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Fault(
            f"{name} answered in a shape that is not known ({'.'.join(path) or 'the top'} is no list)."
        )
    return [row for row in found if isinstance(row, Mapping)]


def take(
    pages: Iterator[list[Mapping[str, Any]]], *, limit: int, key: Callable[[Mapping[str, Any]], object]
) -> Iterator[Mapping[str, Any]]:
    """Records of pages, each once, up to ``limit``; ends at a page that brings nothing new.

    >>> list(take(iter([[{"id": 1}], [{"id": 1}], [{"id": 2}]]), limit=9, key=lambda row: row["id"]))
    [{'id': 1}]
    """
    seen: set[object] = set()
    for number, page in enumerate(pages):
        before = len(seen)
        for row in page:
            if (id := key(row)) in seen:
                continue
            seen.add(id)
            yield row
            if len(seen) >= limit:
                return
        if len(seen) == before or number + 1 >= _MOST_PAGES:
            return


def follow_next(
    ask: Callable[[str, Mapping[str, Any] | None], Any],
    path: str,
    *,
    parameters: Mapping[str, Any],
    name: str,
) -> Iterator[list[Mapping[str, Any]]]:
    """Pages of ``{"results": […], "next": address or null}``; ``count`` is not read, as it may be null or wrong."""
    answer = ask(path, parameters)
    while True:
        yield rows_of(answer, "results", name=name)
        following = answer.get("next")
        if not following:
            return
        answer = ask(str(following), None)
